//! `wick plugin reproduce`: a released version is built again and compared.

use crate::cli::args::ReproduceArgs;
use crate::cli::failure;
use crate::cli::render::{Console, reproduce as render};
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::PluginKind;
use crate::model::reproduce::{Comparison, ReproduceReport};
use crate::phase::catalog::renamed;
use crate::phase::reproduce::{self, Against, Fetch, Request};

pub(in crate::cli) fn run(args: &ReproduceArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let folder = args.against.as_ref().map(|folder| session.path(folder));
    let forge = if folder.is_none() { Some(session.forge(&args.forge)?) } else { None };
    let against = match (&folder, &forge) {
        (Some(folder), _) => Against::Folder(folder),
        (None, Some(forge)) => Against::Forge(forge),
        (None, None) => return Err(Failure::new(FailureKind::Bug, "there is nothing to compare with")),
    };
    let keep = args.output.as_ref().map(|folder| session.path(folder));
    let progress = console.progress();
    let listener = |event| progress.on(event);
    let report = reproduce::reproduce(&Request {
        tag: &args.release.0,
        kind: args.kind.map(PluginKind::from),
        root: session.root(),
        against,
        targets: &args.target,
        environment: session.environment(),
        epoch: session.epoch()?,
        jobs: args.jobs.map_or_else(|| session.cpus(), usize::from),
        fetch: if args.fetch_toolchains { Fetch::Allow } else { Fetch::Refuse },
        keep: keep.as_deref(),
        listener: &listener,
    });
    progress.finish();
    let mut report = report?;
    if let Some(forge) = &forge {
        report.findings.extend(renamed(forge)?);
    }
    conclude(&report, session, console)
}

fn conclude(report: &ReproduceReport, session: &Session, console: &Console) -> Result<u8, Failure> {
    if console.is_json() {
        console.json(report);
    } else {
        console.data(&render::table(report, console.is_verbose()));
    }
    console.findings(&report.findings);
    let failures: Vec<&Failure> = report
        .packages
        .iter()
        .filter_map(|package| match &package.outcome {
            Comparison::Failed { failure, .. } => Some(failure),
            _ => None,
        })
        .collect();
    for failure in &failures {
        console.failure(failure);
    }
    if console.in_github_actions()
        && let Some(path) = session.variable("GITHUB_STEP_SUMMARY")
    {
        console.told(session.append(path, &render::markdown(report)));
    }
    console.summary(&render::summary(report));
    Ok(match (report.identical, failures.is_empty()) {
        (true, _) => failure::DONE,
        (false, true) => failure::exit_code(FailureKind::Findings),
        (false, false) => failure::exit_code(FailureKind::Step),
    })
}
