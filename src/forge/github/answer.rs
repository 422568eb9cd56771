//! Answers that are not what was hoped for: what GitHub said, as an error a person can act on. Never with the token.

use std::time::Duration;

use serde_json::Value;

use super::GitHub;
use super::limits::Limit;
use super::retry::{Again, Failed};
use crate::forge::error::ForgeError;
use crate::sys::http::{HttpError, Response, start_of};

impl GitHub {
    /// Reads a good answer as JSON.
    pub(super) fn parse<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        answer: &Response,
    ) -> Result<T, ForgeError> {
        serde_json::from_slice(&answer.body).map_err(|error| {
            let is_json = answer.header("content-type").is_none_or(|kind| kind.contains("json"));
            let why = if is_json { error.to_string() } else { "it is no JSON".to_owned() };
            let why = self.clean(&format!("{why}; it begins {}", start_of(&answer.body)));
            ForgeError::Unreadable { what: what.to_owned(), why }
        })
    }

    /// An answer whose status says no. `met` is how often this call met the secondary limit.
    pub(super) fn refused(&self, what: &str, answer: &Response, met: u32) -> Failed {
        if let Some(limit) = Limit::of(answer, self.pace.now(), met) {
            self.hold_back(limit);
            let error = limit.error(what);
            let again = Again { limit: Some(limit), ..Again::once_more(error, false) };
            return Failed::Again(Box::new(again));
        }
        let said = Said::of(&answer.body);
        let (what, why) = (what.to_owned(), self.clean(&said.text(answer)));
        let with_token = self.access.token.is_some();
        match answer.status {
            401 if with_token => Failed::Final(ForgeError::TokenUnknown { what, why }),
            401 | 403 => Failed::Final(ForgeError::Denied { what, why, with_token }),
            404 => Failed::Final(ForgeError::NotFound { what }),
            422 if said.has_code("already_exists") => Failed::Final(ForgeError::AlreadyExists { what }),
            422 if why.contains("immutable release") => Failed::Final(ForgeError::Immutable { what, why }),
            status @ (408 | 500 | 502..=504 | 506..=599) => Failed::Again(Box::new(Again {
                least: answer
                    .header("retry-after")
                    .and_then(|text| text.trim().parse().ok())
                    .map_or(Duration::ZERO, Duration::from_secs),
                ..Again::once_more(ForgeError::Refused { what, status, why }, true)
            })),
            status => Failed::Final(ForgeError::Refused { what, status, why }),
        }
    }

    /// No answer.
    pub(super) fn unanswered(&self, what: &str, error: &HttpError) -> Failed {
        let why = self.clean(&error.to_string());
        let what = what.to_owned();
        let said = match error {
            HttpError::Interrupted => return Failed::Final(ForgeError::Interrupted),
            HttpError::File { .. } => ForgeError::File { what, why },
            HttpError::TooLarge { .. } => ForgeError::Unreadable { what, why },
            HttpError::Trust { .. } => ForgeError::Untrusted { what, why },
            _ => ForgeError::Unreachable { what, why },
        };
        if error.is_transient() {
            let again = Again { silent: error.waited(), ..Again::once_more(said, error.may_be_done()) };
            Failed::Again(Box::new(again))
        } else {
            Failed::Final(said)
        }
    }

    /// A text for people, on one line and without the token, in case a server echoes it.
    fn clean(&self, text: &str) -> String {
        // A terminal and a CI service obey control characters; nobody on the other side should command them.
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match &self.access.token {
            Some(token) => token.hide_in(&line),
            None => line,
        }
    }
}

/// What an error answer says. <https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed>
struct Said {
    message: Option<String>,
    errors: Vec<Value>,
}

impl Said {
    fn of(body: &[u8]) -> Said {
        let Ok(Value::Object(mut said)) = serde_json::from_slice(body) else {
            return Said { message: None, errors: Vec::new() };
        };
        let message = said.get("message").and_then(Value::as_str).map(str::to_owned);
        let errors = match said.remove("errors") {
            Some(Value::Array(errors)) => errors,
            Some(other) => vec![other],
            None => Vec::new(),
        };
        Said { message, errors }
    }

    fn has_code(&self, code: &str) -> bool {
        self.errors.iter().any(|error| error.get("code").and_then(Value::as_str) == Some(code))
    }

    /// The message and each error: `Validation Failed: Release.tag_name already_exists`.
    fn text(&self, answer: &Response) -> String {
        let Some(message) = &self.message else {
            if let Some(location) = answer.header("location") {
                return format!("it redirects to {}", location.split('?').next().unwrap_or_default());
            }
            return if answer.body.is_empty() { "without a word".to_owned() } else { start_of(&answer.body) };
        };
        let one = |error: &Value| {
            let part = |name| error.get(name).and_then(Value::as_str);
            let place: Vec<&str> = [part("resource"), part("field")].into_iter().flatten().collect();
            let said = match (error.as_str(), part("message"), part("code")) {
                (Some(text), ..) | (None, Some(text), _) | (None, None, Some(text)) => text,
                _ => return error.to_string(),
            };
            format!("{} {said}", place.join(".")).trim().to_owned()
        };
        let errors: Vec<String> = self.errors.iter().map(one).collect();
        let message = message.trim_end_matches('.');
        if errors.is_empty() { message.to_owned() } else { format!("{message}: {}", errors.join(", ")) }
    }
}
