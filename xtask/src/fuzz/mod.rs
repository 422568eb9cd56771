//! `cargo xtask fuzz`: makes up inputs for the readers of foreign bytes and holds them against their laws
//! (`tests/fuzz`). A short run is part of `cargo xtask test`; a long one is for whoever changes a reader.

mod run;
mod table;

use std::path::PathBuf;
use std::sync::Mutex;

use crate::command::{Cmd, say};
use crate::{Result, root};

const USAGE: &str =
    "usage: cargo xtask fuzz [TARGET...] [--minutes N | --smoke] [--jobs N] [--address] [--json]";

/// How long each target runs in CI. What a change breaks at once shows in the seeds and the first thousands of inputs.
const SMOKE_SECONDS: u64 = 4;
const MINUTES: u64 = 1;

/// What was asked for.
struct Options {
    targets: Vec<String>,
    seconds: u64,
    jobs: usize,
    /// With AddressSanitizer: finds misuse of memory in what dependencies do with `unsafe`, at half the speed.
    address: bool,
    /// The table as JSON on stdout, all else on stderr.
    json: bool,
}

/// A step of [`test`](crate::ci::test): every target, briefly.
pub(crate) fn smoke(_: &[String]) -> Result<()> {
    run(&["--smoke".to_owned()])
}

/// Fuzzes the targets that are named, or all.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = Options::read(args)?;
    let all = targets()?;
    if let Some(unknown) = options.targets.iter().find(|target| !all.contains(target)) {
        return Err(format!("no target `{unknown}`; there are {}", all.join(", ")));
    }
    let chosen = if options.targets.is_empty() { &all } else { &options.targets };
    let programs = build(&options)?;
    let queue = Mutex::new(chosen.iter());
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs {
            scope.spawn(|| {
                let next = || queue.lock().ok().and_then(|mut queue| queue.next());
                while let Some(target) = next() {
                    let outcome = run::fuzz(target, &programs, options.seconds);
                    options.say(&format!("{target}: {}", table::in_words(&outcome)));
                    outcomes.lock().map(|mut all| all.push((target.clone(), outcome))).ok();
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().map_err(|error| error.to_string())?;
    outcomes.sort_by(|one, other| one.0.cmp(&other.0));
    table::print(&outcomes, &options)
}

impl Options {
    fn read(args: &[String]) -> Result<Options> {
        // More would slow the others of this machine down, and each other.
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let mut options = Options {
            targets: Vec::new(),
            seconds: MINUTES * 60,
            jobs: cpus.min(2),
            address: false,
            json: false,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut number = || {
                let value = args.next().ok_or_else(|| format!("`{arg}` needs a value\n{USAGE}"))?;
                let number = value.parse::<u64>().ok().filter(|number| *number > 0);
                number.ok_or_else(|| format!("`{value}` is not a number of at least 1"))
            };
            match arg.as_str() {
                "--smoke" => options.seconds = SMOKE_SECONDS,
                "--minutes" => options.seconds = number()?.saturating_mul(60),
                "--jobs" => options.jobs = number()?.min(64) as usize,
                "--address" => options.address = true,
                "--json" => options.json = true,
                name if !name.starts_with('-') => options.targets.push(name.to_owned()),
                _ => return Err(format!("unexpected `{arg}`\n{USAGE}")),
            }
        }
        Ok(options)
    }

    /// Tells what happens: on stderr when stdout is for programs.
    fn say(&self, line: &str) {
        if self.json { eprintln!("{line}") } else { say(line) }
    }
}

/// The names of all targets: one file each.
fn targets() -> Result<Vec<String>> {
    let folder = folder().join("fuzz_targets");
    let files = std::fs::read_dir(&folder).map_err(|error| format!("read {}: {error}", folder.display()))?;
    let stem = |path: PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = files.flatten().filter_map(|file| stem(file.path())).collect();
    names.sort();
    Ok(names)
}

fn folder() -> PathBuf {
    root().join("tests/fuzz")
}

/// Where everything goes that fuzzing makes: programs, inputs that were found, logs.
fn output() -> PathBuf {
    root().join("target/fuzz")
}

/// Builds all targets; the folder they are in.
fn build(options: &Options) -> Result<PathBuf> {
    let rustc = Cmd::line("rustc -vV").output()?;
    let triple = rustc.lines().find_map(|line| line.strip_prefix("host: "));
    let triple = triple.ok_or("rustc doesn't say for which machine it compiles")?;
    // Coverage needs no nightly compiler; only sanitizers do, or a stable one that is told to act as such.
    let (sanitizer, target) =
        if options.address { ("address", output().join("address")) } else { ("none", output()) };
    let build = Cmd::new("cargo-fuzz").args(["fuzz", "build", "--sanitizer", sanitizer, "--target", triple]);
    // One unit, which it takes by itself, is one thread: minutes for wick alone.
    let build = build.args(["--codegen-units", "16"]);
    let build = build.args(["--fuzz-dir".to_owned(), folder().display().to_string()]);
    let build = build.args(["--target-dir".to_owned(), target.display().to_string()]);
    let build = if options.address { build.env("RUSTC_BOOTSTRAP", "1") } else { build };
    options.say(&format!("$ {}", build.shown()));
    if options.json {
        build.output()?;
    } else {
        build.run_unshown().map_err(|status| format!("`{}` failed: {status}", build.shown()))?;
    }
    Ok(target.join(triple).join("release"))
}
