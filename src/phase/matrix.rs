//! The matrix for CI: which plugin is to be built for which target on which machine. Pure; what is out already is
//! somebody else's answer.

use crate::model::project::Plugin;
use crate::model::publish::{Job, MATRIX_SCHEMA, Matrix};
use crate::model::target::{Arch, Os, Target};

/// The jobs of these plugins: all targets of each one's complete release, or those of `only`.
#[must_use]
pub fn matrix<'a>(plugins: impl IntoIterator<Item = &'a Plugin>, only: &[Target]) -> Matrix {
    let jobs = |plugin: &'a Plugin| {
        let wanted =
            plugin.targets.complete().iter().filter(|target| only.is_empty() || only.contains(target));
        wanted.map(move |target| Job {
            plugin: plugin.key.clone(),
            kind: plugin.kind,
            version: plugin.version.clone(),
            target: *target,
            runner: runner(*target),
        })
    };
    Matrix { schema: MATRIX_SCHEMA, include: plugins.into_iter().flat_map(jobs).collect() }
}

/// The machine of GitHub's that runs binaries of this target: there a manifest is learned from the very artifact.
/// Targets without one are built on Linux. <https://docs.github.com/actions/reference/runners/github-hosted-runners>
#[must_use]
pub fn runner(target: Target) -> &'static str {
    match (target.os, target.arch) {
        (Os::Linux, Arch::Arm64) => "ubuntu-24.04-arm",
        (Os::Darwin, Arch::Arm64) => "macos-latest",
        (Os::Darwin, Arch::Amd64) => "macos-15-intel",
        (Os::Windows, Arch::Amd64) => "windows-latest",
        _ => "ubuntu-latest",
    }
}

/// The matrix as a workflow's `strategy.matrix` takes it: every key there is a dimension, so no schema number.
#[must_use]
pub fn for_strategy(matrix: &Matrix) -> String {
    serde_json::json!({ "include": matrix.include }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_of_a_release_has_a_machine_that_runs_it() {
        let runners = Target::ALL.map(runner);
        assert_eq!(
            runners,
            ["ubuntu-24.04-arm", "ubuntu-latest", "macos-latest", "macos-15-intel", "windows-latest"]
        );
        assert_eq!(runner("linux/riscv64".parse().unwrap()), "ubuntu-latest");
    }

    #[test]
    fn the_forms_are_kept() {
        let job = Job {
            plugin: "slack".parse().unwrap(),
            kind: crate::model::names::PluginKind::Connector,
            version: "0.2.0".parse().unwrap(),
            target: Target::ALL[0],
            runner: runner(Target::ALL[0]),
        };
        let matrix = Matrix { schema: MATRIX_SCHEMA, include: vec![job] };
        let one = r#"{"plugin":"slack","kind":"connector","version":"0.2.0","target":"linux/arm64","runner":"ubuntu-24.04-arm"}"#;
        assert_eq!(serde_json::to_string(&matrix).unwrap(), format!(r#"{{"schema":1,"include":[{one}]}}"#));
        // serde_json's maps are sorted; a workflow doesn't mind.
        let strategy: serde_json::Value = serde_json::from_str(&for_strategy(&matrix)).unwrap();
        assert_eq!(
            strategy,
            serde_json::from_str::<serde_json::Value>(&format!(r#"{{"include":[{one}]}}"#)).unwrap()
        );
    }
}
