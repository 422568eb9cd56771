//! The rows of K1, and others of their kind: what git is quiet about, and what lies elsewhere.

use super::*;

/// What is done to a clean repository, and what is found then.
type Case = (&'static str, fn(&Repo), &'static [(&'static str, &'static str)]);

/// K1: git says "clean" to each of these, or would have to be asked in another way.
const HIDDEN: &[Case] = &[
    (
        "ignored by a committed rule",
        |repo| {
            repo.write(".gitignore", "zz_*\n");
            repo.commit();
            repo.write("connector/hello/zz_generated.go", "package main\n");
        },
        &[("connector/hello/zz_generated.go", NOT_IN)],
    ),
    (
        "ignored by .git/info/exclude",
        |repo| {
            repo.write(".git/info/exclude", "zz.syso\n");
            repo.write("connector/hello/zz.syso", "x");
        },
        &[("connector/hello/zz.syso", NOT_IN)],
    ),
    (
        "ignored by core.excludesFile",
        |repo| {
            repo.write("../rules", "zz.s\n");
            repo.git(&["config", "core.excludesFile", "../rules"]);
            repo.write("shared/zz.s", "x");
        },
        &[("shared/zz.s", NOT_IN)],
    ),
    (
        "assume-unchanged",
        |repo| {
            repo.git(&["update-index", "--assume-unchanged", MAIN]);
            main_changes(repo);
        },
        &[(MAIN, DIFFERS)],
    ),
    (
        "skip-worktree, edited",
        |repo| {
            repo.git(&["update-index", "--skip-worktree", MAIN]);
            main_changes(repo);
        },
        &[(MAIN, DIFFERS)],
    ),
    (
        "skip-worktree, deleted",
        |repo| {
            repo.git(&["update-index", "--skip-worktree", "shared/words.go"]);
            repo.remove("shared/words.go");
        },
        &[("shared/words.go", MISSING)],
    ),
    (
        "a clean filter of this clone",
        |repo| {
            repo.git(&["config", "filter.x.clean", "printf 'package main\\n'"]);
            repo.write(".git/info/attributes", "main.go filter=x\n");
            main_changes(repo);
        },
        &[(MAIN, DIFFERS)],
    ),
    (
        "$Id$ expanded",
        |repo| {
            repo.write(".gitattributes", "*.go ident\n");
            repo.write(MAIN, "package main // $Id$\n");
            repo.commit();
            repo.remove(MAIN);
            repo.git(&["checkout", "--", MAIN]);
            assert!(files::read_text(&repo.root.join(MAIN)).unwrap().contains("$Id: "));
        },
        &[(MAIN, DIFFERS)],
    ),
    (
        "another encoding in the working tree",
        |repo| {
            repo.write(".gitattributes", "VERSION working-tree-encoding=UTF-16LE\n");
            repo.git(&["add", ".gitattributes"]);
            repo.git(&["commit", "--quiet", "-m", "x"]);
            repo.remove("connector/hello/VERSION");
            repo.git(&["checkout", "--", "connector/hello/VERSION"]);
        },
        &[("connector/hello/VERSION", DIFFERS)],
    ),
    (
        "a monitor that has seen nothing",
        |repo| {
            let hook = repo.root.join(".git/seen-nothing");
            files::write_atomic(&hook, b"#!/bin/sh\nprintf 't\\0'\n", 0o755).unwrap();
            repo.git(&["config", "core.fsmonitor", ".git/seen-nothing"]);
            repo.git(&["config", "core.untrackedCache", "true"]);
            repo.git(&["update-index", "--fsmonitor", "--untracked-cache"]);
            repo.git(&["status"]);
            repo.git(&["status"]);
            main_changes(repo);
        },
        &[(MAIN, DIFFERS)],
    ),
    (
        "a replaced object",
        |repo| {
            main_changes(repo);
            let old = repo.git(&["rev-parse", &format!("HEAD:{}", "connector/hello/main.go")]);
            let new = repo.git(&["hash-object", "-w", MAIN]);
            repo.git(&["replace", old.trim(), new.trim()]);
            repo.git(&["update-index", "--assume-unchanged", MAIN]);
        },
        &[(MAIN, DIFFERS)],
    ),
    (
        "a replaced commit",
        |repo| {
            let old = repo.git(&["rev-parse", "HEAD"]);
            main_changes(repo);
            repo.commit();
            let new = repo.git(&["rev-parse", "HEAD"]);
            repo.git(&["reset", "--quiet", "--soft", old.trim()]);
            repo.git(&["replace", old.trim(), new.trim()]);
        },
        &[(MAIN, DIFFERS)],
    ),
    (
        "another case on a file system that tells none apart",
        |repo| {
            repo.git(&["config", "core.ignoreCase", "true"]);
            let text = files::read_text(&repo.root.join("shared/words.go")).unwrap();
            repo.remove("shared/words.go");
            repo.write("shared/Words.go", &text);
            repo.git(&["update-index", "--assume-unchanged", "shared/words.go"]);
        },
        &[("shared/Words.go", NOT_IN), ("shared/words.go", MISSING)],
    ),
    (
        "a repository inside, which is no submodule",
        |repo| {
            repo.write("shared/inner/inner.go", "package inner\n");
            repo.git(&["init", "--quiet", "shared/inner"]);
            git_in(&repo.root.join("shared/inner"), &["add", "."]);
            git_in(&repo.root.join("shared/inner"), &["commit", "--quiet", "-m", "x"]);
        },
        &[("shared/inner/inner.go", NOT_IN)],
    ),
];

#[test]
fn what_git_keeps_quiet_about_is_found_by_the_bytes() {
    for (what, make, expected) in HIDDEN {
        let repo = Repo::committed();
        assert_eq!(repo.judged(), [""; 0], "{what}: clean before");
        make(&repo);
        let inner = SourcePath::Package(repo.root.join("shared/inner"));
        let more =
            if files::is_file(&repo.root.join("shared/inner/inner.go")) { vec![inner] } else { vec![] };
        let mut found = repo.judged();
        found.extend(repo.judged_with(&more));
        found.sort();
        found.dedup();
        let mut expected: Vec<String> = expected.iter().map(|(path, why)| format!("{path}: {why}")).collect();
        expected.sort();
        assert_eq!(found, expected, "{what}");
    }
}

/// K1: what is beside the repository, or behind a link.
#[cfg(unix)]
const ELSEWHERE: &[Case] = &[
    (
        "a module beside the repository",
        |repo| repo.write("../lib/lib.go", "package lib\n"),
        &[("../lib/lib.go", "outside the repository")],
    ),
    (
        "a committed link that leads out",
        |repo| {
            repo.write("../out.go", "package main\n");
            link("../../../out.go", &repo.root.join("connector/hello/out.go"));
            repo.commit();
        },
        &[("connector/hello/out.go", "outside the repository")],
    ),
    (
        "a committed link by an absolute path",
        |repo| {
            link(
                &repo.root.join("shared/words.go").to_string_lossy(),
                &repo.root.join("connector/hello/w.go"),
            );
            repo.commit();
        },
        &[("connector/hello/w.go", "outside the repository")],
    ),
    (
        "a link that the commit hasn't",
        |repo| link("../../shared/words.go", &repo.root.join("connector/hello/w.go")),
        &[("connector/hello/w.go", NOT_IN)],
    ),
    (
        "a link turned elsewhere",
        |repo| {
            link("main.go", &repo.root.join("connector/hello/w.go"));
            repo.commit();
            repo.remove("connector/hello/w.go");
            link("VERSION", &repo.root.join("connector/hello/w.go"));
        },
        &[("connector/hello/w.go", DIFFERS)],
    ),
    (
        "a link checked out as a file",
        |repo| {
            link("main.go", &repo.root.join("connector/hello/w.go"));
            repo.commit();
            repo.git(&["config", "core.symlinks", "false"]);
            repo.remove("connector/hello/w.go");
            repo.git(&["checkout", "--", "connector/hello/w.go"]);
        },
        &[("connector/hello/w.go", "a link here or in the commit, and a file in the other")],
    ),
    (
        "a file that became a link to the same bytes",
        |repo| {
            repo.write("copy.go", "package main\n");
            repo.commit();
            repo.remove(MAIN);
            link("../../copy.go", &repo.root.join(MAIN));
        },
        &[(MAIN, "a link here or in the commit, and a file in the other")],
    ),
    (
        "links in a ring",
        |repo| {
            link("b.go", &repo.root.join("shared/a.go"));
            link("a.go", &repo.root.join("shared/b.go"));
            repo.commit();
        },
        &[],
    ),
    (
        "a good link, and one through a folder that is one",
        |repo| {
            link("main.go", &repo.root.join("connector/hello/w.go"));
            link("../shared", &repo.root.join("connector/linked"));
            link("../linked/words.go", &repo.root.join("connector/hello/v.go"));
            repo.commit();
        },
        &[],
    ),
];

#[cfg(unix)]
#[test]
fn what_lies_elsewhere_is_no_commits() {
    for (what, make, expected) in ELSEWHERE {
        let repo = Repo::committed();
        make(&repo);
        let lib = repo.root.join("../lib");
        let more = if files::kind(&lib) == Kind::Folder { vec![SourcePath::Package(lib)] } else { vec![] };
        let mut found = repo.judged();
        found.extend(repo.judged_with(&more));
        found.sort();
        found.dedup();
        let expected: Vec<String> = expected.iter().map(|(path, why)| format!("{path}: {why}")).collect();
        assert_eq!(found, expected, "{what}");
    }
}
