//! Entries that need no download: what the forge tells in its list says that their packages are still the same.

use std::collections::BTreeMap;

use super::select::Candidate;
use crate::model::catalog::Entry;
use crate::model::digest::Sha256;
use crate::model::finding::Finding;
use crate::model::release::Asset;

/// Whether `entry` was made from exactly these packages: same version, same targets, same digests. Packages without
/// a digest (uploaded before the forge computed them) count as the same by name, size and time of publishing.
#[must_use]
pub(super) fn is_same(entry: &Entry, candidate: &Candidate) -> bool {
    let same_time = entry.published_at.is_some() && entry.published_at == candidate.published_at;
    let same = candidate.zips.iter().all(|(target, asset)| match asset.digest {
        Some(digest) => entry.digests.get(target) == Some(&digest),
        None => same_time && entry.sizes.get(target) == Some(&asset.size),
    });
    same && entry.is_read()
        && entry.version == candidate.version.bare()
        && entry.assets.keys().eq(candidate.zips.keys())
}

/// An entry with everything that the list of releases tells; the rest stays as it was.
#[must_use]
pub(super) fn with_facts(entry: Entry, candidate: &Candidate) -> Entry {
    let zips = || candidate.zips.iter();
    // Digests that the forge doesn't tell any more are not forgotten: the package is the same.
    let digest = |target: &String, asset: &Asset| asset.digest.or_else(|| entry.digests.get(target).copied());
    let digests: BTreeMap<String, Sha256> =
        zips().filter_map(|(target, asset)| Some((target.clone(), digest(target, asset)?))).collect();
    Entry {
        key: candidate.key.to_string(),
        version: candidate.version.bare().to_owned(),
        assets: zips().map(|(target, asset)| (target.clone(), asset.download_url.clone())).collect(),
        digests,
        sizes: zips().map(|(target, asset)| (target.clone(), asset.size)).collect(),
        published_at: candidate.published_at.clone(),
        ..entry
    }
}

/// What a reader should know when an entry is replaced.
#[must_use]
pub(super) fn findings(old: &Entry, new: &Entry) -> Vec<Finding> {
    let (key, mut findings) = (&new.key, Vec::new());
    let mut warn = |code, message| findings.push(Finding::warning(code, message));
    let (before, now) = (semver::Version::parse(&old.version), semver::Version::parse(&new.version));
    if let (Ok(before), Ok(now)) = (before, now)
        && before > now
    {
        warn(
            "catalog-version-lowered",
            format!("{key} goes back from {before} to {now}, the highest release that is left"),
        );
    }
    for target in old.assets.keys().filter(|target| !new.assets.contains_key(*target)) {
        let (target, before) = (target.escape_debug(), old.version.escape_debug());
        let message = format!("{key} {} has no package for {target}, which {before} had", new.version);
        warn("catalog-target-lost", message);
    }
    if old.version == new.version {
        for (target, was) in &old.digests {
            if let Some(is) = new.digests.get(target).filter(|is| *is != was) {
                let message = format!(
                    "the package of {key} {} for {target} was replaced: it had the digest {was} and has {is}",
                    new.version
                );
                warn("catalog-content-changed", message);
            }
        }
    }
    if !old.kind.is_empty() && old.kind != new.kind {
        warn(
            "catalog-kind-changed",
            format!("{key} was a {} and is a {}", old.kind.escape_debug(), new.kind),
        );
    }
    findings
}
