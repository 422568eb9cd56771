//! The workflow of a plugin repository: the template filled in, and what stands in the repository compared with it. The
//! first line carries a digest of the rest, so that a file nobody has touched can be told from one that somebody has.

mod diff;

use std::path::{Path, PathBuf};

use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use crate::model::project::Language;
use crate::project::Layout;
use crate::sys::files;
use crate::sys::git;

/// Where GitHub looks for it, from the repository's top folder.
pub const PATH: &str = ".github/workflows/plugins.yml";

const TEMPLATE: &str = include_str!("../../../templates/workflows/plugins.yml");
const WRITTEN_BY: &str = "# Written by `wick plugin init";

/// What the template is filled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The project's folder from the top, with `/`; nothing when it is the top.
    pub folder: Option<String>,
    /// The branch whose pushes are released.
    pub branch: String,
    /// The input of `actions/setup-go`; nothing without Go plugins.
    pub go: Option<String>,
    /// Whether there are Rust plugins.
    pub rust: bool,
}

/// What stands there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Missing,
    /// What would be written.
    Same,
    /// What another wick wrote, or this one with other values; nobody has changed it.
    Outdated,
    /// It was changed by hand.
    Edited,
}

/// The workflow's file, what it should be, and what it is.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// Where.
    pub path: PathBuf,
    /// What it should be.
    pub text: String,
    /// What stands there.
    pub standing: Standing,
    /// The difference, line by line; empty when there is none.
    pub diff: String,
}

/// Compares the workflow of a project with what this wick would write. Without a branch the file's own is kept.
///
/// # Errors
/// When the branch has no plain name, or the file can't be read.
pub fn look(layout: &Layout, branch: Option<&str>) -> Result<Workflow, Failure> {
    let top = git::top(&layout.root)?.unwrap_or_else(|| layout.root.clone());
    let path = top.join(PATH);
    let there = if files::is_file(&path) { Some(files::read_text(&path)?) } else { None };
    let kept = there.as_deref().and_then(branch_of);
    let branch = branch.or(kept).unwrap_or("main").to_owned();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if branch.is_empty() || !branch.chars().all(plain) {
        return Err(Failure::new(
            FailureKind::Usage,
            format!("`{branch}` can't be the branch of a workflow"),
        )
        .hint("use letters, digits, `-`, `_`, `.` and `/`"));
    }
    let text = render(&values(layout, &top, branch));
    let standing = match &there {
        None => Standing::Missing,
        Some(there) if *there == text => Standing::Same,
        Some(there) if is_untouched(there) => Standing::Outdated,
        Some(_) => Standing::Edited,
    };
    let diff = diff::lines(there.as_deref().unwrap_or_default(), &text);
    Ok(Workflow { path, text, standing, diff })
}

/// Writes the workflow.
///
/// # Errors
/// When it can't be written.
pub fn write(workflow: &Workflow) -> Result<(), Failure> {
    if let Some(folder) = workflow.path.parent() {
        files::create_folder(folder)?;
    }
    Ok(files::write_users(&workflow.path, workflow.text.as_bytes())?)
}

fn values(layout: &Layout, top: &Path, branch: String) -> Values {
    let inner = layout.root.strip_prefix(top).unwrap_or(Path::new(""));
    let folder = inner.to_string_lossy().replace('\\', "/");
    let folder = Some(folder).filter(|folder| !folder.is_empty());
    // A repository that is set up for a language gets the steps of that language before its first plugin.
    let has = |language: Language| {
        let set_up = match language {
            Language::Go => "go.mod",
            Language::Rust => "Cargo.toml",
        };
        layout.candidates.iter().any(|one| one.language == Some(language))
            || files::is_file(&layout.root.join(set_up))
    };
    let go = has(Language::Go).then(|| {
        let prefix = folder.as_ref().map_or_else(String::new, |folder| format!("{folder}/"));
        if files::is_file(&layout.root.join("go.mod")) {
            format!("go-version-file: \"{prefix}go.mod\"")
        } else if files::is_file(&top.join("go.mod")) {
            "go-version-file: go.mod".to_owned()
        } else {
            "go-version: stable".to_owned()
        }
    });
    Values { folder, branch, go, rust: has(Language::Rust) }
}

/// The workflow for these values, with its first line.
#[must_use]
pub fn render(values: &Values) -> String {
    let mut body = String::new();
    let mut wanted = true;
    for line in TEMPLATE.lines() {
        match line {
            "#if go" => wanted = values.go.is_some(),
            "#if rust" => wanted = values.rust,
            "#end" => wanted = true,
            line if wanted => {
                body.push_str(&filled(line, values));
                body.push('\n');
            }
            _ => {}
        }
    }
    let digest = Sha256::of(body.as_bytes()).to_string();
    let wick = env!("CARGO_PKG_VERSION");
    let head = format!("{WRITTEN_BY} --branch {}` of wick {wick}, {}.", values.branch, &digest[..16]);
    format!("{head}\n# Changes are kept: `--check` shows them, `--force` overwrites them.\n{body}")
}

fn filled(line: &str, values: &Values) -> String {
    let folder = values.folder.as_deref();
    line.replace("@WICK@", env!("CARGO_PKG_VERSION"))
        .replace("@BRANCH@", &values.branch)
        .replace("@FOLDER@", folder.unwrap_or("."))
        .replace("@PREFIX@", &folder.map_or_else(String::new, |folder| format!("{folder}/")))
        .replace("@GO@", values.go.as_deref().unwrap_or_default())
}

/// Whether nobody has changed the file since a wick wrote it.
fn is_untouched(text: &str) -> bool {
    let mut lines = text.splitn(3, '\n');
    let (Some(head), Some(_), Some(body)) = (lines.next(), lines.next(), lines.next()) else { return false };
    let digest = Sha256::of(body.as_bytes()).to_string();
    head.starts_with(WRITTEN_BY) && head.trim_end_matches('.').ends_with(&digest[..16])
}

fn branch_of(text: &str) -> Option<&str> {
    let head = text.lines().next()?.strip_prefix(WRITTEN_BY)?;
    head.strip_prefix(" --branch ")?.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let go = Some("go-version-file: \"plugins/go.mod\"".to_owned());
        Values { folder: Some("plugins".to_owned()), branch: "main".to_owned(), go, rust: true }
    }

    #[test]
    fn every_action_is_pinned_and_every_job_names_its_permissions() {
        let text = render(&values());
        for line in text.lines().filter(|line| line.contains("uses:")) {
            let (action, version) = line.split_once(" # v").unwrap();
            let (_, sha) = action.split_once('@').unwrap();
            assert!(sha.len() == 40 && sha.chars().all(|c| c.is_ascii_hexdigit()), "{line}");
            assert!(version.split('.').count() == 3, "{line}");
        }
        assert_eq!(text.matches("\n    permissions:\n").count(), 4);
        assert_eq!(text.matches("\n    runs-on:").count(), 4);
        assert!(text.contains("\npermissions: {}\n"));
        assert!(
            !text.contains('@') || !["@WICK@", "@GO@", "@PREFIX@"].iter().any(|left| text.contains(left))
        );
        assert!(text.contains("            !plugins/bin/.wick/build/**\n"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 130));
    }

    #[test]
    fn languages_that_are_not_there_are_left_out() {
        let text = render(&Values { folder: None, go: None, rust: false, ..values() });
        assert!(!text.contains("setup-go") && !text.contains("rustup") && !text.contains("#if"), "{text}");
        assert!(text.contains("working-directory: \".\"") && text.contains("            bin\n"));
    }

    #[test]
    fn a_change_by_hand_is_seen() {
        let text = render(&Values { branch: "release/1".to_owned(), ..values() });
        assert!(is_untouched(&text));
        assert_eq!(branch_of(&text), Some("release/1"));
        assert!(!is_untouched(&text.replace("timeout-minutes: 60", "timeout-minutes: 90")));
        assert!(!is_untouched("name: my own\n") && !is_untouched(""));
        assert_eq!(branch_of("name: my own\n"), None);
    }
}
