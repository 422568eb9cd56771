//! What a build has to say although it went well: settings of this machine that mattered or didn't, and binaries that
//! run on fewer machines than their names say. The name of a package has no room for a CPU level, so its report does.

use super::build::BuildState;
use super::{Run, plan};
use crate::model::code_signature::CodeSignature;
use crate::model::finding::Finding;
use crate::model::names::PluginKey;
use crate::model::plan::Role;
use crate::model::report::{PackageReport, PluginFinding};
use crate::model::target::Target;
use crate::toolchain::{self, Order, cargo};

/// All of it, each once per plugin.
#[must_use]
pub fn remarks(run: &Run<'_>, states: &[BuildState], packages: &[PackageReport]) -> Vec<PluginFinding> {
    let mut found: Vec<PluginFinding> = Vec::new();
    let mut say = |plugin: &PluginKey, finding: Finding| {
        let one = PluginFinding { plugin: plugin.clone(), finding };
        if !found.iter().any(|said| said.plugin == one.plugin && said.finding == one.finding) {
            found.push(one);
        }
    };
    for unit in &run.plan.units {
        let order = Order {
            tools: run.tools,
            environment: run.environment,
            units: &[],
            scratch: std::path::Path::new(""),
            cpus: run.tools.cpus,
        };
        let plugin = plan::plugin_of(unit, run.project);
        for finding in toolchain::of(unit.language).remarks(&order, plugin, unit.target) {
            say(&unit.plugin, finding);
        }
    }
    for (unit, state) in run.plan.units.iter().zip(states) {
        if let (Role::Package(_), BuildState::Ready { receipt, .. }) = (&unit.role, state)
            && let Some(finding) =
                level(unit.target, &receipt.facts.raised_levels(), receipt.conditions.get(cargo::FLAGS))
        {
            say(&unit.plugin, finding);
        }
    }
    for package in packages {
        let Some(made) = package.outcome.made() else { continue };
        // Go signs nothing for Intel, and nothing there asks for it: only what is wrong is worth a word.
        if matches!(made.facts.code_signature, Some(CodeSignature::Broken { .. })) {
            for doubt in made.facts.doubts(package.target) {
                say(
                    &package.plugin,
                    Finding::warning("code-signature", format!("{}: {doubt}", package.target)),
                );
            }
        }
    }
    found
}

/// That a binary is for more than every machine of its target is: by what is in it, or else by the flags that the repository
/// asks for, which not every binary tells of.
fn level(target: Target, measured: &[String], flags: Option<&String>) -> Option<Finding> {
    if !measured.is_empty() {
        let levels = measured.join(", ");
        let message = format!(
            "{target} is for fewer machines than its name says: it needs {levels}, as wick.toml asks"
        );
        return Some(Finding::warning("cpu-level", message));
    }
    let flags = flags?;
    let names = ["target-cpu", "target_cpu", "target-feature", "target_feature"];
    names.iter().find(|name| flags.contains(**name))?;
    let message =
        format!("{target} may be for fewer machines than its name says: it is compiled with `{flags}`");
    Some(Finding::note("cpu-level", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_level_is_told_once_by_one_code() {
        let flags = |text: &str| Some(text.to_owned());
        for (measured, flags, told) in [
            (&["x86-64-v3"][..], flags("-Ctarget-cpu=x86-64-v3"), "warning it needs x86-64-v3"),
            (&["GOAMD64=v3"], None, "warning it needs GOAMD64=v3"),
            (&[], flags("-C target-cpu=x86-64-v3"), "note compiled with `-C target-cpu=x86-64-v3`"),
            (&[], flags("-Ctarget_feature=+aes"), "note compiled with `-Ctarget_feature=+aes`"),
            (&[], flags("--cfg here"), ""),
            (&[], None, ""),
        ] {
            let measured: Vec<String> = measured.iter().map(ToString::to_string).collect();
            let found = level(Target::ALL[0], &measured, flags.as_ref());
            let Some((severity, words)) = told.split_once(' ') else {
                assert_eq!(found, None);
                continue;
            };
            let found = found.unwrap();
            assert_eq!(
                (found.code, format!("{:?}", found.severity).to_lowercase().as_str()),
                ("cpu-level", severity)
            );
            assert!(found.message.contains(words), "{}", found.message);
        }
    }
}
