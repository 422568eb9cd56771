//! The Go module that a new Go plugin joins: found as the go command finds it, extended by what the SDK needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::table::{GO_MOD, GO_SUM};
use crate::model::failure::{Failure, FailureKind};
use crate::sys::files;

/// A go.mod.
#[derive(Clone, Debug)]
pub(super) struct GoMod {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Its module path.
    pub(super) module: String,
}

/// The nearest go.mod at or above `root`.
///
/// # Errors
/// When it can't be read or names no module.
pub(super) fn find(root: &Path) -> Result<Option<GoMod>, Failure> {
    let Some(path) = root.ancestors().map(|dir| dir.join("go.mod")).find(|path| files::is_file(path)) else {
        return Ok(None);
    };
    let text = files::read_text(&path)?;
    let Some(module) = words(&text).find_map(|line| line.strip_prefix("module ").map(unquoted)) else {
        let what = format!("{} names no module", path.display());
        return Err(
            Failure::new(FailureKind::Project, what).hint("begin it with `module example.com/plugins`")
        );
    };
    Ok(Some(GoMod { module: module.to_owned(), path, text }))
}

impl GoMod {
    /// By what the packages of the folder `root` are imported.
    pub(super) fn import_root(&self, root: &Path) -> String {
        let inner = self.path.parent().and_then(|top| root.strip_prefix(top).ok()).unwrap_or(Path::new(""));
        let inner = inner.to_string_lossy().replace('\\', "/");
        if inner.is_empty() { self.module.clone() } else { format!("{}/{inner}", self.module) }
    }

    /// The text with what the SDK requires; nothing when all of it is required already, in whatever version.
    pub(super) fn join(&self) -> Option<String> {
        let has: BTreeSet<&str> = requirements(&self.text).map(|(module, _)| module).collect();
        let lines: Vec<String> = requirements(GO_MOD.1)
            .filter(|(module, _)| !has.contains(module) && *module != self.module)
            .map(|(_, line)| format!("\t{line}\n"))
            .collect();
        let end = if self.text.ends_with('\n') { "" } else { "\n" };
        (!lines.is_empty()).then(|| format!("{}{end}\nrequire (\n{})\n", self.text, lines.concat()))
    }
}

/// go.sum with the digests of what the SDK requires; nothing when they are there.
pub(super) fn join_sums(text: &str) -> Option<String> {
    let has: BTreeSet<&str> = text.lines().collect();
    let mut all: Vec<&str> =
        text.lines().chain(GO_SUM.1.lines().filter(|line| !has.contains(line))).collect();
    if all.len() == text.lines().count() {
        return None;
    }
    all.sort_unstable();
    Some(all.join("\n") + "\n")
}

/// The lines of a go.mod without comments at their ends and blanks around them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split("//").next().unwrap_or_default().trim())
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '`'])
}

/// Each required module, with its line: `github.com/x/y v1.2.3 // indirect`.
fn requirements(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut inside = false;
    text.lines().filter_map(move |line| {
        let line = line.trim();
        let block = line.strip_prefix("require").map(str::trim_start);
        if line == ")" {
            inside = false;
        }
        let required = match block {
            Some(rest) if rest.starts_with('(') => {
                inside = true;
                None
            }
            Some(rest) if line.starts_with("require ") || line.starts_with("require\t") => Some(rest),
            _ if inside => Some(line),
            _ => None,
        }?;
        let module = required.split_whitespace().next().filter(|word| !word.starts_with("//"))?;
        Some((unquoted(module), required))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(text: &str) -> GoMod {
        GoMod { path: "/r/go.mod".into(), text: text.to_owned(), module: "example.com/x".to_owned() }
    }

    #[test]
    fn what_is_missing_is_required_in_a_block_of_its_own() {
        let text = "module example.com/x\n\ngo 1.25.0\n\nrequire google.golang.org/grpc v1.79.0 // mine\n";
        let joined = module(text).join().unwrap();
        assert!(
            joined.starts_with(&format!("{text}\nrequire (\n\tgithub.com/hashicorp/go-plugin v1.8.0\n")),
            "{joined}"
        );
        assert_eq!(joined.matches("google.golang.org/grpc ").count(), 1, "{joined}");
        assert!(joined.contains("\tgithub.com/fatih/color v1.13.0 // indirect\n"), "{joined}");
        assert_eq!(module(&joined).join(), None, "{joined}");
        assert_eq!(module(GO_MOD.1).join(), None);
    }

    #[test]
    fn packages_below_the_module_know_their_path() {
        let found = module("");
        assert_eq!(found.import_root(Path::new("/r")), "example.com/x");
        assert_eq!(found.import_root(Path::new("/r/a/plugins")), "example.com/x/a/plugins");
    }

    #[test]
    fn sums_are_joined_once() {
        let joined = join_sums("zz.example/x v1.0.0 h1:abc=\n").unwrap();
        assert!(joined.ends_with("zz.example/x v1.0.0 h1:abc=\n"), "sorted");
        assert_eq!(joined.lines().count(), GO_SUM.1.lines().count() + 1);
        assert_eq!(join_sums(&joined), None);
    }
}
