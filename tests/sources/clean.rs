//! Controls: an ordinary repository says nothing and goes out, on machines as people have them.

use crate::repo::{Repo, rust_home};
use crate::support::{build, found, found_by, go, need, would_go_out};

#[test]
fn a_clean_repository_says_nothing() {
    need!(&["go", "git"]);
    let repo = go();
    repo.append("wick.toml", "\n[plugin.alpha]\nfiles = [\"run.sh\"]\n");
    repo.write("connector/alpha/run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(
        repo.path("connector/alpha/run.sh"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let repo = repo.committed();
    // What lies around on a desk.
    for name in
        ["connector/alpha/.DS_Store", "connector/alpha/.env", "connector/alpha/notes.txt", "scratch.txt"]
    {
        repo.write(name, "x");
    }
    let ran = build(repo.root(), "alpha");
    assert_eq!(found_by(&ran, repo.root(), "alpha"), [""; 0]);
    for word in ["commit", "warning", "source"] {
        assert!(!ran.stderr.contains(word), "{ran}");
    }
    would_go_out(repo.root(), "alpha");
    let again = build(repo.root(), "alpha");
    assert_eq!(again.compiler_runs(), 0);
    assert_eq!(found_by(&again, repo.root(), "alpha"), [""; 0]);
}

#[test]
fn a_vendored_module_counts_as_the_commit_has_it() {
    need!(&["go", "git"]);
    let repo = go();
    repo.append("go.mod", "\nrequire example.com/lib v1.0.0\n");
    repo.replace("connector/alpha/main.go", "import (\n", "import (\n\t_ \"example.com/lib\"\n");
    repo.write("vendor/example.com/lib/lib.go", "package lib\n");
    repo.write("vendor/modules.txt", "# example.com/lib v1.0.0\n## explicit\nexample.com/lib\n");
    let repo = repo.committed();
    assert_eq!(found(repo.root(), "alpha"), [""; 0]);
    repo.append("vendor/example.com/lib/lib.go", "\n// Edited.\n");
    assert_eq!(found(repo.root(), "alpha"), ["vendor/example.com/lib/lib.go: differs"]);
}

/// A mirror and sccache's kin in `~/.cargo/config.toml` reach no binary; flags do.
#[test]
fn a_machines_own_configuration_of_cargo_counts_by_what_it_says() {
    need!(&["cargo", "git"]);
    let repo = Repo::go().with_rust();
    repo.append("wick.toml", &format!("\n[build]\ntargets = [\"{}\"]\n", crate::repo::this_machine()));
    let repo = repo.committed();
    let home = Repo::empty();
    for name in ["registry", "git"] {
        let _ = std::os::unix::fs::symlink(rust_home("CARGO_HOME").join(name), home.path(name));
    }
    let build = || {
        let line = ["plugin", "build", "rho", "--format", "json"];
        let wick = repo.wick(&line).env("CARGO_HOME", home.root());
        wick.env("RUSTUP_HOME", rust_home("RUSTUP_HOME")).run()
    };
    let found = || found_by(&build().expect_code(0), repo.root(), "rho");
    assert_eq!(found(), [""; 0]);
    home.write("config.toml", "[net]\nretry = 3\n\n[registries.ours]\nindex = \"sparse+https://example.com/\"\n\n[alias]\nb = \"build\"\n");
    assert_eq!(found(), [""; 0]);
    home.write("config.toml", "[build]\nrustflags = [\"--cfg\", \"here\"]\n");
    // What reaches a binary isn't built with at all.
    build().expect_code(3).says(&["build.rustflags is `--cfg here`", "not of this repository"]);
}
