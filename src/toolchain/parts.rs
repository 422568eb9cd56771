//! What a build can draw on, told by its tool before the build, and what of it really was compiled in.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::receipt::{Composition, Dependency};

/// A package or module that a build can draw on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The tool's own name for it: cargo's package id, Go's module path.
    pub id: String,
    /// Whether it is the plugin's own.
    pub own: bool,
    /// What is known of it; without needs.
    pub dependency: Dependency,
    /// What it needs, by the tool's own names.
    pub needs: BTreeSet<String>,
}

/// The composition of a binary in which exactly these parts were compiled.
pub(super) fn composition<'a>(present: impl IntoIterator<Item = &'a Part>) -> Composition {
    let present: Vec<&Part> = present.into_iter().collect();
    let own: BTreeSet<&str> = present.iter().filter(|part| part.own).map(|part| part.id.as_str()).collect();
    let names: BTreeMap<&str, &str> = present
        .iter()
        .filter(|part| !part.own)
        .map(|part| (part.id.as_str(), part.dependency.id.as_str()))
        .collect();
    let needs = |part: &Part| -> BTreeSet<String> {
        part.needs
            .iter()
            .filter_map(|id| names.get(id.as_str()))
            .filter(|id| **id != part.dependency.id)
            .map(ToString::to_string)
            .collect()
    };
    let direct: BTreeSet<String> =
        present.iter().filter(|part| own.contains(part.id.as_str())).flat_map(|part| needs(part)).collect();
    let mut dependencies: Vec<Dependency> = present
        .iter()
        .filter(|part| !part.own)
        .map(|part| Dependency { needs: needs(part).into_iter().collect(), ..part.dependency.clone() })
        .collect();
    dependencies.sort();
    dependencies.dedup_by(|a, b| a.id == b.id);
    Composition { direct: direct.into_iter().collect(), dependencies }
}

/// The tools that made a binary, as name and version, by its receipt's conditions.
#[must_use]
pub fn tools(conditions: &BTreeMap<String, String>) -> Vec<(&'static str, String)> {
    let known = [
        ("go version", "go"),
        ("rustc", "rustc"),
        ("cargo", "cargo"),
        ("cargo-zigbuild", "cargo-zigbuild"),
        ("zig", "zig"),
    ];
    known
        .into_iter()
        .filter_map(|(condition, name)| Some((name, version(conditions.get(condition)?)?)))
        .collect()
}

/// The first word of a tool's line that begins with a digit; Go writes `go1.26.8`.
pub(super) fn version(line: &str) -> Option<String> {
    let words = line.split_whitespace().map(|word| word.strip_prefix("go").unwrap_or(word));
    words
        .map(|word| word.trim_end_matches(';'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: &str, own: bool, needs: &[&str]) -> Part {
        Part {
            id: id.to_owned(),
            own,
            dependency: Dependency {
                id: format!("pkg:x/{id}"),
                name: id.to_owned(),
                version: String::new(),
                licence: None,
                sha256: None,
                h1: None,
                needs: Vec::new(),
            },
            needs: needs.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn needs_lead_only_to_what_is_present() {
        let all =
            [part("me", true, &["a", "b", "gone"]), part("b", false, &["a", "b"]), part("a", false, &[])];
        let composition = composition(&all);
        assert_eq!(composition.direct, ["pkg:x/a", "pkg:x/b"]);
        let shape: Vec<(&str, usize)> =
            composition.dependencies.iter().map(|one| (one.name.as_str(), one.needs.len())).collect();
        assert_eq!(shape, [("a", 0), ("b", 1)]);
    }

    #[test]
    fn tools_are_named_with_their_versions() {
        let conditions = [
            ("go version", "go1.26.8"),
            ("cargo", "cargo 1.95.0 (abc 2026-01-01)"),
            ("rustc", "rustc 1.95.0 (abc 2026-01-01); binary: rustc; host: x"),
            ("zig", "0.17.1"),
            ("cargo-zigbuild", "cargo-zigbuild 0.24.1"),
            ("flags", "-trimpath"),
        ];
        let conditions = conditions.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let found = tools(&conditions);
        let found: Vec<(&str, &str)> =
            found.iter().map(|(name, version)| (*name, version.as_str())).collect();
        let rust = ("rustc", "1.95.0");
        assert_eq!(
            found,
            [("go", "1.26.8"), rust, ("cargo", "1.95.0"), ("cargo-zigbuild", "0.24.1"), ("zig", "0.17.1")]
        );
        assert_eq!(version("devel go1.27-abc"), Some("1.27-abc".to_owned()));
        assert_eq!(version(""), None);
    }
}
