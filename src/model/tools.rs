//! The tools of this machine, as found once per run. Every fact here can change what is built.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::project::Language;
use super::target::Target;

/// Everything a build can draw on.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    /// This machine's target.
    pub this_machine: Option<Target>,
    /// CPUs this process may use.
    pub cpus: usize,
    /// The Go toolchain, or why there is none.
    pub go: Option<GoTool>,
    /// cargo and rustc.
    pub cargo: Option<CargoTool>,
    /// The linker wrapper that makes cargo cross.
    pub zigbuild: Option<ToolVersion>,
    /// The C compiler and linker behind it.
    pub zig: Option<ToolVersion>,
    /// Whether rustc finds nothing that links programs for this machine.
    pub lacks_linker: bool,
    /// Our own program, which stands between cargo and the compilers.
    pub own: PathBuf,
    /// What cargo's configuration says, by workspace folder and triple.
    pub cargo_settings: BTreeMap<(PathBuf, String), CargoSettings>,
    /// Programs that run other targets' binaries.
    pub emulators: BTreeMap<Target, Emulator>,
    /// Newer toolchains that plugins ask for and that these must not fetch.
    pub too_old: Vec<Missing>,
    /// What the go command said where it is there but doesn't answer.
    pub go_trouble: Option<String>,
    /// What is missing where there is a cargo command that doesn't answer.
    pub cargo_trouble: Option<Missing>,
}

/// A tool and what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolVersion {
    /// Where it is.
    pub path: PathBuf,
    /// Its version line.
    pub version: String,
}

/// A Go toolchain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoTool {
    /// The go command.
    pub path: PathBuf,
    /// `go1.26.8`.
    pub version: String,
    /// Folder of the standard library and tools.
    pub root: PathBuf,
    /// The folder of downloaded modules: pinned by go.sum, so not a source of ours.
    pub module_cache: PathBuf,
    /// What the go command reads from the environment and its own configuration, by `go env`.
    pub settings: BTreeMap<String, String>,
    /// A digest over the tools themselves.
    pub identity: String,
}

/// cargo and the rustc it calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CargoTool {
    /// The cargo command.
    pub path: PathBuf,
    /// `cargo 1.95.0 (…)`.
    pub version: String,
    /// All of `rustc -vV`.
    pub rustc: String,
    /// rustc's own target triple.
    pub host_triple: String,
    /// Folder of the toolchain.
    pub sysroot: PathBuf,
    /// Triples whose standard library is installed.
    pub triples: Vec<String>,
    /// Whether rustup manages the toolchain, so that a target can be added.
    pub rustup: bool,
    /// cargo's own folder.
    pub home: PathBuf,
}

/// What cargo's configuration files and variables say of a workspace and a triple.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoSettings {
    /// The rustflags that they add up to.
    pub rustflags: Vec<String>,
    /// The program that is to be called in the place of rustc, with rustc as its first argument.
    pub wrapper: Option<PathBuf>,
    /// What files outside the repository set.
    pub elsewhere: Vec<CargoKey>,
}

/// A key that a configuration file of cargo sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CargoKey {
    /// With its tables: `build.rustflags`.
    pub key: String,
    /// The file that sets it.
    pub file: PathBuf,
    /// Its value; lists by their items.
    pub values: Vec<String>,
}

/// A program that runs binaries of another target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulator {
    /// Where it is.
    pub path: PathBuf,
    /// `qemu-aarch64-static`, `wine`.
    pub name: String,
}

/// Something that must be there before anything is built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// What is missing, for what: `the Rust target aarch64-unknown-linux-musl (for weather, linux/arm64)`.
    pub what: String,
    /// The command or page that gets it.
    pub install: String,
}

/// One line of `wick doctor`: whether a target can be built in a language.
#[derive(Clone, Debug)]
pub struct Ability {
    /// The language.
    pub language: Language,
    /// The target.
    pub target: Target,
    /// How it is built, or what is missing.
    pub how: Result<String, Vec<Missing>>,
}
