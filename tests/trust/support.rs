//! The others' programs, where `cargo xtask setup` puts them, and a small signed repository. No test is here.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::repo::{self, Folder, Ran, Repo};

/// Returns from a test that can't run here, and says so; fails where nothing may be skipped.
macro_rules! need {
    ($what:expr) => {
        if $crate::support::lacks(std::any::type_name_of_val(&|| ()), $what) {
            return;
        }
    };
}
pub(crate) use need;

pub(crate) fn lacks(place: &str, what: &[&str]) -> bool {
    let test = place.trim_end_matches("::{{closure}}");
    let there = |tool: &str| match tool {
        "cosign" => program("cosign").is_some(),
        "sigstore-js" => sigstore_js().is_dir() && repo::find_program("node").is_some(),
        "PyPI's sigstore" => pypi_sigstore(),
        "cyclonedx" => {
            let script = "import cyclonedx.validation.json, jsonschema";
            python().is_some_and(|python| {
                Command::new(python).args(["-c", script]).status().is_ok_and(|s| s.success())
            })
        }
        // Built for it, and run.
        "linux/amd64" => cfg!(all(target_os = "linux", target_arch = "x86_64")),
        other => repo::find_program(other).is_some(),
    };
    let missing = what.iter().find(|tool| !there(tool));
    if let Some(tool) = missing {
        repo::skip(test, &format!("{tool} is missing"));
    }
    missing.is_some()
}

fn pypi_sigstore() -> bool {
    let asked = |python| Command::new(python).args(["-m", "sigstore", "--version"]).output();
    python().is_some_and(|python| asked(python).is_ok_and(|output| output.status.success()))
}

/// Where `cargo xtask setup` puts tools.
pub(crate) fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/tools")
}

pub(crate) fn program(name: &str) -> Option<PathBuf> {
    Some(tools().join("bin").join(name)).filter(|path| path.is_file()).or_else(|| repo::find_program(name))
}

/// The Python that has the official CycloneDX schema.
pub(crate) fn python() -> Option<PathBuf> {
    program("python3")
}

fn sigstore_js() -> PathBuf {
    tools().join("node/node_modules/@sigstore/verify")
}

/// The password of the keys that tests make.
pub(crate) const PASSWORD: &str = "correct horse";

/// cosign, offline, in a folder.
pub(crate) fn cosign(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(program("cosign").unwrap());
    command.args(args).current_dir(folder).stdin(Stdio::null());
    // A proxy that isn't there: what needs the network fails instead of waiting.
    for name in ["HTTPS_PROXY", "HTTP_PROXY"] {
        command.env(name, "http://127.0.0.1:9");
    }
    command.env("HOME", folder).env("COSIGN_PASSWORD", PASSWORD).output().unwrap()
}

#[track_caller]
pub(crate) fn accepts(output: &Output, what: &str) {
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
}

/// It says no, and not because it could not look.
#[track_caller]
pub(crate) fn refuses(output: &Output, why: &[&str], what: &str) {
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(!output.status.success(), "{what} is accepted");
    assert!(why.iter().any(|why| said.contains(why)), "{what}: {said}");
}

/// Makes a bundle with cosign, without the transparency log (the flags that need no network).
pub(crate) fn cosign_signs(folder: &Path, key: &str, file: &str) {
    let log = ["sign-blob", "--yes", "--key", key, "--use-signing-config=false", "--tlog-upload=false"];
    let bundle = format!("{file}.sigstore.json");
    accepts(&cosign(folder, &[&log[..], &["--bundle", &bundle, file]].concat()), "cosign sign-blob");
    let signature = format!("{file}.sig");
    let bare = ["--new-bundle-format=false", "--output-signature", &signature, file];
    accepts(&cosign(folder, &[&log[..], &bare].concat()), "cosign sign-blob");
}

/// The command that README and `--help` tell users.
pub(crate) fn cosign_verifies(folder: &Path, key: &str, bundle: &str, file: &str) -> Output {
    cosign(folder, &["verify-blob", "--key", key, "--bundle", bundle, "--insecure-ignore-tlog", file])
}

/// sigstore-js checks a bundle with a key; nothing as `file` for a bundle with a statement.
pub(crate) fn sigstore_js_verifies(folder: &Path, key: &str, bundle: &str, file: &str) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trust/sigstore.mjs");
    let mut command = Command::new("node");
    command.arg(script).args([bundle, key, file]).current_dir(folder);
    command.env("WICK_TEST_NODE", tools().join("node")).output().unwrap()
}

/// A repository with one plugin and a cosign key in it that wick made.
pub(crate) fn repository() -> Repo {
    let repo = Repo::empty();
    repo.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
    repo.go_plugin("connector", "alpha", None);
    keygen(&repo, "cosign.key");
    repo
}

pub(crate) fn keygen(repo: &Repo, name: &str) {
    let made =
        repo.wick(&["plugin", "keygen", "--cosign", "-q", "-o", name]).env("COSIGN_PASSWORD", PASSWORD);
    made.run().expect_code(0);
}

/// Builds the plugin for this machine, with more arguments.
#[track_caller]
pub(crate) fn build(repo: &Repo, args: &[&str]) -> Ran {
    let all = [&["plugin", "build", "alpha", "--format", "json"], args].concat();
    repo.wick(&all).env("COSIGN_PASSWORD", PASSWORD).run()
}

/// The zip's name.
pub(crate) fn zip() -> String {
    format!("alpha-0.1.0-{}.zip", repo::this_machine().replace('/', "-"))
}

/// Unpacks the zip into a folder of the test.
pub(crate) fn unpacked(repo: &Repo) -> Folder {
    let folder = Folder::new();
    let file = std::fs::File::open(repo.path("bin").join(zip())).unwrap();
    zip::ZipArchive::new(file).unwrap().extract(folder.path()).unwrap();
    folder
}

pub(crate) fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}
