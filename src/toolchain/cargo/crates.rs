//! The crates in a Rust binary: cargo's own messages say which were compiled for the target, its metadata what they
//! are, Cargo.lock what their archives' digests were. Build scripts and procedural macros run on the building machine
//! and are no part of the binary, nor is what only they need.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata};
use serde::Deserialize;

use super::super::parts::{self, Part};
use crate::model::digest::Sha256;
use crate::model::purl::{purl, qualifier, without_credentials};
use crate::model::receipt::{Composition, Dependency};

/// Every package cargo knows of, with what it needs at run time. Edges are those of all features and platforms.
pub(super) fn parts(metadata: &Metadata, own: &cargo_metadata::PackageId) -> Vec<Part> {
    let mut needs: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let normal = node.deps.iter().filter(|dep| {
            dep.dep_kinds.is_empty() || dep.dep_kinds.iter().any(|info| info.kind == DependencyKind::Normal)
        });
        needs.insert(&node.id.repr, normal.map(|dep| dep.pkg.repr.clone()).collect());
    }
    let part = |package: &cargo_metadata::Package| {
        let (name, version) = (package.name.to_string(), package.version.to_string());
        Part {
            id: package.id.repr.clone(),
            own: package.id == *own,
            needs: needs.remove(package.id.repr.as_str()).unwrap_or_default(),
            dependency: Dependency {
                id: address(&name, &version, package.source.as_ref().map(|source| source.repr.as_str())),
                name,
                version,
                licence: package.license.clone(),
                sha256: None,
                h1: None,
                needs: Vec::new(),
            },
        }
    };
    metadata.packages.iter().map(part).collect()
}

/// A crate's package URL by where cargo has it from.
fn address(name: &str, version: &str, source: Option<&str>) -> String {
    let Some(source) = source else { return format!("local:{name}@{version}") };
    let plain = purl("cargo", name, version);
    let (kind, url) = source.split_once('+').unwrap_or(("registry", source));
    let url = without_credentials(url);
    match kind {
        "git" => {
            let (place, commit) = url.split_once('#').unwrap_or((&url, ""));
            let place = place.split('?').next().unwrap_or(place);
            format!("{plain}?vcs_url={}", qualifier(&format!("git+{place}@{commit}")))
        }
        _ if url == "https://github.com/rust-lang/crates.io-index" || url == "https://index.crates.io/" => {
            plain
        }
        _ => format!("{plain}?repository_url={}", qualifier(&url)),
    }
}

/// What is in a binary: `messages` are what cargo printed when it was built for `triple`, `lock` is Cargo.lock,
/// `rustc` what rustc says of itself.
#[must_use]
pub fn composition(messages: &str, triple: &str, told: &[Part], lock: &str, rustc: &str) -> Composition {
    let linked = linked(messages, triple);
    let sums = checksums(lock);
    let mut present: Vec<Part> = told
        .iter()
        .filter(|part| part.own || linked.contains(&part.id))
        .map(|part| {
            let key = (part.dependency.name.clone(), part.dependency.version.clone());
            // Only registries have archives; the lock file's entry of that name might be another's.
            let registry = part.dependency.purl().is_some_and(|purl| !purl.contains("vcs_url="));
            let sha256 = sums.get(&key).copied().filter(|_| registry);
            Part { dependency: Dependency { sha256, ..part.dependency.clone() }, ..part.clone() }
        })
        .collect();
    let version = parts::version(rustc).unwrap_or_default();
    let std = Part {
        id: "std".to_owned(),
        own: false,
        dependency: Dependency {
            id: purl("generic", "rust-std", &version),
            name: "rust-std".to_owned(),
            version,
            licence: Some("MIT OR Apache-2.0".to_owned()),
            sha256: None,
            h1: None,
            needs: Vec::new(),
        },
        needs: BTreeSet::new(),
    };
    for part in &mut present {
        part.needs.insert(std.id.clone());
    }
    present.push(std);
    parts::composition(&present)
}

/// The packages whose libraries cargo made (or had) for the target: their files lie in the target's own folder, while
/// what runs at build time lies outside of it.
fn linked(messages: &str, triple: &str) -> BTreeSet<String> {
    let folder = format!("/{triple}/");
    let mut found = BTreeSet::new();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Message>(line) else { continue };
        let is_library = |kind: &String| kind == "lib" || kind == "rlib" || kind == "dylib";
        let is_here = |file: &String| file.replace('\\', "/").contains(&folder);
        if message.target.kind.iter().any(is_library) && message.filenames.iter().any(is_here) {
            found.insert(message.package_id);
        }
    }
    found
}

/// A `compiler-artifact` message (cargo's reference, "External tools"); others lack a field and are passed over.
#[derive(Deserialize)]
struct Message {
    package_id: String,
    target: MessageTarget,
    filenames: Vec<String>,
}

#[derive(Deserialize)]
struct MessageTarget {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    #[serde(default)]
    checksum: Option<Sha256>,
}

fn checksums(lock: &str) -> BTreeMap<(String, String), Sha256> {
    // Without a lock file, or with one of another form, digests are left out; nothing else depends on it.
    let Ok(lock) = toml::from_str::<Lock>(lock) else { return BTreeMap::new() };
    let packages = lock.package.into_iter();
    packages.filter_map(|one| Some(((one.name, one.version), one.checksum?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_where_a_crate_is_from() {
        let of = |source: &str| address("x", "1.0.0+b", Some(source));
        assert_eq!(of("registry+https://github.com/rust-lang/crates.io-index"), "pkg:cargo/x@1.0.0%2Bb");
        assert_eq!(of("sparse+https://index.crates.io/"), "pkg:cargo/x@1.0.0%2Bb");
        assert_eq!(
            of("sparse+https://me:secret@reg.example.com/index/"),
            "pkg:cargo/x@1.0.0%2Bb?repository_url=https://reg.example.com/index/"
        );
        assert_eq!(
            of("git+https://github.com/o/x?branch=main#c0ffee"),
            "pkg:cargo/x@1.0.0%2Bb?vcs_url=git%2Bhttps://github.com/o/x%40c0ffee"
        );
        assert_eq!(address("x", "1.0.0", None), "local:x@1.0.0");
    }

    #[test]
    fn only_libraries_for_the_target_are_linked() {
        let line = |id: &str, kind: &str, file: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","target":{{"kind":["{kind}"]}},"filenames":["{file}"],"fresh":true}}"#
            )
        };
        let messages = [
            line("serde", "lib", "/t/x86_64-unknown-linux-musl/release/deps/libserde.rlib"),
            line("syn", "lib", "/t/release/deps/libsyn.rlib"),
            line("serde_derive", "proc-macro", "/t/release/deps/libserde_derive.so"),
            line("libc", "custom-build", "/t/release/build/libc/build-script-build"),
            line("win", "lib", "C:\\\\t\\\\x86_64-unknown-linux-musl\\\\release\\\\win.rlib"),
            line("me", "bin", "/t/x86_64-unknown-linux-musl/release/me"),
            "not json".to_owned(),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let found = linked(&messages.join("\n"), "x86_64-unknown-linux-musl");
        assert_eq!(Vec::from_iter(found), ["serde", "win"]);
    }

    #[test]
    fn digests_come_from_the_lock_file() {
        let sum = Sha256::of(b"x");
        let lock = format!(
            "version = 4\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"s\"\nchecksum = \"{sum}\"\n\
             [[package]]\nname = \"me\"\nversion = \"0.1.0\"\n"
        );
        let found = checksums(&lock);
        assert_eq!(found, BTreeMap::from([(("x".to_owned(), "1.0.0".to_owned()), sum)]));
        assert!(checksums("not toml [").is_empty());
    }
}
