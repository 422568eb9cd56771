//! `wick plugin check`: what a host or a reviewer would complain about, before anything is packed.

use std::sync::LazyLock;

use crate::cli::args::{CheckArgs, SigningArgs};
use crate::cli::failure;
use crate::cli::render::{Console, check as render};
use crate::cli::select;
use crate::cli::session::Session;
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::PluginKind;
use crate::model::project::Project;
use crate::model::target::Target;
use crate::phase::check::{self, Told};
use crate::phase::parallel::OnFailure;
use crate::phase::plan::tools::Emulation;
use crate::phase::plan::{self, TargetChoice, Wish};
use crate::phase::{self, Freshness, Run};
use crate::project;

pub(in crate::cli) fn run(args: &CheckArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let instead = "--all-plugins; `wick plugin check --help` has examples";
    let selection = select::selection(&args.plugins, args.all_plugins, instead)?;
    let kind = args.kind.map(PluginKind::from);
    let survey = project::survey(session.root())?;
    if !survey.has_kinds {
        project::look(session.root())?;
    }
    let chosen = check::choose(&survey, &selection, kind)?;
    let mut report = check::folders(&survey, &chosen, &selection)?;
    // A rule that doesn't exist is found out before the first compiler starts.
    report.allow(&args.allow)?;
    // What keeps the plugins from being built hides nothing of what was learned without.
    let mut unasked = None;
    if args.no_build {
        check::packing(&survey, &chosen, &mut report);
        report.allow(&args.allow)?;
    } else {
        let project = check::resolve(&survey, &chosen, &mut report)?;
        match answers(&project, args, session, console) {
            Ok(answers) => check::declared(&mut report, &answers),
            Err(failure) if matches!(failure.kind, FailureKind::Missing | FailureKind::Project) => {
                unasked = Some(failure);
            }
            Err(failure) => return Err(failure),
        }
        report.allow(&args.allow)?;
    }
    console.findings(&project::strangers(&survey.layout, &selection, kind));
    let failed = report.errors > 0 || args.strict && report.warnings > 0;
    if console.is_json() {
        console.json(&report);
    } else {
        console.data(&render::lines(&report, console.is_quiet(), console.is_verbose()));
    }
    console.annotate_checks(&report, &session.in_workspace(&survey.layout.root));
    console.summary(&render::summary(&report));
    if let Some(failure) = unasked {
        return Err(failure);
    }
    Ok(if failed { failure::exit_code(FailureKind::Findings) } else { failure::DONE })
}

/// What the built plugins declare.
fn answers(
    project: &Project,
    args: &CheckArgs,
    session: &Session,
    console: &Console,
) -> Result<Vec<Told>, Failure> {
    if project.plugins.is_empty() {
        return Ok(Vec::new());
    }
    let mut tools = session.tools(&project.root, &check::languages(project), Emulation::Off)?;
    let this = Target::this_machine().ok_or(plan::PlanError::UnknownMachine)?;
    let targets = TargetChoice::Named(vec![this]);
    session.add_cargo_settings(&mut tools, project, &targets)?;
    let wish = Wish {
        targets,
        output: session.root().join(&args.output),
        epoch: session.epoch()?,
        jobs: args.jobs.map_or_else(|| session.cpus(), usize::from),
    };
    let plan = plan::plan(project, &wish, &tools, session.environment())?;
    let output = session.shown(&wish.output);
    let store = session.store(&wish.output, || {
        console.note(&format!("waiting for another wick that is building into {output}"))
    })?;
    let progress = console.progress();
    let listener = |event| progress.on(event);
    let origin = LazyLock::new(|| session.origin(&project.root));
    let answers = check::learn(&Run {
        plan: &plan,
        project,
        tools: &tools,
        environment: session.environment(),
        store: &store,
        fingerprints: &phase::fingerprints(),
        origin: &|| origin.clone(),
        signers: &session.signers(&SigningArgs::default())?,
        attester: None,
        freshness: Freshness::Trust,
        on_failure: OnFailure::KeepGoing,
        listener: &listener,
    });
    progress.finish();
    answers
}
