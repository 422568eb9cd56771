//! Holds a package against its attestation: the digests of archive, program and manifest, what the statement says was
//! built, and who signed. A host's signature covers the program only; this covers every byte of what is installed.

use std::str::FromStr as _;

use super::Expectation;
use super::sidecars::{Sidecar, expects_bundles};
use crate::inspect::archive::Located;
use crate::model::bundle::{Bundle, Identity};
use crate::model::digest::Sha256;
use crate::model::finding::Finding;
use crate::model::manifest::Manifest;
use crate::model::names::PluginKey;
use crate::model::package::{MANIFEST_NAME, PackageName};
use crate::model::signature::PublicKey;
use crate::model::statement::{Parameters, Statement};
use crate::signer::check::{self, CheckError, Trust};

/// The package that an attestation is held against.
pub struct Attested<'a> {
    /// The archive's digest.
    pub archive: Sha256,
    /// Its files.
    pub located: &'a Located<'a>,
}

/// What was found out.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Everything that speaks against it, and what couldn't be checked.
    pub findings: Vec<Finding>,
    /// Who vouches for it, when somebody who is trusted does.
    pub signed_by: Option<Identity>,
}

/// Judges an attestation, or its absence.
#[must_use]
pub fn judge(attestation: &Sidecar, package: &Attested<'_>, expected: &Expectation) -> Judgement {
    let mut judgement = Judgement::default();
    let required = expected.required.attestation;
    let unreadable = |why: &str| Finding::error("attestation-unreadable", format!("its attestation: {why}"));
    let text = match attestation {
        Some(Ok(text)) => text,
        Some(Err(error)) => {
            judgement.findings.push(unreadable(error));
            return judgement;
        }
        None => {
            let missing = Finding::error(
                "attestation-missing",
                "an attestation is required, and there is none beside it",
            )
            .hint("download the .intoto.sigstore.json file of its release, or build with --attest");
            judgement.findings.extend(required.then_some(missing));
            return judgement;
        }
    };
    let bundle = match Bundle::read(text) {
        Ok(bundle) => bundle,
        Err(error) => {
            judgement.findings.push(unreadable(&error.to_string()));
            return judgement;
        }
    };
    let trust = &expected.trust;
    match signed_by(&bundle, trust) {
        Ok(identity) => judgement.signed_by = Some(identity),
        Err(error @ CheckError::NotTrusted(_)) => {
            let hint = "name the publisher's key with --cosign-pub or --pubkey";
            let finding = if required || expects_bundles(trust) {
                Finding::error("attestation-not-trusted", format!("its attestation: {error}"))
            } else {
                Finding::note(
                    "attestation-not-checked",
                    format!("who signed its attestation is not checked: {error}"),
                )
            };
            judgement.findings.push(finding.hint(hint));
        }
        Err(error) => {
            let finding = Finding::error("attestation-signature", format!("its attestation: {error}"));
            judgement.findings.push(finding.hint(error.hint()));
        }
    }
    let Some(statement) = bundle.statement() else {
        // The check of the signature has said so, unless nobody is trusted.
        judgement.findings.push(unreadable("it holds no statement"));
        return judgement;
    };
    match Statement::read(&statement) {
        Ok(statement) => judgement.findings.extend(differences(&statement, package)),
        Err(error) => judgement.findings.push(unreadable(&error.to_string())),
    }
    judgement
}

/// Who signed. A hint that names another key than the one that did is not ignored: somebody altered it.
fn signed_by(bundle: &Bundle, trust: &Trust) -> Result<Identity, CheckError> {
    let (identity, _) = check::statement(trust, bundle)?;
    let key = match &identity {
        Identity::Cosign { hint } => Some(hint.clone()),
        Identity::Ed25519 { public_key } => {
            PublicKey::from_str(public_key).ok().map(|key| key.hint().to_string())
        }
        Identity::Certificate { .. } => None,
    };
    let said = bundle.verification_material.public_key.as_ref().map(|key| &key.hint);
    if key.as_ref() == said {
        Ok(identity)
    } else {
        Err(CheckError::Malformed(format!("it names another key than the {identity} that signed it")))
    }
}

fn differences(statement: &Statement, package: &Attested<'_>) -> Vec<Finding> {
    let manifest_bytes = &package.located.manifest.bytes;
    let text = std::str::from_utf8(manifest_bytes).unwrap_or_default();
    // A manifest that can't be read is a host's finding.
    let manifest = Manifest::read(text).ok();
    let parameters = statement.parameters();
    let name = PackageName {
        key: parameters.plugin.clone(),
        version: parameters.version.clone(),
        target: parameters.target,
    };
    let mut wanted = vec![
        ("archive", name.to_string(), package.archive),
        ("manifest", MANIFEST_NAME.to_owned(), Sha256::of(manifest_bytes)),
    ];
    let mut findings = Vec::new();
    if let Some(manifest) = &manifest {
        let program = package.located.files.iter().find(|(name, _)| *name == manifest.entry);
        wanted.extend(program.map(|(name, file)| ("program", (*name).to_owned(), Sha256::of(&file.bytes))));
        findings.extend(contradictions(parameters, manifest));
    }
    for (what, name, digest) in &wanted {
        let message = match statement.digest_of(name) {
            Some(attested) if attested == *digest => continue,
            Some(attested) => {
                format!("the {what} has sha256 {digest}; its attestation is of one with {attested}")
            }
            None => format!("its attestation says nothing of the {what} `{name}`"),
        };
        findings.push(
            Finding::error("attestation-mismatch", message)
                .hint("it was altered, or the attestation is of another package"),
        );
    }
    let extra =
        statement.subject.iter().find(|subject| !wanted.iter().any(|(_, name, _)| *name == subject.name));
    if let (Some(extra), Some(_)) = (extra, &manifest) {
        let message = format!("its attestation is also of `{}`, which isn't here", extra.name.escape_debug());
        findings.push(Finding::error("attestation-mismatch", message));
    }
    findings
}

/// What the statement says was asked for, against what the manifest says it is.
fn contradictions(parameters: &Parameters, manifest: &Manifest) -> Vec<Finding> {
    let key = manifest.module.meta().ok().and_then(|meta| meta.key.parse::<PluginKey>().ok());
    let target = parameters.target.to_string();
    let pairs = [
        ("plugin", key.as_ref() == Some(&parameters.plugin), parameters.plugin.to_string()),
        ("kind", manifest.kind == parameters.kind.as_str(), parameters.kind.to_string()),
        ("version", manifest.version == parameters.version.as_str(), parameters.version.to_string()),
        ("target", manifest.os_arch == [target.as_str()], target.clone()),
    ];
    let wrong = pairs.into_iter().filter(|(_, fits, _)| !fits).map(|(what, _, said)| {
        let message = format!("its attestation says {what} {said}; the manifest doesn't");
        Finding::error("attestation-contradicts", message)
    });
    wrong.collect()
}
