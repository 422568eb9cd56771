//! Which program a call is for: a plugin of the repository, built for this machine; or a package, folder or binary that
//! is there already, held against a host's rules before it runs.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::args::{CallArgs, SigningArgs};
use super::command::verify;
use super::render::{Console, verdict};
use super::session::{Kept, Opened, Session};
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Finding;
use crate::model::manifest::Manifest;
use crate::model::target::Target;
use crate::phase::build::BuildState;
use crate::phase::parallel::OnFailure;
use crate::phase::plan::tools::Emulation;
use crate::phase::plan::{self, TargetChoice, Wish};
use crate::phase::verify::{Expectation, Required, program_in, program_of, verify_archive, verify_folder};
use crate::phase::{self, Freshness, Run, build};
use crate::project::{self, Selection};

/// A program that may be launched.
pub(super) struct Callee {
    /// What messages call it.
    pub(super) label: String,
    /// The plugin's key, or the file's name.
    pub(super) key: String,
    /// The program.
    pub(super) binary: PathBuf,
    /// What its package says.
    pub(super) manifest: Option<Manifest>,
    /// Where it was unpacked; gone with the value.
    _kept: Option<Kept>,
}

/// Finds it. Nothing when a host would refuse it; why has been shown then.
pub(super) fn find(args: &CallArgs, session: &Session, console: &Console) -> Result<Option<Callee>, Failure> {
    let path = Path::new(&args.plugin);
    let bare = args.plugin.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if bare || (!session.has_file(path) && !session.has_file(&path.join("plugin.json"))) {
        let archive = [".zip", ".tar.gz", ".tgz"].iter().any(|end| args.plugin.ends_with(end));
        // A plugin's folder in the repository names the plugin.
        if archive || args.plugin.starts_with(['.', '/', '~']) && !session.has_folder(path) {
            return Err(Failure::new(FailureKind::Missing, format!("there is no {}", args.plugin)));
        }
        return built(args, session, console).map(Some);
    }
    let machine = this_machine()?;
    let opened = session.open(path)?;
    if let Opened::File(bytes) = &opened
        && let Ok(facts) = Session::facts(bytes)
    {
        // Another machine's program fails in ways that say nothing.
        if let Some(why) = facts.contradictions(machine).first() {
            let message = format!("{} can't run here, this machine is {machine}: {why}", args.plugin);
            return Err(Failure::new(FailureKind::Findings, message));
        }
        let key = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let binary = session.path(path);
        return Ok(Some(Callee { label: key.clone(), key, binary, manifest: None, _kept: None }));
    }
    let name =
        path.file_name().map_or_else(|| args.plugin.clone(), |name| name.to_string_lossy().into_owned());
    let policy = verify::policy(&args.trust, false, session)?;
    let trust = session.trust(&args.trust, &policy.keys)?;
    let expected = Expectation { policy, this_machine: Some(machine), trust, required: Required::default() };
    let (judged, program) = match opened {
        Opened::File(bytes) => (
            verify_archive(&name, &bytes, &session.sidecars(path), &expected, Session::facts),
            program_of(&name, &bytes),
        ),
        Opened::Folder(entries) => {
            let program = program_in(&entries);
            (verify_folder(&name, entries, &expected, Session::facts), program)
        }
    };
    let (Some((manifest, bytes)), true) = (program, judged.is_accepted()) else {
        console.data(&verdict::lines(&judged, console.is_verbose()));
        console.summary(&format!("{name} was not run: a host would refuse it"));
        return Ok(None);
    };
    let key = judged.key.as_ref().map_or_else(|| name.clone(), ToString::to_string);
    // Judged bytes are what runs, whatever happens to the file meanwhile.
    let kept = session.keep_program(&manifest.entry, &bytes)?;
    let binary = kept.path.clone();
    Ok(Some(Callee { label: name, key, binary, manifest: Some(manifest), _kept: Some(kept) }))
}

/// What is said of a plugin whose package and answer differ.
pub(super) fn other_module() -> Finding {
    Finding::warning("schema-differs", "what it answers to Schema is not what its plugin.json says")
        .hint("hosts show the one and call the other: build the package again")
}

/// Builds it for this machine, if it isn't up to date, and packs nothing: packages may be signed.
fn built(args: &CallArgs, session: &Session, console: &Console) -> Result<Callee, Failure> {
    let machine = this_machine()?;
    let selection = Selection::Named(vec![args.plugin.clone()]);
    let layout = project::look(session.root())?;
    let languages = project::languages(&layout, &selection, None)?;
    let mut tools = session.tools(&layout.root, &languages, Emulation::Off)?;
    let project = project::resolve(&layout, &selection, None)?;
    console.findings(&project::strangers(&layout, &selection, None));
    let choice = TargetChoice::Named(vec![machine]);
    session.add_rustflags(&mut tools, &project, &choice)?;
    let wish = Wish {
        targets: choice,
        output: session.root().join(&args.output),
        epoch: session.epoch()?,
        jobs: session.cpus(),
    };
    let plan = plan::plan(&project, &wish, &tools, session.environment())?;
    let store =
        session.store(&wish.output, || console.note("waiting for another wick that is building there"))?;
    let progress = console.progress();
    let listener = |event| progress.on(event);
    let origin = LazyLock::new(|| session.origin(&project.root));
    let states = build::build(&Run {
        plan: &plan,
        project: &project,
        tools: &tools,
        environment: session.environment(),
        store: &store,
        fingerprints: &phase::fingerprints(),
        origin: &|| origin.clone(),
        signers: &session.signers(&SigningArgs::default())?,
        attester: None,
        freshness: Freshness::Trust,
        on_failure: OnFailure::Stop,
        listener: &listener,
    });
    progress.finish();
    let unit = &plan.units[0];
    match states?.states.swap_remove(0) {
        BuildState::Ready { .. } => Ok(Callee {
            label: unit.label(),
            key: unit.plugin.to_string(),
            binary: unit.binary.clone(),
            manifest: None,
            _kept: None,
        }),
        BuildState::Failed { failure, .. } => Err(failure),
        BuildState::NotTried { .. } => Err(phase::parallel::interrupted()),
    }
}

fn this_machine() -> Result<Target, Failure> {
    Target::this_machine().ok_or_else(|| {
        Failure::new(
            FailureKind::Missing,
            "wick doesn't know this machine's target, so nothing can be called on it",
        )
    })
}
