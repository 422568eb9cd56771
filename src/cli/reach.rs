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
/// When there is no repository, git doesn't tell, or an address a token must not be sent to.
pub(super) fn reach(
    said: &Said<'_>,
    remote: impl FnOnce() -> Result<Option<String>, Failure>,
) -> Result<Reach, Failure> {
    let wrong = |message: String| Failure::new(FailureKind::Usage, message);
    let (repository, host) = match said.repository {
        Some(text) => {
            let (host, repository) = named(text).ok_or_else(|| {
                wrong(format!("`{}` names no repository", without_password(text.trim()).escape_debug()))
                    .hint("name it as owner/name, or by its address, such as https://github.com/owner/name")
            })?;
            (repository, host)
        }
        None => {
            let url = remote()?.ok_or_else(|| {
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
    let api_url = match (said.api_url, host) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, None) => PUBLIC_API.to_owned(),
        (None, Some(host)) if host == "github.com" => PUBLIC_API.to_owned(),
        // A token is for one server; which one is not guessed from a remote.
        (None, Some(host)) => {
            let what = if said.repository.is_some() { "that repository" } else { "the git remote `origin`" };
            return Err(wrong(format!("{what} is at {host}, not at github.com"))
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

/// What somebody names: `owner/name`, or what stands in a browser's or a clone's line. The host where it is told.
fn named(text: &str) -> Option<(Option<String>, String)> {
    let text = text.trim();
    if text.contains("://") || text.contains(':') {
        return from_remote(text).map(|(host, repository)| (Some(host), repository));
    }
    let plain = trimmed(text);
    if is_repository(plain) {
        return Some((None, plain.to_owned()));
    }
    // `github.com/owner/name`: no owner has a dot in its name.
    let (host, path) = plain.split_once('/')?;
    (host.contains('.') && is_repository(path)).then(|| (Some(host_of(host)), path.to_owned()))
}

/// Host and `owner/name` of `https://host/owner/name.git`, `ssh://git@host/owner/name`, `git@host:owner/name`.
fn from_remote(url: &str) -> Option<(String, String)> {
    let (host, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => url.split_once(':')?,
    };
    let host = host_of(host);
    let path = trimmed(path);
    (!host.is_empty() && is_repository(path)).then(|| (host, path.to_owned()))
}

/// A host without user and port, by its usual name.
fn host_of(authority: &str) -> String {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
    match host.as_str() {
        // GitHub's address for SSH through the HTTPS port, and the one that a browser adds to.
        "ssh.github.com" | "www.github.com" => "github.com".to_owned(),
        _ => host,
    }
}

/// A path without what belongs to an address or to git.
fn trimmed(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or(path).trim_matches('/');
    path.strip_suffix(".git").unwrap_or(path)
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
        reach(&Said { repository, api_url }, || Ok(remote))
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

    /// `--repo acme/plugins.git` was asked for as it stood, and there was no such repository.
    #[test]
    fn a_repository_is_named_in_every_way_that_people_name_it() {
        for text in [
            "acme/plugins",
            "acme/plugins.git",
            "acme/plugins/",
            " acme/plugins\n",
            "github.com/acme/plugins",
            "https://github.com/acme/plugins",
            "https://github.com/acme/plugins.git",
            "https://github.com/acme/plugins/",
            "https://GitHub.com/acme/plugins?tab=readme#top",
            "https://www.github.com/acme/plugins",
            "http://github.com/acme/plugins",
            "https://me:secret@github.com/acme/plugins.git",
            "git@github.com:acme/plugins.git",
            "git@github.com:acme/plugins",
            "ssh://git@github.com/acme/plugins.git",
            "ssh://git@github.com:22/acme/plugins.git/",
            "git://github.com/acme/plugins.git",
        ] {
            let expected = Ok((PUBLIC_API.to_owned(), "acme/plugins".to_owned()));
            assert_eq!(from(Some(text), None, "git@h:other/one"), expected, "{text}");
            let double = from(Some(text), Some("http://127.0.0.1:1"), "").unwrap();
            assert_eq!(double.1, "acme/plugins", "{text}");
        }
        let elsewhere = from(Some("https://ghe.example.com/acme/plugins"), None, "").unwrap_err();
        assert!(elsewhere.contains("--api-url https://ghe.example.com/api/v3"), "{elsewhere}");
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
        for bad in [
            "",
            " ",
            "a",
            "a/b/c",
            "/b",
            "a/",
            "a/..",
            "a/.git",
            "a b/c",
            "https://github.com/",
            "https://github.com/acme",
            "https://github.com/acme/plugins/tree/main",
            "git@github.com:plugins.git",
            "C:\\plugins",
            "acme\\plugins",
            "file:///srv/acme/plugins.git",
        ] {
            let error = from(Some(bad), None, "").expect_err(bad);
            assert!(error.contains("names no repository") && error.contains("owner/name"), "{bad}: {error}");
        }
        let error = from(Some("https://user:secret@github.com/justone"), None, "").unwrap_err();
        assert!(error.contains("justone") && !error.contains("secret"), "{error}");
        let error = from(None, None, "https://user:secret@github.com/justone").unwrap_err();
        assert!(error.contains("justone") && !error.contains("secret"), "{error}");
        assert!(from(None, None, "").unwrap_err().contains("--repo owner/name"));
    }
}
