//! Comparing made-up packages, as a table; and what attestations say, without building anything.

use std::path::Path;

use super::attested;
use super::compare::differences;
use super::published::{Against, find};
use crate::inspect::archive::read_archive;
use crate::model::bundle::{Bundle, Content, Envelope, EnvelopeSignature, STATEMENT_TYPE};
use crate::model::digest::Sha256;
use crate::model::finding::{Finding, Severity};
use crate::model::package::PackageEntry;
use crate::model::release::ReleaseTag;
use crate::model::reproduce::KnownFrom;
use crate::phase::package::marks::{Marks, carry};
use crate::phase::package::zip;
use crate::sys::files::{self, Scratch};

const NAME: &str = "slack-0.2.0-linux-amd64.zip";
const BINARY: &[u8] = include_bytes!("../../../tests/fixtures/binaries/linux-amd64-go");

fn manifest(signature: &str, description: &str) -> String {
    let digest = Sha256::of(BINARY);
    format!(
        "{{\n  \"schema_version\": 1,\n  \"kind\": \"connector\",\n  \"version\": \"0.2.0\",\n  \"proto_version\": 1,\n  \
         \"entry\": \"slack\",\n  \"os_arch\": [\n    \"linux/amd64\"\n  ],\n  \"sha256\": \"{digest}\",\n  \
         \"signature\": \"{signature}\",\n  \"module\": {{\n    \"Meta\": {{\n      \"Key\": \"slack\",\n      \
         \"Description\": \"{description}\"\n    }}\n  }}\n}}"
    )
}

fn entry(name: &str, bytes: &[u8], executable: bool) -> PackageEntry {
    PackageEntry { name: name.to_owned(), bytes: bytes.to_vec(), executable }
}

fn package(signature: &str) -> Vec<PackageEntry> {
    let manifest = manifest(signature, "chat");
    vec![
        entry("slack", BINARY, true),
        entry("plugin.json", manifest.as_bytes(), false),
        entry("README.md", b"read me", false),
    ]
}

fn packed(entries: &[PackageEntry]) -> Vec<u8> {
    zip::write(entries, 0).unwrap()
}

fn lines(findings: &[Finding], least: Severity) -> Vec<String> {
    let told = findings.iter().filter(|one| one.severity >= least);
    told.map(|one| format!("{}: {}", one.code, one.message)).collect()
}

#[test]
fn each_difference_has_its_name() {
    type Change = fn(&mut Vec<PackageEntry>);
    let cases: [(&str, Change); 8] = [
        ("entry-missing: `LICENSE` is in the published package only", |all| {
            all.push(entry("LICENSE", b"", false))
        }),
        ("entry-extra: `README.md` is not in the published package", |all| all.truncate(2)),
        ("file-differs: `README.md` has another content, from byte 5 on", |all| {
            all[2].bytes = b"read us".to_vec()
        }),
        ("mode-differs: the mode of `README.md`: 100755 there, 100644 here", |all| all[2].executable = true),
        (
            "manifest-field-differs: plugin.json: module.Meta.Description: \"chats\" there, \"chat\" here",
            |all| all[1].bytes = manifest("", "chats").into_bytes(),
        ),
        (
            "manifest-form-differs: plugin.json says the same in other words: its order, spaces or escapes differ",
            |all| all[1].bytes.push(b'\n'),
        ),
        ("manifest-field-differs: plugin.json: signature: \"sig\" there, \"\" here", |all| {
            all[1].bytes = manifest("sig", "chat").into_bytes()
        }),
        ("manifest-unreadable: the published plugin.json is no JSON", |all| all[1].bytes = b"{".to_vec()),
    ];
    let rebuilt = packed(&package(""));
    for (expected, change) in cases {
        let mut there = package("");
        change(&mut there);
        let findings = differences(NAME, &packed(&there), &rebuilt, Path::new("/x"), None);
        assert_eq!(lines(&findings, Severity::Error), [expected]);
    }
}

#[test]
fn another_packing_or_no_zip_at_all_is_said() {
    let rebuilt = packed(&package(""));
    let mut other = rebuilt.clone();
    // Version made by, in the first record of the directory: no reader cares.
    let at = crate::inspect::layout::find_all(&rebuilt, b"PK\x01\x02").next().unwrap() + 4;
    other[at] = 30;
    let packers = ("wick 0.0.9 (zip 0)".to_owned(), "wick 0.1.0 (zip 1)".to_owned());
    let findings = differences(NAME, &other, &rebuilt, Path::new("/x"), Some(&packers));
    assert_eq!(
        lines(&findings, Severity::Note),
        [format!(
            "packing-differs: all files are the same and the zips are packed differently: wick 0.0.9 (zip 0) there, wick \
             0.1.0 (zip 1) here; the first difference is at byte {at}"
        )]
    );
    let findings = differences(NAME, b"PK, or so", &rebuilt, Path::new("/x"), None);
    assert!(lines(&findings, Severity::Error)[0].starts_with("package-unreadable"), "{findings:?}");
}

#[test]
fn a_changed_byte_of_code_is_found_in_its_section() {
    let rebuilt = packed(&package(""));
    let text = crate::inspect::layout::parts(BINARY).into_iter().find(|part| part.name == ".text").unwrap();
    let mut there = package("");
    let at = text.range.end - 1;
    there[0].bytes[at] ^= 0x55;
    let findings = differences(NAME, &packed(&there), &rebuilt, Path::new("/x"), None);
    assert_eq!(lines(&findings, Severity::Error), ["section-differs: its section .text differ"]);
    let note = lines(&findings, Severity::Note);
    assert!(
        note.contains(&format!("bytes-differ: the first difference is at byte {at}, in .text")),
        "{note:?}"
    );
    // A published binary that isn't one.
    there[0].bytes = b"#!/bin/sh".to_vec();
    let findings = differences(NAME, &packed(&there), &rebuilt, Path::new("/x"), None);
    assert!(lines(&findings, Severity::Error)[0].starts_with("binary-unreadable"), "{findings:?}");
}

#[test]
fn marks_are_taken_over_only_onto_the_binary_they_are_over() {
    let rebuilt = packed(&package(""));
    let mut published = package("c2ln");
    published.push(entry("slack.sig", b"MEUC", false));
    let marks = Marks::of_package(&read_archive(NAME, &packed(&published))).unwrap();
    let carried = carry(NAME, &rebuilt, &marks, 0).unwrap();
    assert_eq!(carried.bytes, packed(&published));
    assert_eq!(carried.what, ["the manifest's signature", "slack.sig"]);
    // The manifest names the digest of the rebuilt binary and the package holds another.
    published[0].bytes.push(0);
    let marks = Marks::of_package(&read_archive(NAME, &packed(&published))).unwrap();
    let carried = carry(NAME, &rebuilt, &marks, 0).unwrap();
    assert_eq!((carried.bytes, carried.what.len()), (rebuilt.clone(), 0));
    let none = Marks::of_package(&read_archive(NAME, &rebuilt)).unwrap();
    assert_eq!(carry(NAME, &rebuilt, &none, 0).unwrap().what, [""; 0]);
}

/// An attestation beside a package, as `change` leaves the golden statement.
fn attestation(folder: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    use base64::Engine as _;
    let golden = include_str!("../../../tests/golden/wick/statement.json");
    let mut statement: serde_json::Value = serde_json::from_str(golden).unwrap();
    statement["subject"][0]["digest"]["sha256"] = Sha256::of(b"zip").to_string().into();
    change(&mut statement);
    let envelope = Envelope {
        payload: base64::engine::general_purpose::STANDARD.encode(statement.to_string()),
        payload_type: STATEMENT_TYPE.to_owned(),
        signatures: vec![EnvelopeSignature { sig: String::new(), keyid: String::new() }],
    };
    let text = Bundle::with_key("hint".to_owned(), Content::DsseEnvelope(envelope)).to_json();
    files::write_atomic(&folder.join(format!("{NAME}.intoto.sigstore.json")), text.as_bytes(), 0o644)
        .unwrap();
}

#[test]
fn an_attestation_tells_tools_times_and_the_commit() {
    let dir = Scratch::new().unwrap();
    files::write_atomic(&dir.path().join(NAME), b"zip", 0o644).unwrap();
    let tag = ReleaseTag::parse("slack/v0.2.0").unwrap();
    let read = || attested::read(&find(Against::Folder(dir.path()), &tag).unwrap()).unwrap();
    assert!(read().recorded().versions.is_empty(), "without any");
    attestation(dir.path(), |statement| {
        let inner = &mut statement["predicate"]["buildDefinition"]["internalParameters"];
        inner["package"]["file times"] = "1700000000".into();
        inner["package"]["archive format"] = "zip 0".into();
        inner["build"]["rustc"] = "rustc 1.90.0 (0123 2025-09-14); binary: rustc; host: x; 12 34".into();
    });
    let attested = read();
    let versions = attested.recorded().versions;
    assert_eq!(versions["go"], ("go1.26.8".to_owned(), KnownFrom::Attestation));
    assert_eq!(versions["rustc"], ("1.90.0 (0123 2025-09-14)".to_owned(), KnownFrom::Attestation));
    assert_eq!(attested.epoch(), Some(1_700_000_000));
    assert_eq!(attested.packers().unwrap().0, "wick 0.1.0 (zip 0)");
    let commit = "0123456789012345678901234567890123456789";
    let codes = |commit: &str| -> Vec<&str> {
        read().sources("slack/v0.2.0", commit).iter().map(|one| one.code).collect()
    };
    assert_eq!(codes(commit), ["commit-dirty"], "as the golden statement says");
    assert_eq!(codes("ffff"), ["commit-differs", "commit-dirty"]);
}

#[test]
fn an_attestation_of_something_else_says_nothing() {
    let dir = Scratch::new().unwrap();
    files::write_atomic(&dir.path().join(NAME), b"zip", 0o644).unwrap();
    let tag = ReleaseTag::parse("slack/v0.2.0").unwrap();
    let path = dir.path().join(format!("{NAME}.intoto.sigstore.json"));
    let check = |why: &str| {
        let attested = attested::read(&find(Against::Folder(dir.path()), &tag).unwrap()).unwrap();
        assert_eq!(attested.findings.len(), 1, "{why}");
        assert!(attested.findings[0].message.contains(why), "{:?}", attested.findings);
        assert!(attested.recorded().versions.is_empty() && attested.sources("x", "y").is_empty());
    };
    attestation(dir.path(), |statement| {
        statement["subject"][0]["digest"]["sha256"] = Sha256::of(b"another").to_string().into()
    });
    check("it is about another file");
    attestation(dir.path(), |statement| statement["predicateType"] = "https://example.com/other".into());
    check("its predicate's type is");
    files::write_atomic(&path, b"{}", 0o644).unwrap();
    check("it is no sigstore bundle");
}
