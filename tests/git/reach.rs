//! Sources that reach out of the repository or into another one: `--changed` and `reproduce`.

use std::fs;

use github_double::{Config, Double};

use crate::repo::{self, Folder, Ran, Repo};

fn selected(ran: &Ran) -> Vec<String> {
    let plan = ran.json();
    let units = plan["units"].as_array().cloned().unwrap_or_default();
    let mut keys: Vec<String> =
        units.iter().map(|unit| unit["plugin"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    keys.dedup();
    keys
}

fn changed(repo: &Repo, since: &str) -> Ran {
    let args =
        ["plugin", "build", "--changed", "--since", since, "--dry-run", "--format", "json", "--explain"];
    repo.wick(&args).run().expect_code(0)
}

/// A library of its own, with a package that the plugin `user` takes by `replace`.
fn with_library(lib: &str) -> Repo {
    let repo = Repo::go();
    repo.go_plugin("connector", "user", Some("example.com/lib/words"));
    repo.append("go.mod", &format!("\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => {lib}\n"));
    repo
}

fn library() -> Repo {
    let lib = Repo::go();
    lib.write("go.mod", "module example.com/lib\n\ngo 1.24\n");
    fs::rename(lib.path("shared/words"), lib.path("words")).unwrap();
    fs::remove_dir_all(lib.path("connector")).unwrap();
    fs::remove_dir_all(lib.path("tool")).unwrap();
    lib
}

#[test]
fn a_submodules_edits_and_moves_select_and_reproduce_brings_it_along() {
    if repo::lacks("a_submodules_edits_and_moves_select", &["go", "git"]) {
        return;
    }
    let lib = library().committed();
    let repo = with_library("./lib");
    repo.append("wick.toml", &format!("\n[build]\ntargets = [\"{}\"]\n", repo::this_machine()));
    let repo = repo.committed();
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        lib.root().to_str().unwrap(),
        "lib",
    ];
    repo.git(&add);
    repo.commit("A library");
    repo.git(&["tag", "user/v0.1.0"]);
    let output = Folder::new();
    let place = output.path().to_str().unwrap();
    repo.wick(&["plugin", "build", "user", "-q", "-o", place]).run().expect_code(0);
    assert_eq!(selected(&changed(&repo, "HEAD")), [""; 0]);
    repo.append("lib/words/words.go", "\n// Edited.\n");
    let ran = changed(&repo, "HEAD");
    assert_eq!(selected(&ran), ["user"], "{ran}");
    ran.says(&["connector/user is selected: lib/words/words.go changed"]);
    repo::git(&repo.path("lib"), &["commit", "--quiet", "-am", "Edit"]);
    assert_eq!(selected(&changed(&repo, "HEAD")), ["user"], "moved, not committed");
    repo.commit("Move the library");
    assert_eq!(selected(&changed(&repo, "HEAD~1")), ["user"], "moved");
    assert_eq!(selected(&changed(&repo, "HEAD")), [""; 0]);
    // The notes name the move.
    repo.write("connector/user/VERSION", "0.2.0\n");
    repo.commit("Raise the version");
    repo.wick(&["plugin", "build", "user", "-q"]).run().expect_code(0);
    let head = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let double = Double::start(Config { head, ..Config::default() });
    let release = ["plugin", "release", "user", "--repo", double.repository(), "--api-url", double.api_url()];
    repo.wick(&release).env("WICK_GITHUB_TOKEN", "ghp_write").run().expect_code(0);
    let notes = double.snapshot().releases[0].notes.clone();
    assert!(notes.contains("- Move the library (") && notes.contains("- Raise the version ("), "{notes}");
    // The tag's pointer, whatever is checked out there now.
    let args = ["plugin", "reproduce", "user@0.1.0", "--against", place];
    repo.wick(&args).run().expect_code(0);
    repo.git(&["submodule", "--quiet", "deinit", "--force", "lib"]);
    repo.wick(&args).run().expect_code(0);
    fs::remove_dir_all(repo.path(".git/modules/lib")).unwrap();
    let ran = repo.wick(&args).run().expect_code(4);
    ran.says(&["the submodule lib at", "isn't in this clone", "git submodule update --init lib"]);
}

#[test]
fn what_nobody_keeps_the_history_of_is_taken_for_affected() {
    if repo::lacks("what_nobody_keeps_the_history_of", &["go", "git"]) {
        return;
    }
    let lib = library();
    let repo = with_library(lib.root().to_str().unwrap()).committed();
    let ran = changed(&repo, "HEAD");
    assert_eq!(selected(&ran), ["user"], "{ran}");
    ran.says(&["lies outside the repository, so its changes can't be told"]);

    // go.work instead of replace; and an ignored source, edits that the index hides, a link that leads out.
    let repo = Repo::go();
    repo.go_plugin("connector", "user", Some("example.com/lib/words"));
    repo.write("go.work", &format!("go 1.24\n\nuse (\n\t.\n\t{}\n)\n", lib.root().display()));
    let repo = repo.committed();
    assert_eq!(selected(&changed(&repo, "HEAD")), ["user"]);
    let repo = Repo::go().committed();
    repo.append(".gitignore", "zz_*\n");
    repo.commit("Ignore");
    assert_eq!(selected(&changed(&repo, "HEAD")), [""; 0]);
    repo.write("tool/gamma/zz_generated.go", "package main\n");
    let ran = changed(&repo, "HEAD");
    assert_eq!(selected(&ran), ["gamma"], "{ran}");
    ran.says(&["tool/gamma/zz_generated.go is in no commit"]);
    repo.remove("tool/gamma/zz_generated.go");
    repo.write("tool/gamma/new.go", "package main\n");
    repo.write(".git/info/exclude", "new.go\n");
    assert_eq!(selected(&changed(&repo, "HEAD")), ["gamma"], "the user's own excludes hide nothing");
    repo.remove("tool/gamma/new.go");
    repo.git(&["update-index", "--assume-unchanged", "connector/beta/main.go"]);
    repo.append("connector/beta/main.go", "\n// Edited.\n");
    assert_eq!(selected(&changed(&repo, "HEAD")), ["beta"]);
    repo.git(&["update-index", "--no-assume-unchanged", "connector/beta/main.go"]);
    repo.git(&["checkout", "--quiet", "."]);
    std::os::unix::fs::symlink(lib.path("words/words.go"), repo.path("shared/words/far.go")).unwrap();
    repo.commit("A link that leads out");
    let ran = changed(&repo, "HEAD");
    assert_eq!(selected(&ran), ["alpha", "beta"], "{ran}");
}

#[test]
fn line_ends_of_the_users_dont_get_into_a_reproduction() {
    if repo::lacks("line_ends_of_the_users", &["go", "git"]) {
        return;
    }
    let repo = Repo::go();
    repo.write(".gitattributes", "*.txt text eol=crlf\n*.go text ident\n");
    let repo = repo.committed();
    repo.git(&["tag", "alpha/v0.1.0"]);
    let output = Folder::new();
    let place = output.path().to_str().unwrap();
    repo.wick(&["plugin", "build", "alpha", "-q", "-o", place]).run().expect_code(0);
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.wick(&["plugin", "reproduce", "alpha@0.1.0", "--against", place]).run().expect_code(0);
}
