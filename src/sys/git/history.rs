//! What happened: tags, commits that touched paths, where the repository came from.

use std::path::Path;

use super::{GitError, git, said};

/// A commit, as release notes name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The full hash.
    pub hash: String,
    /// The first line of its message.
    pub subject: String,
}

/// The tags whose names fit `pattern` (a glob, such as `slack/v*`) and that `until` contains.
///
/// # Errors
/// When there is no repository or `until` is unknown.
pub fn tags(folder: &Path, pattern: &str, until: &str) -> Result<Vec<String>, GitError> {
    let text = said(folder, &["tag", "--list", "--merged", until, "--", pattern])?;
    Ok(text.lines().map(ToOwned::to_owned).collect())
}

/// The commits of `until` that the tag doesn't contain and that touched one of `paths` (git's pathspecs), newest
/// first, merges left out. Without a tag: all of them.
///
/// # Errors
/// When there is no repository, the tag or `until` is unknown, or history is missing.
pub fn commits(
    folder: &Path,
    since_tag: Option<&str>,
    until: &str,
    paths: &[String],
) -> Result<Vec<Commit>, GitError> {
    let range = since_tag.map_or_else(|| until.to_owned(), |tag| format!("refs/tags/{tag}..{until}"));
    let mut args = vec!["log", "--no-merges", "-z", "--format=%H %s", "--end-of-options", &range, "--"];
    args.extend(paths.iter().map(String::as_str));
    let text = said(folder, &args)?;
    let one = |record: &str| {
        let (hash, subject) = record.split_once(' ')?;
        Some(Commit { hash: hash.to_owned(), subject: subject.to_owned() })
    };
    Ok(text.split('\0').filter_map(one).collect())
}

/// The address of a remote, if it is set.
///
/// # Errors
/// When git can't be run.
pub fn remote_url(folder: &Path, name: &str) -> Result<Option<String>, GitError> {
    let answer = git(folder, &["remote", "get-url", "--", name])?;
    Ok(answer.success().then(|| answer.stdout_text().trim().to_owned()).filter(|url| !url.is_empty()))
}
