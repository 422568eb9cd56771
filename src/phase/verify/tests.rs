//! Whole packages from their bytes: valid ones pass, altered ones don't.

use proptest::prelude::*;

use super::*;
use crate::host::wick::tests::{Package, facts, signing_key, trusting};
use crate::inspect::archive::fixture::{Item, Zip, gz, tar, tar_item};
use crate::model::finding::Severity;

const NAME: &str = "slack-0.2.0-linux-amd64.zip";

fn expected() -> Expectation {
    Expectation { policy: trusting(true), ..Expectation::default() }
}

/// Knows the program of the fixture, and nothing else.
fn inspect(bytes: &[u8]) -> Result<BinaryFacts, String> {
    match bytes.starts_with(b"program for linux/amd64") {
        true => Ok(facts("linux/amd64".parse().unwrap())),
        false => Err("no known header".to_owned()),
    }
}

fn zipped(entries: &[PackageEntry], folder: &str) -> Vec<u8> {
    Zip::of(entries.iter().map(|entry| {
        let mode = if entry.executable { 0o100_755 } else { 0o100_644 };
        Item::deflated(format!("{folder}{}", entry.name), &entry.bytes, mode)
    }))
    .build()
}

fn tarred(entries: &[PackageEntry]) -> Vec<u8> {
    let items: Vec<_> = entries
        .iter()
        .map(|entry| {
            let mode = if entry.executable { 0o755 } else { 0o644 };
            tar_item(entry.name.as_bytes(), b'0', mode, &entry.bytes)
        })
        .collect();
    gz(&tar(&items))
}

fn package() -> Package {
    Package::signed("linux/amd64")
}

fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn valid_packages_are_accepted_in_every_wrapping() {
    let entries = package().entries();
    let tgz = NAME.replace(".zip", ".tar.gz");
    let verdicts = [
        verify_bytes(NAME, &zipped(&entries, ""), &expected(), inspect),
        verify_bytes(NAME, &zipped(&entries, "slack-0.2.0/"), &expected(), inspect),
        verify_bytes(&tgz, &tarred(&entries), &expected(), inspect),
        verify_folder("some/folder", entries.clone(), &expected(), inspect),
    ];
    for verdict in verdicts {
        assert_eq!(verdict.findings, [], "{}", verdict.package);
        assert!(verdict.is_accepted());
        assert_eq!(verdict.key, "slack".parse().ok());
        assert_eq!(verdict.version.unwrap().bare(), "0.2.0");
        assert_eq!(verdict.target, "linux/amd64".parse().ok());
        assert_eq!(verdict.facts.unwrap().machine, "amd64");
        let key = crate::model::signature::PublicKey::new(signing_key().verifying_key());
        assert_eq!(verdict.signed_by, Some(key.to_string()));
    }
}

#[test]
fn the_json_form_is_kept() {
    let mut entries = package().entries();
    entries[1].bytes.push(b'\n');
    let bytes = zipped(&entries, "");
    let verdict = verify_bytes(NAME, &bytes, &Expectation::default(), inspect);
    let json = serde_json::to_string(&verdict).unwrap();
    let expected = format!(
        "{{\"schema\":1,\"package\":\"{NAME}\",\"accepted\":true,\"key\":\"slack\",\"version\":\"v0.2.0\",\
         \"target\":\"linux/amd64\",\"sha256\":\"{}\",\"size\":{},\"signed_by\":null,\"binary_signed_by\":null,\"bundle_signed_by\":null,\"attested_by\":null,\"facts\":{{\"format\":\"elf\",\
         \"system\":\"linux\",\"machine\":\"amd64\",\"executable\":true,\"linkage\":{{\"kind\":\"static\"}}}},\"findings\":[",
        Sha256::of(&bytes),
        bytes.len()
    );
    assert!(json.starts_with(&expected), "{json}\n{expected}");
    assert!(json.contains(r#"{"severity":"warning","code":"manifest-text","message":"#), "{json}");
}

#[test]
fn findings_of_the_packing_and_of_the_package_come_together() {
    let mut entries = package().entries();
    entries[0].bytes[30] ^= 1;
    let bytes = [zipped(&entries, ""), b"trailing".to_vec()].concat();
    let verdict = verify_bytes(NAME, &bytes, &expected(), inspect);
    assert_eq!(codes(&verdict), ["zip-trailing-data", "sha256-mismatch", "signature-mismatch"]);
    assert!(!verdict.is_accepted() && verdict.signed_by.is_none());
}

#[test]
fn what_is_no_package_says_so_once() {
    let verdict = verify_bytes(NAME, b"<html>not found</html>", &expected(), inspect);
    assert_eq!(codes(&verdict), ["archive-format"]);
    let entries = vec![PackageEntry { name: "slack".to_owned(), bytes: Vec::new(), executable: true }];
    let verdict = verify_bytes(NAME, &zipped(&entries, ""), &expected(), inspect);
    assert_eq!(codes(&verdict), ["manifest-missing"]);
    let verdict = verify_folder("x", Vec::new(), &expected(), inspect);
    assert_eq!(codes(&verdict), ["archive-empty"]);
}

#[test]
fn files_beside_the_package_are_noted() {
    let mut entries = package().entries();
    for entry in &mut entries {
        entry.name = format!("slack-0.2.0/{}", entry.name);
    }
    entries.push(PackageEntry { name: "README".to_owned(), bytes: Vec::new(), executable: false });
    let verdict = verify_bytes(NAME, &zipped(&entries, ""), &expected(), inspect);
    assert_eq!(codes(&verdict), ["extra-file"]);
    assert!(verdict.is_accepted());
}

/// A program that lies outside the package's folder is not the package's program.
#[test]
fn the_program_must_lie_beside_the_manifest() {
    let mut entries = package().entries();
    entries[1].name = "dir/plugin.json".to_owned();
    let verdict = verify_bytes(NAME, &zipped(&entries, ""), &expected(), inspect);
    assert_eq!(codes(&verdict), ["entry-missing", "extra-file"]);
}

proptest! {
    /// Whoever changes bytes of a signed package gets a refusal, or a package whose program and manifest are the same.
    #[test]
    fn altered_packages_are_refused_or_the_same(
        zip in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let entries = package().entries();
        let (name, mut bytes) = match zip {
            true => (NAME.to_owned(), zipped(&entries, "")),
            false => (NAME.replace(".zip", ".tgz"), tarred(&entries)),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let verdict = verify_bytes(&name, &bytes, &expected(), inspect);
        if verdict.is_accepted() {
            let contents = read_archive(&name, &bytes);
            for (before, after) in entries.iter().zip(&contents.entries) {
                prop_assert_eq!((&before.name, &before.bytes), (&after.name, &after.bytes));
            }
        }
    }

    /// Any text as a manifest, and any change of a good one: an answer, never a panic; no change of what hosts
    /// believe without a refusal.
    #[test]
    fn altered_manifests_never_panic(at in any::<prop::sample::Index>(), text in "[ -~]{0,6}", whole in any::<bool>()) {
        let mut entries = package().entries();
        let manifest = &mut entries[1].bytes;
        if whole {
            *manifest = text.into_bytes();
        } else {
            let at = at.index(manifest.len());
            manifest.splice(at..at + 1, text.into_bytes());
        }
        let verdict = verify_folder("x", entries, &expected(), inspect);
        if verdict.is_accepted() {
            prop_assert_eq!(verdict.key, "slack".parse().ok());
            prop_assert!(verdict.signed_by.is_some());
        }
        prop_assert!(verdict.findings.iter().all(|f| f.severity < Severity::Error || !f.message.is_empty()));
    }
}
