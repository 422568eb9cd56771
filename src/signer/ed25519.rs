//! ed25519 keys in the file form of the hosts (contract wick 5): base64 of 64 bytes, seed then public key, as Go's
//! crypto/ed25519 keeps them. The private half never leaves this module.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use super::check::Trust;
use super::key::{self, KeyError, KeyText};
use super::{Signer, bundled_blob, bundled_statement};
use crate::model::bundle::{Bundle, Identity};
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::signature::PublicKey;

/// A private key, ready to sign. Prints nothing of itself.
pub struct Ed25519(SigningKey);

const FORM: &str = "a signing key is base64 of 64 bytes, as `wick plugin keygen` writes it";

impl Ed25519 {
    /// Reads a key.
    ///
    /// # Errors
    /// When the text is not such a key.
    pub fn open(text: &KeyText) -> Result<Ed25519, KeyError> {
        Ed25519::parse(&text.bytes).map_err(|why| text.wrong((why, FORM.to_owned())))
    }

    pub(super) fn parse(text: &[u8]) -> Result<Ed25519, String> {
        let text = std::str::from_utf8(text).map_err(|_| "it is not text".to_owned())?.trim();
        if text.starts_with("-----BEGIN") {
            return Err("it is a PEM file, not an ed25519 key of this form".to_owned());
        }
        let bytes =
            Zeroizing::new(STANDARD.decode(text).map_err(|_| "it is not standard base64".to_owned())?);
        let pair: &[u8; 64] = bytes.as_slice().try_into().map_err(|_| match bytes.len() {
            32 => "it holds 32 bytes: a public key, or a seed without its public key".to_owned(),
            n => format!("it holds {n} bytes instead of 64"),
        })?;
        SigningKey::from_keypair_bytes(pair)
            .map(Ed25519)
            .map_err(|_| "its public half doesn't belong to its seed".to_owned())
    }

    /// Makes a new key: `path` for the private half (mode 0600, never replacing a file), `path`.pub for the public.
    ///
    /// # Errors
    /// When either file exists or can't be written, or the system has no randomness.
    pub fn generate(path: &Path) -> Result<Ed25519, KeyError> {
        let public_path = public_path(path);
        key::must_be_new([path, &public_path])?;
        let key = SigningKey::from_bytes(&*key::random()?);
        let pair = Zeroizing::new(key.to_keypair_bytes());
        let mut text = Zeroizing::new(STANDARD.encode(pair.as_slice()));
        text.push('\n');
        let key = Ed25519(key);
        let public = format!("{}\n", key.public());
        key::write_pair((path, text.as_bytes()), (&public_path, public.as_bytes()))?;
        Ok(key)
    }

    /// A key that is the same in every run, for golden files.
    #[cfg(test)]
    pub(super) fn fixed() -> Ed25519 {
        Ed25519(SigningKey::from_bytes(&[7; 32]))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::new(self.0.verifying_key())
    }

    /// Signs the 64 hex characters of a digest; base64, as manifests carry it.
    #[must_use]
    pub fn sign(&self, digest: &Sha256) -> String {
        self.sign_bytes(digest.to_string().as_bytes())
    }

    fn sign_bytes(&self, bytes: &[u8]) -> String {
        STANDARD.encode(self.0.sign(bytes).to_bytes())
    }
}

/// Signs the bytes themselves (pure Ed25519, as cosign does with such keys), not a digest of them.
impl Signer for Ed25519 {
    fn identity(&self) -> Option<Identity> {
        Some(Identity::Ed25519 { public_key: self.public().to_string() })
    }

    fn is_deterministic(&self) -> bool {
        true
    }

    fn trust(&self) -> Trust {
        Trust { ed25519: vec![self.public()], ..Trust::default() }
    }

    fn sign_blob(&self, bytes: &[u8]) -> Result<Bundle, Failure> {
        Ok(bundled_blob(self.public().hint(), bytes, self.sign_bytes(bytes)))
    }

    fn sign_statement(&self, statement: &str) -> Result<Bundle, Failure> {
        Ok(bundled_statement(self.public().hint(), statement, |encoded| self.sign_bytes(encoded)))
    }
}

/// Where the public half of the key at `path` goes.
#[must_use]
pub fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

impl std::fmt::Debug for Ed25519 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ed25519(public {})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::files::{self, Scratch};

    fn load(path: &Path) -> Result<Ed25519, KeyError> {
        Ed25519::open(&KeyText::read_file(path)?)
    }

    #[test]
    fn what_is_signed_verifies_and_a_key_file_round_trips() {
        let dir = Scratch::new().unwrap();
        let path = dir.path().join("new/key");
        let key = Ed25519::generate(&path).unwrap();
        let digest = Sha256::of(b"x");
        let signature = key.sign(&digest);
        let public: PublicKey = files::read_text(&public_path(&path)).unwrap().parse().unwrap();
        assert!(public.verifies(&digest, &signature));
        assert!(!public.verifies(&Sha256::of(b"y"), &signature));
        assert_eq!(load(&path).unwrap().sign(&digest), signature);
        if cfg!(unix) {
            assert_eq!(files::mode(&path), Some(0o600));
        }
    }

    #[test]
    fn a_key_is_never_replaced() {
        let dir = Scratch::new().unwrap();
        let path = dir.path().join("key");
        Ed25519::generate(&path).unwrap();
        assert!(matches!(Ed25519::generate(&path), Err(KeyError::Exists { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = Scratch::new().unwrap();
        let path = dir.path().join("key");
        let text = STANDARD.encode(Ed25519::fixed().0.to_keypair_bytes());
        files::write_atomic(&path, text.as_bytes(), 0o640).unwrap();
        let error = load(&path).unwrap_err();
        assert!(error.to_string().contains("mode 0640"), "{error}");
    }

    #[test]
    fn wrong_files_are_refused_without_quoting_them() {
        let pair = STANDARD.encode([7u8; 64]);
        for (content, why) in [
            ("", "0 bytes"),
            ("!!secret!!", "not standard base64"),
            ("-----BEGIN PRIVATE KEY-----", "PEM"),
            (&STANDARD.encode([1u8; 32]), "32 bytes"),
            (&STANDARD.encode([1u8; 63]), "63 bytes"),
            (&pair, "public half"),
        ] {
            let error = Ed25519::parse(content.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{error}");
            assert!(!error.contains("secret"));
        }
    }

    /// RFC 8032 test 1's key, in Go's form.
    #[test]
    fn gos_key_form_loads() {
        let hex = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\
                   d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let bytes: Vec<u8> =
            (0..64).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let key = Ed25519::parse(format!("{}\n", STANDARD.encode(bytes)).as_bytes()).unwrap();
        assert_eq!(key.public().to_string(), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    }
}
