//! Joining what is there, and leaving everything as it was when something is in the way.

use std::fs;

use crate::repo::Repo;
use crate::typed::{WICK, empty};

fn new(repo: &Repo, args: &[&str], code: i32) -> crate::repo::Ran {
    let line: Vec<&str> = ["plugin", "new"].iter().chain(args).copied().collect();
    repo.wick(&line).run().expect_code(code)
}

#[test]
fn a_workspace_is_joined_and_its_comments_stay() {
    let repo = empty();
    let before =
        "# mine\n[workspace]\nresolver = \"3\" # the third\nmembers = [\n    \"crates/a\", # first\n]\n";
    repo.write("Cargo.toml", before);
    repo.write("connector/.gitkeep", "");
    new(&repo, &["rain", "--lang", "rust"], 0).says(&["added its members to Cargo.toml"]);
    let after =
        before.replace("# first\n", "# first\n    \"connector/rain\",\n") + "exclude = [\"sdk-rust\"]\n";
    assert_eq!(repo.read("Cargo.toml"), after);
    // The repository has one language now; patterns need nothing added.
    repo.write("Cargo.toml", &after.replace("\"connector/rain\"", "\"connector/*\""));
    let there = repo.read("Cargo.toml");
    new(&repo, &["snow"], 0).never_says(&["added"]);
    assert_eq!(repo.read("Cargo.toml"), there);
}

#[test]
fn a_go_module_is_joined_under_its_own_name() {
    let repo = empty();
    let before = "module github.com/acme/tools // ours\n\ngo 1.25.0\n";
    repo.write("go.mod", before);
    repo.write("plugins/connector/.gitkeep", "");
    let dir = repo.path("plugins");
    let ran = repo.wick(&["plugin", "new", "rain", "--lang", "go"]).folder(&dir).run().expect_code(0);
    ran.says(&["added what the SDK requires to ", "  go mod tidy\n"]);
    assert!(
        repo.read("go.mod").starts_with(before) && repo.read("go.mod").contains("hashicorp/go-plugin v1.8.0")
    );
    assert!(repo.read("plugins/connector/rain/main.go").contains("\"github.com/acme/tools/plugins/sdk\""));
    assert!(repo.exists("plugins/sdk/serve.go") && repo.exists("go.sum") && !repo.exists("plugins/go.mod"));
    if crate::repo::lacks("a_go_module_is_joined_under_its_own_name", &["go"]) {
        return;
    }
    // The versions are those that the example needs, so it builds at once.
    let built = repo.wick(&["plugin", "build", "rain"]).folder(&dir).env("GOPROXY", "off").run();
    built.expect_code(0);
}

#[test]
fn names_are_refused_before_anything_is_written() {
    let repo = empty();
    repo.wick(&["plugin", "init"]).run().expect_code(0);
    new(&repo, &["rain", "--lang", "go", "--kind", "tool"], 0);
    let before = repo.files();
    for (args, code, says) in [
        (&["My-Rain", "--lang", "go"][..], 2, "call it `my_rain`"),
        (&["", "--lang", "go"], 2, "can't be empty"),
        (&["../rain", "--lang", "go"], 2, "only a-z, 0-9 and _"),
        (&["async", "--lang", "rust"], 2, "call it `async_plugin`"),
        (&["con", "--lang", "go"], 2, "Windows"),
        (&["_x", "--lang", "go"], 2, "scaffolds"),
        // Also as another kind: their packages would have the same names.
        (&["rain", "--lang", "rust"], 7, "tool/rain has that key already"),
        (&["snow", "--lang", "go", "--module", "a b"], 0, ""),
    ] {
        let ran = repo.wick(&[&["plugin", "new"], args].concat()).run().expect_code(code).says(&[says]);
        if code == 0 {
            // A module's name is of no use where there is a module.
            fs::remove_dir_all(repo.path("connector/snow")).unwrap();
        }
        assert_eq!(repo.files(), before, "{ran}");
    }
}

#[test]
fn what_stands_in_the_way_stays() {
    let repo = empty();
    let hint = "make it one with `wick plugin init`";
    new(&repo, &["rain", "--lang", "rust"], 3).says(&["no repository of plugins", hint]);
    assert!(repo.files().is_empty());
    repo.write("connector/rain/notes.txt", "mine\n");
    repo.write("sdk/own.go", "package sdk\n");
    repo.write("sdk-rust/Cargo.toml", "[package]\nname = \"mine\"\n");
    repo.write("go.mod", "module example.com/x\n\ngo 1.25.0\n");
    repo.write("Cargo.toml", "[package]\nname = \"x\"\n");
    let before = repo.files();
    new(&repo, &["rain", "--lang", "rust"], 7).says(&["connector/rain is there already"]);
    new(&repo, &["snow", "--lang", "rust"], 3).says(&["no workspace", "`[workspace]`"]);
    new(&repo, &["snow", "--lang", "go"], 7).says(&["the folder sdk isn't"]);
    new(&repo, &["snow"], 2).says(&["which language?"]);
    repo.write("Cargo.toml", "[workspace]\n");
    new(&repo, &["snow", "--lang", "rust"], 7).says(&["the folder sdk-rust isn't"]);
    fs::remove_dir_all(repo.path("sdk-rust")).unwrap();
    repo.write("Cargo.toml", "[workspace]\nexclude = [\"connector\"]\n");
    new(&repo, &["snow", "--lang", "rust"], 3).says(&["excludes connector/snow"]);
    repo.write("Cargo.toml", "[package]\nname = \"x\"\n");
    repo.write("sdk-rust/Cargo.toml", "[package]\nname = \"mine\"\n");
    assert_eq!(repo.files(), before);
}

/// A file at the end can't be written: nothing of the others stays.
#[test]
fn a_write_that_fails_is_undone() {
    let repo = empty();
    repo.write("connector/.gitkeep", "");
    repo.write("go.mod", "module example.com/x\n\ngo 1.25.0\n");
    repo.write("go.sum/mine", "a folder, and no file\n");
    let before = repo.files();
    let ran = new(&repo, &["rain", "--lang", "go"], 5).says(&["go.sum"]);
    assert_eq!(repo.files(), before, "{ran}");
    assert_eq!(repo.list("connector"), [".gitkeep"], "no scratch folder stays");
    assert!(!repo.exists("sdk"), "nor an empty one");
}

#[test]
fn init_leaves_what_is_there() {
    let repo = empty();
    repo.write("README.md", "Mine.\n");
    repo.write(".gitignore", "bin\n");
    let ran = repo.wick(&["plugin", "init", "--lang", "rust", "--wick", WICK]).run().expect_code(0);
    let ran =
        ran.says(&["README.md is yours and stays", "`/target/` is missing", "wrote Cargo.toml", "git init"]);
    assert!(!ran.stderr.contains("`/bin/` is missing"), "{ran}");
    assert_eq!(repo.read("README.md"), "Mine.\n");
    assert!(repo.read(".github/workflows/plugins.yml").contains("rustup target add"));
    let before = repo.files();
    let again = repo.wick(&["plugin", "init", "--lang", "rust", "--format", "json"]).run().expect_code(0);
    assert_eq!(
        (&again.json()["written"], &again.json()["same"]),
        (&serde_json::json!([]), &true.into()),
        "{again}"
    );
    assert_eq!(repo.files(), before);
    // A first Go plugin brings its steps to a workflow that nobody has changed.
    new(&repo, &["rain", "--lang", "go"], 0).says(&["updated .github/workflows/plugins.yml"]);
    assert!(repo.read(".github/workflows/plugins.yml").contains("go-version-file: \"go.mod\""));
    repo.wick(&["plugin", "init", "--check"]).run().expect_code(0);
    repo.wick(&["plugin", "init", "--lang", "go", "--module", "a b"]).run().expect_code(0);
}

#[test]
fn the_remote_names_the_module() {
    if crate::repo::lacks("the_remote_names_the_module", &["git"]) {
        return;
    }
    let repo = empty();
    repo.git(&["init", "--quiet"]);
    repo.git(&["remote", "add", "origin", "git@github.com:acme/repo.git"]);
    fs::create_dir(repo.path("plugins")).unwrap();
    let init = repo.wick(&["plugin", "init", "--lang", "go", "--wick", WICK]);
    let init = init.folder(&repo.path("plugins")).run().expect_code(0);
    init.never_says(&["git init", "any name will do"]);
    assert!(repo.read("plugins/go.mod").starts_with("module github.com/acme/repo/plugins\n"));
    assert!(repo.exists(".github/workflows/plugins.yml"), "GitHub looks at the top only");
}
