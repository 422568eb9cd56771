//! The plan and the report of a build, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{DIM, ERROR, GOOD, bytes};
use crate::model::artifact::Linkage;
use crate::model::plan::{Plan, Role, Route};
use crate::model::receipt::Evidence;
use crate::model::report::{BuildReport, Made, Outcome, PackageReport};
use crate::model::source::{self, Uncommitted};

/// What would be done, as commands that can be typed.
pub(in crate::cli) fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    for one in &plan.generate {
        let _ = writeln!(out, "# sources of {}", one.plugin);
        for command in &one.commands {
            let _ = writeln!(out, "(cd {} && {command})", command.cwd.display());
        }
    }
    for step in &plan.steps {
        let names: Vec<String> = step.units.iter().map(|at| plan.units[*at].label()).collect();
        let _ = writeln!(out, "# {}", names.join(", "));
        let _ = writeln!(out, "(cd {} && {})", step.command.cwd.display(), step.command);
    }
    let _ = writeln!(out, "# then");
    for unit in &plan.units {
        let how = match &unit.route {
            Route::Execute => "run it here to learn its manifest".to_owned(),
            Route::Emulate(name) => format!("run it in {name} to learn its manifest"),
            Route::SameSource(at) => {
                format!("take its manifest from the build for {}", plan.units[*at].target)
            }
            Route::Section => "read its manifest from its section".to_owned(),
        };
        match &unit.role {
            Role::Package(name) => {
                let _ = writeln!(out, "{}: {how}; write {}", unit.label(), plan.output.join(name).display());
            }
            Role::Helper => {
                let _ = writeln!(out, "{}: {how}; it speaks for the others", unit.label());
            }
        }
    }
    out.trim_end().to_owned()
}

/// One line per package.
pub(in crate::cli) fn table(report: &BuildReport, verbose: bool) -> String {
    let width = report.packages.iter().map(|p| p.package.len()).max().unwrap_or(0);
    let mut out = String::new();
    for package in &report.packages {
        let _ = match &package.outcome {
            Outcome::Built(made) => {
                writeln!(out, "{:width$}  {}", package.package, facts(made, "built", verbose))
            }
            Outcome::UpToDate(made) => {
                writeln!(out, "{:width$}  {}", package.package, facts(made, "up to date", verbose))
            }
            Outcome::Failed { .. } if package.package.is_empty() => Ok(()),
            Outcome::Failed { .. } => writeln!(out, "{:width$}  {ERROR}failed{ERROR:#}", package.package),
            Outcome::NotTried => writeln!(out, "{:width$}  {DIM}not tried{DIM:#}", package.package),
        };
    }
    out.trim_end().to_owned()
}

fn facts(made: &Made, status: &str, verbose: bool) -> String {
    let mut line = format!("{:>8}  {GOOD}{status:<10}{GOOD:#}", bytes(made.size));
    let _ = write!(line, "  manifest {:<11}", made.evidence.as_str());
    let _ = write!(line, "  {}", signed(made));
    if verbose {
        let linkage = match &made.facts.linkage {
            Linkage::Static => "static".to_owned(),
            Linkage::Dynamic { libraries, .. } => format!("needs {}", libraries.join(", ")),
        };
        let glibc =
            made.facts.glibc_floor.as_ref().map_or_else(String::new, |floor| format!(", glibc {floor}"));
        let macos =
            made.facts.macos_floor.as_ref().map_or_else(String::new, |floor| format!(", macOS {floor}"));
        let _ = write!(line, "\n    {DIM}{linkage}{glibc}{macos}; {}{DIM:#}", made.evidence_detail);
        if let Some(key) = &made.signed_by {
            let _ = write!(line, "\n    {DIM}manifest signed by ed25519 key {key}{DIM:#}");
        }
        if let Some(identity) = &made.bundle_signed_by {
            let _ = write!(line, "\n    {DIM}bundle by {identity}{DIM:#}");
        }
    }
    line
}

/// What is signed, in one word or two.
fn signed(made: &Made) -> &'static str {
    match (made.signed_by.is_some(), made.bundle_signed_by.is_some()) {
        (true, true) => "signed, bundle",
        (true, false) => "signed",
        (false, true) => "bundle",
        (false, false) => "unsigned",
    }
}

/// Why each package was or wasn't made.
pub(in crate::cli) fn reasons(report: &BuildReport) -> Vec<String> {
    let of = |package: &PackageReport| {
        let label = format!("{} {}", package.plugin, package.target);
        let shown: Vec<&str> = package.reasons.iter().take(4).map(String::as_str).collect();
        let more = package.reasons.len().saturating_sub(shown.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{label}: {}{more}", shown.join("; "))
    };
    report.packages.iter().map(of).chain(uncommitted(report)).collect()
}

/// What of the sources is in no commit. A release refuses it; a build only tells who asks.
fn uncommitted(report: &BuildReport) -> Option<String> {
    let made = report.packages.iter().filter_map(|package| package.outcome.made()?.source.as_ref());
    let all: BTreeSet<&Uncommitted> = made.flat_map(|source| &source.uncommitted).collect();
    (!all.is_empty()).then(|| format!("sources that are in no commit: {}", source::listed(all, 10)))
}

/// What could not be known; the same caveat of several targets is one line.
pub(in crate::cli) fn caveats(report: &BuildReport) -> Vec<String> {
    let mut grouped: Vec<(String, String, Vec<String>)> = Vec::new();
    for package in &report.packages {
        let Some(made) = package.outcome.made().filter(|made| !made.caveats.is_empty()) else { continue };
        let (plugin, text) = (package.plugin.to_string(), made.caveats.join("; "));
        match grouped.iter_mut().find(|(key, other, _)| *key == plugin && *other == text) {
            Some((.., targets)) => targets.push(package.target.to_string()),
            None => grouped.push((plugin, text, vec![package.target.to_string()])),
        }
    }
    grouped
        .into_iter()
        .map(|(plugin, text, targets)| format!("{plugin} {}: {text}", targets.join(", ")))
        .collect()
}

/// The last line.
pub(in crate::cli) fn summary(report: &BuildReport, output: &str) -> String {
    let count = |wanted: fn(&Outcome) -> bool| {
        report.packages.iter().filter(|p| !p.package.is_empty() && wanted(&p.outcome)).count()
    };
    let built = count(|outcome| matches!(outcome, Outcome::Built(_)));
    let fresh = count(|outcome| matches!(outcome, Outcome::UpToDate(_)));
    let failed = count(|outcome| matches!(outcome, Outcome::Failed { .. }));
    let left = count(|outcome| matches!(outcome, Outcome::NotTried));
    let mut parts = Vec::new();
    for (number, word) in [(built, "built"), (fresh, "up to date"), (failed, "failed"), (left, "not tried")] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    let compilers = match report.compiler_runs {
        0 => "no compiler was started".to_owned(),
        1 => "1 compiler run".to_owned(),
        n => format!("{n} compiler runs"),
    };
    format!("{} in {output} ({compilers})", parts.join(", "))
}

/// The report for a CI service's summary page.
pub(in crate::cli) fn markdown(report: &BuildReport) -> String {
    let mut out = String::from(
        "### wick plugin build\n\n| package | status | size | manifest | signed |\n|---|---|---|---|---|\n",
    );
    for package in &report.packages {
        let name = if package.package.is_empty() {
            format!("{} (helper)", package.plugin)
        } else {
            package.package.clone()
        };
        let row = match &package.outcome {
            Outcome::Built(made) => cells("built", made),
            Outcome::UpToDate(made) => cells("up to date", made),
            Outcome::Failed { error, .. } => {
                format!("**failed**: {} | | |", error.replace('|', "\\|").replace('\n', " "))
            }
            Outcome::NotTried => "not tried | | |".to_owned(),
        };
        let _ = writeln!(out, "| `{name}` | {row} |");
    }
    for line in
        report.findings.iter().map(|f| format!("{}: {}", f.plugin, f.finding.message)).chain(caveats(report))
    {
        let _ = writeln!(out, "\n> {}", line.replace('\n', " "));
    }
    out.push('\n');
    out
}

fn cells(status: &str, made: &Made) -> String {
    let evidence: Evidence = made.evidence;
    format!("{status} | {} | {} | {}", bytes(made.size), evidence.as_str(), signed(made))
}
