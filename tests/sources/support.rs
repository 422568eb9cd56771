//! A repository whose plugin is built for this machine, and what a build and a release say of its sources.

use std::path::Path;

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

/// wick that finds no forge.
pub(crate) fn wick(folder: &Path, args: &[&str]) -> Wick {
    Wick::new(folder, args).env("WICK_GITHUB_TOKEN", "ghp_x").env("GITHUB_API_URL", "http://127.0.0.1:9")
}

pub(crate) fn build(folder: &Path, key: &str) -> Ran {
    wick(folder, &["plugin", "build", key, "--format", "json"]).run().expect_code(0)
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
    all.iter().map(|one| format!("{}: {}", one["path"].as_str().unwrap(), one["why"].as_str().unwrap())).collect()
}

pub(crate) fn receipt(folder: &Path, key: &str) -> Value {
    let target = repo::this_machine().replace('/', "-");
    let path = folder.join(format!("bin/.wick/receipts/connector-{key}-{target}.package.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// `wick plugin release`, which must be refused for what is in no commit, and say all of this.
pub(crate) fn refused(folder: &Path, key: &str, words: &[&str]) {
    let ran = release(folder, key).expect_code(1);
    let all = [&["sources that are in no commit", "--allow-dirty"], words].concat();
    ran.says(&all);
}

pub(crate) fn release(folder: &Path, key: &str) -> Ran {
    wick(folder, &["plugin", "release", key, "--repo", "acme/plugins"]).run()
}

/// A release that gets as far as the forge, which isn't there.
pub(crate) fn goes_on(folder: &Path, key: &str) {
    release(folder, key).expect_code(6).never_says(&["in no commit", "commit"]);
}
