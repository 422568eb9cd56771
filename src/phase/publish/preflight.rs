//! Everything that can forbid a release, asked before anything is written: what lies here, then what lies there.

use std::path::Path;

use super::decide::{Decision, Seen, decide};
use super::local::{self, Dirt, Set};
use super::notes::Place;
use super::{Candidate, Choice, Findings, Request, Token, digests, new, out, position, ratchet};
use crate::forge::github::GitHub;
use crate::model::event::StepOutcome;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Finding, Severity};
use crate::model::project::Plugin;
use crate::model::publish::{PluginRelease, ReleaseOutcome};
use crate::model::release::{Release, RepositoryFacts};
use crate::phase::packages::{self, Kept, short};
use crate::phase::parallel::{self, OnFailure};
use crate::phase::strays;
use crate::sys::files;
use crate::sys::git;

/// What is to be released, and the forge's releases where they had to be asked for already.
pub(super) struct Chosen<'a> {
    pub(super) candidates: Vec<Candidate<'a>>,
    pub(super) releases: Option<Vec<Release>>,
}

/// The plugins to be released. For `--all-plugins` those that are out get their rows here.
pub(super) fn choose<'a>(
    request: &Request<'a>,
    findings: &mut Findings,
    rows: &mut Vec<(usize, PluginRelease)>,
) -> Result<Chosen<'a>, Failure> {
    let chosen = |plugin: &'a Plugin| Candidate { plugin, set: None, decision: None, new: None };
    if request.choice == Choice::Named {
        return Ok(Chosen { candidates: request.plugins.iter().map(chosen).collect(), releases: None });
    }
    let releases = request.forge.releases()?;
    let (shelf, _) = shelf(request)?;
    let mut candidates = Vec::new();
    for plugin in request.plugins {
        let tag = match local::tag(plugin) {
            Ok(tag) => tag,
            Err(finding) => {
                // Among all of them, one that can't be released yet doesn't hold the others up.
                let finding = Finding { severity: Severity::Warning, ..finding };
                findings.add(plugin, FailureKind::Findings, [finding]);
                continue;
            }
        };
        let Some(release) = out::published(&tag, &releases) else {
            candidates.push(chosen(plugin));
            continue;
        };
        findings.add(plugin, FailureKind::Conflict, out::compare(plugin, &tag, release, &shelf));
        let row = PluginRelease {
            plugin: plugin.key.clone(),
            kind: plugin.kind,
            version: plugin.version.clone(),
            tag: Some(tag.to_string()),
            commit: None,
            outcome: ReleaseOutcome::AlreadyOut { page: release.page.clone() },
            assets: Vec::new(),
        };
        rows.push((position(request, plugin), row));
    }
    Ok(Chosen { candidates, releases: Some(releases) })
}

/// The packages of the output folder; one that isn't there has none.
fn shelf(request: &Request<'_>) -> Result<(Vec<Kept>, Vec<packages::Unreadable>), Failure> {
    if files::kind(request.output) == files::Kind::Missing {
        return Ok((Vec::new(), Vec::new()));
    }
    Ok(packages::read(request.output)?)
}

/// Looks at what lies here, and puts the sets together that can be released.
pub(super) fn local(
    request: &Request<'_>,
    candidates: &mut [Candidate<'_>],
    scratch: &Path,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let (shelf, unreadable) = shelf(request)?;
    let mut chosen: Vec<Vec<&Kept>> = Vec::new();
    for candidate in candidates.iter() {
        let plugin = candidate.plugin;
        findings.add(plugin, FailureKind::Findings, local::tag(plugin).err());
        let ours = unreadable.iter().filter(|one| one.plugin.as_ref() == Some(&plugin.key));
        findings.add(plugin, FailureKind::Findings, ours.map(|one| one.finding.clone()));
        let (set, wrong) = local::choose(plugin, &shelf, request.dirt);
        findings.add(plugin, FailureKind::Findings, wrong);
        chosen.push(set);
    }
    let is_unknown = chosen.iter().flatten().any(|kept| kept.receipt.source.is_none());
    let head = match git::head(request.root) {
        Ok(head) => head.map(|head| head.commit),
        Err(error) if is_unknown => {
            return Err(Failure::from(error).context("a release needs the commit that it is made from"));
        }
        // The packages know theirs.
        Err(_) => None,
    };
    let all: Vec<&Kept> = chosen.iter().flatten().copied().collect();
    let label = |kept: &&Kept| kept.label();
    let judged =
        parallel::each("verify", &all, request.jobs, OnFailure::KeepGoing, request.listener, label, |kept| {
            let wrong = packages::examine(kept);
            let outcome =
                if wrong.is_empty() { StepOutcome::Done(String::new()) } else { StepOutcome::Failed };
            (wrong, outcome)
        });
    let mut judged = judged.into_iter();
    for (candidate, set) in candidates.iter_mut().zip(&chosen) {
        let plugin = candidate.plugin;
        for _ in set {
            match judged.next().flatten() {
                Some(wrong) => findings.add(plugin, FailureKind::Findings, wrong),
                None => return Err(parallel::interrupted()),
            }
        }
        let refused = findings
            .all
            .iter()
            .any(|one| one.plugin == plugin.key && one.finding.severity == Severity::Error);
        if refused {
            continue;
        }
        let Ok(tag) = local::tag(plugin) else { continue };
        let (mut assembled, undescribed) = local::assemble(tag, set, scratch)?;
        findings.add(plugin, FailureKind::Findings, undescribed);
        if assembled.commit.is_none() && request.dirt == Dirt::Allow {
            assembled.commit.clone_from(&head);
        }
        if assembled.commit.is_none() {
            let message = format!("there is no commit that the tag {} could point to", assembled.tag);
            let finding =
                Finding::error("commit-unknown", message).hint("release from inside the git repository");
            findings.add(plugin, FailureKind::Findings, [finding]);
            continue;
        }
        findings.add(plugin, FailureKind::Findings, new::objections(request, plugin, &assembled));
        candidate.set = Some(assembled);
    }
    Ok(())
}

/// Looks at what the forge has, and decides.
pub(super) fn remote(
    request: &Request<'_>,
    candidates: &mut [Candidate<'_>],
    listed: Option<Vec<Release>>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let Some(first) = candidates.first().map(|candidate| candidate.plugin) else { return Ok(()) };
    let facts = request.forge.facts()?;
    let at = &facts.full_name;
    findings.add(first, FailureKind::Remote, unwritable(request.forge.repository(), &facts));
    if request.token == Token::Missing {
        let finding = Finding::error("token-missing", format!("there is no token to release to {at} with"))
            .hint("set WICK_GITHUB_TOKEN (or GITHUB_TOKEN, GH_TOKEN), for example from `gh auth token`");
        findings.add(first, FailureKind::Missing, [finding]);
    } else if facts.may_write == Some(false) {
        let finding = Finding::error("token-weak", format!("the token may not write releases to {at}"))
            .hint("the token needs `contents: write` on that repository");
        findings.add(first, FailureKind::Remote, [finding]);
    }
    let releases = match listed {
        Some(releases) => releases,
        None => request.forge.releases()?,
    };
    findings.add(first, FailureKind::Remote, strays::not_shown(&releases));
    let published = releases.iter().filter(|release| !release.draft);
    let to =
        Place { page: facts.page.clone(), published: published.map(|release| release.tag.clone()).collect() };
    for candidate in candidates.iter_mut() {
        let Some(set) = &candidate.set else { continue };
        let tag = set.tag.to_string();
        let mut ours: Vec<Release> = releases.iter().filter(|release| release.tag == tag).cloned().collect();
        for release in &mut ours {
            digests::learn(request.forge, set, release)?;
        }
        let is_out = ours.iter().any(|release| !release.draft);
        // The tag of a published release is its own business.
        let tag_commit = if is_out { None } else { request.forge.tag(&tag)? };
        let decision =
            decide(set, &Seen { releases: ours.iter().collect(), tag_commit: tag_commit.as_deref() });
        let told = match &decision {
            Decision::Out { findings, .. } | Decision::Conflict(findings) => findings,
            Decision::Go(steps) => &steps.findings,
        };
        findings.add(candidate.plugin, FailureKind::Conflict, told.clone());
        if matches!(decision, Decision::Go(_)) {
            let lost = ratchet::losses(request.forge, set, &releases, request.accepted)?;
            findings.add(candidate.plugin, FailureKind::Conflict, lost);
            findings.add(candidate.plugin, FailureKind::Conflict, strays::not_previous(&releases, &set.tag));
            if tag_commit.is_none() {
                findings.add(candidate.plugin, FailureKind::Remote, unpushed(request.forge, set)?);
            }
            let (new, short) = new::release(request, candidate.plugin, set, &to);
            findings.add(candidate.plugin, FailureKind::Findings, short);
            candidate.new = Some(new);
        }
        if facts.immutable_releases == Some(true) && matches!(decision, Decision::Go(_)) {
            let message = format!("{at} makes releases immutable: {tag} can't be changed once it is out");
            findings.add(candidate.plugin, FailureKind::Conflict, [Finding::note("immutable", message)]);
        }
        candidate.decision = Some(decision);
    }
    Ok(())
}

/// Why nothing can be written to a repository, whoever asks.
fn unwritable(asked: &str, facts: &RepositoryFacts) -> Vec<Finding> {
    let at = &facts.full_name;
    let mut found = Vec::new();
    // By its old name a repository answers only until somebody else takes that name; what is released goes where its
    // owner says it is.
    if facts.is_renamed_from(asked) {
        let message =
            format!("the repository {asked} is called {at} now; nothing is released by an old name");
        let hint = format!("say --repo {at}, and correct GITHUB_REPOSITORY or the remote `origin`");
        found.push(Finding::error("repository-renamed", message).hint(hint));
    }
    if facts.is_archived {
        let message = format!("{at} is archived: it takes no release");
        let hint = "unarchive it in its settings, or name another repository with --repo";
        found.push(Finding::error("repository-archived", message).hint(hint));
    }
    found
}

/// A tag can't be made on a commit that the forge hasn't.
fn unpushed(forge: &GitHub, set: &Set) -> Result<Option<Finding>, Failure> {
    let Some(commit) = set.commit.as_deref() else { return Ok(None) };
    if !forge.lacks_commit(commit)? {
        return Ok(None);
    }
    let message =
        format!("{} has no commit {}, which {} is built from", forge.repository(), short(commit), set.tag);
    let hint = format!("push it first: `git push origin {}:refs/heads/<branch>`", short(commit));
    Ok(Some(Finding::error("commit-unpushed", message).hint(hint)))
}
