//! The command, from its arguments to its exit code.

use std::fs;

use github_double::Config;
use wick::sys::files::Scratch;

use crate::support::*;

const REPO: [&str; 2] = ["--repo", "octo/plugins"];

#[test]
fn it_writes_and_then_leaves_the_file_alone() {
    let (double, dir) = (start(Config::default()), Scratch::new().unwrap());
    let file = dir.path().join("plugins.json");
    let first = wick(dir.path(), &double, &REPO);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(
        stdout(&first).contains("+ slack 0.1.0  linux/amd64, linux/arm64, windows/amd64"),
        "{}",
        stdout(&first)
    );
    assert!(
        stderr(&first).contains("plugins.json is written (3 plugins from 3 releases"),
        "{}",
        stderr(&first)
    );
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("[\n  {\n    \"key\": \"linear\",\n    \"name\": \"The linear\",\n")
            && text.ends_with("]\n")
    );
    let before = fs::metadata(&file).unwrap().modified().unwrap();
    let second = wick(dir.path(), &double, &REPO);
    assert_eq!((second.status.code(), stdout(&second).as_str()), (Some(0), ""));
    assert!(
        stderr(&second).contains("up to date (3 plugins from 3 releases, nothing was downloaded)"),
        "{}",
        stderr(&second)
    );
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before);
}

#[test]
fn check_says_what_differs_and_writes_nothing() {
    let (double, dir) = (start(Config::default()), Scratch::new().unwrap());
    let check = || wick(dir.path(), &double, &[REPO[0], REPO[1], "--check"]);
    assert_eq!(check().status.code(), Some(1));
    assert!(!dir.path().join("plugins.json").exists());
    wick(dir.path(), &double, &REPO);
    assert_eq!(check().status.code(), Some(0));
    release(&double, "slack", "0.2.0");
    let stale = check();
    assert_eq!(stale.status.code(), Some(1));
    assert!(stdout(&stale).contains("~ slack 0.1.0 → 0.2.0\n  2 unchanged"), "{}", stdout(&stale));
    // The same in another form is out of date too.
    wick(dir.path(), &double, &REPO);
    let file = dir.path().join("plugins.json");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("    ", "\t")).unwrap();
    let reformatted = check();
    assert_eq!(reformatted.status.code(), Some(1));
    assert!(stderr(&reformatted).contains("another form"), "{}", stderr(&reformatted));
}

#[test]
fn stdout_gets_the_catalog_alone_or_the_report_alone() {
    let (double, dir) = (start(Config::default()), Scratch::new().unwrap());
    let printed = wick(dir.path(), &double, &[REPO[0], REPO[1], "--out", "-"]);
    assert!(!dir.path().join("plugins.json").exists());
    wick(dir.path(), &double, &REPO);
    assert_eq!(stdout(&printed), fs::read_to_string(dir.path().join("plugins.json")).unwrap());
    let json = wick(dir.path(), &double, &[REPO[0], REPO[1], "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (&report["schema"], &report["status"], &report["complete"]),
        (&1.into(), &"up-to-date".into(), &true.into())
    );
    assert_eq!(report["diff"]["unchanged"][2], "weather");
    assert_eq!(report["cost"]["bytes"], 0);
    for wrong in [&["--out", "-", "--check"][..], &["--out", "-", "--format", "json"], &["--repo", "nothing"]]
    {
        assert_eq!(wick(dir.path(), &double, wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn the_repository_comes_from_git_when_nobody_names_it() {
    let (double, dir) = (start(Config::default()), Scratch::new().unwrap());
    let git = |args: &[&str]| {
        assert!(
            std::process::Command::new("git").args(args).current_dir(dir.path()).status().unwrap().success()
        );
    };
    git(&["init", "--quiet"]);
    let without = wick(dir.path(), &double, &[]);
    assert_eq!(without.status.code(), Some(2));
    assert!(stderr(&without).contains("--repo owner/name"), "{}", stderr(&without));
    git(&["remote", "add", "origin", "git@github.com:octo/plugins.git"]);
    assert_eq!(wick(dir.path(), &double, &["-o", "list.json"]).status.code(), Some(0));
    assert!(dir.path().join("list.json").exists());
}

/// `--repo acme/plugins.git` was "no such repository".
#[test]
fn a_repository_may_be_named_as_people_name_it() {
    let (double, dir) = (start(Config::default()), Scratch::new().unwrap());
    for repo in [
        "octo/plugins",
        "octo/plugins.git",
        "octo/plugins/",
        "https://github.com/octo/plugins",
        "https://github.com/octo/plugins.git",
        "git@github.com:octo/plugins.git",
        "ssh://git@github.com/octo/plugins.git",
    ] {
        let listed = wick(dir.path(), &double, &["--repo", repo]);
        assert_eq!(listed.status.code(), Some(0), "{repo}: {}", stderr(&listed));
    }
    for repo in ["", "octo", "octo/plugins/extra", "https://github.com/octo"] {
        let refused = wick(dir.path(), &double, &["--repo", repo]);
        assert_eq!(refused.status.code(), Some(2), "{repo}: {}", stderr(&refused));
        assert!(stderr(&refused).contains("names no repository"), "{}", stderr(&refused));
    }
}

#[test]
fn releases_nobody_lists_and_an_old_name_are_named() {
    let config = Config { former: Some("octo/old".to_owned()), ..Config::default() };
    let (double, dir) = (start(config), Scratch::new().unwrap());
    release(&double, "hello", "0.1.0");
    for (tag, version) in [("hello/0.2.0", "0.2.0"), ("hello-v0.4.0", "0.4.0")] {
        let name = zip_name("hello", version, "linux/arm64");
        let zip = github_double::Content::bytes(package("hello", version, "linux/arm64", "x"));
        double.seed_release(tag, false, &[(&name, zip)]);
    }
    let listed = wick(dir.path(), &double, &["--repo", "octo/old"]);
    let said = stderr(&listed);
    assert_eq!(listed.status.code(), Some(0), "{said}");
    assert!(
        said.contains("warning: the releases `hello-v0.4.0`, `hello/0.2.0` hold packages of hello"),
        "{said}"
    );
    assert!(said.contains("`wick plugin release hello`"), "{said}");
    assert!(said.contains("warning: the repository octo/old is called octo/plugins now"), "{said}");
    let plain = wick(dir.path(), &double, &REPO);
    assert!(!stderr(&plain).contains("octo/old"), "{}", stderr(&plain));
}

/// A private repository's packages are seen with its token, and listed for hosts that have none.
#[test]
fn what_only_a_token_sees_is_not_what_everybody_sees() {
    for private in [true, false] {
        let (double, dir) = (start(Config { private, ..Config::default() }), Scratch::new().unwrap());
        release(&double, "hello", "0.1.0");
        let listed = wick(dir.path(), &double, &REPO);
        let said = stderr(&listed);
        assert_eq!(listed.status.code(), Some(0), "{said}");
        let words = "warning: the packages of octo/plugins can't be downloaded without a token";
        assert_eq!(said.contains(words), private, "{said}");
    }
}

#[test]
fn failures_are_named_and_cost_no_entry() {
    let (double, dir) = (start(Config::default()), Scratch::new().unwrap());
    let file = dir.path().join("plugins.json");
    wick(dir.path(), &double, &REPO);
    let before = fs::read_to_string(&file).unwrap();
    // A release whose packages belong to another plugin.
    let name = zip_name("slack", "0.2.0", "linux/arm64");
    let wrong = github_double::Content::bytes(package("other", "0.2.0", "linux/arm64", "x"));
    double.seed_release("slack/v0.2.0", false, &[(&name, wrong.clone())]);
    release(&double, "linear", "0.2.0");
    let kept = wick(dir.path(), &double, &REPO);
    assert_eq!(kept.status.code(), Some(6), "{}", stderr(&kept));
    assert!(
        stderr(&kept).contains("error: slack 0.2.0: slack-0.2.0-linux-arm64.zip can't be listed"),
        "{}",
        stderr(&kept)
    );
    assert!(stderr(&kept).contains("its entry stays as it was"), "{}", stderr(&kept));
    let now = fs::read_to_string(&file).unwrap();
    assert!(now.contains("linear-0.2.0-") && now.contains("slack-0.1.0-") && now != before);
    // A plugin that was never listed: nothing is written.
    double.seed_release("new/v0.2.0", false, &[("new-0.2.0-linux-arm64.zip", wrong)]);
    release(&double, "weather", "0.2.0");
    for args in [&REPO[..], &["--repo", "octo/plugins", "--out", "-"]] {
        let thin = wick(dir.path(), &double, args);
        assert_eq!((thin.status.code(), fs::read_to_string(&file).unwrap() == now), (Some(6), true));
        assert!(!stdout(&thin).contains("\"key\""), "{}", stdout(&thin));
        assert!(stderr(&thin).contains("plugins would be missing"), "{}", stderr(&thin));
    }
}

#[test]
fn a_broken_file_or_repository_changes_nothing() {
    let (double, dir) = (start(Config::default()), Scratch::new().unwrap());
    let file = dir.path().join("plugins.json");
    fs::write(&file, "[\n  {\"key\": 3}\n]").unwrap();
    let broken = wick(dir.path(), &double, &REPO);
    assert_eq!(broken.status.code(), Some(3));
    assert!(
        stderr(&broken).contains("plugins.json: the catalog can't be read")
            && stderr(&broken).contains("line 2 column 11"),
        "{}",
        stderr(&broken)
    );
    fs::remove_file(&file).unwrap();
    let missing = wick(dir.path(), &double, &["--repo", "octo/none"]);
    assert_eq!(missing.status.code(), Some(6), "{}", stderr(&missing));
    assert!(!file.exists());
}

#[test]
fn pruning_is_asked_for_and_never_empties() {
    let (double, dir) = (start(Config::default()), Scratch::new().unwrap());
    let old = release(&double, "old", "1.0.0");
    wick(dir.path(), &double, &REPO);
    double.remove_release(old);
    let kept = wick(dir.path(), &double, &REPO);
    assert!(
        stderr(&kept).contains("old 1.0.0 has no release any more; its entry stays"),
        "{}",
        stderr(&kept)
    );
    let pruned = wick(dir.path(), &double, &[REPO[0], REPO[1], "--prune"]);
    assert_eq!(pruned.status.code(), Some(0));
    assert!(stdout(&pruned).contains("- old 1.0.0"), "{}", stdout(&pruned));
    let empty = github_double::Double::start(Config::default());
    let refused = wick(dir.path(), &empty, &[REPO[0], REPO[1], "--prune"]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
}

#[test]
fn readers_would_not_take_more_than_1_mib() {
    let (double, dir) = (start(Config::default()), Scratch::new().unwrap());
    let near = release_about(&double, "near", "1.0.0", &"x".repeat(900_000));
    let warned = wick(dir.path(), &double, &REPO);
    assert_eq!(warned.status.code(), Some(0));
    assert!(stderr(&warned).contains("warning: the catalog has 9"), "{}", stderr(&warned));
    double.remove_release(near);
    release_about(&double, "beyond", "1.0.0", &"x".repeat(1 << 20));
    let before = fs::read(dir.path().join("plugins.json")).unwrap();
    let refused = wick(dir.path(), &double, &REPO);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert_eq!(fs::read(dir.path().join("plugins.json")).unwrap(), before);
}

#[test]
fn a_typed_token_works_and_is_warned_about() {
    let (double, dir) = (start(Config { private: true, ..Config::default() }), Scratch::new().unwrap());
    let typed = wick(dir.path(), &double, &[REPO[0], REPO[1], "--token", "ghp_write"]);
    assert_eq!(typed.status.code(), Some(0), "{}", stderr(&typed));
    assert!(stderr(&typed).contains("--token can be seen") && !stderr(&typed).contains("ghp_write"));
    let wrong = wick(dir.path(), &double, &[REPO[0], REPO[1], "--token", "ghp_stranger"]);
    assert_eq!(wrong.status.code(), Some(6), "{}", stderr(&wrong));
}
