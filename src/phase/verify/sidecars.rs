//! The signatures that hosts don't check: `<binary>.sig` inside an archive, `<archive>.sigstore.json` beside it. Whatever
//! is there must fit, even when nobody is trusted: a bundle that is over another file is never fine.

use std::path::Path;

use super::{Expectation, Verdict};
use crate::host::wick;
use crate::model::bundle::{ATTESTATION_SUFFIX, BUNDLE_MAX, BUNDLE_SUFFIX, Bundle};
use crate::model::digest::Sha256;
use crate::model::finding::Finding;
use crate::model::package::{PackageEntry, beside};
use crate::signer::check::{self, CheckError, Trust};
use crate::sys::files;

/// What ends the name of cosign's signature of a binary.
pub const SIGNATURE_SUFFIX: &str = ".sig";

/// A file beside an archive: its bytes, or why it can't be read; nothing where there is none.
pub type Sidecar = Option<Result<Vec<u8>, String>>;

/// The files beside an archive that speak of it.
#[derive(Clone, Debug, Default)]
pub struct Sidecars {
    /// `<archive>.sigstore.json`.
    pub bundle: Sidecar,
    /// `<archive>.intoto.sigstore.json`.
    pub attestation: Sidecar,
}

impl Sidecars {
    /// Reads what lies beside an archive.
    #[must_use]
    pub fn of(archive: &Path) -> Sidecars {
        let read = |suffix: &str| {
            let path = beside(archive, suffix);
            (files::kind(&path) != files::Kind::Missing)
                .then(|| files::read_capped(&path, BUNDLE_MAX).map_err(|error| explained(&error)))
        };
        Sidecars { bundle: read(BUNDLE_SUFFIX), attestation: read(ATTESTATION_SUFFIX) }
    }
}

fn explained(error: &files::FileError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// Checks cosign's signature of the program, where there is one and a cosign key is trusted.
pub(super) fn judge_binary(
    verdict: &mut Verdict,
    files: &[(&str, &PackageEntry)],
    entry: &str,
    expected: &Expectation,
) {
    let name = format!("{entry}{SIGNATURE_SUFFIX}");
    let find = |wanted: &str| files.iter().find(|(name, _)| *name == wanted).map(|(_, file)| &file.bytes);
    let (Some(signature), Some(program)) = (find(&name), find(entry)) else { return };
    if expected.trust.cosign.is_empty() {
        return;
    }
    let unchecked = wick::sidecar_not_checked(&name);
    verdict.findings.retain(|finding| *finding != unchecked);
    match check::detached(&expected.trust, signature, program) {
        Ok(identity) => verdict.binary_signed_by = Some(identity),
        Err(error) => verdict.findings.push(
            Finding::error("binary-signature", format!("`{}`: {error}", name.escape_debug()))
                .hint("the binary or the signature was changed, or another key signed it"),
        ),
    }
}

/// Checks the bundle over the archive.
pub(super) fn judge_bundle(
    verdict: &mut Verdict,
    bytes: &[u8],
    digest: &Sha256,
    bundle: &Sidecar,
    expected: &Expectation,
) {
    let name = format!("{}{BUNDLE_SUFFIX}", verdict.package);
    let finding = match (bundle, expected.required.bundle) {
        (None, false) => return,
        (None, true) => {
            let message = format!("a bundle is required, and there is no {name}");
            Finding::error("bundle-missing", message).hint("build with --cosign-key")
        }
        (Some(bundle), required) => {
            match read(bundle).and_then(|bundle| fits(&bundle, bytes, digest, &expected.trust)) {
                Ok(identity) => {
                    verdict.bundle_signed_by = Some(identity);
                    return;
                }
                Err(Unfit::NotTrusted(why)) if !required && !expects_bundles(&expected.trust) => {
                    Finding::note("bundle-not-checked", format!("{name} is over this file; {why}"))
                        .hint("name the publisher's key with --cosign-pub")
                }
                Err(Unfit::NotTrusted(why)) => Finding::error("bundle-not-trusted", format!("{name}: {why}"))
                    .hint("name the publisher's key with --cosign-pub"),
                Err(Unfit::Wrong { why, hint }) => {
                    Finding::error("bundle-mismatch", format!("{name}: {why}")).hint(hint)
                }
            }
        }
    };
    verdict.findings.push(finding);
}

/// Whether a bundle over an archive is of the right form and over these bytes; what can be said without keys.
///
/// # Errors
/// With the reason.
pub fn is_over(bundle: &[u8], digest: &Sha256) -> Result<Bundle, String> {
    let bundle = Bundle::read(bundle).map_err(|error| error.to_string())?;
    check::is_about(&bundle, digest).map_err(|error| error.to_string())?;
    Ok(bundle)
}

enum Unfit {
    /// It fits, as far as that can be told.
    NotTrusted(String),
    Wrong {
        why: String,
        hint: &'static str,
    },
}

impl Unfit {
    fn damaged(why: String) -> Unfit {
        Unfit::Wrong { why, hint: "the file or the bundle was changed, or they are of different builds" }
    }
}

fn read(bundle: &Result<Vec<u8>, String>) -> Result<Bundle, Unfit> {
    let bytes = bundle.as_ref().map_err(|error| Unfit::damaged(error.clone()))?;
    Bundle::read(bytes).map_err(|error| Unfit::damaged(error.to_string()))
}

fn fits(
    bundle: &Bundle,
    bytes: &[u8],
    digest: &Sha256,
    trust: &Trust,
) -> Result<crate::model::bundle::Identity, Unfit> {
    let unfit = |error: CheckError| match error {
        CheckError::NotTrusted(_) => Unfit::NotTrusted(error.to_string()),
        other => Unfit::Wrong { why: other.to_string(), hint: other.hint() },
    };
    check::is_about(bundle, digest).map_err(unfit)?;
    check::blob(trust, bundle, bytes).map_err(unfit)
}

/// Whether somebody is trusted who signs bundles over files: then a bundle by anybody else won't do.
pub(super) fn expects_bundles(trust: &Trust) -> bool {
    !trust.cosign.is_empty() || trust.certificates.is_some()
}
