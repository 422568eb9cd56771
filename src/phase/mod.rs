//! The product is this list:
//!
//! 1. [`plan`]: decide every unit, command and file; nothing is done yet, and what is missing is said now.
//! 2. [`build`]: [`generate`] what is declared, then compile what is stale; each binary must be what its target says, or it is none.
//! 3. [`interrogate`]: ask each binary what it is, in a sandbox; a manifest comes from the binary or not at all.
//! 4. [`package`]: sign, pack reproducibly, and let a host's rules judge each zip before it gets its name.
//! 5. [`sign`]: a bundle over each zip, beside it; one that is over another zip goes.
//! 6. [`attest`], [`sbom`]: say how each package was made and what a plugin consists of, by receipts alone;
//!    [`place`]: what was asked to be signed gets its name now, and not before.
//! 7. [`publish`]: put whole sets of packages on a forge; visible in one step, or not at all.
//!
//! [`catalog`] comes after releases: plugins.json from what the forge has; [`reproduce`] goes the list down again for a
//! release that is out, and compares. [`verify`] stands beside the list: the same judgement for anybody's archive;
//! [`call`] too: it uses what was built, over [`launch`], which starts a plugin as a host does. [`check`] is for authors:
//! what hosts and reviewers would say, before anything is packed. [`scaffold`] writes what all of this is about.

pub mod attest;
pub mod build;
pub mod call;
pub mod catalog;
pub mod check;
pub mod committed;
mod far;
pub mod generate;
pub mod interrogate;
pub mod launch;
pub mod matrix;
pub mod merge;
pub mod package;
pub mod packages;
pub mod parallel;
pub mod place;
pub mod plan;
pub mod publish;
pub mod remarks;
pub mod report;
pub mod reproduce;
pub mod sbom;
pub mod scaffold;
pub mod sign;
pub mod store;
mod strays;
pub mod trace;
pub mod verify;
pub mod workflow;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::event::Listener;
use crate::model::failure::Failure;
use crate::model::names::PluginKey;
use crate::model::plan::{Plan, Unit};
use crate::model::project::Project;
use crate::model::receipt::{Origin, PackageReceipt};
use crate::model::report::{BuildReport, PluginFinding};
use crate::model::sbom::file_name;
use crate::model::tools::Tools;
use crate::phase::committed::Committed;
use crate::phase::parallel::OnFailure;
use crate::phase::store::Store;
use crate::signer::{Signer, Signers};
use crate::sys::files;
use crate::sys::fingerprint::Fingerprints;
use crate::sys::git as sys_git;
use crate::sys::interrupt;

/// Whether receipts count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// What still matches is skipped.
    Trust,
    /// Everything is done again.
    Ignore,
}

/// What the phases of one run share.
pub struct Run<'a> {
    /// What to do.
    pub plan: &'a Plan,
    /// The plugins it is about.
    pub project: &'a Project,
    /// The machine's tools.
    pub tools: &'a Tools,
    /// The environment that compilers inherit. Plugin code never sees it.
    pub environment: &'a BTreeMap<String, String>,
    /// The output folder, locked.
    pub store: &'a Store,
    /// Digests taken in this run.
    pub fingerprints: &'a Fingerprints,
    /// Where this run is, for the receipts; asked only when something was compiled.
    pub origin: &'a (dyn Fn() -> Origin + Sync),
    /// Who signs.
    pub signers: &'a Signers,
    /// Who signs a statement of how each package was made, if anybody.
    pub attester: Option<&'a dyn Signer>,
    /// Whether receipts count.
    pub freshness: Freshness,
    /// Whether a failure ends the phase.
    pub on_failure: OnFailure,
    /// Who is told.
    pub listener: Listener<'a>,
}

/// An empty memory of digests, for one run.
#[must_use]
pub fn fingerprints() -> Fingerprints {
    Fingerprints::default()
}

/// Goes down the list, from plan to packages.
///
/// # Errors
/// Only when the run as a whole can't go on: no scratch folder, interrupted. Steps that fail are in the report.
pub fn make(run: &Run<'_>) -> Result<BuildReport, Failure> {
    // Before the build: what is committed while it runs is none of its sources.
    let (head, unknown) = package::source::head(&run.project.root)?;
    if let (Some(_), Some(_)) = (&run.attester, &unknown) {
        // A statement without the commit would be taken for one of sources that never had any.
        sys_git::head(&run.project.root)?;
    }
    if head.is_some() {
        plan::links::refuse(run.project)?;
    }
    let committed = head.map(|head| Committed::new(head, &run.project.root, run.tools, run.fingerprints));
    let built = build::build(run)?;
    let committed = committed.map(|committed| committed.with_generated(built.generated.clone()));
    stop_if_interrupted()?;
    let mut standings = package::judge(run, &built.states);
    package::source::refresh(run, &built.states, &mut standings, committed.as_ref())?;
    let halted = run.on_failure == OnFailure::Stop && report::any_failed(&built.states);
    let mut answers = interrogate::Answers::new();
    let mut packed = BTreeMap::new();
    let stage = place::stage(run)?;
    let folder = stage.as_ref().map_or(&*run.plan.output, files::Scratch::path);
    if halted {
        standings.iter_mut().for_each(report::hold_back);
    } else {
        let due: Vec<usize> = (0..standings.len())
            .filter(|at| matches!(standings[*at], package::Standing::Due { .. }))
            .collect();
        answers = interrogate::interrogate(run, &built.states, &due);
        stop_if_interrupted()?;
        let refused = run.on_failure == OnFailure::Stop && answers.values().any(Result::is_err);
        if !refused {
            packed = package::package(run, &built.states, &standings, &answers, committed.as_ref(), folder);
        }
        stop_if_interrupted()?;
    }
    let mut report = report::report(run, &built, &standings, &answers, &packed);
    let first = run.project.plugins.first().map(|plugin| plugin.key.clone());
    report.findings.extend(unknown.zip(first).map(|(finding, plugin)| PluginFinding { plugin, finding }));
    // A set that won't be complete is not signed; what is stale goes in any case.
    let signer = if halted { None } else { run.signers.of_zips() };
    let kept = report::kept(run, &standings, &packed, folder);
    place::furnish(run, &kept)?;
    let bundles = sign::sign(&sign::Request { signer, kept: &kept, ..sign::Request::of(run) });
    if !halted {
        place::drop_untried(run, &kept, &bundles, &mut report);
    }
    report::add_bundles(&mut report, bundles);
    stop_if_interrupted()?;
    attest_all(run, &kept, halted, &mut report)?;
    if !halted {
        place::place(run, &kept, &mut report)?;
    }
    let described = sbom::update(&run.plan.output, &undescribed(run, &packed))?;
    report.findings.extend(described.findings);
    let mut digests = report::made(&report);
    digests.extend(described.digests);
    package::checksums::update(&run.plan.output, &digests)?;
    Ok(report)
}

/// Attests the packages of a complete run. What isn't of a package any more goes in any case.
fn attest_all(
    run: &Run<'_>,
    kept: &[packages::Kept],
    halted: bool,
    report: &mut BuildReport,
) -> Result<(), Failure> {
    kept.iter().try_for_each(attest::drop_stale)?;
    let Some(signer) = run.attester.filter(|_| !halted) else { return Ok(()) };
    let whole: Vec<&packages::Kept> = kept.iter().filter(|one| place::is_whole(report, one)).collect();
    let attested = attest::attest(&attest::Request {
        packages: &whole,
        output: &run.plan.output,
        signer,
        jobs: run.plan.jobs,
        on_failure: run.on_failure,
        listener: run.listener,
    })?;
    report.complete &= attested.complete;
    report.attestations = attested.packages;
    report.findings.extend(attested.findings);
    Ok(())
}

/// The plugins of which a package was made, or whose bill of materials is gone.
fn undescribed<'a>(
    run: &Run<'a>,
    packed: &BTreeMap<usize, Result<PackageReceipt, Failure>>,
) -> BTreeSet<&'a PluginKey> {
    let is_due = |at: usize, unit: &Unit| {
        let name = file_name(&unit.plugin, &unit.version);
        matches!(packed.get(&at), Some(Ok(_))) || !files::is_file(&run.plan.output.join(name))
    };
    let units = run.plan.units.iter().enumerate();
    units.filter(|(at, unit)| is_due(*at, unit)).map(|(_, unit)| &unit.plugin).collect()
}

fn stop_if_interrupted() -> Result<(), Failure> {
    if interrupt::requested() { Err(parallel::interrupted()) } else { Ok(()) }
}
