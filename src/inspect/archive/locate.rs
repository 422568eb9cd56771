//! Finds the package in an archive: `plugin.json` at the root or in the single sub-directory (contract wick 7).

use std::collections::BTreeSet;

use super::{Contents, names::shown};
use crate::model::finding::Finding;
use crate::model::package::{MANIFEST_NAME, PackageEntry};

/// A package inside an archive.
#[derive(Clone, Debug)]
pub struct Located<'a> {
    /// The sub-directory it lies in; empty for the root.
    pub folder: &'a str,
    /// `plugin.json`.
    pub manifest: &'a PackageEntry,
    /// The other files beside and below it, with their names relative to it.
    pub files: Vec<(&'a str, &'a PackageEntry)>,
    /// Names of files outside the sub-directory.
    pub outside: Vec<&'a str>,
}

/// Where the package is.
///
/// # Errors
/// A finding when there is no `plugin.json` where a host looks for it.
pub fn locate_package(contents: &Contents) -> Result<Located<'_>, Finding> {
    let folders: BTreeSet<&str> =
        contents.entries.iter().filter_map(|entry| Some(entry.name.split_once('/')?.0)).collect();
    let within = |folder: &str, name: &str| -> bool {
        folder.is_empty() || name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    let single = if folders.len() == 1 { folders.first().copied() } else { None };
    for folder in std::iter::once("").chain(single) {
        let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let (inside, outside): (Vec<_>, Vec<_>) =
            contents.entries.iter().partition(|entry| within(folder, &entry.name));
        let inside = inside.into_iter().map(|entry| (&entry.name[skip..], entry));
        let (manifests, files): (Vec<_>, Vec<_>) = inside.partition(|(name, _)| *name == MANIFEST_NAME);
        if let Some((_, manifest)) = manifests.into_iter().next() {
            let outside = outside.into_iter().map(|entry| entry.name.as_str()).collect();
            return Ok(Located { folder, manifest, files, outside });
        }
    }
    Err(missing(contents, &folders))
}

fn missing(contents: &Contents, folders: &BTreeSet<&str>) -> Finding {
    let message = match folders.len() {
        0 => format!("there is no `{MANIFEST_NAME}` at the root"),
        1 => format!("there is no `{MANIFEST_NAME}` at the root or in the single sub-directory"),
        n => format!("there is no `{MANIFEST_NAME}` at the root, and {n} sub-directories are no single one"),
    };
    let finding = Finding::error("manifest-missing", message);
    let near = contents.entries.iter().find(|entry| {
        entry.name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(MANIFEST_NAME))
    });
    match near {
        Some(entry) => finding.hint(format!(
            "move or rename `{}` to `{MANIFEST_NAME}` at the root",
            shown(entry.name.as_bytes())
        )),
        None => finding.hint("run `wick plugin build`: it packs a binary together with its manifest"),
    }
}
