//! plugins.json, the catalog that hosts fetch (contract wick 6): one entry per plugin, sorted by key.
//! How it is made from releases is `phase/catalog`'s business.

mod diff;
mod rules;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use diff::{CatalogDiff, Change, Listed};
pub use rules::{READER_MAX, size_finding};
pub use text::{CatalogError, TEXT_MAX};

use super::digest::Sha256;
use super::manifest::go_indent;

/// The catalog's usual file name, at the root of a plugin repository.
pub const CATALOG_NAME: &str = "plugins.json";

/// All entries, sorted by key; no key is there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    entries: Vec<Entry>,
}

/// One plugin. The fields up to `assets` are frozen by the contract; the others are wick's additions, which readers
/// ignore. Fields that somebody else added are in `others` and survive a rewrite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The plugin's key.
    pub key: String,
    /// For people.
    pub name: String,
    /// For people and models.
    pub description: String,
    /// Without a leading `v`.
    pub version: String,
    /// The items of the manifest's `Meta.DefaultTags`, as they are written.
    pub default_tags: Vec<RawJson>,
    /// `os/arch` to download address. Not [`Target`](super::target::Target): a catalog may list targets that this
    /// wick has no name for.
    pub assets: BTreeMap<String, String>,

    /// connector, tool or job; empty when not known.
    pub kind: String,
    /// The protocol that the plugin speaks.
    pub proto_version: Option<u32>,
    /// `os/arch` to the zip's digest, where the forge computed one.
    pub digests: BTreeMap<String, Sha256>,
    /// `os/arch` to the zip's size in bytes.
    pub sizes: BTreeMap<String, u64>,
    /// When the release was published, RFC 3339 in UTC.
    pub published_at: Option<String>,
    /// Whether the manifest that the entry was made from carries a signature. One zip is read per release; that its
    /// siblings are signed too is `wick plugin release`'s promise, and what a signature is worth the host decides.
    pub signed: Option<bool>,

    /// Fields that wick doesn't know, in their order.
    pub others: Vec<(String, RawJson)>,
}

impl Catalog {
    /// A catalog of these entries. Of several with one key the last one stays.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Catalog {
        let by_key: BTreeMap<String, Entry> = entries.into_iter().map(|e| (e.key.clone(), e)).collect();
        Catalog { entries: by_key.into_values().collect() }
    }

    /// The entries, sorted by key.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a plugin.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.key.as_str().cmp(key)).ok().map(|at| &self.entries[at])
    }
}

impl Entry {
    /// Whether readers show it: those without key or name they skip.
    #[must_use]
    pub fn is_read(&self) -> bool {
        !self.key.is_empty() && !self.name.is_empty()
    }
}

/// A JSON value as somebody wrote it. White space doesn't count when values are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// The text.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl From<Box<RawValue>> for RawJson {
    fn from(value: Box<RawValue>) -> RawJson {
        RawJson(value)
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &RawJson) -> bool {
        self.get() == other.get() || go_indent(self.get()) == go_indent(other.get())
    }
}

impl Eq for RawJson {}
