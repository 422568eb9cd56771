//! Plugins that are called: the same cases in two languages, by go-plugin's own client and by wick's; plugins that break
//! the contract; plugins that only serve.

mod channel;
mod odd;
mod schema;
mod suite;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::{self, BUILD_TOOLS, clean, done, need, run, scratch, testhost, wick};

/// The fixtures (tests/fixtures/probe).
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/probe")
}

/// A plugin that does what tests need, built and installed.
struct Probe {
    key: &'static str,
    zip: PathBuf,
    /// Where the host that is written in Go has put it.
    home: PathBuf,
}

impl Probe {
    fn binary(&self) -> PathBuf {
        self.home.join(self.key)
    }
}

/// The same operations in two languages. Built on the first call, with wick, in their own folder: cargo's target folder
/// stays for the next run.
fn probes() -> &'static [Probe] {
    static PROBES: OnceLock<Vec<Probe>> = OnceLock::new();
    PROBES.get_or_init(|| {
        let base = scratch().keep();
        let bin = base.join("bin");
        done(wick(&fixtures()).args(["plugin", "build", "rust_probe", "go_probe", "-o"]).arg(&bin));
        let install = |key: &'static str| {
            let zip = bin.join(format!("{key}-0.1.0-linux-amd64.zip"));
            done(testhost(&["install"]).arg(&zip).arg(base.join("plugins")));
            Probe { key, home: base.join("plugins").join(key), zip }
        };
        vec![install("rust_probe"), install("go_probe")]
    })
}

/// The program that breaks the contract in the way its file is named after.
fn odd(mode: &str) -> (tempfile::TempDir, PathBuf) {
    static ODD: OnceLock<PathBuf> = OnceLock::new();
    let program = ODD.get_or_init(|| {
        let program = scratch().keep().join("odd");
        done(
            clean("go", &fixtures()).env("CGO_ENABLED", "0").args(["build", "-o"]).arg(&program).arg("./odd"),
        );
        program
    });
    let folder = scratch();
    let path = folder.path().join(mode);
    fs::hard_link(program, &path).unwrap();
    (folder, path)
}

/// The processes whose program lies in one of the folders.
fn running_in(folders: &[&Path]) -> Vec<String> {
    let inside = |path: &PathBuf| folders.iter().any(|folder| path.starts_with(folder));
    let of = |entry: fs::DirEntry| fs::read_link(entry.path().join("exe")).ok().map(|exe| (entry, exe));
    let all = fs::read_dir("/proc").unwrap().flatten().filter_map(of);
    all.filter(|(_, exe)| inside(exe))
        .map(|(entry, exe)| format!("{:?} {exe:?}", entry.file_name()))
        .collect()
}

/// wick with a folder of its own for temporary files, so that what is left in it can be seen.
fn wick_in(temp: &Path) -> Command {
    let mut command = wick(temp.parent().unwrap());
    command.env("TMPDIR", temp);
    command
}

/// A short path: sockets lie below it.
fn temp() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("wt-").tempdir().unwrap()
}

#[track_caller]
fn nothing_is_left(temp: &Path) {
    let gone = crate::repo::wait_until(std::time::Duration::from_secs(10), || {
        running_in(&[temp]).is_empty() && fs::read_dir(temp).unwrap().count() == 0
    });
    let files: Vec<_> = fs::read_dir(temp).unwrap().flatten().map(|entry| entry.path()).collect();
    assert!(gone, "left: {files:?} {:?}", running_in(&[temp]));
}

/// The README's way: from a folder without anything to an answer, and nothing is packed or left.
#[test]
fn a_plugin_of_the_repository_is_built_and_called() {
    need!(BUILD_TOOLS);
    let outer = scratch();
    let dir = outer.path().join("examples/plugins");
    support::copy_examples(&dir);
    let temp = temp();
    let call = |args: &[&str]| {
        let mut command = wick_in(temp.path());
        command.arg("--dir").arg(&dir).args(["plugin", "call"]).args(args);
        run(&mut command)
    };
    let first = call(&["textkit", "slugify", "--arg", "text=Größe <L> & mehr"]);
    assert_eq!(
        (first.code, first.stdout.as_str()),
        (Some(0), "{\"slug\":\"groesse-l-mehr\"}\n"),
        "{}",
        first.stderr
    );
    assert!(first.stderr.contains("build"), "{}", first.stderr);
    let again = call(&["textkit", "shorten", "--arg", "limit=5", "--arg", "text=one two three"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(again.stderr, "", "nothing was compiled");
    let packed: Vec<_> = fs::read_dir(dir.join("bin")).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(packed, [".wick"], "calling packs nothing");
    nothing_is_left(temp.path());
}
