//! The compilers a release was made with, and whether they can be had again: what is recorded is asked for by the
//! toolchains' own switches, GOTOOLCHAIN and RUSTUP_TOOLCHAIN, and nothing is downloaded unless the user says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::inspect;
use crate::inspect::layout::{self, Rustc};
use crate::model::command::CommandLine;
use crate::model::failure::Failure;
use crate::model::finding::Finding;
use crate::model::project::Language;
use crate::model::reproduce::{KnownFrom, ToolUse};
use crate::sys::process::{self, Limits};

/// Whether toolchains may be downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// `--fetch-toolchains`: by go itself and rustup.
    Allow,
    /// Only what is installed.
    Refuse,
}

/// Tool versions of a release, by tool: `go` to `go1.26.8`, `rustc` to `1.95.0 (…)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) versions: BTreeMap<String, (String, KnownFrom)>,
}

impl Recorded {
    /// What a binary says of its makers.
    pub(super) fn of_binary(bytes: &[u8]) -> Recorded {
        let mut versions = BTreeMap::new();
        let mut add = |tool: &str, version: String| {
            versions.insert(tool.to_owned(), (version, KnownFrom::Binary));
        };
        match (inspect::inspect(bytes).ok().and_then(|facts| facts.go), layout::rustc(bytes)) {
            (Some(go), _) => add("go", go.go_version),
            (None, Some(Rustc::Version(version))) => add("rustc", version),
            _ => {}
        }
        Recorded { versions }
    }
}

/// What the rebuild uses.
#[derive(Clone, Debug, Default)]
pub(super) struct Chosen {
    /// Variables that choose toolchains other than the machine's own.
    pub(super) variables: BTreeMap<String, String>,
    /// Then and now.
    pub(super) uses: Vec<ToolUse>,
    /// What couldn't be had.
    pub(super) findings: Vec<Finding>,
}

/// Chooses toolchains for these languages, asking in `folder`, whose files may choose one too.
///
/// # Errors
/// When the user interrupts, or a download that was asked for fails.
pub(super) fn choose(
    recorded: &Recorded,
    languages: &BTreeSet<Language>,
    folder: &Path,
    fetch: Fetch,
) -> Result<Chosen, Failure> {
    let mut chosen = Chosen::default();
    for language in languages {
        let tool = match language {
            Language::Go => "go",
            Language::Rust => "rustc",
        };
        let Some((wanted, known_from)) = recorded.versions.get(tool) else { continue };
        let here = match language {
            Language::Go => go_version(folder, &[])?,
            Language::Rust => rustc_version(folder, None)?,
        };
        let mut used = here.clone();
        if here.as_deref() != Some(wanted) {
            let had = match language {
                Language::Go => go(wanted, folder, fetch)?,
                Language::Rust => rust(wanted, folder, fetch)?,
            };
            match had {
                Some((name, value)) => {
                    chosen.variables.insert(name.to_owned(), value);
                    used = Some(wanted.clone());
                }
                None => chosen.findings.push(lacking(tool, wanted, here.as_deref(), fetch)),
            }
        }
        chosen.uses.push(ToolUse {
            tool: tool.to_owned(),
            recorded: wanted.clone(),
            known_from: *known_from,
            used,
        });
    }
    Ok(chosen)
}

fn lacking(tool: &str, wanted: &str, here: Option<&str>, fetch: Fetch) -> Finding {
    let wanted = super::text::printable(wanted);
    let used = here.map_or_else(String::new, |here| format!("; it is rebuilt with {here}"));
    let finding = Finding::warning(
        "toolchain-missing",
        format!("the release was made with {tool} {wanted}, which is not here{used}"),
    );
    match fetch {
        Fetch::Refuse => finding.hint("let go or rustup download it with --fetch-toolchains"),
        Fetch::Allow => finding,
    }
}

fn said(line: &CommandLine) -> Result<Option<String>, Failure> {
    match process::run(line, Limits::TOOL) {
        Ok(finished) => Ok(finished.success().then(|| finished.stdout_text().trim().to_owned())),
        Err(error @ process::ProcessError::Interrupted) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

fn go_version(folder: &Path, set: &[(&str, &str)]) -> Result<Option<String>, Failure> {
    let line = CommandLine::new("go", folder).args(["env", "GOVERSION"]);
    said(&set.iter().fold(line, |line, (name, value)| line.env(*name, *value)))
}

/// A released toolchain by name: the switch takes nothing else. <https://go.dev/doc/toolchain#name>
fn go(wanted: &str, folder: &Path, fetch: Fetch) -> Result<Option<(&'static str, String)>, Failure> {
    let name = |text: &str| {
        text.strip_prefix("go1.")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'))
    };
    if !name(wanted) {
        return Ok(None);
    }
    let mut set = vec![("GOTOOLCHAIN", wanted)];
    if fetch == Fetch::Refuse {
        // What was downloaded before is found in the module cache.
        set.push(("GOPROXY", "off"));
    }
    let answers = go_version(folder, &set)?.as_deref() == Some(wanted);
    Ok(answers.then(|| ("GOTOOLCHAIN", wanted.to_owned())))
}

fn rustc_version(folder: &Path, toolchain: Option<&str>) -> Result<Option<String>, Failure> {
    let mut line = CommandLine::new("rustc", folder).arg("--version").env("RUSTUP_AUTO_INSTALL", "0");
    if let Some(name) = toolchain {
        line = line.env("RUSTUP_TOOLCHAIN", name);
    }
    Ok(said(&line)?.and_then(|text| Some(text.strip_prefix("rustc ")?.to_owned())))
}

/// A rustup toolchain whose rustc is the recorded one to the commit.
fn rust(wanted: &str, folder: &Path, fetch: Fetch) -> Result<Option<(&'static str, String)>, Failure> {
    let list = CommandLine::new("rustup", folder).args(["toolchain", "list", "--quiet"]);
    let Some(installed) = said(&list)? else { return Ok(None) };
    let release = wanted.split(' ').next().unwrap_or_default().to_owned();
    // The one that is named after the version first: it is asked in vain least often.
    let mut names: Vec<&str> = installed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_by_key(|name| !name.starts_with(&release));
    for name in names {
        if rustc_version(folder, Some(name))?.as_deref() == Some(wanted) {
            return Ok(Some(("RUSTUP_TOOLCHAIN", name.to_owned())));
        }
    }
    let is_release =
        release.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && release.contains('.');
    if fetch == Fetch::Refuse || !is_release {
        return Ok(None);
    }
    let install = ["toolchain", "install", &release, "--profile", "minimal", "--no-self-update"];
    said(&CommandLine::new("rustup", folder).args(install))?;
    let answers = rustc_version(folder, Some(&release))?.as_deref() == Some(wanted);
    Ok(answers.then_some(("RUSTUP_TOOLCHAIN", release)))
}

/// Adds standard libraries to a toolchain that was just downloaded; those that can't be had are missed by the plan.
pub(super) fn add_targets(toolchain: &str, triples: &[String], folder: &Path) -> Result<(), Failure> {
    let line =
        CommandLine::new("rustup", folder).args(["target", "add", "--toolchain", toolchain]).args(triples);
    said(&line).map(|_| ())
}
