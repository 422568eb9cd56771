//! A plugin's version as its author wrote it, and what may be made of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The version of a plugin: semver, with an optional leading `v` kept as written, or `dev` where the source
/// names none. `dev` may be built but never released.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginVersion {
    written: String,
    semver: Option<semver::Version>,
}

/// The longest version. With key, target and endings it makes names of files, receipts and tags, and no file system that
/// people use takes names of more than 255 bytes.
const LONGEST: usize = 128;

/// Why a text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It isn't of that form, or can't be part of a name.
    #[error("version `{text}` {reason}")]
    Form {
        /// What is written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Its characters have two bytes.
    #[error("the version is written in UTF-16; save the file as UTF-8")]
    Utf16,
}

impl PluginVersion {
    /// The version of a plugin that names none.
    #[must_use]
    pub fn dev() -> PluginVersion {
        PluginVersion { written: "dev".to_owned(), semver: None }
    }

    /// As manifests carry it: exactly what the source says.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// As file names carry it: without the leading `v` (contract wick 5).
    #[must_use]
    pub fn bare(&self) -> &str {
        self.written.strip_prefix('v').unwrap_or(&self.written)
    }

    /// The semver value; nothing for `dev`.
    #[must_use]
    pub fn semver(&self) -> Option<&semver::Version> {
        self.semver.as_ref()
    }
}

impl FromStr for PluginVersion {
    type Err = VersionError;

    /// Reads the content of a VERSION file: surrounding white space, one leading `v` and the mark that some editors
    /// put before UTF-8 are tolerated.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let written = text.trim_start_matches('\u{feff}').trim();
        // Every other character of it; a single one is just no part of a version.
        if written.chars().filter(|c| *c == '\0').count() * 3 > written.chars().count() {
            return Err(VersionError::Utf16);
        }
        if written == "dev" {
            return Ok(PluginVersion::dev());
        }
        let wrong = |reason: String| {
            let start: String = written.chars().take(LONGEST).collect();
            VersionError::Form { text: start.escape_debug().to_string(), reason }
        };
        if written.len() > LONGEST {
            let count = written.len();
            return Err(wrong(format!(
                "… is too long: {count} characters, and names of files and tags have room for {LONGEST}"
            )));
        }
        let semver = semver::Version::parse(written.strip_prefix('v').unwrap_or(written))
            .map_err(|error| wrong(format!("is not semver: {error}")))?;
        // https://git-scm.com/docs/git-check-ref-format
        if written.ends_with(".lock") {
            return Err(wrong("can't be a tag: git takes none that ends in `.lock`".to_owned()));
        }
        Ok(PluginVersion { written: written.to_owned(), semver: Some(semver) })
    }
}

impl TryFrom<String> for PluginVersion {
    type Error = VersionError;
    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<PluginVersion> for String {
    fn from(version: PluginVersion) -> String {
        version.written
    }
}

impl fmt::Display for PluginVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance 4 of contract wick: trimmed; `v` dropped in file names only.
    #[test]
    fn version_file_is_trimmed_and_v_is_dropped_in_names_only() {
        let version: PluginVersion = " v0.2.0 \r\n".parse().unwrap();
        assert_eq!((version.as_str(), version.bare()), ("v0.2.0", "0.2.0"));
        let version: PluginVersion = "1.0.0-rc.1+b5\n".parse().unwrap();
        assert_eq!((version.as_str(), version.bare()), ("1.0.0-rc.1+b5", "1.0.0-rc.1+b5"));
        assert!(version.semver().is_some());
        for text in ["\u{feff}0.1.0\n", "\u{feff}0.1.0\r\n", "0.1.0 \t\r\n\r\n", "0.1.0"] {
            assert_eq!(text.parse::<PluginVersion>().unwrap().as_str(), "0.1.0", "{text:?}");
        }
        assert!(PluginVersion::dev().semver().is_none());
    }

    #[test]
    fn utf_16_is_called_by_its_name() {
        let bytes =
            |unit: fn(u16) -> [u8; 2]| "\u{feff}0.1.0\n".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for bytes in [bytes(u16::to_le_bytes), bytes(u16::to_be_bytes)] {
            let read = String::from_utf8_lossy(&bytes).parse::<PluginVersion>();
            assert_eq!(read, Err(VersionError::Utf16));
        }
        let read = "0.1.0\0\n".parse::<PluginVersion>();
        assert!(matches!(&read, Err(VersionError::Form { text, .. }) if text == "0.1.0\\0"), "{read:?}");
    }

    #[test]
    fn what_is_not_semver_is_refused() {
        for bad in ["", "1", "1.2", "vv1.2.3", "1.2.3/../x", "1.2.3 -X a", "latest"] {
            assert!(bad.parse::<PluginVersion>().is_err(), "{bad:?} must be refused");
        }
    }

    /// They were found out by the file system after the compiler, and by the forge after the uploads.
    #[test]
    fn what_makes_no_file_name_or_tag_is_no_version() {
        let long = |length: usize| format!("1.0.0-{}", "x".repeat(length - 6));
        assert!(long(128).parse::<PluginVersion>().is_ok());
        for (bad, words) in [
            (long(129), "is too long: 129 characters"),
            (long(5_000), "have room for 128"),
            ("1.0.0-a.lock".to_owned(), "can't be a tag"),
        ] {
            let error = bad.parse::<PluginVersion>().unwrap_err().to_string();
            assert!(error.contains(words) && error.len() < 300, "{error}");
        }
    }
}
