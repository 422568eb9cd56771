//! Verify: says of an archive or folder what a host would say, before a host does. It changes nothing, runs
//! nothing, and stops at no finding.

pub mod attestation;
pub mod sidecars;
mod verdict;

#[cfg(test)]
mod tests;

use attestation::Attested;
use sidecars::Sidecar;
pub use sidecars::Sidecars;
pub use verdict::{VERDICT_SCHEMA, Verdict};

use crate::host::wick::{self, Source, Unpacked};
use crate::inspect::archive::{Contents, locate_package, read_archive};
use crate::model::artifact::BinaryFacts;
use crate::model::digest::Sha256;
use crate::model::finding::Finding;
use crate::model::manifest::Manifest;
use crate::model::package::PackageEntry;
use crate::model::signature::SignaturePolicy;
use crate::model::target::Target;
use crate::signer::check::Trust;

/// What packages are held against.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// Which signatures count.
    pub policy: SignaturePolicy,
    /// The target it must run on; with `None` any target is fine.
    pub this_machine: Option<Target>,
    /// Whose bundles and cosign signatures count.
    pub trust: Trust,
    /// What must be there beside what hosts ask for.
    pub required: Required,
}

/// What must be there beside what hosts ask for, and must verify.
#[derive(Clone, Copy, Debug, Default)]
pub struct Required {
    /// A bundle over the archive.
    pub bundle: bool,
    /// An attestation of it.
    pub attestation: bool,
}

/// Verifies an archive by its name and bytes, and the files beside it. `inspect` reads the headers of the program inside.
pub fn verify_archive(
    file_name: &str,
    bytes: &[u8],
    sidecars: &Sidecars,
    expected: &Expectation,
    inspect: impl Fn(&[u8]) -> Result<BinaryFacts, String>,
) -> Verdict {
    let contents = read_archive(file_name, bytes);
    let digest = Sha256::of(bytes);
    let mut verdict = Verdict::new(file_name);
    verdict.sha256 = Some(digest);
    verdict.size = bytes.len() as u64;
    let mut verdict = judge_contents(verdict, Some(file_name), &contents, expected, inspect);
    judge_attestation(&mut verdict, &contents, digest, &sidecars.attestation, expected);
    sidecars::judge_bundle(&mut verdict, bytes, &digest, &sidecars.bundle, expected);
    verdict
}

fn judge_attestation(
    verdict: &mut Verdict,
    contents: &Contents,
    archive: Sha256,
    attestation: &Sidecar,
    expected: &Expectation,
) {
    // What can't be found can't be held against anything; that it isn't there is said.
    let Ok(located) = locate_package(contents) else { return };
    let judged = attestation::judge(attestation, &Attested { archive, located: &located }, expected);
    verdict.findings.extend(judged.findings);
    verdict.attested_by = judged.signed_by;
}

/// As [`verify_archive`], for an archive that nothing lies beside.
pub fn verify_bytes(
    file_name: &str,
    bytes: &[u8],
    expected: &Expectation,
    inspect: impl Fn(&[u8]) -> Result<BinaryFacts, String>,
) -> Verdict {
    verify_archive(file_name, bytes, &Sidecars::default(), expected, inspect)
}

/// Verifies a folder whose files somebody else has read; names are relative to it. A folder has no digest, and its
/// name doesn't have to say anything.
pub fn verify_folder(
    name: &str,
    entries: Vec<PackageEntry>,
    expected: &Expectation,
    inspect: impl Fn(&[u8]) -> Result<BinaryFacts, String>,
) -> Verdict {
    let contents = Contents::from_entries(entries);
    let mut verdict = Verdict::new(name);
    verdict.size = contents.entries.iter().map(|entry| entry.bytes.len() as u64).sum();
    let mut verdict = judge_contents(verdict, None, &contents, expected, inspect);
    for (required, code, what) in [
        (expected.required.bundle, "bundle-missing", "a bundle"),
        (expected.required.attestation, "attestation-missing", "an attestation"),
    ] {
        let missing = format!("{what} is required, and it is over an archive; this is a folder");
        verdict
            .findings
            .extend(required.then(|| Finding::error(code, missing).hint("verify the archive it came in")));
    }
    verdict
}

fn judge_contents(
    mut verdict: Verdict,
    file_name: Option<&str>,
    contents: &Contents,
    expected: &Expectation,
    inspect: impl Fn(&[u8]) -> Result<BinaryFacts, String>,
) -> Verdict {
    verdict.findings.clone_from(&contents.findings);
    let located = match locate_package(contents) {
        Ok(located) => located,
        // Where nothing could be read, the reasons are there, and a missing manifest is not one of them.
        Err(_) if contents.entries.is_empty() && !contents.is_sound() => return verdict,
        Err(finding) => {
            verdict.findings.push(finding);
            return verdict;
        }
    };
    let source = Source { file_name, manifest: &located.manifest.bytes, files: &located.files };
    let package = Unpacked::open(source, inspect);
    verdict.findings.extend(wick::judge(&package, &expected.policy, expected.this_machine));
    if let Some(manifest) = &package.manifest {
        sidecars::judge_binary(&mut verdict, &located.files, &manifest.entry, expected);
    }
    for name in located.outside {
        let message = format!("`{}` is there; hosts don't install it", name.escape_debug());
        verdict.findings.push(Finding::note("extra-file", message));
    }
    verdict.key = package.key();
    verdict.version = package.version();
    verdict.target = package.target();
    verdict.signed_by = wick::signer(&package, &expected.policy).map(ToString::to_string);
    verdict.facts = package.program.and_then(|program| program.facts.ok());
    verdict
}

/// What is wrong with a program that is in no package, by the only target that it can be for.
#[must_use]
pub fn flaws(facts: &BinaryFacts) -> Vec<Finding> {
    let (&[os], &[arch]) = (facts.systems.as_slice(), facts.architectures.as_slice()) else {
        return Vec::new();
    };
    let target = Target::new(os, arch);
    let errors = facts.contradictions(target).into_iter().filter(|_| facts.executable);
    let errors =
        errors.map(|why| Finding::error("binary-target", format!("it would not run on {target}: {why}")));
    let doubts = facts.doubts(target).into_iter();
    let doubts =
        doubts.map(|why| Finding::warning("code-signature", format!("{target} runs it unchecked: {why}")));
    let levels = facts.raised_levels().into_iter();
    let levels = levels.map(|level| {
        Finding::warning(
            "cpu-level",
            format!("it is for fewer machines than {target} says: it needs {level}"),
        )
    });
    errors.chain(doubts).chain(levels).collect()
}

/// The manifest inside an archive, if it can be read.
#[must_use]
pub fn manifest_of(file_name: &str, bytes: &[u8]) -> Option<Manifest> {
    manifest(&read_archive(file_name, bytes))
}

/// The manifest among a folder's files, if it can be read.
#[must_use]
pub fn manifest_in(entries: &[PackageEntry]) -> Option<Manifest> {
    manifest(&Contents::from_entries(entries.to_vec()))
}

/// The manifest inside an archive, and the program it names.
#[must_use]
pub fn program_of(file_name: &str, bytes: &[u8]) -> Option<(Manifest, Vec<u8>)> {
    program(&read_archive(file_name, bytes))
}

/// The manifest among a folder's files, and the program it names.
#[must_use]
pub fn program_in(entries: &[PackageEntry]) -> Option<(Manifest, Vec<u8>)> {
    program(&Contents::from_entries(entries.to_vec()))
}

fn program(contents: &Contents) -> Option<(Manifest, Vec<u8>)> {
    let manifest = manifest(contents)?;
    let located = locate_package(contents).ok()?;
    let (_, entry) = located.files.iter().find(|(name, _)| *name == manifest.entry)?;
    Some((manifest, entry.bytes.clone()))
}

fn manifest(contents: &Contents) -> Option<Manifest> {
    Manifest::read(std::str::from_utf8(&locate_package(contents).ok()?.manifest.bytes).ok()?).ok()
}
