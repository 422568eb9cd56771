//! The modules in a Go binary: what the linker wrote down is what is in it; `go list` adds who needs whom.

use std::collections::{BTreeMap, BTreeSet};

use super::super::parts::{self, Part};
use super::Package;
use crate::model::artifact::{GoBuildInfo, GoModule};
use crate::model::purl::purl;
use crate::model::receipt::{Composition, Dependency};

/// The standard library's name among modules.
const STD: &str = "std";

/// The modules of a plugin's packages and what they need, by their imports. `own` is the plugin's main package.
pub(super) fn parts<'a>(
    own: &Package,
    packages: impl Iterator<Item = &'a Package>,
    by_path: &BTreeMap<&str, &Package>,
) -> Vec<Part> {
    let main = place(own);
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::from([(main.clone(), BTreeSet::new())]);
    for package in packages {
        let needs =
            package.imports.iter().filter_map(|path| by_path.get(path.as_str())).map(|needed| place(needed));
        let from = place(package);
        all.entry(from.clone()).or_default().extend(needs.filter(|to| *to != from));
    }
    all.into_iter()
        .map(|(id, needs)| Part { own: id == main, dependency: dependency(&id, "", ""), id, needs })
        .collect()
}

/// The module that a package belongs to, as build info names it: by what replaces it, where something does.
fn place(package: &Package) -> String {
    match &package.module {
        _ if package.standard => STD.to_owned(),
        Some(module) => module.replace.as_ref().map_or(&module.path, |replace| &replace.path).clone(),
        None => String::new(),
    }
}

/// What is in a binary, with the edges that were told before it was built.
#[must_use]
pub fn composition(info: &GoBuildInfo, told: &[Part]) -> Composition {
    let needs: BTreeMap<&str, &Part> = told.iter().map(|part| (part.id.as_str(), part)).collect();
    let version = parts::version(&info.go_version).unwrap_or_else(|| info.go_version.clone());
    let std = Part {
        dependency: dependency(STD, &version, ""),
        id: STD.to_owned(),
        own: false,
        needs: BTreeSet::new(),
    };
    let with = |module: &GoModule| Part {
        id: module.path.clone(),
        own: false,
        dependency: dependency(&module.path, &module.version, &module.sum),
        needs: needs.get(module.path.as_str()).map(|part| part.needs.clone()).unwrap_or_default(),
    };
    let mut all: Vec<Part> = info.modules.iter().map(with).collect();
    all.push(std);
    let own = told.iter().find(|part| part.own).cloned().unwrap_or_else(|| Part {
        id: String::new(),
        own: true,
        dependency: dependency("", "", ""),
        // Nobody said who needs whom: the plugin needs all of it.
        needs: all.iter().map(|part| part.id.clone()).collect(),
    });
    all.push(own);
    parts::composition(&all)
}

/// A module. Without a version it is of the same repository, or replaced by a folder.
fn dependency(path: &str, version: &str, sum: &str) -> Dependency {
    let is_local = matches!(version, "" | "(devel)");
    let version = if is_local { "" } else { version };
    Dependency {
        // The specification wants the lower case; the name keeps the module's own.
        id: if is_local { format!("local:{path}@") } else { purl("golang", &path.to_lowercase(), version) },
        name: path.to_owned(),
        version: version.to_owned(),
        licence: None,
        sha256: None,
        h1: (!sum.is_empty()).then(|| sum.to_owned()),
        needs: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(modules: &[(&str, &str, &str)]) -> GoBuildInfo {
        let module = |(path, version, sum): &(&str, &str, &str)| GoModule {
            path: path.to_string(),
            version: version.to_string(),
            sum: sum.to_string(),
        };
        GoBuildInfo {
            go_version: "go1.26.8 X:jsonv2".to_owned(),
            main_package: "example.com/me/connector/x".to_owned(),
            main_module: Some(module(&("example.com/me", "(devel)", ""))),
            modules: modules.iter().map(module).collect(),
            settings: BTreeMap::new(),
        }
    }

    fn package(text: &str) -> Package {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn edges_come_from_imports_and_facts_from_the_binary() {
        let packages = [
            r#"{"Dir":"/r/x","ImportPath":"example.com/me/x","Imports":["fmt","github.com/A/b/sub","example.com/me/y"],"Module":{"Path":"example.com/me"}}"#,
            r#"{"ImportPath":"example.com/me/y","Imports":["old.org/fork"],"Module":{"Path":"example.com/me"}}"#,
            r#"{"ImportPath":"fmt","Standard":true}"#,
            r#"{"ImportPath":"github.com/A/b/sub","Imports":["fmt"],"Module":{"Path":"github.com/A/b"}}"#,
            r#"{"ImportPath":"old.org/fork","Imports":["unknown"],"Module":{"Path":"old.org/fork","Replace":{"Path":"../fork"}}}"#,
        ]
        .map(package);
        let by_path = packages.iter().map(|p| (p.import_path.as_str(), p)).collect();
        let told = parts(&packages[0], packages.iter(), &by_path);
        let sums = info(&[("github.com/A/b", "v1.2.0+incompatible", "h1:x="), ("../fork", "(devel)", "")]);
        let found = composition(&sums, &told);
        let (b, std) = ("pkg:golang/github.com/a/b@v1.2.0%2Bincompatible", "pkg:golang/std@1.26.8");
        assert_eq!(found.direct, ["local:../fork@", b, std]);
        let shape: Vec<(&str, &str, Option<&str>, &[String])> = found
            .dependencies
            .iter()
            .map(|one| (one.id.as_str(), one.name.as_str(), one.h1.as_deref(), one.needs.as_slice()))
            .collect();
        assert_eq!(
            shape,
            [
                ("local:../fork@", "../fork", None, &[][..]),
                (b, "github.com/A/b", Some("h1:x="), &[std.to_owned()][..]),
                (std, "std", None, &[][..]),
            ]
        );
    }

    #[test]
    fn without_edges_the_plugin_needs_everything() {
        let found = composition(&info(&[("a.org/b", "v1.0.0", "")]), &[]);
        assert_eq!(found.direct, ["pkg:golang/a.org/b@v1.0.0", "pkg:golang/std@1.26.8"]);
    }
}
