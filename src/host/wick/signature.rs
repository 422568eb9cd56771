//! The signature rule of a host (contract wick 7.5).

use super::{Case, Unpacked};
use crate::model::digest::Sha256;
use crate::model::finding::Finding;
use crate::model::signature::{PublicKey, SignaturePolicy};

/// The trusted key that signed the package's program.
#[must_use]
pub fn signer<'k>(package: &Unpacked<'_>, policy: &'k SignaturePolicy) -> Option<&'k PublicKey> {
    let digest = signed_digest(package)?;
    let signature = &package.manifest.as_ref()?.signature;
    policy.keys.iter().find(|key| key.verifies(&digest, signature))
}

/// What a signature must be over: the program that is there, or where there is none, the one that is promised.
fn signed_digest(package: &Unpacked<'_>) -> Option<Sha256> {
    match &package.program {
        Some(program) => Some(program.sha256),
        None => package.manifest.as_ref()?.sha256.parse().ok(),
    }
}

pub(super) fn policy_is_met(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let present = !case.manifest.signature.is_empty();
    let keys = &case.policy.keys;
    let finding = match (present, case.policy.required, keys.is_empty()) {
        (_, true, true) => Finding::error(
            "signature-no-keys",
            "a signature is required, and no trusted key is configured to check it with",
        )
        .hint("set WICK_PLUGIN_PUBKEY to the publisher's public key"),
        (false, true, false) => {
            Finding::error("signature-missing", "a signature is required, and plugin.json has none")
                .hint("build with --sign-key")
        }
        (false, false, false) => {
            Finding::note("signature-absent", "plugin.json has no signature, and none is required")
        }
        (false, false, true) => return,
        (true, false, true) => Finding::note(
            "signature-not-checked",
            "the signature is not checked: no trusted key is configured",
        )
        .hint("set WICK_PLUGIN_PUBKEY to the publisher's public key"),
        (true, _, false) if signer(case.package, case.policy).is_some() => return,
        (true, _, false) => mismatch(case),
    };
    findings.push(finding);
}

fn mismatch(case: &Case<'_>) -> Finding {
    let keys: Vec<String> = case.policy.keys.iter().map(ToString::to_string).collect();
    let over =
        signed_digest(case.package).map_or_else(|| "the binary".to_owned(), |digest| digest.to_string());
    let message = format!("the signature is no trusted key's over {over}; trusted: {}", keys.join(", "));
    Finding::error("signature-mismatch", message)
        .hint("the binary or the signature was changed, or another key signed it")
}
