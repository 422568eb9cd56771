//! Signers: who makes signatures that others accept, and the check of each kind. Law: what is signed verifies, at once;
//! whoever signs goes through [`sign_blob`] or [`sign_statement`], which hold to it.

pub mod ed25519;
#[cfg(feature = "keyless")]
pub mod keyless;

use crate::model::bundle::{Bundle, Identity};
use crate::model::failure::Failure;

/// Somebody who can put a signature into a bundle: a key, or an identity that a certificate is issued for.
pub trait Signer: Sync {
    /// Who it is, as far as that is known before signing. Keys know it; the keyless learn it from their certificate.
    fn identity(&self) -> Option<Identity>;

    /// Whether the same bytes always get the same signature.
    fn is_deterministic(&self) -> bool;

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
