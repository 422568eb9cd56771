//! Rust plugins: cargo and rustc say what they read, wick watches it.

use super::{ALL, Case, assert_due, assert_nothing_to_do, build, check};
use crate::repo::{self, Repo};

#[test]
fn a_rust_plugin_is_rebuilt_for_what_it_is_made_from() {
    if repo::lacks("a_rust_plugin_is_rebuilt_for_what_it_is_made_from", &["go", "cargo"]) {
        return;
    }
    let repo = Repo::go().with_rust();
    let rebuilt: &[&str] = &["rho"];
    build(&repo).run().expect_code(0);
    assert_nothing_to_do(&build(&repo).run().expect_code(0), "second build");
    check(
        &repo,
        &[
            Case {
                what: "its own source",
                change: |repo| repo.append("connector/rho/src/main.rs", "\n// One more line.\n"),
                rebuilt,
                cause: "files below connector/rho changed",
            },
            Case {
                what: "a crate it depends on by path",
                change: |repo| repo.append("crates/util/src/lib.rs", "\n// One more line.\n"),
                rebuilt,
                cause: "files below crates/util changed",
            },
            Case {
                what: "a file that include_str! takes from outside its folder",
                change: |repo| repo.append("docs/notice.txt", " and peril"),
                rebuilt,
                cause: "docs/notice.txt changed",
            },
            Case {
                what: "a file that include_str! takes through a link",
                change: |repo| repo.append("elsewhere/far.txt", " and further"),
                rebuilt,
                cause: "connector/rho/src/../linked/far.txt changed",
            },
            Case {
                what: "a file added to a folder that a build script reads, far from its package",
                change: |repo| repo.write("schema/b.txt", "b\n"),
                rebuilt,
                cause: "files below schema changed",
            },
            Case {
                what: "Cargo.lock",
                change: |repo| {
                    repo.write("Cargo.lock", &format!("# A comment.\n{}", repo.read("Cargo.lock")))
                },
                rebuilt,
                cause: "Cargo.lock changed",
            },
            Case {
                what: "the workspace's Cargo.toml",
                change: |repo| repo.append("Cargo.toml", "\n[profile.release]\nopt-level = 1\n"),
                rebuilt,
                cause: "Cargo.toml changed",
            },
            Case {
                what: "cargo's configuration",
                change: |repo| {
                    repo.write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"here\"]\n")
                },
                rebuilt,
                cause: ".cargo/config.toml appeared",
            },
            Case {
                what: "VERSION appears",
                change: |repo| repo.write("connector/rho/VERSION", "1.2.3\n"),
                rebuilt,
                cause: "version was 0.1.0, is 1.2.3",
            },
            Case {
                what: "go.mod, which is nothing to Rust",
                change: |repo| repo.append("go.mod", "\n// A comment.\n"),
                rebuilt: &ALL,
                cause: "go.mod changed",
            },
        ],
    );
    for (name, value) in [("RHO_FLAVOUR", "sweet"), ("UTIL_MODE", "!")] {
        let cause = format!("${name} ");
        let with = || build(&repo).env(name, value).run().expect_code(0);
        assert_due(&with(), name, rebuilt, &cause);
        assert_nothing_to_do(&with(), name);
        assert_due(&build(&repo).run().expect_code(0), &format!("no more {name}"), rebuilt, &cause);
    }
    // What only this machine says would give other bytes than the commit gives elsewhere.
    for (name, value) in [
        ("RUSTFLAGS", "--cfg elsewhere"),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
        ("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-cpu=native"),
        ("TARGET_CC", "cc"),
    ] {
        build(&repo).env(name, value).run().expect_code(3).says(&[&format!("${name} "), "wick.toml"]);
    }
    let lints = build(&repo).env("RUSTFLAGS", "-D warnings").env("TARGET_CPU", "native");
    lints.run().expect_code(0);
    repo.write(".cargo/config.toml", "[build]\nrustflags = [\"-C\", \"target-cpu=native\"]\n");
    build(&repo).run().expect_code(3).says(&["target-cpu=native", "x86-64-v2"]);
}

/// cargo's own folder holds configuration too, and it is no part of the sources.
#[test]
fn the_configuration_in_cargos_home_is_refused() {
    if repo::lacks("the_configuration_in_cargos_home_is_refused", &["cargo", "cargo-zigbuild"]) {
        return;
    }
    let repo = Repo::empty().with_rust();
    let home = repo::Folder::new();
    let build = || build(&repo).env("CARGO_HOME", home.path()).run();
    build().expect_code(0);
    assert_nothing_to_do(&build().expect_code(0), "the same home");
    let config = |text: &str| std::fs::write(home.path().join("config.toml"), text).unwrap();
    config("[net]\nretry = 3\n");
    assert_due(&build().expect_code(0), "its configuration", &["rho"], "config.toml appeared");
    assert_nothing_to_do(&build().expect_code(0), "its configuration");
    config("[profile.release]\nopt-level = 1\n");
    build().expect_code(3).says(&["profile.release.opt-level is `1` in ", "which is not of this repository"]);
}
