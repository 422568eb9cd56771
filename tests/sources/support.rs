//! A repository whose plugin is built for this machine, and what a build and a release say of its sources.

use std::path::Path;

use github_double::{Config, Double};
use serde_json::Value;

use crate::repo::{self, Ran, Repo, Wick};

/// Returns from a test that can't run here, and says so.
macro_rules! need {
    ($tools:expr) => {
        if $crate::repo::lacks(std::any::type_name_of_val(&|| ()).trim_end_matches("::{{closure}}"), $tools) {
            return;
        }
    };
}
pub(crate) use need;

/// Go plugins, a release of which is a package for this machine.
pub(crate) fn go() -> Repo {
    let repo = Repo::go();
    let targets = format!("[build]\ntargets = [\"{}\"]\n", repo::this_machine());
    repo.append("wick.toml", &targets);
    repo
}

pub(crate) fn build(folder: &Path, key: &str) -> Ran {
    Wick::new(folder, &["plugin", "build", key, "--format", "json"]).run().expect_code(0)
}

/// What the build of a plugin says of its sources: `path: why`, and that report and receipt say the same.
pub(crate) fn found(folder: &Path, key: &str) -> Vec<String> {
    found_by(&build(folder, key), folder, key)
}

pub(crate) fn found_by(ran: &Ran, folder: &Path, key: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let source = &report["packages"][0]["source"];
    let receipt = receipt(folder, key);
    assert_eq!(*source, receipt["source"], "{ran}");
    let all = source["uncommitted"].as_array().cloned().unwrap_or_default();
    assert_eq!(source["dirty"], Value::Bool(!all.is_empty()), "{source}");
    all.iter()
        .map(|one| format!("{}: {}", one["path"].as_str().unwrap(), one["why"].as_str().unwrap()))
        .collect()
}

pub(crate) fn receipt(folder: &Path, key: &str) -> Value {
    let target = repo::this_machine().replace('/', "-");
    let path = folder.join(format!("bin/.wick/receipts/connector-{key}-{target}.package.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// `wick plugin release`, which must be refused for what is in no commit, and say all of this.
#[track_caller]
pub(crate) fn refused(folder: &Path, key: &str, words: &[&str]) {
    let all = [&["sources that are in no commit", "--allow-dirty"], words].concat();
    release(folder, &[key]).expect_code(1).says(&all);
    // The statement says what is signed, and the file with it; `--allow-dirty` goes on with a word.
    let dry = release(folder, &[key, "--allow-dirty", "--dry-run"]).expect_code(0);
    dry.says(&["sources that are in no commit"]);
}

/// It would be released, without a word of commits.
#[track_caller]
pub(crate) fn would_go_out(folder: &Path, key: &str) {
    release(folder, &[key, "--dry-run"]).expect_code(0).never_says(&["commit", "warning"]);
}

fn release(folder: &Path, args: &[&str]) -> Ran {
    let double = Double::start(Config::default());
    let all = [&["plugin", "release"], args].concat();
    let wick = Wick::new(folder, &all).env("WICK_GITHUB_TOKEN", "ghp_write");
    wick.env("GITHUB_API_URL", double.api_url()).env("GITHUB_REPOSITORY", double.repository()).run()
}
