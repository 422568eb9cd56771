//! What a catalog run has to say: as JSON with a schema number, and for `cli/render`.

use serde::Serialize;

use crate::model::catalog::{Catalog, CatalogDiff};
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Finding;

/// Schema number of the report.
pub const CATALOG_REPORT_SCHEMA: u32 = 1;

/// What became of a catalog.
#[derive(Clone, Debug, Serialize)]
pub struct CatalogReport {
    /// [`CATALOG_REPORT_SCHEMA`].
    pub schema: u32,
    /// Whether every plugin that has a release is listed as that release is.
    pub complete: bool,
    /// What changes.
    pub diff: CatalogDiff,
    /// Plugins whose release could not be read.
    pub failed: Vec<Unread>,
    /// What is odd about releases and entries.
    pub findings: Vec<Finding>,
    /// How many releases the forge has, of whatever kind.
    pub releases: usize,
    /// What was downloaded beside the list of releases.
    pub cost: Cost,
    /// The new catalog.
    #[serde(skip)]
    pub catalog: Catalog,
}

/// A plugin whose release could not be read.
#[derive(Clone, Debug, Serialize)]
pub struct Unread {
    /// Its key.
    pub plugin: String,
    /// The version that would be listed.
    pub version: String,
    /// What its entry is now.
    pub entry: Fallback,
    /// What went wrong.
    pub error: String,
    /// What to do.
    pub hints: Vec<String>,
    #[serde(skip)]
    pub(crate) kind: FailureKind,
}

/// What stands in the catalog for a plugin that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fallback {
    /// What was there before.
    Previous,
    /// Nothing, and nothing was there before: such a catalog must not be published.
    Nothing,
}

/// What was downloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Reads of parts of packages; each is one request and its redirect.
    pub reads: u64,
    /// Bytes that came.
    pub bytes: u64,
    /// Packages that came as a whole, because the server does no ranges.
    pub whole: u64,
}

impl CatalogReport {
    /// Whether plugins are missing that were never listed: such a catalog is thinner than the truth.
    #[must_use]
    pub fn is_thin(&self) -> bool {
        self.failed.iter().any(|unread| unread.entry == Fallback::Nothing)
    }
}

impl Unread {
    pub(super) fn new(plugin: &str, version: &str, entry: Fallback, failure: Failure) -> Unread {
        Unread {
            plugin: plugin.to_owned(),
            version: version.to_owned(),
            entry,
            error: failure.message,
            hints: failure.hints,
            kind: failure.kind,
        }
    }

    /// The failure, for people.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let standing = match self.entry {
            Fallback::Previous => "its entry stays as it was",
            Fallback::Nothing => "it has no entry yet",
        };
        let message = format!("{} {}: {}; {standing}", self.plugin, self.version, self.error);
        Failure { kind: self.kind, message, hints: self.hints.clone(), output: None }
    }
}
