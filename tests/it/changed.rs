//! `--changed --since REF`: git says which files differ, the compilers say which plugins are made from them.
//! Asks with `--dry-run`, which selects and plans as a build does and compiles nothing.

use std::fs;

use crate::repo::{self, Folder, Ran, Repo, Wick};

/// Asks what a build of what changed since `since` would make.
fn select(repo: &Repo, since: &str) -> Ran {
    asked(repo, since).run()
}

fn asked(repo: &Repo, since: &str) -> Wick {
    repo.wick(&[
        "plugin",
        "build",
        "--changed",
        "--since",
        since,
        "--dry-run",
        "--format",
        "json",
        "--explain",
    ])
}

/// The keys of the plan's plugins, sorted; none when there is nothing to build.
#[track_caller]
fn selected(ran: &Ran) -> Vec<String> {
    let plan = ran.json();
    let Some(units) = plan["units"].as_array() else {
        assert_eq!(plan["packages"].as_array().map(Vec::len), Some(0), "{ran}");
        assert!(
            ran.stderr.contains("nothing to build: no plugin is affected by what changed since"),
            "{ran}"
        );
        return Vec::new();
    };
    let mut keys: Vec<String> =
        units.iter().map(|unit| unit["plugin"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// A change of the working tree, what it selects, and what `--explain` says of it.
struct Case {
    what: &'static str,
    change: fn(&Repo),
    selected: &'static [&'static str],
    explained: &'static [&'static str],
}

/// Each change alone, first not committed, then committed.
fn check(repo: &Repo, cases: &[Case]) {
    for case in cases {
        (case.change)(repo);
        for state in ["not committed", "committed"] {
            let ran = select(repo, "main").expect_code(0);
            assert_eq!(selected(&ran), case.selected, "{}, {state}\n{ran}", case.what);
            for part in case.explained {
                assert!(ran.stderr.contains(part), "{}, {state}: no {part:?} in\n{ran}", case.what);
            }
            repo.commit(case.what);
        }
        repo.git(&["reset", "--quiet", "--hard", "main"]);
    }
}

const GO: [&str; 3] = ["alpha", "beta", "gamma"];
const EVERY: [&str; 4] = ["alpha", "beta", "gamma", "rho"];
const USERS: [&str; 2] = ["alpha", "beta"];

#[test]
fn a_change_selects_the_plugins_it_can_affect() {
    if repo::lacks("a_change_selects_the_plugins_it_can_affect", &["go", "cargo", "git"]) {
        return;
    }
    let repo = Repo::go().with_rust().committed();
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    check(
        &repo,
        &[
            Case { what: "nothing", change: |_| {}, selected: &[], explained: &[] },
            Case {
                what: "a plugin's own file",
                change: |repo| repo.append("connector/alpha/main.go", "\n// More.\n"),
                selected: &["alpha"],
                explained: &["connector/alpha is selected: connector/alpha/main.go changed since main"],
            },
            Case {
                what: "a shared Go package",
                change: |repo| repo.append("shared/words/words.go", "\n// More.\n"),
                selected: &USERS,
                explained: &[
                    "connector/alpha is selected: shared/words/words.go changed since main",
                    "connector/beta is selected: shared/words/words.go changed since main",
                ],
            },
            Case {
                what: "an embedded file",
                change: |repo| repo.append("shared/words/greeting.txt", "more\n"),
                selected: &USERS,
                explained: &["shared/words/greeting.txt changed"],
            },
            Case {
                what: "a new file that an embed pattern matches",
                change: |repo| repo.write("shared/words/texts/two.txt", "two\n"),
                selected: &USERS,
                explained: &["shared/words/texts/two.txt changed"],
            },
            Case {
                what: "an embedded file deleted",
                change: |repo| repo.remove("shared/words/greeting.txt"),
                selected: &USERS,
                explained: &["connector/alpha is selected: "],
            },
            Case {
                what: "a file added to a shared package",
                change: |repo| repo.write("shared/words/more.go", "package words\n"),
                selected: &USERS,
                explained: &["shared/words/more.go changed"],
            },
            Case {
                what: "a file that Rust sources include from outside their package",
                change: |repo| repo.append("docs/notice.txt", " and peril"),
                selected: &["rho"],
                explained: &["docs/notice.txt changed"],
            },
            Case {
                what: "a folder that a build script reads outside its package",
                change: |repo| repo.write("schema/b.txt", "b\n"),
                selected: &["rho"],
                explained: &["schema/b.txt changed"],
            },
            Case {
                what: "a file beside those that are included",
                change: |repo| repo.write("docs/other.txt", "other\n"),
                selected: &[],
                explained: &[],
            },
            Case {
                what: "a whole source deleted",
                change: |repo| repo.remove("shared/words/words.go"),
                selected: &USERS,
                explained: &["its sources can't be listed"],
            },
            Case {
                what: "a file renamed within a plugin",
                change: |repo| {
                    fs::rename(repo.path("tool/gamma/main.go"), repo.path("tool/gamma/other.go")).unwrap();
                    repo.write("tool/gamma/main.go", "package main\n");
                },
                selected: &["gamma"],
                explained: &["tool/gamma/other.go changed"],
            },
            Case {
                what: "a file moved out of a shared package",
                change: |repo| {
                    fs::rename(repo.path("shared/words/texts/one.txt"), repo.path("docs/one.txt")).unwrap();
                    repo.write("shared/words/texts/zwei.txt", "zwei\n");
                },
                selected: &USERS,
                explained: &["shared/words/texts/one.txt changed", "shared/words/texts/zwei.txt changed"],
            },
            Case {
                what: "a test",
                change: |repo| repo.write("connector/alpha/main_test.go", "package main\n"),
                selected: &[],
                explained: &[],
            },
            Case {
                what: "VERSION",
                change: |repo| repo.write("connector/beta/VERSION", "0.2.0\n"),
                selected: &["beta"],
                explained: &["connector/beta/VERSION changed"],
            },
            Case {
                what: "go.mod",
                change: |repo| repo.append("go.mod", "\n// More.\n"),
                selected: &GO,
                explained: &["tool/gamma is selected: go.mod changed since main"],
            },
            Case {
                what: "go.sum",
                change: |repo| {
                    let line = "example.com/x v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
                    repo.write("go.sum", line);
                },
                selected: &GO,
                explained: &["go.sum changed"],
            },
            Case {
                what: "wick.toml",
                change: |repo| repo.append("wick.toml", "\n# More.\n"),
                selected: &EVERY,
                explained: &["connector/rho is selected: wick.toml changed since main"],
            },
            Case {
                what: "Cargo.lock",
                change: |repo| repo.write("Cargo.lock", &format!("# More.\n{}", repo.read("Cargo.lock"))),
                selected: &["rho"],
                explained: &["connector/rho is selected: Cargo.lock changed since main"],
            },
            Case {
                what: "the workspace's Cargo.toml",
                change: |repo| repo.append("Cargo.toml", "\n[profile.release]\nopt-level = 1\n"),
                selected: &["rho"],
                explained: &["Cargo.toml changed"],
            },
            Case {
                what: "a crate that a plugin depends on by path",
                change: |repo| repo.append("crates/util/src/lib.rs", "\n// More.\n"),
                selected: &["rho"],
                explained: &["crates/util/src/lib.rs changed"],
            },
            Case {
                what: "files that no plugin is made from",
                change: |repo| {
                    repo.append("docs/notes.txt", "more\n");
                    repo.append("README.md", "more\n");
                    repo.write("shared/unused/unused.go", "package unused\n");
                },
                selected: &[],
                explained: &["nothing to build: no plugin is affected by what changed since main"],
            },
            Case {
                what: "a scaffold",
                change: |repo| repo.append("connector/_template/main.go", "\n// More.\n"),
                selected: &[],
                explained: &[],
            },
            Case {
                what: "a new plugin",
                change: |repo| repo.go_plugin("job", "delta", None),
                selected: &["delta"],
                explained: &["job/delta is selected: job/delta/VERSION changed since main"],
            },
            Case {
                what: "a name that git would quote",
                change: |repo| repo.write("shared/words/texts/grüße \"an\" alle.txt", "x\n"),
                selected: &USERS,
                explained: &[],
            },
        ],
    );
}

#[test]
fn changes_before_and_after_the_commit_add_up() {
    if repo::lacks("changes_before_and_after_the_commit_add_up", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    repo.append("connector/alpha/main.go", "\n// Committed.\n");
    repo.commit("one");
    repo.append("connector/beta/main.go", "\n// Staged.\n");
    repo.git(&["add", "connector/beta"]);
    repo.append("tool/gamma/main.go", "\n// Not staged.\n");
    assert_eq!(selected(&select(&repo, "main")), GO);
    assert_eq!(selected(&select(&repo, "HEAD")), ["beta", "gamma"]);
    // From a folder below, about the same repository.
    let below = asked(&repo, "main").folder(&repo.path("docs"));
    let ran = below.run().expect_code(3).says(&["holds no plugins"]);
    assert!(ran.stdout.is_empty(), "{ran}");
}

/// Others' work that came after this branch left is not this branch's change.
#[test]
fn what_others_did_on_the_main_branch_is_not_selected() {
    if repo::lacks("what_others_did_on_the_main_branch_is_not_selected", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    repo.append("tool/gamma/main.go", "\n// Ours.\n");
    repo.commit("ours");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.append("shared/words/words.go", "\n// Theirs.\n");
    repo.commit("theirs");
    repo.git(&["checkout", "--quiet", "work"]);
    assert_eq!(selected(&select(&repo, "main")), ["gamma"]);
}

/// A file that isn't there any more decided something too.
#[test]
fn a_workspace_that_is_gone_selects_what_it_decided() {
    if repo::lacks("a_workspace_that_is_gone_selects_what_it_decided", &["go", "git"]) {
        return;
    }
    let repo = Repo::go();
    repo.write("go.work", "go 1.24\n\nuse .\n");
    let repo = repo.committed();
    assert_eq!(selected(&select(&repo, "main")), Vec::<String>::new());
    repo.append("go.work", "\n// More.\n");
    assert_eq!(selected(&select(&repo, "main")), GO);
    repo.remove("go.work");
    assert_eq!(selected(&select(&repo, "main")), GO);
}

/// The plugins may lie in a folder of a larger repository.
#[test]
fn a_folder_of_a_larger_repository_is_enough() {
    if repo::lacks("a_folder_of_a_larger_repository_is_enough", &["go", "git"]) {
        return;
    }
    let outer = Folder::new();
    let inner = Repo::go();
    repo::copy_tree(inner.root(), &outer.path().join("plugins"));
    repo::git(outer.path(), &["init", "--quiet", "--initial-branch=main"]);
    repo::git(outer.path(), &["add", "--all"]);
    repo::git(outer.path(), &["commit", "--quiet", "-m", "first"]);
    fs::write(outer.path().join("connector.txt"), "outside\n").unwrap();
    fs::write(outer.path().join("plugins/shared/words/greeting.txt"), "changed\n").unwrap();
    let line = [
        "plugin",
        "build",
        "--changed",
        "--since",
        "HEAD",
        "--dir",
        "plugins",
        "--dry-run",
        "--format",
        "json",
    ];
    let ran = Wick::new(outer.path(), &line).run().expect_code(0);
    assert_eq!(selected(&ran), USERS);
}

#[test]
fn an_unknown_reference_is_an_error_with_the_way_out() {
    if repo::lacks("an_unknown_reference_is_an_error_with_the_way_out", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    let ran = select(&repo, "origin/nowhere").expect_code(4);
    let ran = ran.says(&[
        "git knows no `origin/nowhere` in",
        "hint: run `git fetch origin`, or name another reference",
    ]);
    assert!(ran.stdout.is_empty(), "{ran}");
    // The default is the pull request's base, then origin/main; neither is here.
    let default = ["plugin", "build", "--changed", "--dry-run"];
    repo.wick(&default).run().expect_code(4).says(&["git knows no `origin/main`"]);
    let pull_request = repo.wick(&default).env("GITHUB_BASE_REF", "release");
    pull_request.run().expect_code(4).says(&["git knows no `origin/release`"]);
    // Never taken for an option.
    select(&repo, "--output=/tmp/x").expect_code(2);
    repo.wick(&["plugin", "build", "--changed", "--since=--help", "--dry-run"]).run().expect_code(4);
}

#[test]
fn a_shallow_clone_is_an_error_with_the_way_out() {
    if repo::lacks("a_shallow_clone_is_an_error_with_the_way_out", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    for change in ["// One.\n", "// Two.\n"] {
        repo.append("tool/gamma/main.go", change);
        repo.commit(change);
    }
    let place = Folder::new();
    let url = format!("file://{}", repo.root().display());
    repo::git(place.path(), &["clone", "--quiet", "--depth", "1", "--branch", "work", &url, "clone"]);
    let clone = place.path().join("clone");
    let ask = || {
        let line =
            ["plugin", "build", "--changed", "--since", "origin/main", "--dry-run", "--format", "json"];
        Wick::new(&clone, &line).run()
    };
    let hints = ["the clone is shallow", "git fetch --unshallow", "fetch-depth: 0"];
    ask().expect_code(4).says(&["git knows no `origin/main`"]).says(&hints);
    // Both ends are there, what connects them is not.
    repo::git(&clone, &["fetch", "--quiet", "--depth", "1", "origin", "main:refs/remotes/origin/main"]);
    ask().expect_code(4).says(&["`origin/main` and HEAD have no common commit"]).says(&hints);
    // And the way out is one.
    repo::git(&clone, &["fetch", "--quiet", "--unshallow", "origin"]);
    assert_eq!(selected(&ask().expect_code(0)), ["gamma"]);
}

#[test]
fn histories_without_a_common_commit_are_an_error() {
    if repo::lacks("histories_without_a_common_commit_are_an_error", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    repo.commit("another beginning");
    select(&repo, "main")
        .expect_code(4)
        .says(&["`main` and HEAD have no common commit", "of the same history"]);
}

#[test]
fn outside_a_repository_nothing_can_be_told() {
    if repo::lacks("outside_a_repository_nothing_can_be_told", &["go", "git"]) {
        return;
    }
    let repo = Repo::go();
    let ran = select(&repo, "main").expect_code(2);
    ran.says(&[
        "is not inside a git repository, so what changed since `main` can't be told",
        "--all-plugins",
    ]);
}

/// What is selected is built, and only that.
#[test]
fn only_what_is_selected_is_built() {
    if repo::lacks("only_what_is_selected_is_built", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    repo.append("tool/gamma/main.go", "\n// More.\n");
    let ran = repo.build(&["--changed", "--since", "main"]);
    assert_eq!(ran.with_status("built"), ["gamma"], "{ran}");
    assert_eq!(ran.packages().len(), 1, "{ran}");
    // The kind narrows it further.
    let none = repo.build(&["--changed", "--since", "main", "--kind", "connector"]);
    assert!(none.packages().is_empty(), "{none}");
    assert_eq!(none.compiler_runs(), 0, "{none}");
}
