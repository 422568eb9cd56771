//! Releases, merged sets and the matrix, for people and for a CI service.

use std::fmt::Write as _;

use super::{DIM, ERROR, GOOD, WARNING, bytes};
use crate::model::publish::{AssetStep, Matrix, MergeReport, PluginRelease, ReleaseOutcome, ReleaseReport};

/// A line per release, with its files while something happens to them.
pub(in crate::cli) fn table(report: &ReleaseReport, verbose: bool) -> String {
    let mut out = String::new();
    for plugin in &report.plugins {
        let name = plugin.tag.clone().unwrap_or_else(|| format!("{} {}", plugin.plugin, plugin.version));
        let (style, word, page) = words(&plugin.outcome);
        let _ = writeln!(out, "{}", format!("{name}  {style}{word}{style:#}  {page}").trim_end());
        let is_plain = matches!(plugin.outcome, ReleaseOutcome::AlreadyOut { .. } | ReleaseOutcome::Refused);
        if is_plain && !verbose {
            continue;
        }
        let width = plugin.assets.iter().map(|asset| asset.name.len()).max().unwrap_or(0);
        for asset in &plugin.assets {
            let step = step(asset.step, &plugin.outcome);
            let _ = writeln!(out, "  {:width$}  {:>8}  {DIM}{step}{DIM:#}", asset.name, bytes(asset.size));
        }
    }
    for one in report.rehearsal.iter().flatten() {
        let mut tried = one.signed.clone();
        tried.push(
            one.started
                .as_ref()
                .map_or("not started here".to_owned(), |how| format!("installed and started: {how}")),
        );
        let _ = writeln!(out, "{}  {DIM}{}{DIM:#}", one.package, tried.join("; "));
    }
    out.trim_end().to_owned()
}

fn words(outcome: &ReleaseOutcome) -> (anstyle::Style, &'static str, &str) {
    match outcome {
        ReleaseOutcome::Released { page } => (GOOD, "released", page),
        ReleaseOutcome::AlreadyOut { page } => (GOOD, "already out", page),
        ReleaseOutcome::WouldRelease => (GOOD, "would be released", ""),
        ReleaseOutcome::Refused => (ERROR, "refused", ""),
        ReleaseOutcome::Failed { .. } => (ERROR, "failed", ""),
        ReleaseOutcome::NotTried => (WARNING, "not tried", ""),
    }
}

fn step(step: AssetStep, outcome: &ReleaseOutcome) -> &'static str {
    match (step, outcome) {
        (AssetStep::There, ReleaseOutcome::NotTried | ReleaseOutcome::Refused) => "",
        (AssetStep::There, _) => "there",
        (AssetStep::Upload, ReleaseOutcome::Released { .. }) => "uploaded",
        (AssetStep::Replace, ReleaseOutcome::Released { .. }) => "replaced",
        (AssetStep::Upload, ReleaseOutcome::WouldRelease) => "would be uploaded",
        (AssetStep::Replace, ReleaseOutcome::WouldRelease) => "would be replaced",
        _ => "",
    }
}

/// The last line.
pub(in crate::cli) fn summary(report: &ReleaseReport) -> String {
    let count = |wanted: fn(&ReleaseOutcome) -> bool| {
        report.plugins.iter().filter(|plugin| wanted(&plugin.outcome)).count()
    };
    let counts = [
        (count(|o| matches!(o, ReleaseOutcome::Released { .. })), "released"),
        (count(|o| matches!(o, ReleaseOutcome::WouldRelease)), "would be released"),
        (count(|o| matches!(o, ReleaseOutcome::AlreadyOut { .. })), "already out"),
        (count(|o| matches!(o, ReleaseOutcome::Refused)), "refused"),
        (count(|o| matches!(o, ReleaseOutcome::Failed { .. })), "failed"),
        (count(|o| matches!(o, ReleaseOutcome::NotTried)), "not tried"),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let what = if parts.is_empty() { "nothing to release".to_owned() } else { parts.join(", ") };
    let end = match (&report.rehearsal, report.dry_run) {
        (Some(_), _) => " (rehearsal: nothing was published)",
        (None, true) => " (dry run: nothing was touched)",
        (None, false) => "",
    };
    format!("{what} in {}{end}", report.repository)
}

/// The tags that went out in this run, as a JSON list for `GITHUB_OUTPUT`.
pub(in crate::cli) fn released(report: &ReleaseReport) -> String {
    let is_new = |plugin: &&PluginRelease| matches!(plugin.outcome, ReleaseOutcome::Released { .. });
    let tags: Vec<&String> =
        report.plugins.iter().filter(is_new).filter_map(|plugin| plugin.tag.as_ref()).collect();
    serde_json::json!(tags).to_string()
}

/// The report for a CI service's summary page.
pub(in crate::cli) fn markdown(report: &ReleaseReport) -> String {
    let mut out = String::from("### wick plugin release\n\n| release | status | files |\n|---|---|---|\n");
    for plugin in &report.plugins {
        let name = plugin.tag.clone().unwrap_or_else(|| format!("{} {}", plugin.plugin, plugin.version));
        let (_, word, page) = words(&plugin.outcome);
        let name = if page.is_empty() { format!("`{name}`") } else { format!("[`{name}`]({page})") };
        let word = match &plugin.outcome {
            ReleaseOutcome::Failed { error, .. } => format!("**failed**: {}", cell(error)),
            _ => word.to_owned(),
        };
        let _ = writeln!(out, "| {name} | {word} | {} |", plugin.assets.len());
    }
    for one in &report.findings {
        let _ = writeln!(out, "\n> {}: {}", one.plugin, cell(&one.finding.message));
    }
    out.push('\n');
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A line per package of a merged set.
pub(in crate::cli) fn merged(report: &MergeReport) -> String {
    let width = report.packages.iter().map(|one| one.package.len()).max().unwrap_or(0);
    let line = |one: &crate::model::publish::MergedPackage| {
        let status = match (report.complete, one.copied) {
            (false, _) => "not copied",
            (true, true) => "copied",
            (true, false) => "up to date",
        };
        format!("{:width$}  {:>8}  {status}", one.package, bytes(one.size))
    };
    report.packages.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The last line of a merge.
pub(in crate::cli) fn merge_summary(report: &MergeReport, output: &str) -> String {
    let copied = report.packages.iter().filter(|one| one.copied).count();
    match (report.complete, copied) {
        (false, _) => "the parts are no complete set, so nothing was copied".to_owned(),
        (true, 0) => format!("{} packages in {output}, all up to date", report.packages.len()),
        (true, copied) => format!("{} packages in {output}, {copied} copied", report.packages.len()),
    }
}

/// A line per job.
pub(in crate::cli) fn matrix(matrix: &Matrix) -> String {
    let width = matrix.include.iter().map(|job| job.plugin.as_str().len()).max().unwrap_or(0);
    let line = |job: &crate::model::publish::Job| {
        format!("{:width$}  {:<8}  {:<14}  {}", job.plugin.as_str(), job.version, job.target, job.runner)
    };
    matrix.include.iter().map(line).collect::<Vec<_>>().join("\n")
}
