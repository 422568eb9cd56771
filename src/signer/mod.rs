//! Signers: who makes signatures that others accept, and the check of each kind. Law: what is signed verifies, at once;
//! whoever signs goes through [`sign_blob`] or [`sign_statement`], which hold to it.

pub mod check;
pub mod cosign;
pub mod ed25519;
pub mod instance;
pub mod key;
#[cfg(feature = "keyless")]
pub mod keyless;

#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::bundle::{
    Bundle, Content, Envelope, EnvelopeSignature, Identity, MessageDigest, MessageSignature, STATEMENT_TYPE,
    pae,
};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use check::{CheckError, Trust};

/// Somebody who can put a signature into a bundle: a key, or an identity that a certificate is issued for.
pub trait Signer: Sync {
    /// Who it is, as far as that is known before signing. Keys know it; the keyless learn it from their certificate.
    fn identity(&self) -> Option<Identity>;

    /// Whether the same bytes always get the same signature.
    fn is_deterministic(&self) -> bool;

    /// What somebody has to trust to accept its signatures, and nothing beyond.
    fn trust(&self) -> Trust;

    /// Signs a file's bytes.
    ///
    /// # Errors
    /// When no signature can be made; never a bundle without one.
    fn sign_blob(&self, bytes: &[u8]) -> Result<Bundle, Failure>;

    /// Signs an in-toto statement (its JSON text), which goes into the bundle's envelope.
    ///
    /// # Errors
    /// As for [`Signer::sign_blob`].
    fn sign_statement(&self, statement: &str) -> Result<Bundle, Failure>;
}

impl fmt::Debug for dyn Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({:?})", self.identity())
    }
}

/// Who signs in a run.
#[derive(Debug, Default)]
pub struct Signers {
    /// Signs manifests, for hosts.
    pub ed25519: Option<ed25519::Ed25519>,
    /// Signs binaries and zips, as cosign does.
    pub cosign: Option<cosign::Cosign>,
    /// Signs zips as whoever an identity token names; instead of the cosign key.
    pub keyless: Option<Box<dyn Signer>>,
}

impl Signers {
    /// Who signs zips. Never the ed25519 key: cosign makes such bundles and can't verify them.
    #[must_use]
    pub fn of_zips(&self) -> Option<&dyn Signer> {
        let key = || self.cosign.as_ref().map(|key| key as &dyn Signer);
        self.keyless.as_deref().or_else(key)
    }

    /// Who signs statements: whoever signs zips, else the ed25519 key.
    #[must_use]
    pub fn of_statements(&self) -> Option<&dyn Signer> {
        self.of_zips().or(self.ed25519.as_ref().map(|key| key as &dyn Signer))
    }
}

/// A bundle that was verified right after it was made.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The bundle.
    pub bundle: Bundle,
    /// Who signed, as the check found out.
    pub identity: Identity,
}

/// Signs a file's bytes and checks the signature.
///
/// # Errors
/// When no signature can be made, or it doesn't verify.
pub fn sign_blob(signer: &dyn Signer, bytes: &[u8]) -> Result<Signed, Failure> {
    let bundle = signer.sign_blob(bytes)?;
    let identity = check::blob(&signer.trust(), &bundle, bytes).map_err(|error| broken(&error))?;
    Ok(Signed { bundle, identity })
}

/// Signs an in-toto statement and checks the signature and that it is over this statement.
///
/// # Errors
/// As [`sign_blob`].
pub fn sign_statement(signer: &dyn Signer, statement: &str) -> Result<Signed, Failure> {
    let bundle = signer.sign_statement(statement)?;
    let (identity, text) = check::statement(&signer.trust(), &bundle).map_err(|error| broken(&error))?;
    if text != statement {
        return Err(broken(&CheckError::Malformed("it holds another statement".to_owned())));
    }
    Ok(Signed { bundle, identity })
}

fn broken(error: &CheckError) -> Failure {
    Failure::new(FailureKind::Step, format!("a signature was made that doesn't verify: {error}"))
        .hint("nothing was written; run again, and report it when it happens again")
}

/// A bundle of a key's signature (base64) over a file.
fn bundled_blob(hint: String, bytes: &[u8], signature: String) -> Bundle {
    let message_digest = Some(MessageDigest::of(&Sha256::of(bytes)));
    Bundle::with_key(hint, Content::MessageSignature(MessageSignature { message_digest, signature }))
}

/// A bundle of a key's signature over a statement; `sign` gives base64.
fn bundled_statement(hint: String, statement: &str, sign: impl Fn(&[u8]) -> String) -> Bundle {
    let sig = sign(&pae(STATEMENT_TYPE, statement.as_bytes()));
    let signatures = vec![EnvelopeSignature { sig, keyid: String::new() }];
    let envelope = Envelope {
        payload: encode(statement.as_bytes()),
        payload_type: STATEMENT_TYPE.to_owned(),
        signatures,
    };
    Bundle::with_key(hint, Content::DsseEnvelope(envelope))
}

/// Standard base64, padded.
fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of standard base64, padded.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
