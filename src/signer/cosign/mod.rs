//! cosign's keys and signatures without cosign: encrypted P-256 keys, ECDSA over SHA-256 with a nonce made from key and
//! message (RFC 6979), so that the same key and bytes give the same signature. Keys of other kinds are refused.

mod file;
mod pem;
mod public;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};

pub use public::{PublicKey, PublicKeyError};

use super::check::Trust;
use super::key::{self, KeyError, KeyText};
use super::{Signer, bundled_blob, bundled_statement};
use crate::model::bundle::{Bundle, Identity};
use crate::model::failure::Failure;
use crate::sys::secret::Secret;

/// Where the password of cosign's keys is found.
pub const PASSWORD_VARIABLE: &str = "COSIGN_PASSWORD";

/// A private key, decrypted and ready to sign. Prints nothing of itself.
pub struct Cosign {
    key: SigningKey,
    public: PublicKey,
}

impl Cosign {
    /// Decrypts a key. Costs a quarter of a second: once per run is enough.
    ///
    /// # Errors
    /// When it is not such a key, there is no password, or it is another's.
    pub fn open(text: &KeyText, password: Option<&Secret>) -> Result<Cosign, KeyError> {
        let sealed = file::Sealed::read(&text.bytes).map_err(|wrong| text.wrong(wrong))?;
        let Some(password) = password else {
            return Err(KeyError::NoPassword { place: text.place.clone() });
        };
        sealed.open(password.expose()).map(Cosign::new).map_err(|locked| match locked {
            file::Locked::Password => KeyError::WrongPassword { place: text.place.clone() },
            file::Locked::Content(wrong) => text.wrong(wrong),
        })
    }

    /// Whether a text is such a key, whatever its password.
    pub(super) fn is_one(text: &[u8]) -> bool {
        file::Sealed::read(text).is_ok()
    }

    /// Makes a new key: `path` for the private half (mode 0600, never replacing a file), [`public_path`] for the public.
    ///
    /// # Errors
    /// When either file exists or can't be written, there is no password, or the system has no randomness.
    pub fn generate(path: &Path, password: Option<&Secret>) -> Result<Cosign, KeyError> {
        let public_path = public_path(path);
        key::must_be_new([path, &public_path])?;
        let password = password.ok_or(KeyError::NoNewPassword)?;
        let cosign = loop {
            // All but one in 2³² texts of 32 bytes are keys.
            if let Ok(key) = SigningKey::from_slice(key::random::<32>()?.as_slice()) {
                break Cosign::new(key);
            }
        };
        let (salt, nonce) = (key::random::<32>()?, key::random::<24>()?);
        let text = file::write(&cosign.key, password.expose(), &salt, *nonce, file::COST);
        let public = cosign.public.to_string();
        key::write_pair((path, text.as_bytes()), (&public_path, public.as_bytes()))?;
        Ok(cosign)
    }

    /// A key that is the same in every run, for golden files.
    #[cfg(test)]
    pub(super) fn fixed() -> Cosign {
        Cosign::new(SigningKey::from_slice(&[7; 32]).unwrap())
    }

    fn new(key: SigningKey) -> Cosign {
        let public = PublicKey::new(*key.verifying_key());
        Cosign { key, public }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs bytes as `cosign sign-blob --key` does: base64 of the signature in ASN.1 DER, without a newline.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> String {
        let signature: DerSignature = self.key.sign(bytes);
        super::encode(signature.as_bytes())
    }
}

impl Signer for Cosign {
    fn identity(&self) -> Option<Identity> {
        Some(Identity::Cosign { hint: self.public.hint().to_owned() })
    }

    fn is_deterministic(&self) -> bool {
        true
    }

    fn trust(&self) -> Trust {
        Trust { cosign: vec![self.public.clone()], ..Trust::default() }
    }

    fn sign_blob(&self, bytes: &[u8]) -> Result<Bundle, Failure> {
        Ok(bundled_blob(self.public.hint().to_owned(), bytes, self.sign(bytes)))
    }

    fn sign_statement(&self, statement: &str) -> Result<Bundle, Failure> {
        Ok(bundled_statement(self.public.hint().to_owned(), statement, |encoded| self.sign(encoded)))
    }
}

impl std::fmt::Debug for Cosign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cosign(public {})", self.public.hint())
    }
}

/// Where the public half of the key at `path` goes: `cosign.key` has `cosign.pub`, as with cosign.
#[must_use]
pub fn public_path(path: &Path) -> PathBuf {
    let text = path.as_os_str().to_owned();
    let mut name =
        path.extension().filter(|end| *end == "key").map_or(text, |_| path.with_extension("").into());
    name.push(".pub");
    PathBuf::from(name)
}

/// What kind of key an algorithm and its curve are, for people.
fn algorithm(oid: &str, curve: Option<&str>) -> &'static str {
    match (oid, curve) {
        ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => "a P-256 key that is damaged",
        ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => "an ECDSA key over P-384",
        ("1.2.840.10045.2.1", Some("1.3.132.0.35")) => "an ECDSA key over P-521",
        ("1.2.840.10045.2.1", _) => "an ECDSA key over another curve",
        ("1.3.101.112", _) => "an ed25519 key",
        ("1.2.840.113549.1.1.1", _) => "an RSA key",
        _ => "a key of another kind",
    }
}

fn other_kind(kind: &str) -> (String, String) {
    let why = format!("it holds {kind}; wick signs as cosign with ECDSA over P-256");
    (why, "make a key with `wick plugin keygen --cosign` or `cosign generate-key-pair`".to_owned())
}
