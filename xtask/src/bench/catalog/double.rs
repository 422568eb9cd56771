//! The double of GitHub as a process: full of packages, and it counts.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::reference::Client;
use crate::Result;

/// A running double; it ends when dropped.
pub(super) struct Double {
    child: Child,
    answers: BufReader<ChildStdout>,
    pub(super) api: String,
}

/// What was asked and sent since the last [`Double::clear`].
#[derive(Clone, Copy)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) api_requests: u64,
    pub(super) asset_bytes: u64,
    pub(super) bytes: u64,
}

impl Double {
    pub(super) fn start(program: &std::path::Path, args: &[String]) -> Result<Double> {
        let failed = |error: std::io::Error| format!("start {}: {error}", program.display());
        let pipes = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = pipes.map_err(failed)?;
        let answers = BufReader::new(child.stdout.take().ok_or("the double has no stdout")?);
        let mut double = Double { child, answers, api: String::new() };
        double.api = double.line()?;
        Ok(double)
    }

    /// One more release.
    pub(super) fn release(&mut self, key: &str, version: &str) -> Result<()> {
        let stdin = self.child.stdin.as_mut().ok_or("the double has no stdin")?;
        writeln!(stdin, "{key} {version}").map_err(|error| format!("ask the double: {error}"))?;
        self.line().map(drop)
    }

    pub(super) fn clear(&self) -> Result<()> {
        Client::default().json(&format!("{}/_double/clear", self.api)).map(drop)
    }

    pub(super) fn counts(&self) -> Result<Counts> {
        let counters = Client::default().json(&format!("{}/_double/counters", self.api))?;
        let count = |name: &str| counters[name].as_u64().ok_or_else(|| format!("the double has no `{name}`"));
        Ok(Counts {
            requests: count("requests")?,
            api_requests: count("api_requests")?,
            asset_bytes: count("asset_bytes_out")?,
            bytes: count("bytes_out")?,
        })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(1..) => Ok(line.trim_end().to_owned()),
            _ => Err("the double ended".to_owned()),
        }
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
