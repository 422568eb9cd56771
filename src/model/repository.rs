//! Repositories on a forge, by the names people and git give them.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct RepositoryName {
    owner: String,
    name: String,
}

/// A text that names no repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no repository of the form owner/name")]
pub struct RepositoryError(String);

/// A repository and the machine it lives on, as an address of git tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The machine, such as `github.com`.
    pub host: String,
    /// The repository.
    pub repository: RepositoryName,
}

impl Origin {
    /// Reads an address as `git remote get-url` prints it: `https://host/owner/name.git`, `ssh://git@host/owner/name`,
    /// `git@host:owner/name.git`. Nothing for folders and other forms. Credentials in it are dropped.
    #[must_use]
    pub fn parse(url: &str) -> Option<Origin> {
        let (authority, path) = match url.split_once("://") {
            Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
            Some(_) => return None,
            None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = host.split_once(':').map_or(host, |(host, _)| host);
        let path = path.trim_matches('/');
        let repository = path.strip_suffix(".git").unwrap_or(path).parse().ok()?;
        (!host.is_empty()).then(|| Origin { host: host.to_ascii_lowercase(), repository })
    }
}

impl FromStr for RepositoryName {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<RepositoryName, RepositoryError> {
        let part = |part: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && part.len() <= 100 && part.chars().all(plain) && !matches!(part, "." | "..")
        };
        match text.split_once('/') {
            Some((owner, name)) if part(owner) && part(name) => {
                Ok(RepositoryName { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(RepositoryError(text.escape_debug().to_string())),
        }
    }
}

impl From<RepositoryName> for String {
    fn from(name: RepositoryName) -> String {
        name.to_string()
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owner_slash_name_is_a_repository() {
        assert_eq!("o-1/plugins.x".parse::<RepositoryName>().unwrap().to_string(), "o-1/plugins.x");
        for bad in ["", "o", "o/", "/n", "o/n/x", "o/../x", "o/..", "o/n?x=1", "o/n#", "o /n", "ö/n"] {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn gits_addresses_are_understood() {
        for url in [
            "https://github.com/o/plugins.git",
            "https://github.com/o/plugins",
            "https://user:token@GitHub.com/o/plugins.git/",
            "git@github.com:o/plugins.git",
            "ssh://git@github.com:22/o/plugins",
            "github.com:o/plugins",
        ] {
            let origin = Origin::parse(url).unwrap_or_else(|| panic!("{url}"));
            assert_eq!(
                (origin.host.as_str(), origin.repository.to_string().as_str()),
                ("github.com", "o/plugins")
            );
        }
        for bad in [
            "",
            "/srv/git/o/plugins",
            "../plugins",
            "file:///o/plugins",
            "C:\\o\\plugins",
            "https://github.com/o",
        ] {
            assert_eq!(Origin::parse(bad), None, "{bad}");
        }
    }
}
