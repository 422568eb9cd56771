//! The bare way: exactly the compiler commands that wick needs, as its plan names them, run as many at once, and nothing
//! else. What it would cost to hash and zip their output with the usual tools is a row of its own.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;

use super::copy::Copy;
use super::{BARE, BARE_ZIPPED, Scope, Subject, Way};
use crate::Result;
use crate::bench::measure::{Cost, measured};
use crate::command::Cmd;

pub(super) struct Bare {
    copy: Copy,
    jobs: usize,
    all: Vec<Step>,
    edited: Vec<Step>,
}

struct Step {
    cmd: Cmd,
    /// Files, or folders of files, that it makes.
    makes: Vec<PathBuf>,
}

impl Bare {
    pub(super) fn new(wick: &str, copy: Copy, subject: &Subject) -> Result<Bare> {
        let all = plan(wick, &copy, subject, Scope::All)?;
        let edited = plan(wick, &copy, subject, Scope::Edited)?;
        Ok(Bare { copy, jobs: subject.jobs, all, edited })
    }

    fn compile(&self, steps: &[Step]) -> Result<()> {
        let queue = Mutex::new(steps.iter());
        let work = || -> Result<()> {
            loop {
                let next = queue.lock().map_err(|_| "another step panicked")?.next();
                let Some(step) = next else { return Ok(()) };
                step.cmd.output()?;
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs.max(1)).map(|_| scope.spawn(work)).collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().map_err(|_| "a step panicked".to_owned())?)
        })
    }
}

impl Way for Bare {
    fn copy(&self) -> &Copy {
        &self.copy
    }

    fn build(&self, scope: Scope) -> Result<Vec<(&'static str, Cost, String)>> {
        let steps = if scope == Scope::All { &self.all } else { &self.edited };
        for folder in steps.iter().flat_map(|step| &step.makes).filter_map(|made| made.parent()) {
            std::fs::create_dir_all(folder).map_err(|error| format!("make {}: {error}", folder.display()))?;
        }
        let before = made(steps);
        let ((), compiling) = measured(|| self.compile(steps))?;
        // Only what is new: nothing changed means nothing to package.
        let after = made(steps);
        let new: Vec<&PathBuf> =
            after.iter().filter(|(path, sum)| before.get(*path) != Some(sum)).map(|(path, _)| path).collect();
        let ((), zipping) = measured(|| new.iter().try_for_each(|binary| zipped(binary, &self.copy.out())))?;
        let note = format!("{} commands, {} binaries", steps.len(), after.len());
        let zip_note = format!("{} new binaries", new.len());
        Ok(vec![(BARE, compiling, note), (BARE_ZIPPED, compiling.plus(zipping), zip_note)])
    }
}

/// Hash, zip, hash, as one would in a shell.
pub(super) fn zipped(binary: &Path, out: &Path) -> Result<()> {
    let (binary, zip) = (binary.display().to_string(), out.join("package.zip"));
    let _ = std::fs::remove_file(&zip);
    let zip = zip.display().to_string();
    Cmd::new("sha256sum").args([binary.as_str()]).output()?;
    Cmd::new("zip").args(["-6", "-q", "-j", "-X", &zip, &binary]).output()?;
    Cmd::new("sha256sum").args([zip]).output().map(drop)
}

/// Asks wick for its plan in this copy.
fn plan(wick: &str, copy: &Copy, subject: &Subject, scope: Scope) -> Result<Vec<Step>> {
    let cmd = subject.wick(wick, copy, scope).args(["--dry-run"]);
    let plan: Value = serde_json::from_str(&cmd.output()?)
        .map_err(|error| format!("read the plan of `{}`: {error}", cmd.shown()))?;
    let steps = plan["steps"].as_array().ok_or_else(|| format!("`{}` names no steps", cmd.shown()))?;
    Ok(steps.iter().map(|step| read_step(&step["command"], copy)).collect())
}

fn read_step(command: &Value, copy: &Copy) -> Step {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let args: Vec<String> = command["args"].as_array().into_iter().flatten().map(text).collect();
    let mut cmd =
        copy.with_caches(Cmd::new(text(&command["program"])).args(args.clone()).dir(text(&command["cwd"])));
    for (name, value) in command["env"].as_object().into_iter().flatten() {
        cmd = cmd.env(name, text(value));
    }
    Step { cmd, makes: makes(&args, &copy.cargo_target()) }
}

/// go says it with `-o`; cargo's binaries lie below its target folder.
fn makes(args: &[String], cargo_target: &Path) -> Vec<PathBuf> {
    let after = |flag: &str| args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1));
    if let Some(out) = after("-o") {
        return vec![PathBuf::from(out)];
    }
    let (Some(triple), Some(bin)) = (after("--target"), after("--bin")) else { return Vec::new() };
    let extension = if triple.contains("windows") { "exe" } else { "" };
    vec![cargo_target.join(triple).join("release").join(bin).with_extension(extension)]
}

/// The binaries that are there, with a sum of their content: go writes an unchanged one anew.
fn made(steps: &[Step]) -> BTreeMap<PathBuf, u64> {
    let files = steps.iter().flat_map(|step| &step.makes).flat_map(|made| match std::fs::read_dir(made) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => vec![made.clone()],
    });
    let sum = |file: PathBuf| {
        let mut hasher = DefaultHasher::new();
        std::fs::read(&file).ok()?.hash(&mut hasher);
        Some((file, hasher.finish()))
    };
    files.filter_map(sum).collect()
}
