//! Attest: says of each package how it was made, by its receipts, and has that signed. Later than packing and apart
//! from it, so that it can be done on another machine, where the key is.

pub mod provenance;

#[cfg(test)]
mod tests;

use std::path::Path;

use super::packages::{self, Kept};
use super::parallel::{self, OnFailure};
use crate::inspect::archive::{locate_package, read_archive};
use crate::model::attest::{ATTEST_SCHEMA, AttestOutcome, AttestReport, Attestation, AttestedPackage};
use crate::model::bundle::{ATTESTATION_SUFFIX, BUNDLE_MAX, Bundle, Identity};
use crate::model::digest::Sha256;
use crate::model::event::{Listener, StepOutcome};
use crate::model::failure::Failure;
use crate::model::finding::Finding;
use crate::model::manifest::Manifest;
use crate::model::package::beside;
use crate::model::receipt::PackageReceipt;
use crate::model::report::PluginFinding;
use crate::model::statement::Statement;
use crate::signer::{self, Signer, check};
use crate::sys::files;
use provenance::Files;

/// What is to be attested.
pub struct Request<'a> {
    /// The packages, as their receipts tell them.
    pub packages: &'a [&'a Kept],
    /// The folder they are in, for the report.
    pub output: &'a Path,
    /// Who vouches for it.
    pub signer: &'a dyn Signer,
    /// How many packages are read at once.
    pub jobs: usize,
    /// Whether a failure ends it.
    pub on_failure: OnFailure,
    /// Who is told.
    pub listener: Listener<'a>,
}

/// Attests every package. What is there already, says the same and is signed by the same, stays.
///
/// # Errors
/// When the user interrupts. Packages that can't be attested are in the report.
pub fn attest(request: &Request<'_>) -> Result<AttestReport, Failure> {
    let results = parallel::each(
        "attest",
        request.packages,
        request.jobs,
        request.on_failure,
        request.listener,
        |kept| kept.label(),
        |kept| {
            let result = attest_one(kept, request.signer);
            let outcome = match &result {
                Ok(Attested::UpToDate(_)) => StepOutcome::Done("up to date".to_owned()),
                Ok(Attested::Made(_)) => StepOutcome::Done(String::new()),
                Err(_) => StepOutcome::Failed,
            };
            (result, outcome)
        },
    );
    super::stop_if_interrupted()?;
    let mut findings = Vec::new();
    let rows = request.packages.iter().zip(results).map(|(kept, result)| {
        let outcome = match result {
            None => AttestOutcome::NotTried,
            Some(Ok(Attested::Made(made))) => AttestOutcome::Attested(made),
            Some(Ok(Attested::UpToDate(made))) => AttestOutcome::UpToDate(made),
            Some(Err(Trouble::Found(found))) => {
                let plugin = &kept.receipt.plugin;
                findings.extend(
                    found.into_iter().map(|finding| PluginFinding { plugin: plugin.clone(), finding }),
                );
                AttestOutcome::Refused
            }
            Some(Err(Trouble::Failed(failure))) => AttestOutcome::Failed {
                error: failure.message.clone(),
                hints: failure.hints.clone(),
                failure,
            },
        };
        row(&kept.receipt, outcome)
    });
    let packages: Vec<AttestedPackage> = rows.collect();
    Ok(AttestReport {
        schema: ATTEST_SCHEMA,
        complete: packages.iter().all(|package| package.outcome.made().is_some()),
        output: request.output.to_string_lossy().into_owned(),
        packages,
        findings,
    })
}

fn row(receipt: &PackageReceipt, outcome: AttestOutcome) -> AttestedPackage {
    AttestedPackage {
        plugin: receipt.plugin.clone(),
        kind: receipt.kind,
        version: receipt.version.clone(),
        target: receipt.target,
        package: receipt.package.clone(),
        sha256: receipt.sha256,
        outcome,
    }
}

enum Attested {
    Made(Attestation),
    UpToDate(Attestation),
}

enum Trouble {
    /// The package isn't what its receipts say.
    Found(Vec<Finding>),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Trouble {
    fn from(error: E) -> Trouble {
        Trouble::Failed(error.into())
    }
}

fn attest_one(kept: &Kept, signer: &dyn Signer) -> Result<Attested, Trouble> {
    let text = statement(kept).map_err(Trouble::Found)?.to_json();
    let path = beside(&kept.path(), ATTESTATION_SUFFIX);
    let made = |signed_by: Identity| Attestation { attestation: file_name(&path), signed_by };
    if let Some(signed_by) = there(&path, &text, signer) {
        return Ok(Attested::UpToDate(made(signed_by)));
    }
    let signed = signer::sign_statement(signer, &text).map_err(|failure| failure.context(kept.label()))?;
    files::write_output(&kept.folder, &path, signed.bundle.to_json().as_bytes(), 0o644)?;
    Ok(Attested::Made(made(signed.identity)))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Who signed exactly this statement already, if that is who would sign it now.
fn there(path: &Path, text: &str, signer: &dyn Signer) -> Option<Identity> {
    let bundle = Bundle::read(&files::read_capped(path, BUNDLE_MAX).ok()?).ok()?;
    let (identity, said) = check::statement(&signer.trust(), &bundle).ok()?;
    let same = said == text && signer.identity().is_none_or(|ours| ours == identity);
    same.then_some(identity)
}

/// The statement about a package, once the package is what its receipts say.
fn statement(kept: &Kept) -> Result<Statement, Vec<Finding>> {
    let receipt = &kept.receipt;
    let bytes = packages::open(kept).map_err(|finding| vec![finding])?;
    let wrong = packages::judge(kept, &bytes);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let again = "build it again with --force";
    let build = kept.build_receipt().ok_or_else(|| {
        let message = format!("the receipt of {}'s build is gone, or is another binary's", receipt.package);
        vec![Finding::error("receipt-missing", message).hint(again)]
    })?;
    let origin = build.origin.as_ref().ok_or_else(|| {
        let message = format!("the receipt of {}'s build doesn't say where it was built", receipt.package);
        vec![Finding::error("receipt-missing", message).hint(again)]
    })?;
    let contents = read_archive(&receipt.package, &bytes);
    let differs = |what: &str| {
        let message = format!("{} and its receipts disagree about {what}", receipt.package);
        vec![Finding::error("receipt-differs", message).hint(again)]
    };
    let located = locate_package(&contents).map_err(|finding| vec![finding])?;
    let text = std::str::from_utf8(&located.manifest.bytes).unwrap_or_default();
    let manifest = Manifest::read(text).map_err(|_| differs("the manifest"))?;
    let binary = located.files.iter().find(|(name, _)| *name == manifest.entry);
    let (name, binary) = binary.ok_or_else(|| differs("the binary"))?;
    if Sha256::of(&binary.bytes) != receipt.binary || build.sha256 != receipt.binary {
        return Err(differs("the binary"));
    }
    // Its name and target are held against the manifest by a host's rules.
    let (kind, version) = (receipt.kind.as_str(), receipt.version.as_str());
    if manifest.kind != kind || manifest.version != version || build.version != receipt.version {
        return Err(differs("kind or version"));
    }
    let files = Files { package: &bytes, binary: (name, &binary.bytes), manifest: &located.manifest.bytes };
    Ok(provenance::statement(receipt, &build, origin, &files))
}

/// Removes an attestation that isn't of this package: it was of one that is no longer here.
///
/// # Errors
/// When it can't be removed.
pub fn drop_stale(kept: &Kept) -> Result<(), Failure> {
    let path = beside(&kept.path(), ATTESTATION_SUFFIX);
    let is_there = files::kind(&path) != files::Kind::Missing;
    if is_there && attested_digest(&path, &kept.receipt.package) != Some(kept.receipt.sha256) {
        files::remove(&path)?;
    }
    Ok(())
}

/// The digest that an attestation gives a package. The signature isn't looked at.
fn attested_digest(path: &Path, package: &str) -> Option<Sha256> {
    let bundle = Bundle::read(&files::read_capped(path, BUNDLE_MAX).ok()?).ok()?;
    Statement::read(&bundle.statement()?).ok()?.digest_of(package)
}
