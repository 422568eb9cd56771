//! `cargo xtask bench`: ours against what one would otherwise run, in the same session, as ratios.
//! Runs are interleaved, so that a busy machine is busy for all; medians are compared, of wall time and of CPU time.

mod build;
mod catalog;
mod measure;
mod package;
mod sdk;
mod start;
mod status;
mod table;

use std::path::PathBuf;

use crate::command::Cmd;
use crate::{Result, root};

const USAGE: &str = "usage: cargo xtask bench build|catalog|package|sdk|start|status [--json] [--smoke] [--rounds N] [--wick PATH]
       build also: [--only cold,edit,same] [--cold-rounds N] [--targets LIST] [--plugins LIST] [--edit FILE] [--jobs N]";

/// What was asked for.
#[derive(Clone, Debug, Default)]
struct Options {
    /// JSON on stdout, the tables on stderr.
    json: bool,
    /// See that it runs: few rounds of little work, with the dev profile.
    smoke: bool,
    rounds: Option<usize>,
    cold_rounds: Option<usize>,
    jobs: Option<usize>,
    wick: Option<String>,
    only: Option<String>,
    targets: Option<String>,
    plugins: Option<String>,
    edit: Option<String>,
}

/// Runs the bench that is named first.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some((name, rest)) = args.split_first() else { return Err(USAGE.to_owned()) };
    let options = Options::read(rest)?;
    match name.as_str() {
        "build" => build::run(&options),
        "catalog" => catalog::run(&options),
        "package" => package::run(&options),
        "sdk" => sdk::run(&options),
        "start" => start::run(&options),
        "status" => status::run(&options),
        _ => Err(format!("no bench `{name}`\n{USAGE}")),
    }
}

impl Options {
    fn read(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().cloned().ok_or_else(|| format!("`{arg}` needs a value\n{USAGE}"));
            let number =
                |text: String| text.parse::<usize>().map_err(|_| format!("`{text}` is not a number"));
            match arg.as_str() {
                "--json" => options.json = true,
                "--smoke" => options.smoke = true,
                "--rounds" => options.rounds = Some(number(value()?)?),
                "--cold-rounds" => options.cold_rounds = Some(number(value()?)?),
                "--jobs" => options.jobs = Some(number(value()?)?),
                "--wick" => options.wick = Some(value()?),
                "--only" => options.only = Some(value()?),
                "--targets" => options.targets = Some(value()?),
                "--plugins" => options.plugins = Some(value()?),
                "--edit" => options.edit = Some(value()?),
                _ => return Err(format!("unexpected `{arg}`\n{USAGE}")),
            }
        }
        Ok(options)
    }

    /// Tells what happens: on stderr when stdout is for programs.
    fn say(&self, line: &str) {
        if self.json { eprintln!("{line}") } else { crate::command::say(line) }
    }

    /// The wick to measure: the one named, else this repository's, built now.
    fn wick(&self) -> Result<String> {
        if let Some(path) = &self.wick {
            let absolute = std::path::absolute(path).map_err(|error| format!("{path}: {error}"))?;
            return Ok(absolute.display().to_string());
        }
        Ok(self.built(&["--package", "wick"], "wick")?.display().to_string())
    }

    /// Builds a program of this workspace, in release unless this is a smoke run; its path.
    fn built(&self, what: &[&str], program: &str) -> Result<PathBuf> {
        let (flags, profile): (&[&str], _) =
            if self.smoke { (&[], "debug") } else { (&["--release"], "release") };
        let build = Cmd::new("cargo").args(["build", "--quiet"]).args(flags.iter().chain(what).copied());
        self.say(&format!("$ {}", build.shown()));
        build.output()?;
        let target = Cmd::line("cargo metadata --no-deps --format-version 1").output()?;
        let metadata: serde_json::Value =
            serde_json::from_str(&target).map_err(|error| format!("read cargo's metadata: {error}"))?;
        let folder = metadata["target_directory"].as_str().unwrap_or("target");
        Ok(root().join(folder).join(profile).join(program).with_extension(std::env::consts::EXE_EXTENSION))
    }
}

/// An empty folder for a bench's own files, below the workspace's target folder.
fn scratch(name: &str) -> Result<PathBuf> {
    let folder = root().join("target/bench").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("empty {}: {error}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).map_err(|error| format!("make {}: {error}", folder.display()))?;
    Ok(folder)
}
