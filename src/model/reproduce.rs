//! The report of a rebuilt release: what was built again with which tools, and how it compares with what is published.
//! Printed as JSON with a schema number.

use serde::Serialize;

use super::digest::Sha256;
use super::failure::Failure;
use super::finding::{Finding, Severity};
use super::names::{PluginKey, PluginKind};
use super::target::Target;
use super::version::PluginVersion;

/// Schema number of [`ReproduceReport`].
pub const REPRODUCE_SCHEMA: u32 = 1;

/// What `wick plugin reproduce` has to say in the end.
#[derive(Clone, Debug, Serialize)]
pub struct ReproduceReport {
    /// [`REPRODUCE_SCHEMA`].
    pub schema: u32,
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// Its version.
    pub version: PluginVersion,
    /// The tag whose sources were built.
    pub tag: String,
    /// The commit it points to.
    pub commit: String,
    /// What it is compared with: `owner/name`, or a folder.
    pub against: String,
    /// Whether every package came out the same.
    pub identical: bool,
    /// The tools it was built with, then and now, where both are known.
    pub tools: Vec<ToolUse>,
    /// One per target.
    pub packages: Vec<Reproduced>,
    /// What concerns the release as a whole.
    pub findings: Vec<Finding>,
}

/// A tool of the release and of the rebuild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolUse {
    /// `go`, `rustc`, `zig`, `wick`.
    pub tool: String,
    /// The version that the release was made with.
    pub recorded: String,
    /// Where that is known from.
    pub known_from: KnownFrom,
    /// The version that it was rebuilt with; nothing where the tool isn't here.
    pub used: Option<String>,
}

/// Where a recorded version is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownFrom {
    /// The release's attestation says so.
    Attestation,
    /// The published binary says so.
    Binary,
}

/// One package.
#[derive(Clone, Debug, Serialize)]
pub struct Reproduced {
    /// The target.
    pub target: Target,
    /// The zip's name.
    pub package: String,
    /// How it came out.
    #[serde(flatten)]
    pub outcome: Comparison,
    /// The digest of the published zip.
    pub published: Sha256,
    /// What can't be made without the key and was taken over from the published package, because the binary that it is
    /// over is the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carried_over: Vec<String>,
}

/// How a rebuilt package compares.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Comparison {
    /// Every byte is the same.
    Identical,
    /// It isn't.
    Different {
        /// The digest of the rebuilt zip.
        rebuilt: Sha256,
        /// What differs: causes are errors, what follows from them are notes.
        differences: Vec<Finding>,
    },
    /// It could not be built.
    Failed {
        /// What went wrong.
        error: String,
        /// What to do.
        hints: Vec<String>,
        /// What a child process said.
        #[serde(skip_serializing_if = "Option::is_none")]
        output: Option<String>,
        #[serde(skip)]
        #[doc(hidden)]
        failure: Failure,
    },
}

impl Comparison {
    /// Could not be built.
    #[must_use]
    pub fn failed(failure: Failure) -> Comparison {
        Comparison::Failed {
            error: failure.message.clone(),
            hints: failure.hints.clone(),
            output: failure.output.clone(),
            failure,
        }
    }
}

impl ReproduceReport {
    /// Whether something forbids to call the release reproduced.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let same = |one: &Reproduced| matches!(one.outcome, Comparison::Identical);
        self.findings.iter().any(|one| one.severity == Severity::Error) || !self.packages.iter().all(same)
    }
}
