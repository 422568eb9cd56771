//! The same connector in Rust and in Go (tests/fixtures/twins), under go-plugin's own client: what a user downloads, waits
//! for and pays in memory.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Options, scratch};
use crate::command::Cmd;
use crate::{Result, root};

const TWINS: [&str; 2] = ["rust_twin", "go_twin"];

/// A figure of the comparison; ours is the first twin's.
struct Figure {
    name: &'static str,
    unit: &'static str,
    /// From the host's unit to the one that is shown.
    factor: f64,
    /// The member of the host's answer.
    member: &'static str,
    limit: Limit,
}

/// What ours may be of theirs.
#[derive(Clone, Copy)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
    None,
}

const fn figure(
    name: &'static str,
    unit: &'static str,
    factor: f64,
    member: &'static str,
    limit: Limit,
) -> Figure {
    Figure { name, unit, factor, member, limit }
}

const MIB: f64 = 1.0 / 1_048_576.0;
const MS: f64 = 1000.0;

/// What one launch tells. `zip` is measured beside them.
const FIGURES: [Figure; 9] = [
    figure("zip", "MiB", MIB, "zip", Limit::AtMost(0.35)),
    figure("start to handshake", "ms", MS, "start_s", Limit::AtMost(1.0)),
    figure("start to first answer", "ms", MS, "ready_s", Limit::None),
    figure("memory when idle", "MiB", MIB, "idle_memory", Limit::AtMost(0.3)),
    figure("memory after calls", "MiB", MIB, "memory", Limit::AtMost(0.3)),
    figure("calls, one at a time", "per s", 1.0, "calls_per_second", Limit::AtLeast(1.0)),
    figure("their p99", "ms", MS, "p99_s", Limit::None),
    figure("calls, 16 at a time", "per s", 1.0, "lanes_calls_per_second", Limit::AtLeast(1.0)),
    figure("their p99", "ms", MS, "lanes_p99_s", Limit::None),
];

pub(super) fn run(options: &Options) -> Result<()> {
    let out = scratch("sdk")?;
    let zips = packages(options, &out)?;
    let host = host(options, &out)?;
    let homes = zips.iter().map(|zip| install(&host, zip, &out)).collect::<Result<Vec<_>>>()?;
    alike(&homes)?;
    let rounds = options.rounds.unwrap_or(if options.smoke { 1 } else { 15 });
    let calls = if options.smoke { "50" } else { "3000" };
    let mut report = Vec::new();
    for (tls, word) in [(true, "AutoMTLS"), (false, "plain")] {
        let mut answers: [Vec<Value>; 2] = Default::default();
        // Once before it counts, then in turns, so that a busy machine is busy for both.
        for round in 0..=rounds {
            for (home, answers) in homes.iter().zip(&mut answers) {
                let plain: &[&str] = if tls { &[] } else { &["-plain"] };
                let cmd = Cmd::new(host.display().to_string()).args(["bench", "-calls", calls]);
                let answer = cmd.args(plain.iter().copied()).args([home.display().to_string()]).output()?;
                if round > 0 {
                    answers.push(
                        serde_json::from_str(&answer).map_err(|error| format!("read `{answer}`: {error}"))?,
                    );
                }
            }
        }
        report.extend(print(options, word, &zips, &answers)?);
    }
    if options.json {
        println!(
            "{}",
            json!({ "schema": 1, "bench": "sdk", "smoke": options.smoke, "rounds": rounds, "rows": report })
        );
    }
    Ok(())
}

/// Builds both twins with wick; their zips.
fn packages(options: &Options, out: &Path) -> Result<Vec<PathBuf>> {
    let wick = options.wick()?;
    let bin = out.join("bin");
    let build = Cmd::new(wick).dir(root().join("tests/fixtures/twins"));
    let build =
        build.args(["plugin", "build", "--all-plugins", "--quiet", "-o"]).args([bin.display().to_string()]);
    options.say(&format!("$ {}", build.shown()));
    build.output()?;
    let entries = std::fs::read_dir(&bin).map_err(|error| format!("read {}: {error}", bin.display()))?;
    let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let zip = |twin: &str| {
        let ours = |file: &&PathBuf| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(twin) && name.ends_with(".zip")
        };
        files.iter().find(ours).cloned().ok_or_else(|| format!("no zip of {twin} in {}", bin.display()))
    };
    TWINS.into_iter().map(zip).collect()
}

fn host(options: &Options, out: &Path) -> Result<PathBuf> {
    let host = out.join("testhost").with_extension(std::env::consts::EXE_EXTENSION);
    let build = Cmd::line("go build -o").args([host.display().to_string(), ".".to_owned()]);
    let build = build.dir(root().join("tests/host"));
    options.say(&format!("$ {}", build.shown()));
    build.output()?;
    Ok(host)
}

/// Puts a package where a host would; its folder.
fn install(host: &Path, zip: &Path, out: &Path) -> Result<PathBuf> {
    let plugins = out.join("plugins");
    let paths = [zip, &plugins].map(|path| path.display().to_string());
    let key = Cmd::new(host.display().to_string()).args(["install"]).args(paths).output()?;
    Ok(plugins.join(key.trim()))
}

/// Twins that declare different things can't be compared.
fn alike(homes: &[PathBuf]) -> Result<()> {
    let read = |home: &PathBuf| -> Result<Value> {
        let file = home.join("plugin.json");
        let text =
            std::fs::read_to_string(&file).map_err(|error| format!("read {}: {error}", file.display()))?;
        let manifest: Value =
            serde_json::from_str(&text).map_err(|error| format!("read {}: {error}", file.display()))?;
        Ok(json!([manifest["module"]["Configs"], manifest["module"]["Operations"]]))
    };
    let declared = homes.iter().map(read).collect::<Result<Vec<_>>>()?;
    if declared.windows(2).all(|pair| pair[0] == pair[1]) {
        Ok(())
    } else {
        Err(format!("the twins declare different operations or settings: {declared:#?}"))
    }
}

/// Prints a table and its ratios; the rows for programs.
fn print(options: &Options, way: &str, zips: &[PathBuf], answers: &[Vec<Value>; 2]) -> Result<Vec<Value>> {
    options.say(&format!("\n{way:<24} {:>10} {:>10} {:<6} {:>8}", "Rust", "Go", "", "Rust/Go"));
    let mut rows = Vec::new();
    for figure in &FIGURES {
        let mut values = [0.0; 2];
        for ((value, zip), answers) in values.iter_mut().zip(zips).zip(answers) {
            *value = figure.factor
                * if figure.member == "zip" {
                    std::fs::metadata(zip).map_err(|error| format!("read {}: {error}", zip.display()))?.len()
                        as f64
                } else {
                    middle(answers.iter().filter_map(|answer| answer[figure.member].as_f64()).collect())
                };
        }
        let ratio = values[0] / values[1];
        // A smoke run says that it runs, not how fast.
        let goal = match (options.smoke, figure.limit) {
            (true, _) | (_, Limit::None) => String::new(),
            (_, Limit::AtMost(limit)) => format!("(goal: ≤ {limit})"),
            (_, Limit::AtLeast(limit)) => format!("(goal: ≥ {limit})"),
        };
        let line = format!(
            "{:<24} {:>10.2} {:>10.2} {:<6} {ratio:>8.2}  {goal}",
            figure.name, values[0], values[1], figure.unit
        );
        options.say(line.trim_end());
        let limit = match figure.limit {
            Limit::AtMost(limit) => json!({ "at_most": limit }),
            Limit::AtLeast(limit) => json!({ "at_least": limit }),
            Limit::None => Value::Null,
        };
        rows.push(json!({
            "way": way, "of": figure.member, "unit": figure.unit, "rust": values[0], "go": values[1], "ratio": ratio, "goal": limit,
        }));
    }
    Ok(rows)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
