//! What can go wrong with a forge, said so that a person can act on it. Never contains a token.

use crate::model::failure::{Explain, FailureKind};

/// A request that a forge did not fulfil.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// No answer: connection refused, cut, timed out; after all retries.
    #[error("can't {what}: {why}")]
    Unreachable {
        /// What was tried, on what.
        what: String,
        /// What happened.
        why: String,
    },
    /// Somebody answers, and nobody vouches for who it is.
    #[error("can't {what}: {why}")]
    Untrusted {
        /// What was tried, on what.
        what: String,
        /// What happened.
        why: String,
    },
    /// A rate limit that would take longer than wick waits.
    #[error("can't {what}: GitHub's {limit} rate limit is used up until {resets}")]
    RateLimited {
        /// What was tried.
        what: String,
        /// `primary` or `secondary`.
        limit: &'static str,
        /// When it resets, for people.
        resets: String,
    },
    /// 401, 403, or a 404 that means the same.
    #[error("can't {what}: {why}")]
    Denied {
        /// What was tried, on what.
        what: String,
        /// What the forge said.
        why: String,
        /// Whether a token was sent.
        with_token: bool,
    },
    /// 401 for a token that was sent: expired, revoked, mistyped, or another server's.
    #[error("can't {what}: {why}")]
    TokenUnknown {
        /// What was tried, on what.
        what: String,
        /// What the forge said.
        why: String,
    },
    /// There is no such thing.
    #[error("can't {what}: there is no such thing")]
    NotFound {
        /// What was tried, on what.
        what: String,
    },
    /// 422: the name or tag exists already.
    #[error("can't {what}: it exists already")]
    AlreadyExists {
        /// What was tried, on what.
        what: String,
    },
    /// 422: a published release can't be changed, or its tag can't be used again.
    #[error("can't {what}: {why}")]
    Immutable {
        /// What was tried, on what.
        what: String,
        /// What the forge said.
        why: String,
    },
    /// The tag of a release points to another commit than its packages are from.
    #[error("can't {what}: the tag {tag} points to {there}, and the packages are from {here}")]
    TagElsewhere {
        /// What was tried, on what.
        what: String,
        /// The tag.
        tag: String,
        /// Where it points.
        there: String,
        /// Where it should point.
        here: String,
    },
    /// The token may write releases, but not make this tag.
    #[error("can't make the tag {tag} at {commit}: {why}{}", meaning(*.by_permission))]
    TagRefused {
        /// The tag.
        tag: String,
        /// Where it was to point.
        commit: String,
        /// What the forge said.
        why: String,
        /// 403 rather than a rule of the repository.
        by_permission: bool,
    },
    /// Any other refusal.
    #[error("can't {what}: GitHub answered {status}: {why}")]
    Refused {
        /// What was tried, on what.
        what: String,
        /// The HTTP status.
        status: u16,
        /// What the forge said.
        why: String,
    },
    /// An answer that isn't what the API documents: HTML, truncated JSON, too large.
    #[error("can't {what}: the answer can't be read: {why}")]
    Unreadable {
        /// What was tried, on what.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// What arrived there is not what was sent.
    #[error("can't {what}: it arrived altered: {why}")]
    Altered {
        /// What was tried, on what.
        what: String,
        /// What differs.
        why: String,
    },
    /// The file to be uploaded can't be read.
    #[error("can't {what}: {why}")]
    File {
        /// What was tried, on what.
        what: String,
        /// What happened.
        why: String,
    },
    /// The user stopped the run.
    #[error("interrupted")]
    Interrupted,
}

impl ForgeError {
    /// Whether the forge itself said no, so that asking what it holds tells more.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        let is_silent = matches!(
            self,
            ForgeError::Unreachable { .. }
                | ForgeError::Untrusted { .. }
                | ForgeError::RateLimited { .. }
                | ForgeError::File { .. }
                | ForgeError::Interrupted
        );
        !is_silent
    }
}

impl Explain for ForgeError {
    fn kind(&self) -> FailureKind {
        match self {
            ForgeError::Denied { with_token: false, .. } => FailureKind::Missing,
            ForgeError::AlreadyExists { .. }
            | ForgeError::Immutable { .. }
            | ForgeError::TagElsewhere { .. } => FailureKind::Conflict,
            ForgeError::File { .. } => FailureKind::Step,
            ForgeError::Interrupted => FailureKind::Interrupted,
            _ => FailureKind::Remote,
        }
    }

    fn hints(&self) -> Vec<String> {
        let one = match self {
            ForgeError::TagRefused { tag, commit, .. } => {
                return vec![format!(
                    "push the tag as somebody who may, `git push origin {commit}:refs/tags/{tag}`, then run again: \
                     what was uploaded is kept"
                )];
            }
            ForgeError::TagElsewhere { tag, .. } => {
                return vec![format!(
                    "build at the commit of the tag, or delete the tag if nothing uses it: \
                     `git push --delete origin {tag}`"
                )];
            }
            ForgeError::Denied { with_token: false, .. } => {
                "set WICK_GITHUB_TOKEN (or GITHUB_TOKEN, GH_TOKEN), for example from `gh auth token`"
            }
            ForgeError::Denied { .. } => "the token needs `contents: write` on that repository",
            ForgeError::TokenUnknown { .. } => {
                "that server doesn't know the token (any more): make a new one, or look which of WICK_GITHUB_TOKEN, \
                 GITHUB_TOKEN and GH_TOKEN is set"
            }
            ForgeError::Immutable { .. } => {
                "published releases are immutable there: raise the version and release that"
            }
            ForgeError::RateLimited { limit: "primary", .. } => {
                "wait until then, or use a token with a higher limit"
            }
            ForgeError::RateLimited { .. } => "run again then; what was done is kept",
            ForgeError::Untrusted { .. } => {
                "where a company's own authority signs for that server (or for a proxy that looks into connections), name \
                 its certificate with SSL_CERT_FILE"
            }
            ForgeError::Unreachable { .. } => {
                "check the network, HTTPS_PROXY and --api-url, then run again: it goes on where it stopped"
            }
            _ => return Vec::new(),
        };
        vec![one.to_owned()]
    }
}

/// What GitHub means by its refusal, which it doesn't say.
fn meaning(by_permission: bool) -> &'static str {
    if by_permission {
        " (GitHub refuses a tag on a commit whose .github/workflows aren't the default branch's to every token without \
         the permission `workflows`, and the token of a job can't have it)"
    } else {
        " (a rule of the repository may say who makes tags)"
    }
}
