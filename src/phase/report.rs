//! Puts what the phases left together into the report of a run.

use std::collections::BTreeMap;
use std::path::Path;

use super::Run;
use super::build::{self, BuildState, Built};
use super::interrogate::{self, Answers};
use super::package::Standing;
use super::packages::Kept;
use super::remarks;
use super::sign::Bundles;
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::finding::Finding;
use crate::model::plan::{Role, Unit};
use crate::model::receipt::{BuildReceipt, Learned, PackageReceipt};
use crate::model::report::{BuildReport, Made, Outcome, PackageReport, PluginFinding, REPORT_SCHEMA};

/// Whether a unit failed to build.
#[must_use]
pub fn any_failed(states: &[BuildState]) -> bool {
    states.iter().any(|state| !matches!(state, BuildState::Ready { .. }))
}

/// Takes back the plan to make a package; what is up to date stays so.
pub fn hold_back(standing: &mut Standing) {
    if matches!(standing, Standing::Due { .. }) {
        *standing = Standing::None;
    }
}

/// The packages that exist, with their digests.
#[must_use]
pub fn made(report: &BuildReport) -> BTreeMap<String, Sha256> {
    report.packages.iter().filter_map(|p| Some((p.package.clone(), p.outcome.made()?.sha256))).collect()
}

/// The whole report.
#[must_use]
pub fn report(
    run: &Run<'_>,
    built: &Built,
    standings: &[Standing],
    answers: &Answers,
    packed: &BTreeMap<usize, Result<PackageReceipt, Failure>>,
) -> BuildReport {
    let mut packages = Vec::new();
    let mut learned: BTreeMap<usize, &Learned> = BTreeMap::new();
    for (at, unit) in run.plan.units.iter().enumerate() {
        let (state, standing) = (&built.states[at], &standings[at]);
        let package = match &unit.role {
            Role::Package(name) => name.clone(),
            // A helper is seen only when it fails: then it is the cause of others' failures.
            Role::Helper => match helper_failure(state, answers.get(&at)) {
                Some(failure) => {
                    packages.push(row(unit, String::new(), Outcome::failed(failure), state, standing));
                    continue;
                }
                None => continue,
            },
        };
        match (standing, packed.get(&at)) {
            (Standing::UpToDate(receipt), _) => learned.insert(at, &receipt.learned),
            (_, Some(Ok(receipt))) => learned.insert(at, &receipt.learned),
            _ => None,
        };
        let outcome = outcome(state, standing, answers.get(&at), packed.get(&at));
        packages.push(row(unit, package, outcome, state, standing));
    }
    let mut findings = remarks::remarks(run, &built.states, &packages);
    let of_build = built.states.iter().enumerate().flat_map(|(at, state)| {
        let unit = &run.plan.units[at];
        places(unit, state).map(|finding| (at, finding))
    });
    findings.extend(
        interrogate::compare_targets(run, &learned)
            .into_iter()
            .chain(of_build)
            .map(|(at, finding)| PluginFinding { plugin: run.plan.units[at].plugin.clone(), finding }),
    );
    BuildReport {
        schema: REPORT_SCHEMA,
        complete: packages.iter().all(|package| package.outcome.made().is_some()),
        output: run.plan.output.to_string_lossy().into_owned(),
        packages,
        findings,
        attestations: Vec::new(),
        compiler_runs: built.compiler_runs,
    }
}

/// What a binary says of the machine that built it.
fn places(unit: &Unit, state: &BuildState) -> Option<Finding> {
    let BuildState::Ready { receipt, .. } = state else { return None };
    let message = format!("{}: {}", unit.target, build::places_text(&receipt.places)?);
    Some(Finding::warning("place-in-binary", message).hint(build::PLACES_HINT))
}

/// The packages that exist, as later phases take them; those of this run lie in `made`.
#[must_use]
pub fn kept(
    run: &Run<'_>,
    standings: &[Standing],
    packed: &BTreeMap<usize, Result<PackageReceipt, Failure>>,
    made: &Path,
) -> Vec<Kept> {
    let receipt = |at: usize| match (&standings[at], packed.get(&at)) {
        (Standing::UpToDate(receipt), _) => Some((receipt.as_ref().clone(), &*run.plan.output)),
        (_, Some(Ok(receipt))) => Some((receipt.clone(), made)),
        _ => None,
    };
    let units = run.plan.units.iter().enumerate();
    let kept = |(at, unit): (usize, &Unit)| {
        let (receipt, folder) = receipt(at)?;
        Some(Kept { receipt, folder: folder.to_owned(), id: unit.id() })
    };
    units.filter_map(kept).collect()
}

/// Says of each package who signed its bundle; one that could not be signed has failed.
pub fn add_bundles(report: &mut BuildReport, bundles: Bundles) {
    for (name, result) in bundles {
        let Some(row) = report.packages.iter_mut().find(|row| row.package == name) else { continue };
        match (&mut row.outcome, result) {
            (outcome, Err(failure)) => *outcome = Outcome::failed(failure),
            (Outcome::Built(made) | Outcome::UpToDate(made), Ok(identity)) => {
                made.bundle_signed_by = identity
            }
            _ => {}
        }
    }
    report.complete = report.packages.iter().all(|package| package.outcome.made().is_some());
}

fn helper_failure(state: &BuildState, answer: Option<&Result<Learned, Failure>>) -> Option<Failure> {
    match (state, answer) {
        (BuildState::Failed { failure, .. }, _) => Some(failure.clone()),
        (_, Some(Err(failure))) => Some(failure.clone()),
        _ => None,
    }
}

fn row(
    unit: &Unit,
    package: String,
    outcome: Outcome,
    state: &BuildState,
    standing: &Standing,
) -> PackageReport {
    let mut reasons = match state {
        BuildState::Ready { reasons, .. }
        | BuildState::Failed { reasons, .. }
        | BuildState::NotTried { reasons } => reasons.clone(),
    };
    if let (true, Standing::Due { reasons: own, .. }) = (reasons.is_empty(), standing) {
        reasons.clone_from(own);
    }
    if reasons.is_empty() && matches!(outcome, Outcome::UpToDate(_)) {
        reasons.push("nothing it is made from has changed".to_owned());
    }
    PackageReport {
        plugin: unit.plugin.clone(),
        kind: unit.kind,
        version: unit.version.clone(),
        target: unit.target,
        package,
        outcome,
        reasons,
    }
}

fn outcome(
    state: &BuildState,
    standing: &Standing,
    answer: Option<&Result<Learned, Failure>>,
    packed: Option<&Result<PackageReceipt, Failure>>,
) -> Outcome {
    let receipt = match state {
        BuildState::Ready { receipt, .. } => receipt,
        BuildState::Failed { failure, .. } => return Outcome::failed(failure.clone()),
        BuildState::NotTried { .. } => return Outcome::NotTried,
    };
    match (standing, packed, answer) {
        (Standing::UpToDate(package), ..) => Outcome::UpToDate(Box::new(existing(receipt, package))),
        (_, Some(Ok(package)), _) => Outcome::Built(Box::new(existing(receipt, package))),
        (_, Some(Err(failure)), _) | (_, None, Some(Err(failure))) => Outcome::failed(failure.clone()),
        _ => Outcome::NotTried,
    }
}

/// Files that the binary was to be made from, by their place, and isn't.
fn left_out(binary: &BuildReceipt) -> impl Iterator<Item = String> {
    let told = |file| format!("{file} imports \"C\" and is left out, because CGO_ENABLED is 0");
    binary.left_out.iter().map(told)
}

fn existing(binary: &BuildReceipt, package: &PackageReceipt) -> Made {
    Made {
        sha256: package.sha256,
        size: package.size,
        binary_sha256: package.binary,
        binary_size: binary.size,
        signed_by: package.signed_by.clone(),
        cosigned_by: package.cosigned_by.clone(),
        bundle_signed_by: None,
        evidence: package.learned.evidence,
        evidence_detail: package.learned.how.clone(),
        caveats: package.learned.caveats.iter().cloned().chain(left_out(binary)).collect(),
        source: package.source.clone(),
        operations: package.learned.module.operations(),
        facts: binary.facts.clone(),
    }
}
