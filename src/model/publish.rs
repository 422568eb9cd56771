//! The reports of what leaves a machine: releases, merged sets, the matrix for CI. Printed as JSON with schema numbers.

use serde::Serialize;

use super::digest::Sha256;
use super::failure::{Failure, FailureKind};
use super::finding::Severity;
use super::names::{PluginKey, PluginKind};
use super::report::PluginFinding;
use super::target::Target;
use super::version::PluginVersion;

/// Schema number of [`ReleaseReport`].
pub const RELEASE_SCHEMA: u32 = 1;
/// Schema number of [`MergeReport`].
pub const MERGE_SCHEMA: u32 = 1;
/// Schema number of [`Matrix`].
pub const MATRIX_SCHEMA: u32 = 1;

/// What `wick plugin release` has to say in the end.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseReport {
    /// [`RELEASE_SCHEMA`].
    pub schema: u32,
    /// `owner/name`.
    pub repository: String,
    /// Whether nothing was to be touched.
    pub dry_run: bool,
    /// Whether everything that was asked for is out, or would be after a dry run.
    pub complete: bool,
    /// One per plugin, in the order of the project.
    pub plugins: Vec<PluginRelease>,
    /// What a rehearsal tried, one per package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Vec<Rehearsed>>,
    /// Everything that speaks against a release, and what somebody should look at.
    pub findings: Vec<PluginFinding>,
    /// What kind of refusal it is, when it is one.
    #[serde(skip)]
    pub refusal: Option<FailureKind>,
}

impl ReleaseReport {
    /// Whether a finding forbids the release.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refusal.is_some() || self.findings.iter().any(|one| one.finding.severity == Severity::Error)
    }
}

/// What a rehearsal tried with one package; what went wrong is a finding.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsed {
    /// The package's name.
    pub package: String,
    /// The target.
    pub target: Target,
    /// The signatures that were made and verified, and are gone again: what, by whom.
    pub signed: Vec<String>,
    /// How it was started after it was installed; nothing where this machine can't run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
}

/// One plugin's release.
#[derive(Clone, Debug, Serialize)]
pub struct PluginRelease {
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// Its version.
    pub version: PluginVersion,
    /// The tag; nothing for a version that can't be released.
    pub tag: Option<String>,
    /// The commit the tag is made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub outcome: ReleaseOutcome,
    /// Its files, sorted by name.
    pub assets: Vec<AssetReport>,
}

/// What became of a release.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum ReleaseOutcome {
    /// It was published in this run.
    Released {
        /// Its page.
        page: String,
    },
    /// It was published before, with these files.
    AlreadyOut {
        /// Its page.
        page: String,
    },
    /// A run without `--dry-run` would publish it.
    WouldRelease,
    /// Findings forbid it.
    Refused,
    /// It could not be finished; another run goes on from here.
    Failed {
        /// What went wrong.
        error: String,
        /// What to do.
        hints: Vec<String>,
        #[serde(skip)]
        #[doc(hidden)]
        failure: Failure,
    },
    /// Nothing was done, because another release failed or was refused.
    NotTried,
}

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssetReport {
    /// Its name.
    pub name: String,
    /// Its digest.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// What happens to it.
    pub step: AssetStep,
}

/// What happens to a file on its way into a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetStep {
    /// It is there with these bytes.
    There,
    /// It is uploaded.
    Upload,
    /// What stands under its name in the draft goes first: an aborted upload, or other bytes.
    Replace,
}

/// What `wick plugin merge` has to say in the end.
#[derive(Clone, Debug, Serialize)]
pub struct MergeReport {
    /// [`MERGE_SCHEMA`].
    pub schema: u32,
    /// Whether the parts are one complete set, now in the output folder.
    pub complete: bool,
    /// The output folder.
    pub output: String,
    /// The packages of the set.
    pub packages: Vec<MergedPackage>,
    /// Everything that speaks against it.
    pub findings: Vec<PluginFinding>,
}

/// A package of a merged set.
#[derive(Clone, Debug, Serialize)]
pub struct MergedPackage {
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// Its version.
    pub version: PluginVersion,
    /// The target.
    pub target: Target,
    /// The file name.
    pub package: String,
    /// Its digest.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it was copied in this run; if not, it was there.
    pub copied: bool,
}

/// The jobs of a CI run: one per plugin and target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// [`MATRIX_SCHEMA`].
    pub schema: u32,
    /// The jobs.
    pub include: Vec<Job>,
}

/// A job: one plugin for one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// Its version.
    pub version: PluginVersion,
    /// What it is built for.
    pub target: Target,
    /// The label of a machine of GitHub's that runs such binaries, so that the manifest is learned from the artifact.
    pub runner: &'static str,
}
