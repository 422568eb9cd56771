//! How long a person waits for `wick --help`, against a Rust program that only prints one line.

use super::measure::{Cost, fastest, measured, median};
use super::table::{self, Goal, Row};
use super::{Options, scratch};
use crate::Result;
use crate::command::Cmd;

const SITUATION: &str = "start";

pub(super) fn run(options: &Options) -> Result<()> {
    let wick = Cmd::new(options.wick()?).args(["--help"]);
    let hello = hello_world(options)?;
    let rounds = options.rounds.unwrap_or(if options.smoke { 3 } else { 41 });
    // Once before it counts: the first run reads both from disk.
    let mut costs: [Vec<Cost>; 2] = Default::default();
    for round in 0..=rounds {
        for (cmd, costs) in [&wick, &hello].into_iter().zip(&mut costs) {
            let (_, cost) = measured(|| cmd.output())?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let row = |way, costs: &[Cost]| {
        // A start is shorter than the tick in which CPU time is counted.
        let cost = Cost { wall: median(costs).wall, cpu: None };
        Row { situation: SITUATION, way, cost, note: format!("fastest of {rounds}: {:.4} s", fastest(costs)) }
    };
    let rows = [row("wick --help", &costs[0]), row("hello world", &costs[1])];
    let goal = Goal { situation: SITUATION, way: "wick --help", against: "hello world", at_most: Some(3.0) };
    table::print("start", options, &rows, &[goal]);
    Ok(())
}

fn hello_world(options: &Options) -> Result<Cmd> {
    let folder = scratch("start")?;
    let (source, program) =
        (folder.join("hello.rs"), folder.join("hello").with_extension(std::env::consts::EXE_EXTENSION));
    std::fs::write(&source, "fn main() { println!(\"Hello, world!\"); }\n")
        .map_err(|error| format!("write {}: {error}", source.display()))?;
    let paths = [source, program.clone()].map(|path| path.display().to_string());
    let [source, out] = &paths;
    let compile = Cmd::new("rustc").args(["-O", "-C", "strip=symbols", "-o", out.as_str(), source.as_str()]);
    options.say(&format!("$ {}", compile.shown()));
    compile.output()?;
    Ok(Cmd::new(program.display().to_string()))
}
