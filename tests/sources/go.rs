//! Go: each row of K1 builds as before, is named by the build's report and refused by the release.

use std::fs;

use crate::repo::{Repo, git};
use crate::support::{build, found, found_by, go, need, receipt, refused, would_go_out};

/// What is done to a clean repository; then what is found, in which way.
struct Row {
    what: &'static str,
    make: fn(&Repo),
    found: &'static [&'static str],
}

/// `alpha` needs the module `lib` in a folder.
fn uses_lib(repo: &Repo, place: &str) {
    repo.append("go.mod", "\nrequire example.com/lib v0.0.0\n");
    if !place.is_empty() {
        repo.append("go.mod", &format!("\nreplace example.com/lib => {place}\n"));
    }
    repo.replace("connector/alpha/main.go", "import (\n", "import (\n\t_ \"example.com/lib\"\n");
}

fn lib(repo: &Repo, place: &str) {
    repo.write(&format!("{place}/go.mod"), "module example.com/lib\n\ngo 1.24\n");
    repo.write(&format!("{place}/lib.go"), "package lib\n");
}

const ROWS: &[Row] = &[
    Row {
        what: "a generated file that .gitignore names",
        make: |repo| {
            repo.append(".gitignore", "zz_*.go\n");
            repo.commit("ignore");
            repo.write("connector/alpha/zz_generated.go", "package main\n");
        },
        found: &["connector/alpha/zz_generated.go: not-in-commit"],
    },
    Row {
        what: "assume-unchanged",
        make: |repo| {
            repo.git(&["update-index", "--assume-unchanged", "connector/alpha/main.go"]);
            repo.append("connector/alpha/main.go", "\n// Edited.\n");
        },
        found: &["connector/alpha/main.go: differs"],
    },
    Row {
        what: "an embedded file that is ignored",
        make: |repo| {
            repo.append(".gitignore", "two.txt\n");
            repo.commit("ignore");
            repo.write("shared/words/texts/two.txt", "two\n");
        },
        found: &["shared/words/texts/two.txt: not-in-commit"],
    },
    Row {
        what: "a profile that go finds by its name",
        make: |repo| {
            repo.append(".gitignore", "*.pgo\n");
            repo.commit("ignore");
            repo.write("connector/alpha/default.pgo", "");
        },
        found: &["connector/alpha/default.pgo: not-in-commit"],
    },
    Row {
        what: "what an assembly file includes, and what that does",
        make: |repo| {
            repo.append(".gitignore", "*.inc\n");
            repo.write("shared/words/a.go", "package words\n\nfunc asm()\n");
            for arch in ["amd64", "arm64"] {
                let text = "#include \"textflag.h\"\n#include \"../defs.inc\"\n\nTEXT ·asm(SB), NOSPLIT, $0\n\tBACK\n";
                repo.write(&format!("shared/words/a_{arch}.s"), text);
            }
            repo.write("shared/defs.inc", "#include \"more.inc\"\n");
            repo.git(&["add", "--force", "shared/defs.inc"]);
            repo.commit("assembly");
            repo.write("shared/words/more.inc", "#define BACK RET\n");
        },
        found: &["shared/words/more.inc: not-in-commit"],
    },
    Row {
        what: "a module beside the repository",
        make: |repo| {
            lib(repo, "../lib");
            uses_lib(repo, "../lib");
            repo.commit("lib");
        },
        found: &["../lib/go.mod: outside", "../lib/lib.go: outside"],
    },
    Row {
        what: "a workspace that uses a module beside the repository",
        make: |repo| {
            lib(repo, "../lib");
            uses_lib(repo, "");
            repo.write(
                "go.work",
                "go 1.24\n\nuse (\n\t.\n\t../lib\n)\n\nreplace example.com/lib v0.0.0 => ../lib\n",
            );
            repo.commit("lib");
        },
        found: &["../lib/go.mod: outside", "../lib/lib.go: outside"],
    },
    Row {
        what: "a committed link to a file outside",
        make: |repo| {
            repo.write("../out.go", "package main\n");
            std::os::unix::fs::symlink("../../../out.go", repo.path("connector/alpha/out.go")).unwrap();
            repo.commit("link");
        },
        found: &["connector/alpha/out.go: outside"],
    },
    Row {
        what: "a submodule that is edited",
        make: |repo| {
            with_submodule(repo);
            repo.append("lib/lib.go", "\n// Edited.\n");
        },
        found: &["lib/lib.go: differs"],
    },
];

fn with_submodule(repo: &Repo) {
    let origin = Repo::empty();
    lib(&origin, ".");
    let origin = origin.committed();
    let url = origin.root().to_string_lossy().into_owned();
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "lib"]);
    uses_lib(repo, "./lib");
    repo.commit("lib");
}

#[test]
fn what_is_in_no_commit_is_named_and_refused() {
    need!(&["go", "git"]);
    for Row { what, make, found: expected } in ROWS {
        let repo = go().moved_into("repo").committed();
        assert_eq!(found(repo.root(), "alpha"), [""; 0], "{what}: clean before");
        make(&repo);
        assert_eq!(found(repo.root(), "alpha"), *expected, "{what}");
        let name = expected.last().unwrap().split(": ").next().unwrap();
        refused(repo.root(), "alpha", &[name]);
        assert_eq!(build(repo.root(), "alpha").with_status("up-to-date"), ["alpha"], "{what}");
        // And everything in order again.
        if !expected[0].contains("outside") && !name.starts_with("lib/") {
            repo.git(&["update-index", "--no-assume-unchanged", "connector/alpha/main.go"]);
            repo.git(&["add", "--force", name]);
            repo.git(&["commit", "--quiet", "-m", "in a commit"]);
            assert_eq!(found(repo.root(), "alpha"), [""; 0], "{what}: committed");
            would_go_out(repo.root(), "alpha");
        }
    }
}

#[test]
fn a_submodule_counts_by_the_commit_that_is_named() {
    need!(&["go", "git"]);
    let repo = go().committed();
    with_submodule(&repo);
    assert_eq!(found(repo.root(), "alpha"), [""; 0]);
    repo.append("lib/lib.go", "\n// Edited.\n");
    git(&repo.path("lib"), &["commit", "--quiet", "-am", "edited"]);
    assert_eq!(found(repo.root(), "alpha"), ["lib/lib.go: differs"], "the pointer still names the old one");
    refused(repo.root(), "alpha", &["lib/lib.go"]);
    repo.commit("move the pointer");
    assert_eq!(found(repo.root(), "alpha"), [""; 0]);
    would_go_out(repo.root(), "alpha");
}

#[test]
fn line_ends_of_a_checkout_are_told() {
    need!(&["go", "git"]);
    let origin = go().committed();
    let clone = Repo::empty();
    let url = origin.root().to_string_lossy().into_owned();
    clone.git(&["clone", "--quiet", "-c", "core.autocrlf=true", &url, "clone"]);
    let folder = clone.path("clone");
    let all = found(&folder, "alpha");
    assert!(all.contains(&"connector/alpha/VERSION: line-ends".to_owned()), "{all:?}");
    refused(&folder, "alpha", &["line ends differ from the commit", "core.autocrlf=false"]);
}

/// Neither the environment nor the user's own settings answer for the bytes.
#[test]
fn variables_and_settings_of_git_take_no_part() {
    need!(&["go", "git"]);
    let repo = go().committed();
    repo.write("home/ignored", "zz_*\n");
    repo.write(
        "home/gitconfig",
        "[core]\n\texcludesFile = ~/ignored\n[filter \"x\"]\n\tclean = git show :%f\n",
    );
    repo.write(".git/info/attributes", "*.go filter=x\n");
    repo.write("connector/alpha/zz_generated.go", "package main\n");
    repo.append("connector/alpha/main.go", "\n// Edited.\n");
    fs::copy(repo.path(".git/index"), repo.path("home/index")).unwrap();
    let ran = repo
        .wick(&["plugin", "build", "alpha", "--format", "json"])
        .env("GIT_CONFIG_GLOBAL", repo.path("home/gitconfig"))
        .env("GIT_INDEX_FILE", repo.path("home/index"))
        .run()
        .expect_code(0);
    let all = crate::support::found_by(&ran, repo.root(), "alpha");
    assert_eq!(all, ["connector/alpha/main.go: differs", "connector/alpha/zz_generated.go: not-in-commit"]);
}

/// What is signed says it: `dirty`, and the file.
#[test]
fn a_statement_names_what_is_in_no_commit() {
    need!(&["go", "git"]);
    let repo = go().committed();
    repo.append("connector/alpha/main.go", "\n// Edited.\n");
    repo.wick(&["plugin", "keygen", "--cosign", "-q", "-o", "bin/cosign.key"])
        .env("COSIGN_PASSWORD", "x")
        .run()
        .expect_code(0);
    let line = ["plugin", "build", "alpha", "--attest", "--cosign-key", "bin/cosign.key", "--explain"];
    let ran = repo.wick(&line).env("COSIGN_PASSWORD", "x").run().expect_code(0);
    ran.says(&["sources that are in no commit: connector/alpha/main.go (differs from the commit)"]);
    assert_eq!(receipt(repo.root(), "alpha")["source"]["dirty"], true);
    let names = repo.list("bin");
    let name = names.iter().find(|name| name.ends_with(".intoto.sigstore.json")).unwrap();
    let bundle: serde_json::Value = serde_json::from_str(&repo.read(&format!("bin/{name}"))).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let bytes = decoded(payload);
    let statement: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["resolvedDependencies"][0]["annotations"]["dirty"], true, "{statement:#}");
    let named = &definition["internalParameters"]["uncommitted"];
    assert_eq!(*named, serde_json::json!([{"path": "connector/alpha/main.go", "why": "differs"}]));
}

fn decoded(payload: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(payload).unwrap()
}

/// What nobody can list isn't the commit's, whatever was listed.
#[test]
fn a_build_that_cant_be_listed_is_no_commits() {
    need!(&["go", "git"]);
    let repo = go().committed();
    let overlay = repo.root().join(".git/overlay.json");
    fs::write(&overlay, "{\"Replace\":{}}").unwrap();
    for flags in [format!("-overlay={}", overlay.display()), "-toolexec=env".to_owned()] {
        let args = ["plugin", "build", "alpha", "--format", "json"];
        let ran = repo.wick(&args).env("GOFLAGS", &flags).run().expect_code(0);
        assert_eq!(found_by(&ran, repo.root(), "alpha"), ["connector/alpha: unlisted"], "{flags}");
        refused(repo.root(), "alpha", &["connector/alpha (what the build read there can't be listed)"]);
    }
    assert_eq!(found(repo.root(), "alpha"), [""; 0], "without them");
}
