//! `wick plugin init --check`: what this wick would write otherwise. Writes nothing.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::source;
use crate::cli::failure;
use crate::cli::render::Console;
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::phase::scaffold::{self, LineEnds, Sdk};
use crate::phase::workflow::{Standing, Workflow};

pub(super) fn run(
    root: &Path,
    workflow: &Workflow,
    session: &Session,
    console: &Console,
) -> Result<u8, Failure> {
    let same = workflow.standing == Standing::Same;
    // Where nothing says what it should be, none isn't too few.
    let left_out = workflow.standing == Standing::Missing && workflow.text.is_none();
    let words = match workflow.standing {
        Standing::Same => "is what this wick would write",
        Standing::Missing if left_out => {
            "is not there, and nothing says where it is to install wick from; `wick plugin init --wick` does"
        }
        Standing::Missing => "is not there; write it with `wick plugin init`",
        Standing::Outdated | Standing::Edited if workflow.text.is_none() => {
            "doesn't say from which commit it installs wick, and no registry has this wick; `wick plugin init --wick` does"
        }
        Standing::Outdated => "is from another wick or other settings; update it with `wick plugin init`",
        Standing::Edited => "was changed by hand",
    };
    let mut drift = Vec::new();
    for sdk in scaffold::sdks(root)? {
        drift.extend(drifted(&sdk));
    }
    match scaffold::line_ends(root)? {
        LineEnds::Kept => {}
        LineEnds::Unsaid => {
            drift.push((root.join(".gitattributes"), "missing", "is not there; `wick plugin init` writes it"))
        }
        LineEnds::Converted(path) => {
            drift.push((path, "changed", "leaves line ends to each machine's git: add `* text=auto eol=lf`"));
        }
    }
    if console.is_json() {
        let drift: Vec<_> =
            drift.iter().map(|(path, state, _)| json!({ "path": path, "state": state })).collect();
        console.json(&json!({
            "schema": 1, "path": workflow.path, "same": same, "diff": workflow.diff, "wick": source(workflow),
            "drift": drift,
        }));
    } else {
        console.data(workflow.diff.trim_end());
    }
    for (path, _, words) in &drift {
        console.note(&format!("{} {words}", session.shown(path)));
    }
    console.summary(&format!("{} {words}", session.shown(&workflow.path)));
    let found = !(same || left_out) || !drift.is_empty();
    Ok(if found { failure::exit_code(FailureKind::Findings) } else { failure::DONE })
}

/// What isn't as this wick would write it: where, what it is, and what to say of it.
fn drifted(sdk: &Sdk) -> Vec<(PathBuf, &'static str, &'static str)> {
    let state = |standing: scaffold::Standing| match standing {
        scaffold::Standing::Same => None,
        scaffold::Standing::Missing => {
            Some(("missing", "is not there; `wick plugin init --update` writes it"))
        }
        scaffold::Standing::Outdated => {
            Some(("outdated", "is from another wick; `wick plugin init --update` replaces it"))
        }
        scaffold::Standing::Other => Some(("changed", "was changed by hand")),
    };
    let pieces =
        sdk.pieces.iter().filter_map(|piece| state(piece.standing).map(|(a, b)| (piece.path.clone(), a, b)));
    let left_over = sdk.left_over.iter().map(|piece| match piece.standing {
        scaffold::Standing::Other => {
            (piece.path.clone(), "changed", "was changed by hand, and is no part of the SDK any longer")
        }
        _ => (
            piece.path.clone(),
            "left over",
            "is no part of the SDK any longer; `wick plugin init --update` removes it",
        ),
    });
    pieces.chain(left_over).collect()
}
