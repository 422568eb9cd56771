//! Which plugins a change can affect: the files git says differ, held against each plugin's real dependency closure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{PlanError, TargetChoice, targets_of};
use crate::model::failure::Failure;
use crate::model::project::{Language, Plugin, Project};
use crate::model::target::Target;
use crate::model::tools::Tools;
use crate::phase::{generate, trace};
use crate::sys::{files, fingerprint, git};
use crate::toolchain::{Closure, SourcePath};

/// Why a plugin is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// `connector/slack`.
    pub place: String,
    /// One line each, such as `shared/textutil/words.go changed`.
    pub reasons: Vec<String>,
}

/// Keeps the plugins that a change since `since` can affect, and says why; the others are gone from the project.
///
/// # Errors
/// When git can't tell what changed: never a silent empty list. When a plugin asks for a newer toolchain.
pub fn select(
    project: &mut Project,
    since: &str,
    choice: &TargetChoice,
    tools: &Tools,
    environment: &BTreeMap<String, String>,
) -> Result<Vec<Selected>, Failure> {
    // The toolchain is asked below, and would say it in its own words.
    if !tools.too_old.is_empty() {
        return Err(PlanError::Missing(tools.too_old.clone()).into());
    }
    let changed = git::changed_since(&project.root, since)?;
    let repository = Known::new(&project.root)?;
    let mut selected = Vec::new();
    // The configuration decides how everything is built.
    let config = project.root.join(crate::project::CONFIG_NAME);
    let everywhere: Vec<&PathBuf> = changed.iter().filter(|path| **path == config).collect();
    for target in if everywhere.is_empty() { all_targets(project, choice)? } else { Vec::new() } {
        let of_target: Vec<&Plugin> = project
            .plugins
            .iter()
            .filter(|plugin| targets_of(plugin, choice).is_ok_and(|targets| targets.contains(&target)))
            .collect();
        for (plugin, closure) in trace::closures(&of_target, target, tools, environment)? {
            let reasons = match closure {
                Ok(mut closure) => {
                    if plugin.language() == Language::Rust {
                        closure.sources.extend(detours(&closure.sources));
                    }
                    closure.sources.extend(generators(plugin, &project.root));
                    let read = read(plugin, &closure);
                    // What is read through a link changes where the link leads.
                    let behind = read.iter().filter_map(|path| files::canonical(path).ok());
                    closure.sources.extend(behind.map(SourcePath::File));
                    let mut reasons = reasons(&changed, &project.root, &plugin.dir, &closure.sources);
                    // What generators wrote is in no commit, and changes when what they read does.
                    let read = if plugin.generate.is_empty() { read } else { Vec::new() };
                    reasons.extend(repository.unknowable(&closure.sources, &read, &changed));
                    reasons
                }
                // What can't be traced can't be ruled out.
                Err(why) => vec![format!("its sources can't be listed: {}", why.message)],
            };
            note(&mut selected, &plugin.place, reasons);
        }
    }
    for path in everywhere {
        for plugin in &project.plugins {
            note(&mut selected, &plugin.place, vec![format!("{} changed", shown(path, &project.root))]);
        }
    }
    selected.retain(|one: &Selected| !one.reasons.is_empty());
    project.plugins.retain(|plugin| selected.iter().any(|one| one.place == plugin.place));
    Ok(selected)
}

/// Where a plugin's generators may read: nobody can tell, so all of the project and of its module or workspace.
fn generators(plugin: &Plugin, root: &Path) -> Vec<SourcePath> {
    let folders = [root, generate::whole(plugin)].into_iter().filter(|_| !plugin.generate.is_empty());
    folders.map(|folder| SourcePath::Tree(folder.to_owned())).collect()
}

/// The files that a compiler is known to read: those of Go's answer, every Rust source of a package.
fn read(plugin: &Plugin, closure: &Closure) -> Vec<PathBuf> {
    let mut files = closure.files.clone();
    if plugin.language() == Language::Rust {
        let packages = closure.sources.iter().filter_map(|source| match source {
            SourcePath::Tree(package) => Some(package),
            _ => None,
        });
        files.extend(packages.flat_map(|package| fingerprint::source_files(package, "rs")));
    }
    files
}

/// What git knows about, for the question which sources it can't vouch for. What is in no commit, or lies outside the
/// repository, may have changed since any point in history: nobody has kept what it was.
struct Known {
    root: PathBuf,
    top: PathBuf,
    committed: BTreeSet<PathBuf>,
}

impl Known {
    fn new(root: &Path) -> Result<Known, Failure> {
        let top = git::top(root)?.unwrap_or_else(|| root.to_owned());
        Ok(Known { root: root.to_owned(), top, committed: git::committed(root)? })
    }

    fn unknowable(&self, sources: &[SourcePath], read: &[PathBuf], changed: &[PathBuf]) -> Vec<String> {
        let is_outside = |path: &Path| files::canonical(path).is_ok_and(|real| !real.starts_with(&self.top));
        let folders = sources.iter().filter_map(|source| match source {
            SourcePath::Package(path) | SourcePath::Tree(path) => Some(path),
            SourcePath::File(_) => None,
        });
        let outside: BTreeSet<&PathBuf> = folders.chain(read).filter(|path| is_outside(path)).collect();
        // A folder says it for all that is in it.
        let first = |path: &&&PathBuf| !outside.iter().any(|other| other != *path && path.starts_with(other));
        let say = |path: &PathBuf| {
            format!("{} lies outside the repository, so its changes can't be told", shown(path, &self.root))
        };
        let mut reasons: Vec<String> = outside.iter().filter(first).map(|path| say(path)).collect();
        let loose = read.iter().filter(|path| {
            path.starts_with(&self.top) && !changed.contains(path) && !self.committed.contains(*path)
        });
        reasons.extend(loose.map(|path| format!("{} is in no commit", shown(path, &self.root))));
        reasons
    }
}

/// Where Rust sources reach out of their package (`include_str!`, `#[path]`, a build script): every string literal
/// that climbs with `../`, taken from the file's folder and from the folders above. rustc tells exactly, but only
/// after a build; before one, a guess too many selects a plugin too many.
fn detours(sources: &[SourcePath]) -> Vec<SourcePath> {
    let mut found = BTreeSet::new();
    for source in sources {
        let SourcePath::Tree(package) = source else { continue };
        for file in fingerprint::source_files(package, "rs") {
            let text = files::read_text(&file).unwrap_or_default();
            let climbs = text.split('"').filter_map(|piece| Some(&piece[piece.find("../")?..]));
            for literal in climbs.filter(|literal| !literal.contains('\n')) {
                let inside = file.ancestors().skip(1).take_while(|folder| folder.starts_with(package));
                let reached = inside.map(|folder| climb(folder, literal));
                // A folder that holds the package itself would select on every change; that is no guess any more.
                found.extend(reached.filter(|path| !package.starts_with(path)).map(SourcePath::Tree));
            }
        }
    }
    found.into_iter().collect()
}

/// `literal` from `folder`, its dots resolved by spelling: what it names may be deleted.
fn climb(folder: &Path, literal: &str) -> PathBuf {
    let mut path = folder.to_owned();
    for part in literal.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

fn all_targets(project: &Project, choice: &TargetChoice) -> Result<Vec<Target>, Failure> {
    let mut all: Vec<Target> = Vec::new();
    for plugin in &project.plugins {
        for target in targets_of(plugin, choice)? {
            if !all.contains(&target) {
                all.push(target);
            }
        }
    }
    Ok(all)
}

fn reasons(changed: &[PathBuf], root: &Path, own: &Path, sources: &[SourcePath]) -> Vec<String> {
    // A plugin's own folder always counts: extra files, assets read by scripts, a VERSION.
    let concerns = |path: &&PathBuf| {
        sources.iter().any(|source| source.covers(path))
            || (path.starts_with(own) && !path.to_string_lossy().ends_with("_test.go"))
    };
    changed.iter().filter(concerns).map(|path| format!("{} changed", shown(path, root))).collect()
}

fn note(selected: &mut Vec<Selected>, place: &str, reasons: Vec<String>) {
    let at = selected.iter().position(|one| one.place == place).unwrap_or_else(|| {
        selected.push(Selected { place: place.to_owned(), reasons: Vec::new() });
        selected.len() - 1
    });
    for reason in reasons {
        if !selected[at].reasons.contains(&reason) {
            selected[at].reasons.push(reason);
        }
    }
}

fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
