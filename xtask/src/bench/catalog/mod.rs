//! What a catalog of many releases costs: requests, bytes and seconds, against the reference's way, on the double of
//! GitHub with 20 ms before each answer.

mod double;
mod reference;

use std::path::Path;

use serde_json::{Value, json};

use super::measure::measured;
use super::{Options, scratch};
use crate::Result;
use crate::command::Cmd;
use double::{Counts, Double};

const REPOSITORY: &str = "octo/plugins";
const LATENCY_MS: u64 = 20;
const ASSETS: u64 = 5;
/// What a new plugin may cost.
const COLD_LIMIT: u64 = 64 << 10;
const PER_PAGE: u64 = 100;

/// How much there is to read.
struct Size {
    plugins: u64,
    /// A catalog of 1 000 plugins would be larger than its readers accept, so each plugin has two releases.
    releases: u64,
    asset_bytes: u64,
}

struct Row {
    situation: &'static str,
    way: &'static str,
    counts: Counts,
    seconds: f64,
}

struct Goal {
    text: String,
    is_met: bool,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let size = if options.smoke {
        Size { plugins: 20, releases: 40, asset_bytes: 1_000_000 }
    } else {
        Size { plugins: 500, releases: 1_000, asset_bytes: 12_000_000 }
    };
    let wick = options.wick()?;
    let program = options.built(&["--package", "github-double"], "github-double")?;
    let args = [
        ("--releases", size.releases),
        ("--assets", ASSETS),
        ("--asset-bytes", size.asset_bytes),
        ("--latency-ms", LATENCY_MS),
        ("--real-packages", size.plugins),
    ];
    let args: Vec<String> = args.iter().flat_map(|(flag, n)| [(*flag).to_owned(), n.to_string()]).collect();
    let mut double = Double::start(&program, &args)?;
    let file = scratch("catalog")?.join("plugins.json");
    let mut rows = Vec::new();
    for (situation, changes) in [("cold", size.plugins), ("nothing changed", 0), ("one changed", 1)] {
        if changes == 1 {
            double.release("p0", "2.0.0")?;
        }
        rows.push(row(situation, "wick", &double, || catalog(&wick, &double.api, &file, &size, changes))?);
        rows.push(row(situation, "reference", &double, || {
            expect(
                "the reference's plugins",
                reference::read_all(&double.api, REPOSITORY)? as u64,
                size.plugins,
            )
        })?);
    }
    let goals = goals(&rows, &size);
    print(options, &size, &rows, &goals);
    // Counts, unlike times, are the same on every machine.
    if goals.iter().all(|goal| goal.is_met) {
        Ok(())
    } else {
        Err("bench catalog: a goal is missed".to_owned())
    }
}

fn row(
    situation: &'static str,
    way: &'static str,
    double: &Double,
    work: impl FnOnce() -> Result<()>,
) -> Result<Row> {
    double.clear()?;
    let ((), cost) = measured(work)?;
    Ok(Row { situation, way, counts: double.counts()?, seconds: cost.wall })
}

/// Our way, which must also have the right result.
fn catalog(wick: &str, api: &str, file: &Path, size: &Size, changes: u64) -> Result<()> {
    let file = file.display().to_string();
    let args =
        ["plugin", "catalog", "--repo", REPOSITORY, "--api-url", api, "--out", &file, "--format", "json"];
    let cmd = Cmd::new(wick).args(args).env("WICK_GITHUB_TOKEN", "ghp_read").env("NO_PROXY", "127.0.0.1");
    let answer: Value =
        serde_json::from_str(&cmd.output()?).map_err(|error| format!("read wick: {error}"))?;
    let count = |name: &str| answer["diff"][name].as_array().map_or(0, Vec::len) as u64;
    expect("what wick changed", count("added") + count("updated"), changes)?;
    expect("what wick kept", count("unchanged"), size.plugins - changes)
}

fn expect(what: &str, got: u64, wanted: u64) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(format!("{what}: {got} instead of {wanted}")) }
}

fn goals(rows: &[Row], size: &Size) -> Vec<Goal> {
    let ours = |situation| rows.iter().find(|row| row.situation == situation && row.way == "wick");
    let mut goals = Vec::new();
    let mut goal = |is_met, text| goals.push(Goal { text, is_met });
    if let Some(cold) = ours("cold") {
        let each = cold.counts.asset_bytes / size.plugins;
        goal(each <= COLD_LIMIT, format!("cold: {each} asset bytes per plugin (goal: ≤ {COLD_LIMIT})"));
    }
    if let Some(Row { counts, .. }) = ours("nothing changed") {
        let pages = size.releases.div_ceil(PER_PAGE);
        let is_met = counts.requests == pages && counts.api_requests == pages && counts.asset_bytes == 0;
        let (requests, bytes) = (counts.requests, counts.asset_bytes);
        let text = format!("{requests} requests, {bytes} asset bytes (goal: the {pages} pages, 0 bytes)");
        goal(is_met, format!("nothing changed: {text}"));
    }
    if let Some(Row { counts, .. }) = ours("one changed") {
        let bytes = counts.asset_bytes;
        goal(bytes <= COLD_LIMIT, format!("one changed: {bytes} asset bytes (goal: ≤ {COLD_LIMIT})"));
    }
    goals
}

fn print(options: &Options, size: &Size, rows: &[Row], goals: &[Goal]) {
    let (releases, plugins, bytes) = (size.releases, size.plugins, size.asset_bytes);
    options.say(&format!(
        "\n{releases} releases of {plugins} plugins (two of each: more plugins would not fit the readers' 1 MiB), \
         {ASSETS} zips of {bytes} bytes each, {LATENCY_MS} ms before each answer; one run of each"
    ));
    options.say(&format!(
        "\n{:<16} {:<10} {:>9} {:>15} {:>15} {:>9}",
        "catalog", "", "requests", "asset bytes", "all bytes", "wall s"
    ));
    for Row { situation, way, counts, seconds } in rows {
        let Counts { requests, asset_bytes, bytes, .. } = counts;
        options.say(&format!(
            "{situation:<16} {way:<10} {requests:>9} {asset_bytes:>15} {bytes:>15} {seconds:>9.2}"
        ));
    }
    options.say("");
    for Goal { text, is_met } in goals {
        options.say(&format!("{} {text}", if *is_met { "pass" } else { "FAIL" }));
    }
    if options.json {
        println!("{}", as_json(options, size, rows, goals));
    }
}

fn as_json(options: &Options, size: &Size, rows: &[Row], goals: &[Goal]) -> Value {
    let row = |row: &Row| {
        let counts = row.counts;
        json!({
            "situation": row.situation, "way": row.way, "requests": counts.requests,
            "asset_bytes": counts.asset_bytes, "bytes": counts.bytes, "wall_s": row.seconds,
        })
    };
    json!({
        "schema": 1,
        "bench": "catalog",
        "smoke": options.smoke,
        "releases": size.releases,
        "plugins": size.plugins,
        "assets": ASSETS,
        "asset_bytes": size.asset_bytes,
        "latency_ms": LATENCY_MS,
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
        "goals": goals.iter().map(|goal| json!({ "text": goal.text, "met": goal.is_met })).collect::<Vec<_>>(),
    })
}
