//! Whether a unit's binary is still what a build would make. In doubt, it is not.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::{Freshness, Run, plan, trace};
use crate::model::plan::Unit;
use crate::model::project::Language;
use crate::model::receipt::{BuildReceipt, Input, InputState};
use crate::toolchain::{self, Order};

/// The answer for one unit.
pub(super) struct Verdict {
    /// There when the binary is up to date.
    pub(super) receipt: Option<BuildReceipt>,
    /// Why it is not.
    pub(super) reasons: Vec<String>,
}

pub(super) fn judge_all(run: &Run<'_>, units: &[usize]) -> Vec<Verdict> {
    // Not worth a phase of its own: files are hashed once, however many units read them.
    units.iter().map(|at| judge(run, &run.plan.units[*at])).collect()
}

fn judge(run: &Run<'_>, unit: &Unit) -> Verdict {
    let stale = |reasons: Vec<String>| Verdict { receipt: None, reasons };
    if run.freshness == Freshness::Ignore {
        return stale(vec!["--force".to_owned()]);
    }
    let plugin = plan::plugin_of(unit, run.project);
    let order = order(run);
    if let Some(why) = toolchain::of(unit.language).untraceable(&order, plugin) {
        return stale(vec![why]);
    }
    let Some(receipt) = run.store.build_receipt(unit) else {
        return stale(vec!["not built before".to_owned()]);
    };
    let mut reasons = changed_conditions(&receipt.conditions, &conditions(run, unit, &receipt));
    if receipt.version != unit.version {
        reasons.push(format!("version was {}, is {}", receipt.version, unit.version));
    }
    if receipt.composition.is_none() || receipt.origin.is_none() {
        reasons.push("what it consists of, or where it was built, isn't on record".to_owned());
    }
    // rustc tells each file; receipts of an older wick have only folders.
    let is_source = |input: &Input| input.path.ends_with(".rs") && matches!(input.state, InputState::File(_));
    if unit.language == Language::Rust && !receipt.inputs.iter().any(is_source) {
        reasons.push("which files it was compiled from isn't on record".to_owned());
    }
    reasons
        .extend(receipt.inputs.iter().filter_map(|i| trace::change(i, &run.project.root, run.fingerprints)));
    // By content: the same size is not the same binary, and a helper's goes into no package that would be checked.
    if run.fingerprints.file(&unit.binary) != Some(receipt.sha256) {
        reasons.push("the built binary is gone or was altered".to_owned());
    }
    if reasons.is_empty() { Verdict { receipt: Some(receipt), reasons } } else { stale(reasons) }
}

fn order<'a>(run: &'a Run<'_>) -> Order<'a> {
    Order {
        tools: run.tools,
        environment: run.environment,
        units: &[],
        scratch: Path::new(""),
        cpus: run.tools.cpus,
    }
}

/// The conditions that hold now. Variables that an earlier build turned out to read (`env!`, build scripts) are
/// looked up by the names in its receipt.
pub(super) fn conditions(run: &Run<'_>, unit: &Unit, receipt: &BuildReceipt) -> BTreeMap<String, String> {
    let plugin = plan::plugin_of(unit, run.project);
    let mut now = toolchain::of(unit.language).conditions(&order(run), plugin, unit.target);
    if !plugin.generate.is_empty() {
        now.insert("generate".to_owned(), crate::phase::generate::written(plugin));
    }
    for name in receipt.conditions.keys().filter_map(|name| name.strip_prefix("read ")) {
        now.insert(format!("read {name}"), read_variable(run, name));
    }
    now
}

/// A variable's value as receipts carry it; unset is not empty.
pub(super) fn read_variable(run: &Run<'_>, name: &str) -> String {
    run.environment.get(name).map_or_else(|| "unset".to_owned(), |value| toolchain::veiled(value))
}

fn changed_conditions(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<&String> = before.keys().chain(now.keys()).collect();
    names.sort();
    names.dedup();
    let differs = names.into_iter().filter(|name| before.get(*name) != now.get(*name));
    let say = |name: &String| {
        let variable = name.strip_prefix("env ").or_else(|| name.strip_prefix("read "));
        match (variable, before.get(name), now.get(name)) {
            (Some(variable), Some(_), Some(_)) => format!("${variable} changed"),
            (Some(variable), None, _) => format!("${variable} is set now"),
            (Some(variable), _, None) => format!("${variable} is no longer set"),
            (None, Some(before), Some(now)) if before.len() + now.len() < 120 => {
                format!("{name} was `{before}`, is `{now}`")
            }
            (None, ..) => format!("{name} changed"),
        }
    };
    differs.map(say).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_conditions_is_named() {
        let map =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let before = map(&[("env A", "1"), ("env B", "1"), ("go version", "go1.25"), ("same", "x")]);
        let now = map(&[("env A", "2"), ("env C", "1"), ("go version", "go1.26"), ("same", "x")]);
        let said = changed_conditions(&before, &now);
        assert_eq!(
            said,
            ["$A changed", "$B is no longer set", "$C is set now", "go version was `go1.25`, is `go1.26`"]
        );
    }
}
