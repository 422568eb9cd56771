//! Merge: the output folders of several machines become one, when together they are whole sets: every package as its
//! receipt says, every target there, one version, one commit, one signer per plugin. Else nothing is copied.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::attest;
use super::package::checksums;
use super::packages::{self, Kept};
use super::parallel::{self, OnFailure};
use super::sbom;
use super::store::Store;
use crate::model::bundle::BUNDLE_SUFFIX;
use crate::model::digest::Sha256;
use crate::model::event::{Listener, StepOutcome};
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Finding;
use crate::model::names::{PluginKey, PluginKind};
use crate::model::package::beside;
use crate::model::project::Plugin;
use crate::model::publish::{MERGE_SCHEMA, MergeReport, MergedPackage};
use crate::model::report::PluginFinding;
use crate::model::target::Target;
use crate::sys::files;

/// What a complete set is.
#[derive(Clone, Copy, Debug)]
pub enum Whole<'a> {
    /// The targets of each plugin, as the project has them.
    Project(&'a [Plugin]),
    /// These, for every plugin.
    Targets(&'a [Target]),
}

/// What is merged into what.
pub struct Request<'a> {
    /// Output folders, or folders of them.
    pub parts: &'a [PathBuf],
    /// What a complete set is.
    pub whole: Whole<'a>,
    /// The folder they go to, locked.
    pub store: &'a Store,
    /// How many packages are read at once.
    pub jobs: usize,
    /// Who is told.
    pub listener: Listener<'a>,
}

/// Merges, or says why not.
///
/// # Errors
/// When a part is missing or holds no packages, or files can't be read or written.
pub fn merge(request: &Request<'_>) -> Result<MergeReport, Failure> {
    let mut findings: Vec<PluginFinding> = Vec::new();
    let all = read(request.parts, &mut findings)?;
    let chosen = without_twins(&all, &mut findings);
    judge(request, &all, &mut findings)?;
    for (plugin, set) in by_plugin(&chosen) {
        let add = packages::disagreements(&set).into_iter().chain(missing(request.whole, plugin, &set));
        findings.extend(add.map(|finding| PluginFinding { plugin: plugin.0.clone(), finding }));
    }
    let output = request.store.output();
    findings.extend(chosen.iter().filter_map(|kept| in_the_way(output, kept)));
    let complete = findings.is_empty();
    let packages = chosen.iter().map(|kept| {
        let copied = if complete { copy(kept, output)? } else { false };
        Ok(row(kept, copied))
    });
    let packages = packages.collect::<Result<Vec<MergedPackage>, Failure>>()?;
    if complete {
        let described = sbom::update(output, &packages.iter().map(|one| &one.plugin).collect())?;
        findings.extend(described.findings);
        let mut digests: BTreeMap<String, Sha256> =
            packages.iter().map(|one| (one.package.clone(), one.sha256)).collect();
        digests.extend(described.digests);
        checksums::update(output, &digests)?;
    }
    let output = output.to_string_lossy().into_owned();
    Ok(MergeReport { schema: MERGE_SCHEMA, complete, output, packages, findings })
}

/// The packages of all parts. A folder without receipts may hold folders that have some, as downloaded artifacts lie.
fn read(parts: &[PathBuf], findings: &mut Vec<PluginFinding>) -> Result<Vec<Kept>, Failure> {
    let mut all = Vec::new();
    for part in parts {
        let mut folders = vec![part.clone()];
        if files::kind(&part.join(packages::RECEIPTS)) != files::Kind::Folder {
            let inner = files::list(part)?.into_iter().map(|name| part.join(name));
            folders = inner
                .filter(|path| files::kind(&path.join(packages::RECEIPTS)) == files::Kind::Folder)
                .collect();
        }
        let before = all.len();
        for folder in folders {
            let (kept, unreadable) = packages::read(&folder)?;
            all.extend(kept);
            for one in unreadable {
                let Some(plugin) = one.plugin else { return Err(stray(&one.finding)) };
                findings.push(PluginFinding { plugin, finding: one.finding });
            }
        }
        if all.len() == before && findings.is_empty() {
            let message = format!("{} holds no packages that wick has built", part.display());
            return Err(Failure::new(FailureKind::Missing, message).hint(
                "receipts are in a hidden folder: upload artifacts with `include-hidden-files: true`",
            ));
        }
    }
    Ok(all)
}

fn stray(finding: &Finding) -> Failure {
    Failure::new(FailureKind::Findings, finding.message.clone())
}

/// Each package once. The same package from two parts is fine when it is the same.
fn without_twins<'a>(all: &'a [Kept], findings: &mut Vec<PluginFinding>) -> Vec<&'a Kept> {
    let mut chosen: Vec<&Kept> = Vec::new();
    for kept in all {
        match chosen.iter_mut().find(|other| other.id == kept.id) {
            None => chosen.push(kept),
            Some(other) if other.receipt.sha256 == kept.receipt.sha256 => {
                // The same package, signed on one machine only: that is the one.
                if kept.sidecars().len() > other.sidecars().len() {
                    *other = kept;
                }
            }
            Some(other) => {
                let message = format!(
                    "{} has two packages: {} with sha256 {}, and {} with {}",
                    kept.label(),
                    other.path().display(),
                    other.receipt.sha256,
                    kept.path().display(),
                    kept.receipt.sha256
                );
                let finding = Finding::error("package-twice", message).hint("leave one of the folders out");
                findings.push(PluginFinding { plugin: kept.receipt.plugin.clone(), finding });
            }
        }
    }
    chosen.sort_by_key(|kept| (kept.receipt.kind, kept.receipt.plugin.clone(), packages::order(kept)));
    chosen
}

fn judge(request: &Request<'_>, all: &[Kept], findings: &mut Vec<PluginFinding>) -> Result<(), Failure> {
    let judged = parallel::each(
        "verify",
        all,
        request.jobs,
        OnFailure::KeepGoing,
        request.listener,
        Kept::label,
        |kept| {
            let wrong = packages::examine(kept);
            let outcome =
                if wrong.is_empty() { StepOutcome::Done(String::new()) } else { StepOutcome::Failed };
            (wrong, outcome)
        },
    );
    for (kept, wrong) in all.iter().zip(judged) {
        let wrong = wrong.ok_or_else(parallel::interrupted)?;
        findings.extend(
            wrong.into_iter().map(|finding| PluginFinding { plugin: kept.receipt.plugin.clone(), finding }),
        );
    }
    Ok(())
}

type Plugins<'a> = BTreeMap<(&'a PluginKey, PluginKind), Vec<&'a Kept>>;

fn by_plugin<'a>(chosen: &[&'a Kept]) -> Plugins<'a> {
    let mut plugins = Plugins::new();
    for kept in chosen {
        plugins.entry((&kept.receipt.plugin, kept.receipt.kind)).or_default().push(kept);
    }
    plugins
}

fn missing(whole: Whole<'_>, (key, kind): (&PluginKey, PluginKind), set: &[&Kept]) -> Option<Finding> {
    let wanted: &[Target] = match whole {
        Whole::Targets(targets) => targets,
        Whole::Project(plugins) => {
            match plugins.iter().find(|plugin| plugin.key == *key && plugin.kind == kind) {
                Some(plugin) => plugin.targets.complete(),
                None => {
                    let message = format!("the project has no {kind} {key}, so its targets can't be told");
                    let finding = Finding::error("plugin-unknown", message);
                    return Some(finding.hint("name the targets with --targets"));
                }
            }
        }
    };
    let there = |target: &&Target| !set.iter().any(|kept| kept.receipt.target == **target);
    let missing: Vec<String> = wanted.iter().filter(there).map(ToString::to_string).collect();
    (!missing.is_empty()).then(|| {
        Finding::error("target-missing", format!("no package of {key} for {}", missing.join(", ")))
            .hint("add the output folder of the machine that built it")
    })
}

/// A file that stands under a package's name in the output folder and is another.
fn in_the_way(output: &Path, kept: &Kept) -> Option<PluginFinding> {
    let path = output.join(&kept.receipt.package);
    let there = Sha256::of(&files::read(&path).ok()?);
    (there != kept.receipt.sha256).then(|| {
        let message = format!("{} is there already, with sha256 {there}", path.display());
        let finding = Finding::error("output-differs", message).hint("merge into an empty folder");
        PluginFinding { plugin: kept.receipt.plugin.clone(), finding }
    })
}

/// Copies the zip, what belongs to it, then its receipts; whether anything had to be copied.
fn copy(kept: &Kept, output: &Path) -> Result<bool, Failure> {
    let mut from = vec![kept.path()];
    from.extend(kept.sidecars());
    let receipts = [kept.build_receipt_path(), kept.receipt_path()];
    from.extend(receipts.into_iter().filter(|path| files::is_file(path)));
    let mut copied = false;
    for path in from {
        let Ok(inner) = path.strip_prefix(&kept.folder) else { continue };
        let to = output.join(inner);
        let bytes = files::read(&path)?;
        if !files::read(&to).is_ok_and(|there| there == bytes) {
            files::write_output(output, &to, &bytes, 0o644)?;
            copied = true;
        }
    }
    // What lay beside an older package of that name.
    let there = Kept { folder: output.to_owned(), ..kept.clone() };
    if there.bundle().is_some_and(|bundle| bundle.is_err()) {
        files::remove(&beside(&there.path(), BUNDLE_SUFFIX))?;
    }
    attest::drop_stale(&there)?;
    Ok(copied)
}

fn row(kept: &Kept, copied: bool) -> MergedPackage {
    let receipt = &kept.receipt;
    MergedPackage {
        plugin: receipt.plugin.clone(),
        kind: receipt.kind,
        version: receipt.version.clone(),
        target: receipt.target,
        package: receipt.package.clone(),
        sha256: receipt.sha256,
        size: receipt.size,
        copied,
    }
}
