//! What a build has to say although it went well: settings of this machine that mattered or didn't, and binaries that
//! run on fewer machines than their names say. The name of a package has no room for a CPU level, so its report does.

use super::{Run, plan};
use crate::model::code_signature::CodeSignature;
use crate::model::finding::Finding;
use crate::model::names::PluginKey;
use crate::model::report::{PackageReport, PluginFinding};
use crate::toolchain::{self, Order};

/// All of it, each once per plugin.
#[must_use]
pub fn remarks(run: &Run<'_>, packages: &[PackageReport]) -> Vec<PluginFinding> {
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
    for package in packages {
        let Some(made) = package.outcome.made() else { continue };
        let levels = made.facts.raised_levels();
        if !levels.is_empty() {
            let message = format!(
                "{} is for fewer machines than its name says: it needs {}, as wick.toml asks",
                package.target,
                levels.join(", ")
            );
            say(&package.plugin, Finding::warning("cpu-level", message));
        }
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
