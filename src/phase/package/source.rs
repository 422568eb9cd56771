//! Which commit a package's sources are from: learned once per run, kept in the receipt, part of no package's bytes.

use std::path::Path;

use super::Standing;
use crate::model::failure::Failure;
use crate::model::project::Plugin;
use crate::model::receipt::{Input, InputState, SourceState};
use crate::phase::build::BuildState;
use crate::phase::{Run, plan};
use crate::sys::git::{self, WorkingTree};
use crate::toolchain::SourcePath;

/// The working tree of a project; nothing outside a git repository and where git can't tell.
#[must_use]
pub fn working_tree(root: &Path) -> Option<WorkingTree> {
    // Who has no git can build. The release asks for the commit, and says what to do.
    git::working_tree(root).ok().flatten()
}

/// Where a plugin's sources are from, by what its build read.
#[must_use]
pub fn state(
    tree: Option<&WorkingTree>,
    root: &Path,
    plugin: &Plugin,
    inputs: &[Input],
) -> Option<SourceState> {
    let tree = tree?;
    let sources: Vec<SourcePath> = inputs.iter().map(|input| place(input, root)).collect();
    let config = root.join(crate::project::CONFIG_NAME);
    let concerns = |path: &&std::path::PathBuf| {
        **path == config || path.starts_with(&plugin.dir) || sources.iter().any(|source| source.covers(path))
    };
    Some(SourceState { commit: tree.commit.clone(), dirty: tree.changed.iter().any(|path| concerns(&path)) })
}

/// Where an input of a receipt lies.
fn place(input: &Input, root: &Path) -> SourcePath {
    let path = if input.path.is_empty() { root.to_owned() } else { root.join(&input.path) };
    match input.state {
        InputState::File(_) | InputState::Absent => SourcePath::File(path),
        InputState::Package(_) => SourcePath::Package(path),
        InputState::Tree(_) => SourcePath::Tree(path),
    }
}

/// Brings the receipts of up-to-date packages to the commit that is checked out now. The packages stay untouched.
///
/// # Errors
/// When a receipt can't be written.
pub fn refresh(
    run: &Run<'_>,
    states: &[BuildState],
    standings: &mut [Standing],
    tree: Option<&WorkingTree>,
) -> Result<(), Failure> {
    for (at, standing) in standings.iter_mut().enumerate() {
        let (Standing::UpToDate(package), BuildState::Ready { receipt, .. }) = (standing, &states[at]) else {
            continue;
        };
        let unit = &run.plan.units[at];
        let now = state(tree, &run.project.root, plan::plugin_of(unit, run.project), &receipt.inputs);
        if package.source != now {
            package.source = now;
            run.store.keep_package(run.store.output(), unit, package)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::digest::Sha256;
    use crate::model::project::{GoSource, Source, Targets};

    #[test]
    fn only_what_the_plugin_is_made_from_makes_it_dirty() {
        let root = Path::new("/r/plugins");
        let go = GoSource {
            module_root: root.to_owned(),
            tags: Vec::new(),
            ldflags: Vec::new(),
            version_symbols: Vec::new(),
            env: std::collections::BTreeMap::new(),
        };
        let plugin = Plugin {
            key: "slack".parse().unwrap(),
            kind: crate::model::names::PluginKind::Connector,
            dir: root.join("connector/slack"),
            place: "connector/slack".to_owned(),
            version: "0.1.0".parse().unwrap(),
            source: Source::Go(go),
            targets: Targets::Contract,
            files: Vec::new(),
        };
        let digest = Sha256::of(b"");
        let input = |path: &str, state| Input { path: path.to_owned(), state };
        let inputs = [
            input("go.mod", InputState::File(digest)),
            input("go.work", InputState::Absent),
            input("shared", InputState::Package(digest)),
            input("/r/kit", InputState::Tree(digest)),
        ];
        let dirty = |path: &str| {
            let tree = WorkingTree {
                top: "/r".into(),
                commit: "0123".to_owned(),
                changed: vec![Path::new("/r").join(path)],
            };
            state(Some(&tree), root, &plugin, &inputs).unwrap().dirty
        };
        for path in [
            "plugins/go.mod",
            "plugins/go.work",
            "plugins/wick.toml",
            "plugins/shared/a.go",
            "plugins/connector/slack/VERSION",
            "kit/src/deep/lib.rs",
        ] {
            assert!(dirty(path), "{path}");
        }
        for path in
            ["README.md", "plugins/shared/deep/a.go", "plugins/connector/slack2/main.go", "plugins/bin/x.zip"]
        {
            assert!(!dirty(path), "{path}");
        }
        assert_eq!(state(None, root, &plugin, &inputs), None);
    }
}
