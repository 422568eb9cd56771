//! Generate: runs what a plugin declares in wick.toml to make sources that are in no commit, before anything of it is
//! traced. What a command wrote is known by the files themselves, before and after, and by the record of the run before:
//! a file that lay there and that wick doesn't know from that run isn't generated, whatever its name and whoever rewrote
//! it. Nothing is ever removed.
//!
//! What a generator reads can't be traced. So all of the plugin's module (go.mod) or workspace (Cargo.toml) and of the
//! project counts as read: when anything there changes, or the program does, it runs again; and what it wrote counts as
//! the commit's only when all of that is the commit's, but for what `.gitignore` names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Freshness, Run};
use crate::model::command::CommandLine;
use crate::model::digest::{Hasher, Sha256};
use crate::model::failure::{Failure, FailureKind};
use crate::model::project::{Plugin, Source};
use crate::phase::{parallel, trace};
use crate::sys::fingerprint::is_no_source;
use crate::sys::process::{self, Limits, ProcessError};
use crate::sys::{env, files, git};
use crate::toolchain::SourcePath;

/// What a plugin's generators wrote, by path.
pub type Files = BTreeMap<PathBuf, Sha256>;

/// Per plugin that declares generators, by its place: what they wrote, or why they failed.
pub type Generated = BTreeMap<String, Result<Files, Failure>>;

/// What decides for other machines than this, or about another repository: a generator runs here, on this one.
const WITHHELD: [&str; 4] = ["GOOS", "GOARCH", "GOFLAGS", "CARGO_BUILD_TARGET"];

/// The commands of a plugin, as they are run.
#[must_use]
pub fn commands(plugin: &Plugin) -> Vec<CommandLine> {
    let env = match &plugin.source {
        Source::Go(go) => &go.env,
        Source::Rust(rust) => &rust.env,
    };
    let one = |words: &Vec<String>| {
        let (program, args) = words.split_first()?;
        // A path is one of the plugin's folder on every system.
        let program = if program.contains('/') {
            plugin.dir.join(program).to_string_lossy().into_owned()
        } else {
            program.clone()
        };
        let line = CommandLine::new(program, &plugin.dir).args(args.iter().cloned());
        Some(env.iter().fold(line, |line, (name, value)| line.env(name, value)))
    };
    plugin.generate.iter().filter_map(one).collect()
}

/// The commands as wick.toml has them, for receipts.
#[must_use]
pub fn written(plugin: &Plugin) -> String {
    serde_json::to_string(&plugin.generate).unwrap_or_default()
}

/// Runs the generators of every plugin of the plan, one plugin after the other: two may write the same files.
///
/// # Errors
/// When the user interrupts, or something can't be kept.
pub fn generate(run: &Run<'_>) -> Result<Generated, Failure> {
    let is_planned = |plugin: &&Plugin| {
        run.plan.units.iter().any(|unit| unit.plugin == plugin.key && unit.kind == plugin.kind)
    };
    let all: Vec<&Plugin> =
        run.project.plugins.iter().filter(is_planned).filter(|plugin| !plugin.generate.is_empty()).collect();
    if all.is_empty() {
        return Ok(Generated::new());
    }
    missing(run, &all)?;
    let results = parallel::each(
        "generate",
        &all,
        1,
        run.on_failure,
        run.listener,
        |plugin| plugin.key.to_string(),
        |plugin| {
            let result = of_plugin(run, plugin);
            let outcome = parallel::outcome(&result, |files| match files.len() {
                1 => "1 file".to_owned(),
                n => format!("{n} files"),
            });
            (result, outcome)
        },
    );
    let mut generated = Generated::new();
    for (plugin, result) in all.into_iter().zip(results) {
        match result {
            Some(Err(failure)) if failure.kind == FailureKind::Interrupted => return Err(failure),
            Some(result) => {
                generated.insert(plugin.place.clone(), result);
            }
            None => {
                let failure =
                    Failure::new(FailureKind::Step, "its generators were not run: another's failed");
                generated.insert(plugin.place.clone(), Err(failure));
            }
        }
    }
    super::stop_if_interrupted()?;
    Ok(generated)
}

/// A program that isn't there is said before anything is run.
fn missing(run: &Run<'_>, plugins: &[&Plugin]) -> Result<(), Failure> {
    for plugin in plugins {
        for line in commands(plugin) {
            let path = Path::new(&line.program);
            let is_there = if path.is_absolute() {
                files::is_file(path)
            } else {
                env::find_program(run.environment, &line.program).is_some()
            };
            // Windows finds programs by more names than one.
            if !is_there && !cfg!(windows) {
                let message =
                    format!("{} can't be generated: there is no program `{}`", plugin.key, line.program);
                let way_out =
                    format!("install it, or change `generate` in [plugin.{}] of wick.toml", plugin.key);
                return Err(Failure::new(FailureKind::Missing, message).hint(way_out));
            }
        }
    }
    Ok(())
}

/// What was written, by the place of the plugin whose generators did.
#[must_use]
pub fn all(generated: &Generated) -> BTreeMap<String, Files> {
    let wrote =
        |(place, files): (&String, &Result<Files, Failure>)| Some((place.clone(), files.clone().ok()?));
    generated.iter().filter_map(wrote).collect()
}

/// What a plugin's build read by way of its generators, beside its own closure: what they wrote, and whatever of the
/// project and of the module or workspace isn't the commit's. What is needs no naming: the commit names it. None for a
/// plugin without generators; nothing where it can't be told what isn't the commit's.
pub(super) fn sources(run: &Run<'_>, plugin: &Plugin, generated: &Generated) -> Option<Vec<SourcePath>> {
    let Some(Ok(files)) = generated.get(&plugin.place) else { return Some(Vec::new()) };
    // What another plugin's generators wrote was made from what counts as read here as well.
    let any: Files = all(generated).into_values().flatten().collect();
    let written = files.keys().cloned();
    Some(loose(run, plugin, &any)?.into_iter().chain(written).map(SourcePath::File).collect())
}

/// What of everything that a plugin's generators may read isn't the commit's, without what they wrote; nothing where git
/// can't tell.
fn loose(run: &Run<'_>, plugin: &Plugin, written: &Files) -> Option<Vec<PathBuf>> {
    let (root, whole) = (&run.project.root, whole(plugin));
    let loose = git::uncommitted(root).ok()?;
    let concerns = |path: &PathBuf| {
        (path.starts_with(root) || path.starts_with(whole))
            && !path.starts_with(&run.plan.output)
            && !written.contains_key(path)
    };
    // Rules that are in no commit hide nothing that could be said not to be read.
    let rules = git::loose_rules(root).ok()?;
    let is_passed = |path: &PathBuf| path.iter().any(|part| is_no_source(part.as_encoded_bytes()));
    let rules: Vec<PathBuf> =
        rules.into_iter().filter(|path| !is_passed(path) && !loose.contains(path)).collect();
    let mut loose: Vec<PathBuf> = loose.into_iter().chain(rules).filter(concerns).collect();
    // What systems and editors leave there, and what whoever works here has asked git not to see, is no input of a
    // generator, as long as it is in no commit.
    if !loose.is_empty()
        && let (Ok(tracked), Ok(hidden)) = (git::committed(root), git::hidden(root))
    {
        let is_litter =
            |path: &Path| path.file_name().is_some_and(|name| trace::is_litter(&name.to_string_lossy()));
        loose.retain(|path| tracked.contains(path) || !(is_litter(path) || hidden.contains(path)));
    }
    Some(loose)
}

/// The folder of a plugin's module or workspace.
pub(super) fn whole(plugin: &Plugin) -> &Path {
    match &plugin.source {
        Source::Go(go) => &go.module_root,
        Source::Rust(rust) => &rust.workspace_root,
    }
}

/// What is kept of a run of generators.
#[derive(Serialize, Deserialize)]
struct Record {
    commands: String,
    programs: Vec<String>,
    /// Everything that may have been read, without what was written. Nothing when a command failed.
    inputs: Option<Sha256>,
    /// What was written, by path from the project's folder.
    files: BTreeMap<String, Sha256>,
    /// Of those, what was made from inputs that weren't all the commit's.
    #[serde(default)]
    loose: BTreeSet<String>,
    /// Of those, what counts no more until it is made anew: made from inputs that weren't the commit's and are others
    /// now, or by a command that failed.
    #[serde(default)]
    stale: BTreeSet<String>,
}

fn of_plugin(run: &Run<'_>, plugin: &Plugin) -> Result<Files, Failure> {
    let keep = run.plan.output.join(".wick/generated").join(format!("{}-{}.json", plugin.kind, plugin.key));
    let known: Option<Record> = files::read(&keep).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    // What other commands wrote is none of these commands' files.
    let known = known.filter(|record| record.commands == written(plugin));
    let root = &run.project.root;
    let recorded: Files = known
        .iter()
        .flat_map(|record| &record.files)
        .map(|(path, digest)| (root.join(path), *digest))
        .collect();
    let before = look(run, plugin)?;
    let programs: Vec<String> = commands(plugin).iter().map(|line| program(run, line)).collect();
    let intact = recorded.iter().all(|(path, digest)| digest_in(&before, path) == Some(*digest));
    let fits = |record: &Record| {
        record.programs == programs && record.inputs == Some(inputs(&before, &recorded, root))
    };
    if run.freshness == Freshness::Trust && intact && known.as_ref().is_some_and(fits) {
        let counting = |record: &Record| without(&recorded, root, &record.stale);
        let counted = known.as_ref().map(counting).unwrap_or_default();
        if let Some(record) = known.filter(|record| !record.loose.is_empty())
            && loose(run, plugin, &recorded).is_some_and(|loose| loose.is_empty())
        {
            keep_record(&keep, &Record { loose: BTreeSet::new(), ..record })?;
        }
        return Ok(counted);
    }
    let scratch = run.store.scratch()?;
    let ended = commands(plugin).into_iter().try_for_each(|line| execute(plugin, line, scratch.path()));
    let after = look(run, plugin)?;
    // Wick can't tell a file that somebody wrote and a command rewrote (`gofmt -w`) from one that a command makes. So a
    // file is a generator's only when it wasn't there before, or was exactly what the same commands had left.
    let is_own = |path: &Path| {
        !before.contains_key(path)
            || recorded.get(path).is_some_and(|digest| digest_in(&before, path) == Some(*digest))
    };
    let own = || after.iter().filter(|(path, _)| is_own(path));
    let files: Files = own().filter_map(|(path, seen)| Some((path.clone(), seen.digest?))).collect();
    let mut record = Record {
        commands: written(plugin),
        programs,
        inputs: ended.is_ok().then(|| inputs(&before, &files, root)),
        files: files.iter().map(|(path, digest)| (from(root, path), *digest)).collect(),
        loose: BTreeSet::new(),
        stale: BTreeSet::new(),
    };
    let is_loose = loose(run, plugin, &files).is_none_or(|loose| !loose.is_empty());
    for (path, seen) in own() {
        let name = from(root, path);
        if before.get(path).is_none_or(|there| there.stamp != seen.stamp) {
            if ended.is_err() {
                record.stale.insert(name);
            } else if is_loose {
                record.loose.insert(name);
            }
        } else if let Some(known) = &known {
            // What a command left alone was made from what there was when it was written.
            let was_loose = known.loose.contains(&name);
            if known.stale.contains(&name) || was_loose && known.inputs != record.inputs {
                record.stale.insert(name);
            } else if was_loose && is_loose {
                record.loose.insert(name);
            }
        }
    }
    keep_record(&keep, &record)?;
    ended?;
    Ok(without(&files, root, &record.stale))
}

fn without(files: &Files, root: &Path, names: &BTreeSet<String>) -> Files {
    files
        .iter()
        .filter(|(path, _)| !names.contains(&from(root, path)))
        .map(|(p, d)| (p.clone(), *d))
        .collect()
}

fn keep_record(place: &Path, record: &Record) -> Result<(), Failure> {
    if let Some(folder) = place.parent() {
        files::create_folder(folder)?;
    }
    let text = serde_json::to_string_pretty(record).unwrap_or_default();
    Ok(files::write_atomic(place, text.as_bytes(), 0o644)?)
}

fn execute(plugin: &Plugin, line: CommandLine, scratch: &Path) -> Result<(), Failure> {
    let typed = CommandLine { env: BTreeMap::new(), ..line.clone() };
    let line =
        ["TMPDIR", "TMP", "TEMP"].iter().fold(line, |line, name| line.env(*name, scratch.to_string_lossy()));
    let is_kept = |name: &str| {
        let name = name.to_ascii_uppercase();
        !WITHHELD.contains(&name.as_str()) && !name.starts_with("GIT_")
    };
    let finished = match process::run_with(&line, is_kept, None, Limits::TOOL) {
        Ok(finished) => finished,
        Err(error @ ProcessError::Interrupted) => return Err(error.into()),
        Err(error) => {
            return Err(Failure::from(error).context(format!("{} can't be generated", plugin.key)));
        }
    };
    if finished.success() {
        return Ok(());
    }
    let message = format!("{}: its generator `{typed}` failed ({})", plugin.key, finished.ending());
    let output = Some(finished.complaint()).filter(|text| !text.is_empty());
    Err(Failure { output, ..Failure::new(FailureKind::Step, message) }
        .hint(format!("run it in {}", plugin.place)))
}

/// A file that a generator may read or write.
struct Seen {
    stamp: String,
    /// What it held.
    digest: Option<Sha256>,
}

/// Every file of the project, and of the plugin's module or workspace.
fn look(run: &Run<'_>, plugin: &Plugin) -> Result<BTreeMap<PathBuf, Seen>, Failure> {
    let mut roots = vec![run.project.root.as_path(), whole(plugin)];
    let mut passed = vec![run.plan.output.clone()];
    if let Source::Rust(rust) = &plugin.source {
        passed.push(rust.target_dir.clone());
    }
    let mut seen = BTreeMap::new();
    roots.sort();
    roots.dedup();
    let outer: Vec<&Path> = roots
        .iter()
        .filter(|root| !roots.iter().any(|above| above != *root && root.starts_with(above)))
        .copied()
        .collect();
    for root in outer {
        walk(root, &passed, &mut seen)?;
    }
    Ok(seen)
}

fn walk(folder: &Path, passed: &[PathBuf], seen: &mut BTreeMap<PathBuf, Seen>) -> Result<(), Failure> {
    for name in files::list(folder)? {
        let path = folder.join(&name);
        match files::kind(&path) {
            files::Kind::Folder
                if files::is_link(&path) || is_no_source(name.as_bytes()) || passed.contains(&path) => {}
            // What can't be read here no command reads: somebody else's folder, a container's volume.
            files::Kind::Folder if files::list(&path).is_err() => {}
            files::Kind::Folder => walk(&path, passed, seen)?,
            files::Kind::File => {
                let digest = digest_of(&path);
                if let Some(stamp) = files::touched(&path) {
                    seen.insert(path, Seen { stamp, digest });
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn inputs(seen: &BTreeMap<PathBuf, Seen>, written: &Files, root: &Path) -> Sha256 {
    let mut hasher = Hasher::default();
    for (path, one) in seen.iter().filter(|(path, _)| !written.contains_key(*path)) {
        hasher.text(&from(root, path));
        hasher.text(&one.digest.map_or_else(String::new, |digest| digest.to_string()));
    }
    hasher.finish()
}

fn digest_in(seen: &BTreeMap<PathBuf, Seen>, path: &Path) -> Option<Sha256> {
    seen.get(path)?.digest
}

fn digest_of(path: &Path) -> Option<Sha256> {
    files::digest(path).ok().map(|(_, digest)| digest)
}

fn from(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// A program by its place, size and time, so that another one is noticed.
fn program(run: &Run<'_>, line: &CommandLine) -> String {
    let path = Path::new(&line.program);
    let found = if path.is_absolute() {
        Some(path.to_owned())
    } else {
        env::find_program(run.environment, &line.program)
    };
    let stamp = found.as_deref().and_then(files::stamp).unwrap_or_default();
    format!("{} {stamp}", found.unwrap_or_else(|| path.to_owned()).display())
}
