//! The bill of materials of made-up receipts, against a golden file.
#![allow(clippy::disallowed_methods, reason = "golden files")]

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::model::artifact::{BinaryFacts, Format, Linkage};
use crate::model::names::PluginKind;
use crate::model::receipt::{Evidence, Learned, Origin, PackageReceipt, RECEIPT_SCHEMA, SourceState};
use crate::model::target::Target;
use crate::sys::files::Scratch;

pub(in crate::phase) const LINUX: &str = "linux/amd64";
const WINDOWS: &str = "windows/amd64";

fn dependency(id: &str, name: &str, version: &str, needs: &[&str]) -> Dependency {
    Dependency {
        id: id.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        licence: None,
        sha256: None,
        h1: None,
        needs: needs.iter().map(ToString::to_string).collect(),
    }
}

const CRATE: &str = "pkg:cargo/itoa@1.0.15";
const MODULE: &str = "pkg:golang/github.com/pkg/errors@v0.9.1";
const STD: &str = "pkg:golang/std@1.26.8";
const LOCAL: &str = "local:kit@3.1.4";

/// A build of everything there is to describe; on Windows one module less.
pub(in crate::phase) fn build_receipt(target: &str, binary: &[u8]) -> BuildReceipt {
    let mut dependencies = vec![
        dependency(LOCAL, "kit", "3.1.4", &[STD]),
        Dependency {
            licence: Some("MIT/Apache-2.0".to_owned()),
            sha256: Some(Sha256::of(b"itoa")),
            ..dependency(CRATE, "itoa", "1.0.15", &[])
        },
        Dependency {
            h1: Some("h1:FEBLx1zS214owpjy7qsBeixbURkuhQAwrK5UwLGTwt4=".to_owned()),
            ..dependency(MODULE, "github.com/pkg/errors", "v0.9.1", &[STD])
        },
        dependency(STD, "std", "1.26.8", &[]),
    ];
    if target == WINDOWS {
        dependencies.retain(|one| one.id != MODULE);
    }
    let direct = dependencies.iter().map(|one| one.id.clone()).filter(|id| id != STD).collect();
    let conditions = [
        ("env CGO_ENABLED", "5feceb66ffc86f38"),
        ("flags", "-trimpath -buildvcs=false"),
        ("go version", "go1.26.8"),
        ("read API_KEY", "0123456789abcdef"),
        ("read UNSET", "unset"),
    ];
    BuildReceipt {
        schema: RECEIPT_SCHEMA,
        plugin: "slack".parse().unwrap(),
        kind: PluginKind::Connector,
        version: "v0.2.0".parse().unwrap(),
        target: target.parse().unwrap(),
        conditions: BTreeMap::from(conditions.map(|(name, value)| (name.to_owned(), value.to_owned()))),
        inputs: Vec::new(),
        sha256: Sha256::of(binary),
        size: binary.len() as u64,
        files: Vec::new(),
        left_out: Vec::new(),
        facts: BinaryFacts {
            format: Format::Elf,
            systems: Vec::new(),
            system: "linux".to_owned(),
            architectures: Vec::new(),
            machine: "x86-64".to_owned(),
            executable: true,
            linkage: Linkage::Static,
            glibc_floor: None,
            macos_floor: None,
            go: None,
            code_signature: None,
            x86_level: None,
            universal: false,
            unloadable: Vec::new(),
            manifest_section: None,
        },
        composition: Some(Composition { direct, dependencies }),
        places: Vec::new(),
        origin: Some(Origin {
            builder: "https://github.com/o/r/.github/workflows/plugins.yml@refs/heads/main".to_owned(),
            invocation: Some("https://github.com/o/r/actions/runs/1/attempts/1".to_owned()),
            repository: Some("https://github.com/o/r".to_owned()),
            folder: "plugins".to_owned(),
        }),
    }
}

/// The receipt of a package of it.
pub(in crate::phase) fn package_receipt(target: &str, binary: &[u8], zip: &[u8]) -> PackageReceipt {
    let target: Target = target.parse().unwrap();
    PackageReceipt {
        schema: RECEIPT_SCHEMA,
        plugin: "slack".parse().unwrap(),
        kind: PluginKind::Connector,
        version: "v0.2.0".parse().unwrap(),
        target,
        conditions: BTreeMap::from([("wick".to_owned(), "0.1.0".to_owned())]),
        binary: Sha256::of(binary),
        package: format!("slack-0.2.0-{}.zip", target.dashed()),
        sha256: Sha256::of(zip),
        size: zip.len() as u64,
        signed_by: None,
        cosigned_by: None,
        learned: Learned {
            evidence: Evidence::Executed,
            how: "in a sandbox".to_owned(),
            proto_version: 1,
            module: serde_json::from_str("{}").unwrap(),
            caveats: Vec::new(),
        },
        source: Some(SourceState { commit: "0123456789".repeat(4), dirty: true, uncommitted: Vec::new() }),
    }
}

/// Leaves a package in a folder as a build does.
pub(in crate::phase) fn keep(
    folder: &Path,
    package: &PackageReceipt,
    build: Option<&BuildReceipt>,
    zip: &[u8],
) {
    let receipts = folder.join(packages::RECEIPTS);
    files::create_folder(&receipts).unwrap();
    let write = |path: &Path, bytes: &[u8]| files::write_atomic(path, bytes, 0o644).unwrap();
    let id = format!("{}-{}-{}", package.kind, package.plugin, package.target.dashed());
    write(&folder.join(&package.package), zip);
    write(&receipts.join(format!("{id}.package.json")), &serde_json::to_vec(package).unwrap());
    if let Some(build) = build {
        write(&receipts.join(format!("{id}.build.json")), &serde_json::to_vec(build).unwrap());
    }
}

fn both(folder: &Path) {
    for target in [LINUX, WINDOWS] {
        let build = build_receipt(target, target.as_bytes());
        keep(folder, &package_receipt(target, target.as_bytes(), b"zip"), Some(&build), b"zip");
    }
}

#[test]
fn the_document_is_the_golden_one() {
    let dir = Scratch::new().unwrap();
    both(dir.path());
    let (kept, _) = packages::read(dir.path()).unwrap();
    let text = describe(&kept.iter().collect::<Vec<_>>()).unwrap().to_json();
    snapbox::assert_data_eq!(text, snapbox::file!["../../../tests/golden/wick/sbom.cdx.json"].raw());
}

#[test]
fn it_is_written_once_and_again_only_when_it_differs() {
    let dir = Scratch::new().unwrap();
    both(dir.path());
    let key: PluginKey = "slack".parse().unwrap();
    let plugins = BTreeSet::from([&key]);
    let first = update(dir.path(), &plugins).unwrap();
    let name = "slack-0.2.0.cdx.json";
    assert_eq!(first.digests[name], Sha256::of(&files::read(&dir.path().join(name)).unwrap()));
    assert_eq!(update(dir.path(), &plugins).unwrap().digests, first.digests);
    // A package that is gone is no longer described.
    files::remove(&dir.path().join("slack-0.2.0-windows-amd64.zip")).unwrap();
    assert_ne!(update(dir.path(), &plugins).unwrap().digests, first.digests);
    assert!(update(dir.path(), &BTreeSet::new()).unwrap().digests.is_empty());
}

#[test]
fn what_is_not_on_record_is_said_and_no_older_document_stays() {
    let dir = Scratch::new().unwrap();
    both(dir.path());
    let key: PluginKey = "slack".parse().unwrap();
    update(dir.path(), &BTreeSet::from([&key])).unwrap();
    let silent = BuildReceipt { composition: None, ..build_receipt(LINUX, LINUX.as_bytes()) };
    keep(dir.path(), &package_receipt(LINUX, LINUX.as_bytes(), b"zip"), Some(&silent), b"zip");
    let written = update(dir.path(), &BTreeSet::from([&key])).unwrap();
    assert!(written.digests.is_empty());
    assert_eq!(written.findings[0].finding.code, "sbom-missing");
    assert!(written.findings[0].finding.message.contains("slack-0.2.0-linux-amd64.zip"));
    assert!(!files::is_file(&dir.path().join("slack-0.2.0.cdx.json")));
}
