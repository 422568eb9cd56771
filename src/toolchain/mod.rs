//! Toolchains: what a build needs, the command as data, the outputs to expect, the sources it reads.
//! Pure: nothing here runs anything; `phase` does, with what these decide.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::command::CommandLine;
use crate::model::failure::{Explain, FailureKind};
use crate::model::finding::Finding;
use crate::model::plan::{Step, Unit};
use crate::model::project::{Language, Plugin};
use crate::model::target::Target;
use crate::model::tools::{Missing, Tools};

pub mod cargo;
pub mod go;
pub mod parts;

use parts::Part;

/// Every toolchain, in the order `wick doctor` shows them.
pub const ALL: [&dyn Toolchain; 2] = [&go::Go, &cargo::Cargo];

/// The toolchain of a language.
#[must_use]
pub fn of(language: Language) -> &'static dyn Toolchain {
    match language {
        Language::Go => &go::Go,
        Language::Rust => &cargo::Cargo,
    }
}

/// A language's way from sources to a binary.
pub trait Toolchain: Sync {
    /// Whose it is.
    fn language(&self) -> Language;

    /// How this machine builds `plugin` (or any plugin) for `target`, or everything that is missing for it.
    ///
    /// # Errors
    /// What is missing, with the commands that install it.
    fn ability(&self, tools: &Tools, plugin: Option<&Plugin>, target: Target)
    -> Result<String, Vec<Missing>>;

    /// The compiler runs that make these units, all of one target. Units that can share a run do.
    fn steps(&self, order: &Order<'_>) -> Vec<Step>;

    /// Everything besides sources that decides the binary: flags, tool versions, variables; by name.
    fn conditions(&self, order: &Order<'_>, plugin: &Plugin, target: Target) -> BTreeMap<String, String>;

    /// Why a finished build can't be trusted to be fresh, whatever its receipt says.
    fn untraceable(&self, order: &Order<'_>, plugin: &Plugin) -> Option<String>;

    /// What whoever builds should know of this machine's settings: which aren't used, and which decide the binary
    /// though wick didn't set them.
    fn remarks(&self, _order: &Order<'_>, _plugin: &Plugin, _target: Target) -> Vec<Finding> {
        Vec::new()
    }

    /// The questions whose answers tell which sources these plugins are made from. Each question comes with the
    /// plugins it is about.
    fn questions<'a>(
        &self,
        order: &Order<'_>,
        plugins: &[&'a Plugin],
        target: Target,
    ) -> Vec<(CommandLine, Vec<&'a Plugin>)>;

    /// Reads an answer: one closure per plugin, in the order asked.
    ///
    /// # Errors
    /// When the answer is not what the tool is documented to print.
    fn closures(
        &self,
        tools: &Tools,
        answer: &str,
        plugins: &[&Plugin],
    ) -> Result<Vec<Closure>, ToolchainError>;
}

/// What toolchains decide from.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// The machine's tools.
    pub tools: &'a Tools,
    /// The environment that compilers inherit.
    pub environment: &'a BTreeMap<String, String>,
    /// Units with their index in the plan and their plugin; all of one target where steps are asked for.
    pub units: &'a [(usize, &'a Unit, &'a Plugin)],
    /// A folder for what compilers write, removed after the run.
    pub scratch: &'a Path,
    /// CPUs that one compiler run may use.
    pub cpus: usize,
}

/// The sources of one plugin: what has to stay the same for its binary to stay the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// Files and folders that are read.
    pub sources: Vec<SourcePath>,
    /// Files of the repository's own packages that were selected for the target.
    pub files: Vec<PathBuf>,
    /// The packages or modules it can draw on.
    pub parts: Vec<Part>,
}

/// A file or folder that a build reads; it need not exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourcePath {
    /// One file.
    File(PathBuf),
    /// The files directly in a folder.
    Package(PathBuf),
    /// Everything below a folder.
    Tree(PathBuf),
}

impl SourcePath {
    /// Whether a change of `path` concerns it. Deleted files count by where they were.
    #[must_use]
    pub fn covers(&self, path: &Path) -> bool {
        match self {
            SourcePath::File(file) => path == file,
            SourcePath::Package(folder) => {
                let test = path.file_name().is_some_and(|n| n.to_string_lossy().ends_with("_test.go"));
                path.parent() == Some(folder) && !test
            }
            SourcePath::Tree(folder) => path.starts_with(folder),
        }
    }
}

/// An answer of a tool that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// Not what the tool is documented to print.
    #[error("can't read the answer of `{command}`")]
    Answer {
        /// The command.
        command: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The tool doesn't know a plugin it was asked about.
    #[error("`{command}` says nothing of {place}")]
    Silent {
        /// The command.
        command: &'static str,
        /// `connector/slack`.
        place: String,
    },
    /// The sources are broken.
    #[error("{place} can't be loaded: {said}")]
    Broken {
        /// `connector/slack`.
        place: String,
        /// The tool's words.
        said: String,
    },
}

impl Explain for ToolchainError {
    fn kind(&self) -> FailureKind {
        FailureKind::Step
    }
}

/// A short digest of a value that may be private, for receipts.
pub(crate) fn veiled(value: &str) -> String {
    crate::model::digest::Sha256::of(value.as_bytes()).to_string()[..16].to_owned()
}
