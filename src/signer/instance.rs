//! An instance of sigstore: which one signs, what its signatures are checked with. What does the work is in `keyless`;
//! a wick without that feature says how to get one that has it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Signer;
use super::check::CertificatePolicy;
use crate::model::failure::Failure;
use crate::sys::secret::Withheld;

/// Which instance is to sign.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Fulcio's address.
    pub fulcio_url: Option<String>,
    /// Rekor's address (API version 1).
    pub rekor_url: Option<String>,
    /// A file that names all services, as cosign takes it.
    pub signing_config: Option<PathBuf>,
    /// What signatures are checked with.
    pub trusted_root: RootSource,
}

/// Where the trusted root of an instance comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RootSource {
    /// The public instance's, fetched and verified now (TUF).
    #[default]
    Public,
    /// The public instance's as this program carries it.
    Embedded,
    /// A file.
    File(PathBuf),
}

/// Whose certificates are accepted.
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    /// Workflows' addresses or people's e-mail addresses, whole and exact.
    pub subjects: Vec<String>,
    /// The OIDC issuer's address.
    pub issuer: String,
    /// What certificates are checked with.
    pub trusted_root: RootSource,
}

/// Who signs without a key: whoever an identity token names.
///
/// # Errors
/// When nobody gives a token, the instance can't be used, or this wick can't do it.
#[cfg(feature = "keyless")]
pub fn keyless(
    wish: &Wish,
    environment: &BTreeMap<String, String>,
    withheld: &Withheld,
) -> Result<Box<dyn Signer>, Failure> {
    Ok(Box::new(super::keyless::Keyless::open(wish, environment, withheld)?))
}

/// The policy that accepts these certificates.
///
/// # Errors
/// When the trusted root can't be had, or this wick can't do it.
#[cfg(feature = "keyless")]
pub fn policy(
    accepted: &Accepted,
    environment: &BTreeMap<String, String>,
) -> Result<Arc<dyn CertificatePolicy>, Failure> {
    use super::keyless::check::{Certificates, Named};
    let certificates = Arc::new(Certificates::open(&accepted.trusted_root, environment)?);
    let Accepted { subjects, issuer, .. } = accepted.clone();
    Ok(Arc::new(Named { certificates, subjects, issuer }))
}

#[cfg(not(feature = "keyless"))]
pub use without::{keyless, policy};

#[cfg(not(feature = "keyless"))]
mod without {
    use super::*;
    use crate::model::failure::FailureKind;

    /// Refuses: this wick can't sign without a key.
    ///
    /// # Errors
    /// Always.
    pub fn keyless(_: &Wish, _: &BTreeMap<String, String>, _: &Withheld) -> Result<Box<dyn Signer>, Failure> {
        Err(missing())
    }

    /// Refuses: this wick can't check certificates.
    ///
    /// # Errors
    /// Always.
    pub fn policy(_: &Accepted, _: &BTreeMap<String, String>) -> Result<Arc<dyn CertificatePolicy>, Failure> {
        Err(missing())
    }

    fn missing() -> Failure {
        Failure::new(FailureKind::Missing, "this wick was built without keyless signing and its verification")
            .hint("build one that has it, in a checkout of wick: `cargo install --locked --path . --features keyless`")
    }
}
