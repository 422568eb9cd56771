//! What a plugin that is called gets: its program in a folder of its own, arguments, credentials, an environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Kept, Session};
use crate::model::failure::{Failure, FailureKind};
use crate::sys::files;
use crate::sys::secret::Secret;

/// The most bytes of a call's arguments.
const ARGUMENTS_MAX: u64 = 64 << 20;

impl Session {
    /// Puts a program where it can be run.
    pub(in crate::cli) fn keep_program(&self, name: &str, bytes: &[u8]) -> Result<Kept, Failure> {
        let folder = files::Scratch::new()?;
        let path = folder.path().join(name);
        files::write_atomic(&path, bytes, 0o755)?;
        Ok(Kept { path, _folder: folder })
    }

    /// A JSON text in a file, or on stdin.
    pub(in crate::cli) fn json_of(&self, path: &Path) -> Result<serde_json::Value, Failure> {
        let (bytes, shown) = if path == Path::new("-") {
            (files::read_stdin(ARGUMENTS_MAX)?, "stdin".to_owned())
        } else {
            (files::read_capped(&self.path(path), ARGUMENTS_MAX)?, path.display().to_string())
        };
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::new(FailureKind::Usage, format!("{shown} holds no JSON: {error}")))
    }

    /// A credential that is typed as `NAME=env:VARIABLE`. What was typed is never repeated beyond its name: it may be
    /// a secret by mistake.
    pub(in crate::cli) fn credential(&self, typed: &str) -> Result<(String, Secret), Failure> {
        let (name, value) = typed.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
            Failure::new(FailureKind::Usage, "a --cred is not NAME=env:VARIABLE")
                .hint("for example --cred token=env:SLACK_TOKEN")
        })?;
        Ok((name.to_owned(), self.secret_of(&format!("--cred {}", name.escape_debug()), value)?))
    }

    /// What `env:VARIABLE` means.
    pub(in crate::cli) fn secret_of(&self, flag: &str, typed: &str) -> Result<Secret, Failure> {
        let name = typed.strip_prefix("env:").filter(|name| !name.is_empty()).ok_or_else(|| {
            Failure::new(FailureKind::Usage, format!("{flag} takes the name of a variable, as env:NAME"))
                .hint("set a variable to the value: others on this machine see command lines, and shells keep them")
        })?;
        // What a command line names was taken out of the environment, so that no compiler gets it.
        match self.withheld(name) {
            Some(value) => Ok(value.clone()),
            None => Err(Failure::new(
                FailureKind::Missing,
                format!("{flag}: the variable {} is not set", name.escape_debug()),
            )),
        }
    }

    /// What a called plugin gets of this environment: how the network is reached; with `everything` also where its
    /// user's files and programs are. And the files that these variables name.
    pub(in crate::cli) fn for_a_plugin(&self, everything: bool) -> (BTreeMap<String, String>, Vec<PathBuf>) {
        const NETWORK: [&str; 10] = [
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "all_proxy",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
        ];
        const USER: [&str; 5] = ["HOME", "USERPROFILE", "PATH", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"];
        let names = NETWORK.iter().chain(if everything { &USER[..] } else { &[] });
        let variables: BTreeMap<String, String> =
            names.filter_map(|name| Some(((*name).to_owned(), self.variable(name)?.to_owned()))).collect();
        let certificates = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
        let readable = certificates.iter().filter_map(|name| variables.get(*name)).map(PathBuf::from);
        let readable = readable.collect();
        (variables, readable)
    }
}
