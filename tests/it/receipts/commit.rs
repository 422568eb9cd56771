//! Which commit a package's sources are from: the receipt says it, the package doesn't depend on it.

use serde_json::{Value, json};

use super::build;
use crate::repo::{self, Repo};

fn source(repo: &Repo, key: &str) -> Value {
    let target = repo::this_machine().replace('/', "-");
    let text = repo.read(&format!("bin/.wick/receipts/connector-{key}-{target}.package.json"));
    serde_json::from_str::<Value>(&text).unwrap()["source"].clone()
}

/// Builds; gives what became of alpha, and its zip.
fn built(repo: &Repo) -> (bool, Vec<u8>) {
    let ran = build(repo).run().expect_code(0);
    let name = format!("bin/alpha-0.1.0-{}.zip", repo::this_machine().replace('/', "-"));
    (ran.with_status("built").contains(&"alpha".to_owned()), repo.read_bytes(&name))
}

#[test]
fn a_receipt_follows_the_commit_and_the_package_stays() {
    if repo::lacks("a_receipt_follows_the_commit_and_the_package_stays", &["go", "git"]) {
        return;
    }
    let repo = Repo::go();
    let (_, zip) = built(&repo);
    assert_eq!(source(&repo, "alpha"), Value::Null, "no git repository");

    let repo = repo.committed();
    let head = |repo: &Repo| repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let clean = |repo: &Repo| json!({ "commit": head(repo), "dirty": false });
    assert!(built(&repo) == (false, zip.clone()));
    assert_eq!(source(&repo, "alpha"), clean(&repo));

    repo.write("README.md", "Nothing is made from this.");
    assert!(built(&repo) == (false, zip.clone()));
    assert_eq!(source(&repo, "alpha"), clean(&repo), "a file outside the closure");
    repo.commit("second");
    assert!(built(&repo) == (false, zip.clone()));
    assert_eq!(source(&repo, "alpha"), clean(&repo), "a commit without a change of sources");

    repo.append("connector/alpha/main.go", "\n// One more line.\n");
    let (is_built, changed) = built(&repo);
    assert!(is_built && changed != zip);
    assert_eq!(
        source(&repo, "alpha"),
        json!({
            "commit": head(&repo),
            "dirty": true,
            "uncommitted": [{ "path": "connector/alpha/main.go", "why": "differs" }],
        })
    );
    assert_eq!(source(&repo, "beta"), clean(&repo), "another plugin is not concerned");
    repo.commit("third");
    assert!(built(&repo) == (false, changed));
    assert_eq!(source(&repo, "alpha"), clean(&repo), "committed, and nothing was compiled");
}
