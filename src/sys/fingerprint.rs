//! Digests of files and folders, each computed once per run however many steps ask. Sources are digested twice in the
//! same read: for receipts, and as git names contents, so that what is proven of a file is proven of the bytes that
//! were built.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use super::files;
use crate::model::digest::{Hasher, Sha256};
use crate::model::lfs;
use crate::model::object_id::{ObjectFormat, ObjectId};

/// How much of a folder counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// The files that lie in the folder itself; Go's test files don't count.
    Package,
    /// Everything below, but for build output and version control.
    Tree,
}

impl Depth {
    /// Whether a file counts, by its place in the folder.
    #[must_use]
    pub fn counts(self, inside: &Path) -> bool {
        let mut parts = inside.components().map(|part| part.as_os_str().as_encoded_bytes());
        match self {
            Depth::Package => parts.next().is_some_and(|name| !is_go_test(name)) && parts.next().is_none(),
            Depth::Tree => parts.rev().skip(1).all(|folder| !is_no_source(folder)),
        }
    }
}

/// Folder names that never are a source.
const NOT_SOURCE: [&[u8]; 3] = [b"target", b".git", b"node_modules"];

/// Whether a folder of that name holds no sources, whoever made it.
#[must_use]
pub fn is_no_source(folder: &[u8]) -> bool {
    NOT_SOURCE.contains(&folder)
}

fn is_go_test(name: &[u8]) -> bool {
    name.ends_with(b"_test.go")
}

/// Every file below a folder whose name ends in `.extension`; build output, version control and what lies behind
/// links left out.
#[must_use]
pub fn source_files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in files::entries(folder).unwrap_or_default() {
        let path = folder.join(&entry.name);
        match entry.kind {
            files::Kind::Folder if !entry.link && !is_no_source(entry.name.as_encoded_bytes()) => {
                found.extend(source_files(&path, extension));
            }
            files::Kind::File if path.extension().is_some_and(|e| e == extension) => found.push(path),
            _ => {}
        }
    }
    found
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its digest.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// Its name in the repository; nothing where there is none.
    pub blob: Option<ObjectId>,
    /// Whether it only says where Git LFS has the content.
    pub is_pointer: bool,
}

/// Something that was found in a folder and counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub path: PathBuf,
    /// A file, or what else a link leads to.
    pub kind: files::Kind,
    /// Whether it is a symbolic link.
    pub link: bool,
}

type Folder = (Sha256, Arc<Vec<Found>>);

/// Remembers what it has hashed. Files are assumed not to change during a run; a change is found by the next.
#[derive(Default)]
pub struct Fingerprints {
    format: OnceLock<ObjectFormat>,
    files: Mutex<HashMap<PathBuf, Option<Content>>>,
    folders: Mutex<HashMap<(PathBuf, Depth), Option<Folder>>>,
}

impl Fingerprints {
    /// From now on, sources get their names in a repository of that format.
    pub fn name_blobs(&self, format: ObjectFormat) {
        // A run is about one repository.
        let _ = self.format.set(format);
    }

    /// The digest of a file's content, or nothing when there is no readable file. For what wick made itself.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<Sha256> {
        Some(self.look(path, None)?.sha256)
    }

    /// What a source holds, or nothing when there is no readable file.
    #[must_use]
    pub fn source(&self, path: &Path) -> Option<Content> {
        self.look(path, self.format.get().copied())
    }

    fn look(&self, path: &Path, format: Option<ObjectFormat>) -> Option<Content> {
        let known = self.files.lock().ok()?.get(path).copied();
        match known {
            Some(None) => return None,
            Some(Some(content)) if format.is_none() || content.blob.is_some() => return Some(content),
            _ => {}
        }
        let content = files::read(path).ok().map(|bytes| Content {
            sha256: Sha256::of(&bytes),
            size: bytes.len() as u64,
            blob: format.map(|format| format.blob(&bytes)),
            is_pointer: lfs::is_pointer(&bytes),
        });
        self.files.lock().ok()?.insert(path.to_owned(), content);
        content
    }

    /// The digest of a folder: names and contents, sorted. Nothing when it can't be read completely.
    #[must_use]
    pub fn folder(&self, path: &Path, depth: Depth) -> Option<Sha256> {
        Some(self.walked(path, depth)?.0)
    }

    /// What counts in a folder. Nothing when it can't be read completely.
    #[must_use]
    pub fn found(&self, path: &Path, depth: Depth) -> Option<Arc<Vec<Found>>> {
        Some(self.walked(path, depth)?.1)
    }

    fn walked(&self, path: &Path, depth: Depth) -> Option<Folder> {
        let id = (path.to_owned(), depth);
        if let Some(known) = self.folders.lock().ok()?.get(&id) {
            return known.clone();
        }
        let (mut hasher, mut found) = (Hasher::default(), Vec::new());
        let walked = self.add_folder(&mut hasher, &mut found, path, depth);
        let walked = walked.map(|()| (hasher.finish(), Arc::new(found)));
        self.folders.lock().ok()?.insert(id, walked.clone());
        walked
    }

    fn add_folder(
        &self,
        hasher: &mut Hasher,
        found: &mut Vec<Found>,
        path: &Path,
        depth: Depth,
    ) -> Option<()> {
        for files::Entry { name, kind, link } in files::entries(path).ok()? {
            let inner = path.join(&name);
            let name = name.as_encoded_bytes();
            match kind {
                files::Kind::File if depth == Depth::Package && is_go_test(name) => continue,
                files::Kind::File => {
                    hasher.bytes(name);
                    hasher.text(&self.source(&inner)?.sha256.to_string());
                }
                // A link is not descended into (it may lead back up): what is used through it shows in the
                // compiler's own list of files.
                files::Kind::Folder if depth == Depth::Tree && link => hasher.bytes(name),
                files::Kind::Folder if depth == Depth::Tree && !is_no_source(name) => {
                    hasher.bytes(name);
                    hasher.text("/");
                    self.add_folder(hasher, found, &inner, depth)?;
                    hasher.text("..");
                    continue;
                }
                // A dangling link is part of the listing: it may come to life.
                files::Kind::Other => hasher.bytes(name),
                _ => continue,
            }
            found.push(Found { path: inner, kind, link });
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_folder_decides_whether_a_file_counts() {
        for (depth, inside, expected) in [
            (Depth::Package, "a.go", true),
            (Depth::Package, "a_test.go", false),
            (Depth::Package, "deep/a.go", false),
            (Depth::Tree, "deep/a_test.go", true),
            (Depth::Tree, "src/target/mod.rs", false),
            (Depth::Tree, "src/target", true),
        ] {
            assert_eq!(depth.counts(Path::new(inside)), expected, "{depth:?} {inside}");
        }
    }
}
