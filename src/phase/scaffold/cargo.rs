//! The cargo workspace that a new Rust plugin joins: found as cargo finds it, extended without touching what else its
//! author wrote.

use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, Item, Value};

use super::{rust_sdk, table};
use crate::model::failure::{Failure, FailureKind};
use crate::sys::files;

/// A workspace's manifest.
#[derive(Clone, Debug)]
pub(super) struct Workspace {
    pub(super) path: PathBuf,
    pub(super) text: String,
    document: DocumentMut,
}

/// The workspace that governs packages below `root`: the nearest manifest with a `[workspace]` table.
///
/// # Errors
/// When a manifest on the way can't be read, or `root` itself has one that is no workspace.
pub(super) fn find(root: &Path) -> Result<Option<Workspace>, Failure> {
    for folder in root.ancestors() {
        let path = folder.join("Cargo.toml");
        if !files::is_file(&path) {
            continue;
        }
        let text = files::read_text(&path)?;
        let document: DocumentMut = text.parse().map_err(|error| {
            Failure::new(FailureKind::Project, format!("{} is no TOML: {error}", path.display()))
        })?;
        if document.get("workspace").is_some() {
            return Ok(Some(Workspace { path, text, document }));
        }
        if folder == root {
            let what = format!("{} is no workspace, so no plugin can join it", path.display());
            return Err(Failure::new(FailureKind::Project, what)
                .hint("add a table `[workspace]` with `members = []` to it"));
        }
    }
    Ok(None)
}

/// The text of a new workspace, around packages that stand alone.
pub(super) fn fresh(member: Option<&str>, alone: &[&str]) -> String {
    let list = |places: &[&str]| {
        let quoted: Vec<String> = places.iter().map(|place| format!("\"{place}\"")).collect();
        format!("[{}]", quoted.join(", "))
    };
    let out: Vec<&str> = [rust_sdk::FOLDER].iter().chain(alone).copied().collect();
    let members: Vec<&str> = member.into_iter().collect();
    let text = table::WORKSPACE.1.replace("members = []", &format!("members = {}", list(&members)));
    text.replace(&format!("exclude = {}", list(&out[..1])), &format!("exclude = {}", list(&out)))
}

impl Workspace {
    /// The manifest's text with the package in `dir` as a member, and the SDK in `sdk`, where it is new, as none; nothing
    /// when that is so already by some pattern.
    ///
    /// # Errors
    /// When the workspace excludes the package, or isn't written as cargo wants it.
    pub(super) fn join(&self, dir: &Path, sdk: Option<&Path>) -> Result<Option<String>, Failure> {
        let top = self.path.parent().unwrap_or(Path::new(""));
        let inner = |dir: &Path| dir.strip_prefix(top).unwrap_or(dir).to_string_lossy().replace('\\', "/");
        let member = inner(dir);
        let wrong =
            |what: &str| Failure::new(FailureKind::Project, format!("{}: {what}", self.path.display()));
        let mut document = self.document.clone();
        let Some(workspace) = document.get_mut("workspace").and_then(Item::as_table_like_mut) else {
            return Err(wrong("`workspace` is no table"));
        };
        let excluded = workspace.get("exclude").and_then(Item::as_array);
        if texts(excluded).any(|place| within(&member, place)) {
            return Err(wrong(&format!("the workspace excludes {member}"))
                .hint("take it out of `exclude`, or choose another name"));
        }
        let members = workspace.entry("members").or_insert_with(|| Item::Value(Value::Array(Array::new())));
        let Some(members) = members.as_array_mut() else {
            return Err(wrong("`workspace.members` is no list"));
        };
        let mut changed = false;
        if !texts(Some(members)).any(|pattern| fits(pattern, &member)) {
            push(members, &member);
            changed = true;
        }
        if let Some(sdk) = sdk.map(inner) {
            let out = workspace.entry("exclude").or_insert_with(|| Item::Value(Value::Array(Array::new())));
            let Some(out) = out.as_array_mut() else {
                return Err(wrong("`workspace.exclude` is no list"));
            };
            if !texts(Some(out)).any(|place| within(&sdk, place)) {
                push(out, &sdk);
                changed = true;
            }
        }
        Ok(changed.then(|| document.to_string()))
    }
}

fn texts(list: Option<&Array>) -> impl Iterator<Item = &str> {
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// Adds a line where each member has one, else an item.
fn push(members: &mut Array, member: &str) {
    let own_line = members
        .iter()
        .last()
        .and_then(|last| last.decor().prefix()?.as_str())
        .filter(|prefix| prefix.contains('\n'))
        // Comments stand before the member they speak of.
        .map(|prefix| prefix[prefix.rfind('\n').unwrap_or(0)..].to_owned());
    let Some(line) = own_line else { return members.push(member) };
    // What stands between the last member and the bracket: its comment stays with it, the bracket on its line.
    let mut tail = members.trailing().as_str().unwrap_or_default().to_owned();
    let at = members.len() - 1;
    if let Some(last) = members.get_mut(at) {
        tail = last.decor().suffix().and_then(|text| text.as_str()).unwrap_or_default().to_owned() + &tail;
        last.decor_mut().set_suffix("");
    }
    let (comment, rest) = tail.split_at(tail.rfind('\n').unwrap_or(0));
    let mut value = Value::from(member);
    value.decor_mut().set_prefix(format!("{comment}{line}"));
    members.push_formatted(value);
    members.set_trailing(rest);
    members.set_trailing_comma(true);
}

fn within(member: &str, place: &str) -> bool {
    let place = place.trim_start_matches("./").trim_end_matches('/');
    member == place || member.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether cargo's pattern names the member: `*` and `?` inside of a folder's name, `**` for any folders.
fn fits(pattern: &str, member: &str) -> bool {
    fn name(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some(b'*'), _) => name(&pattern[1..], text) || !text.is_empty() && name(pattern, &text[1..]),
            (Some(b'?'), Some(_)) => name(&pattern[1..], &text[1..]),
            (Some(a), Some(b)) if a == b => name(&pattern[1..], &text[1..]),
            _ => false,
        }
    }
    fn path(pattern: &[&str], parts: &[&str]) -> bool {
        match (pattern.first(), parts.first()) {
            (None, None) => true,
            (Some(&"**"), _) => path(&pattern[1..], parts) || !parts.is_empty() && path(pattern, &parts[1..]),
            (Some(first), Some(part)) => {
                name(first.as_bytes(), part.as_bytes()) && path(&pattern[1..], &parts[1..])
            }
            _ => false,
        }
    }
    fn parts(text: &str) -> Vec<&str> {
        text.split('/').filter(|part| !matches!(*part, "" | ".")).collect()
    }
    path(&parts(pattern), &parts(member))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str, dir: &str) -> Result<Option<String>, Failure> {
        let document = text.parse().unwrap();
        let workspace = Workspace { path: "/r/Cargo.toml".into(), text: text.to_owned(), document };
        workspace.join(Path::new(dir), None)
    }

    #[test]
    fn a_new_sdk_is_no_member() {
        for (before, after) in [
            (
                "[workspace]\nmembers = [\"connector/x\"]\n",
                "[workspace]\nmembers = [\"connector/x\"]\nexclude = [\"p/sdk-rust\"]\n",
            ),
            (
                "[workspace]\nmembers = [\"*\"]\nexclude = [\n    \"a\", # mine\n]\n\n[profile.dev]\n",
                "[workspace]\nmembers = [\"*\", \"p/connector/x\"]\nexclude = [\n    \"a\", # mine\n    \"p/sdk-rust\",\n]\n\n[profile.dev]\n",
            ),
        ] {
            let document = before.parse().unwrap();
            let workspace = Workspace { path: "/r/Cargo.toml".into(), text: before.to_owned(), document };
            let dir = if before.contains('*') { "/r/p/connector/x" } else { "/r/connector/x" };
            let joined = workspace.join(Path::new(dir), Some(Path::new("/r/p/sdk-rust"))).unwrap();
            assert_eq!(joined.as_deref(), Some(after));
        }
        for there in ["p", "p/sdk-rust", "./p/sdk-rust/"] {
            let text = format!("[workspace]\nmembers = [\"connector/x\"]\nexclude = [\"{there}\"]\n");
            let document = text.parse().unwrap();
            let workspace = Workspace { path: "/r/Cargo.toml".into(), text, document };
            let sdk = Some(Path::new("/r/p/sdk-rust"));
            assert_eq!(workspace.join(Path::new("/r/connector/x"), sdk).unwrap(), None, "{there}");
        }
    }

    #[test]
    fn a_new_workspace_leaves_alone_what_stood_alone() {
        let text = fresh(Some("tool/x"), &["connector/a", "job/b"]);
        let table: toml::Table = text.parse().unwrap();
        let of = |name: &str| -> Vec<&str> {
            table["workspace"][name].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect()
        };
        assert_eq!(of("members"), ["tool/x"]);
        assert_eq!(of("exclude"), ["sdk-rust", "connector/a", "job/b"]);
        assert_eq!(fresh(None, &[]), table::WORKSPACE.1);
    }

    #[test]
    fn a_member_is_added_and_nothing_else_changes() {
        for (before, after) in [
            ("[workspace]\nmembers = []\n", "[workspace]\nmembers = [\"connector/x\"]\n"),
            (
                "[workspace]\nmembers = [\"a\"] # mine\n",
                "[workspace]\nmembers = [\"a\", \"connector/x\"] # mine\n",
            ),
            (
                "[workspace] # c\nmembers = [\n    # the first\n    \"a\",\n    \"b\", # b\n]\n\n[profile.release]\nlto = true\n",
                "[workspace] # c\nmembers = [\n    # the first\n    \"a\",\n    \"b\", # b\n    \"connector/x\",\n]\n\n[profile.release]\nlto = true\n",
            ),
            ("[workspace]\n", "[workspace]\nmembers = [\"connector/x\"]\n"),
            (
                "[workspace]\nmembers = [\n  \"a\" # last\n]\n",
                "[workspace]\nmembers = [\n  \"a\", # last\n  \"connector/x\",\n]\n",
            ),
        ] {
            assert_eq!(joined(before, "/r/connector/x").unwrap().as_deref(), Some(after));
        }
    }

    #[test]
    fn what_a_pattern_names_is_a_member_already() {
        for pattern in
            ["connector/x", "./connector/x/", "connector/*", "*/x", "**", "conn?ctor/x", "connector/**"]
        {
            let text = format!("[workspace]\nmembers = [\"{pattern}\"]\n");
            assert_eq!(joined(&text, "/r/connector/x").unwrap(), None, "{pattern}");
        }
        for pattern in ["connector", "*", "connector/xx", "tool/*", "connector/*/x"] {
            let text = format!("[workspace]\nmembers = [\"{pattern}\"]\n");
            assert!(joined(&text, "/r/connector/x").unwrap().is_some(), "{pattern}");
        }
    }

    #[test]
    fn an_excluded_place_is_said() {
        for exclude in ["connector", "connector/x", "./connector/"] {
            let failure =
                joined(&format!("[workspace]\nexclude = [\"{exclude}\"]\n"), "/r/connector/x").unwrap_err();
            assert!(failure.message.contains("excludes connector/x"), "{failure}");
        }
        assert!(joined("[workspace]\nexclude = [\"conn\"]\n", "/r/connector/x").is_ok());
        assert!(joined("workspace = 1\n", "/r/x").is_err());
        assert!(joined("[workspace]\nmembers = 1\n", "/r/x").is_err());
    }
}
