//! Declared generators: sources that are in no commit, made from ones that are.

use std::fs;

use crate::repo::{self, Folder, Repo};

const GENERATOR: &str = r#"// Command gen writes a Go file from a text.
package main

import (
	"fmt"
	"os"
)

func main() {
	text, err := os.ReadFile("text.txt")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	if os.Getenv("GOOS") == "plan9" {
		os.Exit(4)
	}
	os.WriteFile("zz_generated.go", []byte(fmt.Sprintf("package main\n\nconst text = %q\n\nfunc init() { _ = text }\n", text)), 0o644)
}
"#;

/// `tool/gamma` with a file that `go generate` writes.
fn with_generator() -> Repo {
    let repo = Repo::go();
    repo.write("cmd/gen/main.go", GENERATOR);
    repo.write("tool/gamma/text.txt", "one\n");
    repo.append("tool/gamma/main.go", "\n//go:generate go run example.com/plugins/cmd/gen\n\nvar _ = text\n");
    repo.append("wick.toml", "\n[plugin.gamma]\ngenerate = [[\"go\", \"generate\", \"./...\"]]\n");
    let repo = repo.committed();
    repo.append(".gitignore", "zz_*\n");
    repo.commit("Ignore what is generated");
    repo
}

fn source(repo: &Repo, key: &str) -> serde_json::Value {
    let target = repo::this_machine().replace('/', "-");
    let text = repo.read(&format!("bin/.wick/receipts/{key}-{target}.package.json"));
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["source"].take()
}

#[track_caller]
fn not_released(repo: &Repo, key: &str, words: &str) {
    let double = github_double::Double::start(github_double::Config::default());
    let wick = repo.wick(&["plugin", "release", key, "--dry-run"]).env("WICK_GITHUB_TOKEN", "ghp_write");
    let wick = wick.env("GITHUB_API_URL", double.api_url()).env("GITHUB_REPOSITORY", double.repository());
    wick.run().expect_code(1).says(&["sources that are in no commit", words]);
}

#[test]
fn what_a_declared_generator_wrote_counts_as_the_commits() {
    if repo::lacks("what_a_declared_generator_wrote_counts_as_the_commits", &["go", "git"]) {
        return;
    }
    let repo = with_generator();
    let ran = repo.wick(&["plugin", "build", "gamma", "--dry-run"]).run().expect_code(0);
    assert!(ran.stdout.contains("# sources of gamma\n") && ran.stdout.contains("go generate ./..."), "{ran}");
    assert!(!repo.exists("tool/gamma/zz_generated.go"), "a dry run runs nothing");
    let build = || repo.wick(&["plugin", "build", "gamma", "--format", "json"]).run().expect_code(0);
    let first = build();
    assert!(!first.stderr.contains("warning"), "{first}");
    assert_eq!(source(&repo, "tool-gamma")["dirty"], false, "{first}");
    let target = repo::this_machine().replace('/', "-");
    let receipt = repo.read(&format!("bin/.wick/receipts/tool-gamma-{target}.build.json"));
    for part in [r#""generate": "[[\"go\",\"generate\",\"./...\"]]""#, "tool/gamma/zz_generated.go"] {
        assert!(receipt.contains(part), "{part}: {receipt}");
    }
    // Nothing changed, nothing is run.
    let stamp = || fs::metadata(repo.path("tool/gamma/zz_generated.go")).unwrap().modified().unwrap();
    let before = stamp();
    build();
    assert_eq!(stamp(), before);
    // What is released is made again from the commit alone.
    repo.git(&["tag", "gamma/v0.1.0"]);
    let output = Folder::new();
    let place = output.path().join("out");
    repo::copy_tree(&repo.path("bin"), &place);
    let args = ["plugin", "reproduce", "gamma@0.1.0", "--against", place.to_str().unwrap()];
    repo.wick(&args).run().expect_code(0);
    // An input that changes; one that is in no commit; an altered output; a setting that is for other machines.
    repo.write("tool/gamma/text.txt", "two\n");
    build();
    assert!(repo.read("tool/gamma/zz_generated.go").contains("two"));
    assert_eq!(source(&repo, "tool-gamma")["dirty"], true, "made from what is in no commit");
    repo.commit("Two");
    repo.write("tool/gamma/zz_generated.go", "package main\n\nconst text = \"forged\"\n");
    build();
    assert!(repo.read("tool/gamma/zz_generated.go").contains("two"));
    let state = source(&repo, "tool-gamma");
    assert_eq!(
        state["uncommitted"][0]["path"], "tool/gamma/zz_generated.go",
        "whose it was can't be told: {state}"
    );
    repo.remove("tool/gamma/zz_generated.go");
    build();
    assert_eq!(source(&repo, "tool-gamma")["dirty"], false);
    repo.wick(&["plugin", "build", "gamma", "--force", "-q", "--target", repo::this_machine()])
        .env("GOOS", "plan9")
        .env("GIT_DIR", "/nowhere")
        .run()
        .expect_code(0);
    repo.write("tool/gamma/loose.json", "{}");
    build();
    assert_eq!(source(&repo, "tool-gamma")["dirty"], true, "a generator may have read it");
    repo.remove("tool/gamma/loose.json");
    // The generator itself is a source, wherever it lies in the module.
    repo.replace("cmd/gen/main.go", "const text", "// By hand.\\nconst text");
    build();
    let state = source(&repo, "tool-gamma");
    assert_eq!(state["uncommitted"][0]["path"], "cmd/gen/main.go", "{state}");
    repo.git(&["checkout", "--quiet", "cmd"]);
    // A leftover that no generator wrote is none of its files.
    repo.write("tool/gamma/zz_stale.go", "package main\n");
    build();
    let state = source(&repo, "tool-gamma");
    assert_eq!(state["uncommitted"][0]["path"], "tool/gamma/zz_stale.go", "{state}");
    assert_eq!(state["uncommitted"].as_array().unwrap().len(), 1, "{state}");
}

#[test]
fn a_generator_that_fails_or_is_missing() {
    if repo::lacks("a_generator_that_fails_or_is_missing", &["go", "git"]) {
        return;
    }
    let repo = with_generator();
    repo.remove("tool/gamma/text.txt");
    let ran = repo.wick(&["plugin", "build", "gamma"]).run().expect_code(5);
    ran.says(&["its generator `go generate ./...` failed (exit code 1)", "no such file or directory"]);
    // The others are built.
    let ran = repo.wick(&["plugin", "build", "gamma", "alpha", "--keep-going"]).run().expect_code(5);
    ran.says(&["1 built", "1 failed"]);
    repo.replace("wick.toml", "\"go\", \"generate\", \"./...\"", "\"no-such-generator\"");
    repo.wick(&["plugin", "build", "gamma"])
        .run()
        .expect_code(4)
        .says(&["there is no program `no-such-generator`", "install it"]);
    repo.replace("wick.toml", "[\"no-such-generator\"]", "[]");
    repo.wick(&["plugin", "build", "gamma"]).run().expect_code(3).says(&["[plugin.gamma] generate"]);
}

#[test]
fn a_copied_file_of_a_rust_plugin() {
    if repo::lacks("a_copied_file_of_a_rust_plugin", &["cargo", "git"]) {
        return;
    }
    let repo = Repo::empty().with_rust();
    repo.append("connector/rho/src/main.rs", "\n#[path = \"copied.rs\"]\nmod copied;\n");
    repo.write("connector/rho/schema.txt", "#[allow(dead_code)]\npub const ONE: u8 = 1;\n");
    repo.write("wick.toml", "[plugin.rho]\ngenerate = [[\"cp\", \"schema.txt\", \"src/copied.rs\"]]\n");
    let repo = repo.committed();
    repo.append(".gitignore", "copied.rs\n");
    repo.commit("Ignore what is copied");
    let build = || repo.wick(&["plugin", "build", "rho", "-q"]).run().expect_code(0);
    build();
    let state = source(&repo, "connector-rho");
    assert_eq!(state["dirty"], false, "{state}");
    build();
    assert_eq!(source(&repo, "connector-rho")["dirty"], false);
    // One that leaves alone what is there: it counts as long as the record knows it, made from the commit's.
    let once = "[plugin.rho]\ngenerate = [[\"sh\", \"-c\", \"test -e src/copied.rs || cp schema.txt src/copied.rs\"]]\n";
    repo.write("wick.toml", once);
    repo.commit("Copy once");
    let copied = "connector/rho/src/copied.rs";
    let is_refused = |why: &str| {
        build();
        let state = source(&repo, "connector-rho");
        assert_eq!(state["uncommitted"][0]["path"], copied, "{why}: {state}");
    };
    let is_clean = |why: &str| {
        build();
        let state = source(&repo, "connector-rho");
        assert_eq!(state["dirty"], false, "{why}: {state}");
    };
    is_refused("other commands wrote it");
    repo.remove(copied);
    is_clean("it is written anew");
    repo.write("README.md", "More.\n");
    repo.commit("Say more");
    is_clean("it was left alone");
    fs::remove_dir_all(repo.path("bin")).unwrap();
    is_refused("nobody knows who wrote it");
    not_released(&repo, "rho", "remove it and build again");
    repo.remove(copied);
    is_clean("it is written anew");
    repo.append(copied, "pub fn forged() {}\n");
    is_refused("it was altered");
    // Made from what is in no commit, and left alone when that is gone.
    repo.remove(copied);
    repo.append("connector/rho/schema.txt", "#[allow(dead_code)]\npub const TWO: u8 = 2;\n");
    build();
    assert_eq!(source(&repo, "connector-rho")["dirty"], true);
    repo.git(&["checkout", "--quiet", "connector/rho/schema.txt"]);
    is_refused("it is made from other text");
    is_refused("still");
    repo.remove(copied);
    is_clean("it is written anew");
}

/// Files of the user's that a generator rewrites stay theirs: none is removed, none counts as generated.
#[test]
fn what_was_there_before_is_nobodys_but_the_users() {
    if repo::lacks("what_was_there_before_is_nobodys_but_the_users", &["go", "git"]) {
        return;
    }
    let repo = with_generator();
    repo.append(
        "wick.toml",
        "\n[plugin.alpha]\ngenerate = [[\"gofmt\", \"-w\", \".\"], [\"touch\", \"VERSION\"]]\n",
    );
    repo.append(".gitignore", "wip*\n");
    let main = repo.path("connector/alpha/main.go");
    assert!(std::process::Command::new("gofmt").arg("-w").arg(&main).status().unwrap().success());
    repo.commit("Format");
    let build = |key: &str| {
        repo.wick(&["plugin", "build", key, "-q"]).run().expect_code(0);
    };
    let found = |key: &str| -> Vec<String> {
        let state = source(&repo, key);
        let all = state["uncommitted"].as_array().cloned().unwrap_or_default();
        all.iter().map(|one| one["path"].as_str().unwrap().to_owned()).collect()
    };
    build("alpha");
    assert_eq!(found("connector-alpha"), [""; 0]);
    let mine = "package main\n\nvar   wip = 1\n";
    repo.write("connector/alpha/wip.go", mine);
    for round in 0..3 {
        build("alpha");
        assert!(repo.read("connector/alpha/wip.go").contains("var wip = 1"), "{round}");
        assert_eq!(found("connector-alpha"), ["connector/alpha/wip.go"], "{round}");
        repo.append("connector/alpha/wip.go", &format!("\nvar   wip{round} = 1\n"));
    }
    repo.remove("connector/alpha/wip.go");
    // The commit's own files are judged by the commit, whoever rewrote them last.
    repo.append("connector/alpha/main.go", "\nvar   edited = 1\n\nfunc init() { _ = edited }\n");
    repo.write("connector/alpha/VERSION", "0.9.9\n");
    for _ in 0..2 {
        build("alpha");
        assert_eq!(found("connector-alpha"), ["connector/alpha/VERSION", "connector/alpha/main.go"]);
    }
    repo.remove("connector/alpha/main.go");
    repo.git(&["checkout", "--quiet", "connector/alpha"]);
    build("alpha");
    assert_eq!(found("connector-alpha"), [""; 0]);
}

/// What one plugin's generator writes isn't the commit's to another plugin.
#[test]
fn what_a_generator_wrote_counts_for_its_own_plugin() {
    if repo::lacks("what_a_generator_wrote_counts_for_its_own_plugin", &["go", "git"]) {
        return;
    }
    let repo = Repo::go();
    repo.write("tool/gamma/text.txt", "package words\n");
    repo.append(
        "wick.toml",
        "\n[plugin.gamma]\ngenerate = [[\"cp\", \"text.txt\", \"../../shared/words/zz.go\"]]\n",
    );
    let repo = repo.committed();
    repo.append(".gitignore", "zz*\n");
    repo.commit("Ignore what is generated");
    for keys in [&["--all-plugins"][..], &["alpha"]] {
        repo.wick(&[&["plugin", "build", "-q"], keys].concat()).run().expect_code(0);
        let state = source(&repo, "connector-alpha");
        assert_eq!(state["uncommitted"][0]["path"], "shared/words/zz.go", "{state}");
        assert_eq!(source(&repo, "tool-gamma")["dirty"], false);
    }
}

/// What systems, editors and this clone's own ignore rules leave in a folder is no input; what else lies there is, and a
/// folder that nobody can read is none.
#[test]
fn what_lies_about_is_no_input() {
    if repo::lacks("what_lies_about_is_no_input", &["go", "git"]) {
        return;
    }
    let repo = with_generator();
    repo.write(".git/info/exclude", "notes/\n");
    repo.write(".git/their-excludes", "*.mine\n");
    let excludes = repo.path(".git/their-excludes");
    repo.git(&["config", "core.excludesFile", excludes.to_str().unwrap()]);
    for litter in [".DS_Store", ".main.go.swp", "tool/gamma/text.txt~", "notes/a.txt", "cmd/my.mine"] {
        repo.write(litter, "x");
    }
    let closed = repo.path("zz_closed");
    fs::create_dir(&closed).unwrap();
    let mode =
        |bits| fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(bits)).unwrap();
    mode(0);
    repo.wick(&["plugin", "build", "gamma", "-q", "--force"]).run().expect_code(0);
    mode(0o755);
    let state = source(&repo, "tool-gamma");
    assert_eq!(state["dirty"], false, "{state}");
    // Rules in no commit hide nothing, but where the commit's own rules hide their folder.
    repo.write("zz_tool/.gitignore", "*\n");
    repo.write("spec/.gitignore", "*\n");
    repo.write("spec/in.txt", "x\n");
    repo.wick(&["plugin", "build", "gamma", "-q", "--force"]).run().expect_code(0);
    let state = source(&repo, "tool-gamma");
    assert_eq!(state["uncommitted"][0]["path"], "spec/.gitignore", "{state}");
    assert_eq!(state["uncommitted"].as_array().unwrap().len(), 1, "{state}");
    fs::remove_dir_all(repo.path("spec")).unwrap();
    repo.write("loose.txt", "x");
    repo.wick(&["plugin", "build", "gamma", "-q", "--force"]).run().expect_code(0);
    let state = source(&repo, "tool-gamma");
    assert_eq!(state["uncommitted"][0]["path"], "loose.txt", "{state}");
    not_released(&repo, "gamma", "commit it, or name it in .gitignore");
}

/// In a fresh clone, what is embedded isn't generated yet.
#[test]
fn a_change_selects_by_what_generators_may_read() {
    if repo::lacks("a_change_selects_by_what_generators_may_read", &["go", "git"]) {
        return;
    }
    let repo = Repo::go();
    repo.append("tool/gamma/main.go", "\n//go:embed zz.txt\nvar _ string\n");
    repo.replace("tool/gamma/main.go", "import (\n", "import (\n\t_ \"embed\"\n");
    repo.append("wick.toml", "\n[plugin.gamma]\ngenerate = [[\"cp\", \"VERSION\", \"zz.txt\"]]\n");
    let repo = repo.committed();
    repo.append(".gitignore", "zz*\n");
    repo.commit("Ignore what is generated");
    let selected = || {
        let args = ["plugin", "build", "--changed", "--since", "HEAD", "--dry-run"];
        repo.wick(&args).run().expect_code(0).stdout.contains("gamma")
    };
    assert!(!selected(), "nothing changed");
    repo.write("tool/gamma/text.txt", "x\n");
    assert!(selected());
}
