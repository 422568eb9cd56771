//! Why an operation failed, as a host shows it.

use std::fmt;

/// What operations return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure with a code that programs can tell apart and a message for people.
///
/// `?` makes one of every error, with the code `operation_failed`. Where a message repeats a credential of the call,
/// the host gets `***` instead.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    code: String,
    message: String,
}

impl Error {
    /// A failure of its own kind: `Error::new("rate_limited", "ask again in 30 s")`.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Error {
        Error { code: code.into(), message: message.into() }
    }

    /// A failure that needs no code of its own: `operation_failed`.
    pub fn failed(message: impl Into<String>) -> Error {
        Error::new("operation_failed", message)
    }

    /// An argument that won't do: `bad_arguments`.
    pub fn bad_arguments(message: impl Into<String>) -> Error {
        Error::new("bad_arguments", message)
    }

    /// What programs tell it by.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What people read.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Without the texts in `secrets`.
    pub(crate) fn redacted<'a>(mut self, secrets: impl Iterator<Item = &'a str>) -> Error {
        let mut secrets: Vec<&str> = secrets.filter(|secret| secret.len() >= 4).collect();
        // A secret may hold another one; the longer goes first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            for text in [&mut self.code, &mut self.message] {
                if text.contains(secret) {
                    *text = text.replace(secret, "***");
                }
            }
        }
        self
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// With the causes of the error, as they are often what explains it.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Error {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Error::failed(message)
    }
}
