//! One question to a service, and when to ask again: what may pass by itself is tried a few times.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::error::{KeylessError, Service};
use crate::sys::http::{Http, HttpError, Proxies, Request, Times, start_of};
use crate::sys::secret::Secret;
use crate::sys::{clock, interrupt};

/// How often something is tried in all.
const TRIES: u32 = 4;
/// The wait before the second try; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait that a service may ask for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Speaks to the services.
#[derive(Clone)]
pub(super) struct Client(Arc<Http>);

/// A try that failed.
pub(super) struct Failed {
    error: KeylessError,
    /// Whether it may work a moment later, and the least wait before that.
    again: Option<Duration>,
}

impl From<KeylessError> for Failed {
    fn from(error: KeylessError) -> Failed {
        Failed { error, again: None }
    }
}

impl Client {
    pub(super) fn new(environment: &BTreeMap<String, String>) -> Client {
        // Rekor answers when the entry is in the log, which takes it up to 20 s.
        Client(Arc::new(Http::new(Times::default(), Proxies::from_environment(environment))))
    }

    /// Asks, and asks again when that may help. Gives the body of a good answer.
    pub(super) fn call(
        &self,
        service: Service,
        request: &Request<'_>,
        secrets: &[&Secret],
    ) -> Result<Vec<u8>, KeylessError> {
        tried(|| self.once(service, request, secrets))
    }

    /// Asks once. What the answer says is shown without the secrets.
    pub(super) fn once(
        &self,
        service: Service,
        request: &Request<'_>,
        secrets: &[&Secret],
    ) -> Result<Vec<u8>, Failed> {
        let answer = self.0.send(request).map_err(|source| {
            let again = source.is_transient().then_some(Duration::ZERO);
            Failed { error: KeylessError::Unanswered { service, source }, again }
        })?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.body);
        }
        let least = answer.header("retry-after").and_then(|text| text.trim().parse().ok());
        let again = matches!(answer.status, 408 | 425 | 429 | 500 | 502..=504)
            .then(|| least.map_or(Duration::ZERO, Duration::from_secs));
        let plain = String::from_utf8_lossy(&answer.body);
        let said = secrets.iter().fold(plain.into_owned(), |text, secret| secret.hide_in(&text));
        let said = start_of(said.as_bytes());
        Err(Failed { error: KeylessError::Refused { service, status: answer.status, said }, again })
    }
}

/// Tries something until it works or trying again won't help.
pub(super) fn tried<T>(mut attempt: impl FnMut() -> Result<T, Failed>) -> Result<T, KeylessError> {
    let mut wait = FIRST_WAIT;
    for left in (0..TRIES).rev() {
        let failed = match attempt() {
            Ok(done) => return Ok(done),
            Err(failed) => failed,
        };
        let least = failed.again.filter(|least| left > 0 && *least <= PATIENCE);
        let Some(least) = least else { return Err(failed.error) };
        clock::wait(spread(wait).max(least));
        if interrupt::requested() {
            return Err(failed.error.interrupted());
        }
        wait *= 2;
    }
    unreachable!("the last try returns")
}

/// Between half and all of a wait, so that many jobs don't come back at once.
fn spread(wait: Duration) -> Duration {
    let mut random = [0; 2];
    // Without randomness the wait is merely less spread out.
    let _ = getrandom::fill(&mut random);
    wait / 2 + wait.mul_f64(f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX)) / 2
}

impl KeylessError {
    fn interrupted(self) -> KeylessError {
        let service = match self {
            KeylessError::Unanswered { service, .. }
            | KeylessError::Refused { service, .. }
            | KeylessError::Answer { service, .. } => service,
            other => return other,
        };
        KeylessError::Unanswered { service, source: HttpError::Interrupted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> KeylessError {
        KeylessError::Refused { service: Service::Rekor, status, said: String::new() }
    }

    #[test]
    fn what_may_pass_is_tried_again_and_the_rest_is_not() {
        let mut count = 0;
        let result = tried(|| {
            count += 1;
            if count < 3 {
                Err(Failed { error: refused(500), again: Some(Duration::ZERO) })
            } else {
                Ok(count)
            }
        });
        assert_eq!(result.unwrap(), 3);
        let mut count = 0;
        let result: Result<(), _> = tried(|| {
            count += 1;
            Err(refused(400).into())
        });
        assert!(matches!(result, Err(KeylessError::Refused { status: 400, .. })));
        assert_eq!(count, 1);
        let result: Result<(), _> = tried(|| {
            count += 1;
            Err(Failed { error: refused(429), again: Some(PATIENCE * 2) })
        });
        assert!(result.is_err());
        assert_eq!(count, 2, "a wait of hours is no wait");
    }
}
