//! An answer that nobody got is no success, whichever verb gives it and however its stdout is broken.

use github_double::{Config, Double};

use crate::repo::{self, Repo};

/// How stdout is broken, and what then counts: the code, and whether anything is said of it.
const BROKEN: [(&str, &str, bool); 4] = [
    ("a full device", "exec \"$@\" > /dev/full", true),
    ("closed", "exec \"$@\" >&-", true),
    ("open for reading only", "exec \"$@\" 1< /dev/null", true),
    // Not even stderr is there to say it.
    ("closed, as is stderr", "exec \"$@\" >&- 2>&-", false),
];

fn shell(script: &str) -> [&str; 4] {
    ["sh", "-c", script, "sh"]
}

/// A repository with one plugin, a key and a folder of packages.
fn scene() -> Repo {
    let repo = Repo::empty();
    repo.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
    repo.go_plugin("connector", "alpha", None);
    repo
}

/// Every verb that answers on stdout without a compiler, with the code that it ends with otherwise.
#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_nobody_got_is_no_success() {
    if repo::lacks("an_answer_that_nobody_got_is_no_success", &["go", "git"]) {
        return;
    }
    let repo = scene().committed();
    let double = Double::start(Config::default());
    let no_package = repo.path("connector/alpha/main.go").display().to_string();
    let cases: [(&[&str], i32); 19] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&["plugin", "release", "--help"], 0),
        (&["help", "plugin", "build"], 0),
        (&["completions", "zsh"], 0),
        (&["doctor"], 0),
        (&["doctor", "--format", "json"], 0),
        (&["plugin", "plan", "--all-plugins"], 0),
        (&["plugin", "plan", "--all-plugins", "--format", "json"], 0),
        (&["plugin", "build", "alpha", "--dry-run"], 0),
        (&["plugin", "build", "alpha", "--dry-run", "--format", "json"], 0),
        // Findings, which are no less lost.
        (&["plugin", "check", "alpha", "--no-build", "--strict"], 1),
        (&["plugin", "check", "alpha", "--no-build", "--strict", "--format", "json"], 1),
        (&["plugin", "verify", &no_package], 1),
        (&["plugin", "verify", &no_package, "--format", "json"], 1),
        (&["plugin", "catalog", "--out", "-", "--repo", "octo/plugins"], 0),
        (&["plugin", "catalog", "--check", "--format", "json", "--repo", "octo/plugins"], 1),
        (&["plugin", "init", "--check", "--format", "json"], 1),
        (&["plugin", "keygen", "-o", "new.key"], 0),
    ];
    for (args, code) in cases {
        let fresh = || {
            for name in ["new.key", "new.key.pub", "new.pub"] {
                let _ = std::fs::remove_file(repo.path(name));
            }
            repo.wick(args).env("GITHUB_API_URL", double.api_url())
        };
        fresh().run().expect_code(code);
        for (how, script, said) in BROKEN {
            let ran = fresh().through(&shell(script)).run();
            assert_eq!(ran.code, Some(5), "{how}\n{ran}");
            assert!(!said || ran.stderr.contains("error: can't write to stdout: "), "{how}\n{ran}");
        }
        // Who has read enough says nothing of it, and is told nothing.
        let ran = fresh().through(&["bash", "-c", "\"$@\" | head -c 0; exit ${PIPESTATUS[0]}", "bash"]).run();
        assert_eq!(ran.code, Some(code), "{ran}");
        ran.never_says(&["can't write"]);
        // Without stderr the answer is what it is.
        let ran = fresh().through(&shell("exec \"$@\" 2> /dev/full")).run();
        assert_eq!(ran.code, Some(code), "{ran}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_build_whose_report_is_lost_has_built_and_says_so() {
    if repo::lacks("a_build_whose_report_is_lost_has_built_and_says_so", &["go"]) {
        return;
    }
    let repo = scene();
    let target = repo::this_machine();
    for format in ["human", "json"] {
        let args = ["plugin", "build", "alpha", "--target", target, "--format", format];
        repo.wick(&args).through(&shell(BROKEN[0].1)).run().expect_code(5).says(&["can't write to stdout"]);
        let zip = format!("alpha-0.1.0-{}.zip", target.replace('/', "-"));
        assert!(repo.list("bin").contains(&zip));
        // A failure keeps its own code.
        repo.wick(&["plugin", "build", "nobody", "--format", format])
            .through(&shell(BROKEN[0].1))
            .run()
            .expect_code(2);
    }
}
