//! Small repositories of plugins that are thrown away, and wick run in them under a controlled environment.
//! Knows nothing of what a test wants to see.

mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

#[allow(unused_imports, reason = "not every test program starts wick and goes on")]
pub(crate) use run::{Ran, Running, Wick};

/// Whether a test can't run because a program it needs is missing. It says so, or fails where nothing may be skipped.
pub(crate) fn lacks(test: &str, tools: &[&str]) -> bool {
    let Some(missing) = tools.iter().find(|tool| find_program(tool).is_none()) else { return false };
    skip(test, &format!("{missing} is missing"));
    true
}

/// Says that a test is skipped.
pub(crate) fn skip(test: &str, why: &str) {
    assert!(
        std::env::var("WICK_TEST_REQUIRE_TOOLS").as_deref() != Ok("1"),
        "{test}: {why}, and WICK_TEST_REQUIRE_TOOLS=1 forbids skipping"
    );
    println!("skipped: {test}: {why}");
}

/// The first program of that name on this test's own PATH.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .find(|candidate| candidate.is_file())
}

/// This machine's target as wick spells it.
pub(crate) fn this_machine() -> &'static str {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux/amd64",
        ("linux", "aarch64") => "linux/arm64",
        ("macos", "x86_64") => "darwin/amd64",
        ("macos", "aarch64") => "darwin/arm64",
        other => panic!("a target for {other:?} is missing here"),
    }
}

/// What `go env` says, so that HOME can be changed without losing the caches.
pub(crate) fn go_env(name: &str) -> String {
    static KNOWN: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let Ok(said) = Command::new("go").args(["env", "-json"]).current_dir("/").output() else {
            return BTreeMap::new();
        };
        serde_json::from_slice(&said.stdout).unwrap_or_default()
    });
    known.get(name).cloned().unwrap_or_default()
}

/// A folder that is gone when the value is dropped.
pub(crate) struct Folder {
    held: tempfile::TempDir,
    root: PathBuf,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        let held = tempfile::Builder::new().prefix("wick-it-").tempdir().unwrap();
        let root = held.path().canonicalize().unwrap();
        Folder { held, root }
    }

    pub(crate) fn path(&self) -> &Path {
        debug_assert!(self.held.path().exists());
        &self.root
    }
}

/// A throw-away repository of plugins.
pub(crate) struct Repo(Folder);

impl Repo {
    /// An empty folder.
    pub(crate) fn empty() -> Repo {
        Repo(Folder::new())
    }

    /// Three Go plugins, standard library only: `connector/alpha` and `connector/beta` use the package
    /// `shared/words`, which embeds a file and all texts in a sub-folder; `tool/gamma` uses nothing of the
    /// repository. Beside them the scaffold `connector/_template` and a file that no plugin is made from.
    pub(crate) fn go() -> Repo {
        let repo = Repo::empty();
        repo.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
        repo.write("wick.toml", "[go]\nversion_symbols = [\"main.Version\"]\n");
        repo.write("README.md", "Plugins.\n");
        repo.write("docs/notes.txt", "nobody compiles this\n");
        repo.write(
            "shared/words/words.go",
            "// Package words is shared.\npackage words\n\nimport \"embed\"\n\n\
             //go:embed greeting.txt\nvar Greeting string\n\n//go:embed all:texts/*.txt\nvar Texts embed.FS\n",
        );
        repo.write("shared/words/greeting.txt", "hello\n");
        repo.write("shared/words/texts/one.txt", "one\n");
        for key in ["alpha", "beta", "_template"] {
            repo.go_plugin("connector", key, Some("example.com/plugins/shared/words"));
        }
        repo.go_plugin("tool", "gamma", None);
        repo
    }

    /// Adds a Go plugin that prints its manifest.
    pub(crate) fn go_plugin(&self, kind: &str, key: &str, uses: Option<&str>) {
        let place = format!("{kind}/{key}");
        self.write(&format!("{place}/VERSION"), "0.1.0\n");
        self.write(&format!("{place}/main.go"), &go_main(key, uses));
    }

    /// Adds a cargo workspace with the Rust plugin `connector/rho`, made from itself, `crates/util` (whose build
    /// script reads the folder `schema` and the variable `UTIL_MODE`), a file far away (`docs/notice.txt`), another
    /// one behind a link (`connector/rho/linked/far.txt`, on Unix) and the variable `RHO_FLAVOUR`.
    pub(crate) fn with_rust(self) -> Repo {
        self.write(
            "Cargo.toml",
            "[workspace]\nmembers = [\"connector/rho\", \"crates/util\"]\nresolver = \"3\"\n",
        );
        self.write(
            "Cargo.lock",
            "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\n\
             version = 4\n\n[[package]]\nname = \"rho\"\nversion = \"0.1.0\"\ndependencies = [\n \"util\",\n]\n\n\
             [[package]]\nname = \"util\"\nversion = \"0.1.0\"\n",
        );
        self.write("docs/notice.txt", "use at your own risk");
        self.write("crates/util/Cargo.toml", &cargo_toml("util", ""));
        self.write(
            "crates/util/src/lib.rs",
            "pub fn greeting() -> &'static str {\n    concat!(\"hello \", env!(\"UTIL_SCHEMA\"))\n}\n",
        );
        self.write("crates/util/build.rs", RUST_BUILD_SCRIPT);
        self.write("schema/a.txt", "a\n");
        self.write("elsewhere/far.txt", "far away");
        fs::create_dir_all(self.path("connector/rho")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../../elsewhere", self.path("connector/rho/linked")).unwrap();
        #[cfg(not(unix))]
        self.write("connector/rho/linked/far.txt", "far away");
        self.write(
            "connector/rho/Cargo.toml",
            &cargo_toml("rho", "[dependencies]\nutil = { path = \"../../crates/util\" }\n"),
        );
        self.write("connector/rho/src/main.rs", RUST_MAIN);
        self
    }

    /// The same with everything in a folder of it, so that there is something beside.
    #[allow(dead_code, reason = "tests/sources uses it")]
    pub(crate) fn moved_into(mut self, place: &str) -> Repo {
        let aside = self.0.root.join(place);
        let names = self.list(".");
        fs::create_dir_all(&aside).unwrap();
        for name in names {
            fs::rename(self.path(&name), aside.join(&name)).unwrap();
        }
        self.0.root = aside;
        self
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, place: &str) -> PathBuf {
        self.root().join(place)
    }

    pub(crate) fn write(&self, place: &str, text: &str) {
        let path = self.path(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn append(&self, place: &str, text: &str) {
        self.write(place, &format!("{}{text}", self.read(place)));
    }

    /// Replaces `old`, which must be there.
    pub(crate) fn replace(&self, place: &str, old: &str, new: &str) {
        let text = self.read(place);
        assert!(text.contains(old), "{place} doesn't contain {old:?}");
        self.write(place, &text.replace(old, new));
    }

    pub(crate) fn read(&self, place: &str) -> String {
        fs::read_to_string(self.path(place)).unwrap_or_else(|error| panic!("{place}: {error}"))
    }

    pub(crate) fn read_bytes(&self, place: &str) -> Vec<u8> {
        fs::read(self.path(place)).unwrap_or_else(|error| panic!("{place}: {error}"))
    }

    pub(crate) fn remove(&self, place: &str) {
        fs::remove_file(self.path(place)).unwrap_or_else(|error| panic!("{place}: {error}"));
    }

    pub(crate) fn exists(&self, place: &str) -> bool {
        self.path(place).exists()
    }

    /// The names in a folder, sorted.
    pub(crate) fn list(&self, place: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(place)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Every file below the root but those in `.git`, with its content.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        all_files(self.root())
    }

    /// Runs git in the repository, as a user without any configuration.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(self.root(), args)
    }

    /// Makes it a git repository with one commit on `main`.
    pub(crate) fn committed(self) -> Repo {
        self.write(".gitignore", "/bin/\n/target/\n");
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.commit("first");
        self
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }

    /// wick, in this repository.
    pub(crate) fn wick(&self, args: &[&str]) -> Wick {
        Wick::new(self.root(), args)
    }

    /// `wick plugin build … --format json` for this machine, which must go well.
    pub(crate) fn build(&self, args: &[&str]) -> Ran {
        let all: Vec<&str> = ["plugin", "build", "--format", "json"].iter().chain(args).copied().collect();
        self.wick(&all).run().expect_code(0)
    }
}

/// Runs git in a folder; it must go well.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let said = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", "2024-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2024-01-01T00:00:00Z")
        .output()
        .unwrap();
    assert!(said.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

/// Every file below a folder but those in `.git`, with its content.
pub(crate) fn all_files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && entry.file_name() != ".git" {
                open.push(entry.path());
            } else if kind.is_file() {
                found.insert(entry.path(), fs::read(entry.path()).unwrap_or_default());
            }
        }
    }
    found
}

/// Copies a folder with everything in it.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// The module that a plugin declares, as one line of JSON.
fn module(key: &str) -> String {
    format!(
        r#"{{"Meta":{{"Key":"{key}","Name":"{key}","Description":"A plugin of a test.","Icon":"","Fixed":false,"LiveCatalog":false,"RequireAIDescription":false,"DefaultTags":null}},"Configs":[],"Operations":[{{"Title":"All","Description":"","Ops":[{{"Key":"ping","Name":"Ping","Description":"","Input":[],"Destructive":false}}]}}],"OAuth":null,"AllowSessionConfig":false,"DefaultAccess":{{"EnableSSO":false,"AllowOthersConnectSSO":false,"MultiAccount":false,"AllowOthersConfigure":false}}}}"#
    )
}

/// A program that prints its manifest; with `uses`, it touches what that package embeds.
fn go_main(key: &str, uses: Option<&str>) -> String {
    let (import, touch) = match uses {
        Some(path) => (
            format!("\t{path:?}\n"),
            "\tif _, err := words.Texts.ReadDir(\"texts\"); err != nil || words.Greeting == \"\" {\n\t\tos.Exit(1)\n\t}\n",
        ),
        None => (String::new(), ""),
    };
    format!(
        "// Command {key} is a plugin of a test.\npackage main\n\nimport (\n\t\"os\"\n{import})\n\n\
         // Version is set when the plugin is linked.\nvar Version = \"dev\"\n\n\
         const module = `{}`\n\nfunc main() {{\n{touch}\
         \tos.Stdout.WriteString(`{{\"schema_version\":1,\"kind\":\"connector\",\"version\":\"` + Version + \
         `\",\"proto_version\":1,\"entry\":\"\",\"os_arch\":[],\"sha256\":\"\",\"signature\":\"\",\"module\":` + \
         module + \"}}\\n\")\n}}\n",
        module(key)
    )
}

fn cargo_toml(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{more}")
}

const RUST_MAIN: &str = r##"//! A plugin of a test.

fn main() {
    let about = format!(
        "{} {} {} {}",
        util::greeting(),
        include_str!("../../../docs/notice.txt").trim(),
        include_str!("../linked/far.txt").trim(),
        option_env!("RHO_FLAVOUR").unwrap_or("plain"),
    );
    println!(
        r#"{{"schema_version":1,"kind":"connector","version":"{}","proto_version":1,"entry":"","os_arch":[],"sha256":"","signature":"","module":{{"Meta":{{"Key":"rho","Name":"rho","Description":"{about}","DefaultTags":null}},"Configs":[],"Operations":[],"OAuth":null,"AllowSessionConfig":false,"DefaultAccess":{{"EnableSSO":false,"AllowOthersConnectSSO":false,"MultiAccount":false,"AllowOthersConfigure":false}}}}}}"#,
        env!("WICK_PLUGIN_VERSION"),
    );
}
"##;

const RUST_BUILD_SCRIPT: &str = r#"fn main() {
    println!("cargo::rerun-if-changed=../../schema");
    println!("cargo::rerun-if-env-changed=UTIL_MODE");
    let mut names: Vec<String> = std::fs::read_dir("../../schema")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mode = std::env::var("UTIL_MODE").unwrap_or_default();
    println!("cargo::rustc-env=UTIL_SCHEMA={}{mode}", names.join(" "));
}
"#;

/// Waits until `holds`, at most `limit`.
pub(crate) fn wait_until(limit: Duration, holds: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < limit {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    holds()
}

/// Where cargo or rustup keeps its things, for runs with another HOME.
pub(crate) fn rust_home(name: &str) -> PathBuf {
    let default = if name == "CARGO_HOME" { ".cargo" } else { ".rustup" };
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(default);
    std::env::var_os(name).map_or_else(home, PathBuf::from)
}
