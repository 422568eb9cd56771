//! Every file that is written, golden; those that are copies of something are held against it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use snapbox::Data;
use snapbox::data::DataFormat;

use crate::repo::Repo;
use crate::typed::{WICK, empty};

fn all(repo: &Repo) -> BTreeMap<String, String> {
    let files = repo.files().into_iter();
    let place = |path: &Path| path.strip_prefix(repo.root()).unwrap().to_string_lossy().into_owned();
    files.map(|(path, bytes)| (place(&path), String::from_utf8(bytes).unwrap())).collect()
}

fn source(place: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(place)).unwrap()
}

fn is_the_examples(place: &str) -> bool {
    let own = ["sdk/doc.go", "sdk/wick.sha256"].contains(&place);
    ["go.sum", "go.mod"].contains(&place) || place.starts_with("sdk/") && !own
}

/// The Go SDK is tested where the example plugins use it; templates hold the same.
#[test]
fn the_sdk_is_the_examples() {
    let repo = empty();
    repo.wick(&["plugin", "init", "--lang", "go", "--module", "example.com/mine"]).run().expect_code(0);
    let (ours, theirs) = ("example.com/mine", "example.com/acme/plugins");
    let mut count = 0;
    for (place, text) in all(&repo) {
        let made = place.ends_with(".pb.go");
        if is_the_examples(&place) {
            let example = source(&format!("examples/plugins/{place}"));
            let expected = if made { example } else { example.replace(theirs, ours) };
            assert_eq!(text, expected, "copy it: cp examples/plugins/{place} templates/…");
            count += 1;
        }
        assert!(made || !text.contains(theirs), "{place} speaks of the example");
    }
    assert_eq!(count, 11);
}

#[test]
fn every_file_is_as_it_was() {
    let repo = empty();
    for line in [
        &["plugin", "init", "--lang", "go,rust", "--branch", "trunk", "--wick", WICK][..],
        &["plugin", "new", "big_weather", "--lang", "rust"],
        &["plugin", "new", "slugs", "--lang", "go", "--kind", "tool"],
    ] {
        repo.wick(line).run().expect_code(0);
    }
    let mut text = String::new();
    for (place, content) in all(&repo) {
        // These are held against the examples above, and against wick's own SDK below.
        if is_the_examples(&place) || place.starts_with("sdk-rust/") || place.ends_with("wick.sha256") {
            continue;
        }
        let _ = write!(text, "=== {place}\n{content}");
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/scaffold/files.txt");
    let golden = Data::read_from(golden.as_ref(), Some(DataFormat::Text));
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(text, golden.raw());
}

/// The crates are wick's own, line by line, without what only their tests need.
#[test]
fn the_rust_sdk_is_wicks() {
    let repo = empty();
    repo.wick(&["plugin", "init", "--lang", "rust"]).run().expect_code(0);
    let mut count = 0;
    for (place, text) in all(&repo) {
        let Some(inner) = place.strip_prefix("sdk-rust/").filter(|inner| *inner != "wick.sha256") else {
            continue;
        };
        let own = inner.starts_with("LICENSE") || inner == "rustfmt.toml";
        let original = source(&if own { inner.to_owned() } else { format!("sdk/{inner}") });
        let mut lines = original.lines();
        for line in text.lines() {
            assert!(lines.any(|there| there == line), "{place} has a line of its own: {line}");
        }
        count += 1;
    }
    assert!(count > 30, "{count} files");
    for place in ["sdk-rust/LICENSE-MIT", "sdk-rust/LICENSE-APACHE", "sdk-rust/derive/src/lib.rs"] {
        assert!(repo.exists(place), "{place}");
    }
    assert!(!repo.exists("sdk-rust/tests") && !repo.exists("sdk-rust/src/tests.rs"));
}

/// The record is one that everybody's tools read.
#[test]
fn a_record_says_what_was_written() {
    if crate::repo::lacks("a_record_says_what_was_written", &["sha256sum"]) {
        return;
    }
    let repo = empty();
    repo.wick(&["plugin", "init", "--lang", "go,rust"]).run().expect_code(0);
    for folder in ["sdk", "sdk-rust"] {
        let check = std::process::Command::new("sha256sum")
            .args(["--check", "--strict", "--quiet", "wick.sha256"])
            .current_dir(repo.path(folder))
            .status();
        assert!(check.unwrap().success(), "{folder}");
    }
}
