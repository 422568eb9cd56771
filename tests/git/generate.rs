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
    // One that leaves alone what is there has not written it.
    repo.write(
        "wick.toml",
        "[plugin.rho]\ngenerate = [[\"sh\", \"-c\", \"test -e src/copied.rs || cp schema.txt src/copied.rs\"]]\n",
    );
    repo.commit("Copy once");
    build();
    assert_eq!(source(&repo, "connector-rho")["dirty"], false, "what it wrote before is made anew");
    repo.append("connector/rho/src/copied.rs", "pub fn forged() {}\n");
    build();
    let state = source(&repo, "connector-rho");
    assert_eq!(state["uncommitted"][0]["path"], "connector/rho/src/copied.rs", "{state}");
}
