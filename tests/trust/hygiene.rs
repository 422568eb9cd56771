//! What wick is trusted with stays with wick: keys, passwords and tokens of the environment reach no child, whatever
//! way it is started and whoever wrote it. (What plugin code can reach when it is asked for its manifest: tests/it/sandbox.)

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::repo::{self, Repo, Wick};
use crate::support::{self, PASSWORD, need};

/// Variables that CI services and users set, beside those that keys are read from.
const SECRETS: [&str; 6] = [
    "GITHUB_TOKEN",
    "WICK_GITHUB_TOKEN",
    "GH_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_RUNTIME_TOKEN",
];

/// Writes every child's environment into a file of its own.
const SPY: &str = "#!/bin/sh\nenv > \"$SPY_FOLDER/$$.$(basename \"$1\")\"\nexec \"$@\"\n";

fn spying(repo: &Repo, wick: Wick, sign: &str, cosign: &str) -> Wick {
    let folder = repo.path("spy");
    fs::create_dir_all(&folder).unwrap();
    let wick = SECRETS.iter().fold(wick, |wick, name| wick.env(name, format!("planted-{name}")));
    wick.env("COSIGN_PASSWORD", PASSWORD)
        .env("SIGN", sign)
        .env("COSIGN", cosign)
        .env("SPY_FOLDER", &folder)
        .env("TMPDIR", repo.root())
}

/// What the children saw, each file's name and text.
#[track_caller]
fn nothing_was_seen(repo: &Repo, secrets: &[&str], least: usize) {
    let seen = repo::all_files(&repo.path("spy"));
    assert!(seen.len() >= least, "only {} children were looked at: {:?}", seen.len(), seen.keys());
    for (path, bytes) in seen {
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("SPY_FOLDER") || text.contains("PATH"), "{}: the spy works", path.display());
        for secret in secrets.iter().copied().chain(["planted-", PASSWORD]) {
            assert!(!text.contains(secret), "a secret reached {}:\n{text}", path.display());
        }
    }
}

/// A wrapper around every rustc (`cargo-config2` and `cargo metadata` find it too), and a build script.
#[test]
fn a_hostile_build_script_and_compiler_wrapper_find_nothing() {
    need!(&["go", "cargo"]);
    let repo = Repo::go().with_rust();
    support::keygen(&repo, "cosign.key");
    repo.wick(&["plugin", "keygen", "-q", "-o", "sign.key"]).run().expect_code(0);
    let (sign, cosign) = (repo.read("sign.key"), repo.read("cosign.key"));
    for name in ["sign.key", "cosign.key"] {
        fs::remove_file(repo.path(name)).unwrap();
    }
    repo.write("wrapper.sh", SPY);
    fs::set_permissions(repo.path("wrapper.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let wrapper = repo.path("wrapper.sh");
    repo.write(".cargo/config.toml", &format!("[build]\nrustc-wrapper = {:?}\n", wrapper.to_str().unwrap()));
    // Looks at itself, and at whatever /proc shows of the processes above it.
    repo.write(
        "connector/rho/build.rs",
        r#"use std::fmt::Write as _;
fn main() {
    let folder = std::env::var("SPY_FOLDER").unwrap();
    let mut seen = String::new();
    for (name, value) in std::env::vars() {
        writeln!(seen, "{name}={value}").unwrap();
    }
    std::fs::write(format!("{folder}/build-script"), seen).unwrap();
}
"#,
    );
    let line = ["plugin", "build", "rho", "--sign-key", "env:SIGN", "--cosign-key=env:COSIGN"];
    let ran = spying(&repo, repo.wick(&line), &sign, &cosign).run().expect_code(0);
    ran.never_says(&["planted-", PASSWORD]);
    assert!(repo.path("spy/build-script").is_file());
    nothing_was_seen(&repo, &[sign.trim(), cosign.lines().nth(1).unwrap()], 3);
}

/// Go starts what `-toolexec` names for every tool; git and `go list` are children as well.
#[test]
fn a_hostile_toolexec_finds_nothing() {
    need!(&["go"]);
    let repo = support::repository().committed();
    repo.wick(&["plugin", "keygen", "-q", "-o", "sign.key"]).run().expect_code(0);
    let (sign, cosign) = (repo.read("sign.key"), repo.read("cosign.key"));
    repo.write("toolexec.sh", SPY);
    fs::set_permissions(repo.path("toolexec.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let line = ["plugin", "build", "alpha", "--sign-key", "env:SIGN", "--cosign-key", "env:COSIGN"];
    let wick = repo.wick(&line).env("GOFLAGS", format!("-toolexec={}", repo.path("toolexec.sh").display()));
    spying(&repo, wick, &sign, &cosign).run().expect_code(0);
    nothing_was_seen(&repo, &[sign.trim(), cosign.lines().nth(1).unwrap()], 2);
}

/// Other processes of the user can't read wick's memory, nor the environment it was started with.
#[cfg(target_os = "linux")]
#[test]
fn the_environment_that_wick_started_with_is_not_shown() {
    use std::net::TcpListener;
    use std::os::unix::fs::MetadataExt as _;
    use std::process::{Command, Stdio};

    // A forge that never answers: one wick waits for it that was given a secret, and one that wasn't.
    let forge = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", forge.local_addr().unwrap());
    for secret in [true, false] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wick"));
        command.args(["plugin", "catalog", "--out", "-", "--repo", "o/plugins", "--api-url", &address]);
        command.current_dir("/").env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if secret {
            command.env("COSIGN_PASSWORD", PASSWORD);
        }
        // As root everything can be read; another user shows what users see.
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            std::os::unix::process::CommandExt::uid(&mut command, 65_534);
        }
        let mut child = command.spawn().unwrap();
        let held = forge.accept().unwrap();
        // The kernel gives the files of a process that hides its memory to root.
        let owner = fs::metadata(format!("/proc/{}/environ", child.id())).unwrap().uid();
        child.kill().unwrap();
        child.wait().unwrap();
        drop(held);
        assert_eq!(owner == 0, secret, "it belongs to {owner}");
    }
}
