//! Finds the plugins of a repository and resolves what their authors meant: layout, wick.toml, versions.
//! Knows nothing of compilers; what a change affects is `phase/plan`'s business, because it asks them.

mod config;
mod error;
mod layout;
mod resolve;

pub use config::CONFIG_NAME;
pub use error::ProjectError;
pub use layout::{Candidate, Layout, Survey};

use std::collections::BTreeSet;
use std::path::Path;

use crate::model::names::PluginKind;
use crate::model::project::{Language, Project};

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
/// When the folder holds no plugins, or a plugin's folder has a name no host accepts.
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

fn resolve_with(
    layout: &Layout,
    selection: &Selection,
    kind: Option<PluginKind>,
    told: Option<&mut Vec<ProjectError>>,
) -> Result<Project, ProjectError> {
    let config = config::read(&layout.root)?;
    config.check_plugin_names(layout)?;
    let chosen = layout::choose(layout, selection, kind)?;
    let all = matches!(selection, Selection::All);
    let plugins = resolve::resolve(layout, &chosen, &config, all, told)?;
    Ok(Project { root: layout.root.clone(), config: config.path, plugins })
}
