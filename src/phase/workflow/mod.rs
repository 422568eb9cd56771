//! The workflow of a plugin repository: the template filled in, and what stands in the repository compared with it. The
//! first line carries a digest of the rest, so that a file nobody has touched can be told from one that somebody has.

mod diff;
mod install;

use std::path::{Path, PathBuf};

use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use crate::model::project::Language;
use crate::project::Layout;
use crate::sys::files;
use crate::sys::git;

pub use install::{FORM, Install, InstallError, built_from};

/// Where GitHub looks for it, from the repository's top folder.
pub const PATH: &str = ".github/workflows/plugins.yml";

const TEMPLATE: &str = include_str!("../../../templates/workflows/plugins.yml");
const WRITTEN_BY: &str = "# Written by `wick plugin init";
/// The lines that say where wick is installed from. Another value in them is a setting, not a change by hand.
const URL_LINE: &str = "  WICK_GIT: ";
const COMMIT_LINE: &str = "  WICK_COMMIT: ";

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
    /// Where wick is installed from.
    pub wick: Install,
}

/// What somebody asked for; without it the file's own is kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// The branch whose pushes are released.
    pub branch: Option<&'a str>,
    /// Where wick is installed from; where the file says nothing, where this wick was built from.
    pub wick: Option<&'a Install>,
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
    /// What it should be; nothing when nobody says where it is to install wick from.
    pub text: Option<String>,
    /// Where it installs wick from, or is to.
    pub wick: Option<Install>,
    /// What stands there.
    pub standing: Standing,
    /// The difference, line by line; empty when there is none.
    pub diff: String,
}

/// Compares the workflow of a project with what this wick would write.
///
/// # Errors
/// When the branch has no plain name, or the file can't be read.
pub fn look(layout: &Layout, wish: Wish<'_>) -> Result<Workflow, Failure> {
    let top = git::top(&layout.root)?.unwrap_or_else(|| layout.root.clone());
    let path = top.join(PATH);
    // Line ends are git's business.
    // A link to nothing is a file that is still to be written; anything else that is there is read, or can't be.
    let is_there = files::kind(&path) != files::Kind::Missing && !files::is_dangling(&path);
    let there = if is_there { Some(files::read_text(&path)?.replace("\r\n", "\n")) } else { None };
    let kept = there.as_deref().and_then(branch_of);
    let branch = wish.branch.or(kept).unwrap_or("main").to_owned();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if branch.is_empty() || !branch.chars().all(plain) {
        return Err(Failure::new(
            FailureKind::Usage,
            format!("`{branch}` can't be the branch of a workflow"),
        )
        .hint("use letters, digits, `-`, `_`, `.` and `/`"));
    }
    let kept = || there.as_deref().and_then(install_of);
    let wick = wish.wick.cloned().or_else(kept).or_else(built_from);
    let text = wick.clone().map(|wick| render(&values(layout, &top, branch, wick)));
    let standing = match &there {
        None => Standing::Missing,
        Some(there) if Some(there) == text.as_ref() => Standing::Same,
        Some(there) if is_untouched(there) => Standing::Outdated,
        Some(_) => Standing::Edited,
    };
    let diff = text.as_deref().map(|text| diff::lines(there.as_deref().unwrap_or_default(), text));
    Ok(Workflow { path, text, wick, standing, diff: diff.unwrap_or_default() })
}

/// Why a workflow that is to be written can't be.
#[must_use]
pub fn no_source(what: &str) -> Failure {
    Failure::new(
        FailureKind::Missing,
        format!("{what}: nothing says where it is to install wick from, and no registry has this wick"),
    )
    .hint(format!("name a commit of its repository: `wick plugin init --wick {}`", FORM))
}

/// Writes the workflow.
///
/// # Errors
/// When nothing says where it is to install wick from, or it can't be written.
pub fn write(workflow: &Workflow) -> Result<(), Failure> {
    let Some(text) = &workflow.text else {
        return Err(no_source(&format!("write {}", workflow.path.display())));
    };
    if let Some(folder) = workflow.path.parent() {
        let top = workflow.path.ancestors().nth(Path::new(PATH).components().count());
        files::keep_to(top.unwrap_or(folder), &workflow.path)?;
        files::create_folder(folder)?;
    }
    Ok(files::write_users(&workflow.path, text.as_bytes())?)
}

fn values(layout: &Layout, top: &Path, branch: String, wick: Install) -> Values {
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
    Values { folder, branch, go, rust: has(Language::Rust), wick }
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
    let wick = env!("CARGO_PKG_VERSION");
    let head = format!("{WRITTEN_BY} --branch {}` of wick {wick}, {}.", values.branch, digest(&body));
    format!("{head}\n# Changes are kept: `--check` shows them, `--force` overwrites them.\n{body}")
}

fn filled(line: &str, values: &Values) -> String {
    let folder = values.folder.as_deref();
    line.replace("@WICK_GIT@", values.wick.url())
        .replace("@WICK_COMMIT@", values.wick.commit())
        .replace("@BRANCH@", &values.branch)
        .replace("@FOLDER@", folder.unwrap_or("."))
        .replace("@PREFIX@", &folder.map_or_else(String::new, |folder| format!("{folder}/")))
        .replace("@GO@", values.go.as_deref().unwrap_or_default())
}

/// Whether nobody has changed the file since a wick wrote it.
fn is_untouched(text: &str) -> bool {
    let mut lines = text.splitn(3, '\n');
    let (Some(head), Some(_), Some(body)) = (lines.next(), lines.next(), lines.next()) else { return false };
    head.starts_with(WRITTEN_BY) && head.trim_end_matches('.').ends_with(&digest(body))
}

/// Over all but the lines that say where wick is installed from.
fn digest(body: &str) -> String {
    let setting = |line: &&str| line.starts_with(URL_LINE) || line.starts_with(COMMIT_LINE);
    let rest: String = body.split_inclusive('\n').filter(|line| !setting(line)).collect();
    Sha256::of(rest.as_bytes()).to_string()[..16].to_owned()
}

/// Where the file says that wick is installed from, if that can be believed.
fn install_of(text: &str) -> Option<Install> {
    let value = |start: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(start))?;
        line.trim().strip_prefix('"')?.strip_suffix('"')
    };
    Install::new(value(URL_LINE)?, value(COMMIT_LINE)?).ok()
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
        let wick = Install::new("https://example.com/wick", &"ab".repeat(20)).unwrap();
        Values { folder: Some("plugins".to_owned()), branch: "main".to_owned(), go, rust: true, wick }
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
        assert!(!text.contains('@') || !["@WICK", "@GO@", "@PREFIX@"].iter().any(|left| text.contains(left)));
        assert!(text.contains("            !plugins/bin/.wick/build/**\n"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 130));
    }

    #[test]
    fn every_job_that_runs_wick_installs_that_commit_and_checks_out_the_commits_bytes() {
        let text = render(&values());
        let install = "cargo install --locked --git \"$WICK_GIT\" --rev \"$WICK_COMMIT\" wick";
        for job in text.split("\n    runs-on:").skip(1) {
            assert!(job.contains(install), "{job}");
            let (before, _) = job.split_once("actions/checkout@").unwrap();
            assert!(before.contains("run: git config --global core.autocrlf false"), "{job}");
        }
        assert_eq!(text.matches("cargo install").count(), text.matches(install).count());
        assert!(text.contains("  WICK_GIT: \"https://example.com/wick\"\n  WICK_COMMIT: \"abab"), "{text}");
    }

    #[test]
    fn another_commit_of_wick_is_a_setting() {
        let text = render(&values());
        let found = install_of(&text).unwrap();
        assert_eq!(found, values().wick);
        let bumped = text.replace(&"ab".repeat(20), &"cd".repeat(20));
        let wick = install_of(&bumped).unwrap();
        assert_eq!(wick.commit(), "cd".repeat(20));
        assert!(is_untouched(&bumped));
        assert_eq!(render(&Values { wick, ..values() }), bumped);
        // What can't be believed isn't read back.
        for bad in ["main", "$(id)", ""] {
            assert_eq!(install_of(&text.replace(&"ab".repeat(20), bad)), None, "{bad}");
        }
        assert_eq!(install_of("env:\n  WICK_VERSION: \"0.1.0\"\n"), None);
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

    #[test]
    #[cfg(unix)]
    fn nothing_is_written_outside_the_repository_through_a_link() {
        let dir = files::Scratch::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        for (n, (link, to)) in [
            (".github", "../../aside"),
            (".github/workflows", "../../../aside"),
            (PATH, "../../../../aside/new.yml"),
        ]
        .into_iter()
        .enumerate()
        {
            let top = at(&format!("{n}/repo"));
            let link = top.join(link);
            files::create_folder(&at("aside")).unwrap();
            files::create_folder(&at(&format!("{n}"))).unwrap();
            files::create_folder(link.parent().unwrap()).unwrap();
            files::make_link(Path::new(to), &link).unwrap();
            let workflow = Workflow {
                path: top.join(PATH),
                text: Some("name: x\n".to_owned()),
                wick: None,
                standing: Standing::Missing,
                diff: String::new(),
            };
            assert!(write(&workflow).is_err(), "{}", link.display());
            assert_eq!(files::list(&at("aside")).unwrap(), [""; 0], "{}", link.display());
            files::remove(&link).unwrap();
            write(&workflow).unwrap();
            assert_eq!(files::read_text(&workflow.path).unwrap(), "name: x\n");
        }
    }
}
