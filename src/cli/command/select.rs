//! Which plugins a command is about, for all commands that take plugins by name or all of them.

use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::PluginKind;
use crate::model::project::Project;
use crate::model::tools::Tools;
use crate::phase::plan::TargetChoice;
use crate::phase::plan::tools::Emulation;
use crate::project::{self, Selection};

/// What was typed, as a selection. `verb` is for the hint when nothing is chosen.
fn selection(names: &[String], all: bool, verb: &str) -> Result<Selection, Failure> {
    if all {
        Ok(Selection::All)
    } else if names.is_empty() {
        let others = if verb == "release" { "--all-plugins" } else { "--all-plugins or --changed" };
        let hint = format!("name one, or use {others}; `wick plugin {verb} --help` has examples");
        Err(Failure::new(FailureKind::Usage, "which plugin? none is named").hint(hint))
    } else {
        Ok(Selection::Named(names.to_vec()))
    }
}

/// The chosen plugins, resolved.
pub(super) fn project(
    names: &[String],
    all: bool,
    kind: Option<PluginKind>,
    verb: &str,
    session: &Session,
) -> Result<Project, Failure> {
    let selection = selection(names, all, verb)?;
    let layout = project::look(session.root())?;
    Ok(project::resolve(&layout, &selection, kind)?)
}

/// The chosen plugins and the tools that build them. Tools are looked for before cargo is asked about its plugins:
/// what is missing is said for all languages at once.
pub(super) fn project_and_tools(
    names: &[String],
    all: bool,
    kind: Option<PluginKind>,
    verb: &str,
    session: &Session,
    (choice, emulation): (&TargetChoice, Emulation),
) -> Result<(Project, Tools), Failure> {
    let selection = selection(names, all, verb)?;
    let layout = project::look(session.root())?;
    let languages = project::languages(&layout, &selection, kind)?;
    let mut tools = session.tools(&layout.root, &languages, emulation)?;
    let project = project::resolve(&layout, &selection, kind)?;
    session.add_rustflags(&mut tools, &project, choice)?;
    Ok((project, tools))
}

/// What `--changed` compares with: what was typed, else a pull request's base, else the usual branch.
pub(super) fn since(typed: Option<&str>, session: &Session) -> String {
    let pull_request = session.variable("GITHUB_BASE_REF").map(|base| format!("origin/{base}"));
    typed.map(ToOwned::to_owned).or(pull_request).unwrap_or_else(|| "origin/main".to_owned())
}
