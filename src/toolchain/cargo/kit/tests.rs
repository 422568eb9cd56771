//! What has to be in a crate's name, what may not, and who is called in the end.

use super::*;

fn settings(root: &str) -> Settings {
    let place = |folder: &str, name: &str| (format!("{root}{folder}"), name.to_owned());
    Settings {
        cargo: "/bin/cargo".to_owned(),
        triple: "x86_64-pc-windows-gnu".to_owned(),
        workspace: format!("{root}/w"),
        places: vec![place("/home", "/home"), place("/w", "/src"), place("/w/target", "/target")],
        wrapper: None,
        dlltool: Some(format!("{root}/w/target/wick/dlltool")),
    }
}

/// Cargo's call of rustc for a crate, with everything in it that a place can be in.
struct Call {
    root: &'static str,
    package: (&'static str, &'static str),
    folder: &'static str,
    more: &'static [&'static str],
    target: bool,
}

const PLAIN: Call =
    Call { root: "/a", package: ("util", "0.1.0"), folder: "/out side/util", more: &[], target: true };

fn act_of(call: &Call) -> Act {
    let root = call.root;
    let mut args: Vec<String> = ["rustc", "--crate-name", "util", "--edition=2024"].map(str::to_owned).into();
    args.push(format!("{root}{}/src/lib.rs", call.folder));
    if !call.more.contains(&"--crate-type") {
        args.extend(["--crate-type".to_owned(), "lib".to_owned()]);
    }
    args.extend(["-C", "opt-level=3", "--cfg=wick_kit=\"x\""].map(str::to_owned));
    // Cargo's hashes are over places.
    let hash = Sha256::of(format!("{root}{}", call.folder).as_bytes()).to_string();
    args.extend(["-C".to_owned(), format!("metadata={}", &hash[..16])]);
    args.extend(["-C".to_owned(), format!("extra-filename=-{}", &hash[16..32])]);
    args.extend(["--out-dir".to_owned(), format!("{root}/w/target/deps")]);
    args.extend(["-C".to_owned(), format!("linker={root}/zigcc.sh")]);
    args.extend(["--extern".to_owned(), format!("dep={root}/w/target/deps/libdep-{}.rmeta", &hash[..8])]);
    args.extend(call.more.iter().map(ToString::to_string));
    if call.target {
        args.extend(["--target", "x86_64-pc-windows-gnu"].map(str::to_owned));
    }
    let variable = |name: &str| match name {
        "CARGO_PKG_NAME" => Some(call.package.0.to_owned()),
        "CARGO_PKG_VERSION" => Some(call.package.1.to_owned()),
        "CARGO_MANIFEST_DIR" => Some(format!("{root}{}", call.folder)),
        "OUT_DIR" => Some(format!("{root}/w/target/build/util-{}/out", &hash[..8])),
        "WICK_CC" => Some("/zig/cc".to_owned()),
        _ => None,
    };
    act(Role::Rustc, &settings(root), Path::new("/kit"), &args, &variable, &|_| None)
}

fn name_of(call: &Call) -> String {
    let act = act_of(call);
    let names: Vec<&String> = act.line.args.iter().filter(|arg| arg.starts_with("metadata=")).collect();
    assert_eq!(names.len(), 1, "{:?}", act.line.args);
    names[0].clone()
}

/// cargo#7645, #13586, #15122: whatever says where something lies is no part of a crate's name.
#[test]
fn where_a_crate_lies_is_not_in_its_name() {
    let name = name_of(&PLAIN);
    for (what, call) in [
        ("another root", Call { root: "/much/longer and spaced", ..PLAIN }),
        ("another folder outside", Call { folder: "/elsewhere/deep/util", ..PLAIN }),
        ("a registry", Call { folder: "/home/.cargo/registry/src/mirror-1234/util-0.1.0", ..PLAIN }),
        ("a link argument", Call { more: &["-C", "link-arg=/a/x.o", "-Clinker=/b/cc"], ..PLAIN }),
        ("incremental", Call { more: &["-Cincremental=/a/w/target/incremental"], ..PLAIN }),
        ("lints", Call { more: &["-Dwarnings", "--cap-lints", "allow"], ..PLAIN }),
    ] {
        assert_eq!(name_of(&call), name, "{what}");
    }
}

/// Whatever cargo tells crates apart by, but for places, does.
#[test]
fn different_crates_have_different_names() {
    let mut seen = BTreeMap::from([(name_of(&PLAIN), "plain")]);
    for (what, call) in [
        ("a version", Call { package: ("util", "0.2.0"), ..PLAIN }),
        ("a package", Call { package: ("futil", "0.1.0"), ..PLAIN }),
        ("a feature", Call { more: &["--cfg", "feature=\"x\""], ..PLAIN }),
        ("two features", Call { more: &["--cfg", "feature=\"x\"", "--cfg=feature=\"y\""], ..PLAIN }),
        ("this machine", Call { target: false, ..PLAIN }),
        ("a program", Call { more: &["--crate-type", "bin"], ..PLAIN }),
        ("a macro", Call { more: &["--crate-type", "proc-macro"], ..PLAIN }),
        ("a test", Call { more: &["--test"], ..PLAIN }),
        ("the level", Call { more: &["-Ctarget-cpu=x86-64-v3"], ..PLAIN }),
        ("a panic's way", Call { more: &["--codegen", "panic=abort"], ..PLAIN }),
        ("another root file", Call { more: &["build.rs"], ..PLAIN }),
    ] {
        let before = seen.insert(name_of(&call), what);
        assert_eq!(before, None, "{what}");
    }
}

#[test]
fn every_place_has_a_name_and_strangers_are_not_asked() {
    let act = act_of(&Call { root: "/x y", ..PLAIN });
    let args = act.line.args.join("\n");
    for wanted in [
        "--remap-path-prefix=/x y/w=/src",
        "--remap-path-prefix=/x y/out side/util=/crates/util-0.1.0",
        "=/out/util-0.1.0",
        "dlltool=/x y/w/target/wick/dlltool",
    ] {
        assert!(args.contains(wanted), "{wanted}: {args}");
    }
    assert!(!args.contains("wick_kit"), "{args}");
    assert_eq!((act.line.program.as_str(), act.rename), ("rustc", None));
    // Build scripts and macros run here and may look for their files.
    let here = act_of(&Call { target: false, ..PLAIN }).line.args.join(" ");
    assert!(!here.contains("remap") && !here.contains("dlltool"), "{here}");
}

#[test]
fn a_program_is_linked_under_its_crates_name() {
    let act = act_of(&Call { more: &["--crate-type", "bin"], ..PLAIN });
    let rename = act.rename.unwrap();
    assert_eq!((rename.stem.as_str(), rename.to.as_path()), ("util", Path::new("/a/w/target/deps")));
    let args = &act.line.args;
    assert!(!args.iter().any(|arg| arg.starts_with("extra-filename")), "{args:?}");
    let out: Vec<_> = args.iter().filter(|arg| *arg == "--out-dir").collect();
    assert_eq!((out.len(), value(args, "--out-dir")), (1, rename.from.to_str()));
}

#[test]
fn questions_and_other_wrappers_pass() {
    let mut settings = settings("/a");
    let args = ["rustc", "-vV"].map(str::to_owned);
    let act = act(Role::Rustc, &settings, Path::new("/kit"), &args, &|_| None, &|_| None);
    assert_eq!((act.line.program.as_str(), act.line.args.as_slice()), ("rustc", &args[1..]));
    settings.wrapper = Some("/bin/sccache".to_owned());
    let act = super::act(Role::Rustc, &settings, Path::new("/kit"), &args, &|_| None, &|_| None);
    assert_eq!((act.line.program.as_str(), act.line.args.as_slice()), ("/bin/sccache", &args[..]));
}

#[test]
fn c_learns_the_names_where_it_is_compiled() {
    let variable = |name: &str| match name {
        "WICK_CC" => Some("/zig/cc".to_owned()),
        "CARGO_PKG_NAME" => Some("util".to_owned()),
        "CARGO_PKG_VERSION" => Some("0.1.0".to_owned()),
        "CARGO_MANIFEST_DIR" => Some("/a/util".to_owned()),
        "OUT_DIR" => Some("/a/w/target/build/util-1/out".to_owned()),
        _ => None,
    };
    let of = |args: &[&str]| {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        let file = |path: &str| match path {
            "/f/compile" => Some("-O2\n\"-c\" \"a b.c\"".to_owned()),
            "/f/link" => Some("a.o -lc".to_owned()),
            _ => None,
        };
        act(Role::Cc, &settings("/a"), Path::new("/kit"), &args, &variable, &file).line
    };
    let maps = |args: &[&str]| {
        let starts = |arg: &&String| arg.starts_with("-ffile-prefix-map=");
        of(args).args.iter().filter(starts).count()
    };
    let line = of(&["-c", "x.c"]);
    assert_eq!(line.program, "/zig/cc");
    for wanted in ["/a/w=/src", "/a/util=/crates/util-0.1.0", "/a/w/target/build/util-1/out=/out/util-0.1.0"]
    {
        assert!(line.args.contains(&format!("-ffile-prefix-map={wanted}")), "{wanted}: {:?}", line.args);
    }
    assert_eq!(of(&["x.o", "-o", "x"]).args.len(), 3, "linking takes no such flag");
    // Quoted by a shell's rules, which are the compiler's own business.
    let from_file = of(&["@/f/compile", "-o", "x.o"]).args;
    assert_eq!(from_file[..3], ["@/f/compile", "-o", "x.o"]);
    assert_eq!((maps(&["@/f/compile"]), maps(&["@/f/link"]), maps(&["@none"])), (5, 0, 0));
    let behind = of(&["-c", "--", "x.c"]).args;
    assert_eq!(behind[behind.len() - 2..], ["--", "x.c"], "an option behind `--` is a file");
}

/// For a Mac, zig leaves an empty `a.o` in the folder where it is asked for its version.
#[test]
fn questions_to_a_compiler_leave_nothing_in_the_package() {
    let place = |args: &[&str]| {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        act(Role::Cxx, &settings("/a"), Path::new("/kit"), &args, &|_| None, &|_| None).line.cwd
    };
    for question in ["--version", "-?", "--help", "-dumpmachine", "-print-search-dirs", "--print-file-name=x"]
    {
        assert_eq!(place(&[question]), Path::new("/kit"), "{question}");
    }
    for args in [&["-c", "x.c"][..], &["-E", "x.c"], &["x.o", "-o", "x"], &["-v", "-c", "x.c"]] {
        assert_eq!(place(args), Path::new("."), "{args:?}");
    }
}

#[test]
fn roles_are_known_by_whole_paths() {
    for role in Role::ALL {
        assert_eq!(Role::of(&Path::new("/kit").join(role.name())), Some(role));
        assert_eq!(Role::of(Path::new(role.name())), None);
    }
    for other in ["/bin/wick", "/bin/rustc", "/kit/wick-rustc.sh"] {
        assert_eq!(Role::of(Path::new(other)), None, "{other}");
    }
}

#[test]
fn the_widest_place_comes_first_and_the_last_name_wins() {
    let pairs = [("/r/w", "/src"), ("/", "/top"), ("relative", "/x"), ("/r", "/home"), ("/r/w", "/again")];
    let found = places(&pairs.map(|(folder, name)| (PathBuf::from(folder), name)));
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(found, [("/r", "/home"), ("/r/w", "/again")]);
}
