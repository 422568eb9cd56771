//! What is checked out: the repository's folder and the commit. What differs from it is not asked of git: `phase/committed`
//! holds the bytes against the commit's tree.

use std::path::{Path, PathBuf};

use super::{GitError, git};

/// What `HEAD` is at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The repository's folder, absolute.
    pub top: PathBuf,
    /// The full hash of the commit.
    pub commit: String,
}

/// The commit that is checked out where `folder` is; nothing outside a repository, or before its first commit.
///
/// # Errors
/// When git can't be run.
pub fn head(folder: &Path) -> Result<Option<Head>, GitError> {
    let Some(top) = top(folder)? else { return Ok(None) };
    let answer = git(&top, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
    let commit = answer.stdout_text().trim().to_owned();
    Ok((answer.success() && !commit.is_empty()).then_some(Head { top, commit }))
}

/// The folder of the repository that `folder` is in, if it is in one.
///
/// # Errors
/// When git can't be run.
pub fn top(folder: &Path) -> Result<Option<PathBuf>, GitError> {
    let answer = git(folder, &["rev-parse", "--show-toplevel"])?;
    let text = answer.stdout_text();
    let path = text.trim_end_matches(['\r', '\n']);
    Ok((answer.success() && !path.is_empty()).then(|| PathBuf::from(path)))
}
