//! The names that git gives to contents: SHA-1 or SHA-256 over a header and the raw bytes. Computed here by the bytes
//! alone, so that no filter, attribute or configuration of git takes part.

use sha1::Digest as _;

use super::digest::{Hasher, Sha256};

/// How a repository names its objects (gitformat-signature(5), `extensions.objectFormat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectFormat {
    /// 40 hex digits.
    Sha1,
    /// 64 hex digits.
    Sha256,
}

/// An object's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectId {
    /// In a SHA-1 repository.
    Sha1([u8; 20]),
    /// In a SHA-256 repository.
    Sha256(Sha256),
}

impl ObjectFormat {
    /// The format of a repository, by the full name of one of its objects.
    #[must_use]
    pub fn of(id: &str) -> Option<ObjectFormat> {
        ObjectId::parse(id).map(|id| id.format())
    }

    /// The name of the blob with these bytes: `blob <length>`, NUL, the bytes.
    #[must_use]
    pub fn blob(self, bytes: &[u8]) -> ObjectId {
        let header = format!("blob {}\0", bytes.len());
        match self {
            ObjectFormat::Sha1 => {
                ObjectId::Sha1(sha1::Sha1::new().chain_update(header).chain_update(bytes).finalize().into())
            }
            ObjectFormat::Sha256 => {
                let mut hasher = Hasher::default();
                hasher.update(header.as_bytes());
                hasher.update(bytes);
                ObjectId::Sha256(hasher.finish())
            }
        }
    }
}

impl ObjectId {
    /// Reads 40 or 64 lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<ObjectId> {
        if text.len() == 64 {
            return text.parse().ok().map(ObjectId::Sha256);
        }
        let digit = |c: u8| (c as char).to_digit(16).filter(|_| !c.is_ascii_uppercase());
        let raw = text.as_bytes();
        let mut out = [0u8; 20];
        if raw.len() != 40 {
            return None;
        }
        for (byte, pair) in out.iter_mut().zip(raw.chunks_exact(2)) {
            *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
        }
        Some(ObjectId::Sha1(out))
    }

    /// Which kind of repository has such names.
    #[must_use]
    pub fn format(&self) -> ObjectFormat {
        match self {
            ObjectId::Sha1(_) => ObjectFormat::Sha1,
            ObjectId::Sha256(_) => ObjectFormat::Sha256,
        }
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ObjectId::Sha1(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            ObjectId::Sha256(digest) => write!(f, "{digest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_have_gits_own_names() {
        // `printf hello | git hash-object --stdin`, in a repository of each format.
        for (name, text) in [
            ("b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0", "hello"),
            ("8aec4e4876f854f688d0ebfc8f37598f38e5fd6903cccc850ca36591175aeb60", "hello"),
            ("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", ""),
        ] {
            let id = ObjectId::parse(name).unwrap();
            assert_eq!(id.format().blob(text.as_bytes()), id, "{name}");
            assert_eq!(id.to_string(), name);
        }
    }

    #[test]
    fn other_texts_are_no_names() {
        for text in
            ["", "b6fc4c62", "B6FC4C620B67D95F953A5C1C1230AAAB5DB5A1B0", &"g".repeat(40), &"é".repeat(20)]
        {
            assert_eq!(ObjectId::parse(text), None, "{text}");
        }
    }
}
