//! The clock and waiting.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::interrupt;

/// Time since 1970 in UTC.
#[must_use]
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Waits; ends at once when the user asks to stop.
pub fn wait(time: Duration) {
    const SLICE: Duration = Duration::from_millis(50);
    let mut left = time;
    while !left.is_zero() && !interrupt::requested() {
        let slice = left.min(SLICE);
        std::thread::sleep(slice);
        left -= slice;
    }
}
