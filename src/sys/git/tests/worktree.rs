//! A commit as a folder of its own.

use super::*;

#[test]
fn a_worktree_leaves_nothing_of_itself() {
    let dir = repository();
    run(dir.path(), &["tag", "-a", "-m", "One", "slack/v0.1.0"]);
    let commit = tag_commit(dir.path(), "slack/v0.1.0").unwrap().unwrap();
    assert_eq!(commit, Repository::of(dir.path()).unwrap().checkout().unwrap().unwrap().commit);
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

#[test]
fn a_worktree_brings_submodules_and_large_files_along_or_says_so() {
    let (inner, lib, dir) = (repository(), repository(), repository());
    let at = |one: &Scratch| files::canonical(one.path()).unwrap();
    let allow = ["-c", "protocol.file.allow=always"];
    let add = |folder: &Path, from: &Path, name: &str| {
        run(folder, &[&allow[..], &["submodule", "--quiet", "add", &from.to_string_lossy(), name]].concat());
    };
    write(&at(&inner), "deep.go", "deep");
    run(&at(&inner), &["add", "."]);
    run(&at(&inner), &["commit", "--quiet", "-m", "Deep"]);
    add(&at(&lib), &at(&inner), "deep");
    run(&at(&lib), &["commit", "--quiet", "-m", "Deep"]);
    let folder = at(&dir);
    add(&folder, &at(&lib), "lib");
    run(&folder, &[&allow[..], &["submodule", "--quiet", "update", "--init", "--recursive"]].concat());
    write(&folder, ".gitattributes", "*.png filter=lfs\n");
    let content = crate::model::digest::Sha256::of(b"picture");
    let pointer = crate::model::lfs::pointer(&content, 7);
    for name in ["logo.png", "lost.png", "no.txt"] {
        write(
            &folder,
            name,
            &if name == "lost.png" { pointer.replace("size 7", "size 8") } else { pointer.clone() },
        );
    }
    // Pointers as they are committed, whatever git-lfs this machine has.
    let plain =
        ["-c", "filter.lfs.clean=cat", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false"];
    run(&folder, &[&plain[..], &["add", "."]].concat());
    run(&folder, &[&plain[..], &["commit", "--quiet", "-m", "All"]].concat());
    let oid = content.to_string();
    write(&folder, &format!(".git/lfs/objects/{}/{}/{oid}", &oid[..2], &oid[2..4]), "picture");
    let commit = head(&folder).unwrap().unwrap().commit;
    let aside = Scratch::new().unwrap();
    let aside = at(&aside);
    // Once from the folders that are checked out, once from what git keeps of them.
    for round in ["folders", "git's own"] {
        let made = Worktree::add(&folder, &commit, &aside.join("source")).unwrap();
        let read = |name: &str| files::read_text(&made.path().join(name)).unwrap();
        assert_eq!(
            (read("lib/shared/words.go"), read("lib/deep/deep.go")),
            ("1".into(), "deep".into()),
            "{round}"
        );
        assert_eq!((&*read("logo.png"), &*read("no.txt")), ("picture", &*pointer), "{round}");
        // The same object, another size: what the pointer names is its digest.
        assert_eq!((made.lacks(), &*read("lost.png")), (&[][..], "picture"), "{round}");
        run(&folder, &["submodule", "--quiet", "deinit", "--force", "--all"]);
    }
    files::remove(&folder.join(".git/modules/lib/modules")).unwrap();
    files::remove(&folder.join(".git/lfs")).unwrap();
    let made = Worktree::add(&folder, &commit, &aside.join("source")).unwrap();
    let lacks: Vec<&Path> = made
        .lacks()
        .iter()
        .map(|lack| match lack {
            Lack::Submodule { path, .. } | Lack::Lfs { path } => &**path,
        })
        .collect();
    assert_eq!(lacks, [Path::new("lib/deep"), Path::new("logo.png"), Path::new("lost.png")]);
    let all = submodules(&folder, &commit).unwrap();
    assert_eq!(all, [folder.join("lib")]);
}

/// `.gitattributes` of the same tree, and neither a clone's own file nor the repository around a submodule.
#[test]
fn only_the_commit_says_what_large_file_storage_keeps() {
    let (lib, dir) = (repository(), repository());
    let folder = files::canonical(dir.path()).unwrap();
    let content = crate::model::digest::Sha256::of(b"picture");
    let (pointer, oid) = (crate::model::lfs::pointer(&content, 7), content.to_string());
    write(lib.path(), "big.bin", &pointer);
    run(lib.path(), &["add", "."]);
    run(lib.path(), &["commit", "--quiet", "-m", "A pointer"]);
    let from = files::canonical(lib.path()).unwrap();
    let from = from.to_string_lossy();
    run(&folder, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &from, "lib"]);
    write(&folder, "own.bin", &pointer);
    write(&folder, "note.txt", &pointer);
    write(&folder, ".gitattributes", "*.bin filter=lfs\n");
    let plain = ["-c", "filter.lfs.clean=cat", "-c", "filter.lfs.process="];
    run(&folder, &[&plain[..], &["-c", "filter.lfs.required=false", "add", "."]].concat());
    run(
        &folder,
        &[&plain[..], &["-c", "filter.lfs.required=false", "commit", "--quiet", "-m", "x"]].concat(),
    );
    for store in [".git/lfs", ".git/modules/lib/lfs"] {
        write(&folder, &format!("{store}/objects/{}/{}/{oid}", &oid[..2], &oid[2..4]), "picture");
    }
    let commit = head(&folder).unwrap().unwrap().commit;
    let aside = Scratch::new().unwrap();
    let aside = files::canonical(aside.path()).unwrap();
    for attributes in ["", "*.bin -filter\n*.txt filter=lfs\n"] {
        write(&folder, ".git/info/attributes", attributes);
        let made = Worktree::add(&folder, &commit, &aside.join("source")).unwrap();
        let read = |name: &str| files::read_text(&made.path().join(name)).unwrap();
        assert_eq!(read("own.bin"), "picture", "{attributes}");
        assert_eq!(
            (read("note.txt"), read("lib/big.bin")),
            (pointer.clone(), pointer.clone()),
            "{attributes}"
        );
        assert_eq!(made.lacks(), [], "{attributes}");
    }
}
