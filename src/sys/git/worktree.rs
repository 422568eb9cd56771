//! A commit checked out beside the user's working tree, gone again when the value is dropped.
//! Removing it runs no git: after Ctrl-C no child is started any more, and the folders must go all the same.

use std::path::{Path, PathBuf};

use super::door::{failed, git, said};
use super::fill::{Filling, Lack};
use super::store::Store;
use super::{GitError, Repository, top};
use crate::sys::files;

/// A linked working tree (git-worktree(1)) with a detached `HEAD`. Nothing of it is left when it is dropped: neither its
/// folder nor what git keeps of it beside the repository's own files.
pub struct Worktree {
    path: PathBuf,
    /// Where git keeps a folder per linked working tree.
    known: PathBuf,
    lacks: Vec<Lack>,
}

impl Worktree {
    /// Checks `commit` out into `place`, which must not exist yet: every file has its blob's bytes. The repository that
    /// `folder` is in gets no new branch, none of its hooks run, and a sparse checkout there doesn't make this one sparse.
    ///
    /// # Errors
    /// When git can't be run or refuses; nothing is left then.
    pub fn add(folder: &Path, commit: &str, place: &Path) -> Result<Worktree, GitError> {
        let common = said(folder, &["rev-parse", "--git-common-dir"])?;
        let known = folder.join(common.trim_end_matches(['\r', '\n'])).join("worktrees");
        // Before git is asked, so that what a git that was stopped left goes too.
        let mut made = Worktree { path: place.to_owned(), known, lacks: Vec::new() };
        let shown = place.to_string_lossy();
        let args = ["worktree", "add", "--no-checkout", "--quiet", "--detach", &shown, commit];
        let answer = git(folder, &args)?;
        if !answer.success() {
            return Err(failed(&["worktree add"], &answer));
        }
        let top = top(folder)?.unwrap_or_else(|| folder.to_owned());
        let store = Store::of(folder)?;
        made.lacks = Filling { store: &store, top: &top, commit, place }.fill()?;
        // Build scripts that ask git whether anything differs get the answer of a fresh clone.
        said(place, &["-c", "core.sparseCheckout=false", "read-tree", commit])?;
        Ok(made)
    }

    /// What of the commit this clone doesn't have, and so isn't there.
    #[must_use]
    pub fn lacks(&self) -> &[Lack] {
        &self.lacks
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Worktree {
    fn drop(&mut self) {
        // What stays is an entry that the next `git worktree prune` removes; there is nobody to tell.
        let _ = files::remove(&self.path);
        let names = files::list(&self.known).unwrap_or_default();
        let dot_git = self.path.join(".git");
        for name in &names {
            let entry = self.known.join(name);
            // gitrepository-layout(5): "A text file containing the absolute path back to the .git file that points to
            // here."
            let back = files::read_text(&entry.join("gitdir")).unwrap_or_default();
            if Path::new(back.trim_end_matches(['\r', '\n'])) == dot_git {
                let _ = files::remove(&entry);
            }
        }
        // As git leaves it.
        files::remove_if_empty(&self.known);
    }
}

/// The commit that a tag of this clone points to, annotated ones resolved; nothing when the clone has no such tag.
///
/// # Errors
/// When git can't be run.
pub fn tag_commit(folder: &Path, tag: &str) -> Result<Option<String>, GitError> {
    // Where nothing can be told, "no such tag" isn't either.
    Repository::of(folder)?.top()?;
    let spec = format!("refs/tags/{tag}^{{commit}}");
    let answer = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])?;
    Ok(answer.success().then(|| answer.stdout_text().trim().to_owned()).filter(|commit| !commit.is_empty()))
}
