//! What a new catalog changes, in the terms of those who read it: plugins, versions, targets; not lines of JSON.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Catalog, Entry};

/// The difference between two catalogs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CatalogDiff {
    /// Plugins that were not there before.
    pub added: Vec<Listed>,
    /// Plugins of which something changed.
    pub updated: Vec<Change>,
    /// Plugins that are gone.
    pub removed: Vec<Listed>,
    /// Plugins of which nothing changed, by key.
    pub unchanged: Vec<String>,
}

/// A plugin that is only in one of the catalogs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its key.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// What it can be downloaded for.
    pub targets: Vec<String>,
}

/// A plugin that is in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its key.
    pub plugin: String,
    /// Its version before.
    pub from: String,
    /// Its version now.
    pub to: String,
    /// Targets that were not there before.
    pub gained: Vec<String>,
    /// Targets that are gone.
    pub lost: Vec<String>,
    /// The names of fields that changed beside those. Where the version changed, digests, sizes, addresses and time
    /// had to, and are not named.
    pub changed: Vec<String>,
}

impl CatalogDiff {
    /// What leads from `before` (nothing: an empty catalog) to `after`.
    #[must_use]
    pub fn between(before: Option<&Catalog>, after: &Catalog) -> CatalogDiff {
        let mut diff = CatalogDiff::default();
        for entry in after.entries() {
            match before.and_then(|catalog| catalog.get(&entry.key)) {
                None => diff.added.push(listed(entry)),
                Some(old) if old == entry => diff.unchanged.push(entry.key.clone()),
                Some(old) => diff.updated.push(change(old, entry)),
            }
        }
        let gone = |entry: &&Entry| after.get(&entry.key).is_none();
        diff.removed = before.map_or(&[][..], Catalog::entries).iter().filter(gone).map(listed).collect();
        diff
    }

    /// Whether the catalogs say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.updated.is_empty() && self.removed.is_empty()
    }
}

fn listed(entry: &Entry) -> Listed {
    Listed {
        plugin: entry.key.clone(),
        version: entry.version.clone(),
        targets: entry.assets.keys().cloned().collect(),
    }
}

fn change(old: &Entry, new: &Entry) -> Change {
    let (before, after): (BTreeSet<&String>, BTreeSet<&String>) =
        (old.assets.keys().collect(), new.assets.keys().collect());
    let mut changed = vec![
        ("name", old.name != new.name),
        ("description", old.description != new.description),
        ("default_tags", old.default_tags != new.default_tags),
        ("kind", old.kind != new.kind),
        ("proto_version", old.proto_version != new.proto_version),
        ("signed", old.signed != new.signed),
    ];
    if old.version == new.version {
        // Of targets on one side only, everything differs, and that is told as gained or lost.
        let both = || before.intersection(&after);
        changed.extend([
            ("addresses", both().any(|target| old.assets.get(*target) != new.assets.get(*target))),
            ("digests", both().any(|target| old.digests.get(*target) != new.digests.get(*target))),
            ("sizes", both().any(|target| old.sizes.get(*target) != new.sizes.get(*target))),
            ("published_at", old.published_at != new.published_at),
        ]);
    }
    changed.push(("other fields", old.others != new.others));
    Change {
        plugin: new.key.clone(),
        from: old.version.clone(),
        to: new.version.clone(),
        gained: after.difference(&before).map(ToString::to_string).collect(),
        lost: before.difference(&after).map(ToString::to_string).collect(),
        changed: changed.into_iter().filter(|(_, is)| *is).map(|(name, _)| name.to_owned()).collect(),
    }
}
