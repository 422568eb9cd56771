//! Rust: what rustc and build scripts read, wherever it lies and whatever ignores it.

use crate::repo::Repo;
use crate::support::{found, need, refused};

/// The workspace of the integration tests: `rho` and `util`, whose build script reads the folder `schema`.
fn rust() -> Repo {
    let repo = Repo::go().with_rust();
    repo.append("wick.toml", &format!("\n[build]\ntargets = [\"{}\"]\n", crate::repo::this_machine()));
    repo.write(".gitignore", "/bin/\ntarget\nignored*\n");
    repo.git(&["init", "--quiet", "--initial-branch=main"]);
    repo.commit("first");
    repo
}

fn include(repo: &Repo, path: &str) {
    let line = format!("\n#[used]\nstatic MORE: &str = include_str!(\"{path}\");\n");
    repo.append("connector/rho/src/main.rs", &line);
}

struct Row {
    what: &'static str,
    make: fn(&Repo),
    found: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row {
        what: "nobody reads it",
        make: |repo| {
            repo.write("connector/rho/ignored.txt", "x");
            repo.write("connector/rho/notes.txt", "x");
            repo.write("crates/util/.DS_Store", "x");
            repo.write("schema/.DS_Store", "x");
        },
        found: &[],
    },
    Row {
        what: "include_str! of an ignored file",
        make: |repo| {
            repo.write("connector/rho/src/ignored.txt", "x");
            include(repo, "ignored.txt");
            repo.commit("include");
        },
        found: &["connector/rho/src/ignored.txt: not-in-commit"],
    },
    Row {
        what: "include_str! of an ignored file outside the package",
        make: |repo| {
            repo.write("docs/ignored.txt", "x");
            include(repo, "../../../docs/ignored.txt");
            repo.commit("include");
        },
        found: &["docs/ignored.txt: not-in-commit"],
    },
    Row {
        what: "include_str! of a file outside the repository",
        make: |repo| {
            repo.write("../out.txt", "x");
            include(repo, "../../../../out.txt");
            repo.commit("include");
        },
        found: &["../out.txt: outside"],
    },
    Row {
        what: "a module in a folder named as build output is",
        make: |repo| {
            repo.write("connector/rho/src/target/mod.rs", "");
            repo.append("connector/rho/src/main.rs", "\nmod target;\n");
            repo.commit("mod");
        },
        found: &["connector/rho/src/target/mod.rs: not-in-commit"],
    },
    Row {
        what: "something put into the target folder by hand",
        make: |repo| {
            repo.write("target/by-hand.txt", "x");
            include(repo, "../../../target/by-hand.txt");
            repo.commit("include");
        },
        found: &["target/by-hand.txt: not-in-commit"],
    },
    Row {
        what: "a build script that doesn't tell what it reads",
        make: |repo| {
            repo.write("crates/util/ignored-data.txt", "x");
            repo.replace(
                "crates/util/build.rs",
                "fn main() {",
                "fn main() {\n    std::fs::read(\"ignored-data.txt\").unwrap();",
            );
            repo.commit("read");
        },
        found: &["crates/util/ignored-data.txt: not-in-commit"],
    },
    Row {
        what: "an ignored file in a folder that a build script names",
        make: |repo| repo.write("schema/ignored.txt", "x"),
        found: &["schema/ignored.txt: not-in-commit"],
    },
    Row {
        what: "what a build script wrote of what counts",
        make: |repo| {
            repo.replace(
                "crates/util/build.rs",
                "fn main() {",
                "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    std::fs::write(format!(\"{out}/made.rs\"), \"\").unwrap();",
            );
            repo.append("crates/util/src/lib.rs", "\ninclude!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n");
            repo.commit("write");
        },
        found: &[],
    },
    Row {
        what: "a crate beside the repository",
        make: |repo| {
            repo.write(
                "../kit/Cargo.toml",
                "[package]\nname = \"kit\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n",
            );
            repo.write("../kit/src/lib.rs", "");
            repo.append("connector/rho/Cargo.toml", "kit = { path = \"../../../kit\" }\n");
            repo.append("Cargo.lock", "\n[[package]]\nname = \"kit\"\nversion = \"0.1.0\"\n");
            repo.replace("Cargo.lock", "dependencies = [\n", "dependencies = [\n \"kit\",\n");
            repo.commit("kit");
        },
        found: &["../kit: outside", "../kit/src/lib.rs: outside"],
    },
    Row {
        what: "a configuration of cargo that shortens what rustc tells",
        make: |repo| {
            repo.write(".cargo/config.toml", "[build]\ndep-info-basedir = \".\"\n");
            repo.write("docs/ignored.txt", "x");
            include(repo, "../../../docs/ignored.txt");
            repo.commit("include");
        },
        found: &["docs/ignored.txt: not-in-commit"],
    },
];

#[test]
fn what_is_read_from_no_commit_is_named_and_refused() {
    need!(&["cargo", "git"]);
    for Row { what, make, found: expected } in ROWS {
        let repo = rust().moved_into("repo");
        make(&repo);
        assert_eq!(found(repo.root(), "rho"), *expected, "{what}");
        assert_eq!(found(repo.root(), "rho"), *expected, "{what}: nothing was compiled");
        if let Some(last) = expected.last() {
            refused(repo.root(), "rho", &[last.split(": ").next().unwrap()]);
        }
    }
}
