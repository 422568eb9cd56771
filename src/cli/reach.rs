//! Where the forge is: the repository and the API's address, from flags, variables and the git remote. Pure.

use crate::model::failure::{Failure, FailureKind};

/// A repository and how to ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// Without a final slash.
    pub(super) api_url: String,
    /// `owner/name`.
    pub(super) repository: String,
}

/// What was said about it.
pub(super) struct Said<'a> {
    /// `--repo`, else `$GITHUB_REPOSITORY`.
    pub(super) repository: Option<&'a str>,
    /// `--api-url`, else `$GITHUB_API_URL`.
    pub(super) api_url: Option<&'a str>,
}

const PUBLIC_API: &str = "https://api.github.com";

/// Decides. The remote's address is asked for only when nothing else was said.
///
/// # Errors
/// When there is no repository, or an address a token must not be sent to.
pub(super) fn reach(said: &Said<'_>, remote: impl FnOnce() -> Option<String>) -> Result<Reach, Failure> {
    let wrong = |message: String| Failure::new(FailureKind::Usage, message);
    let (repository, host) = match said.repository {
        Some(text) => (text.to_owned(), None),
        None => {
            let url = remote().ok_or_else(|| {
                wrong(
                    "which GitHub repository? none is named, and there is no git remote `origin`".to_owned(),
                )
                .hint("name it with --repo owner/name")
            })?;
            let parsed = from_remote(&url);
            let (host, repository) = parsed.ok_or_else(|| {
                wrong(format!("the git remote `origin` names no repository: {}", without_password(&url)))
                    .hint("name it with --repo owner/name")
            })?;
            (repository, Some(host))
        }
    };
    if !is_repository(&repository) {
        return Err(wrong(format!("`{repository}` is no repository of the form owner/name")));
    }
    let api_url = match (said.api_url, host) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, None) => PUBLIC_API.to_owned(),
        (None, Some(host)) if host == "github.com" => PUBLIC_API.to_owned(),
        // A token is for one server; which one is not guessed from a remote.
        (None, Some(host)) => {
            return Err(wrong(format!("the git remote `origin` is at {host}, not at github.com"))
                .hint(format!("for GitHub Enterprise say --api-url https://{host}/api/v3")));
        }
    };
    check_api(&api_url)?;
    Ok(Reach { api_url, repository })
}

/// Tokens travel encrypted, except to this machine.
fn check_api(url: &str) -> Result<(), Failure> {
    let loopback = |rest: &str| {
        let host = rest.split('/').next().unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        matches!(host, "localhost" | "127.0.0.1" | "[::1]")
    };
    let fine = url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
        || url.strip_prefix("http://").is_some_and(loopback);
    if fine {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Usage, format!("the API's address `{url}` is not an https:// address"))
        .hint("say --api-url https://HOST/api/v3, or unset GITHUB_API_URL"))
}

/// Host and `owner/name` of `https://host/owner/name.git`, `ssh://git@host/owner/name`, `git@host:owner/name`.
fn from_remote(url: &str) -> Option<(String, String)> {
    let (host, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => url.split_once(':')?,
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
    // GitHub's address for SSH through the HTTPS port.
    let host = if host == "ssh.github.com" { "github.com".to_owned() } else { host };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!host.is_empty() && is_repository(path)).then(|| (host, path.to_owned()))
}

fn is_repository(text: &str) -> bool {
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && part != "." && part != ".." && part.chars().all(plain)
    };
    text.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

fn without_password(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(
        repository: Option<&str>,
        api_url: Option<&str>,
        remote: &str,
    ) -> Result<(String, String), String> {
        let remote = (!remote.is_empty()).then(|| remote.to_owned());
        reach(&Said { repository, api_url }, || remote)
            .map(|reach| (reach.api_url, reach.repository))
            .map_err(|failure| format!("{failure} {}", failure.hints.join(" ")))
    }

    #[test]
    fn remotes_of_every_form_name_a_repository() {
        for url in [
            "https://github.com/o/r.git",
            "https://github.com/o/r/",
            "https://user:secret@github.com/o/r",
            "ssh://git@github.com/o/r.git",
            "ssh://git@ssh.github.com:443/o/r.git",
            "git@github.com:o/r.git",
        ] {
            assert_eq!(from(None, None, url), Ok((PUBLIC_API.to_owned(), "o/r".to_owned())), "{url}");
        }
    }

    #[test]
    fn what_is_said_wins_and_no_token_goes_to_a_guessed_server() {
        let ghe = "https://ghe.example.com/api/v3/";
        assert_eq!(from(Some("a/b"), None, "git@h:o/r").unwrap(), (PUBLIC_API.to_owned(), "a/b".to_owned()));
        let enterprise = from(None, Some(ghe), "git@ghe.example.com:o/r").unwrap();
        assert_eq!(enterprise, ("https://ghe.example.com/api/v3".to_owned(), "o/r".to_owned()));
        let guessed = from(None, None, "git@gitlab.com:o/r").unwrap_err();
        assert!(guessed.contains("--api-url https://gitlab.com/api/v3"), "{guessed}");
        assert!(from(Some("a/b"), Some("http://127.0.0.1:8080"), "").is_ok());
        for bad in ["http://ghe.example.com", "ftp://x", "https://", "http://127.0.0.1.evil.com/"] {
            assert!(from(Some("a/b"), Some(bad), "").is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_repository_is_refused_without_its_password() {
        for bad in ["a", "a/b/c", "/b", "a/", "a/..", "a b/c"] {
            assert!(from(Some(bad), None, "").is_err(), "{bad}");
        }
        let error = from(None, None, "https://user:secret@github.com/justone").unwrap_err();
        assert!(error.contains("justone") && !error.contains("secret"), "{error}");
        assert!(from(None, None, "").unwrap_err().contains("--repo owner/name"));
    }
}
