//! What `wick plugin attest` has to say in the end. Printed as JSON with a schema number.

use serde::Serialize;

use super::bundle::Identity;
use super::digest::Sha256;
use super::failure::Failure;
use super::names::{PluginKey, PluginKind};
use super::report::PluginFinding;
use super::target::Target;
use super::version::PluginVersion;

/// Schema number of the report.
pub const ATTEST_SCHEMA: u32 = 1;

/// The report.
#[derive(Clone, Debug, Serialize)]
pub struct AttestReport {
    /// [`ATTEST_SCHEMA`].
    pub schema: u32,
    /// Whether every package has its attestation.
    pub complete: bool,
    /// The output folder.
    pub output: String,
    /// One per package.
    pub packages: Vec<AttestedPackage>,
    /// What speaks against attesting.
    pub findings: Vec<PluginFinding>,
}

/// A package, and what became of its attestation.
#[derive(Clone, Debug, Serialize)]
pub struct AttestedPackage {
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
    /// Its digest.
    pub sha256: Sha256,
    /// What happened.
    #[serde(flatten)]
    pub outcome: AttestOutcome,
}

/// What became of an attestation.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum AttestOutcome {
    /// It was made in this run.
    Attested(Attestation),
    /// It was there already, says the same, and is signed by the same.
    UpToDate(Attestation),
    /// The package isn't what its receipts say; findings say why.
    Refused,
    /// It could not be made.
    Failed {
        /// What went wrong.
        error: String,
        /// What to do.
        hints: Vec<String>,
        #[serde(skip)]
        #[doc(hidden)]
        failure: Failure,
    },
    /// It was not tried, because another one failed first.
    NotTried,
}

/// An attestation that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attestation {
    /// Its file name.
    pub attestation: String,
    /// Who signed it.
    pub signed_by: Identity,
}

impl AttestOutcome {
    /// The attestation, when it exists.
    #[must_use]
    pub fn made(&self) -> Option<&Attestation> {
        match self {
            AttestOutcome::Attested(made) | AttestOutcome::UpToDate(made) => Some(made),
            _ => None,
        }
    }
}
