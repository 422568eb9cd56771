//! Receipts: what a finished step was made from. A step whose receipt still matches is not done again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::artifact::BinaryFacts;
use super::digest::Sha256;
use super::manifest::Module;
use super::names::{PluginKey, PluginKind};
use super::target::Target;
use super::version::PluginVersion;

pub use super::source::SourceState;

/// Schema number of both receipts; another number makes a receipt unreadable, so the step is done again.
pub const RECEIPT_SCHEMA: u32 = 1;

/// What a built binary was made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BuildReceipt {
    /// [`RECEIPT_SCHEMA`].
    pub schema: u32,
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// Its version.
    pub version: PluginVersion,
    /// The target.
    pub target: Target,
    /// The conditions: flags, tool versions, digests of variables; by name, so that a change can be named.
    pub conditions: BTreeMap<String, String>,
    /// The sources of the real dependency closure.
    pub inputs: Vec<Input>,
    /// The binary.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// The files of the plugin's own module that were compiled in, by path: what differs between targets.
    pub files: Vec<String>,
    /// Files of those packages that were left out because they need C.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Read from the binary's headers.
    pub facts: BinaryFacts,
    /// Whose code was compiled in; nothing when it can't be told, which makes the receipt stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composition: Option<Composition>,
    /// Texts in it that name folders of the machine that built it: built elsewhere it has other bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// Where it was compiled; nothing in receipts of a wick that didn't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Whose code a binary consists of, beside its plugin's own package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composition {
    /// What the plugin's own package names, by [`Dependency::id`]; sorted.
    pub direct: Vec<String>,
    /// Everything that was compiled in, sorted by id.
    pub dependencies: Vec<Dependency>,
}

/// One package, module or standard library that was compiled in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dependency {
    /// Its package URL, or `local:name@version` for code of the same repository.
    pub id: String,
    /// Its name: a module path, a crate's name.
    pub name: String,
    /// Its version; empty for local code that has none.
    pub version: String,
    /// The licence it declares, as it spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The digest of the archive it was unpacked from (crates).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// The digest of its folder: the `h1:` sum of Go modules, as go.sum spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub h1: Option<String>,
    /// What it needs of the others, by id; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

impl Dependency {
    /// Its package URL; nothing for code of the same repository.
    #[must_use]
    pub fn purl(&self) -> Option<&str> {
        self.id.starts_with("pkg:").then_some(&*self.id)
    }
}

/// Where a build ran, as far as its environment tells. Whoever controls the machine controls what this says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Who built: the workflow's address at its version under GitHub Actions, else [`Origin::LOCAL`].
    pub builder: String,
    /// The run: its address under GitHub Actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation: Option<String>,
    /// The repository of the sources, without credentials: `https://github.com/owner/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The project's folder inside the repository, with `/`; empty for its top.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
}

impl Origin {
    /// A builder nobody else vouches for: some machine.
    pub const LOCAL: &str = "wick:local";

    /// Some machine, sources of unknown whereabouts.
    #[must_use]
    pub fn local() -> Origin {
        Origin {
            builder: Origin::LOCAL.to_owned(),
            invocation: None,
            repository: None,
            folder: String::new(),
        }
    }
}

/// One thing a build read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Where: relative to the project where it lies inside, with `/`.
    pub path: String,
    /// What was there.
    pub state: InputState,
}

/// What stood at an input's path when the build began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputState {
    /// A file with this content.
    File(Sha256),
    /// The files directly in a folder, names and contents.
    Package(Sha256),
    /// All files below a folder.
    Tree(Sha256),
    /// Nothing; something appearing there changes the build.
    Absent,
}

/// How a manifest was learned; strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The artifact itself was run on this machine.
    Executed,
    /// The artifact itself was run in an emulator.
    Emulated,
    /// The artifact carries it in a section.
    Embedded,
    /// A build of the same sources for this machine declared it.
    SameSource,
}

impl Evidence {
    /// As reports spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Executed => "executed",
            Evidence::Emulated => "emulated",
            Evidence::Embedded => "embedded",
            Evidence::SameSource => "same-source",
        }
    }
}

/// What was learned about an artifact's manifest, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Learned {
    /// How it was learned.
    pub evidence: Evidence,
    /// Details for people: the emulator, the helper's target, how tightly the plugin was held.
    pub how: String,
    /// The protocol version it declares.
    pub proto_version: u32,
    /// What it declares.
    pub module: Module,
    /// What could not be known, or disagrees mildly.
    pub caveats: Vec<String>,
}

/// What a package was made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackageReceipt {
    /// [`RECEIPT_SCHEMA`].
    pub schema: u32,
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// Its version.
    pub version: PluginVersion,
    /// The target.
    pub target: Target,
    /// Everything that decides the package's bytes, by name.
    pub conditions: BTreeMap<String, String>,
    /// The binary inside.
    pub binary: Sha256,
    /// The package's file name in the output folder.
    pub package: String,
    /// Its digest.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// The public key it is signed for, base64.
    pub signed_by: Option<String>,
    /// The hint of the cosign key that signed the binary inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosigned_by: Option<String>,
    /// How its manifest was learned.
    pub learned: Learned,
    /// Where its sources are from; nothing outside a git repository. It says where to find them and doesn't decide
    /// the package's bytes: the same sources in another commit only change this line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceState>,
}
