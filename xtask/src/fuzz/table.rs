//! What a run came to, for people and for programs.

use serde_json::{Value, json};

use super::Options;
use super::run::Tally;
use crate::Result;

/// A target's outcome on one line.
pub(super) fn in_words(outcome: &Result<Tally>) -> String {
    match outcome {
        Ok(Tally { finding: Some(finding), .. }) => format!("FOUND {finding}"),
        Ok(tally) => format!("{} runs, nothing found", tally.runs),
        Err(why) => why.clone(),
    }
}

/// Prints the table; fails when something was found.
pub(super) fn print(outcomes: &[(String, Result<Tally>)], options: &Options) -> Result<()> {
    let heads = ["target", "runs", "exec/s", "coverage", "features", "corpus", "peak MiB"];
    let [target, heads @ ..] = heads;
    let row = |name: &str, cells: [String; 6]| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:>10}")).collect();
        options.say(&format!("{name:<10}{cells}"));
    };
    options.say(&format!("\n{} s per target", options.seconds));
    row(target, heads.map(str::to_owned));
    let mut found = Vec::new();
    for (name, outcome) in outcomes {
        if let Ok(tally) = outcome {
            let cells =
                [tally.runs, tally.per_second, tally.coverage, tally.features, tally.corpus, tally.peak_mib];
            row(name, cells.map(|cell| cell.to_string()));
        }
        if !matches!(outcome, Ok(Tally { finding: None, .. })) {
            found.push(format!("{name}: {}", in_words(outcome)));
        }
    }
    if options.json {
        println!("{}", as_json(outcomes, options));
    }
    if found.is_empty() { Ok(()) } else { Err(format!("a law is broken\n{}", found.join("\n"))) }
}

fn as_json(outcomes: &[(String, Result<Tally>)], options: &Options) -> Value {
    let one = |(name, outcome): &(String, Result<Tally>)| match outcome {
        Ok(tally) => json!({
            "target": name,
            "runs": tally.runs,
            "per_second": tally.per_second,
            "coverage": tally.coverage,
            "features": tally.features,
            "corpus": tally.corpus,
            "peak_mib": tally.peak_mib,
            "finding": tally.finding,
        }),
        Err(why) => json!({ "target": name, "failure": why }),
    };
    let targets: Vec<Value> = outcomes.iter().map(one).collect();
    json!({ "schema": 1, "seconds": options.seconds, "address_sanitizer": options.address, "targets": targets })
}
