//! A rebuilt release, for people and for a CI service.

use std::fmt::Write as _;

use super::{DIM, ERROR, GOOD, style_of};
use crate::model::finding::{Finding, Severity};
use crate::model::reproduce::{Comparison, KnownFrom, ReproduceReport};

/// A line per package, below it what differs. What follows from other differences only on request.
pub(in crate::cli) fn table(report: &ReproduceReport, verbose: bool) -> String {
    let mut out = String::new();
    let width = report.packages.iter().map(|one| one.package.len()).max().unwrap_or(0);
    for one in &report.packages {
        let (style, word, differences): (_, _, &[Finding]) = match &one.outcome {
            Comparison::Identical => (GOOD, "identical", &[]),
            Comparison::Different { differences, .. } => (ERROR, "different", differences),
            Comparison::Failed { .. } => (ERROR, "not built", &[]),
        };
        let carried = match one.carried_over.as_slice() {
            [] => String::new(),
            what => format!("  {DIM}taken over: {}{DIM:#}", what.join(", ")),
        };
        let _ = writeln!(out, "{:width$}  {style}{word}{style:#}{carried}", one.package);
        for finding in differences.iter().filter(|one| verbose || one.severity > Severity::Note) {
            let (style, _) = style_of(finding.severity);
            let _ = writeln!(out, "  {style}{}{style:#}: {}", finding.code, finding.message);
            if let Some(hint) = &finding.hint {
                let _ = writeln!(out, "    hint: {hint}");
            }
        }
    }
    if verbose {
        for tool in &report.tools {
            let from = match tool.known_from {
                KnownFrom::Attestation => "attestation",
                KnownFrom::Binary => "binary",
            };
            let used = tool.used.as_deref().unwrap_or("none");
            let _ = writeln!(
                out,
                "{DIM}{}: {} by its {from}, rebuilt with {used}{DIM:#}",
                tool.tool, tool.recorded
            );
        }
    }
    out.trim_end().to_owned()
}

/// The last line.
pub(in crate::cli) fn summary(report: &ReproduceReport) -> String {
    let count =
        |wanted: fn(&Comparison) -> bool| report.packages.iter().filter(|one| wanted(&one.outcome)).count();
    let counts = [
        (count(|one| matches!(one, Comparison::Identical)), "identical"),
        (count(|one| matches!(one, Comparison::Different { .. })), "different"),
        (count(|one| matches!(one, Comparison::Failed { .. })), "not built"),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let commit: String = report.commit.chars().take(12).collect();
    format!("{} rebuilt from {commit}: {}, compared with {}", report.tag, parts.join(", "), report.against)
}

/// The report for a CI service's summary page.
pub(in crate::cli) fn markdown(report: &ReproduceReport) -> String {
    let mut out = format!("### wick plugin reproduce {}\n\n| package | rebuilt |\n|---|---|\n", report.tag);
    for one in &report.packages {
        let word = match &one.outcome {
            Comparison::Identical => "identical".to_owned(),
            Comparison::Different { differences, .. } => {
                let causes = differences.iter().filter(|one| one.severity == Severity::Error);
                let causes: Vec<String> = causes.map(|one| one.message.replace('|', "\\|")).collect();
                format!("**different**: {}", causes.join("; "))
            }
            Comparison::Failed { error, .. } => format!("**not built**: {}", error.replace('|', "\\|")),
        };
        let _ = writeln!(out, "| `{}` | {word} |", one.package);
    }
    out.push('\n');
    out
}
