//! When to try again: backoff with jitter, a bounded number of tries, a bounded wait for rate limits, and a bounded wait
//! for who says nothing.

use std::sync::Arc;
use std::time::Duration;

use super::limits::Limit;
use crate::forge::error::ForgeError;
use crate::sys::{clock, interrupt};

type Now = Arc<dyn Fn() -> Duration + Send + Sync>;
type Wait = Arc<dyn Fn(Duration) + Send + Sync>;

/// How often and how long to wait.
#[derive(Clone)]
pub struct Pace {
    /// How often a request is tried in all.
    pub tries: u32,
    /// The wait before the second try; it doubles from there, with jitter.
    pub first: Duration,
    /// The longest wait between two tries.
    pub longest: Duration,
    /// How long one call waits for rate limits, in total.
    pub patience: Duration,
    /// How long one call bears silence (and next to it), over all its tries: whoever waits in vain for a minute wants
    /// to know, and a job's time is paid for.
    pub silence: Duration,
    now: Now,
    wait: Wait,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            tries: 5,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(20),
            patience: Duration::from_secs(300),
            silence: Duration::from_secs(60),
            now: Arc::new(clock::now),
            wait: Arc::new(clock::wait),
        }
    }
}

impl Pace {
    /// With another clock (time since 1970) and another way of waiting, for tests.
    #[must_use]
    pub fn on(
        self,
        now: impl Fn() -> Duration + Send + Sync + 'static,
        wait: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Pace {
        Pace { now: Arc::new(now), wait: Arc::new(wait), ..self }
    }

    pub(super) fn now(&self) -> Duration {
        (self.now)()
    }

    /// Waits, unless the user wants to stop.
    pub(super) fn rest(&self, time: Duration) -> Result<(), ForgeError> {
        if !interrupt::requested() {
            (self.wait)(time);
        }
        if interrupt::requested() { Err(ForgeError::Interrupted) } else { Ok(()) }
    }

    /// The wait after `failures` failures: doubled each time, between half and all of it.
    fn backoff(&self, failures: u32) -> Duration {
        let full = self.first.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(self.longest);
        let mut random = [0; 2];
        // Without randomness the wait is merely less spread out.
        let _ = getrandom::fill(&mut random);
        full / 2 + full.mul_f64(f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX)) / 2
    }
}

/// A try that failed.
pub(super) enum Failed {
    /// Trying again won't help.
    Final(ForgeError),
    /// It may work a moment later.
    Again(Box<Again>),
}

/// Why, and what to respect before the next try.
pub(super) struct Again {
    /// What to say when it was the last try.
    pub(super) error: ForgeError,
    /// Whether the server may have done what was asked.
    pub(super) may_be_done: bool,
    /// A rate limit: no failure, but a wait.
    pub(super) limit: Option<Limit>,
    /// The least wait the server asked for.
    pub(super) least: Duration,
    /// How long this try waited in vain.
    pub(super) silent: Duration,
}

impl Failed {
    /// A failure that may pass by itself.
    pub(super) fn again(error: ForgeError, may_be_done: bool) -> Failed {
        Failed::Again(Box::new(Again::once_more(error, may_be_done)))
    }
}

impl Again {
    /// A failure that may pass by itself.
    pub(super) fn once_more(error: ForgeError, may_be_done: bool) -> Again {
        Again { error, may_be_done, limit: None, least: Duration::ZERO, silent: Duration::ZERO }
    }
}

impl From<ForgeError> for Failed {
    fn from(error: ForgeError) -> Failed {
        Failed::Final(error)
    }
}

/// The tries of one call.
pub(super) struct Tries<'a> {
    pace: &'a Pace,
    failures: u32,
    /// How often the secondary limit was met; its wait doubles.
    pub(super) limited: u32,
    waited: Duration,
    silent: Duration,
}

impl<'a> Tries<'a> {
    pub(super) fn new(pace: &'a Pace) -> Tries<'a> {
        Tries { pace, failures: 0, limited: 0, waited: Duration::ZERO, silent: Duration::ZERO }
    }

    /// Waits for the next try, or gives the error when there is none.
    pub(super) fn again(&mut self, again: Again) -> Result<(), ForgeError> {
        if let Some(limit) = again.limit {
            self.limited += 1;
            return self.respect(&limit, again.error);
        }
        self.failures += 1;
        self.silent += again.silent;
        let is_lost = self.failures >= self.pace.tries || self.silent >= self.pace.silence;
        if is_lost || again.least > self.pace.patience {
            return Err(again.error);
        }
        self.pace.rest(self.pace.backoff(self.failures).max(again.least))
    }

    /// Waits until a limit is over, when that is soon enough.
    pub(super) fn respect(&mut self, limit: &Limit, error: ForgeError) -> Result<(), ForgeError> {
        let wait = limit.until.saturating_sub(self.pace.now());
        self.waited += wait;
        if self.waited > self.pace.patience {
            return Err(error);
        }
        self.pace.rest(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_longest_and_varies_by_half() {
        let pace = Pace::default();
        for (failures, full) in [(1, 500), (2, 1000), (3, 2000), (6, 16000), (7, 20000), (40, 20000)] {
            let full = Duration::from_millis(full);
            let wait = pace.backoff(failures);
            assert!(wait >= full / 2 && wait <= full, "{failures}: {wait:?}");
        }
    }
}
