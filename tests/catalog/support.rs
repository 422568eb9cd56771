//! What the tests share: packages, a double that has them, a client that doesn't wait.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use github_double::{Config, Content, Double};
use wick::forge::github::{Access, GitHub, Manner, Pace};
use wick::model::catalog::Catalog;
use wick::model::failure::Failure;
use wick::model::package::PackageEntry;
use wick::phase::catalog::select::Prereleases;
use wick::phase::catalog::{CatalogReport, Orphans, Wish, regenerate};
use wick::phase::package::zip;
use wick::sys::clock;
use wick::sys::http::Times;
use wick::sys::secret::Secret;

pub(crate) const TARGETS: [&str; 3] = ["linux/arm64", "linux/amd64", "windows/amd64"];

/// Two plugins whose manifest stands before their program, and one whose stands behind.
pub(crate) const KEYS: [&str; 3] = ["linear", "slack", "weather"];

/// What is done in most tests.
pub(crate) const WISH: Wish = Wish { prereleases: Prereleases::Ignore, orphans: Orphans::Keep, jobs: 4 };

/// Bytes that deflate makes no smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(step).collect()
}

pub(crate) fn package(key: &str, version: &str, target: &str, about: &str) -> Vec<u8> {
    package_of(key, version, target, about, 200_000)
}

/// A package whose program has `size` bytes.
pub(crate) fn package_of(key: &str, version: &str, target: &str, about: &str, size: usize) -> Vec<u8> {
    let manifest = format!(
        r#"{{"schema_version":1,"kind":"tool","version":"v{version}","proto_version":1,"entry":"{key}",
        "os_arch":["{target}"],"sha256":"","signature":"","module":{{"Meta":{{"Key":"{key}","Name":"The {key}",
        "Description":"{about}","DefaultTags":[]}},"Operations":[]}}}}"#
    );
    let file = |name: &str, bytes: Vec<u8>| PackageEntry { name: name.to_owned(), bytes, executable: false };
    zip::write(&[file(key, noise(size)), file("plugin.json", manifest.into_bytes())], 0).unwrap()
}

pub(crate) fn zip_name(key: &str, version: &str, target: &str) -> String {
    format!("{key}-{version}-{}.zip", target.replace('/', "-"))
}

/// A published release with a package for each target.
pub(crate) fn release(double: &Double, key: &str, version: &str) -> u64 {
    release_about(double, key, version, "does things")
}

pub(crate) fn release_about(double: &Double, key: &str, version: &str, about: &str) -> u64 {
    let names = TARGETS.map(|target| zip_name(key, version, target));
    let assets: Vec<(&str, Content)> = names
        .iter()
        .zip(TARGETS)
        .map(|(name, target)| (name.as_str(), Content::bytes(package(key, version, target, about))))
        .collect();
    double.seed_release(&format!("{key}/v{version}"), false, &assets)
}

/// A double with one release of each of [`KEYS`].
pub(crate) fn start(config: Config) -> Double {
    let double = Double::start(config);
    KEYS.iter().for_each(|key| {
        release(&double, key, "0.1.0");
    });
    double
}

/// A client that waits by moving its own clock.
pub(crate) fn client(double: &Double) -> GitHub {
    client_reading(double, Manner::default().most)
}

/// The same, which reads no more than `most` bytes of an answer.
pub(crate) fn client_reading(double: &Double, most: u64) -> GitHub {
    let waits: Arc<Mutex<Duration>> = Arc::default();
    let (known, added) = (Arc::clone(&waits), waits);
    let pace = Pace::default()
        .on(move || clock::now() + *known.lock().unwrap(), move |time| *added.lock().unwrap() += time);
    let short = Duration::from_secs(20);
    let times = Times { connect: short, answer: short, stall: short };
    let access = Access {
        api_url: double.api_url().to_owned(),
        repository: double.repository().to_owned(),
        token: Some(Secret::new("ghp_read".to_owned())),
    };
    GitHub::with(access, Manner { pace, times, most, ..Manner::default() })
}

pub(crate) fn made(double: &Double, previous: Option<&Catalog>) -> Result<CatalogReport, Failure> {
    regenerate(&client(double), previous, &WISH, &|_| {})
}

/// `key version` of every entry.
pub(crate) fn listed(catalog: &Catalog) -> Vec<String> {
    catalog.entries().iter().map(|entry| format!("{} {}", entry.key, entry.version)).collect()
}

/// Runs the command in a folder, with nothing of this machine's environment.
pub(crate) fn wick(dir: &Path, double: &Double, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wick"))
        .args(["plugin", "catalog", "--color", "never"])
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GITHUB_API_URL", double.api_url())
        .env("GITHUB_TOKEN", "ghp_read")
        .output()
        .unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
