//! Asks toolchains which sources plugins are made from, and takes the sources' digests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::model::failure::{Failure, FailureKind};
use crate::model::project::Plugin;
use crate::model::receipt::{Input, InputState};
use crate::model::target::Target;
use crate::model::tools::Tools;
use crate::sys::files::{self, Kind};
use crate::sys::fingerprint::{Depth, Fingerprints};
use crate::sys::process::{self, Limits, ProcessError};
use crate::toolchain::{self, Closure, Order, SourcePath};

/// A plugin and its sources, or why they can't be listed.
pub type TracedPlugin<'a> = (&'a Plugin, Result<Closure, Failure>);

/// The closures of these plugins for one target. A plugin whose sources can't be listed comes with the reason.
///
/// # Errors
/// When the user interrupts.
pub fn closures<'a>(
    plugins: &[&'a Plugin],
    target: Target,
    tools: &Tools,
    environment: &BTreeMap<String, String>,
) -> Result<Vec<TracedPlugin<'a>>, Failure> {
    let order = Order { tools, environment, units: &[], scratch: Path::new(""), cpus: tools.cpus };
    let mut found = Vec::new();
    for toolchain in toolchain::ALL {
        let ours: Vec<&Plugin> =
            plugins.iter().copied().filter(|plugin| plugin.language() == toolchain.language()).collect();
        if ours.is_empty() {
            continue;
        }
        for (question, about) in toolchain.questions(&order, &ours, target) {
            let answer = match process::run(&question, Limits { time: None, output: 1 << 30 }) {
                Ok(answer) => answer,
                Err(error @ ProcessError::Interrupted) => return Err(error.into()),
                Err(error) => {
                    let failure = Failure::from(error);
                    found.extend(about.into_iter().map(|plugin| (plugin, Err(failure.clone()))));
                    continue;
                }
            };
            if !answer.success() {
                let failure =
                    Failure::new(FailureKind::Step, format!("`{question}`: {}", answer.complaint()));
                found.extend(about.into_iter().map(|plugin| (plugin, Err(failure.clone()))));
                continue;
            }
            let text = answer.stdout_text();
            for plugin in about {
                let closure = toolchain.closures(tools, &text, &[plugin]).map_err(Failure::from);
                let mut closure = closure.map(|mut closures| closures.swap_remove(0));
                if let Ok(closure) = &mut closure {
                    closure.sources.extend(assembled(closure));
                }
                found.push((plugin, closure));
            }
        }
    }
    Ok(found)
}

/// What assembly files of Go include, and what that includes. The assembler looks beside the file it was given; one that
/// isn't there may be the toolchain's own.
fn assembled(closure: &Closure) -> Vec<SourcePath> {
    let is_assembly = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "s");
    let mut found = BTreeSet::new();
    for file in closure.files.iter().filter(is_assembly) {
        let Some(folder) = file.parent() else { continue };
        let mut due = vec![file.clone()];
        while let Some(next) = due.pop() {
            let text = files::read(&next).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            for name in toolchain::go::included(&text) {
                let beside = next.parent().unwrap_or(folder);
                for path in [folder, beside].map(|folder| files::without_dots(&folder.join(name))) {
                    if found.insert(path.clone()) {
                        due.push(path);
                    }
                }
            }
        }
    }
    found.into_iter().map(SourcePath::File).collect()
}

/// What stands at each source now. Nothing when something can't be read completely.
#[must_use]
pub fn inputs(sources: &[SourcePath], root: &Path, fingerprints: &Fingerprints) -> Option<Vec<Input>> {
    let one = |source: &SourcePath| {
        let (path, state) = match source {
            SourcePath::File(path) => (
                path,
                fingerprints
                    .source(path)
                    .map_or(InputState::Absent, |content| InputState::File(content.sha256)),
            ),
            SourcePath::Package(path) => {
                (path, InputState::Package(fingerprints.folder(path, Depth::Package)?))
            }
            SourcePath::Tree(path) => (path, InputState::Tree(fingerprints.folder(path, Depth::Tree)?)),
        };
        Some(Input { path: written(path, root), state })
    };
    sources.iter().map(one).collect()
}

/// Every file in folders of which nobody tells what is read there. Nothing when something can't be read.
#[must_use]
pub fn whole(folders: &[PathBuf], root: &Path, fingerprints: &Fingerprints) -> Option<Vec<Input>> {
    let mut all = Vec::new();
    for folder in folders {
        for file in fingerprints.found(folder, Depth::Tree)?.iter() {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            if file.kind == Kind::File && !is_litter(&name) {
                let sha256 = fingerprints.source(&file.path)?.sha256;
                all.push(Input { path: written(&file.path, root), state: InputState::File(sha256) });
            }
        }
    }
    Some(all)
}

/// What systems and editors leave in every folder; no build script reads it.
pub(super) fn is_litter(name: &str) -> bool {
    [".DS_Store", "Thumbs.db", "desktop.ini"].contains(&name)
        || [".swp", ".swo", "~"].iter().any(|end| name.ends_with(end))
        || name.starts_with(".#")
        || name.starts_with('#') && name.ends_with('#')
}

/// Whether an input is still what it was; if not, what to say.
#[must_use]
pub fn change(input: &Input, root: &Path, fingerprints: &Fingerprints) -> Option<String> {
    let path = root.join(&input.path);
    match &input.state {
        InputState::Absent => fingerprints.source(&path).map(|_| format!("{} appeared", input.path)),
        InputState::File(before) => match fingerprints.source(&path) {
            Some(now) if now.sha256 == *before => None,
            Some(_) => Some(format!("{} changed", input.path)),
            None => Some(format!("{} is gone", input.path)),
        },
        InputState::Package(before) => {
            let same = fingerprints.folder(&path, Depth::Package) == Some(*before);
            (!same).then(|| format!("files in {} changed", shown(&input.path)))
        }
        InputState::Tree(before) => {
            let same = fingerprints.folder(&path, Depth::Tree) == Some(*before);
            (!same).then(|| format!("files below {} changed", shown(&input.path)))
        }
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "the project's folder" } else { path }
}

fn written(path: &Path, root: &Path) -> String {
    path.strip_prefix(root)
        .map_or_else(|_| path.to_owned(), PathBuf::from)
        .to_string_lossy()
        .replace('\\', "/")
}
