//! `wick plugin new`: a plugin that builds, passes its own tests and answers.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::args::NewArgs;
use crate::cli::failure;
use crate::cli::render::Console;
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::model::project::Language;
use crate::phase::scaffold::{self, Draft, Wanted};
use crate::phase::workflow::{self, Standing};
use crate::project::{self, Survey};

pub(in crate::cli) fn run(args: &NewArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let survey = project::survey(session.root())?;
    let language = language(args, &survey)?;
    let key = scaffold::key(&args.name, language)?;
    let wanted = Wanted { key, kind: args.kind.into(), language, module: args.module.clone() };
    let draft = scaffold::draft(&survey, &wanted)?;
    draft.write()?;
    let root = &survey.layout.root;
    let mut files: Vec<_> = draft.files.iter().map(|(place, _)| draft.dir.join(place)).collect();
    files.extend(draft.pieces.iter().map(|piece| piece.path.clone()));
    // The new language may need steps in CI. A file that somebody has changed is theirs.
    let workflow = workflow::look(&project::look(root)?, None)?;
    let updated = workflow.standing == Standing::Outdated;
    if updated {
        workflow::write(&workflow)?;
    }
    let next = next(&wanted, &draft);
    if console.is_json() {
        let changed: Vec<_> = draft.edits.iter().map(|edit| &edit.path).collect();
        console.json(&json!({
            "schema": 1, "plugin": wanted.key, "kind": wanted.kind, "language": language, "place": draft.place,
            "files": files, "changed": changed, "next": next,
        }));
        return Ok(failure::DONE);
    }
    for line in told(&files, root, session) {
        console.note(&line);
    }
    for edit in &draft.edits {
        console.note(&format!("added {} to {}", edit.what, session.shown(&edit.path)));
    }
    match workflow.standing {
        Standing::Outdated => console.note(&format!("updated {}", session.shown(&workflow.path))),
        Standing::Missing => console.note("`wick plugin init` writes the workflow that releases it"),
        Standing::Same | Standing::Edited => {}
    }
    console.summary(&format!("{} is a {}; try it:", draft.place, wanted.kind));
    for command in next {
        console.note(&format!("  {command}"));
    }
    Ok(failure::DONE)
}

/// What was typed, else the only language that the repository has.
fn language(args: &NewArgs, survey: &Survey) -> Result<Language, Failure> {
    if let Some(language) = args.lang {
        return Ok(language.into());
    }
    let mut used: Vec<Language> = survey.layout.candidates.iter().filter_map(|one| one.language).collect();
    used.sort();
    used.dedup();
    match used[..] {
        [only] => Ok(only),
        _ => Err(Failure::new(FailureKind::Usage, "which language? none is named")
            .hint("add --lang rust or --lang go")),
    }
}

/// The files, the SDK's as one.
fn told(files: &[PathBuf], root: &Path, session: &Session) -> Vec<String> {
    let sdk = root.join("sdk");
    let (inner, own): (Vec<&PathBuf>, Vec<&PathBuf>) = files.iter().partition(|path| path.starts_with(&sdk));
    let mut lines: Vec<String> = own.iter().map(|path| format!("wrote {}", session.shown(path))).collect();
    if !inner.is_empty() {
        let folder = session.shown(&sdk);
        lines.push(format!("wrote {folder}, the package by which Go plugins serve ({} files)", inner.len()));
    }
    lines
}

fn next(wanted: &Wanted, draft: &Draft) -> Vec<String> {
    let key = &wanted.key;
    let mut commands = Vec::new();
    match wanted.language {
        Language::Rust => commands.push(format!("cargo test --package {key}")),
        Language::Go => {
            if !draft.edits.is_empty() {
                commands.push("go mod tidy".to_owned());
            }
            commands.push(format!("go test ./{}", draft.place));
        }
    }
    commands.push(format!("wick plugin build {key}"));
    commands.push(format!("wick plugin call {key} hello --arg name=Ada"));
    commands
}
