//! What can go wrong with a question to git.

use std::path::{Path, PathBuf};

use crate::model::failure::{Explain, FailureKind};
use crate::sys::files::FileError;
use crate::sys::process::ProcessError;

/// Why it can't be told what is checked out where a folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The folder of the `.git` that is nearest.
    pub place: PathBuf,
    /// git's own words, or what was wrong with its answer.
    pub said: String,
    /// What makes it answer.
    pub hint: Option<String>,
}

impl Unknown {
    /// git couldn't be asked at all.
    pub(super) fn not_asked(place: &Path, error: &GitError) -> Unknown {
        let mut said = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            said = format!("{said}: {cause}");
            source = cause.source();
        }
        Unknown { place: place.to_owned(), said, hint: error.hints().into_iter().next() }
    }
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it can't be told which commit is checked out in {}: {}", self.place.display(), self.said)
    }
}

/// A question git couldn't answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git could not be run.
    #[error("can't ask git")]
    Run(#[from] ProcessError),
    /// There is a repository, and it doesn't tell.
    #[error("{0}")]
    Unknown(Unknown),
    /// The folder is in no repository.
    #[error("{} is not inside a git repository, so what changed since `{since}` can't be told", folder.display())]
    NoRepository {
        /// The project's folder.
        folder: PathBuf,
        /// The reference asked for.
        since: String,
    },
    /// The reference is unknown.
    #[error("git knows no `{since}` in {}{}", folder.display(), if *shallow { ": the clone is shallow" } else { "" })]
    UnknownRef {
        /// The project's folder.
        folder: PathBuf,
        /// The reference asked for.
        since: String,
        /// Whether history was cut off.
        shallow: bool,
    },
    /// Both commits are there but not what connects them.
    #[error("`{since}` and HEAD have no common commit in {}{}", folder.display(), if *shallow { ": the clone is shallow" } else { "" })]
    NoMergeBase {
        /// The project's folder.
        folder: PathBuf,
        /// The reference asked for.
        since: String,
        /// Whether history was cut off.
        shallow: bool,
    },
    /// A commit's files can't be written.
    #[error(transparent)]
    Files(#[from] FileError),
    /// Anything else git said.
    #[error("`git {command}` failed: {said}")]
    Said {
        /// The sub-command.
        command: String,
        /// git's own words.
        said: String,
    },
}

impl Explain for GitError {
    fn kind(&self) -> FailureKind {
        match self {
            GitError::Run(error) => error.kind(),
            GitError::Files(error) => error.kind(),
            GitError::NoRepository { .. } => FailureKind::Usage,
            GitError::Unknown(_) | GitError::UnknownRef { .. } | GitError::NoMergeBase { .. } => {
                FailureKind::Missing
            }
            GitError::Said { .. } => FailureKind::Step,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            GitError::Run(ProcessError::Start { .. }) => vec!["install git".to_owned()],
            GitError::Run(_) => Vec::new(),
            GitError::Unknown(unknown) => unknown.hint.iter().cloned().collect(),
            GitError::NoRepository { .. } => vec!["name the plugins, or use --all-plugins".to_owned()],
            GitError::UnknownRef { shallow: true, .. } | GitError::NoMergeBase { shallow: true, .. } => vec![
                "run `git fetch --unshallow origin`, or check out with `fetch-depth: 0` in GitHub Actions"
                    .to_owned(),
            ],
            GitError::UnknownRef { .. } => {
                vec!["run `git fetch origin`, or name another reference with --since".to_owned()]
            }
            GitError::NoMergeBase { .. } => {
                vec!["name a reference of the same history with --since".to_owned()]
            }
            GitError::Files(_) | GitError::Said { .. } => Vec::new(),
        }
    }
}

impl GitError {
    /// Whether the user stopped the run, which is no answer about a repository.
    pub(super) fn is_interrupt(&self) -> bool {
        matches!(self, GitError::Run(ProcessError::Interrupted))
    }
}
