//! `wick plugin init`: a folder becomes a repository of plugins; its workflow is written or checked.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use crate::cli::args::InitArgs;
use crate::cli::failure;
use crate::cli::render::Console;
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::model::project::Language;
use crate::phase::scaffold::{self, Setup};
use crate::phase::workflow::{self, Standing, Workflow};
use crate::project;

pub(in crate::cli) fn run(args: &InitArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let before = project::survey(session.root())?;
    if args.check {
        let layout = project::look(session.root())?;
        return check(&workflow::look(&layout, args.branch.as_deref())?, session, console);
    }
    let workflow = workflow::look(&before.layout, args.branch.as_deref())?;
    if workflow.standing == Standing::Edited && !args.force {
        console.data(workflow.diff.trim_end());
        let shown = session.shown(&workflow.path);
        return Err(Failure::new(FailureKind::Conflict, format!("{shown} was changed by hand, so it stays"))
            .hint("`-` is there, `+` is what this wick would write; overwrite it with --force"));
    }
    let languages: BTreeSet<Language> = args.lang.iter().map(|one| Language::from(*one)).collect();
    let setup = scaffold::setup(&before.layout.root, &languages, args.module.as_deref())?;
    for piece in setup.pieces.iter().filter(|piece| piece.standing == scaffold::Standing::Missing) {
        piece.write()?;
    }
    // Again: what was just written may ask for steps in the workflow.
    let after = project::survey(session.root())?;
    let workflow = workflow::look(&after.layout, args.branch.as_deref())?;
    let same = workflow.standing == Standing::Same;
    if !same {
        workflow::write(&workflow)?;
    }
    let written = places(&setup, scaffold::Standing::Missing, session);
    let kept = places(&setup, scaffold::Standing::Other, session);
    if console.is_json() {
        console.json(&json!({
            "schema": 1, "path": workflow.path, "same": same, "diff": workflow.diff,
            "written": written, "kept": kept,
        }));
    }
    for place in &written {
        console.note(&format!("wrote {place}"));
    }
    for place in &kept {
        console.note(&format!("{place} is yours and stays"));
    }
    for note in &setup.notes {
        console.note(note);
    }
    let words = match workflow.standing {
        Standing::Same => "is what this wick would write",
        Standing::Missing => "written; commit it, then push",
        Standing::Outdated | Standing::Edited => "updated",
    };
    console.summary(&format!("{} {words}", session.shown(&workflow.path)));
    hints(&after.layout.root, after.layout.candidates.is_empty(), session, console)?;
    Ok(failure::DONE)
}

fn check(workflow: &Workflow, session: &Session, console: &Console) -> Result<u8, Failure> {
    let same = workflow.standing == Standing::Same;
    let words = match workflow.standing {
        Standing::Same => "is what this wick would write",
        Standing::Missing => "is not there; write it with `wick plugin init`",
        Standing::Outdated => "is from another wick or other settings; update it with `wick plugin init`",
        Standing::Edited => "was changed by hand",
    };
    if console.is_json() {
        console.json(&json!({ "schema": 1, "path": workflow.path, "same": same, "diff": workflow.diff }));
    } else {
        console.data(workflow.diff.trim_end());
    }
    console.summary(&format!("{} {words}", session.shown(&workflow.path)));
    Ok(if same { failure::DONE } else { failure::exit_code(FailureKind::Findings) })
}

fn places(setup: &Setup, standing: scaffold::Standing, session: &Session) -> Vec<String> {
    let pieces = setup.pieces.iter().filter(|piece| piece.standing == standing);
    pieces.map(|piece| session.shown(&piece.path)).collect()
}

fn hints(root: &Path, empty: bool, session: &Session, console: &Console) -> Result<(), Failure> {
    if !session.is_in_git(root)? {
        console.note("this folder is in no git repository yet; releases are made from commits: `git init`");
    }
    if empty {
        console.note("next: wick plugin new weather --lang rust (or go)");
    }
    Ok(())
}
