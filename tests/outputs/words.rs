//! What is said when something lacks: a toolchain, a place to start programs, a file that was left out, a version that
//! can't be read. The first sentence names it.

use std::fs;

use crate::repo::{self, Repo, Wick};

fn scene() -> Repo {
    let repo = Repo::empty();
    repo.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
    repo.write("wick.toml", "[go]\nversion_symbols = [\"main.Version\"]\n");
    repo.go_plugin("connector", "alpha", None);
    repo
}

fn build(repo: &Repo) -> Wick {
    repo.wick(&["plugin", "build", "alpha", "--target", repo::this_machine()])
}

#[test]
fn versions_are_read_as_editors_write_them() {
    if repo::lacks("versions_are_read_as_editors_write_them", &["go"]) {
        return;
    }
    let repo = scene();
    let version = repo.path("connector/alpha/VERSION");
    let zip = format!("alpha-0.1.0-{}.zip", repo::this_machine().replace('/', "-"));
    for text in ["\u{feff}0.1.0\n", "0.1.0\r\n", "0.1.0 \t\r\n\r\n"] {
        fs::write(&version, text).unwrap();
        build(&repo).run().expect_code(0);
        assert!(repo.list("bin").contains(&zip), "{text:?}");
    }
    let utf16 =
        |unit: fn(u16) -> [u8; 2]| "\u{feff}0.1.0\n".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    for bytes in [utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
        fs::write(&version, bytes).unwrap();
        build(&repo).run().expect_code(3).says(&["VERSION: the version is written in UTF-16"]);
    }
}

/// One finding hides no other.
#[test]
fn a_version_that_is_none_hides_nothing_else() {
    if repo::lacks("a_version_that_is_none_hides_nothing_else", &["go"]) {
        return;
    }
    let repo = scene();
    let codes = |repo: &Repo| {
        let report = repo.wick(&["plugin", "check", "alpha", "--format", "json"]).run().json();
        let found = report["plugins"][0]["findings"].as_array().unwrap().clone();
        let code = |one: serde_json::Value| one["code"].as_str().unwrap().to_owned();
        found.into_iter().map(code).collect::<Vec<_>>()
    };
    let right = codes(&repo);
    assert!(right.len() >= 2, "{right:?}");
    for (version, config) in [("one.two", ""), ("0.1.0", "[plugin.alpha]\nfiles = [\"gone.png\"]\n")] {
        repo.write("connector/alpha/VERSION", version);
        repo.append("wick.toml", config);
        let wrong = codes(&repo);
        let own = if config.is_empty() { "version-not-semver" } else { "unresolved" };
        assert_eq!(wrong.iter().filter(|code| *code == own).count(), 1, "{wrong:?}");
        let others: Vec<&String> = wrong.iter().filter(|code| *code != own).collect();
        assert_eq!(others, right.iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_file_left_out_for_want_of_c_is_named_by_every_build() {
    if repo::lacks("a_file_left_out_for_want_of_c_is_named_by_every_build", &["go"]) {
        return;
    }
    let repo = scene();
    let told = "connector/alpha/fast.go imports \"C\" and is left out, because CGO_ENABLED is 0";
    build(&repo).run().expect_code(0).never_says(&[told]);
    repo.write("connector/alpha/fast.go", "package main\n\nimport \"C\"\n\nfunc fast() {}\n");
    for _ in 0..2 {
        build(&repo).run().expect_code(0).says(&[told]);
    }
    // Who says so in the file has said so.
    repo.write(
        "connector/alpha/fast.go",
        "//go:build cgo\n\npackage main\n\nimport \"C\"\n\nfunc fast() {}\n",
    );
    build(&repo).run().expect_code(0).never_says(&["fast.go"]);
}

#[test]
fn a_toolchain_that_is_not_installed_is_called_by_its_name() {
    if repo::lacks("a_toolchain_that_is_not_installed_is_called_by_its_name", &["rustup", "cargo"]) {
        return;
    }
    let repo = Repo::empty();
    repo.write("Cargo.toml", "[workspace]\nmembers = [\"connector/rho\"]\nresolver = \"3\"\n");
    repo.write("connector/rho/Cargo.toml", "[package]\nname = \"rho\"\nversion = \"0.1.0\"\n");
    repo.write("connector/rho/src/main.rs", "fn main() {}\n");
    let ask = |asks: &str| {
        let wick = repo.wick(&["plugin", "build", "rho"]).env("RUSTUP_AUTO_INSTALL", "0");
        // What the tests themselves run with would win.
        wick.env("RUSTUP_TOOLCHAIN", asks).run().expect_code(4)
    };
    for (name, text) in
        [("rust-toolchain.toml", "[toolchain]\nchannel = \"1.21.0\"\n"), ("rust-toolchain", "1.21.0\n")]
    {
        repo.write(name, text);
        ask("").says(&[
            "missing: the Rust toolchain 1.21.0, for which ",
            name,
            "hint: rustup toolchain install 1.21.0",
        ]);
        repo.remove(name);
    }
    ask("1.22.0").says(&["for which RUSTUP_TOOLCHAIN asks", "hint: rustup toolchain install 1.22.0"]);
}

/// In a mount of its own, where nothing may be started.
#[test]
#[cfg(target_os = "linux")]
fn a_place_where_nothing_may_be_started_is_called_so() {
    let test = "a_place_where_nothing_may_be_started_is_called_so";
    if repo::lacks(test, &["go", "unshare"]) {
        return;
    }
    let repo = scene();
    fs::create_dir(repo.path("bin")).unwrap();
    let script = "mount -t tmpfs -o noexec,size=64m none \"$BIN\" && exec \"$@\"";
    let unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"];
    let mut mounts = std::process::Command::new(unshare[0]);
    mounts.args(&unshare[1..]).arg("true").env("BIN", repo.path("bin"));
    if !mounts.output().is_ok_and(|output| output.status.success()) {
        return repo::skip(test, "nothing can be mounted here");
    }
    let ran = build(&repo).env("BIN", repo.path("bin")).through(&unshare).run().expect_code(5);
    ran.says(&["can't be started: its file system is mounted noexec", "name another folder with -o"])
        .never_says(&["--dump-manifest yourself"]);
}

/// An emulator that runs nothing is none: the plugin isn't blamed, and what it declares is learned by the next way.
#[test]
#[cfg(target_os = "linux")]
fn an_emulator_that_runs_nothing_is_none() {
    use std::os::unix::fs::PermissionsExt as _;
    if repo::lacks("an_emulator_that_runs_nothing_is_none", &["go"]) {
        return;
    }
    let repo = scene();
    let fake = repo::Folder::new();
    for name in ["wine", "wine64"] {
        let path = fake.path().join(name);
        fs::write(&path, "#!/bin/sh\necho 'fatal error: bcryptprimitives.dll not found' >&2\nexit 2\n")
            .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", fake.path().display(), std::env::var("PATH").unwrap());
    let args = ["plugin", "build", "alpha", "--target", "windows/amd64", "--format", "json"];
    for _ in 0..2 {
        let ran = repo.wick(&args).env("PATH", &path).run().expect_code(0);
        assert_eq!(ran.packages()[0]["evidence"], "same-source", "{ran}");
        ran.says(&[
            "warning: wine64 can't run a program for windows/amd64, so it is left out",
            "--emulate off",
        ]);
    }
    repo.wick(&[&args[..], &["--emulate", "off"]].concat())
        .env("PATH", &path)
        .run()
        .expect_code(0)
        .never_says(&["wine"]);
    let doctor = repo.wick(&["doctor"]).env("PATH", &path).run().expect_code(0);
    assert!(!doctor.stdout.contains("windows/amd64   wine"), "{doctor}");
}
