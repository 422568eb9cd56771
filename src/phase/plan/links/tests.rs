//! Against the real git.

use super::*;
use crate::model::command::CommandLine;
use crate::sys::process::{self, Limits};

#[test]
fn a_link_to_what_is_in_no_commit_is_named_with_where_it_leads() {
    let scratch = files::Scratch::new().unwrap();
    let root = scratch.path();
    let dir = root.join("connector/x");
    let git = |args: &[&str]| {
        let user = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let line = CommandLine::new("git", root).args(user).args(args.iter().copied());
        assert!(process::run(&line, Limits::TOOL).unwrap().success(), "{args:?}");
    };
    files::create_folder(&dir.join("private")).unwrap();
    for (name, text) in [
        (".env", "KEY=1"),
        ("private/a", "a"),
        ("README.md", "x"),
        ("loose", "x"),
        (".gitignore", ".env\nprivate/\nloose\n"),
    ] {
        files::write_atomic(&dir.join(name), text.as_bytes(), 0o644).unwrap();
    }
    for (name, target) in [("l", ".env"), ("docs", "private"), ("fine", "README.md"), ("second", "l")] {
        files::make_link(Path::new(target), &dir.join(name)).unwrap();
    }
    let told = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let all = loose(root, &dir, "connector/x", &names);
        all.into_iter().map(|one| one.message).collect::<Vec<String>>()
    };
    assert_eq!(told(&["l"]), [""; 0], "no repository");
    git(&["init", "--quiet"]);
    assert_eq!(told(&["l"]), [""; 0], "no commit");
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "-m", "x"]);
    for (name, target) in [("l", ".env"), ("docs/a", "private/a"), ("second", ".env")] {
        let said = format!(
            "`{name}` of connector/x can't be packed: it is a link to connector/x/{target}, which is not in the commit"
        );
        assert_eq!(told(&[name, "README.md", "fine"]), [said]);
    }
    // A plain file of no commit is the release's business: who tries it out may pack it.
    assert_eq!(told(&["README.md", "fine", "loose"]), [""; 0]);
}
