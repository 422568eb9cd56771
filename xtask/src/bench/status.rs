//! What it costs to say whether sources are the commit's: a build with nothing to do in a clean repository of 10,000
//! files, against the wick of the commit before, which asked `git status`.

use std::path::{Path, PathBuf};

use super::measure::{Cost, measured, median};
use super::table::{self, Goal, Row};
use super::{Options, scratch};
use crate::command::Cmd;
use crate::{Result, root};

/// The last commit that believed `git status`.
const BEFORE: &str = "04f56e1";
const WICK: &str = "wick";
const THEN: &str = "wick at 04f56e1";
/// Files that no plugin is made from: only git's answer costs.
const BESIDE: &str = "beside";
/// Files that are embedded: all of them are hashed.
const INSIDE: &str = "inside";

const GOALS: &[Goal] = &[
    Goal { situation: BESIDE, way: WICK, against: THEN, at_most: Some(1.05) },
    Goal { situation: INSIDE, way: WICK, against: THEN, at_most: Some(1.05) },
];

pub(super) fn run(options: &Options) -> Result<()> {
    let folder = scratch("status")?;
    let programs = [options.wick()?, before(options)?];
    let (files, rounds) = if options.smoke { (100, 1) } else { (10_000, options.rounds.unwrap_or(31)) };
    let mut rows = Vec::new();
    for situation in [BESIDE, INSIDE] {
        let repo = repository(&folder.join(situation), situation == INSIDE, files)?;
        let runs: Vec<Cmd> =
            programs.iter().enumerate().map(|(n, program)| build(program, &repo, n)).collect();
        let mut costs: [Vec<Cost>; 2] = Default::default();
        // The first round compiles, the second fills the disk's cache; they don't count.
        for round in 0..rounds + 2 {
            // Who comes first changes from round to round.
            for n in [round % 2, (round + 1) % 2] {
                let (_, cost) = measured(|| runs[n].output())?;
                if round >= 2 {
                    costs[n].push(cost);
                }
            }
        }
        for (way, costs) in [WICK, THEN].into_iter().zip(&costs) {
            rows.push(Row { situation, way, cost: median(costs), note: format!("{files} files") });
        }
    }
    table::print("status", options, &rows, GOALS);
    Ok(())
}

fn build(program: &str, repo: &Path, n: usize) -> Cmd {
    let output = format!("bin-{n}");
    Cmd::new(program).args(["plugin", "build", "hello", "--format", "json", "-o", &output]).dir(repo)
}

/// The wick to compare with, built from a worktree of its own; kept for the next time.
fn before(options: &Options) -> Result<String> {
    let folder = root().join("target/bench/status-before");
    if !folder.join("Cargo.toml").is_file() {
        let place = folder.display().to_string();
        Cmd::line("git worktree prune").output()?;
        let add = Cmd::line("git worktree add --force --detach").args([place.as_str(), BEFORE]);
        options.say(&format!("$ {}", add.shown()));
        add.output().map_err(|why| format!("{why}\nthe history must reach back to {BEFORE}"))?;
    }
    let (flags, profile): (&[&str], _) =
        if options.smoke { (&[], "debug") } else { (&["--release"], "release") };
    let target = folder.join("target");
    let build = Cmd::line("cargo build --quiet --package wick").args(flags.iter().copied()).dir(&folder);
    let build = build.env("CARGO_TARGET_DIR", target.display().to_string());
    options.say(&format!("$ {}", build.shown()));
    build.output()?;
    Ok(target
        .join(profile)
        .join("wick")
        .with_extension(std::env::consts::EXE_EXTENSION)
        .display()
        .to_string())
}

/// A clean repository with one plugin and many files.
fn repository(folder: &Path, inside: bool, files: usize) -> Result<PathBuf> {
    let write = |name: &str, text: &str| -> Result<()> {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| format!("make {}: {error}", parent.display()))?;
        std::fs::write(&path, text).map_err(|error| format!("write {}: {error}", path.display()))
    };
    let example = root().join("tests/cli/_bases/go/connector/hello/main.go");
    let mut main =
        std::fs::read_to_string(&example).map_err(|error| format!("read {}: {error}", example.display()))?;
    if inside {
        main = main.replacen(
            "package main\n",
            "package main\n\nimport \"embed\"\n\n//go:embed data\nvar Data embed.FS\n",
            1,
        );
    }
    write("connector/hello/main.go", &main)?;
    write("connector/hello/VERSION", "0.1.0\n")?;
    write("go.mod", "module example.com/plugins\n\ngo 1.24\n")?;
    write(".gitignore", "/bin-*/\n")?;
    let place = if inside { "connector/hello/data" } else { "docs" };
    for n in 0..files {
        // A page of text each, none like another.
        write(&format!("{place}/{:02}/{n:05}.txt", n % 100), &format!("{n:05} of a bench\n").repeat(100))?;
    }
    let git = |args: &[&str]| {
        let who =
            ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false"];
        Cmd::new("git").args(who.iter().chain(args).copied()).dir(folder).output()
    };
    git(&["init", "--quiet", "--initial-branch=main"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "-m", "First"])?;
    // As a clone is: packed.
    git(&["gc", "--quiet"])?;
    Ok(folder.to_owned())
}
