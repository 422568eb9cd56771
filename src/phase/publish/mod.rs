//! Publish: puts the packages of an output folder on a forge, all of a plugin's or none. Reads receipts and zips and
//! never builds.
//!
//! Everything that can forbid a release is asked first, for all plugins, and told in one list; only then is anything
//! written: draft → what is missing → read back → tag → publish → read back. A release becomes visible in one step, when it
//! is complete. What to do is decided from what the forge holds ([`decide`]), by digest, so a run that was killed
//! anywhere is finished by the next one, which sends only what is missing.

mod carry;
pub mod decide;
mod digests;
pub mod local;
mod new;
pub mod notes;
mod out;
mod preflight;
pub mod ratchet;
pub mod rehearse;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

use crate::forge::github::GitHub;
use crate::model::event::Listener;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Finding, Severity};
use crate::model::project::Plugin;
use crate::model::publish::{
    AssetReport, AssetStep, PluginRelease, RELEASE_SCHEMA, ReleaseOutcome, ReleaseReport,
};
use crate::model::release::NewRelease;
use crate::model::report::PluginFinding;
use crate::sys::files::Scratch;
use carry::Carried;
use decide::{Decision, Steps};
use local::{Dirt, Set};
use notes::Notes;
use preflight::Chosen;
use ratchet::Loss;
use rehearse::Rehearsal;

/// How the plugins were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By name: each has to be out in the end.
    Named,
    /// `--all-plugins`: those whose version isn't out yet.
    Unreleased,
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Releases are made.
    Publish,
    /// What would happen, and whether it could.
    DryRun,
    /// A dry run that also signs, asks whether the token may write, installs and starts.
    Rehearse,
}

/// Whether there is a token to write with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// There is.
    Given,
    /// There is none.
    Missing,
}

/// What is to be released, from where, to where.
pub struct Request<'a> {
    /// The plugins, completely resolved.
    pub plugins: &'a [Plugin],
    /// How they were chosen.
    pub choice: Choice,
    /// The project's folder.
    pub root: &'a Path,
    /// The output folder with the packages.
    pub output: &'a Path,
    /// Where they go.
    pub forge: &'a GitHub,
    /// Whether the forge was given a token.
    pub token: Token,
    /// Whether sources may differ from their commit.
    pub dirt: Dirt,
    /// What may be lost against the previous release.
    pub accepted: &'a [Loss],
    /// Where release notes come from.
    pub notes: &'a Notes,
    /// How many packages are read, and files uploaded, at once.
    pub jobs: usize,
    /// Whether anything is written.
    pub mode: Mode,
    /// What a rehearsal needs.
    pub rehearsal: Option<Rehearsal<'a>>,
    /// Who is told.
    pub listener: Listener<'a>,
}

/// A plugin on its way out.
struct Candidate<'a> {
    plugin: &'a Plugin,
    /// What is here; nothing when findings forbid it.
    set: Option<Set>,
    /// What is to be done; nothing when findings forbid it.
    decision: Option<Decision>,
    /// The release, where one is to be made.
    new: Option<NewRelease>,
}

/// What is known before anything is written.
#[derive(Default)]
struct Findings {
    all: Vec<PluginFinding>,
    refusal: Option<FailureKind>,
}

impl Findings {
    fn add(&mut self, plugin: &Plugin, kind: FailureKind, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            if finding.severity == Severity::Error {
                self.refuse(kind);
            }
            let again = self.all.iter().any(|one| one.plugin == plugin.key && one.finding == finding);
            if !again {
                self.all.push(PluginFinding { plugin: plugin.key.clone(), finding });
            }
        }
    }

    /// The most telling reason decides the exit code: a conflict needs a person, the rest needs another try.
    fn refuse(&mut self, kind: FailureKind) {
        let weight = |kind: FailureKind| match kind {
            FailureKind::Conflict => 3,
            FailureKind::Missing => 2,
            FailureKind::Remote => 1,
            _ => 0,
        };
        if self.refusal.is_none_or(|before| weight(before) < weight(kind)) {
            self.refusal = Some(kind);
        }
    }
}

/// Releases the plugins, or says why not.
///
/// # Errors
/// When the forge can't be asked what is there, or local files can't be read. A release that fails half-way is in the
/// report.
pub fn release(request: &Request<'_>) -> Result<ReleaseReport, Failure> {
    let scratch = Scratch::new()?;
    let mut findings = Findings::default();
    let mut rows: Vec<(usize, PluginRelease)> = Vec::new();
    let Chosen { mut candidates, releases } = preflight::choose(request, &mut findings, &mut rows)?;
    preflight::local(request, &mut candidates, scratch.path(), &mut findings)?;
    // Who can't release for a reason that lies here need not ask the forge; a dry run tells everything.
    if findings.refusal.is_none() || request.mode != Mode::Publish {
        preflight::remote(request, &mut candidates, releases, &mut findings)?;
    }
    let rehearsal = match &request.rehearsal {
        Some(how) => Some(rehearse::rehearse(request, how, &candidates, scratch.path(), &mut findings)?),
        None => None,
    };
    let mut halted = findings.refusal.is_some();
    for candidate in candidates {
        let outcome = outcome(request, &candidate, &mut halted, &mut findings);
        rows.push((position(request, candidate.plugin), row(&candidate, outcome)));
    }
    rows.sort_by_key(|(at, _)| *at);
    let plugins: Vec<PluginRelease> = rows.into_iter().map(|(_, row)| row).collect();
    let done = |row: &PluginRelease| match row.outcome {
        ReleaseOutcome::Released { .. } | ReleaseOutcome::AlreadyOut { .. } => true,
        ReleaseOutcome::WouldRelease => request.mode != Mode::Publish,
        _ => false,
    };
    Ok(ReleaseReport {
        schema: RELEASE_SCHEMA,
        repository: request.forge.repository().to_owned(),
        dry_run: request.mode != Mode::Publish,
        complete: findings.refusal.is_none() && plugins.iter().all(done),
        plugins,
        rehearsal,
        findings: findings.all,
        refusal: findings.refusal,
    })
}

/// The tags of everything that is published.
///
/// # Errors
/// When the forge can't be asked.
pub fn published_tags(forge: &GitHub) -> Result<BTreeSet<String>, Failure> {
    let releases = forge.releases()?;
    Ok(releases.into_iter().filter(|release| !release.draft).map(|release| release.tag).collect())
}

fn outcome(
    request: &Request<'_>,
    candidate: &Candidate<'_>,
    halted: &mut bool,
    findings: &mut Findings,
) -> ReleaseOutcome {
    let (steps, set, new) = match (&candidate.decision, &candidate.set, &candidate.new) {
        (Some(Decision::Out { page, .. }), ..) => return ReleaseOutcome::AlreadyOut { page: page.clone() },
        (Some(Decision::Conflict(_)), ..) | (_, None, _) => return ReleaseOutcome::Refused,
        (Some(Decision::Go(_)) | None, ..) if *halted => return ReleaseOutcome::NotTried,
        (Some(Decision::Go(steps)), Some(set), Some(new)) => (steps, set, new),
        (_, Some(_), _) => return ReleaseOutcome::NotTried,
    };
    if request.mode != Mode::Publish {
        return ReleaseOutcome::WouldRelease;
    }
    match carry::carry(request, set, steps, new) {
        Ok(Carried::Published { page }) => ReleaseOutcome::Released { page },
        Ok(Carried::Found { page, findings: told }) => {
            findings.add(candidate.plugin, FailureKind::Conflict, told);
            ReleaseOutcome::AlreadyOut { page }
        }
        Err(failure) => {
            // What stopped this one, such as a rate limit, would stop the others too.
            *halted = true;
            ReleaseOutcome::Failed { error: failure.message.clone(), hints: failure.hints.clone(), failure }
        }
    }
}

fn row(candidate: &Candidate<'_>, outcome: ReleaseOutcome) -> PluginRelease {
    let plugin = candidate.plugin;
    let steps: Option<&Steps> = match &candidate.decision {
        Some(Decision::Go(steps)) => Some(steps),
        _ => None,
    };
    let is_out = matches!(candidate.decision, Some(Decision::Out { .. }));
    let files = candidate.set.iter().flat_map(|set| set.files.iter().enumerate());
    let assets = files.map(|(at, file)| AssetReport {
        name: file.name.clone(),
        sha256: file.sha256,
        size: file.size,
        step: match steps {
            Some(steps) => steps.files[at],
            None if is_out => AssetStep::There,
            None => AssetStep::Upload,
        },
    });
    PluginRelease {
        plugin: plugin.key.clone(),
        kind: plugin.kind,
        version: plugin.version.clone(),
        tag: local::tag(plugin).ok().map(|tag| tag.to_string()),
        commit: candidate.set.as_ref().and_then(|set| set.commit.clone()),
        outcome,
        assets: assets.collect(),
    }
}

fn position(request: &Request<'_>, plugin: &Plugin) -> usize {
    request.plugins.iter().position(|one| one.place == plugin.place).unwrap_or(usize::MAX)
}
