//! Interrogate: asks each binary what it is. The only phase that runs plugin code, and only in the sandbox.

mod ask;
mod same_source;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::build::BuildState;
use super::launch::suspect::is_wine;
use super::parallel;
use super::{Run, plan};
use crate::inspect;
use crate::model::artifact::BinaryFacts;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Finding;
use crate::model::manifest::{Manifest, Module, PROTO_RANGE};
use crate::model::package::PACKAGE_MAX;
use crate::model::plan::{Role, Route, Unit};
use crate::model::project::Language;
use crate::model::receipt::{BuildReceipt, Evidence, Learned, PackageReceipt};
use crate::model::tools::{Emulator, Tools};
use crate::sys::files;

/// What an installed plugin says of itself when it is started, here or in an emulator: held as tightly as in a build.
///
/// # Errors
/// When it doesn't start, or answers something else than a manifest.
pub(in crate::phase) fn installed(
    receipt: &PackageReceipt,
    binary: &Path,
    tools: &Tools,
) -> Result<Said, Failure> {
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
    either_way(&unit, tools.emulators.get(&receipt.target))
}

/// What was learned, by unit.
pub type Answers = BTreeMap<usize, Result<Learned, Failure>>;

/// Learns the manifests of `due` units. Units whose binary isn't ready are left out.
#[must_use]
pub fn interrogate(run: &Run<'_>, states: &[BuildState], due: &[usize]) -> Answers {
    listen(run, states, due, check_identity)
}

/// As [`interrogate`], but what the plugins say of themselves is not held against what they are: for a check that has
/// more to say on it.
#[must_use]
pub fn hear(run: &Run<'_>, states: &[BuildState], due: &[usize]) -> Answers {
    listen(run, states, due, |_, _| Ok(()))
}

type Judge = fn(&Unit, &Learned) -> Result<(), Failure>;

fn listen(run: &Run<'_>, states: &[BuildState], due: &[usize], judge: Judge) -> Answers {
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
            let answer = speak(run, states, *at)
                .and_then(|learned| judge(&run.plan.units[*at], &learned).map(|()| learned));
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
        Route::Execute => Some((either_way(unit, None)?, Evidence::Executed)),
        Route::Emulate(_) => {
            let emulator = run.tools.emulators.get(&unit.target);
            Some((either_way(unit, emulator)?, Evidence::Emulated))
        }
        _ => None,
    };
    let (said, evidence) = match (asked, embedded) {
        (Some((mut said, evidence)), Some(embedded)) => {
            agree(&label, &said, &embedded)?;
            said.how.push_str("; agrees with its manifest section");
            (said, evidence)
        }
        (Some(asked), None) => asked,
        (None, Some(embedded)) => {
            (Said::of(embedded, "read from the binary's manifest section".to_owned()), Evidence::Embedded)
        }
        (None, None) => return Err(mute(unit, &facts)),
    };
    let mut caveats = Vec::new();
    if let Some(version) = said.version.filter(|version| version != unit.version.as_str()) {
        caveats.push(format!(
            "the binary calls itself version `{}`, the package is {}",
            version.escape_debug(),
            unit.version
        ));
    }
    let (how, proto_version, module) = (said.how, said.proto_version, said.module);
    Ok(Learned { evidence, how, proto_version, module, caveats })
}

/// What a binary says of itself, whichever way it was asked.
pub(in crate::phase) struct Said {
    pub(in crate::phase) module: Module,
    pub(in crate::phase) proto_version: u32,
    /// Schema doesn't tell.
    version: Option<String>,
    /// How it was asked, and how tightly it was held.
    pub(in crate::phase) how: String,
}

impl Said {
    fn of(manifest: Manifest, how: String) -> Said {
        let (proto_version, version) = (manifest.proto_version, Some(manifest.version));
        Said { module: manifest.module, proto_version, version, how }
    }
}

/// Asks with `--dump-manifest`; a plugin that doesn't know the flag is asked for its Schema, as a host does. Where this
/// machine runs the binary itself both are asked, because hosts go by the second: it takes some 40 ms.
fn either_way(unit: &Unit, emulator: Option<&Emulator>) -> Result<Said, Failure> {
    let answer = match ask::ask(unit, emulator) {
        Ok(answer) => answer,
        Err(refusal) if !refusal.unknown_flag => return Err(refusal.failure),
        // Where it would listen there, by TCP, nobody gets in.
        Err(refusal) if is_wine(emulator) => {
            return Err(refusal.failure.hint(
                "in wine a plugin can be asked with --dump-manifest only: the way of hosts needs TCP there, which the \
                 sandbox closes; --emulate off leaves wine out",
            ));
        }
        Err(refusal) => {
            return match schema::ask(unit, emulator) {
                Ok(schema) => Ok(Said {
                    module: schema.module,
                    proto_version: schema.proto_version,
                    version: None,
                    how: format!("{}; it doesn't know --dump-manifest", schema.how),
                }),
                Err(failure) if failure.kind == FailureKind::Interrupted => Err(failure),
                Err(failure) => {
                    let also = schema::without_label(unit, &failure.message);
                    Err(refusal.failure.hint(format!("or let it serve as hosts expect it; asked so, {also}")))
                }
            };
        }
    };
    let mut said = Said::of(answer.manifest, answer.how);
    if emulator.is_some() {
        return Ok(said);
    }
    match schema::ask(unit, None) {
        Ok(schema) if schema.module.says_the_same_as(&said.module) => {
            said.how.push_str("; Schema answers the same");
            Ok(said)
        }
        Ok(schema) => Err(Failure::new(
            FailureKind::Step,
            format!(
                "{}: what it answers to --dump-manifest is not what it answers to Schema: {}",
                unit.label(),
                said.module.differences(&schema.module, ["the first", "the second"])
            ),
        )
        .hint("make both from one declaration; hosts install by the first and call by the second")),
        Err(failure) if failure.kind == FailureKind::Interrupted => Err(failure),
        // Packing it is what was asked for; `call` says what hosts will say.
        Err(_) => {
            said.how.push_str("; doesn't serve as a host expects it");
            Ok(said)
        }
    }
}

/// A binary that is no longer what was built must not speak for anything; the next run builds it anew.
fn altered(unit: &Unit) -> Failure {
    Failure::new(
        FailureKind::Step,
        format!("{}: {} was altered after it was built", unit.label(), unit.binary.display()),
    )
    .hint("run again: it will be built anew")
}

fn agree(label: &str, answered: &Said, embedded: &Manifest) -> Result<(), Failure> {
    let same = answered.module.canonical() == embedded.module.canonical()
        && answered.proto_version == embedded.proto_version;
    if same {
        return Ok(());
    }
    let what = match answered.module.differences(&embedded.module, ["the first", "the second"]) {
        _ if answered.proto_version != embedded.proto_version => {
            format!("protocol {} and {}", answered.proto_version, embedded.proto_version)
        }
        same if same.is_empty() => "the order of keys".to_owned(),
        what => what,
    };
    Err(Failure::new(
        FailureKind::Step,
        format!("{label}: what it says when it runs is not what its manifest section says: {what}"),
    )
    .hint("make both from one declaration"))
}

fn mute(unit: &Unit, facts: &BinaryFacts) -> Failure {
    let what = if facts.go.is_some() { "Go" } else { "This" };
    // wick knows no emulator that runs on Windows.
    let emulator = if cfg!(windows) { "" } else { "or put an emulator (qemu-user, wine) on PATH; " };
    Failure::new(
        FailureKind::Step,
        format!("{}: its manifest can't be learned: it doesn't run on this machine and carries no manifest section", unit.label()),
    )
    .hint(format!(
        "{what} plugin can carry its manifest in a section (`.wick`, on macOS `__DATA,__wick`); {emulator}or build \
         that target on a machine of its own"
    ))
}

/// Conformance 2: the folder's name and `Meta.Key` are one.
fn check_identity(unit: &Unit, learned: &Learned) -> Result<(), Failure> {
    let label = unit.label();
    let meta = learned
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
    if !PROTO_RANGE.contains(&learned.proto_version) {
        return Err(Failure::new(
            FailureKind::Step,
            format!(
                "{label}: it speaks protocol {}, hosts accept {} to {}",
                learned.proto_version,
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
