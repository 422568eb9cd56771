//! What is checked out: the commit, and what differs from it.

use std::path::{Path, PathBuf};

use super::door::{failed, git};
use super::{GitError, Repository};

/// A repository's working tree at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingTree {
    /// The repository's folder, absolute.
    pub top: PathBuf,
    /// The full hash of `HEAD`.
    pub commit: String,
    /// Files that differ from it, untracked ones included and ignored ones not; absolute and sorted.
    pub changed: Vec<PathBuf>,
}

/// The working tree that `folder` is in; nothing outside a repository, or before its first commit.
///
/// # Errors
/// When git can't be run, or doesn't answer.
pub fn working_tree(folder: &Path) -> Result<Option<WorkingTree>, GitError> {
    let Some(super::Checkout { top, .. }) = Repository::of(folder)?.checkout()? else { return Ok(None) };
    // Renames as delete and add: both sides differ from the commit.
    let args = ["status", "--porcelain=v2", "--branch", "--untracked-files=all", "--no-renames", "-z"];
    let answer = git(&top, &args)?;
    if !answer.success() {
        return Err(failed(&args, &answer));
    }
    Ok(read(&answer.stdout_text(), &top))
}

/// git-status(1), "Porcelain Format Version 2": headers, then one record per path, each ended by NUL.
fn read(text: &str, top: &Path) -> Option<WorkingTree> {
    let mut commit = None;
    let mut changed = Vec::new();
    for record in text.split('\0') {
        if let Some(hash) = record.strip_prefix("# branch.oid ") {
            commit = Some(hash.to_owned()).filter(|hash| hash.bytes().all(|b| b.is_ascii_hexdigit()));
        }
        // How many fields stand before the path.
        let before = match record.split_once(' ') {
            Some(("1", _)) => 8,
            Some(("u", _)) => 10,
            Some(("?", _)) => 1,
            _ => continue,
        };
        if let Some(path) = record.splitn(before + 1, ' ').nth(before) {
            changed.push(top.join(path));
        }
    }
    changed.sort();
    Some(WorkingTree { top: top.to_owned(), commit: commit?, changed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_record_gives_its_path() {
        let text = "# branch.oid 0123abc\0# branch.head main\0\
                    1 .M N... 100644 100644 100644 aa bb a b.go\0\
                    u UU N... 100644 100644 100644 100644 aa bb cc conflict\0? new file\0! ignored\0";
        let tree = read(text, Path::new("/r")).unwrap();
        assert_eq!(tree.commit, "0123abc");
        assert_eq!(tree.changed, ["/r/a b.go", "/r/conflict", "/r/new file"].map(PathBuf::from));
        assert_eq!(read("# branch.oid (initial)\0? a\0", Path::new("/r")), None);
    }
}
