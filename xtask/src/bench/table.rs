//! Results, for people and for programs: one row per way of doing it, ratios against the others.

use serde_json::{Value, json};

use super::Options;
use super::measure::Cost;

/// What one way cost in one situation.
pub(super) struct Row {
    pub(super) situation: &'static str,
    pub(super) way: &'static str,
    pub(super) cost: Cost,
    /// Facts that belong to it: sizes, how many compilers ran.
    pub(super) note: String,
}

/// A comparison, with the limit that the project set itself, if any.
pub(super) struct Goal {
    pub(super) situation: &'static str,
    /// Ours.
    pub(super) way: &'static str,
    /// What it is compared with.
    pub(super) against: &'static str,
    pub(super) at_most: Option<f64>,
}

/// Prints rows, then each goal with what came out.
pub(super) fn print(bench: &str, options: &Options, rows: &[Row], goals: &[Goal]) {
    options.say(&format!("\n{:<10} {:<16} {:>10} {:>10}  ", bench, "", "wall s", "CPU s"));
    for row in rows {
        let (wall, cpu) = (number(Some(row.cost.wall)), number(row.cost.cpu));
        let line = format!("{:<10} {:<16} {wall:>10} {cpu:>10}  {}", row.situation, row.way, row.note);
        options.say(line.trim_end());
    }
    options.say("");
    if options.smoke {
        options.say("a smoke run: these figures say that it runs, not how fast");
    }
    let goals = if options.smoke { &[] } else { goals };
    for (goal, (wall, cpu)) in goals.iter().filter_map(|goal| Some((goal, ratios(rows, goal)?))) {
        let (situation, way, against) = (goal.situation, goal.way, goal.against);
        let limit = goal.at_most.map_or(String::new(), |limit| format!(" (goal: ≤ {limit})"));
        let (wall, cpu) = (number(Some(wall)), number(cpu));
        options.say(&format!("{situation}: {way} / {against} = {wall} wall, {cpu} CPU{limit}"));
    }
    if options.json {
        println!("{}", as_json(bench, options, rows, goals));
    }
}

/// Wall and CPU ratio; none when one of the two wasn't measured.
fn ratios(rows: &[Row], goal: &Goal) -> Option<(f64, Option<f64>)> {
    let cost =
        |way| rows.iter().find(|row| row.situation == goal.situation && row.way == way).map(|row| row.cost);
    let (ours, theirs) = (cost(goal.way)?, cost(goal.against)?);
    Some((ours.wall / theirs.wall, ours.cpu.zip(theirs.cpu).map(|(ours, theirs)| ours / theirs)))
}

fn number(value: Option<f64>) -> String {
    match value.filter(|value| value.is_finite()) {
        Some(value) if value < 0.1 => format!("{value:.4}"),
        Some(value) => format!("{value:.2}"),
        None => "-".to_owned(),
    }
}

fn as_json(bench: &str, options: &Options, rows: &[Row], goals: &[Goal]) -> Value {
    let rows_json = rows.iter().map(|row| {
        json!({ "situation": row.situation, "way": row.way, "wall_s": row.cost.wall, "cpu_s": row.cost.cpu, "note": row.note })
    });
    let goals_json = goals.iter().filter_map(|goal| {
        let (wall, cpu) = ratios(rows, goal)?;
        let names = json!({ "situation": goal.situation, "way": goal.way, "against": goal.against });
        Some(json!({ "of": names, "wall": wall, "cpu": cpu, "at_most": goal.at_most }))
    });
    json!({
        "schema": 1,
        "bench": bench,
        "smoke": options.smoke,
        "cpus": std::thread::available_parallelism().map_or(1, usize::from),
        "rows": rows_json.collect::<Vec<_>>(),
        "ratios": goals_json.collect::<Vec<_>>(),
    })
}
