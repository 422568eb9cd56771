//! A small Go plugin, built once with every signature there is, and what verify says of it. No test is here.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::support::PASSWORD;
use tempfile::TempDir;
use wick::inspect;
use wick::model::finding::Severity;
use wick::model::package::PackageEntry;
use wick::model::signature::SignaturePolicy;
use wick::phase::package::zip;
use wick::phase::verify::{self, Expectation, Required, Sidecars, Verdict};
use wick::signer::check::Trust;

/// wick in an environment that holds what compilers need and nothing else.
pub(crate) fn wick(dir: &Path) -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_wick"), dir);
    command.env("COSIGN_PASSWORD", PASSWORD);
    command
}

pub(crate) fn clean(program: &str, dir: &Path) -> Command {
    let kept = [
        "PATH",
        "HOME",
        "CARGO_HOME",
        "RUSTUP_HOME",
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
    for name in kept {
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
#[track_caller]
pub(crate) fn done(command: &mut Command) -> String {
    let ended = run(command);
    assert_eq!(ended.code, Some(0), "{command:?}\n{}{}", ended.stdout, ended.stderr);
    ended.stdout
}

/// A folder of one test.
fn scratch() -> TempDir {
    TempDir::new_in(base()).unwrap()
}

const BASE_PREFIX: &str = "wick-trust-tests-";

/// The folder of this run. It outlives the process, because statics are never dropped; the next run sweeps it away.
fn base() -> &'static Path {
    static BASE: OnceLock<(PathBuf, File)> = OnceLock::new();
    &BASE
        .get_or_init(|| {
            for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
                // A lock that can be had belongs to a process that has ended.
                let dead = || File::open(entry.path().join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
                if entry.file_name().to_string_lossy().starts_with(BASE_PREFIX) && dead() {
                    let _ = fs::remove_dir_all(entry.path());
                }
            }
            let folder = tempfile::Builder::new().prefix(BASE_PREFIX).tempdir().unwrap().keep();
            let lock = File::create(folder.join("lock")).unwrap();
            lock.lock().unwrap();
            (folder, lock)
        })
        .0
}

/// A plugin in a git repository, its keys beside it.
pub(crate) struct Repository {
    pub(crate) home: TempDir,
}

pub(crate) const ZIP: &str = "hello-1.2.0-linux-amd64.zip";

impl Repository {
    /// With `connector/hello` 1.2.0, which packs a README, an ed25519 key and a cosign key.
    pub(crate) fn new() -> Repository {
        let repository = Repository { home: scratch() };
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/_bases/go/connector/hello/main.go");
        repository.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
        repository.write("connector/hello/main.go", &fs::read_to_string(base).unwrap());
        repository.write("connector/hello/VERSION", "1.2.0\n");
        repository.write("connector/hello/README.md", "Says hello.\n");
        let version = "[go]\nversion_symbols = [\"main.Version\"]\n\n";
        repository.write("wick.toml", &format!("{version}[plugin.hello]\nfiles = [\"README.md\"]\n"));
        repository.write(".gitignore", "/bin/\n");
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.git(&["remote", "add", "origin", "https://user:secret@github.com/o/plugins.git"]);
        repository.commit("Say hello");
        done(wick(repository.home.path()).args(["plugin", "keygen", "-o", "ed.key"]));
        done(wick(repository.home.path()).args(["plugin", "keygen", "--cosign", "-o", "co.key"]));
        repository
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.home.path().join("repo")
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.root().join("bin")
    }

    pub(crate) fn key(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        done(clean("git", &self.root()).args(identity).args(args))
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "-m", message]);
    }

    /// `wick plugin <verb>` in it.
    pub(crate) fn wick(&self, args: &[&str]) -> Command {
        let mut command = wick(&self.root());
        command.arg("plugin").args(args);
        command
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.bin().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn policy(&self) -> SignaturePolicy {
        let key = fs::read_to_string(self.key("ed.key.pub")).unwrap();
        SignaturePolicy { required: true, keys: vec![key.trim().parse().unwrap()] }
    }

    /// Both keys, everything demanded.
    pub(crate) fn expected(&self) -> Expectation {
        let policy = self.policy();
        let cosign = fs::read_to_string(self.key("co.pub")).unwrap().parse().unwrap();
        let trust = Trust { ed25519: policy.keys.clone(), cosign: vec![cosign], certificates: None };
        Expectation {
            policy,
            this_machine: None,
            trust,
            required: Required { bundle: true, attestation: true },
        }
    }
}

/// The package that tests alter copies of: signed for hosts, by cosign, and attested.
pub(crate) struct Whole {
    pub(crate) repository: Repository,
    pub(crate) zip: Vec<u8>,
    pub(crate) entries: Vec<PackageEntry>,
    pub(crate) bundle: String,
    pub(crate) attestation: String,
    pub(crate) expected: Expectation,
}

/// Built by the first test that asks.
pub(crate) fn whole() -> &'static Whole {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let repository = Repository::new();
        let (ed, co) = (repository.key("ed.key"), repository.key("co.key"));
        let keys = ["--sign-key", &ed, "--cosign-key", &co];
        done(repository.wick(&["build", "hello", "--target=linux/amd64", "--attest"]).args(keys));
        let text = |end: &str| String::from_utf8(repository.read(&format!("{ZIP}{end}"))).unwrap();
        let zip = repository.read(ZIP);
        let contents = inspect::archive::read_archive(ZIP, &zip);
        Whole {
            entries: contents.entries,
            bundle: text(".sigstore.json"),
            attestation: text(".intoto.sigstore.json"),
            expected: repository.expected(),
            zip,
            repository,
        }
    })
}

impl Whole {
    /// What verify says, with these files beside the archive.
    pub(crate) fn verify(&self, zip: &[u8], bundle: &str, attestation: &str) -> Verdict {
        self.verify_for(zip, Some(bundle), Some(attestation), &self.expected)
    }

    pub(crate) fn verify_for(
        &self,
        zip: &[u8],
        bundle: Option<&str>,
        attestation: Option<&str>,
        expected: &Expectation,
    ) -> Verdict {
        let file = |text: Option<&str>| text.map(|text| Ok(text.as_bytes().to_vec()));
        let sidecars = Sidecars { bundle: file(bundle), attestation: file(attestation) };
        let look = |binary: &[u8]| inspect::inspect(binary).map_err(|error| error.to_string());
        verify::verify_archive(ZIP, zip, &sidecars, expected, look)
    }

    /// The package with other entries.
    pub(crate) fn repacked(&self, change: impl FnOnce(&mut Vec<PackageEntry>)) -> Vec<u8> {
        let mut entries = self.entries.clone();
        change(&mut entries);
        zip::write(&entries, 0).unwrap()
    }

    pub(crate) fn manifest(&self) -> String {
        let entry = self.entries.iter().find(|entry| entry.name == "plugin.json").unwrap();
        String::from_utf8(entry.bytes.clone()).unwrap()
    }
}

/// The codes of what makes a host, or a demand, refuse.
pub(crate) fn errors(verdict: &Verdict) -> Vec<&'static str> {
    let errors = verdict.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.code).collect()
}

/// The messages under a code.
pub(crate) fn messages(verdict: &Verdict, code: &str) -> String {
    let ours = verdict.findings.iter().filter(|finding| finding.code == code);
    ours.map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("\n")
}
