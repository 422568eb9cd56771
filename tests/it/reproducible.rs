//! The same sources give the same bytes, anywhere; and what is there already is not made again.

use std::fs::{self, File};
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::repo::{self, Repo};
use crate::support::{
    BUILD_ALL, BUILD_TOOLS, WICK, built, clean, copy_examples, done, everything, inside, json, need,
    plugin_of, scratch, unzip, wick,
};

/// Issue 3: a second run in another directory, timezone, umask and -j gives identical bytes.
#[test]
fn another_place_time_zone_umask_and_pace_give_the_same_bytes() {
    need!(BUILD_TOOLS);
    let first = built();
    let dir = scratch();
    let root = dir.path().join("a place with spaces and a much longer name/examples of mine/plugins");
    copy_examples(&root);
    age(&root);
    let strangers = Strangers::new(dir.path());
    let mut build = clean("sh", &root);
    build.args(["-c", "umask 077; exec \"$@\"", "sh", WICK]).args(BUILD_ALL).arg(&first.key);
    build.args(["--jobs", "1"]).env("TZ", "Asia/Tokyo").env("CARGO_TARGET_DIR", dir.path().join("elsewhere"));
    strangers.stand_in_the_way(&mut build);
    let report = json(&done(&mut build));
    assert_eq!(strangers.called(), "", "whose compilers and linkers these are");
    assert_eq!(report["complete"], true);
    assert_ne!(report["compiler_runs"], 0, "it must really have been built twice");
    assert!(dir.path().join("elsewhere").is_dir());
    let mut differing = Vec::new();
    for (plugin, target) in everything() {
        let name = plugin.zip(target);
        if fs::read(first.bin.join(&name)).unwrap() != fs::read(root.join("bin").join(&name)).unwrap() {
            let entries = |bin: &Path| unzip(&bin.join(&name));
            let (a, b) = (entries(&first.bin), entries(&root.join("bin")));
            let what = a.iter().zip(&b).filter(|(a, b)| a.bytes != b.bytes).map(|(a, _)| a.name.clone());
            differing.push(format!("{name}: {:?}", what.collect::<Vec<_>>()));
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
    let sums = |bin: &Path| fs::read_to_string(bin.join("checksums.txt")).unwrap();
    assert_eq!(sums(&first.bin), sums(&root.join("bin")));
}

/// Compilers, linkers and their kin that happen to be on a machine, under the names by which rustc and build scripts look
/// for them. Whoever calls one is told no, and is on record.
struct Strangers {
    folder: std::path::PathBuf,
    log: std::path::PathBuf,
}

impl Strangers {
    fn new(dir: &Path) -> Strangers {
        let (folder, log) = (dir.join("strangers"), dir.join("called"));
        fs::create_dir(&folder).unwrap();
        for prefix in ["x86_64-w64-mingw32", "x86_64-linux-musl", "aarch64-linux-musl", "aarch64-linux-gnu"] {
            for tool in ["gcc", "g++", "cc", "ar", "ranlib", "as", "ld", "dlltool"] {
                let path = folder.join(format!("{prefix}-{tool}"));
                fs::write(&path, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\nexit 1\n", log.display()))
                    .unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        for tool in ["musl-gcc", "clang", "zig-cc", "lld", "ld.lld", "llvm-ar", "llvm-dlltool", "dlltool"] {
            fs::copy(folder.join("x86_64-linux-musl-cc"), folder.join(tool)).unwrap();
        }
        Strangers { folder, log }
    }

    /// First on PATH, and in the variables that name compilers and flags for everything.
    fn stand_in_the_way(&self, command: &mut std::process::Command) {
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.folder.display()));
        let clang = self.folder.join("clang");
        command.env("CC", &clang).env("CXX", &clang).env("AR", self.folder.join("llvm-ar"));
        for name in ["CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS"] {
            command.env(name, "-O0 -g3 -DSTRANGER");
        }
    }

    /// But for what `go env` tries of the C compiler that cgo would use, and throws away.
    fn called(&self) -> String {
        let calls = fs::read_to_string(&self.log).unwrap_or_default();
        let real = calls.lines().filter(|call| !call.ends_with(" -o /dev/null") && !call.contains(" -### "));
        real.collect::<Vec<_>>().join("\n")
    }
}

/// Gives every file a time long past.
fn age(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            age(&path);
        } else {
            let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            File::options().append(true).open(&path).unwrap().set_modified(past).unwrap();
        }
    }
}

/// A plugin's bytes don't depend on its company.
#[test]
fn one_plugin_alone_gives_the_same_bytes_as_in_a_group() {
    need!(BUILD_TOOLS);
    let out = scratch();
    for key in ["sysinfo", "units"] {
        let mut build = wick(&built().root);
        build.args(["plugin", "build", key, "--target=linux/amd64", "--sign-key"]).arg(&built().key);
        done(build.arg("-o").arg(out.path()));
        let name = plugin_of(key).zip("linux/amd64");
        let (alone, group) = (out.path().join(&name), built().bin.join(&name));
        assert!(fs::read(alone).unwrap() == fs::read(group).unwrap(), "{name}");
    }
}

/// Nothing of this machine is in a binary: not the build's folder, not a home directory.
#[test]
fn no_binary_names_a_folder_of_this_machine() {
    need!(BUILD_TOOLS);
    let home = std::env::var("HOME").unwrap();
    let parent = built().root.parent().unwrap().to_str().unwrap();
    let mut needles = vec![parent.to_owned(), env!("CARGO_MANIFEST_DIR").to_owned()];
    needles.extend([format!("{}/", home.trim_end_matches('/')), "/root/".to_owned(), "/home/".to_owned()]);
    assert!(needles.iter().all(|needle| needle.starts_with('/') && needle.len() > 2), "{needles:?}");
    let mut found = Vec::new();
    for (plugin, target) in everything() {
        let name = plugin.zip(target);
        let binary = inside(&built().bin.join(&name), &plugin.entry(target));
        // Every needle begins with a slash; looking only there keeps an unoptimized search quick.
        for (at, _) in binary.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            if needles.iter().any(|needle| binary[at..].starts_with(needle.as_bytes())) {
                let around = &binary[at..binary.len().min(at + 80)];
                found.push(format!("{name}: {}", String::from_utf8_lossy(around).escape_debug()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Issue 3, part 7: sorted entries, the format's first day, plain modes, no extra fields, nothing before or between.
#[test]
fn zips_carry_nothing_of_the_moment() {
    need!(BUILD_TOOLS);
    for (plugin, target) in everything() {
        let path = built().zip(plugin, target);
        let names: Vec<String> = unzip(&path).into_iter().map(|entry| entry.name).collect();
        assert!(names.is_sorted(), "{names:?}");
        let bytes = fs::read(&path).unwrap();
        let short = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        assert!(archive.comment().is_empty());
        for at in 0..archive.len() {
            let file = archive.by_index_raw(at).unwrap();
            let name = file.name().unwrap().into_owned();
            let time = file.last_modified().unwrap();
            assert_eq!((time.year(), time.month(), time.day()), (1980, 1, 1), "{name}");
            assert_eq!((time.hour(), time.minute(), time.second()), (0, 0, 0), "{name}");
            let program = name == plugin.entry(target);
            assert_eq!(file.unix_mode(), Some(if program { 0o100_755 } else { 0o100_644 }), "{name}");
            // By the format's own offsets: flags and the length of extra fields, in both headers of each entry.
            let local = usize::try_from(file.header_start()).unwrap();
            let central = usize::try_from(file.central_header_start()).unwrap();
            assert_eq!((short(local + 6), short(local + 28)), (0, 0), "{name}");
            assert_eq!((short(central + 8), short(central + 30), short(central + 32)), (0, 0, 0), "{name}");
        }
    }
}

/// Issue 3: nothing changed means no compiler starts. Wrappers around the tools write down what they are asked.
#[test]
fn when_nothing_changed_no_compiler_starts() {
    need!(BUILD_TOOLS);
    let dir = scratch();
    let log = dir.path().join("asked");
    fs::write(&log, "").unwrap();
    for tool in ["go", "cargo", "rustc", "cargo-zigbuild"] {
        let real = done(clean("sh", dir.path()).args(["-c", &format!("command -v {tool}")]));
        let script =
            format!("#!/bin/sh\necho \"{tool} $*\" >> '{}'\nexec '{}' \"$@\"\n", log.display(), real.trim());
        let path = dir.path().join(tool);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let before = state(&built().bin);
    let mut build = wick(&built().root);
    let report = json(&done(build.env("PATH", &path).args(BUILD_ALL).arg(&built().key)));
    let commands = fs::read_to_string(&log).unwrap();
    assert_eq!(report["compiler_runs"], 0);
    assert_eq!(report["complete"], true);
    let packages = report["packages"].as_array().unwrap();
    assert_eq!(packages.len(), everything().count());
    assert!(packages.iter().all(|package| package["status"] == "up-to-date"), "{packages:?}");
    // What was known of each package the first time is known still.
    for (now, then) in packages.iter().zip(built().packages()) {
        for field in ["sha256", "binary_sha256", "evidence", "operations", "caveats", "signed_by", "facts"] {
            assert_eq!(now.get(field), then.get(field), "{} {}: {field}", now["plugin"], now["target"]);
        }
    }
    let harmless = |line: &str| {
        let word = |n: usize| line.split(' ').nth(n).unwrap_or_default();
        match word(0) {
            "go" => word(1) == "env" || word(1) == "version",
            "cargo" => word(1) == "--version" || word(1) == "metadata" && line.contains("--no-deps"),
            "rustc" => line == "rustc -vV" || line == "rustc --print=sysroot",
            _ => line == "cargo-zigbuild --version",
        }
    };
    let bad: Vec<&str> = commands.lines().filter(|line| !harmless(line)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert_eq!(before, state(&built().bin), "no file was written again");
    // The wrappers do see what is asked: with another output folder there are no receipts.
    let out = dir.path().join("out");
    let mut build = wick(&built().root);
    build
        .env("PATH", &path)
        .args(["plugin", "build", "units", "sysinfo", "--target=linux/amd64", "-o"])
        .arg(&out);
    done(&mut build);
    let commands = fs::read_to_string(&log).unwrap();
    for compiler in ["go build ", "cargo-zigbuild zigbuild "] {
        assert!(commands.lines().any(|line| line.starts_with(compiler)), "{compiler}: {commands}");
    }
    // Builds of one cargo workspace take turns, so each has all CPUs, whatever else is built.
    let all = format!("--jobs={}", std::thread::available_parallelism().unwrap());
    let line = commands.lines().find(|line| line.starts_with("cargo-zigbuild zigbuild ")).unwrap();
    assert!(line.ends_with(&all), "{line}");
}

/// Names, sizes and times of what lies in the output folder.
fn state(bin: &Path) -> Vec<(String, u64, SystemTime)> {
    let mut all: Vec<_> = fs::read_dir(bin)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let about = entry.metadata().unwrap();
            (entry.file_name().into_string().unwrap(), about.len(), about.modified().unwrap())
        })
        .collect();
    all.sort();
    all
}

/// A crate by a path outside the workspace: cargo gives rustc its whole path, panics carry it, and symbols a number over it.
#[test]
fn crates_from_elsewhere_leave_no_folder_in_the_binary() {
    if repo::lacks("crates_from_elsewhere_leave_no_folder_in_the_binary", &["cargo", "cargo-zigbuild"]) {
        return;
    }
    let build = || {
        let repo = Repo::go().with_rust();
        repo.remove("Cargo.toml");
        repo.write("connector/rho/Cargo.lock", &repo.read("Cargo.lock"));
        repo.remove("Cargo.lock");
        repo.append("connector/rho/Cargo.toml", "\n[workspace]\n");
        let (sound, panicking) =
            ("&'static str {\n", "&'static str {\n    assert!(std::env::args().count() < 99);\n");
        repo.replace("crates/util/src/lib.rs", sound, panicking);
        let report = repo.build(&["rho"]).json();
        let name = report["packages"][0]["package"].as_str().unwrap().to_owned();
        let zip = repo.path("bin").join(name);
        (repo.root().to_str().unwrap().to_owned(), fs::read(&zip).unwrap(), inside(&zip, "rho"))
    };
    let (root, zip, binary) = build();
    let text = String::from_utf8_lossy(&binary);
    assert!(text.contains("/crates/util-0.1.0/src/lib.rs"), "the panic's place is there at all");
    assert!(!text.contains(&root), "{root}");
    let (elsewhere, again, _) = build();
    assert_ne!(root, elsewhere);
    assert!(zip == again, "{root} and {elsewhere} give other bytes");
}
