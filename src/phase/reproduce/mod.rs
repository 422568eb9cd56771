//! Reproduce: goes down the list once more for a release that is out. The tag's commit is checked out into a folder of its
//! own, every package is built there with this machine's tools (or those that are recorded, where they can be had), and
//! what comes out is compared with what is published, byte for byte.
//!
//! The only bytes that can't be made again are signatures: they are taken over where they are over the very binary
//! that was rebuilt. What differs is said by cause: `compare` and `binary`.

mod attested;
mod binary;
mod compare;
mod published;
mod rebuild;
mod text;
mod toolchains;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

pub use published::Against;
pub use toolchains::Fetch;

use crate::inspect::archive::read_archive;
use crate::model::digest::Sha256;
use crate::model::event::{Listener, StepOutcome};
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Finding;
use crate::model::names::PluginKind;
use crate::model::release::ReleaseTag;
use crate::model::reproduce::{Comparison, REPRODUCE_SCHEMA, ReproduceReport, Reproduced};
use crate::model::target::Target;
use crate::phase::package::marks::{self, Marks};
use crate::phase::packages::short;
use crate::phase::parallel::{self, OnFailure};
use crate::sys::files::{self, Scratch};
use crate::sys::git::{self, Lack, Worktree};
use crate::sys::interrupt;
use attested::Attested;
use published::{Published, Shelf};
use rebuild::Rebuilt;
use toolchains::Recorded;

/// What is to be rebuilt.
pub struct Request<'a> {
    /// The release.
    pub tag: &'a ReleaseTag,
    /// The plugin's kind, where two of that key exist.
    pub kind: Option<PluginKind>,
    /// The project's folder; nothing in it is touched.
    pub root: &'a Path,
    /// What it is compared with.
    pub against: Against<'a>,
    /// Only these targets; without any, all that are published.
    pub targets: &'a [Target],
    /// The environment that compilers inherit.
    pub environment: &'a BTreeMap<String, String>,
    /// File times in archives, seconds since 1970.
    pub epoch: u64,
    /// How many steps at once.
    pub jobs: usize,
    /// Whether toolchains may be downloaded.
    pub fetch: Fetch,
    /// Where the rebuilt packages are left.
    pub keep: Option<&'a Path>,
    /// Who is told.
    pub listener: Listener<'a>,
}

/// Rebuilds and compares.
///
/// # Errors
/// When there is no such tag or release, something is missing that the build needs, or the user stops the run. Packages
/// that differ or don't build are in the report. Nothing is left either way.
pub fn reproduce(request: &Request<'_>) -> Result<ReproduceReport, Failure> {
    let commit = commit(request)?;
    let mut shelf = published::find(request.against, request.tag)?;
    pick(&mut shelf, request)?;
    let scratch = Scratch::new()?;
    let aside = files::canonical(scratch.path())?;
    // Dropped before the folder it is in.
    let tree = Worktree::add(request.root, &commit, &aside.join("source"))?;
    let attested = attested::read(&shelf)?;
    let tools = rebuild::choose(request, &tree, &attested.recorded())?;
    let mut built =
        rebuild::rebuild(request, &tree, &aside.join("first"), &shelf, (tools, attested.epoch()))?;
    let mut rows = compare(request, &shelf, &built, (&tree, &attested))?;
    // Where nothing was attested, a binary that differs says itself who made it; another toolchain is worth another build.
    let recorded = if built.tools.uses.is_empty() { recorded(&shelf, &rows)? } else { Recorded::default() };
    if !recorded.versions.is_empty() {
        built.tools = rebuild::choose(request, &tree, &recorded)?;
        if !built.tools.variables.is_empty() {
            let how = (std::mem::take(&mut built.tools), attested.epoch());
            built = rebuild::rebuild(request, &tree, &aside.join("second"), &shelf, how)?;
            rows = compare(request, &shelf, &built, (&tree, &attested))?;
        }
    }
    if let Some(failure) = lacking(&tree, &rows) {
        return Err(failure);
    }
    keep(request, &rows)?;
    let mut findings = attested.sources(&request.tag.to_string(), &commit);
    findings.extend(tree.lacks().iter().map(lack));
    findings.extend(attested.findings);
    findings.extend(built.tools.findings.clone());
    Ok(report(request, commit, built, rows, findings))
}

/// Something of the commit that isn't here: the build went on without it.
fn lack(lack: &Lack) -> Finding {
    let (message, way_out) = lacks(lack);
    Finding::warning("source-missing", message).hint(way_out)
}

/// What isn't here, and how it gets here.
fn lacks(lack: &Lack) -> (String, String) {
    match lack {
        Lack::Submodule { path, commit } => (
            format!("the submodule {} at {} isn't in this clone", path.display(), short(commit)),
            format!(
                "get it with `git submodule update --init {0} && git -C {0} fetch origin {commit}`",
                path.display()
            ),
        ),
        Lack::Lfs { path } => (
            format!("the content of {} (Git LFS) isn't in this clone, only its pointer", path.display()),
            "get it with `git lfs fetch --all`".to_owned(),
        ),
    }
}

/// A build that failed where sources are missing failed for that, until they are here.
fn lacking(tree: &Worktree, rows: &[Row]) -> Option<Failure> {
    let failed = |row: &&Row| matches!(row.result.outcome, Comparison::Failed { .. });
    let row = rows.iter().find(failed)?;
    let (message, _) = lacks(tree.lacks().first()?);
    let failure =
        Failure::new(FailureKind::Missing, format!("{} can't be built again: {message}", row.result.package));
    Some(tree.lacks().iter().fold(failure, |failure, lack| failure.hint(lacks(lack).1)))
}

fn report(
    request: &Request<'_>,
    commit: String,
    built: Rebuilt,
    rows: Vec<Row>,
    findings: Vec<Finding>,
) -> ReproduceReport {
    let mut report = ReproduceReport {
        schema: REPRODUCE_SCHEMA,
        plugin: request.tag.key.clone(),
        kind: built.kind,
        version: request.tag.version.clone(),
        tag: request.tag.to_string(),
        commit,
        against: match request.against {
            Against::Forge(forge) => forge.repository().to_owned(),
            Against::Folder(folder) => folder.to_string_lossy().into_owned(),
        },
        identical: false,
        tools: built.tools.uses,
        packages: rows.into_iter().map(|row| row.result).collect(),
        findings,
    };
    report.identical = !report.is_refused();
    report
}

/// The commit of the tag, which must be the forge's too.
fn commit(request: &Request<'_>) -> Result<String, Failure> {
    let tag = request.tag.to_string();
    let fetch = |force: &str| format!("git fetch {force}origin refs/tags/{tag}:refs/tags/{tag}");
    if git::top(request.root)?.is_none() {
        let message =
            format!("{} is in no git repository, so {tag} can't be checked out", request.root.display());
        return Err(Failure::new(FailureKind::Usage, message)
            .hint("run it inside a clone of the plugins' repository"));
    }
    let Some(here) = git::tag_commit(request.root, &tag)? else {
        return Err(Failure::new(FailureKind::Missing, format!("this clone has no tag {tag}"))
            .hint(format!("get it with `{}`", fetch(""))));
    };
    if let Against::Forge(forge) = request.against
        && let Some(there) = forge.tag(&tag)?
        && there != here
    {
        let message = format!(
            "the tag {tag} is {} in this clone and {} in {}",
            short(&here),
            short(&there),
            forge.repository()
        );
        return Err(Failure::new(FailureKind::Conflict, message)
            .hint(format!("take the published one with `{}`", fetch("--force "))));
    }
    Ok(here)
}

/// Leaves the packages that were asked for.
fn pick(shelf: &mut Shelf<'_>, request: &Request<'_>) -> Result<(), Failure> {
    let has = |target: &&Target| shelf.packages.iter().any(|one| one.target == **target);
    let missing: Vec<String> =
        request.targets.iter().filter(|target| !has(target)).map(ToString::to_string).collect();
    if !missing.is_empty() {
        let there: Vec<String> = shelf.packages.iter().map(|one| one.target.to_string()).collect();
        let message = format!("{} is not published for {}", request.tag, missing.join(", "));
        return Err(
            Failure::new(FailureKind::Missing, message).hint(format!("it is for {}", there.join(", ")))
        );
    }
    shelf.packages.retain(|one| request.targets.is_empty() || request.targets.contains(&one.target));
    Ok(())
}

/// A compared package, with its bytes where it is to be kept or asked about.
struct Row {
    result: Reproduced,
    rebuilt: Option<Vec<u8>>,
}

fn compare(
    request: &Request<'_>,
    shelf: &Shelf<'_>,
    built: &Rebuilt,
    (tree, attested): (&Worktree, &Attested),
) -> Result<Vec<Row>, Failure> {
    let results = parallel::each(
        "compare",
        &shelf.packages,
        request.jobs,
        OnFailure::KeepGoing,
        request.listener,
        |one| one.name.clone(),
        |one| {
            let row = row(one, built, tree, attested);
            let outcome = match &row {
                Ok(Row { result: Reproduced { outcome: Comparison::Identical, .. }, .. }) => {
                    StepOutcome::Done("identical".to_owned())
                }
                _ => StepOutcome::Failed,
            };
            (row, outcome)
        },
    );
    results.into_iter().map(|row| row.unwrap_or_else(|| Err(interrupted()))).collect()
}

fn row(one: &Published<'_>, built: &Rebuilt, tree: &Worktree, attested: &Attested) -> Result<Row, Failure> {
    let row = |outcome, carried_over, rebuilt| Row {
        result: Reproduced {
            target: one.target,
            package: one.name.clone(),
            outcome,
            published: one.sha256,
            carried_over,
        },
        rebuilt,
    };
    let kept = match built.packages.get(&one.target) {
        Some(Ok(kept)) => kept,
        Some(Err(failure)) => return Ok(row(Comparison::failed(failure.clone()), Vec::new(), None)),
        None => return Err(Failure::new(FailureKind::Bug, format!("{} was not built", one.name))),
    };
    let bytes = files::read(&kept.path())?;
    if Sha256::of(&bytes) == one.sha256 {
        return Ok(row(Comparison::Identical, Vec::new(), Some(bytes)));
    }
    let try_with = |marks: &Marks| marks::carry(&one.name, &bytes, marks, built.epoch);
    if let Some(carried) = one.marks()?.as_ref().and_then(try_with)
        && Sha256::of(&carried.bytes) == one.sha256
    {
        return Ok(row(Comparison::Identical, carried.what, Some(carried.bytes)));
    }
    // Now all of it is needed: for what lies beside the manifest, or for the reason.
    let theirs = one.bytes()?;
    let carried = Marks::of_package(&read_archive(&one.name, &theirs)).as_ref().and_then(try_with);
    let (ours, what) = carried.map_or((bytes, Vec::new()), |carried| (carried.bytes, carried.what));
    let rebuilt = Sha256::of(&ours);
    if rebuilt == one.sha256 {
        return Ok(row(Comparison::Identical, what, Some(ours)));
    }
    let mut differences = attested.conditions(kept);
    let packers = attested.packers();
    differences.extend(compare::differences(&one.name, &theirs, &ours, tree.path(), packers.as_ref()));
    Ok(row(Comparison::Different { rebuilt, differences }, what, Some(ours)))
}

/// What the binaries of packages that differ say of their makers.
fn recorded(shelf: &Shelf<'_>, rows: &[Row]) -> Result<Recorded, Failure> {
    for (one, row) in shelf.packages.iter().zip(rows) {
        let Comparison::Different { differences, .. } = &row.result.outcome else { continue };
        if !differences.iter().any(|one| one.code == "toolchain-differs") {
            continue;
        }
        let contents = read_archive(&one.name, &one.bytes()?);
        let entry = marks::manifest_of(&contents).map(|manifest| manifest.entry);
        let binary = contents.entries.iter().find(|file| Some(&file.name) == entry.as_ref());
        let recorded = binary.map(|binary| Recorded::of_binary(&binary.bytes)).unwrap_or_default();
        if !recorded.versions.is_empty() {
            return Ok(recorded);
        }
    }
    Ok(Recorded::default())
}

fn keep(request: &Request<'_>, rows: &[Row]) -> Result<(), Failure> {
    let Some(folder) = request.keep else { return Ok(()) };
    files::create_folder(folder)?;
    for row in rows {
        if let Some(bytes) = &row.rebuilt {
            files::write_atomic(&folder.join(&row.result.package), bytes, 0o644)?;
        }
    }
    Ok(())
}

/// The failure of a run that the user stopped.
fn interrupted() -> Failure {
    Failure::new(FailureKind::Interrupted, "interrupted; nothing is left of it")
}

fn stop_if_interrupted() -> Result<(), Failure> {
    if interrupt::requested() { Err(interrupted()) } else { Ok(()) }
}
