//! Which repository a folder is in, and which commit is checked out there. One value for all who ask, so that "can't be
//! told" is never taken for "none", nor another repository's commit for the folder's.

use std::path::{Path, PathBuf};

use super::door::git;
use super::{GitError, Unknown};
use crate::sys::files;
use crate::sys::process::Finished;

/// What git says about a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repository {
    /// There is no `.git` in the folder or above it. git isn't started to say so.
    None,
    /// There is one, but what is checked out can't be told.
    Unknown(Unknown),
    /// A repository before its first commit.
    Unborn {
        /// The repository's folder, absolute.
        top: PathBuf,
    },
    /// A commit is checked out.
    At(Checkout),
}

/// What `HEAD` is at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The repository's folder, absolute; the folder that was asked about lies in it.
    pub top: PathBuf,
    /// The full hash of `HEAD`.
    pub commit: String,
}

impl Repository {
    /// Asks git about a folder. Its answer counts only when it is about the nearest `.git` and about a working tree that
    /// holds the folder: git passes over a `.git` that it doesn't understand and takes the next above, and
    /// `core.worktree` may name any folder.
    ///
    /// # Errors
    /// When the user interrupts.
    pub fn of(folder: &Path) -> Result<Repository, GitError> {
        let folder = files::canonical(folder).unwrap_or_else(|_| folder.to_owned());
        let Some(place) = folder.ancestors().find(|place| files::is_there(&place.join(".git"))) else {
            return Ok(Repository::None);
        };
        let args = ["rev-parse", "--absolute-git-dir", "--show-toplevel", "HEAD^{commit}"];
        let answer = match git(&folder, &args) {
            Ok(answer) => answer,
            Err(error) if error.is_interrupt() => return Err(error),
            Err(error) => return Ok(Repository::Unknown(Unknown::not_asked(place, &error))),
        };
        let unknown = |said: String| Unknown { place: place.to_owned(), said, hint: None };
        let lines = lines(&answer.stdout);
        let [git_dir, top, rest @ ..] = &lines[..] else {
            return Ok(Repository::Unknown(Unknown { hint: trust(&folder)?, ..unknown(answer.complaint()) }));
        };
        if let Some(said) = about_another(&folder, place, git_dir, top) {
            return Ok(Repository::Unknown(unknown(said)));
        }
        let top = files::canonical(top).unwrap_or_else(|_| top.clone());
        if answer.success() {
            let commit = rest.first().and_then(|line| line.to_str()).unwrap_or_default();
            if !commit.is_empty() && commit.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Ok(Repository::At(Checkout { top, commit: commit.to_owned() }));
            }
        }
        if is_unborn(&folder)? {
            return Ok(Repository::Unborn { top });
        }
        let args = ["cat-file", "-e", "HEAD^{commit}"];
        Ok(Repository::Unknown(unknown(first_of(&git(&folder, &args)?, &answer))))
    }

    /// The commit that is checked out; nothing in no repository and before the first commit.
    ///
    /// # Errors
    /// When there is a repository and it can't be told.
    pub fn checkout(self) -> Result<Option<Checkout>, GitError> {
        match self {
            Repository::At(checkout) => Ok(Some(checkout)),
            Repository::None | Repository::Unborn { .. } => Ok(None),
            Repository::Unknown(unknown) => Err(GitError::Unknown(unknown)),
        }
    }

    /// The repository's folder; nothing in no repository.
    ///
    /// # Errors
    /// As [`Repository::checkout`].
    pub fn top(self) -> Result<Option<PathBuf>, GitError> {
        match self {
            Repository::At(Checkout { top, .. }) | Repository::Unborn { top } => Ok(Some(top)),
            Repository::None => Ok(None),
            Repository::Unknown(unknown) => Err(GitError::Unknown(unknown)),
        }
    }
}

/// The folder of the repository that `folder` is in, if it is in one.
///
/// # Errors
/// When it is in one that git doesn't tell about.
pub fn top(folder: &Path) -> Result<Option<PathBuf>, GitError> {
    Repository::of(folder)?.top()
}

/// The commit that is checked out where `folder` is; nothing outside a repository, or before its first commit.
///
/// # Errors
/// When there is a repository and it can't be told.
pub fn head(folder: &Path) -> Result<Option<Checkout>, GitError> {
    Repository::of(folder)?.checkout()
}

/// Why git's answer isn't about the folder, if it isn't.
fn about_another(folder: &Path, place: &Path, git_dir: &Path, top: &Path) -> Option<String> {
    let dot_git = place.join(".git");
    let meant = match files::kind(&dot_git) {
        // gitrepository-layout(5): "gitdir: <path>".
        files::Kind::File => {
            let text = files::read_text(&dot_git).unwrap_or_default();
            let path = text.strip_prefix("gitdir:").unwrap_or_default().trim();
            place.join(path)
        }
        _ => dot_git.clone(),
    };
    let same =
        |a: &Path, b: &Path| matches!((files::canonical(a), files::canonical(b)), (Ok(a), Ok(b)) if a == b);
    if !same(&meant, git_dir) {
        return Some(format!(
            "{} is no repository that git understands (it would answer for {})",
            dot_git.display(),
            git_dir.display()
        ));
    }
    let holds = files::canonical(top).is_ok_and(|top| folder.starts_with(top));
    (!holds).then(|| {
        format!(
            "its working tree is {} (core.worktree), which doesn't hold {}",
            top.display(),
            folder.display()
        )
    })
}

/// Whether `HEAD` names a branch that has no commit yet. A branch whose file is there and holds none is damaged.
fn is_unborn(folder: &Path) -> Result<bool, GitError> {
    let answer = git(folder, &["symbolic-ref", "--quiet", "HEAD"])?;
    let name = answer.stdout_text();
    let name = name.trim();
    if !answer.success() || name.is_empty() {
        return Ok(false);
    }
    let exists = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", name])?.success();
    let path = git(folder, &["rev-parse", "--git-path", name])?.stdout_text();
    Ok(!exists && !files::is_there(&folder.join(path.trim_end_matches(['\r', '\n']))))
}

/// What makes git answer, when all it lacks is the user's word that somebody else's repository may be read. It is asked
/// once more with that word given for this question alone: what it answers then isn't taken.
fn trust(folder: &Path) -> Result<Option<String>, GitError> {
    let answer = git(folder, &["-c", "safe.directory=*", "rev-parse", "--show-toplevel"])?;
    let lines = lines(&answer.stdout);
    Ok(lines.first().filter(|_| answer.success()).map(|top| {
        let top = crate::model::command::quoted(&top.to_string_lossy());
        format!("if you trust what is in it, run `git config --global --add safe.directory {top}`")
    }))
}

fn first_of(finished: &Finished, other: &Finished) -> String {
    let said = finished.complaint();
    if said.is_empty() { other.complaint() } else { said }
}

/// One path per line, as git prints them.
fn lines(stdout: &[u8]) -> Vec<PathBuf> {
    let lines = stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| path_of(line.strip_suffix(b"\r").unwrap_or(line))).collect()
}

/// The path that git spells so.
#[cfg(unix)]
#[must_use]
pub fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes))
}

/// The path that git spells so.
#[cfg(not(unix))]
#[must_use]
pub fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(&*String::from_utf8_lossy(bytes))
}
