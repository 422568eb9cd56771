//! Repositories that don't tell what is checked out: a build goes on and says so; what needs the commit doesn't.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use crate::repo::{self, Repo};

fn give_away(folder: &Path) -> bool {
    let inner = fs::read_dir(folder).unwrap().flatten();
    let mut inner = inner.filter(|entry| entry.file_type().unwrap().is_dir());
    inner.all(|entry| give_away(&entry.path())) && chown(folder, Some(12345), Some(12345)).is_ok()
}

/// Asks everything of `alpha` that has to do with its commit.
fn check(repo: &Repo, says: &str, hint: &str) {
    let args = ["plugin", "build", "alpha", "--format", "json"];
    let ran = repo.wick(&args).run().expect_code(0);
    ran.says(&["warning", "what is built here is of no commit", says, hint]);
    let ran = repo.wick(&["plugin", "check", "alpha", "--no-build"]).run();
    assert!(ran.stdout.contains("tags-unknown") && ran.stdout.contains(says), "{ran}");
    let needing: &[&[&str]] = &[
        &["plugin", "build", "--changed", "--since", "HEAD"],
        &["plugin", "plan", "--changed", "--since", "HEAD"],
        &["plugin", "plan", "--all-plugins", "--unreleased", "--offline"],
        &["plugin", "reproduce", "alpha@0.1.0", "--against", "bin"],
        &["plugin", "release", "alpha", "--dry-run", "--repo", "o/r", "--api-url", "http://127.0.0.1:9"],
        &["plugin", "release", "alpha", "--dry-run"],
    ];
    for args in needing {
        let ran = repo.wick(args).env("WICK_GITHUB_TOKEN", "x").run().expect_code(4);
        ran.says(&[says, hint]);
    }
    let key = repo::Folder::new();
    let key = key.path().join("signing.key");
    let key = key.to_str().unwrap();
    repo.wick(&["plugin", "keygen", "-q", "-o", key]).run().expect_code(0);
    for args in [
        &["plugin", "build", "alpha", "--attest", "--sign-key", key][..],
        &["plugin", "attest", "alpha", "--sign-key", key],
    ] {
        repo.wick(args).run().expect_code(4).says(&[says, hint]);
    }
}

#[test]
fn somebody_elses_repository() {
    if repo::lacks("somebody_elses_repository", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    repo.git(&["tag", "alpha/v0.1.0"]);
    if !give_away(repo.root()) {
        return repo::skip("somebody_elses_repository", "only root can give files away");
    }
    let line = format!("git config --global --add safe.directory {}", repo.root().display());
    check(&repo, "dubious ownership", &line);
    // The user's word counts where git takes it from, also from the environment that containers are given.
    let home = repo::Folder::new();
    fs::write(home.path().join("config"), format!("[safe]\n\tdirectory = {}\n", repo.root().display()))
        .unwrap();
    let args = ["plugin", "build", "alpha", "-q"];
    let quiet = |run: repo::Wick| assert_eq!(run.run().expect_code(0).stderr, "");
    quiet(repo.wick(&args).env("GIT_CONFIG_GLOBAL", home.path().join("config")));
    let variables = [("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "*")];
    let run = variables
        .iter()
        .fold(repo.wick(&args), |run, (name, value)| run.env(&format!("GIT_CONFIG_{name}"), *value));
    quiet(run);
}

#[test]
fn a_repository_of_another_folder_and_a_damaged_one() {
    if repo::lacks("a_repository_of_another_folder_and_a_damaged_one", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    repo.git(&["tag", "alpha/v0.1.0"]);
    let other = repo::Folder::new();
    repo.git(&["config", "core.worktree", other.path().to_str().unwrap()]);
    check(&repo, "core.worktree", "");
    let repo = Repo::go().committed();
    repo.git(&["tag", "alpha/v0.1.0"]);
    repo.write(".git/HEAD", "garbage\n");
    check(&repo, "it can't be told which commit is checked out", "");
}

#[test]
fn a_repository_without_git() {
    if repo::lacks("a_repository_without_git", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    let path = repo::Folder::new();
    let go = repo::find_program("go").unwrap();
    std::os::unix::fs::symlink(go, path.path().join("go")).unwrap();
    let ran = repo.wick(&["plugin", "build", "alpha"]).env("PATH", path.path()).run().expect_code(0);
    ran.says(&["what is built here is of no commit", "can't start `git`", "install git"]);
    let args = ["plugin", "build", "--changed", "--since", "HEAD"];
    repo.wick(&args)
        .env("PATH", path.path())
        .run()
        .expect_code(4)
        .says(&["can't start `git`", "install git"]);
}
