//! `wick plugin catalog`: plugins.json from the releases; written, checked or printed.

use std::path::Path;

use serde::Serialize;

use crate::cli::args::CatalogArgs;
use crate::cli::failure;
use crate::cli::render::{Console, catalog as render};
use crate::cli::session::Session;
use crate::model::catalog::{CATALOG_NAME, size_finding};
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Finding, Severity};
use crate::phase::catalog::select::Prereleases;
use crate::phase::catalog::{self, CatalogReport, Orphans, Wish};

/// What became of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum Status {
    /// It has the new content.
    Written,
    /// It had it already and was left alone.
    UpToDate,
    /// It hasn't, and `--check` changes nothing.
    OutOfDate,
    /// The catalog went to stdout.
    Printed,
    /// The catalog must not be published: it is too large, or plugins are missing that could not be read.
    Refused,
}

/// The answer for programs.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    report: &'a CatalogReport,
    status: Status,
    file: String,
    bytes: usize,
}

pub(in crate::cli) fn run(args: &CatalogArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let to_stdout = args.out == Path::new("-");
    check_usage(args, to_stdout, console)?;
    let path = session.root().join(if to_stdout { Path::new(CATALOG_NAME) } else { &args.out });
    let before = session.catalog(&path)?;
    let github = session.forge_with(&args.forge, args.token.as_ref())?;
    let wish = Wish {
        prereleases: if args.prereleases { Prereleases::Include } else { Prereleases::Ignore },
        orphans: if args.prune { Orphans::Prune } else { Orphans::Keep },
        jobs: usize::from(args.jobs),
    };
    let progress = console.progress();
    let listener = |event| progress.on(event);
    let report = catalog::regenerate(&github, before.as_ref().map(|(_, catalog)| catalog), &wish, &listener);
    progress.finish();
    let mut report = report?;
    let text = report.catalog.to_json();
    report.findings.extend(size_finding(text.len()));
    let is_same = before.as_ref().is_some_and(|(old, _)| *old == text);
    let status = if report.is_thin() || is_too_large(&report.findings) {
        Status::Refused
    } else if to_stdout {
        Status::Printed
    } else if is_same {
        Status::UpToDate
    } else if args.check {
        Status::OutOfDate
    } else {
        session.write(&path, &text)?;
        Status::Written
    };
    let file = session.shown(&path);
    if console.is_json() {
        console.json(&Answer { report: &report, status, file: file.clone(), bytes: text.len() });
    } else {
        show(&report, status, to_stdout, &text, console);
    }
    console.findings(&report.findings);
    for unread in &report.failed {
        console.failure(&unread.failure());
    }
    console.summary(&render::summary(&report, status, &file));
    tell_ci(&report, status, is_same, session, console)?;
    Ok(exit_code(&report, status))
}

fn check_usage(args: &CatalogArgs, to_stdout: bool, console: &Console) -> Result<(), Failure> {
    let usage = |message: &str| Err(Failure::new(FailureKind::Usage, message));
    if to_stdout && args.check {
        return usage("--check compares with a file, and --out - names none");
    }
    if to_stdout && console.is_json() {
        return usage("--out - and --format json both want stdout");
    }
    if args.token.is_some() {
        let message = "--token can be seen by other users of this machine, in the list of processes";
        let hint = "set WICK_GITHUB_TOKEN, GITHUB_TOKEN or GH_TOKEN instead";
        console.findings(&[Finding::warning("token-visible", message).hint(hint)]);
    }
    Ok(())
}

fn is_too_large(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// The catalog itself where it was asked for, else what changes.
fn show(report: &CatalogReport, status: Status, to_stdout: bool, text: &str, console: &Console) {
    let diff = render::diff(&report.diff);
    if !to_stdout {
        return console.data(&diff);
    }
    if status == Status::Printed {
        console.data(text.trim_end());
    }
    if !diff.is_empty() {
        console.note(&diff);
    }
}

/// What later steps of a workflow ask, and what people see on the page of the run.
fn tell_ci(
    report: &CatalogReport,
    status: Status,
    is_same: bool,
    session: &Session,
    console: &Console,
) -> Result<(), Failure> {
    if !console.in_github_actions() {
        return Ok(());
    }
    if let Some(path) = session.variable("GITHUB_OUTPUT") {
        console.told(session.append(path, &format!("changed={}\n", !is_same && status != Status::Refused)));
    }
    if let Some(path) = session.variable("GITHUB_STEP_SUMMARY") {
        console.told(session.append(path, &render::markdown(report, status)));
    }
    Ok(())
}

fn exit_code(report: &CatalogReport, status: Status) -> u8 {
    match status {
        _ if !report.complete => failure::exit_code(FailureKind::Remote),
        Status::OutOfDate | Status::Refused => failure::exit_code(FailureKind::Findings),
        Status::Written | Status::UpToDate | Status::Printed => failure::DONE,
    }
}
