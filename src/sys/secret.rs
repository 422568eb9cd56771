//! Secrets: text that never prints, is wiped when dropped, and is no serde value.
//! Finding one in the environment is pure; who may see it is decided by whoever calls [`Secret::expose`].

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::model::failure::{Explain, FailureKind};

/// Where a GitHub token is looked for, first to last.
pub const TOKEN_VARIABLES: [&str; 3] = ["WICK_GITHUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"];

/// Variables that no child of wick ever gets: whoever compiles a plugin runs its build scripts. Beside these, the
/// variables that keys are read from (`--sign-key env:NAME`).
pub const SECRET_VARIABLES: [&str; 10] = [
    "WICK_GITHUB_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "COSIGN_PASSWORD",
    "SIGSTORE_ID_TOKEN",
    // GitHub Actions: who has these can be the job, for signatures and caches.
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_RUNTIME_TOKEN",
];

/// What was taken out of the environment, by name.
pub type Withheld = BTreeMap<String, Secret>;

/// A text that must not be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// A secret that can't be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} holds a {what}, which no token contains")]
pub struct SecretError {
    place: String,
    what: &'static str,
}

impl Explain for SecretError {
    fn kind(&self) -> FailureKind {
        FailureKind::Missing
    }
    fn hints(&self) -> Vec<String> {
        vec![format!("set {} to the token alone, on one line", self.place)]
    }
}

impl Secret {
    /// Keeps a text secret from here on.
    #[must_use]
    pub fn new(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }

    /// Keeps a token secret, without the white space around it.
    ///
    /// # Errors
    /// When it holds what would break a header line: control characters, white space or anything beyond ASCII. `place`
    /// says where it came from; the error never quotes the token.
    pub fn token(text: &str, place: &str) -> Result<Secret, SecretError> {
        let token = text.trim();
        let what = if token.chars().any(char::is_control) {
            "control character"
        } else if token.chars().any(char::is_whitespace) {
            "space"
        } else if !token.is_ascii() {
            "character beyond ASCII"
        } else {
            return Ok(Secret::new(token.to_owned()));
        };
        Err(SecretError { place: place.to_owned(), what })
    }

    /// The text. Not to be kept, printed or put in an argument list.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A text without the secret in it.
    #[must_use]
    pub fn hide_in(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(self.0.as_str(), "***") }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The GitHub token among what was withheld, by the order of [`TOKEN_VARIABLES`]; empty counts as unset.
///
/// # Errors
/// When the first one that is set can't be a token: silently taking the next would act as someone else.
pub fn github_token(withheld: &Withheld) -> Result<Option<Secret>, SecretError> {
    let set = |name: &&str| withheld.get(*name).map(Secret::expose).filter(|text| !text.trim().is_empty());
    TOKEN_VARIABLES
        .iter()
        .find_map(|name| set(name).map(|text| (name, text)))
        .map(|(name, text)| Secret::token(text, name))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Withheld {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), Secret::new((*v).to_owned()))).collect()
    }

    #[test]
    fn whatever_is_looked_for_is_withheld() {
        assert!(TOKEN_VARIABLES.iter().all(|name| SECRET_VARIABLES.contains(name)));
    }

    #[test]
    fn the_first_token_that_is_set_wins_and_empty_is_unset() {
        let all = [("GH_TOKEN", "three"), ("GITHUB_TOKEN", "two"), ("WICK_GITHUB_TOKEN", "one")];
        for (count, expected) in [(3, "one"), (2, "two"), (1, "three")] {
            let found = github_token(&environment(&all[..count])).unwrap().unwrap();
            assert_eq!(found.expose(), expected);
        }
        let found = github_token(&environment(&[("WICK_GITHUB_TOKEN", " \n"), ("GH_TOKEN", "x\n")])).unwrap();
        assert_eq!(found.unwrap().expose(), "x", "the newline of a file is no part of it");
        assert_eq!(github_token(&environment(&[("GITHUB_TOKEN", "")])), Ok(None));
    }

    #[test]
    fn a_token_that_would_break_a_header_is_refused_without_being_shown() {
        for bad in ["a\r\nx-evil: 1", "a\u{0}b", "two words", "naïve"] {
            let error = github_token(&environment(&[("GITHUB_TOKEN", bad)])).unwrap_err();
            let text = format!("{error} {error:?} {:?}", error.hints());
            assert!(text.contains("GITHUB_TOKEN") && !text.contains(bad), "{text}");
        }
    }

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::new("ghp_abc".to_owned());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
        assert_eq!(secret.hide_in("bad ghp_abc, ghp_abc!"), "bad ***, ***!");
    }
}
