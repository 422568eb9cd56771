//! Nothing that wick writes installs or depends on a name of a registry that isn't the project's: the workflow installs a
//! commit, plugins have their SDK by path, and both can be brought in step with another wick.

use std::fs;
use std::path::Path;
use std::process::Command;

use wick::model::digest::Sha256;

use crate::repo::{self, Ran, Repo};
use crate::typed::{WICK, empty};

const WORKFLOW: &str = ".github/workflows/plugins.yml";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[track_caller]
fn init(repo: &Repo, args: &[&str], code: i32) -> Ran {
    repo.wick(&[&["plugin", "init"], args].concat()).run().expect_code(code)
}

#[test]
fn without_a_source_the_workflow_is_left_out() {
    let repo = empty();
    let said = init(&repo, &["--lang", "rust,go"], 0);
    said.says(&[
        ".github/workflows/plugins.yml is left out",
        "no registry has this wick",
        "`wick plugin init --wick git:https://HOST/PATH@COMMIT`",
        "wrote wick.toml",
    ]);
    assert!(!repo.exists(WORKFLOW) && repo.exists("sdk-rust/Cargo.toml") && repo.exists("sdk/serve.go"));
    // What was written is all that would be.
    init(&repo, &["--check"], 0).says(&["is not there, and nothing says where"]);
    let json = init(&repo, &["--format", "json"], 0).json();
    assert_eq!((&json["wick"], &json["written"]), (&serde_json::Value::Null, &serde_json::json!([])));
    repo.wick(&["plugin", "new", "rain", "--lang", "rust"]).run().expect_code(0).says(&["init --wick git:"]);
    init(&repo, &["--check", "--wick", WICK], 1);
    init(&repo, &["--wick", WICK], 0);
    init(&repo, &["--check"], 0);
}

#[test]
fn a_source_is_a_commit_at_a_plain_address() {
    let repo = empty();
    let at = |url: &str| format!("git:{url}@{COMMIT}");
    for (source, says) in [
        ("wick".to_owned(), "it isn't of the form git:https://HOST/PATH@COMMIT"),
        (format!("https://example.com/wick@{COMMIT}"), "it isn't of the form"),
        ("git:https://example.com/wick@main".to_owned(), "can be moved"),
        ("git:https://example.com/wick@v1.0.0".to_owned(), "can be moved"),
        ("git:https://example.com/wick@0123456".to_owned(), "`git ls-remote URL 0123456` tells its commit"),
        (at("http://example.com/wick"), "no plain https address"),
        (at("ssh://git@example.com/wick"), "no plain https address"),
        (at("https://me:word@example.com/wick"), "no plain https address"),
        (at("https://example.com/$(touch x)"), "no plain https address"),
        (at("https://example.com/x\"; touch x; \""), "no plain https address"),
        (at("https://example.com/${{ github.token }}"), "no plain https address"),
        (at("https://example.com/x\n  run: id"), "no plain https address"),
        (at("--config=x"), "no plain https address"),
    ] {
        init(&repo, &["--wick", &source], 2).says(&[says]);
        assert!(repo.files().is_empty(), "{source}");
    }
}

#[test]
fn the_workflow_keeps_its_source_until_another_is_named() {
    let repo = empty();
    let source = init(&repo, &["--wick", WICK, "--format", "json"], 0).json()["wick"].clone();
    assert_eq!(source, WICK);
    let text = repo.read(WORKFLOW);
    assert!(
        text.contains(&format!(
            "  WICK_GIT: \"https://example.com/acme/wick\"\n  WICK_COMMIT: \"{COMMIT}\"\n"
        ))
    );
    for line in text.lines().filter(|line| line.contains("cargo install")) {
        let step = "- run: cargo install --locked --git \"$WICK_GIT\" --rev \"$WICK_COMMIT\" wick";
        assert!(line.trim().starts_with(step), "{line}");
    }
    init(&repo, &["--check"], 0);
    // A commit that somebody put there by hand is a setting, as the branch is.
    let other = "f".repeat(40);
    repo.write(WORKFLOW, &text.replace(COMMIT, &other));
    init(&repo, &["--check"], 0);
    init(&repo, &["--branch", "trunk"], 0);
    assert!(repo.read(WORKFLOW).contains(&other) && repo.read(WORKFLOW).contains("branches: [\"trunk\"]"));
    init(&repo, &["--wick", WICK], 0);
    assert!(repo.read(WORKFLOW).contains(COMMIT) && !repo.read(WORKFLOW).contains(&other));
    // A branch isn't taken for a commit, wherever it stands.
    repo.write(WORKFLOW, &text.replace(COMMIT, "main"));
    init(&repo, &["--check"], 1).says(&["doesn't say from which commit it installs wick"]);
    // Another line is a change by hand, whatever wick it installs.
    repo.write(WORKFLOW, &text.replace("timeout-minutes: 60", "timeout-minutes: 61").replace(COMMIT, &other));
    init(&repo, &["--check"], 1).says(&["was changed by hand"]);
    init(&repo, &["--wick", WICK], 7);
    init(&repo, &["--update"], 0).says(&["plugins.yml is yours and stays"]);
    init(&repo, &["--force"], 0);
    assert!(repo.read(WORKFLOW).contains(&other));
}

/// As a wick before this rule wrote it.
#[test]
fn a_workflow_that_installs_by_name_is_found() {
    let repo = empty();
    let body = "name: plugins\n\nenv:\n  WICK_VERSION: \"0.1.0\"\n";
    let digest = Sha256::of(body.as_bytes()).to_string();
    let head = "# Written by `wick plugin init --branch main` of wick 0.1.0";
    let old = format!("{head}, {}.\n# Changes are kept.\n{body}", &digest[..16]);
    for text in [old.clone(), old.replace("0.1.0\"", "0.1.1\"")] {
        repo.write(WORKFLOW, &text);
        init(&repo, &[], 4).says(&[
            "plugins.yml",
            "nothing says where it is to install wick from",
            "--wick git:",
        ]);
        assert_eq!(repo.files().len(), 1, "nothing is written");
    }
    repo.write(WORKFLOW, &old);
    repo.write("connector/.gitkeep", "");
    init(&repo, &["--check"], 1).says(&["doesn't say from which commit it installs wick"]);
    repo.wick(&["plugin", "new", "rain", "--lang", "rust"])
        .run()
        .expect_code(0)
        .says(&["doesn't say from which commit it installs wick"]);
    assert_eq!(repo.read(WORKFLOW), old);
    init(&repo, &["--wick", WICK], 0);
    assert!(repo.read(WORKFLOW).contains(COMMIT));
    // Changed by hand as well: --force alone has nothing to write, and nobody is told that it had.
    repo.write(WORKFLOW, &old.replace("0.1.0\"", "0.1.1\""));
    init(&repo, &["--update"], 0)
        .says(&[
            "nothing says where it is to install wick from",
            "overwrite it with `wick plugin init --force --wick git:",
        ])
        .never_says(&["--force overwrites it"]);
    init(&repo, &["--force"], 4);
    init(&repo, &["--force", "--wick", WICK], 0);
}

/// `cargo install --git` notes what it built from where; a program in a bin beside that note knows.
#[test]
fn a_wick_that_cargo_installed_knows_its_commit() {
    let home = repo::Folder::new();
    let program = home.path().join("bin/wick");
    fs::create_dir(home.path().join("bin")).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_wick"));
    fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for (note, known) in [
        (format!("wick {version} (git+https://example.com/acme/wick?branch=main#{COMMIT})"), true),
        (format!("wick {version} (path+file:///somewhere/wick)"), false),
        (format!("wick {version} (git+file:///somewhere/wick#{COMMIT})"), false),
        (format!("wick {version} (registry+https://github.com/rust-lang/crates.io-index)"), false),
    ] {
        fs::write(home.path().join(".crates.toml"), format!("[v1]\n\"{note}\" = [\"wick\"]\n")).unwrap();
        let repo = empty();
        let said = Command::new(&program).args(["plugin", "init"]).current_dir(repo.root()).output().unwrap();
        assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
        assert_eq!(repo.exists(WORKFLOW), known, "{note}");
        if known {
            assert!(repo.read(WORKFLOW).contains(COMMIT));
            // What stands there is kept by a wick from elsewhere.
            init(&repo, &["--check"], 0);
        }
    }
}

#[test]
fn an_sdk_is_brought_in_step_and_what_its_author_changed_stays() {
    let repo = empty();
    init(&repo, &["--lang", "go,rust"], 0);
    init(&repo, &["--check"], 0);
    let current = repo.files();
    // Another wick wrote this text, says the record.
    let older = |place: &str, folder: &str| {
        let inner = place.strip_prefix(&format!("{folder}/")).unwrap();
        let record = format!("{folder}/wick.sha256");
        let text =
            if repo.exists(place) { repo.read(place) + "// Older.\n" } else { "// Gone.\n".to_owned() };
        let digest = |text: &str| Sha256::of(text.as_bytes());
        let line = format!("{}  {inner}\n", digest(&text));
        if repo.exists(place) {
            repo.replace(&record, &format!("{}  {inner}\n", digest(&repo.read(place))), &line);
        } else {
            repo.append(&record, &line);
        }
        repo.write(place, &text);
    };
    older("sdk-rust/src/run.rs", "sdk-rust");
    older("sdk-rust/src/once/was.rs", "sdk-rust");
    older("sdk/serve.go", "sdk");
    repo.append("sdk-rust/src/call.rs", "// Mine.\n");
    repo.append("sdk/fields.go", "// Mine.\n");
    repo.remove("sdk-rust/derive/src/docs.rs");
    repo.write("sdk-rust/src/own.rs", "// Mine.\n");
    let changed = repo.files();
    let found = init(&repo, &["--check"], 1);
    let found = found.says(&[
        "sdk-rust/src/run.rs is from another wick",
        "sdk-rust/src/once/was.rs is no part of the SDK any longer",
        "sdk/serve.go is from another wick",
        "sdk-rust/src/call.rs was changed by hand",
        "sdk/fields.go was changed by hand",
        "sdk-rust/derive/src/docs.rs is not there",
    ]);
    assert!(!found.stderr.contains("own.rs"), "{found}");
    let json = init(&repo, &["--check", "--format", "json"], 1).json();
    assert_eq!(json["drift"].as_array().unwrap().len(), 8, "both records too: {json:#}");
    // Nothing of it without being asked, and it is said.
    init(&repo, &[], 0).says(&["sdk-rust isn't what this wick would write", "sdk isn't what"]);
    assert_eq!(repo.files(), changed);
    init(&repo, &["--update"], 0).says(&[
        "removed sdk-rust/src/once/was.rs",
        "sdk-rust/src/call.rs is yours and stays",
        "sdk/fields.go is yours and stays",
    ]);
    let mut expected = current.clone();
    for place in ["sdk-rust/src/call.rs", "sdk/fields.go", "sdk-rust/src/own.rs"] {
        expected.insert(repo.path(place), changed[&repo.path(place)].clone());
    }
    assert!(repo.files() == expected, "all but the author's is this wick's");
    assert!(!repo.exists("sdk-rust/src/once"), "nor does an empty folder stay");
    init(&repo, &["--check"], 1).says(&["call.rs was changed by hand"]).never_says(&["run.rs"]);
    for (path, bytes) in &current {
        fs::write(path, bytes).unwrap();
    }
    init(&repo, &["--check"], 0);
    // As a checkout with converted line ends has it: no change of the author's.
    for (path, bytes) in &current {
        let text = String::from_utf8(bytes.clone()).unwrap();
        fs::write(path, text.replace('\n', "\r\n")).unwrap();
    }
    init(&repo, &["--check"], 0);
}

#[test]
fn two_plugins_share_an_sdk_and_an_authors_own_stays() {
    let repo = empty();
    init(&repo, &[], 0);
    let new = |key: &str| repo.wick(&["plugin", "new", key, "--lang", "rust"]).run().expect_code(0);
    new("rain").says(&["wrote sdk-rust, the crates by which Rust plugins serve"]);
    repo.append("sdk-rust/src/lib.rs", "// Mine.\n");
    let before = repo.read("sdk-rust/src/lib.rs");
    new("snow").never_says(&["sdk-rust"]);
    assert_eq!(repo.read("sdk-rust/src/lib.rs"), before);
    assert!(repo.read("connector/snow/Cargo.toml").contains("wick-plugin = { path = \"../../sdk-rust\" }"));
    let workspace = repo.read("Cargo.toml");
    assert!(workspace.contains("members = [\"connector/rain\", \"connector/snow\"]"), "{workspace}");
    assert_eq!(workspace.matches("sdk-rust").count(), 1, "{workspace}");
    // Who made their own copy of the crate keeps it.
    let repo = empty();
    init(&repo, &[], 0);
    repo.write("sdk-rust/Cargo.toml", "[package]\nname = \"wick-plugin\"\n");
    let before = repo.read("sdk-rust/Cargo.toml");
    repo.wick(&["plugin", "new", "rain", "--lang", "rust"]).run().expect_code(0);
    init(&repo, &["--check"], 0);
    init(&repo, &["--update"], 0);
    assert_eq!((repo.read("sdk-rust/Cargo.toml"), repo.list("sdk-rust").len()), (before, 1));
}

/// Whatever workspace there is: cargo finds the plugin and what else was there, and the SDK by its path alone.
#[test]
fn cargo_sees_members_as_they_are_meant() {
    if repo::lacks("cargo_sees_members_as_they_are_meant", &["cargo"]) {
        return;
    }
    let package = |name: &str| format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
    let alone = package("old") + "\n[workspace]\n";
    for (what, files, root, seen) in [
        ("nothing", vec![], ".", vec!["rain"]),
        (
            "a workspace",
            vec![("Cargo.toml", "[workspace]\nmembers = [\"connector/old\"]\n".to_owned())],
            ".",
            vec!["old", "rain"],
        ),
        (
            "with patterns",
            vec![("Cargo.toml", "[workspace]\nmembers = [\"connector/*\", \"sdk*\"]\n".to_owned())],
            ".",
            vec!["old", "rain"],
        ),
        (
            "a package and workspace",
            vec![
                ("Cargo.toml", package("top") + "\n[workspace]\nmembers = [\"connector/old\"]\n"),
                ("src/lib.rs", String::new()),
            ],
            ".",
            vec!["old", "rain", "top"],
        ),
        (
            "a workspace above",
            vec![("Cargo.toml", "[workspace]\nmembers = [\"p/connector/old\"]\n".to_owned())],
            "p",
            vec!["old", "rain"],
        ),
        ("plugins that stand alone", vec![], ".", vec!["rain"]),
        ("workspaces of their own", vec![("connector/old/Cargo.toml", alone)], ".", vec!["rain"]),
    ] {
        let repo = empty();
        let dir = repo.path(root);
        let place = |name: &str| format!("{root}/connector/{name}");
        if what != "nothing" {
            repo.write(&format!("{}/Cargo.toml", place("old")), &package("old"));
            repo.write(&format!("{}/src/main.rs", place("old")), "fn main() {}\n");
        }
        for (name, text) in files {
            repo.write(name, &text);
        }
        repo.write(&format!("{}/.gitkeep", place("")), "");
        repo.wick(&["plugin", "new", "rain", "--lang", "rust"]).folder(&dir).run().expect_code(0);
        let metadata = |place: &str| -> serde_json::Value {
            let folder = repo.path(place);
            let said = Command::new("cargo")
                .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
                .current_dir(&folder)
                .output()
                .unwrap();
            assert!(said.status.success(), "{what}, {place}: {}", String::from_utf8_lossy(&said.stderr));
            serde_json::from_slice(&said.stdout).unwrap()
        };
        let names = |metadata: &serde_json::Value| -> Vec<String> {
            let all = metadata["packages"].as_array().unwrap().iter();
            let mut names: Vec<_> = all.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&metadata(&place("rain"))), seen, "{what}");
        for (own, name) in [("sdk-rust", "wick-plugin"), ("sdk-rust/derive", "wick-plugin-derive")] {
            assert_eq!(names(&metadata(&format!("{root}/{own}"))), [name], "{what}");
        }
        if what != "nothing" {
            assert!(names(&metadata(&place("old"))).contains(&"old".to_owned()), "{what}");
        }
    }
}

#[test]
fn line_ends_are_the_commits() {
    for (there, written, found) in [
        (None, true, false),
        (Some("* text=auto eol=lf\n"), false, false),
        (Some("*.png binary\n* -text\n"), false, false),
        (Some("* text=auto\n"), false, true),
        (Some("* text=auto eol=crlf\n"), false, true),
        (Some("*.png binary\n"), false, true),
    ] {
        let repo = empty();
        if let Some(text) = there {
            repo.write(".gitattributes", text);
        }
        let said = init(&repo, &[], 0);
        assert_eq!(said.stderr.contains("wrote .gitattributes"), written, "{there:?}: {said}");
        assert_eq!(said.stderr.contains("without a line `* text=auto eol=lf`"), found, "{there:?}: {said}");
        assert_eq!(
            repo.read(".gitattributes").contains("* text=auto eol=lf\n"),
            written || there == Some("* text=auto eol=lf\n")
        );
        let check = init(&repo, &["--check"], i32::from(found));
        assert_eq!(check.stderr.contains(".gitattributes leaves line ends"), found, "{there:?}: {check}");
    }
    if repo::lacks("line_ends_are_the_commits", &["git"]) {
        return;
    }
    // The repository's top says it for folders below.
    let repo = empty();
    repo.git(&["init", "--quiet"]);
    repo.write(".gitattributes", "* text=auto eol=lf\n");
    repo.write("plugins/connector/.gitkeep", "");
    let dir = repo.path("plugins");
    repo.wick(&["plugin", "init"]).folder(&dir).run().expect_code(0).never_says(&["gitattributes"]);
    repo.wick(&["plugin", "init", "--check"]).folder(&dir).run().expect_code(0);
}
