//! How keyless signing and its verification fail, and what to do about each. Never quotes a token.

use std::fmt;

use crate::model::failure::{Explain, FailureKind};
use crate::sys::files::FileError;
use crate::sys::http::HttpError;

/// Who is asked for something on the way to a keyless signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// GitHub's endpoint for identity tokens.
    Tokens,
    /// The certificate authority.
    Fulcio,
    /// The transparency log.
    Rekor,
    /// The timestamp authority.
    Timestamps,
    /// The repository that says which of them to trust (TUF).
    Tuf,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Service::Tokens => "GitHub's token endpoint",
            Service::Fulcio => "Fulcio",
            Service::Rekor => "Rekor",
            Service::Timestamps => "the timestamp authority",
            Service::Tuf => "the TUF repository",
        })
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum KeylessError {
    /// Nobody vouches for this process.
    #[error("keyless signing needs an identity token, and nothing here gives one")]
    NoToken,
    /// A GitHub job that may not ask for tokens.
    #[error("keyless signing needs an identity token, and this job may not ask GitHub for one")]
    NoPermission,
    /// A token that can't be used.
    #[error("the identity token from {place} can't be used: {why}")]
    Token {
        /// Where it came from.
        place: &'static str,
        /// What is wrong with it; never quotes it.
        why: String,
    },
    /// An address that must not be called.
    #[error("{what} `{url}` can't be used: {why}")]
    Address {
        /// Whose it is.
        what: &'static str,
        /// The address.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// Endpoints of one instance without the root that its signatures are checked with.
    #[error("signing with {0} can't be verified without that instance's trusted root")]
    RootIsMissing(&'static str),
    /// No answer.
    #[error("{service} gave no answer")]
    Unanswered {
        /// Who was asked.
        service: Service,
        /// Why.
        #[source]
        source: HttpError,
    },
    /// An answer that says no.
    #[error("{service} answered {status}: {said}")]
    Refused {
        /// Who was asked.
        service: Service,
        /// The HTTP status.
        status: u16,
        /// The start of its answer.
        said: String,
    },
    /// An answer that makes no sense.
    #[error("{service} gave an answer that can't be used: {why}")]
    Answer {
        /// Who was asked.
        service: Service,
        /// What is wrong with it.
        why: String,
    },
    /// A file that can't be read.
    #[error("can't use the {what}")]
    File {
        /// What the file should be.
        what: &'static str,
        /// Why.
        #[source]
        source: FileError,
    },
    /// A trusted root or signing configuration that is none.
    #[error("{what} `{place}` can't be used: {why}")]
    Form {
        /// What it should be.
        what: &'static str,
        /// Where it is from.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// What was just signed doesn't verify.
    #[error("the signature that was just made doesn't verify: {0}")]
    Unverified(String),
    /// The cryptographic library failed.
    #[error("no key pair or signature could be made: {0}")]
    Crypto(String),
}

const PERMISSION: &str = "give the job the permission in the workflow: `permissions: { contents: read, id-token: write }` \
                          (pull requests from forks never get it)";

impl Explain for KeylessError {
    fn kind(&self) -> FailureKind {
        match self {
            KeylessError::Unanswered { source: HttpError::Interrupted, .. } => FailureKind::Interrupted,
            KeylessError::NoToken | KeylessError::NoPermission | KeylessError::Token { .. } => {
                FailureKind::Missing
            }
            KeylessError::Refused { service: Service::Tokens, status: 401 | 403, .. } => FailureKind::Missing,
            KeylessError::Address { .. } | KeylessError::RootIsMissing(_) => FailureKind::Usage,
            KeylessError::Unanswered { .. } | KeylessError::Refused { .. } | KeylessError::Answer { .. } => {
                FailureKind::Remote
            }
            KeylessError::File { source, .. } if source.is_missing() => FailureKind::Missing,
            KeylessError::File { .. } | KeylessError::Form { .. } => FailureKind::Usage,
            KeylessError::Unverified(_) | KeylessError::Crypto(_) => FailureKind::Step,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            KeylessError::NoToken => {
                "run it in a GitHub Actions job with `permissions: { contents: read, id-token: write }`, or set \
                 SIGSTORE_ID_TOKEN to a token with the audience `sigstore`"
            }
            KeylessError::NoPermission => PERMISSION,
            KeylessError::Refused { service: Service::Tokens, status: 401 | 403, .. } => PERMISSION,
            KeylessError::Token { .. } => {
                "set SIGSTORE_ID_TOKEN to a fresh token with the audience `sigstore`, or unset it in GitHub Actions"
            }
            KeylessError::Address { .. } => "give an https address; http is for this machine only",
            KeylessError::RootIsMissing(_) => "name it with --trusted-root FILE",
            KeylessError::Refused { service: Service::Fulcio, status: 400..=403, .. } => {
                "ask Fulcio only with a token of an issuer it knows: GitHub Actions, or another one with the audience \
                 `sigstore`"
            }
            KeylessError::Refused { status: 429, .. } => "wait some minutes, then run the same command again",
            KeylessError::Refused { service: Service::Tuf, .. }
            | KeylessError::Unanswered { service: Service::Tuf, .. } => {
                "give the trusted root with --trusted-root FILE, or `--trusted-root embedded` for the one in wick"
            }
            KeylessError::Refused { status: 500.., .. } | KeylessError::Unanswered { .. } => {
                "run the same command again later; what is done stays done (https://status.sigstore.dev)"
            }
            KeylessError::Unverified(_) => {
                "check that Fulcio, Rekor and the trusted root belong to one instance of sigstore"
            }
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}
