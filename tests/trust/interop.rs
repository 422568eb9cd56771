//! cosign itself accepts our attestations, and refuses what was altered. No network: keys, no transparency log.

use std::fs;
use std::path::Path;

use super::support::*;

fn cosign(key: &str, bundle: &Path, blob: &Path) -> Ended {
    let args = [
        "verify-blob-attestation",
        "--type",
        "slsaprovenance1",
        "--insecure-ignore-tlog",
        "--key",
        key,
        "--bundle",
    ];
    run(clean("cosign", blob.parent().unwrap()).args(args).arg(bundle).arg(blob))
}

#[test]
fn cosign_accepts_our_attestations_and_refuses_altered_ones() {
    need!(["go", "cosign"]);
    let whole = whole();
    let dir = tempfile::tempdir().unwrap();
    let (zip, bundle) = (dir.path().join(ZIP), dir.path().join("a.json"));
    let key = whole.repository.key("co.pub");
    fs::write(&zip, &whole.zip).unwrap();
    fs::write(&bundle, &whole.attestation).unwrap();
    let ended = cosign(&key, &bundle, &zip);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // The binary and the manifest are subjects too.
    for entry in whole.entries.iter().filter(|entry| ["hello", "plugin.json"].contains(&entry.name.as_str()))
    {
        let path = dir.path().join(&entry.name);
        fs::write(&path, &entry.bytes).unwrap();
        assert_eq!(cosign(&key, &bundle, &path).code, Some(0), "{}", entry.name);
    }
    let refused = |what: &str| {
        let ended = cosign(&key, &bundle, &zip);
        assert_ne!(ended.code, Some(0), "{what}: {ended:?}");
    };
    let mut altered = whole.zip.clone();
    altered[100] ^= 1;
    fs::write(&zip, altered).unwrap();
    refused("another zip");
    fs::write(&zip, &whole.zip).unwrap();
    let payload = "\"payload\":\"eyJf";
    let at = whole.attestation.find(payload).unwrap() + payload.len() + 40;
    let mut altered = whole.attestation.clone();
    altered.replace_range(at..=at, if &altered[at..=at] == "A" { "B" } else { "A" });
    fs::write(&bundle, altered).unwrap();
    refused("another statement");
    fs::write(&bundle, &whole.attestation).unwrap();
    let stranger = Repository::new();
    assert_ne!(cosign(&stranger.key("co.pub"), &bundle, &zip).code, Some(0), "another key");
}
