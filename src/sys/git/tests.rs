//! Questions to the real git, in a repository of their own.

use std::path::Path;

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
    let at = head(&dir.path().join("connector")).unwrap().unwrap();
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
    let empty = Scratch::new().unwrap();
    assert_eq!(head(empty.path()).unwrap(), None, "no repository");
    run(empty.path(), &["init", "--quiet"]);
    assert_eq!(head(empty.path()).unwrap(), None, "no commit");
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

#[test]
fn a_worktree_leaves_nothing_of_itself() {
    let dir = repository();
    run(dir.path(), &["tag", "-a", "-m", "One", "slack/v0.1.0"]);
    let commit = tag_commit(dir.path(), "slack/v0.1.0").unwrap().unwrap();
    assert_eq!(commit, head(dir.path()).unwrap().unwrap().commit);
    assert_eq!(tag_commit(dir.path(), "slack/v9.0.0").unwrap(), None);
    let listed = || said(dir.path(), &["worktree", "list", "--porcelain"]).unwrap();
    let branches = || said(dir.path(), &["branch", "--all"]).unwrap();
    let before = (listed(), branches());
    // What is checked out must not decide what is checked out elsewhere, nor run there.
    write(dir.path(), ".git/hooks/post-checkout", "#!/bin/sh\ntouch \"$PWD/hook-ran\"\n");
    #[cfg(unix)]
    crate::sys::files::write_atomic(
        &dir.path().join(".git/hooks/post-checkout"),
        b"#!/bin/sh\ntouch hook-ran\n",
        0o755,
    )
    .unwrap();
    run(dir.path(), &["sparse-checkout", "set", "shared"]);
    write(dir.path(), "shared/words.go", "changed");
    let aside = Scratch::new().unwrap();
    let place = files::canonical(aside.path()).unwrap().join("source");
    let other =
        Worktree::add(dir.path(), &commit, &files::canonical(aside.path()).unwrap().join("other")).unwrap();
    let made = Worktree::add(&dir.path().join("shared"), &commit, &place).unwrap();
    assert!(listed().contains(&*place.to_string_lossy()));
    assert_eq!(files::read_text(&place.join("shared/words.go")).unwrap(), "1", "as committed");
    assert!(files::is_file(&place.join("connector/slack/main.go")), "not sparse");
    assert!(!files::is_file(&place.join("hook-ran")), "no hook");
    drop(made);
    assert!(!listed().contains(&*place.to_string_lossy()), "{}", listed());
    assert!(listed().contains("other"), "another's is left alone");
    drop(other);
    assert_eq!((listed(), branches()), before);
    assert_eq!(files::list(aside.path()).unwrap(), [""; 0]);
    assert!(files::list(&dir.path().join(".git/worktrees")).is_err(), "as git leaves it");
    assert!(Worktree::add(dir.path(), "0123456789012345678901234567890123456789", &place).is_err());
    assert_eq!(listed(), before.0);
    assert!(!files::is_file(&place));
}
