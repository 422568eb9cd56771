//! The report of a run: what exists now, how it is known, what failed. Printed as JSON with a schema number.

use serde::Serialize;

use super::artifact::BinaryFacts;
use super::attest::AttestedPackage;
use super::bundle::Identity;
use super::digest::Sha256;
use super::failure::Failure;
use super::finding::Finding;
use super::names::{PluginKey, PluginKind};
use super::receipt::Evidence;
use super::source::SourceState;
use super::target::Target;
use super::version::PluginVersion;

/// Schema number of the report.
pub const REPORT_SCHEMA: u32 = 1;

/// What `wick plugin build` has to say in the end.
#[derive(Clone, Debug, Serialize)]
pub struct BuildReport {
    /// [`REPORT_SCHEMA`].
    pub schema: u32,
    /// Whether everything that was asked for exists.
    pub complete: bool,
    /// The output folder.
    pub output: String,
    /// One per plugin and target, in plan order.
    pub packages: Vec<PackageReport>,
    /// Findings about whole plugins, such as targets that declare different modules.
    pub findings: Vec<PluginFinding>,
    /// The attestations that were asked for, one per package.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attestations: Vec<AttestedPackage>,
    /// How many compiler processes were started.
    pub compiler_runs: usize,
}

impl BuildReport {
    /// The report of a run that had nothing to do.
    #[must_use]
    pub fn empty(output: &str) -> BuildReport {
        BuildReport {
            schema: REPORT_SCHEMA,
            complete: true,
            output: output.to_owned(),
            packages: Vec::new(),
            findings: Vec::new(),
            attestations: Vec::new(),
            compiler_runs: 0,
        }
    }
}

/// A finding and the plugin it is about.
#[derive(Clone, Debug, Serialize)]
pub struct PluginFinding {
    /// The plugin.
    pub plugin: PluginKey,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// One plugin for one target.
#[derive(Clone, Debug, Serialize)]
pub struct PackageReport {
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// Its version.
    pub version: PluginVersion,
    /// The target.
    pub target: Target,
    /// The package's file name.
    pub package: String,
    /// What happened.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Why it was (or was not) built.
    pub reasons: Vec<String>,
}

/// What became of a package.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was made in this run.
    Built(Box<Made>),
    /// It was there already and still matches.
    UpToDate(Box<Made>),
    /// It could not be made.
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
    /// It was not tried, because another step failed first.
    NotTried,
}

/// A package that exists.
#[derive(Clone, Debug, Serialize)]
pub struct Made {
    /// The package's digest.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// The digest of the binary inside.
    pub binary_sha256: Sha256,
    /// The binary's size in bytes.
    pub binary_size: u64,
    /// The public key that signed, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// The hint of the cosign key that signed the binary inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosigned_by: Option<String>,
    /// Who signed the bundle beside the package in this run, or whose bundle was found to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle_signed_by: Option<Identity>,
    /// How the manifest was learned.
    pub evidence: Evidence,
    /// Details of that.
    pub evidence_detail: String,
    /// What could not be known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<String>,
    /// The commit that it was made from, and what of its sources isn't that commit's; nothing outside a repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceState>,
    /// The keys of the operations it declares.
    pub operations: Vec<String>,
    /// What the binary's headers say.
    pub facts: BinaryFacts,
}

impl Outcome {
    /// The package, when it exists.
    #[must_use]
    pub fn made(&self) -> Option<&Made> {
        match self {
            Outcome::Built(made) | Outcome::UpToDate(made) => Some(made),
            _ => None,
        }
    }

    /// A failed outcome.
    #[must_use]
    pub fn failed(failure: Failure) -> Outcome {
        Outcome::Failed {
            error: failure.message.clone(),
            hints: failure.hints.clone(),
            output: failure.output.clone(),
            failure,
        }
    }
}
