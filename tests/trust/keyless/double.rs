//! The double of sigstore's services (tests/sigstore_double), one per test: a process that ends with its stdin.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use wick::signer::instance::{RootSource, Wish};
use wick::signer::keyless::{Keyless, KeylessError};
use wick::sys::secret::{Secret, Withheld};

use crate::support;

/// Running services.
pub(crate) struct Double {
    process: Child,
    facts: Value,
    pub(crate) dir: TempDir,
}

/// A program of the double, in node.
pub(crate) fn node(program: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sigstore_double").join(program));
    command.env("WICK_TEST_NODE", support::tools().join("node"));
    command
}

impl Double {
    pub(crate) fn start() -> Double {
        let dir = TempDir::new().unwrap();
        let mut process =
            node("server.mjs").arg(dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let facts = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Double { process, facts, dir }
    }

    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("the double tells no {name}"))
    }

    /// What GitHub puts into the environment of a job that may ask for tokens.
    pub(crate) fn job(&self) -> [(&'static str, &str); 3] {
        [
            ("GITHUB_ACTIONS", "true"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", self.fact("tokens")),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", self.fact("permission")),
        ]
    }

    /// The services with Rekor's first version.
    pub(crate) fn wish(&self) -> Wish {
        Wish {
            fulcio_url: Some(self.fact("fulcio").to_owned()),
            rekor_url: Some(self.fact("rekor").to_owned()),
            signing_config: None,
            trusted_root: RootSource::File(self.fact("trustedRoot").into()),
        }
    }

    pub(crate) fn signer(&self) -> Result<Keyless, KeylessError> {
        self.signer_by(&self.wish(), &self.job())
    }

    /// A signer of a process that has these secrets.
    pub(crate) fn signer_by(&self, wish: &Wish, secrets: &[(&str, &str)]) -> Result<Keyless, KeylessError> {
        let withheld: Withheld =
            secrets.iter().map(|(k, v)| ((*k).to_owned(), Secret::new((*v).to_owned()))).collect();
        Keyless::open(wish, &BTreeMap::new(), &withheld)
    }

    /// How the next requests to a service are answered.
    pub(crate) fn plan(&self, service: &str, answers: &Value) {
        self.request("POST", "/control", &json!({ "service": service, "answers": answers }).to_string());
    }

    /// What was asked since the start: service and status.
    pub(crate) fn log(&self) -> Vec<(String, u64)> {
        let log: Vec<Value> = serde_json::from_str(&self.request("GET", "/log", "")).unwrap();
        log.iter()
            .map(|one| (one["service"].as_str().unwrap().to_owned(), one["status"].as_u64().unwrap()))
            .collect()
    }

    pub(crate) fn asked(&self, service: &str) -> usize {
        self.log().iter().filter(|(name, _)| name == service).count()
    }

    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn request(&self, method: &str, path: &str, body: &str) -> String {
        let address = self.fact("base").trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        let head =
            format!("{method} {path} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
