//! Questions to the real git, in a repository of their own.

mod worktree;

use std::path::{Path, PathBuf};

use super::door::said;
use super::*;
use crate::sys::files::{self, Scratch};

fn run(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    let all: Vec<&str> = identity.iter().chain(args).copied().collect();
    said(folder, &all).unwrap();
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    files::create_folder(path.parent().unwrap()).unwrap();
    files::write_atomic(&path, text.as_bytes(), 0o644).unwrap();
}

fn repository() -> Scratch {
    let dir = Scratch::new().unwrap();
    run(dir.path(), &["init", "--quiet", "--initial-branch=main"]);
    write(dir.path(), "connector/slack/main.go", "1");
    write(dir.path(), "shared/words.go", "1");
    run(dir.path(), &["add", "."]);
    run(dir.path(), &["commit", "--quiet", "-m", "First"]);
    dir
}

#[test]
fn a_commits_files_are_its_trees_whatever_lies_around() {
    let dir = repository();
    let at = Repository::of(&dir.path().join("connector")).unwrap().checkout().unwrap().unwrap();
    assert_eq!(at.commit.len(), 40);
    write(dir.path(), "shared/words.go", "2");
    run(dir.path(), &["add", "."]);
    write(dir.path(), "connector/slack/new one.go", "");
    let tree = Tree::read(&dir.path().join("connector"), &at.commit).unwrap();
    let names: Vec<&[u8]> = tree.below(b"").map(|(name, _)| name).collect();
    assert_eq!(names, [&b"connector/slack/main.go"[..], b"shared/words.go"], "from the top, as committed");
    let entry = tree.get(b"shared/words.go").unwrap();
    assert_eq!((entry.mode, entry.id), (TreeMode::File, entry.id.format().blob(b"1")));
    assert!(Tree::read(dir.path(), "0123456789012345678901234567890123456789").is_err());
}

#[test]
fn commits_since_a_tag_that_touched_paths() {
    let dir = repository();
    run(dir.path(), &["tag", "slack/v0.1.0"]);
    run(dir.path(), &["tag", "other/v0.1.0"]);
    for (file, message) in
        [("shared/words.go", "Shared"), ("README", "Nothing"), ("connector/slack/a", "Own")]
    {
        write(dir.path(), file, message);
        run(dir.path(), &["add", "."]);
        run(dir.path(), &["commit", "--quiet", "-m", message]);
    }
    assert_eq!(tags(dir.path(), "slack/v*", "HEAD").unwrap(), ["slack/v0.1.0"]);
    let paths = ["connector/slack".to_owned(), ":(glob)shared/*".to_owned()];
    let subjects = |since| -> Vec<String> {
        commits(dir.path(), since, "HEAD", &paths).unwrap().into_iter().map(|c| c.subject).collect()
    };
    assert_eq!(subjects(Some("slack/v0.1.0")), ["Own", "Shared"]);
    assert_eq!(subjects(None), ["Own", "Shared", "First"]);
    // One that says nothing hides neither itself nor its neighbours.
    write(dir.path(), "shared/words.go", "said nothing");
    run(dir.path(), &["commit", "--quiet", "--allow-empty-message", "-am", ""]);
    write(dir.path(), "shared/words.go", "said more");
    run(dir.path(), &["commit", "--quiet", "-am", "sLast"]);
    assert_eq!(subjects(Some("slack/v0.1.0")), ["sLast", "", "Own", "Shared"]);
    assert!(
        commits(dir.path(), Some("slack/v9.0.0"), "HEAD", &paths).is_err(),
        "an unknown tag is no empty list"
    );
}

#[test]
fn a_remote_is_asked_for_its_address() {
    let dir = repository();
    assert_eq!(remote_url(dir.path(), "origin").unwrap(), None);
    run(dir.path(), &["remote", "add", "origin", "git@github.com:owner/plugins.git"]);
    assert_eq!(remote_url(dir.path(), "origin").unwrap().unwrap(), "git@github.com:owner/plugins.git");
}

/// Every setting that changed an answer of git's porcelain, or that runs something, with a value that shows.
const HOSTILE: &[(&str, &str)] = &[
    ("column.ui", "always"),
    ("column.tag", "always"),
    ("color.ui", "always"),
    ("color.branch", "always"),
    ("color.diff", "always"),
    ("log.showSignature", "true"),
    ("log.showRoot", "false"),
    ("log.follow", "true"),
    ("log.decorate", "full"),
    ("log.date", "relative"),
    ("log.abbrevCommit", "true"),
    ("log.mailmap", "true"),
    ("format.pretty", "oneline"),
    ("tag.sort", "-version:refname"),
    ("i18n.logOutputEncoding", "UTF-16"),
    ("i18n.commitEncoding", "ISO-8859-1"),
    ("core.quotePath", "true"),
    ("core.pager", "false"),
    ("core.abbrev", "4"),
    ("core.excludesFile", "EXCLUDES"),
    ("core.attributesFile", "EXCLUDES"),
    ("core.fsmonitor", "MARK"),
    ("core.untrackedCache", "true"),
    ("core.hooksPath", ".git/hooks"),
    ("core.autocrlf", "true"),
    ("core.eol", "crlf"),
    ("core.safecrlf", "true"),
    ("core.fileMode", "false"),
    ("core.symlinks", "false"),
    ("core.ignoreStat", "true"),
    ("core.trustctime", "false"),
    ("core.checkStat", "minimal"),
    ("core.warnAmbiguousRefs", "false"),
    ("diff.noprefix", "true"),
    ("diff.external", "MARK"),
    ("diff.renames", "copies"),
    ("diff.ignoreSubmodules", "all"),
    ("diff.submodule", "log"),
    ("diff.relative", "true"),
    ("diff.orderFile", "EXCLUDES"),
    ("status.showUntrackedFiles", "no"),
    ("status.relativePaths", "true"),
    ("status.branch", "true"),
    ("status.short", "true"),
    ("filter.mark.clean", "MARK"),
    ("filter.mark.smudge", "MARK"),
    ("filter.mark.required", "true"),
    ("push.default", "nothing"),
    ("commit.gpgSign", "true"),
    ("tag.gpgSign", "true"),
    ("gpg.program", "MARK"),
    ("url.https://mirror.example.com/.insteadOf", "https://github.com/"),
    ("remote.pushDefault", "elsewhere"),
    ("alias.rev-parse", "!MARK"),
    ("alias.ls-tree", "!MARK"),
    ("pager.rev-list", "MARK"),
    ("checkout.defaultRemote", "elsewhere"),
    ("advice.detachedHead", "true"),
    ("worktree.guessRemote", "true"),
];

/// What wick asks, as one text.
fn answers(folder: &Path, aside: &Path) -> String {
    let commit = Repository::of(folder).unwrap().checkout().unwrap().unwrap();
    let made = Worktree::add(folder, &commit.commit, &aside.join("source")).unwrap();
    let bytes = files::read_tree(made.path()).unwrap();
    let here = tags(folder, "slack/v*", "HEAD").unwrap();
    let all = commits(folder, Some("slack/v0.1.0"), "HEAD", &[":(literal)connector".to_owned()]).unwrap();
    let changed = changed_since(folder, "refs/tags/slack/v0.1.0").unwrap();
    let remote = remote_url(folder, "origin").unwrap();
    let tagged = tag_commit(folder, "slack/v0.2.0").unwrap();
    let loose = committed(folder).unwrap();
    format!("{commit:?}\n{here:?}\n{all:?}\n{changed:?}\n{remote:?}\n{tagged:?}\n{loose:?}\n{bytes:?}")
}

#[test]
fn no_setting_of_the_users_changes_an_answer() {
    let dir = repository();
    let folder = files::canonical(dir.path()).unwrap();
    run(&folder, &["remote", "add", "origin", "https://github.com/acme/plugins.git"]);
    run(&folder, &["tag", "slack/v0.1.0"]);
    write(&folder, ".gitattributes", "*.txt filter=mark\n*.go text\n");
    write(&folder, "connector/slack/a.txt", "one\ntwo\n");
    run(&folder, &["add", "."]);
    run(&folder, &["commit", "--quiet", "-m", "Grüße\n\nBody", "--author", "Ä <a@example.com>"]);
    run(&folder, &["tag", "-a", "-m", "two", "slack/v0.2.0"]);
    // A second one, so that there are columns to make.
    run(&folder, &["tag", "slack/v0.3.0-rc.1"]);
    write(&folder, "new é.go", "");
    write(&folder, "shared/words.go", "2");
    let aside = Scratch::new().unwrap();
    let aside = files::canonical(aside.path()).unwrap();
    let mark = aside.join("ran");
    let script = aside.join("mark.sh");
    let text = format!("#!/bin/sh\ntouch '{}'\nexec cat\n", mark.display());
    files::write_atomic(&script, text.as_bytes(), 0o755).unwrap();
    let excludes = aside.join("excludes");
    files::write_atomic(&excludes, b"*.go\n*.txt filter=mark text eol=crlf\n", 0o644).unwrap();
    write(&folder, ".git/info/exclude", "new*\n");
    for hook in ["post-checkout", "post-index-change", "reference-transaction"] {
        let hook = folder.join(".git/hooks").join(hook);
        files::write_atomic(&hook, text.as_bytes(), 0o755).unwrap();
    }
    files::remove(&mark).unwrap();
    let without = answers(&folder, &aside);
    assert!(without.contains("Grüße") && without.contains("new é.go"), "{without}");
    for (key, value) in HOSTILE {
        let value =
            value.replace("MARK", &script.to_string_lossy()).replace("EXCLUDES", &excludes.to_string_lossy());
        run(&folder, &["config", key, &value]);
        // Each alone first, so that what breaks is named; they stay, and so all are tried together as well.
        assert_eq!(answers(&folder, &aside), without, "{key}={value}");
        assert!(!files::is_there(&mark), "{key}={value} ran a program");
    }
}

#[test]
fn nothing_of_a_clones_own_stands_in_for_history() {
    let dir = repository();
    let folder = files::canonical(dir.path()).unwrap();
    let head = || Repository::of(&folder).unwrap().checkout().unwrap().unwrap().commit;
    let first = head();
    write(&folder, "shared/words.go", "2");
    run(&folder, &["commit", "--quiet", "-am", "Second"]);
    let second = head();
    let before = (commits(&folder, None, "HEAD", &[]).unwrap(), changed_since(&folder, &first).unwrap());
    run(&folder, &["replace", &second, &first]);
    assert_eq!(
        (commits(&folder, None, "HEAD", &[]).unwrap(), changed_since(&folder, &first).unwrap()),
        before
    );
    run(&folder, &["replace", "--delete", &second]);
    write(&folder, ".git/info/grafts", &format!("{second}\n"));
    assert_eq!(
        (commits(&folder, None, "HEAD", &[]).unwrap(), changed_since(&folder, &first).unwrap()),
        before
    );
}

/// A repository, what is done to it, and what is said then.
struct Strange {
    what: &'static str,
    make: fn(&Path),
    /// Part of what the error says; empty for no repository.
    says: &'static str,
}

#[test]
fn a_repository_that_doesnt_tell_is_never_none_nor_another() {
    let cases = [
        Strange { what: "no .git", make: |r| files::remove(&r.join(".git")).unwrap(), says: "" },
        Strange {
            what: "a damaged HEAD",
            make: |r| write(r, ".git/HEAD", "garbage\n"),
            says: "it can't be told which commit is checked out",
        },
        Strange {
            what: "a HEAD of a commit that isn't there",
            make: |r| write(r, ".git/HEAD", "0123456789012345678901234567890123456789\n"),
            says: "it can't be told which commit is checked out",
        },
        Strange {
            what: "a damaged branch",
            make: |r| write(r, ".git/refs/heads/main", "garbage\n"),
            says: "it can't be told which commit is checked out",
        },
        Strange { what: "core.bare", make: |r| config(r, "core.bare", "true"), says: "work tree" },
        Strange {
            what: "core.worktree",
            make: |r| config(r, "core.worktree", &r.with_extension("other").to_string_lossy()),
            says: "core.worktree",
        },
        Strange {
            what: "an unknown format",
            make: |r| config(r, "core.repositoryFormatVersion", "99"),
            says: "99",
        },
        Strange {
            what: "an unknown extension",
            make: |r| {
                config(r, "core.repositoryFormatVersion", "1");
                config(r, "extensions.fromTomorrow", "true");
            },
            says: "fromtomorrow",
        },
        Strange { what: "broken settings", make: |r| write(r, ".git/config", "[core\n"), says: "config" },
        Strange {
            what: "a .git file that points nowhere",
            make: |r| {
                files::remove(&r.join(".git")).unwrap();
                write(r, ".git", "gitdir: /nowhere/at/all\n");
            },
            says: "/nowhere/at/all",
        },
        Strange {
            what: "a .git file that is none",
            make: |r| {
                files::remove(&r.join(".git")).unwrap();
                write(r, ".git", "nothing\n");
            },
            says: "gitfile",
        },
        Strange {
            what: "an empty .git",
            make: |r| {
                files::remove(&r.join(".git")).unwrap();
                files::create_folder(&r.join(".git")).unwrap();
            },
            says: "it can't be told",
        },
    ];
    for inside_another in [false, true] {
        for case in &cases {
            let outer = Scratch::new().unwrap();
            let outer = files::canonical(outer.path()).unwrap();
            if inside_another {
                run(&outer, &["init", "--quiet", "--initial-branch=main"]);
                write(&outer, "README", "outer");
                run(&outer, &["add", "."]);
                run(&outer, &["commit", "--quiet", "-m", "Outer"]);
            }
            let inner = outer.join("inner");
            files::create_folder(&inner.with_extension("other")).unwrap();
            write(&inner, "connector/slack/main.go", "1");
            run(&inner, &["init", "--quiet", "--initial-branch=main"]);
            run(&inner, &["add", "."]);
            run(&inner, &["commit", "--quiet", "-m", "Inner"]);
            (case.make)(&inner);
            let what = format!("{}, inside another: {inside_another}", case.what);
            let seen = Repository::of(&inner.join("connector/slack")).unwrap();
            match (&seen, case.says) {
                (Repository::None, "") => assert!(!inside_another, "{what}: {seen:?}"),
                (Repository::At(checkout), "") => assert!(inside_another && checkout.top == outer, "{what}"),
                (Repository::Unknown(unknown), says) if !says.is_empty() => {
                    let text = unknown.to_string();
                    assert!(text.contains(says) && unknown.place == inner, "{what}: {text}");
                    assert_eq!(unknown.hint, None, "{what}");
                    assert!(matches!(top(&inner), Err(GitError::Unknown(_))), "{what}");
                    assert!(
                        changed_since(&inner, "HEAD").is_err() && tag_commit(&inner, "x").is_err(),
                        "{what}"
                    );
                }
                _ => panic!("{what}: {seen:?}"),
            }
        }
    }
}

fn config(folder: &Path, key: &str, value: &str) {
    run(folder, &["config", key, value]);
}

#[test]
fn a_repository_before_its_first_commit_has_none() {
    let dir = Scratch::new().unwrap();
    let folder = files::canonical(dir.path()).unwrap();
    run(&folder, &["init", "--quiet", "--initial-branch=main"]);
    write(&folder, "a", "1");
    assert_eq!(Repository::of(&folder).unwrap(), Repository::Unborn { top: folder.clone() });
    // Links and dots lead to the same place.
    assert_eq!(top(&folder.join("../").join(folder.file_name().unwrap())).unwrap(), Some(folder));
}

#[cfg(unix)]
#[test]
fn somebody_elses_repository_comes_with_gits_words_and_the_way_out() {
    let dir = repository();
    let folder = files::canonical(dir.path()).unwrap();
    for path in [folder.clone(), folder.join(".git")] {
        if std::os::unix::fs::chown(&path, Some(12345), Some(12345)).is_err() {
            // Only root can give folders away; `tests/git/strange.rs` says that it is skipped.
            return;
        }
    }
    let Repository::Unknown(unknown) = Repository::of(&folder.join("connector")).unwrap() else {
        // This git, or this user's settings, trusts everybody.
        return;
    };
    assert!(unknown.said.contains("dubious ownership"), "{unknown}");
    let line = format!("git config --global --add safe.directory {}", folder.display());
    assert!(unknown.hint.as_ref().unwrap().contains(&line), "{unknown:?}");
    let error = top(&folder).unwrap_err();
    use crate::model::failure::{Explain as _, FailureKind};
    assert_eq!((error.kind(), error.hints().len()), (FailureKind::Missing, 1));
}

#[test]
fn bytes_count_whatever_the_index_says() {
    let dir = repository();
    let folder = files::canonical(dir.path()).unwrap();
    write(&folder, ".gitignore", "/bin/\n");
    write(&folder, "bin/out", "");
    run(&folder, &["add", "."]);
    run(&folder, &["commit", "--quiet", "-m", "More"]);
    let changed = || -> Vec<String> {
        let all = changed_since(&folder, "HEAD").unwrap();
        all.iter().map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(changed(), [""; 0]);
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        run(&folder, &["update-index", flag, "connector/slack/main.go"]);
        write(&folder, "connector/slack/main.go", "2");
        assert_eq!(changed(), ["connector/slack/main.go"], "{flag}");
        write(&folder, "connector/slack/main.go", "1");
        assert_eq!(changed(), [""; 0], "{flag}");
        files::remove(&folder.join("connector/slack/main.go")).unwrap();
        write(&folder, "connector/slack/VERSION", "1");
        assert_eq!(changed(), ["connector/slack/VERSION", "connector/slack/main.go"], "{flag}");
        files::remove(&folder.join("connector/slack/VERSION")).unwrap();
        write(&folder, "connector/slack/main.go", "1");
        run(&folder, &["update-index", &flag.replace("--", "--no-"), "connector/slack/main.go"]);
    }
    // Line ends that git would take back.
    config(&folder, "core.autocrlf", "true");
    write(&folder, "shared/words.go", "1\r\n");
    assert_eq!(changed(), ["shared/words.go"]);
    write(&folder, "shared/words.go", "1");
    // What is left out on purpose is no change.
    run(&folder, &["reset", "--quiet", "--hard"]);
    run(&folder, &["sparse-checkout", "set", "shared"]);
    assert!(!files::is_there(&folder.join("connector")));
    assert_eq!(changed(), [""; 0]);
    run(&folder, &["sparse-checkout", "disable"]);
    #[cfg(unix)]
    {
        files::write_atomic(&folder.join("shared/words.go"), b"1", 0o755).unwrap();
        assert_eq!(changed(), ["shared/words.go"]);
        files::write_atomic(&folder.join("shared/words.go"), b"1", 0o644).unwrap();
        std::os::unix::fs::symlink("words.go", folder.join("shared/link")).unwrap();
        run(&folder, &["add", "."]);
        run(&folder, &["commit", "--quiet", "-m", "A link"]);
        assert_eq!(changed(), [""; 0]);
        files::remove(&folder.join("shared/link")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.join("shared/link")).unwrap();
        assert_eq!(changed(), ["shared/link"]);
    }
}

#[test]
fn a_submodules_files_are_entered() {
    let dir = repository();
    let folder = files::canonical(dir.path()).unwrap();
    let other = repository();
    let from = files::canonical(other.path()).unwrap();
    let from = from.to_string_lossy();
    run(&folder, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &from, "lib"]);
    run(&folder, &["commit", "--quiet", "-m", "A library"]);
    run(&folder, &["tag", "base"]);
    config(&folder, "submodule.lib.ignore", "all");
    let changed = || -> Vec<String> {
        let all = changed_since(&folder, "base").unwrap();
        all.iter().map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(changed(), [""; 0]);
    write(&folder, "lib/shared/words.go", "2");
    assert_eq!(changed(), ["lib/shared/words.go"], "edited");
    let lib = folder.join("lib");
    run(&lib, &["commit", "--quiet", "-am", "Edit"]);
    assert_eq!(changed(), ["lib/shared/words.go"], "committed there");
    run(&folder, &["commit", "--quiet", "-am", "Move the library"]);
    assert_eq!(changed(), ["lib/shared/words.go"], "the pointer moved");
    let known = committed(&folder).unwrap();
    assert!(known.contains(&lib.join("shared/words.go")) && !known.contains(&lib));
}

#[test]
fn what_is_in_no_commit_is_told_or_it_is_an_error() {
    let dir = Scratch::new().unwrap();
    let folder = files::canonical(dir.path()).unwrap();
    let empty: [std::path::PathBuf; 0] = [];
    write(&folder, "a", "1");
    assert_eq!(uncommitted(&folder).unwrap(), empty, "no repository");
    run(&folder, &["init", "--quiet", "--initial-branch=main"]);
    assert_eq!(uncommitted(&folder).unwrap(), empty, "no commit yet");
    run(&folder, &["add", "."]);
    run(&folder, &["commit", "--quiet", "-m", "First"]);
    assert_eq!(uncommitted(&folder).unwrap(), empty);
    write(&folder, "a", "2");
    write(&folder, "b", "");
    assert_eq!(uncommitted(&folder).unwrap(), [folder.join("a"), folder.join("b")]);
    let id = said(&folder, &["rev-parse", "HEAD^{tree}"]).unwrap();
    files::remove(&folder.join(".git/objects").join(&id[..2])).unwrap();
    assert!(uncommitted(&folder).is_err(), "the commit's files aren't there");
    write(&folder, ".git/HEAD", "garbage\n");
    assert!(uncommitted(&folder).is_err(), "a damaged HEAD");
}

#[test]
fn what_git_remarks_is_no_answer() {
    let dir = repository();
    // git warns of it with every command.
    run(dir.path(), &["config", "core.fsync", "bogus"]);
    assert_eq!(changed_since(dir.path(), "HEAD").unwrap(), Vec::<PathBuf>::new());
    write(dir.path(), "shared/words.go", "2");
    let changed = changed_since(dir.path(), "HEAD").unwrap();
    assert!(changed.len() == 1 && changed[0].ends_with("shared/words.go"), "{changed:?}");
}
