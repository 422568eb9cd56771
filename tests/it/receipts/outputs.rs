//! What stands in the output folder counts only as long as it is what was made.

use std::fs;
use std::path::Path;

use super::{FRESH, assert_built, assert_due, assert_nothing_to_do};
use crate::repo::{self, Repo};

fn zip_of(key: &str) -> String {
    format!("bin/{key}-0.1.0-{}.zip", repo::this_machine().replace('/', "-"))
}

fn receipt_of(key: &str, what: &str) -> String {
    format!("bin/.wick/receipts/connector-{key}-{}.{what}.json", repo::this_machine().replace('/', "-"))
}

fn binary_of(key: &str) -> String {
    format!("bin/.wick/build/{}/connector/{key}", repo::this_machine().replace('/', "-"))
}

/// Changes one byte in the middle of a file, and nothing of its size.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_output_that_is_gone_or_altered_is_made_again() {
    if repo::lacks("an_output_that_is_gone_or_altered_is_made_again", &["go"]) {
        return;
    }
    type Case = (&'static str, fn(&Repo), u64, &'static str);
    let cases: [Case; 11] = [
        ("zip deleted", |repo| repo.remove(&zip_of("alpha")), 0, "the package is gone or was altered"),
        ("zip altered", |repo| flip(&repo.path(&zip_of("alpha"))), 0, "the package is gone or was altered"),
        ("zip cut", |repo| repo.write(&zip_of("alpha"), "PK"), 0, "the package is gone or was altered"),
        (
            "binary deleted",
            |repo| repo.remove(&binary_of("alpha")),
            1,
            "the built binary is gone or was altered",
        ),
        (
            "binary cut",
            |repo| repo.write(&binary_of("alpha"), "ELF"),
            1,
            "the built binary is gone or was altered",
        ),
        ("build receipt deleted", |repo| repo.remove(&receipt_of("alpha", "build")), 1, "not built before"),
        (
            "build receipt is no JSON",
            |repo| repo.write(&receipt_of("alpha", "build"), "{\"schema\":"),
            1,
            "not built before",
        ),
        (
            "build receipt is empty",
            |repo| repo.write(&receipt_of("alpha", "build"), ""),
            1,
            "not built before",
        ),
        (
            "build receipt of a later wick",
            |repo| repo.replace(&receipt_of("alpha", "build"), "\"schema\": 1", "\"schema\": 99"),
            1,
            "not built before",
        ),
        (
            "package receipt deleted",
            |repo| repo.remove(&receipt_of("alpha", "package")),
            0,
            "not packed before",
        ),
        (
            "package receipt is no JSON",
            |repo| repo.write(&receipt_of("alpha", "package"), "]"),
            0,
            "not packed before",
        ),
    ];
    let repo = Repo::go();
    let build = || repo.wick(&["plugin", "build", "alpha", "beta", "--format", "json"]).run().expect_code(0);
    build();
    let good = fs::read(repo.path(&zip_of("alpha"))).unwrap();
    for (what, change, compiler_runs, cause) in cases {
        change(&repo);
        let ran = build();
        assert_due(&ran, what, &["alpha"], cause);
        assert_eq!(ran.compiler_runs(), compiler_runs, "{what}\n{ran}");
        assert!(fs::read(repo.path(&zip_of("alpha"))).unwrap() == good, "{what}: another zip");
        assert_nothing_to_do(&build(), what);
    }
}

/// A binary that was altered without changing its size never speaks for a package, nor gets into one.
#[test]
fn an_altered_binary_of_the_same_size_gets_nowhere() {
    if repo::lacks("an_altered_binary_of_the_same_size_gets_nowhere", &["go"]) {
        return;
    }
    let repo = Repo::go();
    let foreign = if repo::this_machine() == "linux/arm64" { "linux/amd64" } else { "linux/arm64" };
    let build = |target: &str| {
        let line = ["plugin", "build", "gamma", "--target", target, "--emulate", "off", "--format", "json"];
        repo.wick(&line).run()
    };
    build(foreign).expect_code(0);
    let zip = format!("bin/gamma-0.1.0-{}.zip", foreign.replace('/', "-"));
    let good = fs::read(repo.path(&zip)).unwrap();
    let place = |target: &str| format!("bin/.wick/build/{}/tool/gamma", target.replace('/', "-"));
    // What it declares, changed in place: the helper's answer would end up in the foreign package.
    let lie = |target: &str| {
        let path = repo.path(&place(target));
        let mut bytes = fs::read(&path).unwrap();
        let (old, new) = (b"A plugin of a test.", b"A plugin that lies.");
        let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
        bytes[at..at + new.len()].copy_from_slice(new);
        fs::write(&path, bytes).unwrap();
    };
    for target in [repo::this_machine(), foreign] {
        lie(target);
        repo.remove(&zip);
        let ran = build(foreign).expect_code(0);
        assert_built(&ran, target, &["gamma"], "");
        assert_eq!(ran.compiler_runs(), 1, "{ran}");
        let same = fs::read(repo.path(&zip)).unwrap() == good;
        assert!(same, "the altered binary for {target} was used\n{ran}");
    }
}

#[test]
fn another_key_packs_again_without_a_compiler() {
    if repo::lacks("another_key_packs_again_without_a_compiler", &["go"]) {
        return;
    }
    let repo = Repo::go();
    for key in ["one.key", "two.key"] {
        repo.wick(&["plugin", "keygen", "-o", key]).run().expect_code(0);
    }
    let build = |more: &[&str]| {
        let all: Vec<&str> = ["gamma"].iter().chain(more).copied().collect();
        repo.build(&all)
    };
    build(&[]);
    for more in [&["--sign-key", "one.key"][..], &["--sign-key", "two.key"], &[]] {
        let ran = build(more);
        assert_built(&ran, &format!("{more:?}"), &["gamma"], "signer changed");
        assert_eq!(ran.compiler_runs(), 0, "{ran}");
        let signed_by = ran.packages()[0]["signed_by"].as_str().map(ToOwned::to_owned);
        let expected = more.get(1).map(|key| repo.read(&format!("{key}.pub")).trim().to_owned());
        assert_eq!(signed_by, expected, "{ran}");
        assert_nothing_to_do(&build(more), &format!("{more:?}"));
    }
}

#[test]
fn force_builds_what_is_up_to_date() {
    if repo::lacks("force_builds_what_is_up_to_date", &["go"]) {
        return;
    }
    let repo = Repo::go();
    repo.build(&["gamma"]);
    let before = repo.read_bytes("bin/checksums.txt");
    let ran = repo.build(&["gamma", "--force"]);
    assert_built(&ran, "--force", &["gamma"], "--force");
    assert_eq!(ran.compiler_runs(), 1, "{ran}");
    assert!(repo.read_bytes("bin/checksums.txt") == before, "the same sources gave other bytes");
    assert_nothing_to_do(&repo.build(&["gamma"]), "after --force");
}

/// `--explain` says it to people too.
#[test]
fn explain_names_the_cause() {
    if repo::lacks("explain_names_the_cause", &["go"]) {
        return;
    }
    let repo = Repo::go();
    let build = || repo.wick(&["plugin", "build", "alpha", "gamma", "--explain"]).run().expect_code(0);
    build().says(&[
        &format!("alpha {}: not built before", repo::this_machine()),
        "2 built in bin (1 compiler run)",
    ]);
    repo.append("shared/words/greeting.txt", "again\n");
    build().says(&[
        &format!("alpha {}: ", repo::this_machine()),
        "shared/words/greeting.txt changed",
        &format!("gamma {}: nothing it is made from has changed", repo::this_machine()),
        "1 built, 1 up to date in bin (1 compiler run)",
    ]);
    build().says(&["2 up to date in bin (no compiler was started)"]);
}

/// Every target of a plugin stands for itself.
#[test]
fn targets_are_judged_one_by_one() {
    if repo::lacks("targets_are_judged_one_by_one", &["go"]) {
        return;
    }
    let repo = Repo::go();
    let build = || repo.build(&["gamma", "--target", "linux/amd64,linux/arm64"]);
    build();
    repo.remove("bin/.wick/build/linux-arm64/tool/gamma");
    let ran = build();
    let why: Vec<String> = ran.packages().iter().map(|package| package["reasons"][0].to_string()).collect();
    assert_eq!(
        why,
        [format!("{FRESH:?}"), "\"the built binary is gone or was altered\"".to_owned()],
        "{ran}"
    );
    assert_eq!(ran.compiler_runs(), 1, "{ran}");
    repo.replace("tool/gamma/main.go", "A plugin of a test.", "Both are made from it.");
    let ran = build();
    assert_eq!(ran.packages().iter().filter(|package| package["status"] == "built").count(), 2, "{ran}");
    assert_nothing_to_do(&build(), "two targets");
}

/// A file that only goes into the zip is nothing to a compiler.
#[test]
fn an_extra_file_packs_again_without_a_compiler() {
    if repo::lacks("an_extra_file_packs_again_without_a_compiler", &["go"]) {
        return;
    }
    let repo = Repo::go();
    repo.write("tool/gamma/data/NOTICE", "first\n");
    repo.append("wick.toml", "[plugin.gamma]\nfiles = [\"data/NOTICE\"]\n");
    repo.build(&["gamma"]);
    repo.append("tool/gamma/data/NOTICE", "second\n");
    let ran = repo.build(&["gamma"]);
    assert_built(&ran, "an extra file", &["gamma"], "file data/NOTICE changed");
    assert_eq!(ran.compiler_runs(), 0, "{ran}");
    assert_nothing_to_do(&repo.build(&["gamma"]), "an extra file");
}
