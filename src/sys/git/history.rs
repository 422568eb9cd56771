//! What happened: tags, commits that touched paths, where the repository came from.

use std::path::{Path, PathBuf};

use super::door::{git, said};
use super::repository::path_of;
use super::store::Store;
use super::tree::TreeMode;
use super::{GitError, Repository, top};

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
    Repository::of(folder)?.top()?;
    let (merged, pattern) = (format!("--merged={until}"), format!("refs/tags/{pattern}"));
    let text = said(folder, &["for-each-ref", "--format=%(refname)", &merged, &pattern])?;
    Ok(text.lines().filter_map(|name| name.strip_prefix("refs/tags/")).map(ToOwned::to_owned).collect())
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
    let how =
        ["rev-list", "--no-merges", "--encoding=UTF-8", "--format=s%s", "--end-of-options", &range, "--"];
    let args: Vec<&str> = how.into_iter().chain(paths.iter().map(String::as_str)).collect();
    let text = said(folder, &args)?;
    // Two lines per commit: `commit <hash>`, and an `s` with the subject, which has no line breaks. git writes no line for
    // an empty one alone.
    let odd = || GitError::Said { command: how.join(" "), said: "an answer of no known form".to_owned() };
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(head) = lines.next() {
        let hash = head.strip_prefix("commit ").ok_or_else(odd)?;
        let subject = lines.next().and_then(|line| line.strip_prefix('s')).ok_or_else(odd)?;
        found.push(Commit { hash: hash.to_owned(), subject: subject.to_owned() });
    }
    Ok(found)
}

/// The folders of the submodules that a commit has, absolute.
///
/// # Errors
/// When it can't be told.
pub fn submodules(folder: &Path, commit: &str) -> Result<Vec<PathBuf>, GitError> {
    let Some(top) = top(folder)? else { return Ok(Vec::new()) };
    let tree = Store::of(folder)?.list(commit)?;
    let found = tree.below(b"").filter(|(_, entry)| entry.mode == TreeMode::Submodule);
    Ok(found.map(|(name, _)| top.join(path_of(name))).collect())
}

/// The line ends that attributes ask for in a file, `lf` or `crlf`; nothing where they don't say, or git can't.
#[must_use]
pub fn line_ends(folder: &Path, path: &str) -> Option<String> {
    let answer = git(folder, &["check-attr", "-z", "eol", "--", path]).ok()?.stdout_text();
    // gitattributes(5): path, attribute and value, each ended by a NUL.
    let value = answer.split('\0').nth(2)?;
    matches!(value, "lf" | "crlf").then(|| value.to_owned())
}

/// Whether history was cut off when the repository was cloned; what isn't there may be anywhere else.
///
/// # Errors
/// When git can't be asked.
pub fn is_shallow(folder: &Path) -> Result<bool, GitError> {
    Ok(git(folder, &["rev-parse", "--is-shallow-repository"])?.stdout_text().trim() == "true")
}

/// The address of a remote as the repository gives it, if it is set. The user's `url.<base>.insteadOf` is the way that
/// their own machine takes there, through a mirror or with a token in it: it isn't where the repository is. Only an
/// address that names no host without them (`gh:acme/plugins`) is spelled out by them.
///
/// # Errors
/// When git can't be run.
pub fn remote_url(folder: &Path, name: &str) -> Result<Option<String>, GitError> {
    let key = format!("remote.{name}.url");
    let answer = git(folder, &["config", "--local", "--includes", "-z", "--get-all", &key])?;
    let text = answer.stdout_text();
    let Some(url) = text.split('\0').find(|url| !url.is_empty()).filter(|_| answer.success()) else {
        return Ok(None);
    };
    if !is_shorthand(url) {
        return Ok(Some(url.to_owned()));
    }
    let answer = git(folder, &["remote", "get-url", "--", name])?;
    let spelled = answer.stdout_text().trim().to_owned();
    Ok(Some(spelled).filter(|url| answer.success() && !url.is_empty()).or(Some(url.to_owned())))
}

/// `gh:acme/plugins`: what stands before the colon is no host, scheme, user or drive.
fn is_shorthand(url: &str) -> bool {
    let Some((before, after)) = url.split_once(':') else { return false };
    before.len() > 1 && !after.starts_with("//") && !before.contains(['.', '@', '/', '\\'])
}
