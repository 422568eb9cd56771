//! Which plugins a command is about, for all commands that take plugins by name or all of them.

use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::PluginKind;
use crate::model::project::Project;
use crate::project::{self, Selection};

/// The chosen plugins, resolved. `verb` is for the hint when none is chosen.
pub(super) fn project(
    names: &[String],
    all: bool,
    kind: Option<PluginKind>,
    verb: &str,
    session: &Session,
) -> Result<Project, Failure> {
    let selection = if all {
        Selection::All
    } else if names.is_empty() {
        return Err(Failure::new(FailureKind::Usage, "which plugin? none is named")
            .hint(format!("name one, or use --all-plugins; `wick plugin {verb} --help` has examples")));
    } else {
        Selection::Named(names.to_vec())
    };
    let layout = project::look(session.root())?;
    Ok(project::resolve(&layout, &selection, kind)?)
}

/// What `--changed` compares with: what was typed, else a pull request's base, else the usual branch.
pub(super) fn since(typed: Option<&str>, session: &Session) -> String {
    let pull_request = session.variable("GITHUB_BASE_REF").map(|base| format!("origin/{base}"));
    typed.map(ToOwned::to_owned).or(pull_request).unwrap_or_else(|| "origin/main".to_owned())
}
