//! `wick plugin init`: a folder becomes a repository of plugins; its workflow and SDKs are written, checked, brought in step.

mod check;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::new;
use crate::cli::args::InitArgs;
use crate::cli::failure;
use crate::cli::render::Console;
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::model::project::Language;
use crate::phase::scaffold::{self, Setup, Updated};
use crate::phase::workflow::{self, FORM, Standing, Wish, Workflow};
use crate::project;

pub(in crate::cli) fn run(args: &InitArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let before = project::survey(session.root())?;
    let wish = Wish { branch: args.branch.as_deref(), wick: args.wick.as_ref() };
    if args.check {
        let layout = project::look(session.root())?;
        return check::run(&layout.root, &workflow::look(&layout, wish)?, session, console);
    }
    let workflow = workflow::look(&before.layout, wish)?;
    let edited = workflow.standing == Standing::Edited && !args.force;
    // Whoever asks for all that is out of step gets all but that.
    if !(edited && args.update) {
        refuse(&workflow, edited, session, console)?;
    }
    let languages: BTreeSet<Language> = args.lang.iter().map(|one| Language::from(*one)).collect();
    let setup = scaffold::setup(&before.layout, &languages, args.module.as_deref())?;
    let missing = || setup.pieces.iter().filter(|piece| piece.standing == scaffold::Standing::Missing);
    let own = (workflow.standing != Standing::Same && !edited).then_some(&*workflow.path);
    let first = missing().map(|piece| &*piece.path).chain(own);
    scaffold::keep_to_repository(&before.layout.root, first)?;
    for piece in missing() {
        piece.write()?;
    }
    let root = &before.layout.root;
    let sdks = scaffold::sdks(root)?;
    let mut done = Updated::default();
    for sdk in sdks.iter().filter(|sdk| args.update && !sdk.is_current()) {
        let one = sdk.update()?;
        done.written.extend(one.written);
        done.removed.extend(one.removed);
        done.kept.extend(one.kept);
    }
    // Again: what was just written may ask for steps in the workflow.
    let after = project::survey(session.root())?;
    let workflow = workflow::look(&after.layout, wish)?;
    let same = workflow.standing == Standing::Same;
    let write = !same && !edited && workflow.text.is_some();
    if write {
        workflow::write(&workflow)?;
    }
    let mut written = places(&setup, scaffold::Standing::Missing);
    written.extend(done.written);
    let mut kept = places(&setup, scaffold::Standing::Other);
    kept.extend(done.kept);
    if edited {
        kept.push(workflow.path.clone());
    }
    let shown = |paths: &[PathBuf]| paths.iter().map(|path| session.shown(path)).collect::<Vec<_>>();
    if console.is_json() {
        console.json(&json!({
            "schema": 1, "path": workflow.path, "same": same, "diff": workflow.diff, "wick": source(&workflow),
            "written": shown(&written), "kept": shown(&kept), "removed": shown(&done.removed),
        }));
    }
    new::told(&written, root, session).iter().for_each(|line| console.note(line));
    for place in shown(&done.removed) {
        console.note(&format!("removed {place}, which is no part of the SDK any longer"));
    }
    for place in shown(&kept) {
        console.note(&format!("{place} is yours and stays"));
    }
    setup.notes.iter().for_each(|note| console.note(note));
    for sdk in sdks.iter().filter(|sdk| !args.update && !sdk.is_current()) {
        let folder = session.shown(&sdk.folder);
        console.note(&format!(
            "{folder} isn't what this wick would write; `wick plugin init --check` tells how"
        ));
    }
    console.summary(&summary(&workflow, write, session));
    if workflow.text.is_none() {
        let (verb, force) = if edited { ("overwrite", " --force") } else { ("add", "") };
        let line = format!("`wick plugin init{force} --wick {FORM}`, a commit of wick's repository");
        console.note(&format!("{verb} it with {line}"));
    }
    hints(root, after.layout.candidates.is_empty(), session, console)?;
    Ok(failure::DONE)
}

/// What can't be written is said before anything is.
fn refuse(workflow: &Workflow, edited: bool, session: &Session, console: &Console) -> Result<(), Failure> {
    let shown = session.shown(&workflow.path);
    if workflow.text.is_none() && workflow.standing != Standing::Missing {
        return Err(workflow::no_source(&format!("can't bring {shown} up to date")));
    }
    if edited {
        console.data(workflow.diff.trim_end());
        return Err(Failure::new(FailureKind::Conflict, format!("{shown} was changed by hand, so it stays"))
            .hint("`-` is there, `+` is what this wick would write; overwrite it with --force"));
    }
    Ok(())
}

fn summary(workflow: &Workflow, written: bool, session: &Session) -> String {
    let path = session.shown(&workflow.path);
    match workflow.standing {
        Standing::Missing if !written => format!(
            "{path} is left out: nothing says where it is to install wick from, and no registry has this wick"
        ),
        Standing::Same => format!("{path} is what this wick would write"),
        Standing::Missing => format!("{path} written; commit it, then push"),
        Standing::Outdated | Standing::Edited if written => format!("{path} updated"),
        // With --force alone there is nothing to write.
        Standing::Outdated | Standing::Edited if workflow.text.is_none() => {
            format!("{path} was changed by hand, and nothing says where it is to install wick from")
        }
        Standing::Outdated | Standing::Edited => format!("{path} was changed by hand; --force overwrites it"),
    }
}

fn source(workflow: &Workflow) -> Option<String> {
    workflow.wick.as_ref().map(ToString::to_string)
}

fn places(setup: &Setup, standing: scaffold::Standing) -> Vec<PathBuf> {
    setup.pieces.iter().filter(|piece| piece.standing == standing).map(|piece| piece.path.clone()).collect()
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
