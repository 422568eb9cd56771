//! Where a plugin stands whose releases don't simply offer something better: none is left, or none is whole.

use std::collections::BTreeMap;

use super::select::{Broken, Lack, Offer};
use super::{Fallback, Orphans, Unread, Wish};
use crate::model::catalog::{Catalog, Entry};
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Finding;
use crate::model::names::PluginKey;

/// An entry whose plugin has no release that counts.
pub(super) fn orphan(
    old: &Entry,
    offer: Option<&Offer>,
    wish: &Wish,
    findings: &mut Vec<Finding>,
) -> Option<Entry> {
    let (who, version) = (old.key.escape_debug(), old.version.escape_debug());
    let why = match offer {
        Some(offer) if offer.withheld => "only drafts and pre-releases",
        _ => "no release any more",
    };
    if wish.orphans == Orphans::Prune {
        return None;
    }
    let finding = Finding::warning("catalog-orphan", format!("{who} {version} has {why}; its entry stays"));
    findings.push(match offer {
        Some(offer) if offer.withheld => {
            finding.hint("publish a release, list it with --prereleases, or remove it with --prune")
        }
        _ => finding.hint("remove it with --prune"),
    });
    Some(old.clone())
}

/// A wrong `--repo` with `--prune` must not wipe a catalog.
pub(super) fn refuse_to_empty(
    previous: Option<&Catalog>,
    offers: &BTreeMap<PluginKey, Offer>,
    entries: &BTreeMap<String, Entry>,
) -> Result<(), Failure> {
    let had = previous.is_some_and(|catalog| !catalog.entries().is_empty());
    let has = !entries.is_empty() || offers.values().any(|offer| offer.best.is_some());
    if !had || has {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::Usage,
        "none of the plugins in the catalog has a release there, so --prune would empty it",
    )
    .hint("check --repo; if it is meant, remove the file"))
}

/// What speaks against any release of a plugin, and warnings about the ones that are passed over.
pub(super) fn unusable(
    key: &str,
    offer: &Offer,
    old: Option<&Entry>,
    findings: &mut Vec<Finding>,
) -> Option<Unread> {
    let fallback = if old.is_some() { Fallback::Previous } else { Fallback::Nothing };
    let hint = format!("finish it with `wick plugin release {key}`");
    for Broken { version, lack } in &offer.broken {
        // What is listed was whole once: going back to an older one would be a loss.
        let was_listed = old.is_some_and(|old| old.version == version.bare());
        let message = match (&offer.best, lack) {
            (Some(best), _) if !was_listed => {
                format!("{key} {version} is passed over for {}: {lack}", best.version)
            }
            // Nothing can be downloaded, so nothing is lost.
            (None, Lack::Zips) if old.is_none() => format!("{key} {version} is not listed: {lack}"),
            _ => {
                let failure = Failure::new(FailureKind::Remote, lack.to_string()).hint(hint);
                return Some(Unread::new(key, version.bare(), fallback, failure));
            }
        };
        findings.push(Finding::warning("catalog-incomplete-release", message).hint(&hint));
    }
    None
}
