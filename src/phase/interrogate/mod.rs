//! Interrogate: asks each binary what it is. The only phase that runs plugin code, and only in the sandbox.

mod ask;
mod same_source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::build::BuildState;
use super::parallel;
use super::{Run, plan};
use crate::inspect;
use crate::model::artifact::BinaryFacts;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Finding;
use crate::model::manifest::{Manifest, PROTO_RANGE};
use crate::model::package::PACKAGE_MAX;
use crate::model::plan::{Role, Route, Unit};
use crate::model::project::Language;
use crate::model::receipt::{BuildReceipt, Evidence, Learned, PackageReceipt};
use crate::model::tools::Tools;
use crate::sys::files;

/// What an installed plugin says of itself when it is started, here or in an emulator: held as tightly as in a build.
///
/// # Errors
/// When it doesn't start, or answers something else than a manifest.
pub(in crate::phase) fn installed(
    receipt: &PackageReceipt,
    binary: &Path,
    tools: &Tools,
) -> Result<(Manifest, String), Failure> {
    let unit = Unit {
        plugin: receipt.plugin.clone(),
        kind: receipt.kind,
        version: receipt.version.clone(),
        target: receipt.target,
        // Nobody compiles it any more.
        language: Language::Go,
        entry: String::new(),
        binary: binary.to_owned(),
        role: Role::Helper,
        route: Route::Execute,
    };
    let answer = ask::ask(tools, &unit, tools.emulators.get(&receipt.target))?;
    Ok((answer.manifest, answer.how))
}

/// What was learned, by unit.
pub type Answers = BTreeMap<usize, Result<Learned, Failure>>;

/// Learns the manifests of `due` units. Units whose binary isn't ready are left out.
#[must_use]
pub fn interrogate(run: &Run<'_>, states: &[BuildState], due: &[usize]) -> Answers {
    // A unit that can't speak for itself needs its speaker's answer, whether or not that one is packed anew.
    let mut asked: BTreeSet<usize> = BTreeSet::new();
    for at in due {
        match run.plan.units[*at].route {
            Route::SameSource(speaker) => asked.insert(speaker),
            _ => asked.insert(*at),
        };
    }
    let asked: Vec<usize> = asked.into_iter().filter(|at| ready(states, *at).is_some()).collect();
    let results = parallel::each(
        "interrogate",
        &asked,
        run.plan.jobs,
        run.on_failure,
        run.listener,
        |at| run.plan.units[*at].label(),
        |at| {
            let answer = speak(run, states, *at);
            let outcome = parallel::outcome(&answer, |learned| learned.evidence.as_str().to_owned());
            (answer, outcome)
        },
    );
    let mut answers = Answers::new();
    for (at, result) in asked.iter().zip(results) {
        if let Some(result) = result {
            answers.insert(*at, result);
        }
    }
    for at in due {
        if let Route::SameSource(speaker) = run.plan.units[*at].route
            && let Some(answer) = same_source(run, states, &answers, *at, speaker)
        {
            answers.insert(*at, answer);
        }
    }
    answers
}

fn ready(states: &[BuildState], at: usize) -> Option<&BuildReceipt> {
    match &states[at] {
        BuildState::Ready { receipt, .. } => Some(receipt),
        _ => None,
    }
}

/// What a binary says of itself: by its section, by being run, or by both, which then must agree.
fn speak(run: &Run<'_>, states: &[BuildState], at: usize) -> Result<Learned, Failure> {
    let unit = &run.plan.units[at];
    let label = unit.label();
    let bytes = files::read_capped(&unit.binary, PACKAGE_MAX)?;
    if ready(states, at).is_some_and(|receipt| receipt.sha256 != Sha256::of(&bytes)) {
        return Err(altered(unit));
    }
    let facts = inspect::inspect(&bytes).map_err(|error| Failure::from(error).context(&label))?;
    let embedded = match &facts.manifest_section {
        None => None,
        Some(text) => {
            let manifest = Manifest::read(text).map_err(|error| {
                Failure::new(
                    FailureKind::Step,
                    format!("{label}: its manifest section is no manifest: {error}"),
                )
            })?;
            Some(manifest)
        }
    };
    let asked = match &unit.route {
        Route::Execute => Some((ask::ask(run.tools, unit, None)?, Evidence::Executed)),
        Route::Emulate(_) => {
            let emulator = run.tools.emulators.get(&unit.target);
            Some((ask::ask(run.tools, unit, emulator)?, Evidence::Emulated))
        }
        _ => None,
    };
    let (manifest, evidence, how) = match (asked, embedded) {
        (Some((answer, evidence)), Some(embedded)) => {
            agree(&label, &answer.manifest, &embedded)?;
            (answer.manifest, evidence, format!("{}; agrees with its manifest section", answer.how))
        }
        (Some((answer, evidence)), None) => (answer.manifest, evidence, answer.how),
        (None, Some(embedded)) => {
            (embedded, Evidence::Embedded, "read from the binary's manifest section".to_owned())
        }
        (None, None) => return Err(mute(unit, &facts)),
    };
    check_identity(unit, &manifest)?;
    let mut caveats = Vec::new();
    if manifest.version != unit.version.as_str() {
        caveats.push(format!(
            "the binary calls itself version `{}`, the package is {}",
            manifest.version.escape_debug(),
            unit.version
        ));
    }
    Ok(Learned { evidence, how, proto_version: manifest.proto_version, module: manifest.module, caveats })
}

/// A binary that is no longer what was built must not speak for anything; the next run builds it anew.
fn altered(unit: &Unit) -> Failure {
    Failure::new(
        FailureKind::Step,
        format!("{}: {} was altered after it was built", unit.label(), unit.binary.display()),
    )
    .hint("run again: it will be built anew")
}

fn agree(label: &str, answered: &Manifest, embedded: &Manifest) -> Result<(), Failure> {
    let same = answered.module.canonical() == embedded.module.canonical()
        && answered.proto_version == embedded.proto_version;
    if same {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::Step,
        format!("{label}: what it answers to --dump-manifest is not what its manifest section says"),
    )
    .hint("make both from one declaration"))
}

fn mute(unit: &Unit, facts: &BinaryFacts) -> Failure {
    let what = if facts.go.is_some() { "Go" } else { "This" };
    Failure::new(
        FailureKind::Step,
        format!("{}: its manifest can't be learned: it doesn't run on this machine and carries no manifest section", unit.label()),
    )
    .hint(format!(
        "{what} plugin can carry its manifest in a section (`.wick`, on macOS `__DATA,__wick`); or put an emulator \
         (qemu-user, wine) on PATH; or build that target on a machine of its own"
    ))
}

/// Conformance 2: the folder's name and `Meta.Key` are one.
fn check_identity(unit: &Unit, manifest: &Manifest) -> Result<(), Failure> {
    let label = unit.label();
    let meta = manifest
        .module
        .meta()
        .map_err(|error| Failure::new(FailureKind::Step, format!("{label}: {error}")))?;
    if meta.key != unit.plugin.as_str() {
        return Err(Failure::new(
            FailureKind::Step,
            format!(
                "{label}: the folder is `{}` but the plugin calls itself `{}` (Meta.Key)",
                unit.plugin,
                meta.key.escape_debug()
            ),
        )
        .hint("rename the folder or change Meta.Key; a host refuses a plugin whose names differ"));
    }
    if !PROTO_RANGE.contains(&manifest.proto_version) {
        return Err(Failure::new(
            FailureKind::Step,
            format!(
                "{label}: it speaks protocol {}, hosts accept {} to {}",
                manifest.proto_version,
                PROTO_RANGE.start(),
                PROTO_RANGE.end()
            ),
        ));
    }
    Ok(())
}

fn same_source(
    run: &Run<'_>,
    states: &[BuildState],
    answers: &Answers,
    at: usize,
    speaker: usize,
) -> Option<Result<Learned, Failure>> {
    let receipt = ready(states, at)?;
    let (Some(speaker_receipt), Some(answer)) = (ready(states, speaker), answers.get(&speaker)) else {
        // The speaker's own failure is reported with the speaker; here only that it had consequences.
        let why = match &states[speaker] {
            BuildState::Failed { failure, .. } => failure.clone(),
            _ => return None,
        };
        return Some(Err(
            why.context(format!("{}: its manifest can't be learned", run.plan.units[at].label()))
        ));
    };
    let label = run.plan.units[at].label();
    let from = run.plan.units[speaker].target;
    Some(match answer {
        Err(failure) => Err(failure.clone().context(format!("{label}: its manifest can't be learned"))),
        Ok(learned) => same_source::check(&label, receipt, speaker_receipt).map(|mut caveats| {
            caveats.extend(learned.caveats.iter().cloned());
            Learned {
                evidence: Evidence::SameSource,
                how: format!("from the same sources built for {from}"),
                proto_version: learned.proto_version,
                module: learned.module.clone(),
                caveats,
            }
        }),
    })
}

/// What differs between the targets of each plugin, once everything is learned.
#[must_use]
pub fn compare_targets(run: &Run<'_>, learned: &BTreeMap<usize, &Learned>) -> Vec<(usize, Finding)> {
    let mut findings = Vec::new();
    for plugin in &run.project.plugins {
        let ours: Vec<(usize, &Learned)> = learned
            .iter()
            .filter(|(at, _)| std::ptr::eq(plan::plugin_of(&run.plan.units[**at], run.project), plugin))
            .map(|(at, learned)| (*at, *learned))
            .collect();
        let Some((first, reference)) = ours.first() else { continue };
        let canonical = reference.module.canonical();
        if ours.iter().all(|(_, one)| one.module.canonical() == canonical) {
            continue;
        }
        findings.push((*first, differences(run, &ours)));
    }
    findings
}

fn differences(run: &Run<'_>, ours: &[(usize, &Learned)]) -> Finding {
    let mut by_operation: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (at, learned) in ours {
        for operation in learned.module.operations() {
            by_operation.entry(operation).or_default().push(run.plan.units[*at].target.to_string());
        }
    }
    let partial: Vec<String> = by_operation
        .into_iter()
        .filter(|(_, targets)| targets.len() < ours.len())
        .map(|(operation, targets)| format!("`{operation}` exists only for {}", targets.join(", ")))
        .collect();
    let what = if partial.is_empty() {
        "the same operations, but other texts or settings".to_owned()
    } else {
        format!("operation {}", partial.join("; operation "))
    };
    Finding::warning("modules-differ", format!("its targets declare different modules: {what}"))
}
