//! The SDKs that lie in a plugin repository, as `wick plugin new` brought them. A record beside the files has the digest of
//! each as it was written: what fits it is some wick's and can be replaced by this one's; what doesn't is the author's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{Piece, Standing, gomod, repository, rust_sdk};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use crate::model::project::Language;
use crate::sys::files;

/// The record's name; `sha256sum -c` reads it.
const RECORD: &str = "wick.sha256";

/// An SDK's folder held against what this wick would write.
#[derive(Clone, Debug)]
pub struct Sdk {
    /// Where.
    pub folder: PathBuf,
    /// Its files, the record last.
    pub pieces: Vec<Piece>,
    /// Files that some wick wrote and this one doesn't: [`Standing::Outdated`] when nobody has changed them since.
    pub left_over: Vec<Piece>,
}

/// What was done to an SDK.
#[derive(Clone, Debug, Default)]
pub struct Updated {
    /// Files that were written.
    pub written: Vec<PathBuf>,
    /// Files that are no part of it any longer.
    pub removed: Vec<PathBuf>,
    /// Files that somebody has changed, which stay.
    pub kept: Vec<PathBuf>,
}

/// What stands where an SDK belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Free,
    /// What a wick brought.
    Brought,
    /// The crate, brought by somebody else: plugins have it, and it is nobody's to compare or replace.
    Own,
    Foreign,
}

/// The SDKs that a wick brought.
///
/// # Errors
/// When a file can't be read.
pub fn sdks(root: &Path) -> Result<Vec<Sdk>, Failure> {
    let mut found = Vec::new();
    if place(root, Language::Rust)? == Place::Brought {
        found.extend(look(root, rust_sdk::FOLDER, rust_sdk::files())?);
    }
    if place(root, Language::Go)? == Place::Brought
        && let Some(module) = gomod::find(root)?
    {
        found.extend(look(root, repository::GO_FOLDER, repository::go_sdk(&module.import_root(root)))?);
    }
    Ok(found)
}

/// What has to be written so that plugins of a language have their SDK; nothing where it is.
///
/// # Errors
/// When something else has its place.
pub(super) fn bring(root: &Path, language: Language, module: &str) -> Result<Vec<Piece>, Failure> {
    let (folder, what) = match language {
        Language::Go => (repository::GO_FOLDER, "package that Go"),
        Language::Rust => (rust_sdk::FOLDER, "crate that Rust"),
    };
    match place(root, language)? {
        Place::Free => {}
        Place::Brought | Place::Own => return Ok(Vec::new()),
        Place::Foreign => {
            let what =
                format!("the folder {folder} isn't the {what} plugins of `wick plugin new` are made with");
            return Err(Failure::new(FailureKind::Conflict, what).hint("rename it, then run this again"));
        }
    }
    let sdk = match language {
        Language::Go => look(root, folder, repository::go_sdk(module))?,
        Language::Rust => look(root, folder, rust_sdk::files())?,
    };
    Ok(sdk.map(|sdk| sdk.pieces).unwrap_or_default())
}

fn place(root: &Path, language: Language) -> Result<Place, Failure> {
    let folder = match language {
        Language::Go => root.join(repository::GO_FOLDER),
        Language::Rust => root.join(rust_sdk::FOLDER),
    };
    Ok(match files::kind(&folder) {
        files::Kind::Missing => Place::Free,
        files::Kind::Folder if files::is_file(&folder.join(RECORD)) => Place::Brought,
        files::Kind::Folder => match language {
            // Brought before there were records.
            Language::Go if repository::go_sdk("").all(|(place, _)| files::is_file(&root.join(place))) => {
                Place::Brought
            }
            Language::Rust if is_the_crate(&folder.join("Cargo.toml"))? => Place::Own,
            _ => Place::Foreign,
        },
        _ => Place::Foreign,
    })
}

fn is_the_crate(manifest: &Path) -> Result<bool, Failure> {
    if !files::is_file(manifest) {
        return Ok(false);
    }
    let read: Option<toml::Table> = files::read_text(manifest)?.parse().ok();
    let name = read.as_ref().and_then(|table| table.get("package")?.get("name")?.as_str());
    Ok(name == Some("wick-plugin"))
}

/// Nothing when the folder is a link: whatever it leads to isn't this repository's to write.
fn look(
    root: &Path,
    folder: &str,
    texts: impl Iterator<Item = (&'static str, String)>,
) -> Result<Option<Sdk>, Failure> {
    let dir = root.join(folder);
    if files::is_link(&dir) {
        return Ok(None);
    }
    let path = dir.join(RECORD);
    let there = if files::is_file(&path) { files::read_text(&path)? } else { String::new() };
    let mut recorded = read(&there);
    let (mut pieces, mut record) = (Vec::new(), String::new());
    for (place, text) in texts {
        let inner = place.strip_prefix(folder).unwrap_or(place).trim_start_matches('/');
        let old = recorded.remove(inner);
        let path = root.join(place);
        let standing = standing(&dir, &path, Some(&text), old)?;
        // A file of the author's may become what it was again.
        let digest = if standing == Standing::Other { old } else { Some(Sha256::of(text.as_bytes())) };
        if let Some(digest) = digest {
            let _ = writeln!(record, "{digest}  {inner}");
        }
        pieces.push(Piece { path, text, standing });
    }
    let mut left_over = Vec::new();
    for (inner, digest) in recorded {
        let path = dir.join(inner);
        match standing(&dir, &path, None, Some(digest))? {
            Standing::Missing => {}
            standing => left_over.push(Piece { path, text: String::new(), standing }),
        }
    }
    let standing = match files::kind(&path) {
        files::Kind::Missing => Standing::Missing,
        _ if there.replace("\r\n", "\n") == record => Standing::Same,
        _ => Standing::Outdated,
    };
    pieces.push(Piece { path, text: record, standing });
    Ok(Some(Sdk { folder: dir, pieces, left_over }))
}

/// What a file is to the record.
fn standing(dir: &Path, path: &Path, text: Option<&str>, old: Option<Sha256>) -> Result<Standing, Failure> {
    // What is behind a link may lie anywhere.
    if path.ancestors().take_while(|above| *above != dir).any(files::is_link) {
        return Ok(Standing::Other);
    }
    match files::kind(path) {
        files::Kind::Missing => return Ok(Standing::Missing),
        files::Kind::File => {}
        _ => return Ok(Standing::Other),
    }
    // Line ends are git's business.
    let there = String::from_utf8_lossy(&files::read(path)?).replace("\r\n", "\n");
    Ok(if Some(there.as_str()) == text {
        Standing::Same
    } else if old == Some(Sha256::of(there.as_bytes())) {
        Standing::Outdated
    } else {
        Standing::Other
    })
}

/// The lines of a record that name files of the folder. Somebody may have written others.
fn read(text: &str) -> BTreeMap<&str, Sha256> {
    let plain = |part: &str| {
        let named = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        named && !["", ".", "..", RECORD].contains(&part)
    };
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    lines
        .filter(|(_, inner)| inner.split('/').all(plain))
        .filter_map(|(digest, inner)| Some((inner, digest.parse().ok()?)))
        .collect()
}

impl Sdk {
    /// Whether it is what this wick would write.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.left_over.is_empty() && self.pieces.iter().all(|piece| piece.standing == Standing::Same)
    }

    /// Replaces what some wick wrote and nobody has changed, and writes what is missing.
    ///
    /// # Errors
    /// When something can't be written; another run goes on from there.
    pub fn update(&self) -> Result<Updated, Failure> {
        let mut done = Updated::default();
        for piece in &self.left_over {
            if piece.standing == Standing::Outdated {
                files::remove(&piece.path)?;
                let above = piece.path.ancestors().skip(1).take_while(|above| *above != self.folder);
                above.for_each(files::remove_if_empty);
                done.removed.push(piece.path.clone());
            } else {
                done.kept.push(piece.path.clone());
            }
        }
        for piece in &self.pieces {
            match piece.standing {
                Standing::Same => continue,
                Standing::Other => {
                    done.kept.push(piece.path.clone());
                    continue;
                }
                Standing::Missing => piece.write()?,
                Standing::Outdated => files::write_atomic(&piece.path, piece.text.as_bytes(), 0o644)?,
            }
            done.written.push(piece.path.clone());
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> files::Scratch {
        files::Scratch::new().unwrap()
    }

    fn write(root: &Path, place: &str, text: &str) {
        let path = root.join(place);
        files::create_folder(path.parent().unwrap()).unwrap();
        files::write_atomic(&path, text.as_bytes(), 0o644).unwrap();
    }

    fn texts<const N: usize>(all: [(&'static str, &str); N]) -> impl Iterator<Item = (&'static str, String)> {
        all.map(|(place, text)| (place, text.to_owned())).into_iter()
    }

    /// One wick writes, the author works, another wick comes.
    #[test]
    fn what_nobody_has_changed_is_replaced_and_the_rest_stays() {
        let scratch = folder();
        let root = scratch.path();
        let old =
            [("sdk/a", "a1\n"), ("sdk/b", "b1\n"), ("sdk/c", "c1\n"), ("sdk/d/e", "e1\n"), ("sdk/f", "f1\n")];
        look(root, "sdk", texts(old)).unwrap().unwrap().update().unwrap();
        assert!(look(root, "sdk", texts(old)).unwrap().unwrap().is_current());
        write(root, "sdk/b", "mine\n");
        write(root, "sdk/own", "mine\n");
        write(root, "sdk/f", "mine too\n");
        // As git for Windows may have it.
        write(root, "sdk/a", "a1\r\n");
        files::remove(&root.join("sdk/c")).unwrap();
        let new = [("sdk/a", "a2\n"), ("sdk/b", "b2\n"), ("sdk/c", "c1\n"), ("sdk/g", "g2\n")];
        let sdk = look(root, "sdk", texts(new)).unwrap().unwrap();
        let stands: Vec<Standing> = sdk.pieces.iter().map(|piece| piece.standing).collect();
        let (missing, outdated, other) = (Standing::Missing, Standing::Outdated, Standing::Other);
        assert_eq!(stands, [outdated, other, missing, missing, outdated]);
        let done = sdk.update().unwrap();
        let names = |paths: &[PathBuf]| -> Vec<String> {
            let inner =
                |path: &PathBuf| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            paths.iter().map(inner).collect()
        };
        assert_eq!(names(&done.written), ["sdk/a", "sdk/c", "sdk/g", "sdk/wick.sha256"]);
        assert_eq!(names(&done.removed), ["sdk/d/e"]);
        assert_eq!(names(&done.kept), ["sdk/f", "sdk/b"]);
        assert_eq!(files::read_text(&root.join("sdk/b")).unwrap(), "mine\n");
        assert_eq!(files::read_text(&root.join("sdk/f")).unwrap(), "mine too\n");
        assert_eq!(files::read_text(&root.join("sdk/a")).unwrap(), "a2\n");
        // Who takes their change back has what a wick wrote.
        write(root, "sdk/b", "b1\n");
        let sdk = look(root, "sdk", texts(new)).unwrap().unwrap();
        assert_eq!(sdk.pieces[1].standing, outdated);
        sdk.update().unwrap();
        assert!(look(root, "sdk", texts(new)).unwrap().unwrap().is_current());
    }

    #[test]
    fn a_record_names_nothing_outside_of_its_folder() {
        let digest = Sha256::of(b"x\n");
        for name in ["../x", "/x", "a/../../x", "a//b", "", ".", "a\\b", "C:x", "wick.sha256", "a b"] {
            assert_eq!(read(&format!("{digest}  {name}\n")).len(), 0, "{name}");
        }
        assert_eq!(read(&format!("no line\n{digest}  a/b.rs\nabc  c\n")).len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_or_removed_through_a_link() {
        let scratch = folder();
        let root = scratch.path();
        write(root, "far/x", "x\n");
        write(root, "sdk/y", "y\n");
        std::os::unix::fs::symlink("../far", root.join("sdk/in")).unwrap();
        let digest = Sha256::of(b"x\n");
        write(root, "sdk/wick.sha256", &format!("{digest}  in/x\n{digest}  in/z\n"));
        let sdk = look(root, "sdk", texts([("sdk/in/z", "new\n"), ("sdk/y", "y\n")])).unwrap().unwrap();
        let done = sdk.update().unwrap();
        assert_eq!(done.kept, [root.join("sdk/in/x"), root.join("sdk/in/z")]);
        assert_eq!(files::list(&root.join("far")).unwrap(), ["x"]);
        std::os::unix::fs::symlink("far", root.join("sdk2")).unwrap();
        assert!(look(root, "sdk2", texts([("sdk2/z", "new\n")])).unwrap().is_none());
    }
}
