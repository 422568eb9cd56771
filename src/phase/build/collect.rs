//! Takes a compiler's output: finds the binary, checks that it is what its target says (the truth gate), keeps it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::{Run, plan, trace};
use super::Traced;
use super::freshness::{conditions, read_variable};
use crate::inspect::{self, layout};
use crate::model::artifact::BinaryFacts;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use crate::model::package::PACKAGE_MAX;
use crate::model::plan::{Outputs, Step};
use crate::model::project::{Plugin, RustSource, Source};
use crate::model::receipt::{BuildReceipt, Composition, RECEIPT_SCHEMA};
use crate::model::tools::Tools;
use crate::sys::process::Finished;
use crate::sys::{env, files};
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

    // The old receipt must not outlive the old binary.
    run.store.forget_build(unit)?;
    files::write_output(&run.plan.output, &unit.binary, &bytes, 0o755)?;
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
        left_out: traced.left_out.clone(),
        composition: composition(plugin, step, finished, traced, &facts, run.tools),
        places: layout::folders_in(&bytes, &folders(run, plugin)),
        origin: Some((run.origin)()),
        facts,
    };
    receipt.conditions = conditions(run, unit, &receipt);
    let mut read: Vec<PathBuf> = traced.files.iter().map(|file| run.project.root.join(file)).collect();
    if let Some(inputs) = traced.inputs.clone() {
        receipt.inputs = inputs;
        let told = match plugin.source {
            Source::Rust(_) => add_what_rustc_read(run, plugin, &made, &finished.stdout_text(), &mut receipt),
            Source::Go(_) => Some(Vec::new()),
        };
        match told {
            Some(told) => read.extend(told),
            // To tell some would be to vouch for the rest.
            None => receipt.inputs.clear(),
        }
    }
    // Whoever uses the plugin would find that text.
    if let Some(pointer) = read.iter().find(|path| is_pointer(run, path)) {
        let root = &run.project.root;
        let shown = pointer.strip_prefix(root).unwrap_or(pointer).display();
        let message = format!("{}: {shown} is compiled in, and it is a Git LFS pointer", unit.label());
        return Err(Failure::new(FailureKind::Missing, message).hint("run `git lfs pull`"));
    }
    if !receipt.inputs.is_empty() {
        run.store.keep_build(unit, &receipt)?;
    }
    Ok(receipt)
}

fn is_pointer(run: &Run<'_>, path: &Path) -> bool {
    run.fingerprints.source(path).is_some_and(|content| content.is_pointer)
}

/// The folders of this machine that a build knows of, as they are named and as they are behind links. What a source takes
/// from its compiler as a text (`env!("CARGO_MANIFEST_DIR")`) no flag can change, so it is looked for.
fn folders(run: &Run<'_>, plugin: &Plugin) -> Vec<String> {
    let tools = [
        run.tools.cargo.as_ref().map(|cargo| cargo.home.clone()),
        run.tools.go.as_ref().map(|go| go.module_cache.clone()),
    ];
    let mut all = vec![run.project.root.clone(), run.plan.output.clone()];
    all.extend(env::home(run.environment));
    all.extend(tools.into_iter().flatten());
    match &plugin.source {
        Source::Rust(rust) => {
            all.extend([rust.workspace_root.clone(), rust.target_dir.clone(), rust.repository.clone()]);
            all.extend(rust.build_dir.clone());
        }
        Source::Go(go) => all.push(go.module_root.clone()),
    }
    let real: Vec<PathBuf> = all.iter().filter_map(|folder| files::canonical(folder).ok()).collect();
    all.extend(real);
    let mut all: Vec<String> = all.iter().map(|folder| folder.to_string_lossy().into_owned()).collect();
    all.sort();
    all.dedup();
    all
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

/// cargo and rustc tell after the fact which files (`mod`, `include_str!`, build scripts) and variables they read; each
/// file becomes an input of its own. Nothing when one of them can't be read completely: then no receipt is kept.
fn add_what_rustc_read(
    run: &Run<'_>,
    plugin: &Plugin,
    made: &Path,
    messages: &str,
    receipt: &mut BuildReceipt,
) -> Option<Vec<PathBuf>> {
    let Source::Rust(rust) = &plugin.source else { return None };
    let profile = made.parent()?;
    let own_list = profile.join(format!("{}.d", made.file_stem().unwrap_or_default().to_string_lossy()));
    let mut paths = cargo::dep_info(&files::read_text(&own_list).ok()?);
    let mut variables = variables_read(&lists(rust, profile)?)?;
    // What build scripts wrote is made of what they read, and is told as that.
    let out_dirs = cargo::out_dirs(messages);
    for output in out_dirs.iter().filter_map(|folder| Some(folder.parent()?.join("output"))) {
        let output = files::read_text(&output).ok()?;
        let (read, asked) = cargo::build_script_deps(&output);
        // A relative path belongs to a package that is listed as a whole, or pinned by Cargo.lock; cargo's own list has it.
        paths.extend(read.into_iter().filter(|path| path.is_absolute()));
        variables.extend(asked);
    }
    variables.sort();
    variables.dedup();
    // Set by cargo for each package; the ones of a cargo that runs wick are not theirs.
    for name in variables
        .iter()
        .filter(|name| !name.starts_with("CARGO") && *name != "WICK_PLUGIN_VERSION" && *name != "OUT_DIR")
        .filter(|name| !cargo::is_taken_out(name))
    {
        receipt.conditions.insert(format!("read {name}"), read_variable(run, name));
    }
    let root = &run.project.root;
    let known: BTreeSet<PathBuf> = receipt.inputs.iter().map(|input| root.join(&input.path)).collect();
    let (mut more, mut told) = (BTreeSet::new(), Vec::new());
    for path in paths {
        let path = if path.is_absolute() {
            path
        } else {
            // Shortened by build.dep-info-basedir, which is the workspace's folder or can't be known.
            let path = rust.workspace_root.join(path);
            (files::kind(&path) != files::Kind::Missing).then_some(path)?
        };
        let source = as_source(&path);
        let (SourcePath::File(at) | SourcePath::Package(at) | SourcePath::Tree(at)) = &source;
        if out_dirs.iter().any(|folder| at.starts_with(folder)) {
            continue;
        }
        told.push(at.clone());
        if !known.contains(at) {
            more.insert(source);
        }
    }
    let more: Vec<SourcePath> = more.into_iter().collect();
    // A build script that names a folder may read every file of it.
    let folders = more.iter().filter_map(|source| match source {
        SourcePath::Tree(folder) => Some(folder.clone()),
        _ => None,
    });
    let inner = trace::whole(&folders.collect::<Vec<_>>(), root, run.fingerprints)?;
    receipt.inputs.extend(trace::inputs(&more, root, run.fingerprints)?);
    receipt.inputs.extend(inner);
    Some(told)
}

/// Where rustc leaves its lists of what it read: with a `build.build-dir` not beside the binary, but in a folder of the
/// same name (`<triple>/release`) there.
fn lists(rust: &RustSource, profile: &Path) -> Option<PathBuf> {
    let Some(build) = &rust.build_dir else { return Some(profile.join("deps")) };
    Some(build.join(profile.parent()?.file_name()?).join(profile.file_name()?).join("deps"))
}

/// The variables that rustc's lists in a folder name. Nothing when there is no list, or one that can't be read: that's not to say
/// that no variable was.
fn variables_read(lists: &Path) -> Option<Vec<String>> {
    let names = files::list(lists).ok()?.into_iter().filter(|name| name.ends_with(".d"));
    let texts: Option<Vec<String>> = names.map(|name| files::read_text(&lists.join(name)).ok()).collect();
    let texts = texts.filter(|texts| !texts.is_empty())?;
    Some(texts.iter().flat_map(|text| cargo::env_deps(text)).collect())
}

/// A path as compilers name it (`src/../../docs/notice.txt`), spelled as people do unless a link is on the way.
/// Build scripts name folders too.
fn as_source(path: &Path) -> SourcePath {
    let short = files::without_dots(path);
    let path = if files::canonical(path).is_ok_and(|real| real == short) { short } else { path.to_owned() };
    if files::kind(&path) == files::Kind::Folder { SourcePath::Tree(path) } else { SourcePath::File(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rustc_read_is_looked_for_where_it_is_told_or_nothing_is() {
        let rust = |build_dir: Option<&str>| RustSource {
            workspace_root: PathBuf::from("/w"),
            target_dir: PathBuf::from("/w/target"),
            build_dir: build_dir.map(PathBuf::from),
            repository: PathBuf::from("/w"),
            package: "p".to_owned(),
            binary: "p".to_owned(),
            features: Vec::new(),
            default_features: true,
            triples: std::collections::BTreeMap::new(),
            env: std::collections::BTreeMap::new(),
            has_lock: true,
        };
        for (build_dir, profile, wanted) in [
            (None, "/w/target/t/release", "/w/target/t/release/deps"),
            (Some("/b"), "/w/target/t/release", "/b/t/release/deps"),
            // A rebuild has another target folder.
            (Some("/b"), "/w/target/wick-reproduce/t/release", "/b/t/release/deps"),
        ] {
            let found = lists(&rust(build_dir), Path::new(profile)).unwrap();
            assert_eq!(found, Path::new(wanted), "{build_dir:?}");
        }

        let folder = tempfile::tempdir().unwrap();
        let deps = folder.path().join("deps");
        assert_eq!(variables_read(&deps), None, "no folder");
        files::create_folder(&deps).unwrap();
        assert_eq!(variables_read(&deps), None, "no list");
        files::write_atomic(&deps.join("p.d"), b"p: src/main.rs\n\n# env-dep:FLAVOUR=sweet\n", 0o644)
            .unwrap();
        assert_eq!(variables_read(&deps), Some(vec!["FLAVOUR".to_owned()]));
        files::create_folder(&deps.join("q.d")).unwrap();
        assert_eq!(variables_read(&deps), None, "an unreadable list");
    }
}
