//! Receipts: what changed is built again and nothing else is. A stale package is worse than a slow build.

mod commit;
mod conditions;
mod outputs;
mod rust;

use crate::repo::{self, Ran, Repo, Wick};

const ALL: [&str; 3] = ["alpha", "beta", "gamma"];
const USERS: [&str; 2] = ["alpha", "beta"];

fn build(repo: &Repo) -> Wick {
    repo.wick(&["plugin", "build", "--all-plugins", "--format", "json"])
}

const FRESH: &str = "nothing it is made from has changed";

/// Exactly `due` were made anew or compiled to see whether they have to be, all for a reason that names `cause`.
#[track_caller]
fn assert_due(ran: &Ran, what: &str, due: &[&str], cause: &str) {
    let mut keys: Vec<String> = ran.with_status("built");
    keys.extend(ran.with_status("up-to-date"));
    keys.sort();
    keys.dedup();
    let stale: Vec<String> = keys.into_iter().filter(|key| ran.reasons(key) != FRESH).collect();
    assert_eq!(stale, due, "{what}\n{ran}");
    for key in due {
        let reasons = ran.reasons(key);
        assert!(reasons.contains(cause), "{what}: {key} was built because: {reasons}; expected {cause}");
    }
}

/// Exactly `built` were built, all for a reason that names `cause`; the others are up to date.
#[track_caller]
fn assert_built(ran: &Ran, what: &str, built: &[&str], cause: &str) {
    assert_due(ran, what, built, cause);
    assert_eq!(ran.with_status("built"), built, "{what}\n{ran}");
}

#[track_caller]
fn assert_nothing_to_do(ran: &Ran, what: &str) {
    assert_built(ran, what, &[], "");
    assert_eq!(ran.compiler_runs(), 0, "{what}: a compiler was started\n{ran}");
}

/// One thing that is changed, alone.
struct Case {
    what: &'static str,
    change: fn(&Repo),
    rebuilt: &'static [&'static str],
    cause: &'static str,
}

/// Every zip of the run, by plugin.
fn zips(repo: &Repo, ran: &Ran) -> Vec<(String, Vec<u8>)> {
    let of = |package: &serde_json::Value| {
        let name = format!("bin/{}", package["package"].as_str().unwrap());
        (package["plugin"].as_str().unwrap().to_owned(), repo.read_bytes(&name))
    };
    ran.packages().iter().map(of).collect()
}

/// Builds, then makes one change after the other: each rebuilds its plugins, and the run after it does nothing.
fn check(repo: &Repo, cases: &[Case]) {
    let mut before = zips(repo, &build(repo).run().expect_code(0));
    for case in cases {
        (case.change)(repo);
        let ran = build(repo).run().expect_code(0);
        assert_due(&ran, case.what, case.rebuilt, case.cause);
        assert_eq!(ran.compiler_runs() > 0, !case.rebuilt.is_empty(), "{}\n{ran}", case.what);
        // A comment is compiled and gives the same binary; then the package stays, and is not said to be new.
        let after = zips(repo, &ran);
        let changed = after.iter().filter(|zip| !before.contains(zip)).map(|(key, _)| key.clone());
        assert_eq!(ran.with_status("built"), changed.collect::<Vec<_>>(), "{}\n{ran}", case.what);
        before = after;
        assert_nothing_to_do(&build(repo).run().expect_code(0), case.what);
    }
}

#[test]
fn a_changed_source_rebuilds_the_plugins_made_from_it() {
    if repo::lacks("a_changed_source_rebuilds_the_plugins_made_from_it", &["go"]) {
        return;
    }
    let repo = Repo::go();
    let first = build(&repo).run().expect_code(0);
    assert_built(&first, "first build", &ALL, "not built before");
    assert_nothing_to_do(&build(&repo).run().expect_code(0), "second build");
    check(
        &repo,
        &[
            Case {
                what: "a plugin's own file",
                change: |repo| repo.replace("connector/alpha/main.go", "A plugin of a test.", "Another one."),
                rebuilt: &["alpha"],
                cause: "files in connector/alpha changed",
            },
            Case {
                what: "a comment in a plugin's own file",
                change: |repo| repo.append("connector/alpha/main.go", "\n// One more line.\n"),
                rebuilt: &["alpha"],
                cause: "files in connector/alpha changed",
            },
            Case {
                what: "a file of a shared package",
                change: |repo| repo.append("shared/words/words.go", "\nfunc init() { Greeting += \"!\" }\n"),
                rebuilt: &USERS,
                cause: "files below shared/words changed",
            },
            Case {
                what: "a file added to a plugin's folder",
                change: |repo| {
                    repo.write(
                        "tool/gamma/extra.go",
                        "package main\n\nfunc init() { Version += \"\" + extra }\n\nvar extra = \"\"\n",
                    )
                },
                rebuilt: &["gamma"],
                cause: "files in tool/gamma changed",
            },
            Case {
                what: "a file added to a shared package",
                change: |repo| {
                    repo.write(
                        "shared/words/extra.go",
                        "package words\n\nfunc init() { Greeting += \"?\" }\n",
                    )
                },
                rebuilt: &USERS,
                cause: "files below shared/words changed",
            },
            Case {
                what: "a file removed from a shared package",
                change: |repo| repo.remove("shared/words/extra.go"),
                rebuilt: &USERS,
                cause: "files below shared/words changed",
            },
            Case {
                what: "an embedded file",
                change: |repo| repo.append("shared/words/greeting.txt", "and good bye\n"),
                rebuilt: &USERS,
                cause: "shared/words/greeting.txt changed",
            },
            Case {
                what: "a new file that an embed pattern matches, in a sub-folder",
                change: |repo| repo.write("shared/words/texts/two.txt", "two\n"),
                rebuilt: &USERS,
                cause: "files below shared/words changed",
            },
            Case {
                what: "a test file in a plugin's folder",
                change: |repo| repo.write("connector/alpha/main_test.go", "package main\n"),
                rebuilt: &[],
                cause: "",
            },
            Case {
                what: "a file that nothing is made from",
                change: |repo| repo.append("docs/notes.txt", "still nobody\n"),
                rebuilt: &[],
                cause: "",
            },
            Case {
                what: "VERSION",
                change: |repo| repo.write("connector/beta/VERSION", "0.2.0\n"),
                rebuilt: &["beta"],
                cause: "version was 0.1.0, is 0.2.0",
            },
            Case {
                what: "go.mod",
                change: |repo| repo.append("go.mod", "\n// A comment.\n"),
                rebuilt: &ALL,
                cause: "go.mod changed",
            },
            Case {
                what: "go.sum appears",
                change: |repo| {
                    let line = "example.com/x v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
                    repo.write("go.sum", line);
                },
                rebuilt: &ALL,
                cause: "go.sum appeared",
            },
            Case {
                what: "a linker flag in wick.toml",
                change: |repo| repo.append("wick.toml", "ldflags = [\"-X=main.unused=1\"]\n"),
                rebuilt: &ALL,
                cause: "flags changed",
            },
            Case {
                what: "a tag for one plugin in wick.toml",
                change: |repo| repo.append("wick.toml", "[plugin.gamma.go]\ntags = [\"special\"]\n"),
                rebuilt: &["gamma"],
                cause: "flags changed",
            },
        ],
    );
}
