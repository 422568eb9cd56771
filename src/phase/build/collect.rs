//! Takes a compiler's output: finds the binary, checks that it is what its target says (the truth gate), keeps it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::{Run, plan, trace};
use super::Traced;
use super::freshness::{conditions, read_variable};
use crate::inspect;
use crate::model::artifact::BinaryFacts;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use crate::model::package::PACKAGE_MAX;
use crate::model::plan::{Outputs, Step};
use crate::model::project::{Plugin, Source};
use crate::model::receipt::{BuildReceipt, Composition, RECEIPT_SCHEMA};
use crate::model::tools::Tools;
use crate::sys::files;
use crate::sys::process::Finished;
use crate::toolchain::{SourcePath, cargo, go};

pub(super) fn collect(
    run: &Run<'_>,
    at: usize,
    step: &Step,
    finished: &Finished,
    traced: &Traced,
) -> Result<BuildReceipt, Failure> {
    let unit = &run.plan.units[at];
    let plugin = plan::plugin_of(unit, run.project);
    let made = match &step.outputs {
        Outputs::File(file) => Some(file.clone()),
        Outputs::Folder(folder) => Some(folder.join(&unit.entry)),
        Outputs::CargoMessages => cargo::executable(&finished.stdout_text(), plugin),
    };
    let made = made.filter(|path| files::is_file(path)).ok_or_else(|| {
        Failure::new(
            FailureKind::Step,
            format!("{}: the compiler ended well but left no binary", unit.label()),
        )
        .hint(format!(
            "is {} a program (package main, a [[bin]])? the command was: {}",
            plugin.place, step.command
        ))
    })?;
    let bytes = files::read_capped(&made, PACKAGE_MAX)?;
    let facts = inspect::inspect(&bytes).map_err(|error| Failure::from(error).context(unit.label()))?;
    let mut wrong = facts.contradictions(unit.target);
    wrong.extend(facts.requirement_contradictions(unit.target));
    let unasked = facts.raised_levels().into_iter().filter(|level| !plugin.asks_for(level));
    wrong.extend(unasked.map(|level| format!("it needs {level}, and {} stands for the lowest", unit.target)));
    if !wrong.is_empty() {
        return Err(Failure::new(
            FailureKind::Step,
            format!("{}: what was built is not what was asked for: {}", unit.label(), wrong.join("; ")),
        )
        .hint("check CGO_ENABLED, the flags in wick.toml and the target triple"));
    }

    if let Some(folder) = unit.binary.parent() {
        files::create_folder(folder)?;
    }
    // The old receipt must not outlive the old binary.
    run.store.forget_build(unit)?;
    files::write_atomic(&unit.binary, &bytes, 0o755)?;
    let mut receipt = BuildReceipt {
        schema: RECEIPT_SCHEMA,
        plugin: unit.plugin.clone(),
        kind: unit.kind,
        version: unit.version.clone(),
        target: unit.target,
        conditions: std::collections::BTreeMap::new(),
        inputs: Vec::new(),
        sha256: Sha256::of(&bytes),
        size: bytes.len() as u64,
        files: traced.files.clone(),
        composition: composition(plugin, step, finished, traced, &facts, run.tools),
        origin: Some((run.origin)()),
        facts,
    };
    receipt.conditions = conditions(run, unit, &receipt);
    if let Some(inputs) = traced.inputs.clone() {
        receipt.inputs = inputs;
        let all_known = match plugin.source {
            Source::Rust(_) => add_what_rustc_read(run, plugin, &made, &mut receipt).is_some(),
            Source::Go(_) => true,
        };
        if all_known {
            run.store.keep_build(unit, &receipt)?;
        }
    }
    Ok(receipt)
}

/// Whose code the binary consists of; nothing when its tools couldn't tell.
fn composition(
    plugin: &Plugin,
    step: &Step,
    finished: &Finished,
    traced: &Traced,
    facts: &BinaryFacts,
    tools: &Tools,
) -> Option<Composition> {
    match &plugin.source {
        Source::Go(_) => Some(go::composition(facts.go.as_ref()?, &traced.parts)),
        Source::Rust(rust) => {
            let triple = step.command.args.iter().skip_while(|arg| *arg != "--target").nth(1)?;
            let lock = files::read_text(&rust.workspace_root.join("Cargo.lock")).unwrap_or_default();
            let rustc = &tools.cargo.as_ref()?.rustc;
            let is_known = !traced.parts.is_empty();
            let messages = finished.stdout_text();
            is_known.then(|| cargo::composition(&messages, triple, &traced.parts, &lock, rustc))
        }
    }
}

/// cargo and rustc tell after the fact which files (`include_str!`, build scripts) and variables they read.
/// Nothing when one of them can't be read completely: then no receipt is kept.
fn add_what_rustc_read(
    run: &Run<'_>,
    plugin: &Plugin,
    made: &Path,
    receipt: &mut BuildReceipt,
) -> Option<()> {
    let profile = made.parent()?;
    let own_list = profile.join(format!("{}.d", made.file_stem().unwrap_or_default().to_string_lossy()));
    let mut paths = cargo::dep_info(&files::read_text(&own_list).unwrap_or_default());
    let mut variables = Vec::new();
    for name in files::list(&profile.join("deps")).unwrap_or_default() {
        if name.ends_with(".d") {
            let text = files::read_text(&profile.join("deps").join(&name)).unwrap_or_default();
            variables.extend(cargo::env_deps(&text));
        }
    }
    let scripts = profile.join("build");
    for name in files::list(&scripts).unwrap_or_default() {
        let Ok(output) = files::read_text(&scripts.join(&name).join("output")) else { continue };
        let (read, asked) = cargo::build_script_deps(&output);
        // A relative path belongs to a package that is watched as a whole, or pinned by Cargo.lock.
        paths.extend(read.into_iter().filter(|path| path.is_absolute()));
        variables.extend(asked);
    }
    variables.sort();
    variables.dedup();
    // Set by cargo for each package; the ones of a cargo that runs wick are not theirs.
    for name in variables
        .iter()
        .filter(|name| !name.starts_with("CARGO") && *name != "WICK_PLUGIN_VERSION" && *name != "OUT_DIR")
    {
        receipt.conditions.insert(format!("read {name}"), read_variable(run, name));
    }
    let Source::Rust(rust) = &plugin.source else { return None };
    let root = &run.project.root;
    // Where a path leads, not how it is spelled, decides whether a watched folder holds it.
    let watched = |path: &PathBuf| {
        let real = files::canonical(path).unwrap_or_else(|_| files::without_dots(path));
        path.starts_with(&rust.target_dir)
            || receipt.inputs.iter().any(|input| match &input.state {
                crate::model::receipt::InputState::Tree(_) => real.starts_with(root.join(&input.path)),
                _ => root.join(&input.path) == real,
            })
    };
    let more: BTreeSet<SourcePath> =
        paths.into_iter().filter(|path| !watched(path)).map(|path| as_source(&path)).collect();
    let more: Vec<SourcePath> = more.into_iter().collect();
    receipt.inputs.extend(trace::inputs(&more, root, run.fingerprints)?);
    Some(())
}

/// A path as compilers name it (`src/../../docs/notice.txt`), spelled as people do unless a link is on the way.
/// Build scripts name folders too.
fn as_source(path: &Path) -> SourcePath {
    let short = files::without_dots(path);
    let path = if files::canonical(path).is_ok_and(|real| real == short) { short } else { path.to_owned() };
    if files::kind(&path) == files::Kind::Folder { SourcePath::Tree(path) } else { SourcePath::File(path) }
}
