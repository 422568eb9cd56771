//! Place: what was asked to be signed gets its name when it is signed. Until then a run's packages lie with all that is
//! made over them in a folder of their own, laid out as an output folder is; each is moved when nothing is lacking, its
//! archive last. Of one that isn't signed in the end nothing has the name, not what an earlier run left there either: it
//! would be taken for the result. Not for what signs inside the archive: without it there is none.

use std::path::Path;

use super::Run;
use super::packages::Kept;
use super::sign::Bundles;
use crate::model::attest::AttestOutcome;
use crate::model::bundle::{ATTESTATION_SUFFIX, BUNDLE_SUFFIX};
use crate::model::failure::{Failure, FailureKind};
use crate::model::package::beside;
use crate::model::report::{BuildReport, Outcome};
use crate::model::sbom::file_name;
use crate::sys::files::{self, Scratch};

/// A folder for what has to be signed first; nothing when nobody asked for that.
///
/// # Errors
/// When it can't be made.
pub fn stage(run: &Run<'_>) -> Result<Option<Scratch>, Failure> {
    let asked = run.signers.of_zips().is_some() || run.attester.is_some();
    Ok(asked.then(|| run.store.scratch()).transpose()?)
}

/// Lays beside staged packages what tells of them: their builds' receipts, and what was signed before and may still fit.
///
/// # Errors
/// When a file can't be copied.
pub fn furnish(run: &Run<'_>, kept: &[Kept]) -> Result<(), Failure> {
    for one in kept.iter().filter(|one| is_staged(run, one)) {
        let placed = Kept { folder: run.plan.output.clone(), ..one.clone() };
        let pairs = [
            (placed.build_receipt_path(), one.build_receipt_path()),
            (beside(&placed.path(), BUNDLE_SUFFIX), beside(&one.path(), BUNDLE_SUFFIX)),
            (beside(&placed.path(), ATTESTATION_SUFFIX), beside(&one.path(), ATTESTATION_SUFFIX)),
        ];
        for (from, to) in pairs.iter().filter(|(from, _)| files::is_file(from)) {
            files::write_atomic(to, &files::read(from)?, 0o644)?;
        }
    }
    Ok(())
}

fn is_staged(run: &Run<'_>, one: &Kept) -> bool {
    one.folder != run.plan.output
}

/// Says of packages that were not tried to be signed that they are none.
pub fn drop_untried(run: &Run<'_>, kept: &[Kept], bundles: &Bundles, report: &mut BuildReport) {
    if run.signers.of_zips().is_none() {
        return;
    }
    for one in kept.iter().filter(|one| !bundles.contains_key(&one.receipt.package)) {
        if let Some(outcome) = outcome_of(report, one) {
            *outcome = Outcome::NotTried;
        }
    }
}

/// Whether a package may be attested: everything before that is done.
#[must_use]
pub fn is_whole(report: &BuildReport, one: &Kept) -> bool {
    let row = report.packages.iter().find(|row| row.package == one.receipt.package);
    row.is_some_and(|row| row.outcome.made().is_some())
}

/// Gives names to what is signed as it was asked for, and takes them from what isn't.
///
/// # Errors
/// When a file can't be moved or removed.
pub fn place(run: &Run<'_>, kept: &[Kept], report: &mut BuildReport) -> Result<(), Failure> {
    for one in kept {
        let (signed, staged) = (is_whole(report, one), is_staged(run, one));
        // Also of one that was there already: it has its name by an earlier run, which wasn't asked for as much.
        let why = if signed { unattested(run, report, one) } else { None };
        match (&why, signed) {
            (None, true) if staged => enter(run, one)?,
            (None, true) => {}
            (None, false) if !staged && files::is_file(&beside(&one.path(), BUNDLE_SUFFIX)) => {}
            _ => {
                if why.is_some() || !is_there_bundled(run, one) {
                    withdraw(run, one)?;
                }
                fail(report, one, why);
            }
        }
    }
    report.complete &= report.packages.iter().all(|package| package.outcome.made().is_some());
    Ok(())
}

/// Why there is no attestation of it; nothing where there is one, or nobody asked for one.
fn unattested(run: &Run<'_>, report: &BuildReport, one: &Kept) -> Option<Failure> {
    run.attester?;
    let row = report.attestations.iter().find(|row| row.package == one.receipt.package);
    match row.map(|row| &row.outcome) {
        Some(AttestOutcome::Attested(_) | AttestOutcome::UpToDate(_)) => None,
        Some(AttestOutcome::Failed { failure, .. }) => Some(failure.clone()),
        _ => Some(Failure::new(FailureKind::Step, "it was not attested")),
    }
}

fn outcome_of<'a>(report: &'a mut BuildReport, one: &Kept) -> Option<&'a mut Outcome> {
    report.packages.iter_mut().find(|row| row.package == one.receipt.package).map(|row| &mut row.outcome)
}

fn fail(report: &mut BuildReport, one: &Kept, unattested: Option<Failure>) {
    let name = &one.receipt.package;
    let Some(outcome) = outcome_of(report, one) else { return };
    *outcome = match (&*outcome, unattested) {
        (Outcome::Failed { failure, .. }, _) => {
            let told = format!("{name} gets its name when it is signed: run the same command again");
            Outcome::failed(failure.clone().hint(told))
        }
        // One that was not tried is told as such.
        (Outcome::Built(_) | Outcome::UpToDate(_), Some(failure)) => {
            let why = format!("{}: {name} has no name without its attestation", one.label());
            Outcome::failed(Failure::new(failure.kind, why).hint("run the same command again"))
        }
        _ => Outcome::NotTried,
    };
}

/// The archive comes last: whoever sees it sees all that belongs to it.
fn enter(run: &Run<'_>, one: &Kept) -> Result<(), Failure> {
    let output = &run.plan.output;
    forget_bill(output, one)?;
    let placed = Kept { folder: output.clone(), ..one.clone() };
    for end in [ATTESTATION_SUFFIX, BUNDLE_SUFFIX] {
        let (from, to) = (beside(&one.path(), end), beside(&placed.path(), end));
        if files::is_file(&from) {
            files::move_output(output, &from, &to)?;
        } else {
            files::remove(&to)?;
        }
    }
    files::move_output(output, &one.receipt_path(), &placed.receipt_path())?;
    Ok(files::move_output(output, &one.path(), &placed.path())?)
}

/// Whether the very archive has its name already, with a bundle that is over it.
fn is_there_bundled(run: &Run<'_>, one: &Kept) -> bool {
    let placed = Kept { folder: run.plan.output.clone(), ..one.clone() };
    let same = files::digest(&placed.path()).is_ok_and(|(_, digest)| digest == one.receipt.sha256);
    same && placed.bundle().is_some_and(|bundle| bundle.is_ok())
}

/// Nothing stays under its name.
fn withdraw(run: &Run<'_>, one: &Kept) -> Result<(), Failure> {
    let output = &run.plan.output;
    let placed = Kept { folder: output.clone(), ..one.clone() };
    forget_bill(output, one)?;
    files::remove(&placed.path())?;
    files::remove(&placed.receipt_path())?;
    for end in [BUNDLE_SUFFIX, ATTESTATION_SUFFIX] {
        files::remove(&beside(&placed.path(), end))?;
    }
    Ok(())
}

/// The bill of materials is of the packages that were there; it is written again for those that are.
fn forget_bill(output: &Path, one: &Kept) -> Result<(), Failure> {
    Ok(files::remove(&output.join(file_name(&one.receipt.plugin, &one.receipt.version)))?)
}
