//! What the tests share: a repository with one plugin, packages as a build leaves them, a client in a hurry.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use github_double::{Config, Double};
use wick::forge::github::{Access, GitHub, Manner, Pace};
use wick::model::digest::Sha256;
use wick::model::manifest::Manifest;
use wick::model::names::PluginKind;
use wick::model::package::{PackageEntry, PackageName};
use wick::model::project::Project;
use wick::model::publish::ReleaseReport;
use wick::model::receipt::{
    BuildReceipt, Composition, Dependency, Evidence, Learned, Origin, PackageReceipt, RECEIPT_SCHEMA,
    SourceState,
};
use wick::model::target::Target;
use wick::phase::package::zip;
use wick::phase::packages::{self, Kept};
use wick::phase::parallel::OnFailure;
use wick::phase::publish::local::Dirt;
use wick::phase::publish::notes::Notes;
use wick::phase::publish::ratchet::Loss;
use wick::phase::publish::{self, Choice, Mode, Request, Token};
use wick::phase::{attest, sbom};
use wick::project::{self, Selection};
use wick::signer::Signer;
use wick::signer::cosign::Cosign;
use wick::signer::ed25519::Ed25519;
use wick::sys::files::{self, Scratch};
use wick::sys::http::Times;
use wick::sys::secret::Secret;

pub(crate) use super::outcome::*;

pub(crate) const TARGETS: [&str; 3] = ["linux/arm64", "linux/amd64", "windows/amd64"];

/// A git repository with plugins for three targets; the output folder is `bin`.
pub(crate) struct Repository {
    pub(crate) dir: Scratch,
}

impl Repository {
    /// With `connector/slack` 0.2.0, committed and not packed.
    pub(crate) fn new() -> Repository {
        let repository = Repository { dir: Scratch::new().unwrap() };
        let targets: Vec<String> = TARGETS.iter().map(|target| format!("\"{target}\"")).collect();
        repository.write("wick.toml", &format!("[build]\ntargets = [{}]\n", targets.join(", ")));
        repository.write(".gitignore", "/bin/\n");
        repository.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.plugin("slack", "0.2.0");
        repository
    }

    /// A clone of another one.
    pub(crate) fn clone(url: &str, how: &[&str]) -> Repository {
        let repository = Repository { dir: Scratch::new().unwrap() };
        repository.git(&[&["clone", "--quiet"], how, &[url, "."]].concat());
        repository
    }

    /// The same, with all its packages.
    pub(crate) fn packed() -> Repository {
        let repository = Repository::new();
        repository.pack_all("slack", "0.2.0");
        repository
    }

    /// Adds a plugin and commits it.
    pub(crate) fn plugin(&self, key: &str, version: &str) {
        self.write(&format!("connector/{key}/main.go"), "package main\n\nfunc main() {}\n");
        self.write(&format!("connector/{key}/VERSION"), version);
        self.commit(&format!("Add {key} {version}"));
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.root().join("bin")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        write(&self.root().join(name), text.as_bytes());
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").current_dir(self.root()).args(identity).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "-m", message]);
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn pack_all(&self, key: &str, version: &str) {
        for target in TARGETS {
            self.pack(&self.bin(), key, version, target);
        }
    }

    /// A package and its receipt, as a build of what is checked out leaves them.
    pub(crate) fn pack(&self, output: &Path, key: &str, version: &str, target: &str) -> PackageReceipt {
        let source = SourceState::of(self.head(), Vec::new());
        let receipt = package(output, key, version, target.parse().unwrap(), None);
        let receipt = PackageReceipt { source: Some(source), ..receipt };
        keep(output, &receipt);
        keep_build(output, &receipt);
        receipt
    }

    /// Attests a package as `wick plugin attest` does.
    pub(crate) fn attest(&self, output: &Path, target: &str, signer: &dyn Signer) {
        let (kept, _) = packages::read(output).unwrap();
        let one: Vec<&Kept> = kept.iter().filter(|kept| kept.receipt.target.to_string() == target).collect();
        let on_failure = OnFailure::KeepGoing;
        let request =
            attest::Request { packages: &one, output, signer, jobs: 1, on_failure, listener: &|_| {} };
        let report = attest::attest(&request).unwrap();
        assert!(report.complete && report.packages.len() == 1, "{report:#?}");
    }

    pub(crate) fn project(&self) -> Project {
        let layout = project::look(self.root()).unwrap();
        project::resolve(&layout, &Selection::All, None).unwrap()
    }

    /// What a release of slack 0.2.0 consists of: name to content.
    pub(crate) fn expected(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = BTreeMap::new();
        let mut sums = String::new();
        let mut names: Vec<String> =
            TARGETS.iter().map(|target| format!("slack-0.2.0-{}.zip", target.replace('/', "-"))).collect();
        names.sort();
        for name in names {
            let bytes = files::read(&self.bin().join(&name)).unwrap();
            sums.push_str(&format!("{}  {name}\n", Sha256::of(&bytes)));
            all.insert(name, bytes);
        }
        // What it says is sbom's own tests' business.
        let (kept, _) = packages::read(&self.bin()).unwrap();
        let wanted = |kept: &&Kept| kept.receipt.plugin.as_str() == "slack";
        let bom = sbom::describe(&kept.iter().filter(wanted).collect::<Vec<_>>()).unwrap().to_json();
        sums.push_str(&format!("{}  slack-0.2.0.cdx.json\n", Sha256::of(bom.as_bytes())));
        all.insert("slack-0.2.0.cdx.json".to_owned(), bom.into_bytes());
        all.insert("checksums.txt".to_owned(), sums.into_bytes());
        all
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) {
    files::create_folder(path.parent().unwrap()).unwrap();
    files::write_atomic(path, bytes, 0o644).unwrap();
}

/// The name of slack's package.
pub(crate) fn zip_of(target: &str) -> String {
    format!("slack-0.2.0-{}.zip", target.replace('/', "-"))
}

/// A new cosign key.
pub(crate) fn cosign(repository: &Repository, name: &str) -> Cosign {
    let password = wick::sys::secret::Secret::new(String::new());
    Cosign::generate(&repository.root().join(format!("keys/{name}.key")), Some(&password)).unwrap()
}

/// Puts a bundle beside a zip.
pub(crate) fn bundle(zip: &Path, key: &Cosign) {
    let signed = wick::signer::sign_blob(key, &files::read(zip).unwrap()).unwrap();
    write(&wick::model::package::beside(zip, ".sigstore.json"), signed.bundle.to_json().as_bytes());
}

/// A real zip of a real binary of that target, none of it ever run.
pub(crate) fn package(
    output: &Path,
    key: &str,
    version: &str,
    target: Target,
    signer: Option<&Ed25519>,
) -> PackageReceipt {
    let binary: &[u8] = match target.to_string().as_str() {
        "linux/arm64" => include_bytes!("../fixtures/binaries/linux-arm64-static"),
        "linux/amd64" => include_bytes!("../fixtures/binaries/linux-amd64-go"),
        "windows/amd64" => include_bytes!("../fixtures/binaries/windows-amd64.exe"),
        other => panic!("no binary for {other}"),
    };
    let module = format!(
        r#"{{"Meta":{{"Key":"{key}","Name":"{key}","Description":""}},"Configs":null,"Operations":null}}"#
    );
    let module: wick::model::manifest::Module = serde_json::from_str(&module).unwrap();
    let digest = Sha256::of(binary);
    let mut manifest = Manifest {
        schema_version: 1,
        kind: String::new(),
        version: String::new(),
        proto_version: 1,
        entry: String::new(),
        os_arch: Vec::new(),
        sha256: digest.to_string(),
        signature: signer.map(|signer| signer.sign(&digest)).unwrap_or_default(),
        module: module.clone(),
    };
    let key: wick::model::names::PluginKey = key.parse().unwrap();
    manifest.settle(PluginKind::Connector, &key, version, target);
    let entry = |name: &str, bytes: &[u8], executable| PackageEntry {
        name: name.to_owned(),
        bytes: bytes.to_vec(),
        executable,
    };
    let entries =
        [entry(&manifest.entry, binary, true), entry("plugin.json", manifest.to_json().as_bytes(), false)];
    let bytes = zip::write(&entries, 0).unwrap();
    let version: wick::model::version::PluginVersion = version.parse().unwrap();
    let name = PackageName { key: key.clone(), version: version.clone(), target }.to_string();
    write(&output.join(&name), &bytes);
    PackageReceipt {
        schema: RECEIPT_SCHEMA,
        plugin: key,
        kind: PluginKind::Connector,
        version,
        target,
        conditions: BTreeMap::new(),
        binary: digest,
        package: name,
        sha256: Sha256::of(&bytes),
        size: bytes.len() as u64,
        signed_by: signer.map(|signer| signer.public().to_string()),
        cosigned_by: None,
        learned: Learned {
            evidence: Evidence::SameSource,
            how: "by hand".to_owned(),
            proto_version: 1,
            module,
            caveats: Vec::new(),
        },
        source: None,
    }
}

/// Writes a receipt where a build keeps it.
pub(crate) fn keep(output: &Path, receipt: &PackageReceipt) {
    let id = format!("{}-{}-{}", receipt.kind, receipt.plugin, receipt.target.dashed());
    let path = output.join(".wick/receipts").join(format!("{id}.package.json"));
    write(&path, &serde_json::to_vec_pretty(receipt).unwrap());
}

/// Writes the receipt of the build that a package's binary is from.
fn keep_build(output: &Path, package: &PackageReceipt) {
    let zip = files::read(&output.join(&package.package)).unwrap();
    let contents = wick::inspect::archive::read_archive(&package.package, &zip);
    let is_binary = |entry: &&PackageEntry| Sha256::of(&entry.bytes) == package.binary;
    let binary = &contents.entries.iter().find(is_binary).unwrap().bytes;
    let dependency = Dependency {
        id: "pkg:golang/std@1.26.8".to_owned(),
        name: "std".to_owned(),
        version: "1.26.8".to_owned(),
        licence: None,
        sha256: None,
        h1: None,
        needs: Vec::new(),
    };
    let receipt = BuildReceipt {
        schema: RECEIPT_SCHEMA,
        plugin: package.plugin.clone(),
        kind: package.kind,
        version: package.version.clone(),
        target: package.target,
        conditions: BTreeMap::new(),
        inputs: Vec::new(),
        sha256: package.binary,
        size: binary.len() as u64,
        files: Vec::new(),
        left_out: Vec::new(),
        facts: wick::inspect::inspect(binary).unwrap(),
        composition: Some(Composition {
            direct: vec![dependency.id.clone()],
            dependencies: vec![dependency],
        }),
        places: Vec::new(),
        origin: Some(Origin::local()),
    };
    let id = format!("{}-{}-{}", package.kind, package.plugin, package.target.dashed());
    let path = output.join(packages::RECEIPTS).join(format!("{id}.build.json"));
    write(&path, &serde_json::to_vec_pretty(&receipt).unwrap());
}

/// A client that never really waits; `tries` of each request.
pub(crate) fn client(double: &Double, tries: u32) -> GitHub {
    client_of(double, "ghp_write", tries)
}

pub(crate) fn client_of(double: &Double, token: &str, tries: u32) -> GitHub {
    client_at(double, double.repository(), token, tries)
}

pub(crate) fn client_at(double: &Double, name: &str, token: &str, tries: u32) -> GitHub {
    let short = Duration::from_secs(20);
    let access = Access {
        api_url: double.api_url().to_owned(),
        repository: name.to_owned(),
        token: Some(Secret::new(token.to_owned())),
    };
    // Waiting moves the clock and takes no time.
    let waited = Arc::new(Mutex::new(Duration::ZERO));
    let (known, added) = (Arc::clone(&waited), waited);
    let mut pace = Pace::default().on(
        move || wick::sys::clock::now() + *known.lock().unwrap(),
        move |time| *added.lock().unwrap() += time,
    );
    pace.tries = tries;
    let times = Times { connect: short, answer: short, stall: short };
    GitHub::with(access, Manner { pace, times, ..Manner::default() })
}

/// What can be different about a release.
pub(crate) struct How {
    pub(crate) choice: Choice,
    pub(crate) dirt: Dirt,
    pub(crate) mode: Mode,
    pub(crate) jobs: usize,
    pub(crate) accepted: &'static [Loss],
}

pub(crate) const PLAIN: How =
    How { choice: Choice::Named, dirt: Dirt::Refuse, mode: Mode::Publish, jobs: 1, accepted: &[] };

pub(crate) fn release(
    repository: &Repository,
    forge: &GitHub,
    how: &How,
) -> Result<ReleaseReport, wick::model::failure::Failure> {
    let project = repository.project();
    publish::release(&Request {
        plugins: &project.plugins,
        choice: how.choice,
        root: &project.root,
        output: &repository.bin(),
        forge,
        token: Token::Given,
        dirt: how.dirt,
        accepted: how.accepted,
        notes: &Notes::Generated,
        jobs: how.jobs,
        mode: how.mode,
        rehearsal: None,
        listener: &|_| {},
    })
}

pub(crate) fn start(immutable: bool) -> Double {
    Double::start(Config { immutable, ..Config::default() })
}
