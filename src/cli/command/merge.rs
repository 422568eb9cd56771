//! `wick plugin merge`: several machines' packages become one set.

use crate::cli::args::MergeArgs;
use crate::cli::failure;
use crate::cli::render::{Console, release as render};
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::phase::merge::{self, Request, Whole};
use crate::project::{self, Selection};

pub(in crate::cli) fn run(args: &MergeArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let project = if args.targets.is_empty() {
        let resolved =
            project::look(session.root()).and_then(|layout| project::resolve(&layout, &Selection::All, None));
        Some(resolved.map_err(|error| {
            Failure::from(error)
                .hint("without the plugins' repository, say what a complete set is with --targets")
        })?)
    } else {
        None
    };
    let whole = match &project {
        Some(project) => Whole::Project(&project.plugins),
        None => Whole::Targets(&args.targets),
    };
    let parts: Vec<_> = args.parts.iter().map(|part| session.path(part)).collect();
    let output = session.root().join(&args.output);
    let store = session.store(&output, || {
        console.note(&format!("waiting for another wick that is building into {}", session.shown(&output)));
    })?;
    let progress = console.progress();
    let listener = |event| progress.on(event);
    let request = Request { parts: &parts, whole, store: &store, jobs: session.cpus(), listener: &listener };
    let report = merge::merge(&request);
    progress.finish();
    let report = report?;
    if console.is_json() {
        console.json(&report);
    } else {
        console.data(&render::merged(&report));
    }
    console.plugin_findings(&report.findings);
    console.summary(&render::merge_summary(&report, &session.shown(&output)));
    Ok(if report.complete { failure::DONE } else { failure::exit_code(FailureKind::Findings) })
}
