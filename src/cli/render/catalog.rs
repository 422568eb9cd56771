//! What a catalog run changed, for people.

use std::fmt::Write as _;

use super::{DIM, ERROR, GOOD, WARNING, bytes};
use crate::cli::command::catalog::Status;
use crate::model::catalog::{CatalogDiff, Change, Listed};
use crate::phase::catalog::CatalogReport;

/// One line per plugin that changes; empty when none does.
pub(in crate::cli) fn diff(diff: &CatalogDiff) -> String {
    let mut out = String::new();
    for one in &diff.added {
        let _ = writeln!(out, "{GOOD}+{GOOD:#} {}", listed(one));
    }
    for one in &diff.updated {
        let _ = writeln!(out, "{WARNING}~{WARNING:#} {}", change(one));
    }
    for one in &diff.removed {
        let _ = writeln!(out, "{ERROR}-{ERROR:#} {}", listed(one));
    }
    let count = diff.unchanged.len();
    if count > 0 && !diff.is_empty() {
        let _ = writeln!(out, "{DIM}  {count} unchanged{DIM:#}");
    }
    out.trim_end().to_owned()
}

fn listed(one: &Listed) -> String {
    format!("{} {}  {}", plain(&one.plugin), plain(&one.version), plain(&one.targets.join(", ")))
}

fn change(one: &Change) -> String {
    let version = if one.from == one.to { one.to.clone() } else { format!("{} → {}", one.from, one.to) };
    let mut parts = Vec::new();
    parts.extend(one.gained.iter().map(|target| format!("+{target}")));
    parts.extend(one.lost.iter().map(|target| format!("-{target}")));
    if !one.changed.is_empty() {
        parts.push(format!("{} changed", one.changed.join(", ")));
    }
    plain(format!("{} {version}  {}", one.plugin, parts.join("  ")).trim_end())
}

/// The last line.
pub(in crate::cli) fn summary(report: &CatalogReport, status: Status, file: &str) -> String {
    let count = report.catalog.entries().len();
    let plugins = if count == 1 { "1 plugin".to_owned() } else { format!("{count} plugins") };
    let what = match status {
        Status::Written => format!("{file} is written"),
        Status::UpToDate => format!("{file} is up to date"),
        Status::OutOfDate if report.diff.is_empty() => {
            format!("{file} is out of date: it says the same in another form")
        }
        Status::OutOfDate => format!("{file} is out of date"),
        Status::Printed => "the catalog is printed".to_owned(),
        Status::Refused if report.is_thin() => {
            format!("{file} is left as it was, because plugins would be missing")
        }
        Status::Refused => format!("{file} is left as it was"),
    };
    let cost = &report.cost;
    let read = match cost.bytes {
        0 => "nothing was downloaded".to_owned(),
        count => format!("{} downloaded in {} reads", bytes(count), cost.reads),
    };
    format!("{what} ({plugins} from {} releases, {read})", report.releases)
}

/// The changes for a CI service's summary page.
pub(in crate::cli) fn markdown(report: &CatalogReport, status: Status) -> String {
    let mut out = format!("### wick plugin catalog\n\n{}.\n\n", summary(report, status, "the catalog"));
    let mut row = |sign: &str, text: &str| {
        let _ = writeln!(out, "* {sign} {}", text.replace(['`', '<', '>', '|'], " "));
    };
    report.diff.added.iter().for_each(|one| row("added", &listed(one)));
    report.diff.updated.iter().for_each(|one| row("updated", &change(one)));
    report.diff.removed.iter().for_each(|one| row("removed", &listed(one)));
    report.failed.iter().for_each(|one| row("**unread**", &one.failure().message));
    report.findings.iter().for_each(|one| row("note:", &one.message));
    out.push('\n');
    out
}

/// A catalog is a file that others write; a terminal must not obey it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_reads_in_plugins_versions_and_targets() {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let listed = |plugin: &str| Listed {
            plugin: plugin.to_owned(),
            version: "0.1.0".to_owned(),
            targets: texts(&["linux/amd64", "linux/arm64"]),
        };
        let updated = |from: &str, gained: &[&str], lost: &[&str], changed: &[&str]| Change {
            plugin: "slack".to_owned(),
            from: from.to_owned(),
            to: "0.3.0".to_owned(),
            gained: texts(gained),
            lost: texts(lost),
            changed: texts(changed),
        };
        let all = CatalogDiff {
            added: vec![listed("new")],
            updated: vec![
                updated("0.2.0", &["windows/amd64"], &["darwin/amd64"], &[]),
                updated("0.3.0", &[], &[], &["name", "signed"]),
                updated("0.2\u{1b}[0m.0", &[], &[], &[]),
            ],
            removed: vec![listed("old")],
            unchanged: texts(&["same"]),
        };
        let shown = anstream::adapter::strip_str(&diff(&all)).to_string();
        let expected = "\
+ new 0.1.0  linux/amd64, linux/arm64
~ slack 0.2.0 → 0.3.0  +windows/amd64  -darwin/amd64
~ slack 0.3.0  name, signed changed
~ slack 0.2 [0m.0 → 0.3.0
- old 0.1.0  linux/amd64, linux/arm64
  1 unchanged";
        assert_eq!(shown, expected);
        assert_eq!(diff(&CatalogDiff { unchanged: texts(&["same"]), ..CatalogDiff::default() }), "");
    }
}
