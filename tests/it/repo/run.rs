//! One run of wick under a controlled environment, and what came of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::go_env;

/// Variables that a run inherits from the test's own environment; everything else is gone.
const INHERITED: [&str; 8] = [
    "PATH",
    "HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "GOPROXY",
    "SystemRoot",
    "RUSTUP_AUTO_INSTALL",
];

/// One run of wick, before it is started.
pub(crate) struct Wick {
    args: Vec<OsString>,
    folder: PathBuf,
    env: BTreeMap<String, OsString>,
    stdin: Option<String>,
    /// What starts it, with arguments before its own.
    through: Vec<OsString>,
}

impl Wick {
    pub(crate) fn new(folder: &Path, args: &[&str]) -> Wick {
        let mut env: BTreeMap<String, OsString> =
            INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?))).collect();
        for name in ["GOCACHE", "GOPATH", "GOMODCACHE"] {
            let value = go_env(name);
            if !value.is_empty() {
                env.insert(name.to_owned(), value.into());
            }
        }
        // With another HOME, go's telemetry would come after the test and make that folder anew.
        if let Some(config) = user_config() {
            env.insert("XDG_CONFIG_HOME".to_owned(), config.into());
        }
        env.insert("GIT_CONFIG_GLOBAL".to_owned(), "/dev/null".into());
        env.insert("GIT_CONFIG_NOSYSTEM".to_owned(), "1".into());
        Wick {
            args: args.iter().map(OsString::from).collect(),
            folder: folder.to_owned(),
            env,
            stdin: None,
            through: Vec::new(),
        }
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Wick {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// What it reads from stdin; without it there is nothing.
    #[allow(dead_code, reason = "tests/trust uses it")]
    pub(crate) fn stdin(mut self, text: &str) -> Wick {
        self.stdin = Some(text.to_owned());
        self
    }

    /// Started by another program, which gets wick and its arguments behind its own.
    pub(crate) fn through(mut self, line: &[&str]) -> Wick {
        self.through = line.iter().map(OsString::from).collect();
        self
    }

    pub(crate) fn folder(mut self, folder: &Path) -> Wick {
        self.folder = folder.to_owned();
        self
    }

    fn command(&self) -> Command {
        let wick = OsString::from(env!("CARGO_BIN_EXE_wick"));
        let mut line = self.through.iter().chain([&wick]).chain(&self.args);
        let mut command = Command::new(line.next().unwrap_or(&wick));
        command.args(line).current_dir(&self.folder).env_clear().envs(&self.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self) -> Ran {
        let shown: Vec<_> = self.args.iter().map(|arg| arg.to_string_lossy()).collect();
        let mut command = self.command();
        let Some(text) = &self.stdin else {
            return Ran::from(&format!("wick {}", shown.join(" ")), command.output().unwrap());
        };
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        Ran::from(&format!("wick {}", shown.join(" ")), child.wait_with_output().unwrap())
    }

    /// Starts it in a process group of its own, for tests that send signals.
    pub(crate) fn start(&self) -> Running {
        let mut command = self.command();
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().unwrap();
        Running { child: Some(child) }
    }
}

/// A wick that runs; killed when dropped.
pub(crate) struct Running {
    child: Option<Child>,
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    /// Waits for the end and takes what was printed.
    pub(crate) fn end(mut self) -> Ran {
        Ran::from("wick", self.child.take().unwrap().wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a run left.
pub(crate) struct Ran {
    pub(crate) what: String,
    /// Nothing when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn from(what: &str, output: Output) -> Ran {
        Ran {
            what: what.to_owned(),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// stderr holds all of these.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Ran {
        for part in parts {
            assert!(self.stderr.contains(part), "stderr lacks {part:?}\n{self}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn never_says(self, parts: &[&str]) -> Ran {
        for part in parts {
            assert!(!self.stderr.contains(part), "stderr has {part:?}\n{self}");
            assert!(!self.stdout.contains(part), "stdout has {part:?}\n{self}");
        }
        self
    }

    /// stdout as JSON: all of it, nothing else beside.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{self}"))
    }

    #[track_caller]
    pub(crate) fn compiler_runs(&self) -> u64 {
        self.json()["compiler_runs"].as_u64().unwrap()
    }

    /// The packages of a build's report: `alpha` or, for several targets, `alpha linux/amd64`, with their rows.
    #[track_caller]
    pub(crate) fn packages(&self) -> Vec<Value> {
        self.json()["packages"].as_array().unwrap().clone()
    }

    /// The plugins with that status, sorted, each once.
    #[track_caller]
    pub(crate) fn with_status(&self, status: &str) -> Vec<String> {
        let mut keys: Vec<String> = self
            .packages()
            .iter()
            .filter(|package| package["status"] == status)
            .map(|package| package["plugin"].as_str().unwrap().to_owned())
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// Why a plugin was built or not, as one text.
    #[track_caller]
    pub(crate) fn reasons(&self, key: &str) -> String {
        let packages = self.packages();
        let row = packages.iter().find(|package| package["plugin"] == key);
        let row = row.unwrap_or_else(|| panic!("no {key} in the report\n{self}"));
        let reasons: Vec<&str> =
            row["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap()).collect();
        reasons.join("; ")
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ran { what, code, stdout, stderr } = self;
        write!(f, "$ {what}\nexit code: {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// Where the user's programs keep their configuration.
fn user_config() -> Option<PathBuf> {
    let given = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    given.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")))
}
