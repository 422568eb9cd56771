//! Rate limits. <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::wire::Reply;

/// The primary limit.
pub(crate) struct Limits {
    most: u64,
    remaining: u64,
    reset: u64,
}

impl Limits {
    pub(crate) fn new(most: u64) -> Limits {
        Limits { most, remaining: most, reset: now() + 3600 }
    }

    pub(crate) fn set(&mut self, remaining: u64, seconds: u64) {
        (self.remaining, self.reset) = (remaining, now() + seconds);
    }

    /// Counts a request to the API; gives the refusal when there is none left.
    pub(crate) fn count(&mut self) -> Result<(), Reply> {
        if now() >= self.reset {
            self.set(self.most, 3600);
        }
        if self.remaining == 0 {
            return Err(self.refusal());
        }
        self.remaining -= 1;
        Ok(())
    }

    /// A 304 to an authorized request "does not count against your primary rate limit".
    /// <https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate>
    pub(crate) fn give_back(&mut self) {
        self.remaining += 1;
    }

    /// The limit's state, on every answer of the API.
    pub(crate) fn mark(&self, reply: Reply) -> Reply {
        let used = self.most.saturating_sub(self.remaining);
        reply
            .header("x-ratelimit-limit", self.most.to_string())
            .header("x-ratelimit-remaining", self.remaining.to_string())
            .header("x-ratelimit-used", used.to_string())
            .header("x-ratelimit-reset", self.reset.to_string())
            .header("x-ratelimit-resource", "core")
    }

    /// "If you exceed your primary rate limit, you will receive a 403 or 429 response, and the `x-ratelimit-remaining`
    /// header will be 0."
    fn refusal(&self) -> Reply {
        let body = json!({
            "message": "API rate limit exceeded for user ID 1.",
            "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
        });
        self.mark(Reply::json(403, &body))
    }

    /// The refusal of a limit that resets in so many seconds; the real one is left alone.
    pub(crate) fn used_up(&self, seconds: u64) -> Reply {
        Limits { most: self.most, remaining: 0, reset: now() + seconds }.refusal()
    }

    /// "If you exceed a secondary rate limit, you will receive a 403 or 429 response and an error message that indicates
    /// that you exceeded a secondary rate limit. If the `retry-after` response header is present …". It isn't always:
    /// <https://github.com/hub4j/github-api/issues/1805>
    pub(crate) fn secondary(status: u16, retry_after: Option<u64>) -> Reply {
        let body = json!({
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            "documentation_url": "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
        });
        let reply = Reply::json(status, &body);
        match retry_after {
            Some(seconds) => reply.header("retry-after", seconds.to_string()),
            None => reply,
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
