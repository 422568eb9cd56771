//! How things fail: a kind (which decides the exit code), a message, hints.
//! Each module owns its error enum and says its kind and hints by [`Explain`]; nothing here knows them.

use std::fmt;

/// What sort of failure it is; exit codes are made from it in `cli/failure.rs` and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// It worked; the answer is no.
    Findings,
    /// The command line can't be meant.
    Usage,
    /// The project or its configuration is invalid.
    Project,
    /// A tool, target, key or token is missing.
    Missing,
    /// A step failed: compiler, plugin, signer.
    Step,
    /// Something remote is unreachable or refused.
    Remote,
    /// It conflicts with what is published.
    Conflict,
    /// wick is wrong.
    Bug,
    /// The user stopped it.
    Interrupted,
}

/// An error that knows its kind and what the user can do.
pub trait Explain: std::error::Error {
    /// Decides the exit code.
    fn kind(&self) -> FailureKind;
    /// One action each; the shown line starts with `hint:`.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A failure on its way to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Decides the exit code.
    pub kind: FailureKind,
    /// A lower-case fragment: what was tried, on what, what happened.
    pub message: String,
    /// One action each.
    pub hints: Vec<String>,
    /// What a child process said, shown below the message.
    pub output: Option<String>,
}

impl Failure {
    /// A failure without hints.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), hints: Vec::new(), output: None }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// Puts what was being done in front of the message.
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Failure {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Failure {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Many libraries repeat their cause in their own text.
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        Failure { kind: error.kind(), message, hints: error.hints(), output: None }
    }
}
