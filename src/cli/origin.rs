//! Where a build runs, from the environment and the git remote. Pure. What it says is only as true as the machine it
//! runs on; a signature over it says whose machine that was.

use crate::model::purl::without_credentials;
use crate::model::receipt::Origin;

/// What git says of the project.
pub(super) struct Checkout {
    /// The address of the remote `origin`.
    pub(super) remote: Option<String>,
    /// The project's folder inside the repository, with `/`.
    pub(super) folder: String,
}

/// Puts it together. Under GitHub Actions the builder is the workflow at its version and the invocation is the run, in
/// the words of GitHub's own attestations.
pub(super) fn origin<'a>(variable: impl Fn(&str) -> Option<&'a str>, checkout: Checkout) -> Origin {
    let mut origin = Origin {
        repository: checkout.remote.as_deref().and_then(repository),
        folder: checkout.folder,
        ..Origin::local()
    };
    if variable("GITHUB_ACTIONS") != Some("true") {
        return origin;
    }
    let Some(server) = variable("GITHUB_SERVER_URL") else { return origin };
    if let Some(workflow) = variable("GITHUB_WORKFLOW_REF") {
        origin.builder = format!("{server}/{workflow}");
    }
    if let Some(name) = variable("GITHUB_REPOSITORY") {
        origin.repository = origin.repository.or_else(|| Some(format!("{server}/{name}")));
        if let (Some(run), Some(attempt)) = (variable("GITHUB_RUN_ID"), variable("GITHUB_RUN_ATTEMPT")) {
            origin.invocation = Some(format!("{server}/{name}/actions/runs/{run}/attempts/{attempt}"));
        }
    }
    origin
}

/// A remote's address as one that others can use: without credentials, and nothing for a folder of this machine.
fn repository(remote: &str) -> Option<String> {
    let remote = remote.split(['?', '#']).next().unwrap_or(remote);
    let address = match remote.split_once("://") {
        Some(("http" | "https" | "ssh" | "git", _)) => without_credentials(remote),
        Some(_) => return None,
        // `user@host:path`. A drive letter is no host.
        None => {
            let (host, path) =
                remote.split_once(':').filter(|(host, _)| host.len() > 1 && !host.contains('/'))?;
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("ssh://{host}/{}", path.trim_start_matches('/'))
        }
    };
    let address = address.trim_end_matches('/');
    let address = address.strip_suffix(".git").unwrap_or(address);
    // The same repository, however it was cloned.
    let github = address.strip_prefix("ssh://github.com/");
    Some(github.map_or_else(|| address.to_owned(), |path| format!("https://github.com/{path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_become_addresses_without_secrets() {
        for (remote, address) in [
            ("https://x-access-token:ghs_secret@github.com/o/r.git", Some("https://github.com/o/r")),
            ("git@github.com:o/r.git", Some("https://github.com/o/r")),
            ("ssh://git@github.com/o/r", Some("https://github.com/o/r")),
            ("git@gitlab.example.com:group/sub/r.git", Some("ssh://gitlab.example.com/group/sub/r")),
            ("https://h.example.com/r?token=secret", Some("https://h.example.com/r")),
            ("/home/me/r.git", None),
            ("../r", None),
            ("C:\\r", None),
            ("file:///home/me/r", None),
        ] {
            assert_eq!(repository(remote).as_deref(), address, "{remote}");
        }
    }

    #[test]
    fn a_workflow_is_named_as_githubs_own_attestations_name_it() {
        const ALL: &[(&str, &str)] = &[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_WORKFLOW_REF", "o/r/.github/workflows/plugins.yml@refs/heads/main"),
            ("GITHUB_RUN_ID", "123"),
            ("GITHUB_RUN_ATTEMPT", "2"),
        ];
        let of = |given: &'static [(&str, &str)]| {
            let checkout = Checkout { remote: None, folder: "plugins".to_owned() };
            origin(|name| given.iter().find(|(known, _)| *known == name).map(|(_, value)| *value), checkout)
        };
        let there = of(ALL);
        assert_eq!(there.builder, "https://github.com/o/r/.github/workflows/plugins.yml@refs/heads/main");
        assert_eq!(there.invocation.unwrap(), "https://github.com/o/r/actions/runs/123/attempts/2");
        assert_eq!(
            (there.repository.as_deref(), there.folder.as_str()),
            (Some("https://github.com/o/r"), "plugins")
        );
        // Variables that somebody has lying around claim nothing.
        let here = of(&ALL[1..]);
        assert_eq!((here.builder.as_str(), here.invocation, here.repository), (Origin::LOCAL, None, None));
    }
}
