//! The slowest transfer that is borne. A limit for silence alone is none: one byte a second is not silent, and a list
//! of releases would take a week.

use std::time::{Duration, Instant};

use super::error::HttpError;

/// So many bytes a second are expected in the long run: a modem of the nineties, on a bad line.
const SLOWEST: u64 = 1 << 10;

/// One transfer, in one direction.
pub(super) struct Pace {
    host: String,
    since: Instant,
    /// What it may take before its bytes count.
    grace: Duration,
}

impl Pace {
    pub(super) fn new(host: &str, grace: Duration) -> Pace {
        Pace { host: host.to_owned(), since: Instant::now(), grace }
    }

    /// Whether so many bytes are enough by now.
    pub(super) fn check(&self, bytes: u64) -> Result<(), HttpError> {
        let after = self.since.elapsed();
        if is_too_slow(bytes, after, self.grace) {
            return Err(HttpError::Slow { host: self.host.clone(), bytes, after });
        }
        Ok(())
    }
}

fn is_too_slow(bytes: u64, after: Duration, grace: Duration) -> bool {
    after > grace + Duration::from_millis(bytes.saturating_mul(1000) / SLOWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drip_is_too_slow_and_a_modem_is_not() {
        let second = Duration::from_secs(1);
        for (bytes, seconds, expected) in [
            (0, 30, false),
            (31, 31, true),
            (1023, 31, true),
            (1024, 31, false),
            (30 << 10, 60, false),
            (30 << 10, 61, true),
            (512 << 20, 3600, false),
        ] {
            assert_eq!(is_too_slow(bytes, second * seconds, second * 30), expected, "{bytes} in {seconds} s");
        }
    }
}
