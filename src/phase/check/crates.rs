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

/// The dependencies of the package in `dir` that lie outside the repository's folder, as `name at path`. `root` is the
/// Cargo.toml of the workspace, or of the package itself.
pub(super) fn outside(
    dir: &Path,
    package: &Table,
    (workspace, repository): (&Path, &Path),
    root: &Table,
) -> Vec<String> {
    let shared = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let targets = package.get("target").and_then(Value::as_table).into_iter().flatten();
    let all = targets
        .filter_map(|(_, target)| target.as_table())
        .chain([package])
        .flat_map(|one| ["dependencies", "build-dependencies"].map(|kind| one.get(kind)))
        .flatten()
        .filter_map(Value::as_table)
        .flatten();
    let mut found = BTreeSet::new();
    for (name, spec) in all {
        let is_shared = spec.get("workspace").and_then(Value::as_bool) == Some(true);
        let (spec, from) =
            if is_shared { (shared.and_then(|all| all.get(name)), workspace) } else { (Some(spec), dir) };
        let Some(path) = spec.and_then(|spec| spec.get("path")?.as_str()) else { continue };
        if !files::without_dots(&from.join(path)).starts_with(files::without_dots(repository)) {
            found.insert(format!("{name} at {path}"));
        }
    }
    found.into_iter().collect()
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
    fn what_lies_outside_the_repository_is_found_however_it_is_written() {
        let root =
            "[workspace.dependencies]\nsdk = { path = \"../../sdk\" }\nnear = { path = \"lib/near\" }\n";
        let package = "[dependencies]\nsdk = { workspace = true }\nnear.workspace = true\nserde = \"1\"\n\
                       inside = { path = \"../other\" }\n[target.'cfg(unix)'.build-dependencies]\n\
                       gen = { path = \"../../../gen\" }\n[dev-dependencies]\ntest = { path = \"/elsewhere\" }\n";
        let (root, package) = (root.parse().unwrap(), package.parse().unwrap());
        let (dir, workspace) = (Path::new("/r/w/connector/x"), Path::new("/r/w"));
        let found = outside(dir, &package, (workspace, workspace), &root);
        assert_eq!(found, ["gen at ../../../gen", "sdk at ../../sdk"]);
        let found = outside(dir, &package, (workspace, Path::new("/r")), &root);
        assert_eq!(found, ["sdk at ../../sdk"], "/r/gen is of the repository");
    }
}
