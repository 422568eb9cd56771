//! GitHub's rate limits: which one an answer speaks of, and when it ends.
//! <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit>

use std::time::Duration;

use crate::forge::error::ForgeError;
use crate::sys::http::Response;

/// What GitHub asks for when an answer names a secondary limit without a time: "at least one minute".
const LEAST: Duration = Duration::from_secs(60);

/// A limit that holds requests back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// `primary` or `secondary`.
    pub(super) name: &'static str,
    /// When it ends, since 1970.
    pub(super) until: Duration,
}

impl Limit {
    /// Reads the limit out of an answer, if it speaks of one. `met` is how often this call met it before: without a
    /// time of its own the wait doubles.
    pub(super) fn of(answer: &Response, now: Duration, met: u32) -> Option<Limit> {
        if !matches!(answer.status, 403 | 429) {
            return None;
        }
        let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(4096)]).to_ascii_lowercase();
        let says_secondary = body.contains("secondary rate limit") || body.contains("abuse detection");
        let seconds = |name| answer.header(name)?.trim().parse().ok().map(Duration::from_secs);
        let used_up = answer.header("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0");
        let name = if used_up && !says_secondary { "primary" } else { "secondary" };
        // Order as documented: `retry-after`, then the reset of a used-up limit, then a minute.
        // A server that gives no time to wait, or whose clock is behind ours, is not asked in a tight loop.
        let least = now + Duration::from_secs(1 << met.min(6));
        if let Some(after) = seconds("retry-after") {
            return Some(Limit { name, until: least.max(now.saturating_add(after)) });
        }
        if let Some(reset) = seconds("x-ratelimit-reset").filter(|_| used_up) {
            // The second in which it resets may still be counted.
            return Some(Limit { name, until: least.max(reset.saturating_add(Duration::from_secs(1))) });
        }
        let means_it =
            says_secondary || used_up || answer.status == 429 || body.contains("rate limit exceeded");
        means_it.then(|| Limit { name, until: now + LEAST * (1 << met.min(6)) })
    }

    /// What to say when it is too long to wait for.
    pub(super) fn error(&self, what: &str) -> ForgeError {
        ForgeError::RateLimited { what: what.to_owned(), limit: self.name, resets: utc(self.until.as_secs()) }
    }
}

/// A time since 1970 for people: `2026-11-20 12:34:56 UTC`.
fn utc(epoch: u64) -> String {
    let (days, seconds) = (epoch / 86_400, epoch % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The date of a day since 1970, by walking whole years and months.
fn civil(mut days: u64) -> (u64, usize, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    // A nonsensical header must not make this a long walk: no time beyond the year 9999.
    days = days.min(2_932_896);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let months = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for (index, length) in months.into_iter().enumerate() {
        if days < length {
            return (year, index + 1, days + 1);
        }
        days -= length;
    }
    (year, 12, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(1_795_177_845), "2026-11-20 12:30:45 UTC");
        assert!(utc(u64::MAX).starts_with("9999-12-31"));
    }
}
