//! `wick plugin build`: from typed arguments to a plan, from a plan to packages.

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::cli::args::{self, BuildArgs, Emulate};
use crate::cli::failure;
use crate::cli::render::{Console, attest, build as render};
use crate::cli::select;
use crate::cli::session::{self, Session};
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::PluginKind;
use crate::model::report::{BuildReport, Outcome};
use crate::model::target::{Arch, Os, Target};
use crate::phase::parallel::OnFailure;
use crate::phase::plan::changed::{self, Selected};
use crate::phase::plan::tools::Emulation;
use crate::phase::plan::{self, TargetChoice, Wish};
use crate::phase::{self, Freshness, Run};
use crate::project;

pub(in crate::cli) fn run(args: &BuildArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let choice = targets(args, session)?;
    let emulation = if args.emulate == Emulate::Off { Emulation::Off } else { Emulation::Auto };
    let all = args.all_plugins || args.changed;
    let (selection, kind) = (
        select::selection(
            &args.plugins,
            all,
            "--all-plugins or --changed; `wick plugin build --help` has examples",
        )?,
        args.kind.map(PluginKind::from),
    );
    let layout = project::look(session.root())?;
    // Before cargo is asked about its plugins: what is missing is said for all languages at once.
    let languages = project::languages(&layout, &selection, kind)?;
    let mut tools = session.tools(&layout.root, &languages, emulation)?;
    let mut project = project::resolve(&layout, &selection, kind)?;
    console.findings(&project::strangers(&layout, &selection, kind));
    session.add_rustflags(&mut tools, &project, &choice)?;
    if args.changed {
        let since = select::since(args.since.as_deref(), session);
        let selected = changed::select(&mut project, &since, &choice, &tools, session.environment())?;
        explain_selection(args, console, &since, &selected);
        if project.plugins.is_empty() {
            return nothing_changed(console, &since, args, session);
        }
    }
    let wish = Wish {
        targets: choice,
        output: session.root().join(&args.output),
        epoch: session.epoch()?,
        jobs: args.jobs.map_or_else(|| session.cpus(), usize::from),
    };
    let plan = plan::plan(&project, &wish, &tools, session.environment())?;
    if args.dry_run {
        if console.is_json() {
            console.json(&plan);
        } else {
            console.data(&render::plan(&plan));
        }
        return Ok(failure::DONE);
    }
    // A key that can't be used is found out before the first compiler starts.
    let signers = session.signers(&args.signing)?;
    let attester = if args.attest { Some(session::attester(&signers, "--attest")?) } else { None };
    let output = session.shown(&wish.output);
    let store = session.store(&wish.output, || {
        console.note(&format!("waiting for another wick that is building into {output}"))
    })?;
    let progress = console.progress();
    let listener = |event| progress.on(event);
    let origin = LazyLock::new(|| session.origin(&project.root));
    let report = phase::make(&Run {
        plan: &plan,
        project: &project,
        tools: &tools,
        environment: session.environment(),
        store: &store,
        fingerprints: &crate::phase::fingerprints(),
        origin: &|| origin.clone(),
        signers: &signers,
        attester,
        freshness: if args.force { Freshness::Ignore } else { Freshness::Trust },
        on_failure: if args.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop },
        listener: &listener,
    });
    progress.finish();
    conclude(&report?, args, session, console)
}

/// What was typed, else `$GOOS`/`$GOARCH` as for the go command, else wick.toml or this machine.
fn targets(args: &BuildArgs, session: &Session) -> Result<TargetChoice, Failure> {
    if args.all {
        return Ok(TargetChoice::All);
    }
    if !args.target.is_empty() {
        let mut targets: Vec<Target> = Vec::new();
        for target in &args.target {
            if !targets.contains(target) {
                targets.push(*target);
            }
        }
        return Ok(TargetChoice::Named(targets));
    }
    let wrong = |name: &str, text: &str, known: String| {
        Failure::new(FailureKind::Usage, format!("${name} is `{text}`, which wick can't build for; {known}"))
            .hint(format!("unset it, or name the target with --target or --{}", name.to_lowercase()))
    };
    let os: Option<Os> = match (args.goos, session.variable("GOOS")) {
        (Some(os), _) => Some(os),
        (None, Some(text)) => Some(args::os(text).map_err(|known| wrong("GOOS", text, known))?),
        (None, None) => None,
    };
    let arch: Option<Arch> = match (args.goarch, session.variable("GOARCH")) {
        (Some(arch), _) => Some(arch),
        (None, Some(text)) => Some(args::arch(text).map_err(|known| wrong("GOARCH", text, known))?),
        (None, None) => None,
    };
    if os.is_none() && arch.is_none() {
        return Ok(TargetChoice::Default);
    }
    let this = Target::this_machine().ok_or(plan::PlanError::UnknownMachine)?;
    Ok(TargetChoice::Named(vec![Target::new(os.unwrap_or(this.os), arch.unwrap_or(this.arch))]))
}

fn explain_selection(args: &BuildArgs, console: &Console, since: &str, selected: &[Selected]) {
    if args.explain || console.is_verbose() {
        for one in selected {
            for reason in &one.reasons {
                console.note(&format!("{} is selected: {reason} since {since}", one.place));
            }
        }
    }
}

fn nothing_changed(
    console: &Console,
    since: &str,
    args: &BuildArgs,
    session: &Session,
) -> Result<u8, Failure> {
    if console.is_json() {
        let output: PathBuf = session.root().join(&args.output);
        console.json(&BuildReport::empty(&output.to_string_lossy()));
    }
    console.summary(&format!("nothing to build: no plugin is affected by what changed since {since}"));
    Ok(failure::DONE)
}

fn conclude(
    report: &BuildReport,
    args: &BuildArgs,
    session: &Session,
    console: &Console,
) -> Result<u8, Failure> {
    if console.is_json() {
        console.json(report);
    } else {
        console.outcome(&render::table(report, console.is_verbose()));
    }
    if args.explain || console.is_verbose() {
        for line in render::reasons(report) {
            console.note(&line);
        }
    }
    console.report(report);
    if console.in_github_actions()
        && let Some(path) = session.variable("GITHUB_STEP_SUMMARY")
    {
        session.append(path, &render::markdown(report))?;
    }
    attest::failures(&report.attestations).for_each(|failure| console.failure(failure));
    if let Some(line) = attest::told(&report.attestations) {
        console.note(&line);
    }
    console.summary(&render::summary(report, &session.shown(&PathBuf::from(&report.output))));
    if report.complete {
        return Ok(failure::DONE);
    }
    let failed = report.packages.iter().filter_map(|package| match &package.outcome {
        Outcome::Failed { failure, .. } => Some(failure.kind),
        _ => None,
    });
    let failed: Vec<FailureKind> = failed.collect();
    // Part of the set is missing: whatever the reason, a step failed. An interrupt is its own answer, and so is a
    // service that was the only trouble: then nothing of the project is wrong.
    let kind = if failed.contains(&FailureKind::Interrupted) {
        FailureKind::Interrupted
    } else if !failed.is_empty() && failed.iter().all(|kind| *kind == FailureKind::Remote) {
        FailureKind::Remote
    } else {
        FailureKind::Step
    };
    Ok(failure::exit_code(kind))
}
