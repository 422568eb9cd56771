//! ed25519 keys in the file form of the hosts (contract wick 5): base64 of 64 bytes, seed then public key, as Go's
//! crypto/ed25519 keeps them. The private half never leaves this module.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::model::digest::Sha256;
use crate::model::failure::{Explain, FailureKind};
use crate::model::signature::PublicKey;
use crate::sys::files::{self, FileError};

/// A private key, ready to sign. Prints nothing of itself.
pub struct Ed25519(SigningKey);

/// A key that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file.
    #[error("can't use the signing key")]
    File(#[from] FileError),
    /// Others can read it.
    #[error("signing key {} can be read by others (mode {mode:04o})", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not the form hosts and tools use.
    #[error("signing key {}: {why}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong; never quotes the content.
        why: String,
    },
    /// A key must not be replaced: what it signed would become unverifiable.
    #[error("{} exists already; a signing key is never replaced", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// No randomness.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

impl Explain for KeyError {
    fn kind(&self) -> FailureKind {
        match self {
            KeyError::File(error) if error.is_missing() => FailureKind::Missing,
            KeyError::Exists { .. } => FailureKind::Conflict,
            _ => FailureKind::Step,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            KeyError::File(error) if error.is_missing() => {
                vec!["make one with `wick plugin keygen -o FILE`".to_owned()]
            }
            KeyError::Exposed { path, .. } => vec![format!("run `chmod 600 {}`", path.display())],
            KeyError::Form { .. } => {
                vec!["a signing key is base64 of 64 bytes, as `wick plugin keygen` writes it".to_owned()]
            }
            KeyError::Exists { .. } => vec!["choose another name with -o".to_owned()],
            _ => Vec::new(),
        }
    }
}

impl Ed25519 {
    /// Reads a key file. Refuses one that others can read.
    ///
    /// # Errors
    /// When it is missing, exposed, or not such a key.
    pub fn load(path: &Path) -> Result<Ed25519, KeyError> {
        if let Some(mode) = files::mode(path).filter(|mode| mode & 0o077 != 0) {
            return Err(KeyError::Exposed { path: path.to_owned(), mode });
        }
        let text = Zeroizing::new(files::read_capped(path, 64 << 10)?);
        Ed25519::parse(&text).map_err(|why| KeyError::Form { path: path.to_owned(), why })
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// When it is no such key: what is wrong, without quoting the text.
    pub fn parse(text: &[u8]) -> Result<Ed25519, String> {
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
        for existing in [path, &public_path] {
            if files::kind(existing) != files::Kind::Missing {
                return Err(KeyError::Exists { path: existing.to_owned() });
            }
        }
        let mut seed = Zeroizing::new([0u8; 32]);
        getrandom::fill(seed.as_mut()).map_err(|error| KeyError::Random(error.to_string()))?;
        let key = SigningKey::from_bytes(&seed);
        let pair = Zeroizing::new(key.to_keypair_bytes());
        let mut text = Zeroizing::new(STANDARD.encode(pair.as_slice()));
        text.push('\n');
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            files::create_folder(folder)?;
        }
        files::write_new_private(path, text.as_bytes())?;
        let key = Ed25519(key);
        files::write_atomic(&public_path, format!("{}\n", key.public()).as_bytes(), 0o644)?;
        Ok(key)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::new(self.0.verifying_key())
    }

    /// Signs the 64 hex characters of a digest; base64, as manifests carry it.
    #[must_use]
    pub fn sign(&self, digest: &Sha256) -> String {
        STANDARD.encode(self.0.sign(digest.to_string().as_bytes()).to_bytes())
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
    use crate::sys::files::Scratch;

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
        assert_eq!(Ed25519::load(&path).unwrap().sign(&digest), signature);
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
        files::write_atomic(&path, b"x", 0o640).unwrap();
        let error = Ed25519::load(&path).unwrap_err();
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
