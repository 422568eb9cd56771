//! Build: from units to binaries that are what their target says, each with a receipt. Only what is stale is compiled.

mod collect;
mod freshness;
pub mod stand_in;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::parallel::{self, OnFailure};
use super::{Run, generate, trace};
use crate::model::event::{Event, StepOutcome};
use crate::model::failure::{Failure, FailureKind};
use crate::model::plan::{Step, Unit};
use crate::model::project::{Language, Plugin};
use crate::model::receipt::{BuildReceipt, Input};
use crate::model::target::Target;
use crate::phase::plan;
use crate::sys::files;
use crate::sys::process::{self, Limits};
use crate::toolchain::parts::Part;
use crate::toolchain::{self, Closure, SourcePath};

/// What the build phase knows of one unit.
#[derive(Clone, Debug)]
pub enum BuildState {
    /// The binary exists and is known.
    Ready {
        /// What it was made from.
        receipt: Box<BuildReceipt>,
        /// Why it was compiled; empty when it was up to date.
        reasons: Vec<String>,
    },
    /// It could not be made.
    Failed {
        /// Why it was compiled.
        reasons: Vec<String>,
        /// What went wrong.
        failure: Failure,
    },
    /// Another step failed first.
    NotTried {
        /// Why it would have been compiled.
        reasons: Vec<String>,
    },
}

/// What the phase leaves: one state per unit, and how many compilers were started.
pub struct Built {
    /// One per unit of the plan, in its order.
    pub states: Vec<BuildState>,
    /// Compiler processes started.
    pub compiler_runs: usize,
    /// What generators wrote, by the place of their plugin.
    pub generated: BTreeMap<String, generate::Files>,
}

/// What to do about a place in a binary.
pub const PLACES_HINT: &str = "keep the folder out of the sources: no `env!(\"CARGO_MANIFEST_DIR\")` or `env!(\"OUT_DIR\")` as a \
                               text; `include_str!` and `include_bytes!` take the content instead";

/// That a binary names folders of the machine that built it; build, check and reproduce say it in these words.
#[must_use]
pub fn places_text(places: &[String]) -> Option<String> {
    let more = places.len().saturating_sub(3);
    let shown: Vec<&str> = places.iter().take(3).map(String::as_str).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!places.is_empty()).then(|| {
        format!("folders of this machine are in the binary, so it has other bytes when it is built elsewhere: {}{rest}", shown.join(", "))
    })
}

/// What is known about the sources of one unit before it is compiled.
#[derive(Clone, Default)]
pub(super) struct Traced {
    /// Digests taken before the compiler starts; nothing when they can't be listed, so no receipt is kept.
    inputs: Option<Vec<Input>>,
    /// Files of the repository's own packages, relative to the project.
    files: Vec<String>,
    /// Of those, the files that are left out because they need C.
    left_out: Vec<String>,
    /// The packages or modules it can draw on.
    parts: Vec<Part>,
}

/// Makes every binary of the plan that isn't up to date.
///
/// # Errors
/// Only when nothing can go on: the scratch folder can't be made, the user interrupts.
pub fn build(run: &Run<'_>) -> Result<Built, Failure> {
    // Before anything is read: it may write what is.
    let generated = generate::generate(run)?;
    let written = generate::all(&generated);
    let every: Vec<usize> = (0..run.plan.units.len()).collect();
    let failed = |at: usize| match generated.get(&plan::plugin_of(&run.plan.units[at], run.project).place) {
        Some(Err(failure)) => Some(failure.clone()),
        _ => None,
    };
    let halted = run.on_failure == OnFailure::Stop && generated.values().any(Result::is_err);
    let verdicts: Vec<freshness::Verdict> = freshness::judge_all(run, &every);
    let stale: Vec<usize> = every.iter().copied().filter(|at| verdicts[*at].receipt.is_none()).collect();
    let mut states: Vec<BuildState> = verdicts
        .into_iter()
        .map(|verdict| match verdict.receipt {
            Some(receipt) => BuildState::Ready { receipt: Box::new(receipt), reasons: Vec::new() },
            None => BuildState::NotTried { reasons: verdict.reasons },
        })
        .collect();
    let stale: Vec<usize> = stale.into_iter().filter(|at| !halted && failed(*at).is_none()).collect();
    for at in every {
        if let Some(failure) = failed(at) {
            states[at] = BuildState::Failed { reasons: Vec::new(), failure };
        }
    }
    if stale.is_empty() {
        return Ok(Built { states, compiler_runs: 0, generated: written });
    }

    let traced = trace_all(run, &stale, &generated)?;
    let scratch = run.store.scratch()?;
    let steps = plan::steps(
        &run.plan.units,
        &stale,
        run.project,
        run.tools,
        run.environment,
        scratch.path(),
        run.plan.jobs,
    );
    let compiler_runs = Mutex::new(0);
    let results = parallel::each_with_locks(
        "build",
        &steps,
        run.plan.jobs,
        run.on_failure,
        run.listener,
        |step| label(run, step),
        |step| step.locks.as_deref(),
        |step| {
            let outcomes = compile(run, step, scratch.path(), &traced, &compiler_runs);
            let failed = outcomes.iter().any(|(_, outcome)| outcome.is_err());
            (outcomes, if failed { StepOutcome::Failed } else { StepOutcome::Done(String::new()) })
        },
    );
    let outcomes = results.into_iter().flatten().flatten();
    for (at, outcome) in outcomes {
        let reasons = match &states[at] {
            BuildState::NotTried { reasons } => reasons.clone(),
            _ => Vec::new(),
        };
        states[at] = match outcome {
            Ok(receipt) => BuildState::Ready { receipt: Box::new(receipt), reasons },
            Err(failure) => BuildState::Failed { reasons, failure },
        };
    }
    let compiler_runs = compiler_runs.into_inner().unwrap_or_default();
    Ok(Built { states, compiler_runs, generated: written })
}

/// What came of one unit of a step.
pub(super) type UnitOutcome = (usize, Result<BuildReceipt, Failure>);

fn label(run: &Run<'_>, step: &Step) -> String {
    let names: Vec<&str> = step.units.iter().map(|at| run.plan.units[*at].plugin.as_str()).collect();
    format!("{} {}", names.join(", "), step.target)
}

/// Lists and digests the sources of stale units, before any compiler starts: a file that changes meanwhile makes
/// the receipt stale, never the binary wrong.
fn trace_all(
    run: &Run<'_>,
    stale: &[usize],
    generated: &generate::Generated,
) -> Result<Vec<Traced>, Failure> {
    let mut traced = vec![Traced::default(); run.plan.units.len()];
    // Rust's answer is the same for every target; Go's depends on it.
    let groups: BTreeSet<(Language, Option<Target>)> = stale
        .iter()
        .map(|at| &run.plan.units[*at])
        .map(|unit| (unit.language, (unit.language == Language::Go).then_some(unit.target)))
        .collect();
    let groups: Vec<_> = groups.into_iter().collect();
    let of_group = |(language, target): &(Language, Option<Target>)| -> Vec<usize> {
        let fits = |unit: &Unit| unit.language == *language && target.is_none_or(|t| unit.target == t);
        stale.iter().copied().filter(|at| fits(&run.plan.units[*at])).collect()
    };
    let results = parallel::each(
        "trace",
        &groups,
        run.plan.jobs,
        OnFailure::KeepGoing,
        &|_: Event| {},
        |_| String::new(),
        |group| {
            let members = of_group(group);
            let mut plugins: Vec<_> =
                members.iter().map(|at| plan::plugin_of(&run.plan.units[*at], run.project)).collect();
            plugins.sort_by_key(|plugin| &plugin.place);
            plugins.dedup_by_key(|plugin| &plugin.place);
            let target = run.plan.units[members[0]].target;
            let closures = match trace::closures(&plugins, target, run.tools, run.environment) {
                Ok(closures) => closures,
                Err(failure) => return (Err(failure), StepOutcome::Failed),
            };
            let by_place: BTreeMap<&str, Traced> = closures
                .iter()
                .map(|(plugin, closure)| {
                    (plugin.place.as_str(), digested(run, (plugin, target), closure, generated))
                })
                .collect();
            let of = |at: usize| {
                let plugin = plan::plugin_of(&run.plan.units[at], run.project);
                (at, by_place.get(plugin.place.as_str()).cloned().unwrap_or_default())
            };
            (Ok(members.into_iter().map(of).collect::<Vec<_>>()), StepOutcome::Done(String::new()))
        },
    );
    for result in results {
        for (at, one) in result.ok_or_else(parallel::interrupted)?? {
            traced[at] = one;
        }
    }
    Ok(traced)
}

fn digested(
    run: &Run<'_>,
    (plugin, target): (&Plugin, Target),
    closure: &Result<Closure, Failure>,
    generated: &generate::Generated,
) -> Traced {
    // Broken sources: the compiler will say what is wrong better than we can.
    let Ok(closure) = closure else { return Traced::default() };
    let root = &run.project.root;
    let shown = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let needs_c = |path: &&PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        files::read_text(path).is_ok_and(|text| toolchain::go::needs_only_c(&name, &text, target))
    };
    let sources = generate::sources(run, plugin, generated)
        .map(|more| closure.sources.iter().cloned().chain(more).collect::<Vec<SourcePath>>());
    Traced {
        left_out: closure.ignored.iter().filter(needs_c).map(shown).collect(),
        inputs: sources.and_then(|sources| {
            let mut inputs = trace::inputs(&sources, root, run.fingerprints)?;
            inputs.extend(trace::whole(&closure.whole, root, run.fingerprints)?);
            Some(inputs)
        }),
        files: closure.files.iter().map(shown).collect(),
        parts: closure.parts.clone(),
    }
}

/// Runs one compiler step; a shared run that failed is taken apart, so that each plugin has its own answer.
fn compile(
    run: &Run<'_>,
    step: &Step,
    scratch: &Path,
    traced: &[Traced],
    runs: &Mutex<usize>,
) -> Vec<UnitOutcome> {
    if let Ok(mut runs) = runs.lock() {
        *runs += 1;
    }
    // Compilers that are interrupted leave their work folders behind; the scratch folder goes whatever happens.
    let mut command = step.command.clone();
    for name in ["TMPDIR", "TMP", "TEMP"] {
        command = command.env(name, scratch.to_string_lossy());
    }
    let laid = step.kit.as_ref().map_or(Ok(()), stand_in::lay);
    let finished = match laid.and_then(|()| Ok(process::run(&command, Limits::TOOL)?)) {
        Ok(finished) => finished,
        Err(failure) => {
            return step.units.iter().map(|at| (*at, Err(failure.clone()))).collect();
        }
    };
    if finished.success() {
        return step
            .units
            .iter()
            .map(|at| (*at, collect::collect(run, *at, step, &finished, &traced[*at])))
            .collect();
    }
    if step.units.len() > 1 {
        let alone = |at: &usize| {
            let place = run.store.scratch()?;
            let one = plan::steps(
                &run.plan.units,
                &[*at],
                run.project,
                run.tools,
                run.environment,
                place.path(),
                1,
            );
            let mut outcomes = compile(run, &one[0], place.path(), traced, runs);
            outcomes.swap_remove(0).1
        };
        return step.units.iter().map(|at| (*at, alone(at))).collect();
    }
    let at = step.units[0];
    let mut failure = Failure::new(
        FailureKind::Step,
        format!("{} does not compile ({})", run.plan.units[at].label(), finished.ending()),
    )
    .hint(format!("run it alone: {}", step.command.typed()));
    failure.output = Some(finished.complaint());
    vec![(at, Err(failure))]
}
