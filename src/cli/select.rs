//! Which plugins a command is about, for all commands that take plugins by name or all of them.

use crate::cli::render::Console;
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::PluginKind;
use crate::model::project::Project;
use crate::project::{self, Selection};

/// What was typed, as a selection. `instead` says what else selects, and where examples are.
pub(in crate::cli) fn selection(names: &[String], all: bool, instead: &str) -> Result<Selection, Failure> {
    if all {
        Ok(Selection::All)
    } else if names.is_empty() {
        Err(Failure::new(FailureKind::Usage, "which plugin? none is named")
            .hint(format!("name one, or use {instead}")))
    } else {
        Ok(Selection::Named(names.to_vec()))
    }
}

/// The chosen plugins, resolved.
pub(in crate::cli) fn project(
    names: &[String],
    all: bool,
    kind: Option<PluginKind>,
    session: &Session,
    console: &Console,
) -> Result<Project, Failure> {
    let selection = selection(names, all, "--all-plugins; `wick plugin release --help` has examples")?;
    let layout = project::look(session.root())?;
    let project = project::resolve(&layout, &selection, kind)?;
    console.findings(&project::strangers(&layout, &selection, kind));
    Ok(project)
}

/// What `--changed` compares with: what was typed, else a pull request's base, else the usual branch.
pub(in crate::cli) fn since(typed: Option<&str>, session: &Session) -> String {
    let pull_request = session.variable("GITHUB_BASE_REF").map(|base| format!("origin/{base}"));
    typed.map(ToOwned::to_owned).or(pull_request).unwrap_or_else(|| "origin/main".to_owned())
}
