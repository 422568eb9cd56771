//! What a Cargo.toml and a Cargo.lock say of the crates that a plugin is made from. Nothing is asked of cargo: the rules on
//! folders hold where it isn't installed, too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use crate::sys::files;

/// The packages that `name` is made from, by a Cargo.lock.
pub(super) fn closure(lock: &str, name: &str) -> BTreeSet<String> {
    let Ok(lock) = lock.parse::<Table>() else { return BTreeSet::new() };
    let packages = lock.get("package").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in &packages {
        let Some(own) = package.get("name").and_then(Value::as_str) else { continue };
        let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        // `name`, or `name version` where there are several.
        let names = dependencies.filter_map(|one| one.as_str()?.split(' ').next());
        needs.entry(own.to_owned()).or_default().extend(names.map(ToOwned::to_owned));
    }
    let (mut found, mut open) = (BTreeSet::new(), vec![name.to_owned()]);
    while let Some(next) = open.pop() {
        open.extend(needs.get(&next).into_iter().flatten().filter(|name| !found.contains(*name)).cloned());
        found.insert(next);
    }
    found
}

/// The dependencies of the package in `dir` that lie outside the workspace's folder, as `name at path`. `root` is the
/// Cargo.toml of the workspace, or of the package itself.
pub(super) fn outside(dir: &Path, package: &Table, workspace: &Path, root: &Table) -> Vec<String> {
    let shared = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let all = dependencies(package, &["dependencies", "build-dependencies"]);
    let mut found = BTreeSet::new();
    for (name, spec) in all {
        let is_shared = spec.get("workspace").and_then(Value::as_bool) == Some(true);
        let (spec, from) =
            if is_shared { (shared.and_then(|all| all.get(name)), workspace) } else { (Some(spec), dir) };
        let Some(path) = spec.and_then(|spec| spec.get("path")?.as_str()) else { continue };
        if !files::without_dots(&from.join(path)).starts_with(files::without_dots(workspace)) {
            found.insert(format!("{name} at {path}"));
        }
    }
    found.into_iter().collect()
}

/// The dependencies on a crate of this name, or of one that begins with it, that cargo asks a registry for.
pub(super) fn by_name(manifest: &str, crate_name: &str) -> BTreeSet<String> {
    let Ok(package) = manifest.parse::<Table>() else { return BTreeSet::new() };
    let all = dependencies(&package, &["dependencies", "build-dependencies", "dev-dependencies"]);
    let named = all.filter_map(|(name, spec)| {
        let real = spec.get("package").and_then(Value::as_str).unwrap_or(name);
        let elsewhere = ["path", "git", "workspace"].iter().any(|key| spec.get(key).is_some());
        (real.starts_with(crate_name) && !elsewhere).then(|| real.to_owned())
    });
    named.collect()
}

/// What a manifest's tables of these kinds hold, also those for some targets only.
fn dependencies<'a>(
    package: &'a Table,
    kinds: &'a [&'a str],
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let targets = package.get("target").and_then(Value::as_table).into_iter().flatten();
    let places = targets.filter_map(|(_, target)| target.as_table()).chain([package]);
    places
        .flat_map(move |one| kinds.iter().map(|kind| one.get(*kind)))
        .flatten()
        .filter_map(Value::as_table)
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_plugin_is_made_from_counts() {
        let lock = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b 1.0.0\"]\n\
                    [[package]]\nname = \"b\"\nversion = \"1.0.0\"\ndependencies = [\"a\"]\n\
                    [[package]]\nname = \"c\"\nversion = \"1.0.0\"\n";
        assert_eq!(closure(lock, "a").into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert!(closure("no toml", "a").is_empty());
    }

    #[test]
    fn a_crate_without_a_path_is_asked_of_a_registry() {
        for (line, found) in [
            ("SDK = \"0.1\"", true),
            ("SDK = { version = \"0.1\" }", true),
            ("x = { package = \"SDK\", version = \"0.1\" }", true),
            ("SDK-derive = \"*\"", true),
            ("wick-plugin = { path = \"../../sdk-rust\" }", false),
            ("wick-plugin.workspace = true", false),
            ("SDK = { git = \"https://example.com/wick\" }", false),
            ("serde = \"1\"", false),
        ] {
            for table in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
                // As an author has it, which no text of this repository may.
                let line = line.replace("SDK", "wick-plugin");
                let text = format!("[package]\nname = \"x\"\n\n[{table}]\n{line}\n");
                assert_eq!(!by_name(&text, "wick-plugin").is_empty(), found, "{text}");
            }
        }
    }

    #[test]
    fn what_lies_outside_the_workspace_is_found_however_it_is_written() {
        let root =
            "[workspace.dependencies]\nsdk = { path = \"../../sdk\" }\nnear = { path = \"lib/near\" }\n";
        let package = "[dependencies]\nsdk = { workspace = true }\nnear.workspace = true\nserde = \"1\"\n\
                       inside = { path = \"../other\" }\n[target.'cfg(unix)'.build-dependencies]\n\
                       gen = { path = \"../../../gen\" }\n[dev-dependencies]\ntest = { path = \"/elsewhere\" }\n";
        let (root, package) = (root.parse().unwrap(), package.parse().unwrap());
        let found = outside(Path::new("/r/w/connector/x"), &package, Path::new("/r/w"), &root);
        assert_eq!(found, ["gen at ../../../gen", "sdk at ../../sdk"]);
    }
}
