//! docs/checks.md: the table of rules, for people.

use std::fmt::Write as _;

use super::rules::RULES;
use crate::model::finding::Severity;

const HEAD: &str = "\
# What `wick plugin check` says

<!-- Made from src/phase/check/rules.rs: SNAPSHOTS=overwrite cargo test --lib check:: -->

`wick plugin check slack` builds the plugin for this machine, asks it what it is, and tells everything that a host or a
reviewer would complain about. `--no-build` asks only what can be seen in the folder. An *error* is what a host, a build or
a release refuses, or what harms its user: the exit code is 1. A *warning* is what a reviewer would ask about; with
`--strict` it counts like an error. `--allow CODE` leaves a rule out.

| code | | finds | why |
|---|---|---|---|
";

/// The page's text.
#[must_use]
pub fn text() -> String {
    let mut page = HEAD.to_owned();
    for rule in RULES {
        let severity = match rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let what = rule.what.replace('|', "\\|");
        let _ =
            writeln!(page, "| `{}` | {severity} | {what} | {} |", rule.code, rule.why.replace('|', "\\|"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/checks.md");
        let there = snapbox::Data::read_from(path.as_ref(), Some(snapbox::data::DataFormat::Text));
        snapbox::Assert::new().action_env("SNAPSHOTS").eq(text(), there);
    }
}
