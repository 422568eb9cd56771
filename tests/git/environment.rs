//! Variables of git's that a hook, a wrapper or a shell left behind.

use crate::repo::{self, Repo};

/// `alpha` of a repository, built for this machine; its receipt's source.
fn source_of(repo: &Repo, variables: &[(&str, &str)]) -> serde_json::Value {
    let args = ["plugin", "build", "alpha", "-q", "--force"];
    let run = variables.iter().fold(repo.wick(&args), |run, (name, value)| run.env(name, *value));
    run.run().expect_code(0);
    let target = repo::this_machine().replace('/', "-");
    let text = repo.read(&format!("bin/.wick/receipts/connector-alpha-{target}.package.json"));
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["source"].take()
}

#[test]
fn nothing_of_gits_environment_reaches_an_answer() {
    if repo::lacks("nothing_of_gits_environment_reaches_an_answer", &["go", "git"]) {
        return;
    }
    let (repo, other) = (Repo::go().committed(), Repo::go().committed());
    repo.git(&["tag", "alpha/v0.0.9"]);
    other.write("more", "");
    other.commit("Another repository's");
    let own = source_of(&repo, &[]);
    assert_eq!(own["commit"], repo.git(&["rev-parse", "HEAD"]).trim());
    assert_ne!(own["commit"], other.git(&["rev-parse", "HEAD"]).trim());
    let git_dir = other.path(".git");
    let git_dir = git_dir.to_str().unwrap();
    let top = other.root().to_str().unwrap();
    let cases: &[&[(&str, &str)]] = &[
        &[("GIT_DIR", ".git")],
        &[("GIT_DIR", git_dir)],
        &[("GIT_DIR", git_dir), ("GIT_WORK_TREE", top)],
        &[("GIT_DIR", git_dir), ("GIT_WORK_TREE", ".")],
        &[("GIT_COMMON_DIR", git_dir)],
        &[("GIT_INDEX_FILE", "/nowhere"), ("GIT_OBJECT_DIRECTORY", "/nowhere")],
        &[("GIT_CEILING_DIRECTORIES", repo.root().to_str().unwrap()), ("GIT_PREFIX", "connector/")],
        &[("GIT_NAMESPACE", "x"), ("GIT_REPLACE_REF_BASE", "refs/heads/"), ("GIT_GRAFT_FILE", "/nowhere")],
        &[("GIT_LITERAL_PATHSPECS", "1"), ("GIT_ICASE_PATHSPECS", "1"), ("GIT_NOGLOB_PATHSPECS", "1")],
        &[
            ("GIT_EXTERNAL_DIFF", "false"),
            ("GIT_PAGER", "false"),
            ("GIT_TRACE", "1"),
            ("GIT_ATTR_SOURCE", "HEAD"),
        ],
        &[
            ("GIT_CONFIG_COUNT", "2"),
            ("GIT_CONFIG_KEY_0", "core.worktree"),
            ("GIT_CONFIG_VALUE_0", top),
            ("GIT_CONFIG_KEY_1", "column.ui"),
            ("GIT_CONFIG_VALUE_1", "always"),
        ],
        &[("GIT_CONFIG_PARAMETERS", "'core.bare'='true'")],
        &[("LC_ALL", "de_DE.UTF-8"), ("LANGUAGE", "de")],
    ];
    let changed = |variables: &[(&str, &str)]| {
        let args = ["plugin", "plan", "--changed", "--since", "alpha/v0.0.9", "--format", "json"];
        let run = variables.iter().fold(repo.wick(&args), |run, (name, value)| run.env(name, *value));
        run.run().expect_code(0).stdout
    };
    let plan = changed(&[]);
    for case in cases {
        assert_eq!(source_of(&repo, case), own, "{case:?}");
        assert_eq!(changed(case), plan, "{case:?}");
    }
    // Where there is no repository, a variable makes none.
    let none = Repo::go();
    for case in cases {
        assert_eq!(source_of(&none, case), serde_json::Value::Null, "{case:?}");
    }
}

/// Compilers and build scripts run git too, in the folder of what they build.
#[test]
fn nothing_that_names_another_repository_reaches_a_compiler() {
    if repo::lacks("nothing_that_names_another_repository_reaches_a_compiler", &["go", "git"]) {
        return;
    }
    let repo = Repo::go().committed();
    let tools = repo::Folder::new();
    let (program, seen) = (tools.path().join("go"), tools.path().join("seen"));
    let path = std::env::var("PATH").unwrap();
    // The real go, which is found by the PATH without this one.
    let script = format!("#!/bin/sh\nenv >> '{}'\nPATH='{path}' exec go \"$@\"\n", seen.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let names = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"];
    let run = repo.wick(&["plugin", "build", "alpha", "-q", "--force"]);
    let run = names.iter().fold(run, |run, name| run.env(name, "/nowhere"));
    // The way to a private module is the user's.
    run.env("GIT_SSH_COMMAND", "ssh -4")
        .env("PATH", format!("{}:{path}", tools.path().display()))
        .run()
        .expect_code(0);
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(seen.contains("GIT_SSH_COMMAND=ssh -4"), "{seen}");
    for name in names {
        assert!(!seen.contains(&format!("{name}=")), "{name}");
    }
}
