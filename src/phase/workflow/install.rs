//! Where a workflow installs wick from: a git address and a commit. No name of a registry, as the project owns none:
//! what `wick` is there belongs to somebody else and would run in jobs that may write releases. Not a branch or a tag
//! either: both can be moved to other code.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::sys::{env, files};

/// How a source is written on the command line.
pub const FORM: &str = "git:https://HOST/PATH@COMMIT";

/// A commit of a repository that holds wick. It lands in a shell's command, so both parts have plain characters only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    url: String,
    commit: String,
}

/// Why a text names no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    /// It has another form.
    #[error("it isn't of the form {FORM}")]
    Form,
    /// Anything that isn't fetched over https, or can't stand in a workflow.
    #[error(
        "`{0}` is no plain https address: it may have a host, a port and a path of letters, digits and -._~/"
    )]
    Url(String),
    /// A branch, a tag or an abbreviated commit.
    #[error(
        "`{0}` is no full commit of 40 or 64 hex digits; a branch or a tag can be moved: `git ls-remote URL {0}` tells its commit"
    )]
    Commit(String),
}

impl Install {
    /// The parts, when they can stand in a workflow.
    ///
    /// # Errors
    /// When the address or the commit isn't as it has to be.
    pub fn new(url: &str, commit: &str) -> Result<Install, InstallError> {
        if !is_plain_https(url) {
            return Err(InstallError::Url(url.to_owned()));
        }
        if ![40, 64].contains(&commit.len()) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InstallError::Commit(commit.to_owned()));
        }
        Ok(Install { url: url.to_owned(), commit: commit.to_ascii_lowercase() })
    }

    /// The repository's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The full commit, in lower case.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }
}

/// The characters leave nothing to quote for a shell, for YAML or for git, and no place for a password.
fn is_plain_https(url: &str) -> bool {
    let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    let segment = |segment: &str| {
        let plain = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        plain && !["", ".", ".."].contains(&segment)
    };
    let digits = |port: &str| !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    name.split('.').all(label)
        && port.is_none_or(digits)
        && path.strip_suffix('/').unwrap_or(path).split('/').all(segment)
}

impl FromStr for Install {
    type Err = InstallError;

    fn from_str(text: &str) -> Result<Install, InstallError> {
        let (url, commit) =
            text.strip_prefix("git:").and_then(|rest| rest.rsplit_once('@')).ok_or(InstallError::Form)?;
        Install::new(url, commit)
    }
}

impl fmt::Display for Install {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "git:{}@{}", self.url, self.commit)
    }
}

/// Where this program was built from, when that is known and anybody can fetch it: by who built it (the variable
/// `WICK_BUILT_FROM` while it was compiled), or by cargo, which notes beside its `bin` what it installed from where.
#[must_use]
pub fn built_from() -> Option<Install> {
    option_env!("WICK_BUILT_FROM")
        .and_then(|text| text.parse().ok())
        .or_else(|| noted_by_cargo(&files::canonical(&env::current_exe().ok()?).ok()?))
}

/// What `cargo install` noted of a program that it installed.
fn noted_by_cargo(program: &Path) -> Option<Install> {
    let bin = program.parent().filter(|folder| folder.ends_with("bin"))?;
    let notes: toml::Table = files::read_text(&bin.parent()?.join(".crates.toml")).ok()?.parse().ok()?;
    let name = program.file_name()?.to_str()?;
    let installed = notes.get("v1")?.as_table()?.iter();
    let mut ours = installed.filter(|(_, programs)| {
        programs.as_array().is_some_and(|all| all.iter().any(|one| one.as_str() == Some(name)))
    });
    from_package_id(ours.next()?.0)
}

/// `wick 0.1.0 (git+https://host/path?rev=…#<commit>)`; whatever else was asked for, the commit is what was built.
fn from_package_id(id: &str) -> Option<Install> {
    let own = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), " (git+");
    let (url, commit) = id.strip_prefix(own)?.strip_suffix(')')?.rsplit_once('#')?;
    Install::new(url.split('?').next().unwrap_or(url), commit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_source_is_a_plain_address_and_a_full_commit() {
        let longer = format!("{COMMIT}{}", &COMMIT[..24]);
        for (url, commit) in [
            ("https://example.com/wick", COMMIT),
            ("https://git.example.com:8443/~me/a.b/wick.git", COMMIT),
            ("https://example.com/wick/", &longer),
            ("https://localhost/wick", COMMIT),
        ] {
            let text = format!("git:{url}@{commit}");
            let parsed: Install = text.parse().unwrap();
            assert_eq!((parsed.url(), parsed.commit()), (url, commit));
            assert_eq!(parsed.to_string(), text);
        }
        assert_eq!(
            Install::new("https://x.y/z", &COMMIT.to_uppercase()).unwrap().commit(),
            COMMIT,
            "git writes lower case"
        );
    }

    #[test]
    fn what_could_be_other_code_or_another_command_is_refused() {
        let at = |url: &str| format!("git:{url}@{COMMIT}");
        let form = ["", "wick", "git:https://x.y/z", COMMIT].map(str::to_owned);
        let bare = [format!("https://x.y/z@{COMMIT}"), format!("crate:wick@{COMMIT}")];
        for text in form.iter().chain(&bare) {
            assert_eq!(text.parse::<Install>(), Err(InstallError::Form), "{text}");
        }
        for url in [
            "http://x.y/z",
            "ssh://git@x.y/z",
            "git@x.y:z",
            "file:///z",
            "/z",
            "https://x.y",
            "https://x.y/",
            "https:///z",
            "https://me:word@x.y/z",
            "https://x.y/$(id)",
            "https://x.y/`id`",
            "https://x.y/z\"; id; \"",
            "https://x.y/z z",
            "https://x.y/z\nrun: id",
            "https://x.y/a/../z",
            "https://x.y//z",
            "https://x.y/z?a=b",
            "https://x.y/z#a",
            "https://x.y/%2e%2e/z",
            "https://-x.y/z",
            "https://x..y/z",
            "https://x.y:/z",
            "https://x.y:a/z",
            "https://x.y/${{ github.token }}",
            "https://ex\u{e4}mple.com/z",
            "HTTPS://x.y/z",
        ] {
            let said = at(url).parse::<Install>().unwrap_err();
            assert!(matches!(said, InstallError::Url(_)), "{url}: {said}");
        }
        for commit in ["main", "v1.0.0", "", "0123456", &COMMIT[1..], &format!("{COMMIT}0"), "HEAD"] {
            let said = format!("git:https://x.y/z@{commit}").parse::<Install>().unwrap_err();
            assert!(matches!(said, InstallError::Commit(_)), "{commit}: {said}");
        }
        let other = format!("git:https://x.y/z@{}", COMMIT.replace('a', "g"));
        assert!(matches!(other.parse::<Install>(), Err(InstallError::Commit(_))));
    }

    #[test]
    fn cargo_tells_what_it_built() {
        let id = |version: &str, source: &str| format!("wick {version} ({source})");
        let version = env!("CARGO_PKG_VERSION");
        let known = Some(Install::new("https://x.y/z", COMMIT).unwrap());
        for (id, expected) in [
            (id(version, &format!("git+https://x.y/z?rev={COMMIT}#{COMMIT}")), &known),
            (id(version, &format!("git+https://x.y/z?branch=main#{COMMIT}")), &known),
            (id(version, &format!("git+https://x.y/z#{COMMIT}")), &known),
            // Nobody else can fetch these.
            (id(version, &format!("git+file:///x/z#{COMMIT}")), &None),
            (id(version, &format!("git+ssh://git@x.y/z#{COMMIT}")), &None),
            (id(version, "path+file:///x/z"), &None),
            // Somebody else's.
            (id(version, "registry+https://github.com/rust-lang/crates.io-index"), &None),
            (id("99.0.0", &format!("git+https://x.y/z#{COMMIT}")), &None),
            (format!("wick-cli {version} (git+https://x.y/z#{COMMIT})"), &None),
        ] {
            assert_eq!(from_package_id(&id), *expected, "{id}");
        }
    }

    #[test]
    fn cargos_note_stands_beside_the_program() {
        let dir = files::Scratch::new().unwrap();
        let program = dir.path().join("bin/wick");
        assert_eq!(noted_by_cargo(&program), None);
        let note = |programs: &str| {
            let version = env!("CARGO_PKG_VERSION");
            let text =
                format!("[v1]\n\"wick {version} (git+https://x.y/z?tag=v1#{COMMIT})\" = [{programs}]\n");
            files::write_atomic(&dir.path().join(".crates.toml"), text.as_bytes(), 0o644).unwrap();
        };
        note("\"wick\"");
        assert_eq!(noted_by_cargo(&program).unwrap().to_string(), format!("git:https://x.y/z@{COMMIT}"));
        assert_eq!(noted_by_cargo(&dir.path().join("debug/wick")), None, "cargo puts programs into bin");
        note("\"another\"");
        assert_eq!(noted_by_cargo(&program), None);
    }
}
