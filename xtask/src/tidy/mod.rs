//! `cargo xtask tidy`: the rules of the house, each a function that returns all it finds. The repository's own test runs it.

mod code;
mod layers;
mod names;
mod repo;
mod text;
mod walls;

use std::fmt;

use crate::command::say;
use crate::{Result, flags, root};

/// The checks, in the order in which they report.
const CHECKS: &[Check] = &[
    layers::check,
    walls::check,
    text::first_lines,
    text::lengths,
    text::unfinished,
    repo::dependencies_have_reasons,
    repo::readme_names_every_verb,
    repo::sizes,
    repo::no_build_output,
    repo::pinned_actions,
    names::check,
];

type Check = fn(&[File]) -> Vec<Finding>;

/// A file of the repository.
struct File {
    /// Relative to the repository, with `/`.
    path: String,
    bytes: Vec<u8>,
}

impl File {
    /// Its text; empty for what is none.
    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// What a check has to say.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    warning: bool,
    path: String,
    /// 0 for the file as a whole.
    line: usize,
    sentence: String,
}

impl Finding {
    fn error(path: &str, line: usize, sentence: impl Into<String>) -> Finding {
        Finding { warning: false, path: path.to_owned(), line, sentence: sentence.into() }
    }

    fn warning(path: &str, line: usize, sentence: impl Into<String>) -> Finding {
        Finding { warning: true, ..Finding::error(path, line, sentence) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.warning { "warning" } else { "error" };
        match self.line {
            0 => write!(f, "{level}: {}: {}", self.path, self.sentence),
            line => write!(f, "{level}: {}:{line}: {}", self.path, self.sentence),
        }
    }
}

/// Prints all findings; fails when one is an error.
pub(crate) fn run(args: &[String]) -> Result<()> {
    flags(args, &[])?;
    let files = files()?;
    let findings = findings(&files);
    findings.iter().for_each(|finding| say(&finding.to_string()));
    let errors = findings.iter().filter(|finding| !finding.warning).count();
    if errors > 0 {
        return Err(format!("{errors} rules of the house are broken"));
    }
    say(&format!("tidy: {} files", files.len()));
    Ok(())
}

fn findings(files: &[File]) -> Vec<Finding> {
    CHECKS.iter().flat_map(|check| check(files)).collect()
}

/// What git tracks, and what it would track: a file should be tidy before it is added.
fn files() -> Result<Vec<File>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
    let names = crate::command::Cmd::new("git").args(list).output()?;
    let mut files = Vec::new();
    for path in names.split('\0').filter(|path| !path.is_empty()) {
        // A file that was removed but not yet from the index isn't there to be read.
        if let Ok(bytes) = std::fs::read(root().join(path)) {
            files.push(File { path: path.to_owned(), bytes });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let files = files().expect("git lists this repository's files");
        let errors: Vec<String> =
            findings(&files).iter().filter(|finding| !finding.warning).map(ToString::to_string).collect();
        assert!(errors.is_empty(), "`cargo xtask tidy` finds:\n{}", errors.join("\n"));
    }
}
