//! The crates by which Rust plugins serve, as they are brought into a plugin repository: wick's own `sdk/`, without what
//! only its tests need. They come from this program and are named by path alone: no registry has a crate of that name that
//! is the project's, so whoever takes the name there gets into nobody's build.

use super::table::Template;

/// The folder in a plugin repository. `workspace.exclude` has it: a plugin's tests and lints aren't the SDK's.
pub(super) const FOLDER: &str = "sdk-rust";

macro_rules! files {
    ($($from:literal => [$($place:literal),* $(,)?]),* $(,)?) => {
        &[$($((concat!("sdk-rust/", $place), include_str!(concat!("../../../", $from, $place))),)*)*]
    };
}

/// Every file as it lies in wick's repository. A package made of wick alone (`cargo package`) has no nested crates and
/// so no SDK; wick is installed from its repository.
const FILES: &[Template] = files! {
    "" => ["rustfmt.toml", "LICENSE-APACHE", "LICENSE-MIT"],
    "sdk/" => [
        "Cargo.toml",
        "README.md",
        "clippy.toml",
        "src/call.rs",
        "src/declare.rs",
        "src/error.rs",
        "src/field.rs",
        "src/lib.rs",
        "src/manifest.rs",
        "src/plugin.rs",
        "src/run.rs",
        "src/secret.rs",
        "src/serve/certificate.rs",
        "src/serve/grpc.rs",
        "src/serve/listen.rs",
        "src/serve/mod.rs",
        "src/serve/parent.rs",
        "src/serve/service.rs",
        "src/serve/stop.rs",
        "src/serve/tls.rs",
        "src/serve/wire.rs",
        "src/values.rs",
        "derive/Cargo.toml",
        "derive/src/arguments.rs",
        "derive/src/choice.rs",
        "derive/src/docs.rs",
        "derive/src/fields.rs",
        "derive/src/lib.rs",
        "derive/src/operation.rs",
        "derive/src/plugin.rs",
        "derive/src/signature.rs",
    ],
};

/// The files as they are written.
pub(super) fn files() -> impl Iterator<Item = (&'static str, String)> {
    FILES.iter().map(|(place, text)| {
        let text = match place.rsplit('.').next() {
            Some("rs") => without_tests(text),
            Some("toml") => without_tables(text),
            _ => (*text).to_owned(),
        };
        (*place, text)
    })
}

/// A module of tests is the last thing in its file, or lies in another file.
fn without_tests(text: &str) -> String {
    const TESTS: &str = "#[cfg(test)]\nmod tests";
    let Some((before, after)) = text.split_once(TESTS) else { return text.to_owned() };
    match after.strip_prefix(";\n") {
        Some(rest) => format!("{before}{rest}"),
        None => before.trim_end().to_owned() + "\n",
    }
}

/// Without what only tests need, and without lints: a later compiler's new lint would end builds in which nobody has
/// changed a line.
fn without_tables(text: &str) -> String {
    let mut out = String::new();
    let mut wanted = true;
    for line in text.lines() {
        if line.starts_with('[') {
            wanted = !["[lints", "[dev-dependencies"].iter().any(|table| line.starts_with(table));
        }
        if wanted {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::sys::files::{Kind, kind, list};

    fn below(folder: &Path, found: &mut BTreeSet<String>, top: &Path) {
        for name in list(folder).unwrap() {
            let path = folder.join(name);
            match kind(&path) {
                Kind::Folder => below(&path, found, top),
                _ => {
                    let place = path.strip_prefix(top).unwrap().to_string_lossy().replace('\\', "/");
                    found.insert(format!("{FOLDER}/{place}"));
                }
            }
        }
    }

    #[test]
    fn every_source_of_the_crates_is_brought() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk");
        let mut sources = BTreeSet::new();
        for folder in ["src", "derive/src"] {
            below(&top.join(folder), &mut sources, &top);
        }
        sources.remove("sdk-rust/src/tests.rs");
        let brought: BTreeSet<String> =
            FILES.iter().map(|(place, _)| (*place).to_owned()).filter(|one| one.ends_with(".rs")).collect();
        assert_eq!(brought, sources, "list it in FILES");
    }

    #[test]
    fn what_is_brought_needs_nothing_of_wicks_repository() {
        for (place, text) in files() {
            for word in ["cfg(test)", "dev-dependencies", "[lints", "trybuild", "\r"] {
                assert!(!text.contains(word), "{place}: {word}");
            }
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{place}");
            if place.ends_with("Cargo.toml") {
                let manifest: toml::Table = text.parse().unwrap();
                assert_eq!(manifest["package"]["publish"].as_bool(), Some(false), "{place}");
                assert!(manifest["package"]["license"].is_str(), "{place} inherits nothing");
                for (name, of) in manifest["dependencies"].as_table().unwrap() {
                    let by_path = of.get("path").is_some() && of.get("version").is_none();
                    assert_eq!(by_path, name.starts_with("wick"), "{place}: {name} = {of:?}");
                }
            }
        }
    }

    #[test]
    fn tests_are_cut_off() {
        for (text, expected) in [
            ("mod a;\n#[cfg(test)]\nmod tests;\nmod b;\n", "mod a;\nmod b;\n"),
            ("fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n", "fn a() {}\n"),
            ("fn a() {}\n", "fn a() {}\n"),
        ] {
            assert_eq!(without_tests(text), expected);
        }
        let manifest = "[package]\nname = \"x\"\n\n[lints.rust]\na = 1\n\n[dependencies]\n# Why.\nb = 1\n\n[dev-dependencies]\nc = 1\n";
        assert_eq!(without_tables(manifest), "[package]\nname = \"x\"\n\n[dependencies]\n# Why.\nb = 1\n");
    }
}
