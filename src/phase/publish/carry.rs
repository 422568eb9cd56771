//! Carries out what was decided: draft, uploads, reading back, publishing, reading back once more. Killed anywhere, the
//! next run decides anew from what the forge has then.

use super::decide::{Steps, differences};
use super::local::{LocalFile, Set};
use super::{Request, digests};
use crate::forge::error::ForgeError;
use crate::model::event::Event;
use crate::model::failure::{Failure, FailureKind};
use crate::model::publish::AssetStep;
use crate::model::release::{NewRelease, Release};
use crate::phase::packages::short;
use crate::phase::parallel::{self, OnFailure};

/// Brings one release out. Gives its page.
///
/// # Errors
/// When the forge can't be reached or refuses, or when what it holds isn't what was sent: then nothing is published.
pub(super) fn carry(
    request: &Request<'_>,
    set: &Set,
    steps: &Steps,
    new: &NewRelease,
) -> Result<String, Failure> {
    let forge = request.forge;
    let mut draft = match &steps.draft {
        Some(draft) => draft.clone(),
        None => forge.create_draft(new).map_err(|error| unpushed(error, new))?,
    };
    for asset in &steps.remove {
        forge.delete_asset(asset)?;
        draft.assets.retain(|kept| kept.id != asset.id);
    }
    upload(request, set, steps, &draft)?;
    let held =
        check(request, set, draft.id, "nothing is published; run again, and what differs is replaced")?;
    if !held.draft {
        return Err(Failure::new(
            FailureKind::Conflict,
            format!("{} was published by somebody else", set.tag),
        )
        .hint("run again to see whether it has these files"));
    }
    // A person's Ctrl-C before this moment leaves a draft; after it, a release.
    if crate::sys::interrupt::requested() {
        return Err(parallel::interrupted());
    }
    forge.publish(draft.id, new).map_err(|error| unpushed(error, new))?;
    confirm(request, set, draft.id)
}

fn upload(request: &Request<'_>, set: &Set, steps: &Steps, draft: &Release) -> Result<(), Failure> {
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
            let sent = request.forge.upload(draft, &file.name, &file.path, &told).map_err(Failure::from);
            let outcome = parallel::outcome(&sent, |_| String::new());
            (sent, outcome)
        },
    );
    let complete = results.iter().all(|result| matches!(result, Some(Ok(_))));
    match results.into_iter().flatten().find_map(Result::err) {
        Some(failure) => Err(failure),
        None if !complete => Err(parallel::interrupted()),
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

/// A commit that GitHub doesn't know is the usual reason for a refused tag.
fn unpushed(error: ForgeError, new: &NewRelease) -> Failure {
    let is_refusal = matches!(error, ForgeError::Refused { status: 422, .. });
    let failure = Failure::from(error);
    if is_refusal {
        failure.hint(format!(
            "push the commit first: `git push origin {}:refs/heads/<branch>`",
            short(&new.commit)
        ))
    } else {
        failure
    }
}
