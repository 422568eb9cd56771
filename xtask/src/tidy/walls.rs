//! The walls: what only `sys` may touch and what only `cli/render` may print. clippy.toml stops the calls;
//! this net also catches imports, other crates' ways out and code that only another platform compiles.

use super::code::{PathUse, Token, paths, tokens};
use super::{File, Finding};

/// Paths that lead to files, processes, the network and the environment.
const EFFECTS: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "process"],
    &["std", "net"],
    &["std", "env"],
    &["std", "os"],
    &["std", "thread", "sleep"],
    &["rustix"],
    &["tempfile"],
    &["landlock"],
    &["process_wrap"],
    &["ctrlc"],
    &["libc"],
];

/// Values that live in those modules and do nothing.
const HARMLESS: &[&[&str]] = &[
    &["std", "process", "ExitCode"],
    &["std", "env", "consts"],
    &["std", "os", "unix", "ffi"],
    &["std", "os", "windows", "ffi"],
];

/// Places that may, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("src/main.rs", "std::env::args_os", "main collects the arguments, that is what it is for"),
    (
        "src/sys/sandbox/linux.rs",
        "std::io::stderr",
        "a process of its own: its stderr is what wick reads of the plugin",
    ),
];

/// Crates that write to the terminal.
const PRINTERS: &[&str] = &["anstream", "indicatif"];

const PRINT_MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// Effects outside `sys`, prints outside `cli/render`.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let sources = files.iter().filter(|file| file.path.starts_with("src/") && file.is_rust());
    sources.flat_map(|file| broken(&file.path, file.text())).collect()
}

fn broken(path: &str, source: &str) -> Vec<Finding> {
    let tokens = tokens(source);
    let paths: Vec<PathUse> = paths(&tokens).into_iter().filter(|used| !is_exception(path, used)).collect();
    let mut found = Vec::new();
    if !within(path, "src/sys") {
        found.extend(unsafe_code(path, &tokens));
        found.extend(paths.iter().filter(|used| has_effect(used) && !is_test(path, used)).map(|used| {
            let name = used.names.join("::");
            Finding::error(
                path,
                used.line,
                format!("`{name}`: only sys touches the world; add what is needed to sys"),
            )
        }));
    }
    if !within(path, "src/cli/render") {
        found.extend(prints(path, &tokens, &paths));
    }
    found
}

fn is_exception(path: &str, used: &PathUse) -> bool {
    let name = used.names.join("::");
    EXCEPTIONS.iter().any(|(place, what, _)| *place == path && *what == name)
}

/// A test makes its own inputs. clippy still asks it for the reason.
fn is_test(path: &str, used: &PathUse) -> bool {
    path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || used.inside.iter().any(|module| module == "tests")
}

/// The folder itself or the file of that name.
fn within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
}

fn unsafe_code(path: &str, tokens: &[Token]) -> Vec<Finding> {
    let found = tokens.iter().filter(|token| token.text == "unsafe");
    found
        .map(|token| {
            Finding::error(path, token.line, "only sys may have `unsafe`, with its reason beside it")
        })
        .collect()
}

fn has_effect(used: &PathUse) -> bool {
    let starts = |prefix: &&[&str]| {
        used.names.len() >= prefix.len() && prefix.iter().zip(&used.names).all(|(a, b)| a == b)
    };
    let clock = used.names.windows(2).any(|pair| pair == ["SystemTime", "now"]);
    clock || EFFECTS.iter().any(&starts) && !HARMLESS.iter().any(starts)
}

fn prints(path: &str, tokens: &[Token], paths: &[PathUse]) -> Vec<Finding> {
    let sentence = |what: &str| format!("`{what}`: only cli/render prints; return a value or emit an event");
    let mut found = Vec::new();
    for pair in tokens.windows(2) {
        if pair[1].text == "!" && PRINT_MACROS.contains(&pair[0].text.as_str()) {
            found.push(Finding::error(path, pair[0].line, sentence(&format!("{}!", pair[0].text))));
        }
    }
    for used in paths {
        let last = used.names.last().map(String::as_str);
        let stream = used.names.iter().any(|name| name == "io") && matches!(last, Some("stdout" | "stderr"));
        if stream || PRINTERS.contains(&used.names[0].as_str()) {
            found.push(Finding::error(path, used.line, sentence(&used.names.join("::"))));
        }
    }
    found
}

/// The one file that runs git: what the user's settings and environment may say there is decided once.
const GIT_DOOR: &str = "src/sys/git/door.rs";

/// A second place that runs git would ask it without the door's overrides. Tests run it as users do.
pub(super) fn one_door_to_git(files: &[File]) -> Vec<Finding> {
    let sources = files.iter().filter(|file| file.path.starts_with("src/") && file.path != GIT_DOOR);
    let is_test = |file: &&File| file.path.contains("/tests/") || file.path.ends_with("/tests.rs");
    sources
        .filter(|file| file.is_rust() && !is_test(file))
        .flat_map(|file| runs_git(&file.path, file.text()))
        .collect()
}

fn runs_git(path: &str, source: &str) -> Vec<Finding> {
    let lines = source.lines().enumerate();
    // Split, so that this line isn't found.
    let found = lines.filter(|(_, line)| line.contains(concat!("new(\"", "git\"")));
    let sentence = format!("runs git: only {GIT_DOOR} does, and makes its answers the same for everybody");
    found.map(|(index, _)| Finding::error(path, index + 1, sentence.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn findings(path: &str, source: &str, count: usize) {
        let found = broken(path, source);
        assert_eq!(found.len(), count, "{path}: {source}: {found:?}");
    }

    #[test]
    fn git_has_one_door() {
        for source in [concat!("CommandLine::new(\"", "git\", folder)"), concat!("Command::new(\"", "git\")")]
        {
            assert_eq!(runs_git("src/sys/git/state.rs", source).len(), 1);
        }
        assert_eq!(runs_git("src/sys/git/state.rs", "git(folder, &[\"status\"]); new(\"gitk\")"), []);
    }

    #[test]
    fn only_sys_touches_the_world() {
        for source in [
            "use std::fs;",
            "use std::{fmt, io, fs::File};",
            "fn f() { std::env::var(\"X\"); }",
            "use std::process::Command;",
            "let now = SystemTime::now();",
            "let dir = tempfile::tempdir();",
            "unsafe { f() }",
        ] {
            findings("src/phase/plan/mod.rs", source, 1);
            findings("src/sys/files.rs", source, 0);
        }
        findings("src/main.rs", "use std::process::ExitCode; use std::{env::consts, io};", 0);
        findings("src/phase/mod.rs", "let start = Instant::now();", 0);
        findings("src/system.rs", "use std::fs;", 1);
        findings("src/phase/mod.rs", "mod tests { use std::fs; }", 0);
        findings("src/main.rs", "std::env::args_os(); std::env::args();", 1);
    }

    #[test]
    fn only_render_prints() {
        for source in
            ["println!(\"x\");", "io::stdout().lock();", "anstream::eprintln();", "use std::io::stderr;"]
        {
            findings("src/cli/session.rs", source, 1);
            findings("src/cli/render/human.rs", source, 0);
        }
    }
}
