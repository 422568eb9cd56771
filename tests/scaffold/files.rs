//! Every file that is written, golden; those that are copies of something are held against it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use snapbox::Data;
use snapbox::data::DataFormat;

use crate::repo::Repo;
use crate::typed::empty;

fn all(repo: &Repo) -> BTreeMap<String, String> {
    let files = repo.files().into_iter();
    let place = |path: &Path| path.strip_prefix(repo.root()).unwrap().to_string_lossy().into_owned();
    files.map(|(path, bytes)| (place(&path), String::from_utf8(bytes).unwrap())).collect()
}

fn source(place: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(place)).unwrap()
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
        if place == "go.sum" || place == "go.mod" || place.starts_with("sdk/") && place != "sdk/doc.go" {
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
        &["plugin", "init", "--lang", "go,rust", "--branch", "trunk"][..],
        &["plugin", "new", "big_weather", "--lang", "rust"],
        &["plugin", "new", "slugs", "--lang", "go", "--kind", "tool"],
    ] {
        repo.wick(line).run().expect_code(0);
    }
    let mut text = String::new();
    for (place, content) in all(&repo) {
        // These are held against the examples above.
        if place == "go.sum" || place == "go.mod" || place.starts_with("sdk/") && place != "sdk/doc.go" {
            continue;
        }
        let _ = write!(text, "=== {place}\n{content}");
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/scaffold/files.txt");
    let golden = Data::read_from(golden.as_ref(), Some(DataFormat::Text));
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(text, golden.raw());
}
