//! Digests of files and folders, each computed once per run however many steps ask.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::files;
use crate::model::digest::{Hasher, Sha256};

/// How much of a folder counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// The files that lie in the folder itself; Go's test files don't count.
    Package,
    /// Everything below, but for build output and version control.
    Tree,
}

/// Folder names that never are a source.
const NOT_SOURCE: [&str; 3] = ["target", ".git", "node_modules"];

/// Every file below a folder whose name ends in `.extension`; build output, version control and what lies behind
/// links left out.
#[must_use]
pub fn source_files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in files::list(folder).unwrap_or_default() {
        let path = folder.join(&name);
        match files::kind(&path) {
            files::Kind::Folder if !files::is_link(&path) && !NOT_SOURCE.contains(&name.as_str()) => {
                found.extend(source_files(&path, extension));
            }
            files::Kind::File if path.extension().is_some_and(|e| e == extension) => found.push(path),
            _ => {}
        }
    }
    found
}

/// Remembers what it has hashed. Files are assumed not to change during a run; a change is found by the next.
#[derive(Default)]
pub struct Fingerprints {
    files: Mutex<HashMap<PathBuf, Option<Sha256>>>,
    folders: Mutex<HashMap<(PathBuf, Depth), Option<Sha256>>>,
}

impl Fingerprints {
    /// The digest of a file's content, or nothing when there is no readable file.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<Sha256> {
        if let Some(known) = self.files.lock().ok()?.get(path) {
            return *known;
        }
        let digest = files::read(path).ok().map(|bytes| Sha256::of(&bytes));
        self.files.lock().ok()?.insert(path.to_owned(), digest);
        digest
    }

    /// The digest of a folder: names and contents, sorted. Nothing when it can't be read completely.
    #[must_use]
    pub fn folder(&self, path: &Path, depth: Depth) -> Option<Sha256> {
        let id = (path.to_owned(), depth);
        if let Some(known) = self.folders.lock().ok()?.get(&id) {
            return *known;
        }
        let mut hasher = Hasher::default();
        let digest = self.add_folder(&mut hasher, path, depth).map(|()| hasher.finish());
        self.folders.lock().ok()?.insert(id, digest);
        digest
    }

    fn add_folder(&self, hasher: &mut Hasher, path: &Path, depth: Depth) -> Option<()> {
        for name in files::list(path).ok()? {
            let inner = path.join(&name);
            match files::kind(&inner) {
                files::Kind::File if depth == Depth::Package && name.ends_with("_test.go") => {}
                files::Kind::File => {
                    hasher.text(&name);
                    hasher.text(&self.file(&inner)?.to_string());
                }
                // A link is not descended into (it may lead back up): what is used through it shows in the
                // compiler's own list of files.
                files::Kind::Folder if depth == Depth::Tree && files::is_link(&inner) => hasher.text(&name),
                files::Kind::Folder if depth == Depth::Tree && !NOT_SOURCE.contains(&name.as_str()) => {
                    hasher.text(&name);
                    hasher.text("/");
                    self.add_folder(hasher, &inner, depth)?;
                    hasher.text("..");
                }
                // A dangling link is part of the listing: it may come to life.
                files::Kind::Other => hasher.text(&name),
                _ => {}
            }
        }
        Some(())
    }
}
