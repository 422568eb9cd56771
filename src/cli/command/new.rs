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
use crate::phase::workflow::{self, FORM, Standing, Wish};
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
    let workflow = workflow::look(&project::look(root)?, Wish::default())?;
    if workflow.standing == Standing::Outdated && workflow.text.is_some() {
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
    let init = match workflow.text {
        Some(_) => "`wick plugin init`".to_owned(),
        None => format!("`wick plugin init --wick {FORM}`"),
    };
    match workflow.standing {
        Standing::Outdated if workflow.text.is_none() => {
            let shown = session.shown(&workflow.path);
            console.note(&format!("{shown} doesn't say from which commit it installs wick; {init} does"));
        }
        Standing::Outdated => console.note(&format!("updated {}", session.shown(&workflow.path))),
        Standing::Missing => console.note(&format!("{init} writes the workflow that releases it")),
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

/// The files, those of an SDK as one.
pub(super) fn told(files: &[PathBuf], root: &Path, session: &Session) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for path in files {
        let sdk = SDKS.iter().find(|(folder, _)| path.starts_with(root.join(folder)));
        let line = match sdk {
            None => format!("wrote {}", session.shown(path)),
            Some((folder, what)) => {
                let folder = root.join(folder);
                let count = files.iter().filter(|path| path.starts_with(&folder)).count();
                format!("wrote {}, {what} ({count} files)", session.shown(&folder))
            }
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

const SDKS: [(&str, &str); 2] = [
    ("sdk", "the package by which Go plugins serve"),
    ("sdk-rust", "the crates by which Rust plugins serve"),
];

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
