//! A project as it is meant: plugins found, settings with defaults applied. How it was written is `project`'s business.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::names::{PluginKey, PluginKind};
use super::target::Target;
use super::version::PluginVersion;

/// The language a plugin is written in, which decides the toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// A folder with `main.go`.
    Go,
    /// A folder with `Cargo.toml`.
    Rust,
}

/// A plugin of the repository, ready to be built.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// Its key; also the folder's name.
    pub key: PluginKey,
    /// Its kind, from the folder above.
    pub kind: PluginKind,
    /// The folder, absolute.
    pub dir: PathBuf,
    /// The folder relative to the project with `/`, such as `connector/slack`.
    pub place: String,
    /// Its version.
    pub version: PluginVersion,
    /// What it is written in, with what its toolchain needs to know.
    pub source: Source,
    /// What a complete release of it consists of.
    pub targets: Targets,
    /// Files packed beside the binary, relative to `dir` with `/`.
    pub files: Vec<String>,
}

impl Plugin {
    /// The language.
    #[must_use]
    pub fn language(&self) -> Language {
        match self.source {
            Source::Go(_) => Language::Go,
            Source::Rust(_) => Language::Rust,
        }
    }

    /// Whether wick.toml's `env` asks for a CPU level above the lowest, as `GOAMD64=v3` or `x86-64-v3`. What only notes
    /// in a binary tell comes from a compiler's flags, whichever way they are given.
    #[must_use]
    pub fn asks_for(&self, level: &str) -> bool {
        let (env, flags) = match &self.source {
            Source::Go(go) => (&go.env, "CFLAGS"),
            Source::Rust(rust) => (&rust.env, "FLAGS"),
        };
        match level.split_once('=') {
            Some((name, value)) => env.get(name).is_some_and(|asked| asked == value),
            None => env.keys().any(|name| name.ends_with(flags)),
        }
    }
}

/// The targets of a complete release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Those of the hosts' contract: wick.toml says nothing.
    Contract,
    /// Those of wick.toml; they are also what is built when no target is named.
    Configured(Vec<Target>),
}

impl Targets {
    /// The targets of a complete release, in build order.
    #[must_use]
    pub fn complete(&self) -> &[Target] {
        match self {
            Targets::Contract => &Target::ALL,
            Targets::Configured(targets) => targets,
        }
    }
}

/// The sources of a plugin, by language.
#[derive(Clone, Debug)]
pub enum Source {
    /// A Go main package.
    Go(GoSource),
    /// A cargo package with a binary.
    Rust(RustSource),
}

/// A Go plugin and how to build it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoSource {
    /// The folder of the go.mod that governs it.
    pub module_root: PathBuf,
    /// Build tags.
    pub tags: Vec<String>,
    /// Linker flags after wick's own.
    pub ldflags: Vec<String>,
    /// The symbols set to the version with `-X`; the contract's first.
    pub version_symbols: Vec<String>,
    /// Variables set for the go command.
    pub env: BTreeMap<String, String>,
}

/// A Rust plugin and how to build it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RustSource {
    /// The folder of the workspace's (or the package's own) Cargo.toml.
    pub workspace_root: PathBuf,
    /// Where cargo puts what it builds.
    pub target_dir: PathBuf,
    /// Crates that the workspace takes from paths outside its folder: name and folder.
    pub outside: Vec<(String, PathBuf)>,
    /// The package's name.
    pub package: String,
    /// The binary's name.
    pub binary: String,
    /// Features to turn on.
    pub features: Vec<String>,
    /// Whether default features are on.
    pub default_features: bool,
    /// Target triples that replace wick's own choice.
    pub triples: BTreeMap<Target, String>,
    /// Variables set for the cargo command.
    pub env: BTreeMap<String, String>,
    /// Whether the workspace has a Cargo.lock.
    pub has_lock: bool,
}

/// Where this machine's sources come from: every plugin of the repository, scaffolds left out.
#[derive(Clone, Debug)]
pub struct Project {
    /// The project's folder, absolute.
    pub root: PathBuf,
    /// Its wick.toml, when there is one.
    pub config: Option<PathBuf>,
    /// The plugins that were selected, sorted by kind and key.
    pub plugins: Vec<Plugin>,
}
