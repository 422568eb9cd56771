//! A command as a value: built, printed and compared without running it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// What to run, with what, where. Never carries a secret: it is printed and kept in plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommandLine {
    /// The program: a name for PATH or a path.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables set on top of the environment it inherits.
    pub env: BTreeMap<String, String>,
    /// Variables of that environment that it doesn't get.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub without: BTreeSet<String>,
    /// The working directory.
    pub cwd: PathBuf,
}

impl CommandLine {
    /// A command without arguments.
    pub fn new(program: impl Into<String>, cwd: impl Into<PathBuf>) -> CommandLine {
        CommandLine {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            without: BTreeSet::new(),
            cwd: cwd.into(),
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> CommandLine {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<String>>(mut self, args: I) -> CommandLine {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> CommandLine {
        self.env.insert(name.into(), value.into());
        self
    }
}

impl CommandLine {
    /// With its folder, as one would type it into this system's shell: POSIX, or PowerShell on Windows.
    #[must_use]
    pub fn typed(&self) -> String {
        if cfg!(windows) { self.in_powershell() } else { format!("cd {} && {self}", quoted(&self.folder())) }
    }

    fn folder(&self) -> String {
        self.cwd.to_string_lossy().into_owned()
    }

    fn in_powershell(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let folder = if cfg!(windows) { self.folder().replace('/', "\\") } else { self.folder() };
        let mut line = format!("cd {}", quoted(&folder));
        for (name, value) in &self.env {
            let (name, value) = typeable(name, value);
            line += &format!("; $env:{name}={}", quoted(&value));
        }
        line += &format!("; & {}", quoted(&self.program));
        self.args.iter().fold(line, |line, arg| format!("{line} {}", quoted(arg)))
    }
}

/// A variable as it can be typed.
fn typeable<'a>(name: &'a str, value: &'a str) -> (&'a str, std::borrow::Cow<'a, str>) {
    match name {
        // Its separator can't be typed; RUSTFLAGS says the same.
        "CARGO_ENCODED_RUSTFLAGS" => ("RUSTFLAGS", value.replace('\u{1f}', " ").into()),
        _ => (name, value.into()),
    }
}

impl fmt::Display for CommandLine {
    /// As one would type it into a POSIX shell, without the working directory.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.without.is_empty() {
            f.write_str("env ")?;
        }
        for name in &self.without {
            write!(f, "-u {name} ")?;
        }
        for (name, value) in &self.env {
            let (name, value) = typeable(name, value);
            write!(f, "{name}={} ", quoted(&value))?;
        }
        f.write_str(&quoted(&self.program))?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

/// A word as one would type it into a POSIX shell.
#[must_use]
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_typed() {
        let command =
            CommandLine::new("go", "/").env("GOOS", "linux").args(["build", "-ldflags=-s -w", "./a's"]);
        assert_eq!(command.to_string(), "GOOS=linux go build '-ldflags=-s -w' './a'\\''s'");
        let expected = "cd '/'; $env:GOOS='linux'; & 'go' 'build' '-ldflags=-s -w' './a''s'";
        assert_eq!(command.in_powershell().replace('\\', "/"), expected);
        let mut command = CommandLine::new("cargo", "/").env("A", "1");
        command.without.insert("CC".to_owned());
        assert_eq!(command.to_string(), "env -u CC A=1 cargo");
    }
}
