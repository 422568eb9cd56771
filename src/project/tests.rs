//! A repository as people have it: what is named is found and resolved, whatever stands beside it.

use super::*;
use crate::model::failure::{Explain as _, FailureKind};
use crate::sys::files::{self, Scratch};

/// A repository with these files; a text that starts with `-> ` is a link.
fn repository(places: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new().unwrap();
    let base = [("connector/hello/main.go", "package main\n"), ("connector/hello/VERSION", "0.1.0\n")];
    for (place, text) in base.iter().chain(places) {
        let path = scratch.path().join(place);
        files::create_folder(path.parent().unwrap()).unwrap();
        #[cfg(unix)]
        if let Some(to) = text.strip_prefix("-> ") {
            std::os::unix::fs::symlink(to, path).unwrap();
            continue;
        }
        files::write_atomic(&path, text.as_bytes(), 0o644).unwrap();
    }
    scratch
}

fn named(name: &str) -> Selection {
    Selection::Named(vec![name.to_owned()])
}

#[test]
fn a_path_of_its_folder_names_a_plugin() {
    let scratch = repository(&[("tool/hello/main.go", ""), ("tool/axe/main.go", ""), ("docs/x", "")]);
    let layout = look(scratch.path()).unwrap();
    let root = layout.root.to_string_lossy().into_owned();
    for (typed, place) in [
        ("hello", "connector/hello"),
        ("axe", "tool/axe"),
        ("connector/hello", "connector/hello"),
        ("connector/hello/", "connector/hello"),
        ("./connector/hello", "connector/hello"),
        ("./connector/hello//", "connector/hello"),
        ("docs/../connector/hello", "connector/hello"),
        ("tool/hello/", "tool/hello"),
        (&format!("{root}/tool/axe"), "tool/axe"),
        (&format!("{root}/tool/axe/"), "tool/axe"),
    ] {
        assert_eq!(layout.find(typed, None).map(|one| one.place.as_str()), Some(place), "{typed}");
    }
    for typed in ["./hello", "connector", "tool/none", "/tool/axe", "../connector/hello/x", ".", "", "/"] {
        assert!(layout.find(typed, None).is_none(), "{typed}");
    }
}

#[test]
fn strangers_are_said_and_in_nobodys_way() {
    for (place, text, said) in [
        ("connector/Bad-Name/main.go", "", "connector/Bad-Name can't be a plugin"),
        ("tool/Hammer/Cargo.toml", "", "tool/Hammer can't be a plugin"),
        ("wick.toml", "[plugin.other]\nfile = []\n", "unknown field `file`"),
        ("wick.toml", "[plugin.elsewhere]\n", "[plugin.elsewhere] is for a plugin that doesn't exist"),
    ] {
        let scratch = repository(&[("connector/other/main.go", ""), (place, text)]);
        let layout = look(scratch.path()).unwrap();
        let project = resolve(&layout, &named("hello"), None).unwrap();
        assert_eq!(project.plugins.len(), 1, "{place}");
        let strangers = strangers(&layout, &named("hello"), None);
        assert!(strangers.len() == 1 && strangers[0].message.contains(said), "{place}: {strangers:?}");
        let all = resolve(&layout, &Selection::All, None).unwrap_err();
        assert_eq!(all.kind(), FailureKind::Project, "{all}");
    }
    // What is wrong with nobody's name but its own is silent until it is meant.
    for (place, text) in [
        ("connector/other/VERSION", "one.two"),
        ("connector/other/Cargo.toml", "not toml ["),
        ("tool/other/main.go", ""),
    ] {
        let scratch = repository(&[("connector/other/main.go", ""), (place, text)]);
        let layout = look(scratch.path()).unwrap();
        assert_eq!(resolve(&layout, &named("hello"), None).unwrap().plugins.len(), 1, "{place}");
        assert_eq!(strangers(&layout, &named("hello"), None), [], "{place}");
        assert!(resolve(&layout, &Selection::All, None).is_err(), "{place}");
    }
}

#[test]
fn what_is_wrong_with_the_named_plugin_stays_an_error() {
    for (place, text) in [
        ("wick.toml", "[plugin.hello]\nfile = []\n"),
        ("wick.toml", "[plugin.helo]\n"),
        ("wick.toml", "[plugin.other]\nfile = []\n[plugin.hello]\nfile = []\n"),
        ("wick.toml", "[go]\ntag = []\n"),
        ("connector/hello/Cargo.toml", ""),
    ] {
        let scratch = repository(&[("connector/other/main.go", ""), (place, text)]);
        let layout = look(scratch.path()).unwrap();
        assert!(resolve(&layout, &named("hello"), None).is_err(), "{text}");
    }
}

#[test]
#[cfg(unix)]
fn only_files_of_the_plugin_are_packed() {
    let places = [
        ("connector/hello/README.md", "a"),
        ("connector/hello/docs/a", "a"),
        ("connector/hello/con.txt", "a"),
        ("connector/hello/inner", "-> docs/a"),
        ("connector/hello/passwd", "-> /etc/passwd"),
        ("connector/hello/module", "-> ../../go.mod"),
        ("connector/hello/up", "-> .."),
        ("connector/hello/gone", "-> nowhere"),
        ("go.mod", "module x\n"),
    ];
    for (names, refused) in [
        (&["README.md", "docs/a", "inner", "con.txt"][..], None),
        (&["passwd"], Some("`passwd` of connector/hello can't be packed: it is a link to /etc/passwd")),
        (&["module"], Some("go.mod, outside of the folder")),
        (&["up/hello/docs/a", "up/other"], Some("`up/other` is not a file in connector/hello")),
        (&["up"], Some("outside of the folder")),
        (&["docs"], Some("is not a regular file")),
        (&["gone"], Some("`gone` is not a file")),
        (&["missing"], Some("`missing` is not a file")),
        (&["hello.sig"], Some("is a name that the package itself uses")),
        (&["hello.exe.sigstore.json"], Some("is a name that the package itself uses")),
        (&["../hello/README.md"], Some("must be a path inside the plugin's folder")),
    ] {
        let scratch = repository(&places);
        let list: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        let text = format!("[plugin.hello]\nfiles = [{}]\n", list.join(", "));
        files::write_atomic(&scratch.path().join("wick.toml"), text.as_bytes(), 0o644).unwrap();
        let layout = look(scratch.path()).unwrap();
        match (resolve(&layout, &named("hello"), None), refused) {
            (Ok(_), None) => {}
            (Err(error), Some(words)) => {
                assert!(error.to_string().contains(words), "{names:?}: {error}");
                assert_eq!(error.kind(), FailureKind::Project);
            }
            (result, _) => panic!("{names:?}: {result:?}"),
        }
    }
}

#[test]
fn a_go_line_that_is_no_version_is_told_before_go_is_started() {
    for (line, fits) in [
        ("go 1.24", true),
        ("go 1.24.0 // why", true),
        ("go 1.21rc1", true),
        ("", true),
        ("go banana", false),
        ("go 1", false),
        ("go 1.2.3.4", false),
        ("go v1.24", false),
        ("go 01.2", false),
    ] {
        let scratch = repository(&[("go.mod", &format!("module example.com/p\n\n{line}\n"))]);
        match resolve(&look(scratch.path()).unwrap(), &named("hello"), None) {
            Ok(_) => assert!(fits, "{line}"),
            Err(error) => {
                assert!(!fits && error.kind() == FailureKind::Project, "{line}: {error}");
                assert!(error.to_string().starts_with("go.mod:3: `"), "{error}");
            }
        }
    }
}
