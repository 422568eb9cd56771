//! Running other programs: each is printed as one would type it, then run with the tools of `setup` on its PATH.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::Result;

/// A program, its arguments, where it runs and what it finds in its environment.
#[derive(Clone, Debug)]
pub(crate) struct Cmd {
    program: String,
    args: Vec<String>,
    dir: PathBuf,
    env: Vec<(String, String)>,
}

impl Cmd {
    /// Splits `line` at spaces: for commands without spaces in an argument.
    pub(crate) fn line(line: &str) -> Cmd {
        let mut words = line.split_whitespace().map(str::to_owned);
        Cmd::new(words.next().unwrap_or_default()).args(words)
    }

    pub(crate) fn new(program: impl Into<String>) -> Cmd {
        Cmd { program: program.into(), args: Vec::new(), dir: crate::root().to_owned(), env: Vec::new() }
    }

    pub(crate) fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Cmd {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn dir(mut self, dir: impl Into<PathBuf>) -> Cmd {
        self.dir = dir.into();
        self
    }

    pub(crate) fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Cmd {
        self.env.push((name.into(), value.into()));
        self
    }

    /// As one would type it, from the repository's folder.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::new();
        if let Ok(below) = self.dir.strip_prefix(crate::root())
            && below != Path::new("")
        {
            text = format!("cd {} && ", below.display());
        }
        for (name, value) in &self.env {
            text += &format!("{name}={} ", quoted(value));
        }
        text += &quoted(&self.program);
        for arg in &self.args {
            text = text + " " + &quoted(arg);
        }
        text
    }

    /// Prints it, runs it in the open.
    pub(crate) fn run(&self) -> Result<()> {
        say(&format!("$ {}", self.shown()));
        self.run_unshown().map_err(|status| format!("`{}` failed: {status}", self.shown()))
    }

    /// Runs it in the open; the caller has said what is run.
    pub(crate) fn run_unshown(&self) -> Result<()> {
        let status = self.prepared().status().map_err(|error| self.not_started(&error))?;
        if status.success() { Ok(()) } else { Err(status.to_string()) }
    }

    /// Runs it with all it prints in a file; whether it succeeded.
    pub(crate) fn logged(&self, log: &Path) -> Result<bool> {
        let failed = |error: std::io::Error| format!("write {}: {error}", log.display());
        let file = std::fs::File::create(log).map_err(failed)?;
        let mut command = self.prepared();
        command.stdout(file.try_clone().map_err(failed)?).stderr(file);
        Ok(command.status().map_err(|error| self.not_started(&error))?.success())
    }

    /// Runs it in silence; what it printed on stdout, or a failure with all it printed.
    pub(crate) fn output(&self) -> Result<String> {
        let output = self.prepared().output().map_err(|error| self.not_started(&error))?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(stdout);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(format!("`{}` failed: {}\n{stdout}{stderr}", self.shown(), output.status))
    }

    /// Prints it and runs it in the open while keeping every line; whether it succeeded, and the lines.
    pub(crate) fn stream(&self) -> Result<(bool, Vec<String>)> {
        say(&format!("$ {}", self.shown()));
        let mut command = self.prepared();
        if std::io::stderr().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| self.not_started(&error))?;
        let lines = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let (out, err) = (child.stdout.take(), child.stderr.take());
            let lines = &lines;
            scope.spawn(move || out.map(|pipe| pass_on(pipe, std::io::stdout(), lines)));
            scope.spawn(move || err.map(|pipe| pass_on(pipe, std::io::stderr(), lines)));
        });
        let status = child.wait().map_err(|error| format!("wait for `{}`: {error}", self.shown()))?;
        Ok((status.success(), lines.into_inner().unwrap_or_else(PoisonError::into_inner)))
    }

    fn prepared(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.dir).stdin(Stdio::null());
        // `cargo xtask` says which package it runs; a cargo started below has to find out for itself.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text == "CARGO" || text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command.env("PATH", search_path());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    fn not_started(&self, error: &std::io::Error) -> String {
        format!("start `{}` in {}: {error}", self.shown(), self.dir.display())
    }
}

/// PATH with the tools that `setup` installed in front.
pub(crate) fn search_path() -> OsString {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let own = crate::setup::tools_bin();
    let parts = std::iter::once(own.clone()).filter(|bin| bin.is_dir());
    let parts = parts.chain(std::env::split_paths(&inherited).filter(|part| *part != own));
    std::env::join_paths(parts).unwrap_or(inherited)
}

/// A line about what happens, in order with what children print.
pub(crate) fn say(line: &str) {
    // A closed pipe is no reason to stop working.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn pass_on(pipe: impl Read, mut to: impl Write, lines: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
        let _ = to.write_all(&line).and_then(|()| to.flush());
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        line.clear();
    }
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+*".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
