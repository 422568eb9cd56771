//! `wick plugin init`: the workflow of a plugin repository, written or checked.

use serde_json::json;

use crate::cli::args::InitArgs;
use crate::cli::failure;
use crate::cli::render::Console;
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::phase::workflow::{self, Standing};
use crate::project;

pub(in crate::cli) fn run(args: &InitArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let layout = project::look(session.root())?;
    let workflow = workflow::look(&layout, args.branch.as_deref())?;
    let shown = session.shown(&workflow.path);
    let same = workflow.standing == Standing::Same;
    if workflow.standing == Standing::Edited && !args.check && !args.force {
        console.data(workflow.diff.trim_end());
        return Err(Failure::new(FailureKind::Conflict, format!("{shown} was changed by hand, so it stays"))
            .hint("`-` is there, `+` is what this wick would write; overwrite it with --force"));
    }
    if !same && !args.check {
        workflow::write(&workflow)?;
    }
    let words = match (&workflow.standing, args.check) {
        (Standing::Same, _) => "is what this wick would write",
        (Standing::Missing, true) => "is not there; write it with `wick plugin init`",
        (Standing::Missing, false) => "written; commit it, then push",
        (Standing::Outdated, true) => {
            "is from another wick or other settings; update it with `wick plugin init`"
        }
        (Standing::Outdated | Standing::Edited, false) => "updated",
        (Standing::Edited, true) => "was changed by hand",
    };
    if console.is_json() {
        console.json(&json!({ "schema": 1, "path": workflow.path, "same": same, "diff": workflow.diff }));
    } else if args.check {
        console.data(workflow.diff.trim_end());
    }
    console.summary(&format!("{shown} {words}"));
    Ok(if same || !args.check { failure::DONE } else { failure::exit_code(FailureKind::Findings) })
}
