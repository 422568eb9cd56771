//! A plan: every unit, command and file of a run, decided before anything is done.

use std::path::PathBuf;

use serde::Serialize;

use super::command::CommandLine;
use super::names::{PluginKey, PluginKind};
use super::project::Language;
use super::target::Target;
use super::version::PluginVersion;

/// Schema number of the printed plan.
pub const PLAN_SCHEMA: u32 = 1;

/// Everything a run is going to do.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// [`PLAN_SCHEMA`].
    pub schema: u32,
    /// The project's folder.
    pub root: PathBuf,
    /// Where packages go.
    pub output: PathBuf,
    /// File times inside archives, seconds since 1970.
    pub epoch: u64,
    /// How many steps run at once.
    pub jobs: usize,
    /// What is made: one per plugin and target, then helpers.
    pub units: Vec<Unit>,
    /// What makes sources before anything is compiled, by plugin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub generate: Vec<Generate>,
    /// The compiler runs that make them, were nothing up to date.
    pub steps: Vec<Step>,
}

/// The generators of one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Generate {
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// What is run, in this order.
    pub commands: Vec<CommandLine>,
}

/// One plugin for one target.
#[derive(Clone, Debug, Serialize)]
pub struct Unit {
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// Its version.
    pub version: PluginVersion,
    /// What it is built for.
    pub target: Target,
    /// Its language.
    pub language: Language,
    /// The binary's file name inside the package.
    pub entry: String,
    /// Where the built binary is kept.
    pub binary: PathBuf,
    /// What it is for.
    pub role: Role,
    /// How its manifest is to be learned.
    pub route: Route,
}

/// What a unit is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It is packed into the named file of the output folder.
    Package(String),
    /// It only answers what its foreign siblings declare.
    Helper,
}

/// How a manifest is learned, decided before the binary exists. A manifest section in the binary is read in any case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// The binary runs here.
    Execute,
    /// The binary runs in an emulator: its name.
    Emulate(String),
    /// From the same sources built for this machine: the unit of that index.
    SameSource(usize),
    /// Only the binary's own manifest section is left.
    Section,
}

impl Unit {
    /// `slack linux/arm64`, for people.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.plugin, self.target)
    }

    /// The name of its receipts: unique among kinds, plugins and targets.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}-{}-{}", self.kind, self.plugin, self.target.dashed())
    }
}

/// One run of a compiler, for one or more units of the same target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The toolchain.
    pub language: Language,
    /// The target.
    pub target: Target,
    /// Indices into the plan's units.
    pub units: Vec<usize>,
    /// What is run.
    pub command: CommandLine,
    /// Where the binaries come to lie.
    #[serde(skip)]
    pub outputs: Outputs,
    /// The folder that the compiler locks: two steps with the same one would only wait for each other.
    #[serde(skip)]
    pub locks: Option<PathBuf>,
}

/// Where a compiler leaves its binaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// In the folder given to it, under the units' names.
    Folder(PathBuf),
    /// In the file given to it.
    File(PathBuf),
    /// Where its messages on stdout say (cargo).
    CargoMessages,
}
