//! `wick plugin init`: the files that make a folder a repository of plugins. Which languages it is set up for is
//! what somebody asked for, or what lies there; a language that nobody uses yet leaves nothing behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{LineEnds, Piece, Standing, cargo, gomod, line_ends, sdk, table};
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::PluginKind;
use crate::model::project::Language;
use crate::project::Layout;
use crate::sys::{files, git};

/// What a repository consists of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its files, in the order in which they are told.
    pub pieces: Vec<Piece>,
    /// What somebody should know.
    pub notes: Vec<String>,
}

/// The module's name where nobody has said one. Nobody imports a plugin, so any name will do.
const MODULE: &str = "example.com/plugins";

/// The package by which Go plugins serve.
pub(super) const GO_FOLDER: &str = "sdk";

/// What the folder needs to be a repository for these languages. `module` names a new Go module.
///
/// # Errors
/// When a file can't be read, or `module` can't be a module's name.
pub fn setup(
    layout: &Layout,
    languages: &BTreeSet<Language>,
    module: Option<&str>,
) -> Result<Setup, Failure> {
    let root = layout.root.as_path();
    let mut setup = Setup { pieces: Vec::new(), notes: Vec::new() };
    for (place, text) in table::REPOSITORY {
        setup.pieces.push(Piece::look(root, place, (*text).to_owned())?);
    }
    match line_ends::line_ends(root)? {
        LineEnds::Kept => {}
        LineEnds::Unsaid => {
            let (place, text) = table::ATTRIBUTES;
            setup.pieces.push(Piece::look(root, place, text.to_owned())?);
        }
        LineEnds::Converted(_) => setup.notes.push(line_ends::OPEN.to_owned()),
    }
    for kind in PluginKind::ALL {
        if files::kind(&root.join(kind.as_str())) == files::Kind::Missing {
            // git keeps no empty folders, and a repository without any of them is none to wick.
            setup.pieces.push(Piece::look(root, &format!("{kind}/.gitkeep"), String::new())?);
        }
    }
    if languages.contains(&Language::Rust) {
        setup.pieces.extend(workspace(layout, None)?);
    }
    if languages.contains(&Language::Go) && gomod::find(root)?.is_none() {
        let named = module.is_some();
        let (pieces, module) = go_module(root, module)?;
        setup.pieces.extend(pieces);
        if !named && module == MODULE {
            setup
                .notes
                .push(format!("go.mod calls the module {module}; any name will do, and --module sets it"));
        }
    }
    if setup
        .pieces
        .iter()
        .any(|piece| piece.standing == Standing::Other && piece.path.ends_with(".gitignore"))
    {
        let text = files::read_text(&root.join(".gitignore"))?;
        for line in table::REPOSITORY[2].1.lines().filter(|line| !ignores(&text, line)) {
            setup.notes.push(format!(".gitignore is yours and stays; `{line}` is missing in it"));
        }
    }
    Ok(setup)
}

fn ignores(text: &str, line: &str) -> bool {
    let bare = |line: &str| line.trim().trim_matches('/').to_owned();
    text.lines().any(|there| bare(there) == bare(line))
}

/// A cargo workspace with the SDK in it, unless one governs this folder.
pub(super) fn workspace(layout: &Layout, member: Option<&str>) -> Result<Vec<Piece>, Failure> {
    let root = layout.root.as_path();
    if cargo::find(root)?.is_some() {
        return Ok(Vec::new());
    }
    // Packages that have stood alone so far go on doing so: cargo refuses those that a workspace above doesn't know.
    let alone = layout.candidates.iter().filter(|one| files::is_file(&one.dir.join("Cargo.toml")));
    let alone: Vec<&str> = alone.map(|one| one.place.as_str()).collect();
    let mut pieces = vec![Piece::look(root, table::WORKSPACE.0, cargo::fresh(member, &alone))?];
    pieces.extend(sdk::bring(root, Language::Rust, "")?);
    Ok(pieces)
}

/// A Go module and the SDK in it, with the module's name.
pub(super) fn go_module(root: &Path, module: Option<&str>) -> Result<(Vec<Piece>, String), Failure> {
    let module = match module {
        Some(module) => checked(module)?,
        None => from_remote(root)?.unwrap_or_else(|| MODULE.to_owned()),
    };
    let mut pieces = Vec::new();
    for (place, text) in [table::GO_MOD, table::GO_SUM] {
        pieces.push(Piece::look(root, place, text.replace(table::GO_MODULE, &module))?);
    }
    pieces.extend(sdk::bring(root, Language::Go, &module)?);
    Ok((pieces, module))
}

/// The package by which Go plugins serve, in a module of this name.
pub(super) fn go_sdk(module: &str) -> impl Iterator<Item = (&'static str, String)> {
    table::GO_SDK.iter().map(move |(place, text)| {
        // What protoc made names the module only inside of its descriptor, which counts its bytes.
        let made = place.ends_with(".pb.go");
        (*place, if made { (*text).to_owned() } else { text.replace(table::GO_MODULE, module) })
    })
}

/// The rules of go's `module.CheckImportPath` that somebody can meet.
fn checked(module: &str) -> Result<String, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let part = |part: &str| {
        !part.is_empty() && part.chars().all(plain) && !part.starts_with(['.', '-']) && !part.ends_with('.')
    };
    if module.split('/').all(part) {
        return Ok(module.to_owned());
    }
    Err(Failure::new(FailureKind::Usage, format!("`{module}` can't be the name of a Go module"))
        .hint("name it by where it lies, such as github.com/acme/plugins"))
}

/// `git@github.com:acme/plugins.git` → `github.com/acme/plugins`, followed by the folders down to `root`.
fn from_remote(root: &Path) -> Result<Option<String>, Failure> {
    let (Ok(Some(url)), Ok(Some(top))) = (git::remote_url(root, "origin"), git::top(root)) else {
        return Ok(None);
    };
    let Some(place) = place_of(&url) else { return Ok(None) };
    let inner: PathBuf = root.strip_prefix(files::canonical(&top)?).unwrap_or(Path::new("")).to_owned();
    let inner = inner.to_string_lossy().replace('\\', "/");
    let module = if inner.is_empty() { place } else { format!("{place}/{inner}") };
    Ok(checked(&module).ok())
}

fn place_of(url: &str) -> Option<String> {
    let bare = match url.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        // A path of this machine is no name.
        None => url.split_once(':').map(|(host, path)| format!("{host}/{path}"))?,
    };
    let bare = bare.rsplit_once('@').map_or(bare.as_str(), |(_, rest)| rest);
    let (host, path) = bare.split_once('/')?;
    let host = host.split(':').next().filter(|host| host.contains('.'))?;
    let path = path.trim_matches('/');
    Some(format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_names_the_module() {
        for url in [
            "git@github.com:acme/plugins.git",
            "https://github.com/acme/plugins",
            "https://user:word@github.com/acme/plugins.git",
            "ssh://git@github.com:22/acme/plugins.git/",
        ] {
            assert_eq!(place_of(url).as_deref(), Some("github.com/acme/plugins"), "{url}");
        }
        for url in ["/srv/git/plugins.git", "../plugins", "file:///srv/plugins", "C:\\git\\plugins"] {
            assert_eq!(place_of(url), None, "{url}");
        }
    }

    #[test]
    fn a_module_has_a_plain_name() {
        for good in ["plugins", "github.com/acme/plugins", "example.com/a-b/c_d"] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in ["", "/x", "x/", "a//b", "a b", "a/../b", "-x", "a\"b", "ä"] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_ignored_is_seen_however_it_is_written() {
        assert!(ignores("bin\n", "/bin/") && ignores("/target/\n", "/target/"));
        assert!(!ignores("# bin\nbin2\n", "/bin/"));
    }
}
