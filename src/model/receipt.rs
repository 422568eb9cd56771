//! Receipts: what a finished step was made from. A step whose receipt still matches is not done again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::artifact::BinaryFacts;
use super::digest::Sha256;
use super::manifest::Module;
use super::names::{PluginKey, PluginKind};
use super::target::Target;
use super::version::PluginVersion;

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
    /// Read from the binary's headers.
    pub facts: BinaryFacts,
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

/// The commit that a package's sources are from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// The full hash of the commit that was checked out.
    pub commit: String,
    /// Whether something the package is made from differed from that commit.
    pub dirty: bool,
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
