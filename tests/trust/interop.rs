//! cosign and sigstore-js accept our attestations, and refuse what was altered. No network: keys, no transparency log.

use std::fs;
use std::path::Path;
use std::process::Output;

use super::support::{self, accepts, need, refuses, sigstore_js_verifies};
use super::whole::*;

/// The command that README and `--help` tell users.
fn cosign_verifies(folder: &Path, key: &str, file: &str) -> Output {
    let of = ["verify-blob-attestation", "--type", "slsaprovenance1", "--key", key, "--bundle", BUNDLE];
    support::cosign(folder, &[&of[..], &["--insecure-ignore-tlog", file]].concat())
}

const BUNDLE: &str = "attestation.json";

#[test]
fn cosign_and_sigstore_js_accept_our_attestations_and_refuse_altered_ones() {
    need!(&["linux/amd64", "go", "cosign", "sigstore-js"]);
    let whole = whole();
    let dir = tempfile::tempdir().unwrap();
    let (folder, key) = (dir.path(), whole.repository.key("co.pub"));
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    write(ZIP, &whole.zip);
    write(BUNDLE, whole.attestation.as_bytes());
    accepts(&cosign_verifies(folder, &key, ZIP), "the zip");
    accepts(&sigstore_js_verifies(folder, &key, BUNDLE, ""), "the statement");
    // The binary and the manifest are subjects too.
    for entry in whole.entries.iter().filter(|entry| ["hello", "plugin.json"].contains(&entry.name.as_str()))
    {
        write(&entry.name, &entry.bytes);
        accepts(&cosign_verifies(folder, &key, &entry.name), &entry.name);
    }
    let mut altered = whole.zip.clone();
    altered[100] ^= 1;
    write(ZIP, &altered);
    refuses(&cosign_verifies(folder, &key, ZIP), &["digest"], "another zip");
    write(ZIP, &whole.zip);

    let payload = "\"payload\":\"";
    let at = whole.attestation.find(payload).unwrap() + payload.len() + 40;
    let mut altered = whole.attestation.clone();
    altered.replace_range(at..=at, if &altered[at..=at] == "A" { "B" } else { "A" });
    write(BUNDLE, altered.as_bytes());
    refuses(&cosign_verifies(folder, &key, ZIP), &["signature"], "another statement");
    refuses(&sigstore_js_verifies(folder, &key, BUNDLE, ""), &["signature"], "another statement");

    write(BUNDLE, whole.attestation.as_bytes());
    let other = Repository::new();
    let stranger = other.key("co.pub");
    refuses(&cosign_verifies(folder, &stranger, ZIP), &["signature"], "another key");
    refuses(&sigstore_js_verifies(folder, &stranger, BUNDLE, ""), &["another key"], "another key");
}
