//! Catalog: plugins.json from the releases, all of them or none lost. What the list of releases shows to be unchanged
//! is carried over; of the rest one manifest each is read from afar. A plugin that can't be read keeps its entry and
//! is named; the catalog is never thinner without a word.

mod carry;
mod read;
mod report;
pub mod select;
mod standing;

#[cfg(test)]
mod tests;

pub use report::{CATALOG_REPORT_SCHEMA, CatalogReport, Cost, Fallback, Unread};

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use super::parallel::{self, OnFailure};
use super::strays;
use crate::forge::error::ForgeError;
use crate::forge::github::{GitHub, Piece};
use crate::model::catalog::{Catalog, CatalogDiff, Entry};
use crate::model::event::Listener;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Finding;
use crate::model::release::{Asset, Release};
use read::Meter;
use select::{Candidate, Prereleases, Selection};
use standing::{orphan, refuse_to_empty, unusable};

/// Brings a range of an asset, or all of it where the server does no ranges.
pub type Fetch<'a> = &'a (dyn Fn(&Asset, Option<Range<u64>>) -> Result<Piece, ForgeError> + Sync);

/// What the catalog is to be.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Whether pre-releases are listed.
    pub prereleases: Prereleases,
    /// What happens to entries whose plugin has no release any more.
    pub orphans: Orphans,
    /// How many packages are read at once.
    pub jobs: usize,
}

/// What happens to entries whose plugin has no release any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphans {
    /// They stay, with a finding.
    Keep,
    /// They go.
    Prune,
}

/// So many unreachable packages in one run mean that the network is gone; the rest isn't tried.
const GIVE_UP: u32 = 3;

/// Makes the catalog of a repository from its releases and what was listed before.
///
/// # Errors
/// When the releases can't be listed, pruning would leave nothing, or the user stopped the run. Plugins that can't
/// be read are in the report.
pub fn regenerate(
    github: &GitHub,
    previous: Option<&Catalog>,
    wish: &Wish,
    listener: Listener<'_>,
) -> Result<CatalogReport, Failure> {
    let releases = github.releases()?;
    let mut report =
        from_releases(&releases, &|asset, range| github.read(asset, range), previous, wish, listener)?;
    if github.is_closed_to_others() {
        // A host has no token: for it such an address is "not found".
        let message = format!("the packages of {} can't be downloaded without a token", github.repository());
        let finding = Finding::warning("catalog-not-public", message)
            .hint("make the repository public, or release to a public one with --repo");
        report.findings.push(finding);
    }
    report.findings.extend(renamed(github)?);
    Ok(report)
}

/// Reading by an old name works until somebody else takes that name; then it reads theirs. It is a warning beside an
/// answer, which isn't lost for it: that the name can't be asked is one too.
///
/// # Errors
/// When the user stops the run.
pub fn renamed(github: &GitHub) -> Result<Option<Finding>, ForgeError> {
    const CODE: &str = "repository-renamed";
    let asked = github.repository();
    match github.renamed() {
        Ok(now) => Ok(now.map(|now| {
            Finding::warning(CODE, format!("the repository {asked} is called {now} now"))
                .hint(format!("say --repo {now}, and correct GITHUB_REPOSITORY or the remote `origin`"))
        })),
        Err(error @ ForgeError::Interrupted) => Err(error),
        Err(error) => {
            let message = format!("the repository {asked} may have another name now: {error}");
            Ok(Some(Finding::warning(CODE, message).hint("say --repo with the name that it has now")))
        }
    }
}

/// As [`regenerate`], with releases that were listed already.
///
/// # Errors
/// When pruning would leave nothing, or the user stopped the run.
pub fn from_releases(
    releases: &[Release],
    fetch: Fetch<'_>,
    previous: Option<&Catalog>,
    wish: &Wish,
    listener: Listener<'_>,
) -> Result<CatalogReport, Failure> {
    let Selection { mut offers, mut findings } = select::select(releases, wish.prereleases);
    findings.extend(strays::not_shown(releases));
    findings.extend(strays::not_listed(releases, |key| Some(&offers.get(key)?.best.as_ref()?.version)));
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    let mut failed: Vec<Unread> = Vec::new();
    for old in previous.map_or(&[][..], Catalog::entries) {
        let offer = old.key.parse().ok().and_then(|key| offers.remove_entry(&key));
        match offer {
            // Put back: it is looked at with the new ones.
            Some((key, offer)) if offer.best.is_some() || !offer.broken.is_empty() => {
                offers.insert(key, offer);
                entries.insert(old.key.clone(), old.clone());
            }
            offer => {
                if let Some(kept) = orphan(old, offer.as_ref().map(|(_, offer)| offer), wish, &mut findings) {
                    entries.insert(old.key.clone(), kept);
                }
            }
        }
    }
    refuse_to_empty(previous, &offers, &entries)?;
    let mut due: Vec<Candidate> = Vec::new();
    for (key, offer) in offers {
        let old = entries.get(key.as_str());
        if let Some(unread) = unusable(key.as_str(), &offer, old, &mut findings) {
            failed.push(unread);
            continue;
        }
        let Some(candidate) = offer.best else { continue };
        match old.filter(|old| carry::is_same(old, &candidate)).cloned() {
            Some(old) => {
                entries.insert(old.key.clone(), carry::with_facts(old, &candidate));
            }
            None => due.push(candidate),
        }
    }
    let meter = Meter::default();
    for (candidate, result) in due.iter().zip(read_all(&due, fetch, &entries, &meter, wish.jobs, listener)) {
        let key = candidate.key.as_str();
        match result.ok_or_else(parallel::interrupted)? {
            Ok(entry) => {
                findings.extend(entries.get(key).map(|old| carry::findings(old, &entry)).unwrap_or_default());
                entries.insert(key.to_owned(), entry);
            }
            Err(failure) if failure.kind == FailureKind::Interrupted => return Err(failure),
            Err(failure) => {
                let fallback = if entries.contains_key(key) { Fallback::Previous } else { Fallback::Nothing };
                failed.push(Unread::new(key, candidate.version.bare(), fallback, failure));
            }
        }
    }
    failed.sort_by(|a, b| a.plugin.cmp(&b.plugin));
    let catalog = Catalog::new(entries.into_values());
    findings.extend(catalog.findings());
    Ok(CatalogReport {
        schema: CATALOG_REPORT_SCHEMA,
        complete: failed.is_empty(),
        diff: CatalogDiff::between(previous, &catalog),
        failed,
        findings,
        releases: releases.len(),
        cost: Cost {
            reads: meter.reads.into_inner(),
            bytes: meter.bytes.into_inner(),
            whole: meter.whole.into_inner(),
        },
        catalog,
    })
}

/// Reads one package of each candidate; nothing where the user stopped the run before.
fn read_all(
    due: &[Candidate],
    fetch: Fetch<'_>,
    entries: &BTreeMap<String, Entry>,
    meter: &Meter,
    jobs: usize,
    listener: Listener<'_>,
) -> Vec<Option<Result<Entry, Failure>>> {
    let lost = AtomicU32::new(0);
    let patient = |asset: &Asset, range: Option<Range<u64>>| {
        let result = fetch(asset, range);
        match &result {
            Err(ForgeError::RateLimited { .. }) => lost.fetch_add(GIVE_UP, Ordering::Relaxed),
            Err(ForgeError::Unreachable { .. }) => lost.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        result
    };
    parallel::each(
        "catalog",
        due,
        jobs,
        OnFailure::KeepGoing,
        listener,
        |candidate| format!("{} {}", candidate.key, candidate.version),
        |candidate| {
            let result = if lost.load(Ordering::Relaxed) >= GIVE_UP {
                Err(Failure::new(FailureKind::Remote, "not tried, because others failed before"))
            } else {
                read::entry(&patient, candidate, entries.get(candidate.key.as_str()), meter)
            };
            let outcome = parallel::outcome(&result, |_| String::new());
            (result, outcome)
        },
    )
}
