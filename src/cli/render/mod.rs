//! The only place that prints. stdout is data, stderr is for people; colour is never the message. An answer that could
//! not be written is no answer: the run ends as a failed one.

pub(super) mod attest;
pub(super) mod build;
pub(super) mod call;
pub(super) mod catalog;
pub(super) mod check;
pub(super) mod doctor;
mod github;
mod out;
mod progress;
pub(super) mod release;
pub(super) mod reproduce;
pub(super) mod verdict;

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::args::{Format, Global, When};
use super::failure;
use crate::model::failure::Failure;
use crate::model::finding::{Finding, Severity};
use crate::model::report::{BuildReport, Outcome, PluginFinding};
use crate::phase::check::Report;
use crate::phase::verify::Verdict;
pub(super) use progress::Progress;

/// Where words go, and how many.
pub(super) struct Console {
    format: Format,
    quiet: bool,
    verbose: bool,
    github: bool,
    /// The first thing that was to be told and could not be written.
    unwritten: Mutex<Option<Failure>>,
}

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const HINT: Style = AnsiColor::Cyan.on_default().bold();
pub(super) const DIM: Style = Style::new().dimmed();

/// Prints clap's own words: help on stdout with 0, wrong usage on stderr with 2.
pub(super) fn usage(error: &clap::Error) -> u8 {
    if error.use_stderr() {
        // There is no other place to say it.
        let _ = error.print();
        return u8::try_from(error.exit_code()).unwrap_or(2);
    }
    match out::text(&error.render().ansi().to_string()) {
        Some(unwritten) => {
            tell(&unwritten);
            failure::exit_code(unwritten.kind)
        }
        None => failure::DONE,
    }
}

/// A failure: what, why, what to do.
fn tell(failure: &Failure) {
    let mut err = anstream::stderr();
    let _ = writeln!(err, "{ERROR}error{ERROR:#}: {}", failure.message);
    if let Some(output) = &failure.output {
        for line in output.lines() {
            let _ = writeln!(err, "  {DIM}|{DIM:#} {line}");
        }
    }
    for hint in &failure.hints {
        let _ = writeln!(err, "  {HINT}hint{HINT:#}: {hint}");
    }
}

/// Says why wick can't stand for a compiler; cargo and build scripts show it. Gives the exit code.
pub(super) fn stood_in(failure: &Failure) -> u8 {
    let _ = writeln!(anstream::stderr(), "wick: {}", failure.message);
    super::failure::exit_code(failure.kind)
}

impl Console {
    /// `github`: whether a GitHub Actions runner reads what is printed.
    pub(super) fn new(global: &Global, github: bool) -> Console {
        match global.color {
            When::Auto => {}
            When::Always => anstream::ColorChoice::Always.write_global(),
            When::Never => anstream::ColorChoice::Never.write_global(),
        }
        Console {
            format: global.format,
            quiet: global.quiet,
            verbose: global.verbose,
            github,
            unwritten: Mutex::default(),
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    pub(super) fn in_github_actions(&self) -> bool {
        self.github
    }

    /// Data for stdout. Nothing is printed for an empty text.
    pub(super) fn data(&self, text: &str) {
        if !text.is_empty() {
            self.keep(out::text(&format!("{text}\n")));
        }
    }

    /// Bytes for stdout, as they are.
    fn bytes(&self, bytes: &[u8]) {
        self.keep(out::bytes(bytes));
    }

    /// What was to be told elsewhere, such as in a file that a CI service reads.
    pub(super) fn told(&self, result: Result<(), Failure>) {
        self.keep(result.err());
    }

    fn keep(&self, unwritten: Option<Failure>) {
        if let Ok(mut first) = self.unwritten.lock()
            && first.is_none()
        {
            *first = unwritten;
        }
    }

    /// The exit code of a run that is done but for this: an answer, yes or no, that nobody got, is none.
    pub(super) fn conclude(&self, code: u8) -> u8 {
        let unwritten = self.unwritten.lock().ok().and_then(|mut first| first.take());
        let Some(unwritten) = unwritten else { return code };
        self.failure(&unwritten);
        if failure::is_answer(code) { failure::exit_code(unwritten.kind) } else { code }
    }

    /// How things went, for people, on stdout. Nothing when only errors are wanted.
    pub(super) fn outcome(&self, text: &str) {
        if !self.quiet {
            self.data(text);
        }
    }

    /// A value for programs, on stdout.
    pub(super) fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value).expect("reports are plain data");
        self.bytes(format!("{text}\n").as_bytes());
    }

    /// Something a person may want to know.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// The last line of a run.
    pub(super) fn summary(&self, text: &str) {
        self.note(text);
    }

    /// A failure: what, why, what to do.
    pub(super) fn failure(&self, failure: &Failure) {
        tell(failure);
        if self.github {
            github::annotate(Severity::Error, &failure.message);
        }
    }

    fn finding(&self, severity: Severity, message: &str) {
        if self.quiet && severity < Severity::Error {
            return;
        }
        let (style, word) = style_of(severity);
        let _ = writeln!(anstream::stderr(), "{style}{word}{style:#}: {message}");
        if self.github {
            github::annotate(severity, message);
        }
    }

    /// What checks of plugins found, with what to do. Notes only on request.
    pub(super) fn plugin_findings(&self, findings: &[PluginFinding]) {
        for PluginFinding { plugin, finding } in findings {
            if finding.severity > Severity::Note || self.verbose {
                self.finding_with_hint(finding, &format!("{plugin}: {}", finding.message));
            }
        }
    }

    /// What a check found, with what to do.
    pub(super) fn findings(&self, findings: &[Finding]) {
        for one in findings {
            self.finding_with_hint(one, &one.message);
        }
    }

    fn finding_with_hint(&self, finding: &Finding, message: &str) {
        self.finding(finding.severity, message);
        let shown = !self.quiet || finding.severity == Severity::Error;
        if let Some(hint) = finding.hint.as_ref().filter(|_| shown) {
            let _ = writeln!(anstream::stderr(), "  {HINT}hint{HINT:#}: {hint}");
        }
    }

    /// What went wrong in a build, and what could not be known.
    pub(super) fn report(&self, report: &BuildReport) {
        // Several targets often fail for one reason; it is told once.
        let mut told: Vec<&str> = Vec::new();
        for package in &report.packages {
            if let Outcome::Failed { error, output, failure, .. } = &package.outcome {
                let text = output.as_deref().unwrap_or(error);
                let mut shown = failure.clone();
                if told.contains(&text) {
                    shown.output = None;
                    shown.hints.clear();
                } else {
                    told.push(text);
                }
                self.failure(&shown);
            }
        }
        for one in &report.findings {
            self.finding_with_hint(&one.finding, &format!("{}: {}", one.plugin, one.finding.message));
        }
        for line in build::caveats(report) {
            self.finding(Severity::Warning, &line);
        }
    }

    /// Annotations for verdicts, where a CI service shows them.
    pub(super) fn annotate_verdicts(&self, verdicts: &[Verdict]) {
        if !self.github {
            return;
        }
        for verdict in verdicts {
            for finding in verdict.findings.iter().filter(|finding| finding.severity > Severity::Note) {
                github::annotate(finding.severity, &format!("{}: {}", verdict.package, finding.message));
            }
        }
    }

    /// Annotations for what a check found, at files by their place from the top of the checkout.
    pub(super) fn annotate_checks(&self, report: &Report, folder: &str) {
        if !self.github {
            return;
        }
        for plugin in &report.plugins {
            for found in &plugin.findings {
                let message = format!("{}: {} [{}]", plugin.place, found.message, found.code);
                github::annotate_file(found.severity, &format!("{folder}{}", found.file), &message);
            }
        }
    }

    /// Shows a run while it goes: bars on a terminal, lines elsewhere, nothing when quiet.
    pub(super) fn progress(&self) -> Progress {
        let terminal = std::io::stderr().is_terminal() && !self.github;
        Progress::new(terminal, self.quiet, self.verbose)
    }
}

pub(super) fn style_of(severity: Severity) -> (Style, &'static str) {
    match severity {
        Severity::Error => (ERROR, "error"),
        Severity::Warning => (WARNING, "warning"),
        Severity::Note => (DIM, "note"),
    }
}

/// `5.2 MB`; decimal, as disks and browsers count.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{}.{} kB", count / 1_000, count % 1_000 / 100),
        _ => format!("{}.{} MB", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}
