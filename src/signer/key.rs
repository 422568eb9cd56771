//! Private keys as text: where they come from, and why one can't be used. Each kind of key reads its own form from it.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::cosign::Cosign;
use super::ed25519::Ed25519;
use crate::model::failure::{Explain, FailureKind};
use crate::model::key_source::KeySource;
use crate::sys::files::{self, FileError};
use crate::sys::secret::{Secret, Withheld};

/// The largest key that is read, in bytes.
pub const KEY_MAX: u64 = 64 << 10;

/// The text of a private key, read once and wiped when dropped.
pub struct KeyText {
    /// Where it was found, for errors.
    pub place: String,
    /// The bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// A private key that can't be used, read or made. None of the messages quotes anything of a key.
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
    /// The variable that is to hold it is unset or empty.
    #[error("${0} is to hold the signing key, and it is not set")]
    Unset(String),
    /// Not a key of the kind that was asked for.
    #[error("signing key {place}: {why}")]
    Form {
        /// Where it was found.
        place: String,
        /// What is wrong.
        why: String,
        /// What to do.
        hint: String,
    },
    /// An encrypted key, and no password.
    #[error("signing key {place} is encrypted, and COSIGN_PASSWORD is not set")]
    NoPassword {
        /// Where it was found.
        place: String,
    },
    /// A password is needed to make a key.
    #[error("a cosign key is encrypted with a password, and COSIGN_PASSWORD is not set")]
    NoNewPassword,
    /// An encrypted key, and another password.
    #[error("signing key {place} can't be decrypted: COSIGN_PASSWORD is not its password, or it was altered")]
    WrongPassword {
        /// Where it was found.
        place: String,
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
            KeyError::Unset(_) | KeyError::NoPassword { .. } | KeyError::NoNewPassword => {
                FailureKind::Missing
            }
            KeyError::Exists { .. } => FailureKind::Conflict,
            _ => FailureKind::Step,
        }
    }

    fn hints(&self) -> Vec<String> {
        let password = "set COSIGN_PASSWORD, also to the empty text for a key without a password";
        vec![match self {
            KeyError::File(error) if error.is_missing() => {
                "make one with `wick plugin keygen -o FILE`, a cosign key with `--cosign`".to_owned()
            }
            KeyError::Exposed { path, .. } => format!("run `chmod 600 {}`", path.display()),
            KeyError::Unset(name) => format!("set {name} to the text of the key file"),
            KeyError::Form { hint, .. } => hint.clone(),
            KeyError::NoPassword { .. } | KeyError::NoNewPassword => password.to_owned(),
            KeyError::WrongPassword { .. } => "check COSIGN_PASSWORD and which key is meant".to_owned(),
            KeyError::Exists { .. } => "choose another name with -o".to_owned(),
            _ => return Vec::new(),
        }]
    }
}

impl KeyText {
    /// Reads a key. A key in a file that others can read is refused.
    ///
    /// # Errors
    /// When it isn't there, is exposed, or is larger than [`KEY_MAX`].
    pub fn read(source: &KeySource, withheld: &Withheld) -> Result<KeyText, KeyError> {
        let set = |name: &str| withheld.get(name).map(Secret::expose).filter(|text| !text.trim().is_empty());
        let bytes = match source {
            KeySource::File(path) => return KeyText::read_file(path),
            KeySource::Variable(name) => match set(name) {
                Some(text) => text.as_bytes().to_vec(),
                None => return Err(KeyError::Unset(name.clone())),
            },
            KeySource::Stdin => files::read_stdin(KEY_MAX)?,
        };
        Ok(KeyText { place: source.to_string(), bytes: Zeroizing::new(bytes) })
    }

    /// Reads a key's file. One that others can read is refused.
    ///
    /// # Errors
    /// As [`KeyText::read`].
    pub fn read_file(path: &Path) -> Result<KeyText, KeyError> {
        let bytes = Zeroizing::new(files::read_capped(path, KEY_MAX)?);
        // Of what is no signing key (its public half, some other file), that is what has to be said.
        let is_secret = || Ed25519::parse(&bytes).is_ok() || Cosign::is_one(&bytes);
        if let Some(mode) = files::mode(path).filter(|mode| mode & 0o077 != 0 && is_secret()) {
            return Err(KeyError::Exposed { path: path.to_owned(), mode });
        }
        Ok(KeyText { place: path.display().to_string(), bytes })
    }

    /// A form error of this key.
    pub(super) fn wrong(&self, (why, hint): (String, String)) -> KeyError {
        KeyError::Form { place: self.place.clone(), why, hint }
    }
}

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyText({})", self.place)
    }
}

/// Refuses to replace the files of a key.
pub(super) fn must_be_new(paths: [&Path; 2]) -> Result<(), KeyError> {
    match paths.into_iter().find(|path| files::kind(path) != files::Kind::Missing) {
        Some(path) => Err(KeyError::Exists { path: path.to_owned() }),
        None => Ok(()),
    }
}

/// Writes both halves of a new key: the private one with mode 0600, never replacing a file.
pub(super) fn write_pair(private: (&Path, &[u8]), public: (&Path, &[u8])) -> Result<(), KeyError> {
    if let Some(folder) = private.0.parent().filter(|p| !p.as_os_str().is_empty()) {
        files::create_folder(folder)?;
    }
    files::write_new_private(private.0, private.1)?;
    Ok(files::write_atomic(public.0, public.1, 0o644)?)
}

/// Fresh random bytes.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeyError> {
    let mut bytes = Zeroizing::new([0u8; N]);
    getrandom::fill(bytes.as_mut()).map_err(|error| KeyError::Random(error.to_string()))?;
    Ok(bytes)
}
