//! What the tests stand on: the wick binary, copies of the example repository, one build of everything that all
//! tests read, the Go host, the insides of zips. No test is here.

use std::fs::{self, File};
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// A plugin of the example repository, as its packages show it.
#[derive(Debug)]
pub(crate) struct Plugin {
    pub(crate) key: &'static str,
    pub(crate) kind: &'static str,
    /// In the zip's name.
    pub(crate) named: &'static str,
    /// In plugin.json.
    pub(crate) version: &'static str,
    pub(crate) go: bool,
}

const fn plugin(
    kind: &'static str,
    key: &'static str,
    named: &'static str,
    version: &'static str,
    go: bool,
) -> Plugin {
    Plugin { key, kind, named, version, go }
}

pub(crate) const PLUGINS: [Plugin; 5] = [
    plugin("connector", "statuspage", "0.1.0", "0.1.0", true),
    plugin("connector", "sysinfo", "0.2.0", "0.2.0", true),
    plugin("connector", "weather", "0.1.0", "0.1.0", false),
    plugin("tool", "textkit", "0.3.0", "v0.3.0", true),
    plugin("tool", "units", "1.0.0", "1.0.0", false),
];

/// What `--all` means, in its order (conformance 3).
pub(crate) const TARGETS: [&str; 5] =
    ["linux/arm64", "linux/amd64", "darwin/arm64", "darwin/amd64", "windows/amd64"];

pub(crate) fn plugin_of(key: &str) -> &'static Plugin {
    PLUGINS.iter().find(|plugin| plugin.key == key).expect("a plugin of examples/plugins")
}

impl Plugin {
    pub(crate) fn zip(&self, target: &str) -> String {
        format!("{}-{}-{}.zip", self.key, self.named, target.replace('/', "-"))
    }

    pub(crate) fn entry(&self, target: &str) -> String {
        format!("{}{}", self.key, if target.starts_with("windows/") { ".exe" } else { "" })
    }
}

/// Returns from a test that can't run here, and says so. CI sets `WICK_TEST_REQUIRE_TOOLS=1`: there it fails.
macro_rules! need {
    ($tools:expr) => {
        if $crate::support::lacking(std::any::type_name_of_val(&|| ()), &$tools) {
            return;
        }
    };
}
pub(crate) use need;

/// What building everything takes.
pub(crate) const BUILD_TOOLS: [&str; 4] = ["go", "cargo", "cargo-zigbuild", "zig"];

pub(crate) fn lacking(place: &str, tools: &[&str]) -> bool {
    let test = place.trim_end_matches("::{{closure}}");
    let here = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let missing = (!here).then_some("a linux/amd64 machine");
    let Some(what) = missing.or_else(|| tools.iter().copied().find(|tool| !is_there(tool))) else {
        return false;
    };
    assert!(
        std::env::var_os("WICK_TEST_REQUIRE_TOOLS").is_none_or(|v| v != "1"),
        "{test}: {what} is missing"
    );
    // Straight to stderr: libtest keeps what passing tests print.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {what} is missing");
    true
}

pub(crate) fn is_there(tool: &str) -> bool {
    let answers = |program: &str, args: &[&str]| {
        Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
    };
    match tool {
        "go" => answers("go", &["version"]),
        "zig" => answers("zig", &["version"]) || answers("python3", &["-m", "ziglang", "version"]),
        _ => answers(tool, &["--version"]),
    }
}

/// The program that is tested.
pub(crate) const WICK: &str = env!("CARGO_BIN_EXE_wick");

/// wick in an environment that holds what compilers need and nothing else.
pub(crate) fn wick(dir: &Path) -> Command {
    clean(WICK, dir)
}

pub(crate) fn clean(program: impl AsRef<std::ffi::OsStr>, dir: &Path) -> Command {
    const KEPT: [&str; 12] = [
        "PATH",
        "HOME",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
        "GOCACHE",
        "GOMODCACHE",
        "GOPATH",
        "GOPROXY",
        "GOSUMDB",
        "SSL_CERT_FILE",
        "TMPDIR",
    ];
    let mut command = Command::new(program);
    command.current_dir(dir).env_clear();
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// How a command ended, with both streams as text.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// Runs what must succeed; gives its stdout.
pub(crate) fn done(command: &mut Command) -> String {
    let ended = run(command);
    assert_eq!(ended.code, Some(0), "{command:?}\n{}{}", ended.stdout, ended.stderr);
    ended.stdout
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

/// A folder of one test.
pub(crate) fn scratch() -> TempDir {
    TempDir::new_in(base()).unwrap()
}

/// The folder of this run. It outlives the process, because statics are never dropped; the next run sweeps it away.
fn base() -> &'static Path {
    static BASE: OnceLock<(PathBuf, File)> = OnceLock::new();
    &BASE
        .get_or_init(|| {
            sweep();
            let folder = tempfile::Builder::new().prefix(BASE_PREFIX).tempdir().unwrap().keep();
            let lock = File::create(folder.join("lock")).unwrap();
            lock.lock().unwrap();
            (folder, lock)
        })
        .0
}

const BASE_PREFIX: &str = "wick-tests-";

fn sweep() {
    for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(BASE_PREFIX);
        // A lock that can be had belongs to a process that has ended.
        let dead = || File::open(entry.path().join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
        if ours && dead() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The example repository without what builds left in it, its Rust plugins built for speed of building. The SDK comes with
/// it and lies where it lies here: two folders up, outside the workspace.
pub(crate) fn copy_examples(to: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&root.join("examples/plugins"), to);
    let sdk = to.join("../../sdk");
    assert!(!sdk.exists(), "{}", sdk.display());
    copy(&root.join("sdk"), &sdk);
    let manifest = to.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("path = \"../../sdk\""), "{text}");
    // Ten optimized programs took ten minutes, twice; what optimizing makes of them is no concern of these tests.
    let (small, quick) = (
        "opt-level = \"s\"\nlto = true\ncodegen-units = 1\n",
        "opt-level = 0\nlto = \"off\"\ncodegen-units = 16\n",
    );
    assert!(text.contains(small), "{text}");
    let text = text.replacen(small, quick, 1);
    fs::write(manifest, text).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, from) = (entry.file_name(), entry.path());
        if name == "bin" || name == "target" {
            continue;
        }
        if from.is_dir() {
            copy(&from, &to.join(name));
        } else {
            fs::copy(&from, to.join(name)).unwrap();
        }
    }
}

/// The example repository, all plugins built for all targets and signed. Tests read it; none changes it.
pub(crate) struct Built {
    pub(crate) root: PathBuf,
    pub(crate) bin: PathBuf,
    /// What `--format json` printed.
    pub(crate) report: Value,
    /// What people saw.
    pub(crate) said: String,
    pub(crate) key: PathBuf,
    pub(crate) public: String,
}

/// Builds on the first call; later ones wait for that build and share it.
pub(crate) fn built() -> &'static Built {
    static BUILT: OnceLock<Result<Built, String>> = OnceLock::new();
    BUILT.get_or_init(build_all).as_ref().unwrap_or_else(|why| panic!("the build that tests share: {why}"))
}

fn build_all() -> Result<Built, String> {
    let home = base().join("shared");
    let root = home.join("examples/plugins");
    copy_examples(&root);
    let key = home.join("signing.key");
    let public = keygen(&key);
    let ended = run(wick(&root).args(BUILD_ALL).arg(&key));
    if ended.code != Some(0) {
        return Err(format!("exit code {:?}\n{}{}", ended.code, ended.stdout, ended.stderr));
    }
    let (bin, report, said) = (root.join("bin"), json(&ended.stdout), ended.stderr);
    Ok(Built { root, bin, report, said, key, public })
}

/// Everything for everywhere; the key's path comes last.
pub(crate) const BUILD_ALL: [&str; 7] =
    ["plugin", "build", "--all-plugins", "--all", "--format=json", "--verbose", "--sign-key"];

impl Built {
    pub(crate) fn zip(&self, plugin: &Plugin, target: &str) -> PathBuf {
        self.bin.join(plugin.zip(target))
    }

    /// The report's lines on all 25 packages.
    pub(crate) fn packages(&self) -> &Vec<Value> {
        self.report["packages"].as_array().unwrap()
    }

    pub(crate) fn package(&self, plugin: &Plugin, target: &str) -> &Value {
        let ours = |p: &&Value| p["plugin"] == plugin.key && p["target"] == target;
        self.packages().iter().find(ours).unwrap_or_else(|| panic!("{} {target} isn't reported", plugin.key))
    }
}

/// Every plugin for every target.
pub(crate) fn everything() -> impl Iterator<Item = (&'static Plugin, &'static str)> {
    PLUGINS.iter().flat_map(|plugin| TARGETS.iter().map(move |target| (plugin, *target)))
}

/// Makes a key pair with wick; gives the public half as hosts take it.
pub(crate) fn keygen(path: &Path) -> String {
    done(wick(path.parent().unwrap()).args(["plugin", "keygen", "-o"]).arg(path));
    let public = path.with_extension("key.pub");
    fs::read_to_string(&public)
        .unwrap_or_else(|error| panic!("{}: {error}", public.display()))
        .trim()
        .to_owned()
}

/// The host that is written in Go.
pub(crate) fn testhost(args: &[&str]) -> Command {
    static HOST: OnceLock<PathBuf> = OnceLock::new();
    let program = HOST.get_or_init(|| {
        let program = base().join("testhost");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host");
        done(clean("go", &sources).args(["build", "-o"]).arg(&program).arg("."));
        program
    });
    let mut command = clean(program, base());
    command.args(args);
    command
}

/// One file in a zip.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) mode: u32,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn unzip(path: &Path) -> Vec<Entry> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut entries = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut entry = Entry {
            name: file.name().unwrap().into_owned(),
            mode: file.unix_mode().unwrap(),
            bytes: Vec::new(),
        };
        file.read_to_end(&mut entry.bytes).unwrap();
        entries.push(entry);
    }
    entries
}

/// The bytes of one file in a zip.
pub(crate) fn inside(path: &Path, name: &str) -> Vec<u8> {
    let found = unzip(path).into_iter().find(|entry| entry.name == name);
    found.unwrap_or_else(|| panic!("{} has no {name}", path.display())).bytes
}

/// plugin.json of a zip.
pub(crate) fn manifest(path: &Path) -> Value {
    json(&String::from_utf8(inside(path, "plugin.json")).unwrap())
}

/// The keys of the operations that a module declares.
pub(crate) fn operations(manifest: &Value) -> Vec<&str> {
    let categories = manifest["module"]["Operations"].as_array().unwrap();
    categories
        .iter()
        .flat_map(|category| category["Ops"].as_array().unwrap())
        .map(|operation| operation["Key"].as_str().unwrap())
        .collect()
}

/// SHA-256 as manifests and checksums spell it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
