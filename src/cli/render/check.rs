//! What `wick plugin check` found, for people.

use std::fmt::Write as _;

use super::{GOOD, style_of};
use crate::phase::check::Report;

/// Each plugin with its findings. What is said of a rule is said once per plugin, below its last finding.
pub(in crate::cli) fn lines(report: &Report, verbose: bool) -> String {
    let mut out = String::new();
    for plugin in &report.plugins {
        let _ = writeln!(out, "{}", plugin.place);
        if plugin.findings.is_empty() {
            let what = if plugin.asked { "" } else { " in its folder; it was not built" };
            let _ = writeln!(out, "  {GOOD}ok{GOOD:#}: nothing to complain about{what}");
        }
        for (at, found) in plugin.findings.iter().enumerate() {
            let (style, word) = style_of(found.severity);
            let _ = writeln!(out, "  {style}{word}{style:#}[{}]: {}", found.code, found.message);
            for line in found.output.iter().flat_map(|output| output.lines()) {
                let _ = writeln!(out, "    | {line}");
            }
            let last = plugin.findings.get(at + 1).is_none_or(|next| next.hint != found.hint);
            if last || verbose {
                let _ = writeln!(out, "    hint: {}", found.hint);
            }
        }
    }
    out.trim_end().to_owned()
}

/// The last line.
pub(in crate::cli) fn summary(report: &Report) -> String {
    let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    format!(
        "{} and {} in {}",
        count(report.errors, "error"),
        count(report.warnings, "warning"),
        count(report.plugins.len(), "plugin")
    )
}
