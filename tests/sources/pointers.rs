//! Git LFS pointers: a package or a binary never holds one in place of its file.

use crate::repo::Repo;
use crate::support::{found, go, need};

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

#[test]
fn a_pointer_that_would_be_packed_is_an_error_of_its_own() {
    need!(&["go", "git"]);
    let repo = go();
    repo.append("wick.toml", "\n[plugin.alpha]\nfiles = [\"logo.png\"]\n");
    repo.write("connector/alpha/logo.png", POINTER);
    let repo = repo.committed();
    let words = ["connector/alpha/logo.png is to be packed, and it is a Git LFS pointer", "git lfs pull"];
    repo.wick(&["plugin", "build", "alpha"]).run().expect_code(4).says(&words);
    let checked = repo.wick(&["plugin", "check", "alpha", "--format", "json"]).run().expect_code(1);
    let report = checked.json();
    let codes: Vec<&str> = report["plugins"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    assert!(codes.contains(&"lfs-pointer"), "{checked}");
}

#[test]
fn a_pointer_that_is_embedded_is_no_build() {
    need!(&["go", "git"]);
    let repo = go();
    repo.write("shared/words/greeting.txt", POINTER);
    // One that nobody embeds is nobody's trouble.
    repo.write("shared/words/picture.png", POINTER);
    let repo = repo.committed();
    let words = ["shared/words/greeting.txt is compiled in, and it is a Git LFS pointer", "git lfs pull"];
    repo.wick(&["plugin", "build", "alpha"]).run().expect_code(5).says(&words);
    repo.write("shared/words/greeting.txt", "hello\n");
    assert_eq!(found(repo.root(), "alpha"), ["shared/words/greeting.txt: differs"]);
}

/// `git lfs pull` puts the file in its pointer's place; the commit has the pointer.
#[test]
fn a_pulled_file_is_its_pointers() {
    need!(&["go", "git"]);
    let repo: Repo = go();
    let (content, sum) = ("hello\n", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sum}\nsize 6\n");
    repo.write("shared/words/greeting.txt", &pointer);
    let repo = repo.committed();
    repo.write("shared/words/greeting.txt", content);
    assert_eq!(found(repo.root(), "alpha"), [""; 0]);
}
