//! ed25519 keys and signatures in the text forms that hosts read (contract wick 5).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use super::digest::Sha256;

/// A public key; base64 of 32 bytes when written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why a text is no usable public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Not standard padded base64.
    #[error("public key `{0}` is not base64")]
    Base64(String),
    /// Not 32 bytes.
    #[error("public key `{0}` holds {1} bytes; an ed25519 public key has 32")]
    Length(String, usize),
    /// 32 bytes that are no safe curve point.
    #[error("public key `{0}` is not a valid ed25519 point")]
    Point(String),
}

impl PublicKey {
    /// Wraps a key that is known to be good.
    #[must_use]
    pub fn new(key: VerifyingKey) -> PublicKey {
        PublicKey(key)
    }

    /// What bundles name it by: base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 8410) in DER.
    #[must_use]
    pub fn hint(&self) -> String {
        const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        STANDARD.encode(Sha256::of(&[&PREFIX[..], self.0.as_bytes()].concat()).as_bytes())
    }

    /// Whether `signature` (64 bytes) is this key's over `bytes`; strict, as [`PublicKey::verifies`].
    #[must_use]
    pub fn verifies_bytes(&self, bytes: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|it| self.0.verify_strict(bytes, &it).is_ok())
    }

    /// Whether `signature` (base64, as in a manifest) is this key's over the 64 hex characters of `digest`.
    /// Strict: keys and signatures that some verifiers accept and others don't are refused.
    #[must_use]
    pub fn verifies(&self, digest: &Sha256, signature: &str) -> bool {
        let Ok(bytes) = STANDARD.decode(signature) else { return false };
        self.verifies_bytes(digest.to_string().as_bytes(), &bytes)
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        let shown = || text.escape_debug().to_string();
        let bytes = STANDARD.decode(text.trim()).map_err(|_| PublicKeyError::Base64(shown()))?;
        let raw: [u8; 32] =
            bytes.as_slice().try_into().map_err(|_| PublicKeyError::Length(shown(), bytes.len()))?;
        match VerifyingKey::from_bytes(&raw) {
            Ok(key) if !key.is_weak() => Ok(PublicKey(key)),
            _ => Err(PublicKeyError::Point(shown())),
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// When a host asks for a signature, and whose.
#[derive(Clone, Debug, Default)]
pub struct SignaturePolicy {
    /// A signature must be present.
    pub required: bool,
    /// Keys that are trusted.
    pub keys: Vec<PublicKey>,
}
