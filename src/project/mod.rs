//! Finds the plugins of a repository and resolves what their authors meant: layout, wick.toml, versions.
//! Knows nothing of compilers; what a change affects is `phase/plan`'s business, because it asks them.

mod config;
mod error;
mod layout;
mod resolve;
#[cfg(test)]
mod tests;

pub use config::CONFIG_NAME;
pub use error::ProjectError;
pub use layout::{Candidate, Layout, Survey, spelled};

use config::Chosen;

use std::collections::BTreeSet;
use std::error::Error as _;
use std::path::Path;

use crate::model::failure::Explain as _;
use crate::model::finding::Finding;
use crate::model::names::PluginKind;
use crate::model::project::{Language, Project, Targets};

/// Which plugins are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These, by key.
    Named(Vec<String>),
    /// All but scaffolds.
    All,
}

/// Looks at a repository without resolving anything.
///
/// # Errors
/// When the folder holds no plugins.
pub fn look(root: &Path) -> Result<Layout, ProjectError> {
    layout::look(root)
}

/// Looks at a folder that may hold no plugins yet, or folders that can be none.
///
/// # Errors
/// When the folder can't be read.
pub fn survey(root: &Path) -> Result<Survey, ProjectError> {
    layout::survey(root)
}

/// The languages of the selected plugins, by the files in their folders. Nothing is resolved and no tool is asked.
///
/// # Errors
/// When a plugin is unknown or can't be told from another.
pub fn languages(
    layout: &Layout,
    selection: &Selection,
    kind: Option<PluginKind>,
) -> Result<BTreeSet<Language>, ProjectError> {
    Ok(layout::choose(layout, selection, kind)?.iter().filter_map(|candidate| candidate.language).collect())
}

/// Resolves the selected plugins completely: versions read, wick.toml applied, cargo asked.
///
/// # Errors
/// When a plugin is unknown, wick.toml is invalid, or a version can't be told. All plugins must resolve, or none.
pub fn resolve(
    layout: &Layout,
    selection: &Selection,
    kind: Option<PluginKind>,
) -> Result<Project, ProjectError> {
    resolve_with(layout, selection, kind, None)
}

/// As [`resolve`], but what only keeps a plugin from being packed is told beside: it can be built and asked all the same.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_to_ask(
    layout: &Layout,
    selection: &Selection,
) -> Result<(Project, Vec<ProjectError>), ProjectError> {
    let mut told = Vec::new();
    let project = resolve_with(layout, selection, None, Some(&mut told))?;
    Ok((project, told))
}

/// The files that are packed beside a plugin's binary, and its targets: what can be told without asking a toolchain.
///
/// # Errors
/// When one of them can't be packed, or wick.toml can't be read.
pub fn packed_files(layout: &Layout, candidate: &Candidate) -> Result<(Vec<String>, Targets), ProjectError> {
    let selection = Selection::Named(vec![candidate.place.clone()]);
    let (config, _) = read(layout, &selection, &[candidate])?;
    resolve::packed(candidate, &config)
}

fn resolve_with(
    layout: &Layout,
    selection: &Selection,
    kind: Option<PluginKind>,
    told: Option<&mut Vec<ProjectError>>,
) -> Result<Project, ProjectError> {
    let chosen = layout::choose(layout, selection, kind)?;
    let (config, _) = read(layout, selection, &chosen)?;
    let all = matches!(selection, Selection::All);
    let plugins = resolve::resolve(layout, &chosen, &config, all, told)?;
    Ok(Project { root: layout.root.clone(), config: config.path, plugins })
}

/// What is wrong beside the plugins that were named. It is said and stops nobody: what is named is built. Where all are
/// meant, it is an error of theirs.
#[must_use]
pub fn strangers(layout: &Layout, selection: &Selection, kind: Option<PluginKind>) -> Vec<Finding> {
    if *selection == Selection::All {
        return Vec::new();
    }
    let odd =
        layout.odd.iter().map(|(place, why)| ProjectError::Key { place: place.clone(), source: why.clone() });
    let tables = layout::choose(layout, selection, kind)
        .and_then(|chosen| Ok(read(layout, selection, &chosen)?.1))
        .unwrap_or_default();
    odd.chain(tables).map(|error| warning(&error)).collect()
}

fn warning(error: &ProjectError) -> Finding {
    let why = error.source().map_or_else(String::new, |why| format!(": {why}"));
    let finding = Finding::warning("stranger", format!("{error}{why}"));
    match error.hints().into_iter().next() {
        Some(hint) => finding.hint(hint),
        None => finding,
    }
}

/// wick.toml, and what in it is wrong with plugins that weren't chosen.
fn read(
    layout: &Layout,
    selection: &Selection,
    chosen: &[&Candidate],
) -> Result<(config::Config, Vec<ProjectError>), ProjectError> {
    let keys: Vec<_> = chosen.iter().map(|one| &one.key).collect();
    let whose = match selection {
        Selection::All => Chosen::All,
        Selection::Named(_) => Chosen::Named(&keys),
    };
    let (config, broken) = config::read(&layout.root, whose)?;
    let mut strangers: Vec<ProjectError> = broken.into_iter().collect();
    strangers.extend(config.check_plugin_names(layout, whose)?);
    Ok((config, strangers))
}
