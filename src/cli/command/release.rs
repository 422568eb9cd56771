//! `wick plugin release`: from packages to releases.

use crate::cli::args::ReleaseArgs;
use crate::cli::failure;
use crate::cli::render::{Console, release as render};
use crate::cli::select;
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::PluginKind;
use crate::model::publish::{ReleaseOutcome, ReleaseReport};
use crate::phase::publish::local::Dirt;
use crate::phase::publish::notes::Notes;
use crate::phase::publish::ratchet::Loss;
use crate::phase::publish::rehearse::Rehearsal;
use crate::phase::publish::{self, Choice, Mode, Request, Token};

pub(in crate::cli) fn run(args: &ReleaseArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let kind = args.kind.map(PluginKind::from);
    let project = select::project(&args.plugins, args.all_plugins, kind, session, console)?;
    let notes = match &args.notes_file {
        None => Notes::Generated,
        Some(_) if args.all_plugins || project.plugins.len() != 1 => {
            return Err(Failure::new(FailureKind::Usage, "--notes-file is for the release of one plugin")
                .hint("release them one by one"));
        }
        Some(path) => Notes::Given(session.text(path)?),
    };
    let mode = match (args.rehearse, args.dry_run) {
        (true, _) => Mode::Rehearse,
        (false, true) => Mode::DryRun,
        (false, false) => Mode::Publish,
    };
    let keys_given = args.signing.sign_key.is_some() || args.signing.cosign_key.is_some();
    if keys_given && mode != Mode::Rehearse {
        return Err(Failure::new(
            FailureKind::Usage,
            "a release signs nothing: packages are signed when they are built",
        )
        .hint("give the key to `wick plugin build`, or rehearse with --rehearse"));
    }
    let token = if session.has_token()? { Token::Given } else { Token::Missing };
    if token == Token::Missing && mode == Mode::Publish {
        return Err(Failure::new(FailureKind::Missing, "there is no token to release with")
            .hint("set WICK_GITHUB_TOKEN (or GITHUB_TOKEN, GH_TOKEN), for example from `gh auth token`"));
    }
    let accepted: Vec<Loss> = match &args.accept_regression {
        None => Vec::new(),
        Some(named) if named.is_empty() => Loss::ALL.to_vec(),
        Some(named) => named.iter().map(|loss| Loss::from(*loss)).collect(),
    };
    let forge = session.forge(&args.forge)?;
    let output = session.root().join(&args.output);
    // Nobody builds into the folder while it is read.
    let _store = match mode {
        Mode::DryRun | Mode::Rehearse => None,
        Mode::Publish => session.store_if_there(&output, || {
            console
                .note(&format!("waiting for another wick that is building into {}", session.shown(&output)));
        })?,
    };
    // A key that can't be used is one finding among others.
    let signers = session.signers(&args.signing);
    let rehearsal = Rehearsal { signers: &signers, environment: session.environment() };
    let progress = console.progress();
    let listener = |event| progress.on(event);
    let report = publish::release(&Request {
        plugins: &project.plugins,
        choice: if args.all_plugins { Choice::Unreleased } else { Choice::Named },
        root: &project.root,
        output: &output,
        forge: &forge,
        token,
        dirt: if args.allow_dirty { Dirt::Allow } else { Dirt::Refuse },
        accepted: &accepted,
        notes: &notes,
        jobs: usize::from(args.jobs),
        mode,
        rehearsal: (mode == Mode::Rehearse).then_some(rehearsal),
        listener: &listener,
    });
    progress.finish();
    conclude(&report?, session, console)
}

fn conclude(report: &ReleaseReport, session: &Session, console: &Console) -> Result<u8, Failure> {
    if console.is_json() {
        console.json(report);
    } else {
        console.data(&render::table(report, console.is_verbose()));
    }
    console.plugin_findings(&report.findings);
    let failures = report.plugins.iter().filter_map(|plugin| match &plugin.outcome {
        ReleaseOutcome::Failed { failure, .. } => Some(failure),
        _ => None,
    });
    let failures: Vec<&Failure> = failures.collect();
    for failure in &failures {
        console.failure(failure);
    }
    if console.in_github_actions() {
        if let Some(path) = session.variable("GITHUB_OUTPUT") {
            session.append(path, &format!("released={}\n", render::released(report)))?;
        }
        if let Some(path) = session.variable("GITHUB_STEP_SUMMARY") {
            session.append(path, &render::markdown(report))?;
        }
    }
    console.summary(&render::summary(report));
    let kind = failures.first().map(|failure| failure.kind).or(report.refusal);
    Ok(kind.map_or(failure::DONE, failure::exit_code))
}
