//! Carries out what was decided: draft, uploads, reading back, tag, publishing, reading back once more. Killed anywhere,
//! the next run decides anew from what the forge has then; overtaken by another run, this one does.

use super::decide::{Decision, Seen, Steps, decide, differences};
use super::local::{LocalFile, Set};
use super::{Request, digests};
use crate::forge::error::ForgeError;
use crate::model::event::{Event, StepOutcome};
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Finding, Severity};
use crate::model::publish::AssetStep;
use crate::model::release::{NewRelease, Release};
use crate::phase::packages::short;
use crate::phase::parallel::{self, OnFailure};

/// How a release came out.
pub(super) enum Carried {
    /// By this run.
    Published {
        /// Its page.
        page: String,
    },
    /// By another run meanwhile, with the same files.
    Found {
        /// Its page.
        page: String,
        /// What is worth knowing.
        findings: Vec<Finding>,
    },
}

/// Why a release did not come out.
enum Stop {
    /// The forge said no, or holds something else than was sent: somebody may have been faster.
    Answered(Failure),
    /// Anything else.
    Other(Failure),
}

impl From<ForgeError> for Stop {
    fn from(error: ForgeError) -> Stop {
        let is_answer = error.is_answer();
        let failure = Failure::from(error);
        if is_answer { Stop::Answered(failure) } else { Stop::Other(failure) }
    }
}

/// Brings one release out.
///
/// # Errors
/// When the forge can't be reached or refuses, or when what it holds isn't what was sent: then nothing is published.
pub(super) fn carry(
    request: &Request<'_>,
    set: &Set,
    steps: &Steps,
    new: &NewRelease,
) -> Result<Carried, Failure> {
    let mut made = None;
    match bring_out(request, set, steps, new, &mut made) {
        Ok(id) => confirm(request, set, id).map(|page| Carried::Published { page }),
        Err(Stop::Answered(failure)) => overtaken(request, set, steps, made.as_ref(), failure),
        Err(Stop::Other(failure)) => Err(failure),
    }
}

/// Draft, uploads, reading back, publishing. Gives the release's number; `made` gets the draft, when there was none.
fn bring_out(
    request: &Request<'_>,
    set: &Set,
    steps: &Steps,
    new: &NewRelease,
    made: &mut Option<Release>,
) -> Result<u64, Stop> {
    let forge = request.forge;
    let mut draft = match &steps.draft {
        Some(draft) => draft.clone(),
        None => made.insert(forge.create_draft(new)?).clone(),
    };
    for asset in &steps.remove {
        forge.delete_asset(asset)?;
        draft.assets.retain(|kept| kept.id != asset.id);
    }
    upload(request, set, steps, &draft)?;
    let held = check(request, set, draft.id, "nothing is published; run again, and what differs is replaced")
        .map_err(Stop::Answered)?;
    if !held.draft {
        let message = format!("{} was published by somebody else", set.tag);
        let hint = "run again to see whether it has these files";
        return Err(Stop::Answered(Failure::new(FailureKind::Conflict, message).hint(hint)));
    }
    // A person's Ctrl-C before this moment leaves a draft; after it, a release.
    if crate::sys::interrupt::requested() {
        return Err(Stop::Other(parallel::interrupted()));
    }
    forge.publish(draft.id, new)?;
    Ok(draft.id)
}

/// Two jobs release the same thing more often than anybody thinks: a tag's job is run again, or two workflows have the
/// same trigger. Who comes second has what it wanted when the files are the same; its own draft goes, because nobody
/// would ever look for it. A draft that it didn't make is only named.
fn overtaken(
    request: &Request<'_>,
    set: &Set,
    steps: &Steps,
    made: Option<&Release>,
    failure: Failure,
) -> Result<Carried, Failure> {
    // Who can't be asked now has told nothing new.
    let Ok(Some(mut theirs)) = request.forge.published(&set.tag.to_string()) else { return Err(failure) };
    digests::learn(request.forge, set, &mut theirs)?;
    let ours = made.filter(|draft| draft.id != theirs.id);
    let kept = ours.filter(|draft| request.forge.delete_draft(draft).is_err());
    let kept = kept.or(steps.draft.as_ref().filter(|draft| draft.id != theirs.id));
    let releases = std::iter::once(&theirs).chain(kept).collect();
    match decide(set, &Seen { releases, tag_commit: None }) {
        Decision::Out { page, findings } => Ok(Carried::Found { page, findings }),
        Decision::Go(_) => Err(failure),
        Decision::Conflict(findings) => {
            let wrong: Vec<&Finding> =
                findings.iter().filter(|one| one.severity == Severity::Error).collect();
            let why: Vec<&str> = wrong.iter().map(|one| one.message.as_str()).collect();
            let message = format!("somebody else was faster: {}", why.join("; "));
            let hint = wrong.first().and_then(|one| one.hint.clone());
            let failure = Failure::new(FailureKind::Conflict, message);
            Err(hint.into_iter().fold(failure, Failure::hint))
        }
    }
}

fn upload(request: &Request<'_>, set: &Set, steps: &Steps, draft: &Release) -> Result<(), Stop> {
    let due: Vec<&LocalFile> = set
        .files
        .iter()
        .zip(&steps.files)
        .filter(|(_, step)| **step != AssetStep::There)
        .map(|(file, _)| file)
        .collect();
    let results = parallel::each(
        "upload",
        &due,
        request.jobs,
        OnFailure::Stop,
        request.listener,
        |file| file.name.clone(),
        |file| {
            let told = |done: u64| {
                (request.listener)(Event::Moved { label: file.name.clone(), done, total: file.size });
            };
            let sent = request.forge.upload(draft, &file.name, &file.path, &told);
            let outcome = match &sent {
                Ok(_) => StepOutcome::Done(String::new()),
                Err(_) => StepOutcome::Failed,
            };
            (sent, outcome)
        },
    );
    let complete = results.iter().all(|result| matches!(result, Some(Ok(_))));
    match results.into_iter().flatten().find_map(Result::err) {
        Some(error) => Err(error.into()),
        None if !complete => Err(Stop::Other(parallel::interrupted())),
        None => Ok(()),
    }
}

/// Reads a release back; gives it when it holds exactly the set.
fn check(request: &Request<'_>, set: &Set, id: u64, hint: &str) -> Result<Release, Failure> {
    let mut held = request.forge.release(id)?;
    digests::learn(request.forge, set, &mut held)?;
    let wrong = differences(set, &held);
    if wrong.is_empty() {
        return Ok(held);
    }
    let message = format!("the release {} holds something else than was sent: {}", set.tag, wrong.join("; "));
    Err(Failure::new(FailureKind::Remote, message).hint(hint))
}

/// Reads back what everybody sees now.
fn confirm(request: &Request<'_>, set: &Set, id: u64) -> Result<String, Failure> {
    let public = check(request, set, id, "somebody changed it while it was published; look at its page")?;
    let tag = set.tag.to_string();
    if public.draft || public.tag != tag {
        let message =
            format!("the release {tag} was published and is not there under that tag: {}", public.page);
        return Err(Failure::new(FailureKind::Remote, message).hint("run again to see what is there"));
    }
    if let (Some(here), Some(there)) = (set.commit.as_deref(), request.forge.tag(&tag)?)
        && there != here
    {
        let message = format!(
            "{tag} was published, and its tag points to {} instead of {}",
            short(&there),
            short(here)
        );
        return Err(Failure::new(FailureKind::Conflict, message)
            .hint("somebody made that tag meanwhile; look at its page"));
    }
    Ok(public.page)
}
