//! cosign's public keys: ECDSA over P-256, in PEM (SubjectPublicKeyInfo).

use std::fmt;
use std::str::FromStr;

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _, SubjectPublicKeyInfoRef};

use super::pem;
use crate::model::digest::Sha256;

const LABEL: &str = "PUBLIC KEY";

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    hint: String,
}

/// A text that is no public key wick can check cosign's signatures with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no cosign public key: {0}")]
pub struct PublicKeyError(String);

impl PublicKey {
    pub(super) fn new(key: VerifyingKey) -> PublicKey {
        let der = key.to_public_key_der().expect("a P-256 key fits SubjectPublicKeyInfo");
        PublicKey { key, hint: crate::signer::encode(Sha256::of(der.as_bytes()).as_bytes()) }
    }

    /// What bundles name it by: base64 of the SHA-256 of its SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// Whether `signature` (ASN.1 DER) is this key's over the SHA-256 of `bytes`. High `s` is fine: cosign makes both.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        Signature::from_der(signature).is_ok_and(|signature| self.key.verify(bytes, &signature).is_ok())
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<PublicKey, PublicKeyError> {
        let no = |what: &str| PublicKeyError(what.to_owned());
        let block = pem::read(text).map_err(|_| no("it is no PEM file"))?;
        if block.label != LABEL {
            return Err(match block.label.ends_with("PRIVATE KEY") {
                true => no("it is a private key; give the public half, cosign.pub"),
                false => no("it is a PEM file of another kind"),
            });
        }
        let info =
            SubjectPublicKeyInfoRef::try_from(block.bytes.as_slice()).map_err(|_| no("it is damaged"))?;
        let curve = info.algorithm.parameters_oid().ok().map(|oid| oid.to_string());
        let kind = super::algorithm(&info.algorithm.oid.to_string(), curve.as_deref());
        match VerifyingKey::from_public_key_der(&block.bytes) {
            Ok(key) => Ok(PublicKey::new(key)),
            Err(_) => Err(PublicKeyError(format!("it is {kind}; wick checks ECDSA over P-256"))),
        }
    }
}

/// As PEM, with a newline at the end.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let der = self.key.to_public_key_der().map_err(|_| fmt::Error)?;
        f.write_str(&pem::write(LABEL, der.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.hint)
    }
}
