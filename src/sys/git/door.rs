//! The only place that runs git; `xtask tidy` knows no other. What wick parses must not hang on who asks from where:
//!
//! * Of git's environment only what names files of settings, helpers and ways to a remote gets through ([`is_kept`]).
//!   `GIT_DIR` and its like, which hooks and wrappers leave behind, would answer about another repository.
//! * Questions are plumbing with `-z` or `--format`, which no `color.*`, `column.*`, `log.*`, `status.*` or `diff.*`
//!   reaches. What plumbing listens to as well is overridden here ([`SETTINGS`]), and so is what would start a program of
//!   the repository's choice (hooks, a file system monitor).
//! * The user's files of settings stay readable all the same: `safe.directory` counts only there and is the user's word
//!   that a repository of somebody else's may be read, and a partial clone needs their credentials to be whole.

use std::path::Path;

use super::GitError;
use crate::model::command::CommandLine;
use crate::sys::env;
use crate::sys::process::{self, Finished, Limits};

/// Overrides for every command: what plumbing listens to, and what starts programs.
const SETTINGS: &[&str] = &[
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.quotePath=false",
    "core.excludesFile=",
    "core.attributesFile=",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
    "color.ui=false",
    "column.ui=never",
    "diff.ignoreSubmodules=none",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// Variables set for every command.
const VARIABLES: &[(&str, &str)] = &[
    // Optional locks would make a read-only question write the index.
    ("GIT_OPTIONAL_LOCKS", "0"),
    // A commit that stands in for another in this clone is not the one that everybody else has.
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_GRAFT_FILE", if cfg!(windows) { "NUL" } else { "/dev/null" }),
    // A mount on the way up hides no repository, as it hides none from `Repository::of`.
    ("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    // The user's settings can ask for a trace, which would go to stderr among git's own words.
    ("GIT_TRACE2", "0"),
    ("GIT_TRACE2_PERF", "0"),
    ("GIT_TRACE2_EVENT", "0"),
    // git's words are shown, and searched for by those who read them.
    ("LC_ALL", "C"),
];

/// Variables that say which repository git is to work on, whatever folder it is started in: `git rev-parse
/// --local-env-vars` but for settings, which may hold the way to a private module, and what hooks get beside them.
/// Compilers and build scripts run git too, in the folder of what they build.
pub const LOCAL_VARIABLES: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Whether one of the user's variables gets through. Nothing of git's does but where its settings and helpers are, and
/// how a remote is reached.
fn is_kept(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_EXEC_PATH",
        "GIT_ASKPASS",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSH_VARIANT",
    ];
    const BEGINNINGS: &[&str] = &["GIT_SSL_", "GIT_HTTP_", "GIT_PROXY_"];
    // Windows takes names in any case.
    let name = name.to_ascii_uppercase();
    !name.starts_with("GIT_")
        || NAMES.contains(&name.as_str())
        || BEGINNINGS.iter().any(|start| name.starts_with(start))
}

/// Runs git in a folder. A non-zero exit is no error here.
pub(super) fn git(folder: &Path, args: &[&str]) -> Result<Finished, GitError> {
    run(folder, args, None, Limits::TOOL)
}

/// As [`git`], with `stdin` to read and with so much to write.
pub(super) fn fed(folder: &Path, args: &[&str], stdin: Vec<u8>, most: usize) -> Result<Finished, GitError> {
    run(folder, args, Some(stdin), Limits { output: most, ..Limits::TOOL })
}

/// What git writes to stdout; its own words when it fails.
pub(super) fn said_bytes(folder: &Path, args: &[&str]) -> Result<Vec<u8>, GitError> {
    let finished = git(folder, args)?;
    if finished.success() { Ok(finished.stdout) } else { Err(failed(args, &finished)) }
}

/// As [`said_bytes`], as text.
pub(super) fn said(folder: &Path, args: &[&str]) -> Result<String, GitError> {
    Ok(String::from_utf8_lossy(&said_bytes(folder, args)?).into_owned())
}

/// A command that failed, in git's own words.
pub(super) fn failed(args: &[&str], finished: &Finished) -> GitError {
    GitError::Said { command: args.join(" "), said: finished.complaint() }
}

fn run(folder: &Path, args: &[&str], stdin: Option<Vec<u8>>, limits: Limits) -> Result<Finished, GitError> {
    let mut line = CommandLine::new("git", folder);
    for (name, value) in VARIABLES {
        line = line.env(*name, *value);
    }
    let trusted = trusted_folders(env::variable);
    for setting in SETTINGS.iter().map(|setting| (*setting).to_owned()).chain(trusted) {
        line = line.args(["-c".to_owned(), setting]);
    }
    let line = line.args(args.iter().copied());
    Ok(process::run_with(&line, is_kept, stdin, limits)?)
}

/// `safe.directory` as the environment gives it (`GIT_CONFIG_COUNT`): containers are told so which folders they may
/// read. No other setting is taken from there.
fn trusted_folders(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let count = variable("GIT_CONFIG_COUNT").and_then(|count| count.trim().parse::<usize>().ok());
    let one = |at: usize| {
        let key = variable(&format!("GIT_CONFIG_KEY_{at}"))?;
        let value = variable(&format!("GIT_CONFIG_VALUE_{at}"))?;
        key.eq_ignore_ascii_case("safe.directory").then(|| format!("safe.directory={value}"))
    };
    // More than anybody sets; git itself reads as many as it is told.
    (0..count.unwrap_or(0).min(1000)).filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_gits_variables_only_settings_files_and_ways_to_a_remote_get_through() {
        for name in
            ["PATH", "HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO"]
        {
            assert!(is_kept(name), "{name}");
        }
        // The first ones are `git rev-parse --local-env-vars`.
        LOCAL_VARIABLES.iter().for_each(|name| assert!(!is_kept(name), "{name}"));
        for name in [
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_CONFIG",
            "GIT_CONFIG_PARAMETERS",
            "GIT_CONFIG_COUNT",
            "GIT_OBJECT_DIRECTORY",
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_IMPLICIT_WORK_TREE",
            "GIT_GRAFT_FILE",
            "GIT_INDEX_FILE",
            "GIT_NO_REPLACE_OBJECTS",
            "GIT_REPLACE_REF_BASE",
            "GIT_PREFIX",
            "GIT_SHALLOW_FILE",
            "GIT_COMMON_DIR",
            "GIT_INTERNAL_SUPER_PREFIX",
            "GIT_NAMESPACE",
            "GIT_CEILING_DIRECTORIES",
            "GIT_LITERAL_PATHSPECS",
            "GIT_ICASE_PATHSPECS",
            "GIT_ATTR_SOURCE",
            "GIT_EXTERNAL_DIFF",
            "GIT_PAGER",
            "GIT_TRACE",
            "git_dir",
        ] {
            assert!(!is_kept(name), "{name}");
        }
    }

    #[test]
    fn of_the_environments_settings_only_trusted_folders_are_taken() {
        let variable = |name: &str| {
            let value = match name {
                "GIT_CONFIG_COUNT" => "3",
                "GIT_CONFIG_KEY_0" => "Safe.Directory",
                "GIT_CONFIG_VALUE_0" => "/work",
                "GIT_CONFIG_KEY_1" => "core.worktree",
                "GIT_CONFIG_VALUE_1" => "/other",
                "GIT_CONFIG_KEY_2" => "safe.directory",
                "GIT_CONFIG_VALUE_2" => "*",
                _ => return None,
            };
            Some(value.to_owned())
        };
        assert_eq!(trusted_folders(variable), ["safe.directory=/work", "safe.directory=*"]);
        assert_eq!(trusted_folders(|_| None), [""; 0]);
    }
}
