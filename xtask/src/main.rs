//! `cargo xtask`: the repository's own chores, on every platform without a shell.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the walls in clippy.toml stand inside wick; a chore runs commands, reads files and prints"
)]

mod baseline;
mod bench;
mod ci;
mod command;
mod fuzz;
mod quickstart;
mod setup;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

/// What went wrong, as a sentence for whoever typed the command.
type Result<T> = std::result::Result<T, String>;

struct Verb {
    name: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const VERBS: &[Verb] = &[
    Verb { name: "quickstart", help: "build the Rust example plugin for this machine", run: quickstart::run },
    Verb { name: "test", help: "set up, then every check and test   [--no-skips]", run: ci::test },
    Verb { name: "ci", help: "test without skips, then the benches once", run: ci::ci },
    Verb { name: "setup", help: "install the tools that tests need   [--check]", run: setup::run },
    Verb {
        name: "fuzz",
        help: "make up inputs for the readers   [TARGET...] [--minutes N | --smoke] [--jobs N] [--address] [--json]",
        run: fuzz::run,
    },
    Verb {
        name: "baseline",
        help: "digests of all that wick makes, to compare a change of structure with   write | compare [FILE]",
        run: baseline::run,
    },
    Verb { name: "tidy", help: "check the rules of the house", run: tidy::run },
    Verb {
        name: "bench",
        help: "build | catalog | package | sdk | start   [--json] [--smoke] [options]",
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else {
        print!("{}", help());
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        eprint!("error: `{name}` is not a verb of xtask\n\n{}", help());
        return ExitCode::from(2);
    };
    match (verb.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let lines = VERBS.iter().map(|verb| format!("  cargo xtask {:<11} {}\n", verb.name, verb.help));
    format!("usage:\n{}", lines.collect::<String>())
}

/// The repository's folder.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The options of a verb that takes flags only: refuses any other word.
fn flags(args: &[String], known: &[&str]) -> Result<Vec<String>> {
    match args.iter().find(|arg| !known.contains(&arg.as_str())) {
        Some(arg) => Err(format!("unexpected `{arg}`; known here: {}", known.join(" "))),
        None => Ok(args.to_vec()),
    }
}
