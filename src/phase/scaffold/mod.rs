//! What `wick plugin init` and `wick plugin new` write: the templates filled in, joined to what is there. Everything is
//! decided first; nothing that exists is ever replaced but what a wick wrote and nobody has changed ([`Sdk::update`]), and
//! what joins a file of the author's only adds to it.

mod cargo;
mod gomod;
mod line_ends;
mod names;
mod plugin;
mod repository;
mod rust_sdk;
mod sdk;
mod table;

use std::path::{Path, PathBuf};

use crate::model::failure::Failure;
use crate::model::names::{PluginKey, PluginKind};
use crate::model::project::Language;
use crate::sys::files;
use crate::sys::git;

pub use line_ends::{LineEnds, OPEN, line_ends};
pub use names::key;
pub use plugin::{Draft, Edit, Wanted, draft};
pub use repository::{Setup, setup};
pub use sdk::{Sdk, Updated, sdks};

/// A file that belongs into a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where.
    pub path: PathBuf,
    /// What it should be when it isn't there.
    pub text: String,
    /// What stands there.
    pub standing: Standing,
}

/// What stands in a piece's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing; it will be written.
    Missing,
    /// What would be written.
    Same,
    /// What another wick wrote into an SDK; nobody has changed it.
    Outdated,
    /// Something of the author's own, which stays.
    Other,
}

impl Piece {
    fn look(root: &Path, place: &str, text: String) -> Result<Piece, Failure> {
        let path = root.join(place);
        let standing = match files::kind(&path) {
            files::Kind::Missing => Standing::Missing,
            files::Kind::File if files::read(&path)? == text.as_bytes() => Standing::Same,
            _ => Standing::Other,
        };
        Ok(Piece { path, text, standing })
    }
}

/// Refuses, before anything is written, to write to a path of a repository that a link leads out of it.
///
/// # Errors
/// When there is such a path, or git can't be asked for the repository.
pub fn keep_to_repository<'a>(root: &Path, paths: impl IntoIterator<Item = &'a Path>) -> Result<(), Failure> {
    let top = git::top(root)?.unwrap_or_else(|| root.to_owned());
    for path in paths {
        files::keep_to(&top, path).map_err(|error| {
            Failure::from(error).hint("put a folder or a file of the repository in the link's place")
        })?;
    }
    Ok(())
}

/// The files of a plugin as `wick plugin new` writes them, by their place in the plugin's folder.
#[must_use]
pub fn files_of(
    language: Language,
    key: &PluginKey,
    kind: PluginKind,
    module: &str,
) -> Vec<(&'static str, String)> {
    let templates = match language {
        Language::Go => table::GO,
        Language::Rust => table::RUST,
    };
    let fill = |text: &str| {
        text.replace("@KEY@", key.as_str())
            .replace("@KIND@", kind.as_str())
            .replace("@TITLE@", &title(key))
            .replace(table::GO_MODULE, module)
    };
    templates.iter().map(|(place, text)| (*place, fill(text))).collect()
}

/// The path of the module that governs a folder of Go sources, as `go.mod` names it, followed by the folders down to
/// `root`: what packages of that root are imported by.
#[must_use]
pub fn go_module(root: &Path) -> Option<String> {
    gomod::find(root).ok().flatten().map(|found| found.import_root(root))
}

/// `my_weather` → `My weather`.
fn title(key: &PluginKey) -> String {
    let words = key.as_str().trim_matches('_').replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}
