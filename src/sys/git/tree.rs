//! The files of a commit, as its tree has them: one look-up, whatever the index, ignore rules, flags, monitors, filters
//! and the configuration say. What stands in the working tree is not asked here.

use std::path::{Component, Path};

use super::GitError;
use super::store::Store;
use crate::model::object_id::ObjectId;

/// The files of a commit, links and submodules among them.
#[derive(Debug)]
pub struct Tree {
    /// Sorted by name.
    entries: Vec<(Box<[u8]>, TreeEntry)>,
}

/// What a commit has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// What it is.
    pub mode: TreeMode,
    /// The content's name; a submodule's commit.
    pub id: ObjectId,
}

impl TreeEntry {
    /// Whether it is a file, run or not; no link, no submodule.
    #[must_use]
    pub fn is_file(&self) -> bool {
        matches!(self.mode, TreeMode::File | TreeMode::Program)
    }
}

/// What a commit's entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeMode {
    /// A file.
    File,
    /// A file that may be run.
    Program,
    /// A symbolic link; its content is where it leads.
    Link,
    /// The commit of another repository.
    Submodule,
}

impl Tree {
    /// The files of `commit`, a full hash, in the repository that `folder` is in.
    ///
    /// # Errors
    /// When git can't be run or doesn't have that commit.
    pub fn read(folder: &Path, commit: &str) -> Result<Tree, GitError> {
        Store::of(folder)?.list(commit)
    }

    /// git-ls-tree(1), "OUTPUT FORMAT": `<mode> SP <type> SP <object> TAB <file>`, each ended by NUL.
    pub(super) fn parse(text: &[u8]) -> Option<Tree> {
        let mut entries = Vec::new();
        for record in text.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            let tab = record.iter().position(|byte| *byte == b'\t')?;
            let (head, name) = (std::str::from_utf8(&record[..tab]).ok()?, &record[tab + 1..]);
            let mut fields = head.split(' ');
            let mode = match fields.next()? {
                "120000" => TreeMode::Link,
                "160000" => TreeMode::Submodule,
                "100755" => TreeMode::Program,
                // Old repositories have 100664 too.
                mode if mode.starts_with("100") => TreeMode::File,
                _ => return None,
            };
            let id = ObjectId::parse(fields.nth(1)?)?;
            entries.push((name.into(), TreeEntry { mode, id }));
        }
        entries.sort_by(|a: &(Box<[u8]>, _), b| a.0.cmp(&b.0));
        Some(Tree { entries })
    }

    /// What the commit has at a path, by [`name_of`].
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<TreeEntry> {
        let at = self.entries.binary_search_by(|(there, _)| (**there).cmp(name)).ok()?;
        Some(self.entries[at].1)
    }

    /// Everything the commit has below a folder, by its name; below the top for an empty one.
    pub fn below<'a>(&'a self, folder: &[u8]) -> impl Iterator<Item = (&'a [u8], TreeEntry)> {
        let mut start = folder.to_vec();
        if !start.is_empty() {
            start.push(b'/');
        }
        let first = self.entries.partition_point(|(name, _)| **name < *start);
        let rest = self.entries[first..].iter();
        rest.take_while(move |(name, _)| name.starts_with(&start)).map(|(name, entry)| (&**name, *entry))
    }
}

/// A path from the repository's folder as trees spell it: with `/`, as bytes.
#[must_use]
pub fn name_of(path: &Path) -> Vec<u8> {
    let mut name = Vec::new();
    for part in path.components() {
        if let Component::Normal(part) = part {
            if !name.is_empty() {
                name.push(b'/');
            }
            name.extend_from_slice(part.as_encoded_bytes());
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0";

    #[test]
    fn every_kind_of_entry_is_found_by_its_bytes() {
        let text = format!(
            "100644 blob {ID}\ta/b.go\0100755 blob {ID}\ta/new\nline \"x\"\0120000 blob {ID}\ta-link\0\
             160000 commit {ID}\tlib\0"
        );
        let text = [text.as_bytes(), b"100664 blob ", ID.as_bytes(), b"\tcaf\xe9\0"].concat();
        let tree = Tree::parse(&text).unwrap();
        let mode = |name: &[u8]| tree.get(name).map(|entry| entry.mode);
        assert_eq!(mode(b"a/b.go"), Some(TreeMode::File));
        assert_eq!(mode(b"a/new\nline \"x\""), Some(TreeMode::Program));
        assert_eq!(mode(b"a-link"), Some(TreeMode::Link));
        assert_eq!(mode(b"lib"), Some(TreeMode::Submodule));
        assert_eq!(mode(b"caf\xe9"), Some(TreeMode::File));
        assert_eq!((mode(b"a"), mode(b"A/b.go"), mode(b"")), (None, None, None));
        let below = |name: &[u8]| tree.below(name).count();
        assert_eq!((below(b"a"), below(b""), below(b"lib"), below(b"a/b")), (2, 5, 0, 0));
    }

    #[test]
    fn what_is_no_listing_is_no_tree() {
        for text in ["040000 tree x\ta\0", "100644 blob 12\ta\0", "no tab\0", "fatal: bad object"] {
            assert!(Tree::parse(text.as_bytes()).is_none(), "{text}");
        }
        assert_eq!(name_of(Path::new("./a//b/./c")), b"a/b/c");
        assert_eq!(name_of(&super::super::path_of(b"a/new\nline")), b"a/new\nline");
    }
}
