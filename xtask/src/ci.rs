//! README's second command: everything that must hold, run as one list. Nothing is skipped in silence.

use std::time::{Duration, Instant};

use crate::command::{Cmd, say};
use crate::{Result, flags, fuzz, setup, tidy};

/// One entry of the list.
struct Step {
    name: &'static str,
    run: Work,
}

enum Work {
    Own(fn(&[String]) -> Result<()>),
    Command(Cmd),
    /// `cargo test`: its closing lines are counted, its skips are told.
    Tests(Cmd),
    /// A command that prints the names of files that won't do.
    Names(Cmd),
}

/// What a step came to.
struct Done {
    name: &'static str,
    time: Duration,
    failure: Option<String>,
}

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    skips: Vec<String>,
}

/// The list, in order. The workspace's own tests come last, so that their closing lines do too.
fn steps(require_tools: bool) -> Vec<Step> {
    let required = |cmd: Cmd| if require_tools { cmd.env("WICK_TEST_REQUIRE_TOOLS", "1") } else { cmd };
    let at = |dir: &'static str, line: &str| Cmd::line(line).dir(crate::root().join(dir));
    let command = |name, cmd| Step { name, run: Work::Command(cmd) };
    let tests = |name, cmd| Step { name, run: Work::Tests(required(cmd)) };
    let names = |name, cmd| Step { name, run: Work::Names(cmd) };
    let strict = "-- -D warnings";
    let lint = format!("cargo clippy --workspace --all-targets --all-features {strict}");
    // Into the workspace's own folder, where the same dependencies have been checked.
    let lint_fuzzers =
        format!("cargo clippy --locked --target-dir {} {strict}", crate::root().join("target").display());
    // Through cargo-zigbuild, as one dependency brings C and every system's C compiler is in zig.
    let foreign = |triple| {
        Cmd::line(&format!("cargo-zigbuild clippy --package wick --all-targets --target {triple} {strict}"))
    };
    vec![
        Step { name: "setup", run: Work::Own(setup::run) },
        Step { name: "tidy", run: Work::Own(tidy::run) },
        command("format", Cmd::line("cargo fmt --all --check")),
        command("lint", Cmd::line(&lint)),
        command("lint for Windows", foreign("x86_64-pc-windows-gnu")),
        command("lint for macOS", foreign("aarch64-apple-darwin")),
        command("lint the SDK for Windows", {
            let lint =
                "cargo-zigbuild clippy --package wick-plugin --all-targets --target x86_64-pc-windows-gnu";
            Cmd::line(&format!("{lint} {strict}"))
        }),
        command("docs", Cmd::line("cargo doc --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings")),
        names("examples: Go format", at("examples/plugins", "gofmt -l .")),
        command("examples: Go vet", at("examples/plugins", "go vet ./...")),
        command("examples: Go tests", at("examples/plugins", "go test ./...")),
        command("examples: Rust format", at("examples/plugins", "cargo fmt --all --check")),
        command("examples: Rust lint", at("examples/plugins", "cargo clippy --all-targets -- -D warnings")),
        tests("examples: Rust tests", at("examples/plugins", "cargo test --locked")),
        names("probe: Go format", at("tests/fixtures/probe", "gofmt -l .")),
        command("probe: Go vet", at("tests/fixtures/probe", "go vet ./...")),
        command("fuzzers: format", at("tests/fuzz", "cargo fmt --all --check")),
        command("fuzzers: lint", at("tests/fuzz", &lint_fuzzers)),
        Step { name: "fuzzers: short run", run: Work::Own(fuzz::smoke) },
        names("test host: Go format", at("tests/host", "gofmt -l .")),
        command("test host: Go vet", at("tests/host", "go vet ./...")),
        command("test host: Go tests", at("tests/host", "go test ./...")),
        Step { name: "default features", run: Work::Own(default_features) },
        // What passing tests print is shown, or their skips would go unseen. One build of wick, with everything in it.
        tests(
            "tests",
            Cmd::line("cargo test --workspace --features wick/keyless --no-fail-fast -- --show-output"),
        ),
    ]
}

/// wick without its optional parts compiles, and refuses what only they can do.
fn default_features(_: &[String]) -> Result<()> {
    let run = "cargo run --quiet --package wick --bin wick -- --dir examples/plugins plugin build weather --keyless";
    match Cmd::line(run).output() {
        Ok(_) => Err("a wick without keyless signing signs keyless".to_owned()),
        Err(said) if said.contains("built without keyless signing") => Ok(()),
        Err(said) => Err(format!("--keyless is refused for another reason: {said}")),
    }
}

/// Runs the whole list and tells all that failed.
pub(crate) fn test(args: &[String]) -> Result<()> {
    let flags = flags(args, &["--no-skips"])?;
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    list(ci || !flags.is_empty())
}

/// [`test()`] without skips, and each bench once, not to measure, but to see that it runs.
pub(crate) fn ci(args: &[String]) -> Result<()> {
    flags(args, &[])?;
    for bench in ["start", "package", "catalog", "sdk", "build"] {
        crate::bench::run(&[bench.to_owned(), "--smoke".to_owned()])?;
    }
    list(true)
}

fn list(no_skips: bool) -> Result<()> {
    let mut tally = Tally::default();
    let mut done = Vec::new();
    for step in steps(no_skips) {
        say(&format!("\n== {}", step.name));
        let start = Instant::now();
        let failure = perform(&step, &mut tally).err();
        if let Some(why) = &failure {
            say(&format!("== {} failed: {why}", step.name));
        }
        done.push(Done { name: step.name, time: start.elapsed(), failure });
    }
    conclude(&done, &tally, no_skips)
}

fn perform(step: &Step, tally: &mut Tally) -> Result<()> {
    match &step.run {
        Work::Own(run) => run(&[]),
        Work::Command(cmd) => cmd.run(),
        Work::Names(cmd) => {
            let (ok, lines) = cmd.stream()?;
            if ok && lines.is_empty() { Ok(()) } else { Err(format!("`{}` names files", cmd.shown())) }
        }
        Work::Tests(cmd) => {
            let (ok, lines) = cmd.stream()?;
            lines.iter().for_each(|line| tally.read(line));
            if ok { Ok(()) } else { Err(format!("`{}` failed", cmd.shown())) }
        }
    }
}

fn conclude(done: &[Done], tally: &Tally, no_skips: bool) -> Result<()> {
    say("\n== summary");
    for step in done {
        let result = if step.failure.is_none() { "ok" } else { "FAILED" };
        say(&format!("{:<24} {:>7.1} s  {result}", step.name, step.time.as_secs_f64()));
    }
    for skip in &tally.skips {
        say(skip);
    }
    let left_early = tally.skips.len() as u64;
    let skipped = tally.ignored + left_early;
    // libtest counts a test that left early as passed.
    let passed = tally.passed.saturating_sub(left_early);
    // Alone on a line, in the form that readers of CI logs look for.
    say(&format!("\n{passed} passed, {} failed, {skipped} skipped", tally.failed));
    let mut failures: Vec<&str> =
        done.iter().filter(|step| step.failure.is_some()).map(|step| step.name).collect();
    if no_skips && skipped > 0 {
        failures.push("tests were skipped");
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join(", ")) }
}

impl Tally {
    /// Reads one line of `cargo test`.
    fn read(&mut self, line: &str) {
        if line.starts_with("skipped:") {
            self.skips.push(line.to_owned());
        }
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        let count = |word: &str| {
            let before = counts.split([';', '.']).find_map(|part| part.trim().strip_suffix(word));
            before.and_then(|number| number.trim().parse::<u64>().ok()).unwrap_or(0)
        };
        self.passed += count("passed");
        self.failed += count("failed");
        self.ignored += count("ignored");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_cargo_says() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "skipped: no go on this machine",
            "and then it skipped: nothing",
        ] {
            tally.read(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.ignored), (15, 2, 1));
        assert_eq!(tally.skips, ["skipped: no go on this machine"]);
    }

    #[test]
    fn tests_come_last() {
        assert_eq!(steps(true).last().map(|step| step.name), Some("tests"));
    }
}
