//! Asks git, by its command: the user's configuration, worktrees and sparse checkouts are honoured for free.

mod history;
mod state;
mod worktree;

#[cfg(test)]
mod tests;

pub use history::{Commit, commits, remote_url, tags};
pub use state::{WorkingTree, top, working_tree};
pub use worktree::{Worktree, tag_commit};

use std::path::{Path, PathBuf};

use super::process::{self, Finished, Limits, ProcessError};
use crate::model::command::CommandLine;
use crate::model::failure::{Explain, FailureKind};

/// A question git couldn't answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git could not be run.
    #[error("can't ask git")]
    Run(#[from] ProcessError),
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
            GitError::NoRepository { .. } => FailureKind::Usage,
            GitError::UnknownRef { .. } | GitError::NoMergeBase { .. } => FailureKind::Missing,
            GitError::Said { .. } => FailureKind::Step,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            GitError::Run(ProcessError::Start { .. }) => vec!["install git".to_owned()],
            GitError::Run(_) => Vec::new(),
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
            GitError::Said { .. } => Vec::new(),
        }
    }
}

/// Files that differ between the point where `HEAD` left `since` and the working tree, untracked ones included,
/// as absolute paths. Deleted files are among them.
///
/// # Errors
/// When there is no repository, no such reference, or history is missing: never a silent empty list.
pub fn changed_since(folder: &Path, since: &str) -> Result<Vec<PathBuf>, GitError> {
    let inside = git(folder, &["rev-parse", "--show-toplevel"])?;
    if !inside.success() {
        return Err(GitError::NoRepository { folder: folder.to_owned(), since: since.to_owned() });
    }
    let top = PathBuf::from(inside.stdout_text().trim_end());
    let shallow = || is_shallow(folder);
    // `--end-of-options` keeps a reference that starts with a dash from being an option.
    let spec = format!("{since}^{{commit}}");
    if !git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])?.success() {
        return Err(GitError::UnknownRef {
            folder: folder.to_owned(),
            since: since.to_owned(),
            shallow: shallow()?,
        });
    }
    let base = git(folder, &["merge-base", "--end-of-options", since, "HEAD"])?;
    if !base.success() {
        return Err(GitError::NoMergeBase {
            folder: folder.to_owned(),
            since: since.to_owned(),
            shallow: shallow()?,
        });
    }
    let base = base.stdout_text().trim().to_owned();
    // Renames as delete and add: both sides are changes.
    let tracked = said(&top, &["diff", "--name-only", "--no-renames", "-z", &base])?;
    let untracked = said(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let mut paths: Vec<PathBuf> = [tracked, untracked]
        .iter()
        .flat_map(|z| z.split('\0'))
        .filter(|p| !p.is_empty())
        .map(|p| top.join(p))
        .collect();
    paths.sort();
    Ok(paths)
}

/// Whether history was cut off when the repository was cloned; what isn't there may be anywhere else.
///
/// # Errors
/// When git can't be asked.
pub fn is_shallow(folder: &Path) -> Result<bool, GitError> {
    Ok(git(folder, &["rev-parse", "--is-shallow-repository"])?.stdout_text().trim() == "true")
}

fn git(folder: &Path, args: &[&str]) -> Result<Finished, GitError> {
    // Optional locks would make a read-only question write the index.
    let line = CommandLine::new("git", folder).env("GIT_OPTIONAL_LOCKS", "0").args(args.iter().copied());
    Ok(process::run(&line, Limits::TOOL)?)
}

fn said(folder: &Path, args: &[&str]) -> Result<String, GitError> {
    let finished = git(folder, args)?;
    if finished.success() {
        Ok(finished.stdout_text())
    } else {
        Err(GitError::Said { command: args.join(" "), said: finished.complaint() })
    }
}
