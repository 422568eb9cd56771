//! What became of attestations, for people.

use std::fmt::Write as _;

use super::{DIM, ERROR, GOOD};
use crate::model::attest::{AttestOutcome, AttestReport, Attestation, AttestedPackage};
use crate::model::failure::Failure;

/// One line per package.
pub(in crate::cli) fn table(report: &AttestReport) -> String {
    let width = report.packages.iter().map(|p| p.package.len()).max().unwrap_or(0);
    let mut out = String::new();
    for package in &report.packages {
        let status = match &package.outcome {
            AttestOutcome::Attested(made) => good("attested", made),
            AttestOutcome::UpToDate(made) => good("up to date", made),
            AttestOutcome::Refused => format!("{ERROR}refused{ERROR:#}"),
            AttestOutcome::Failed { .. } => format!("{ERROR}failed{ERROR:#}"),
            AttestOutcome::NotTried => format!("{DIM}not tried{DIM:#}"),
        };
        let _ = writeln!(out, "{:width$}  {status}", package.package);
    }
    out.trim_end().to_owned()
}

fn good(status: &str, made: &Attestation) -> String {
    format!("{GOOD}{status:<10}{GOOD:#}  by {}", made.signed_by)
}

/// What went wrong.
pub(in crate::cli) fn failures(packages: &[AttestedPackage]) -> impl Iterator<Item = &Failure> {
    packages.iter().filter_map(|package| match &package.outcome {
        AttestOutcome::Failed { failure, .. } => Some(failure),
        _ => None,
    })
}

/// The last line of `attest`.
pub(in crate::cli) fn summary(report: &AttestReport, output: &str) -> String {
    format!("{} in {output}", counts(&report.packages))
}

/// What a build says of its attestations; nothing when none were asked for.
pub(in crate::cli) fn told(packages: &[AttestedPackage]) -> Option<String> {
    let signers = packages.iter().filter_map(|package| package.outcome.made());
    let by = signers.map(|made| format!(" by {}", made.signed_by)).next().unwrap_or_default();
    (!packages.is_empty()).then(|| format!("attestations: {}{by}", counts(packages)))
}

fn counts(packages: &[AttestedPackage]) -> String {
    let count = |wanted: fn(&AttestOutcome) -> bool| packages.iter().filter(|p| wanted(&p.outcome)).count();
    let parts = [
        (count(|outcome| matches!(outcome, AttestOutcome::Attested(_))), "attested"),
        (count(|outcome| matches!(outcome, AttestOutcome::UpToDate(_))), "up to date"),
        (count(|outcome| matches!(outcome, AttestOutcome::Refused)), "refused"),
        (count(|outcome| matches!(outcome, AttestOutcome::Failed { .. })), "failed"),
        (count(|outcome| matches!(outcome, AttestOutcome::NotTried)), "not tried"),
    ];
    let said =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
    said.collect::<Vec<_>>().join(", ")
}
