//! Names of plugins: the key and the kind, with the rules a host enforces at install time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A plugin's key: 1 to 64 of `a-z 0-9 _` (contract wick 1). It is the folder's name, `module.Meta.Key`,
/// a part of asset names (which are split on `-`) and a directory name on the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginKey(String);

/// Longest key a host accepts, in characters.
pub const KEY_MAX: usize = 64;

/// Why a text is no plugin key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing between the quotes.
    #[error("a plugin key can't be empty")]
    Empty,
    /// More than [`KEY_MAX`] characters.
    #[error("plugin key `{0}` has {1} characters; a host accepts at most {KEY_MAX}")]
    TooLong(String, usize),
    /// A character outside `a-z 0-9 _`.
    #[error("plugin key `{}` contains `{}`; a host accepts only a-z, 0-9 and _", .0, .1.escape_debug())]
    BadCharacter(String, char),
}

impl PluginKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PluginKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if let Some(bad) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_')) {
            return Err(KeyError::BadCharacter(text.escape_debug().to_string(), bad));
        }
        if text.len() > KEY_MAX {
            return Err(KeyError::TooLong(text.to_owned(), text.len()));
        }
        Ok(PluginKey(text.to_owned()))
    }
}

impl TryFrom<String> for PluginKey {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<PluginKey> for String {
    fn from(key: PluginKey) -> String {
        key.0
    }
}

impl fmt::Display for PluginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a plugin is to its host; also the name of the folder its source lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginKind {
    /// Operations that an LLM calls; the default kind.
    Connector,
    /// A tool of the platform.
    Tool,
    /// Scheduled work.
    Job,
}

impl PluginKind {
    /// Every kind, the default first.
    pub const ALL: [PluginKind; 3] = [PluginKind::Connector, PluginKind::Tool, PluginKind::Job];

    /// The kind as folders and manifests spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PluginKind::Connector => "connector",
            PluginKind::Tool => "tool",
            PluginKind::Job => "job",
        }
    }
}

impl fmt::Display for PluginKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance 1 of contract wick: the same rule guards build and verify.
    #[test]
    fn keys_follow_the_hosts_rule() {
        for good in ["a", "slack", "a_b", "9lives", "_", &"k".repeat(64)] {
            assert_eq!(good.parse::<PluginKey>().unwrap().as_str(), good);
        }
        for bad in ["", "../x", "a/b", "a-b", "Slack", "a b", "é", "a.b", "a\0", &"k".repeat(65)] {
            assert!(bad.parse::<PluginKey>().is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn a_refused_key_cannot_steer_a_terminal() {
        for bad in ["a\u{1b}[2J", "a\n::error::b", "\t"] {
            let text = bad.parse::<PluginKey>().unwrap_err().to_string();
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }

    #[test]
    fn a_key_read_from_json_is_checked_too() {
        assert!(serde_json::from_str::<PluginKey>("\"../x\"").is_err());
    }
}
