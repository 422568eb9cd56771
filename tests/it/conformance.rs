//! The numbered lines of the contract's "Conformance", on packages of real plugins. What a host does with them is in
//! `host`, how manifests were learned in `evidence`, that bytes are the same in `reproducible`.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{
    self, BUILD_TOOLS, PLUGINS, TARGETS, built, clean, done, everything, inside, json, keygen, manifest,
    need, plugin_of, scratch, testhost, unzip, wick,
};

/// Conformance 3: the order of `--all`, `.exe`. Issue 3: five zips per plugin, Go and Rust.
#[test]
fn every_plugin_has_five_zips_and_each_holds_its_own_binary() {
    need!(BUILD_TOOLS);
    let built = built();
    let expected: BTreeSet<String> = everything().map(|(plugin, target)| plugin.zip(target)).collect();
    let zips: BTreeSet<String> = fs::read_dir(&built.bin)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".zip"))
        .collect();
    assert_eq!(zips, expected);

    assert_eq!(built.report["schema"], 1);
    assert_eq!(built.report["complete"], true);
    assert_eq!(built.packages().len(), expected.len());
    for plugin in &PLUGINS {
        let ours = built.packages().iter().filter(|package| package["plugin"] == plugin.key);
        let order: Vec<&str> = ours.map(|package| package["target"].as_str().unwrap()).collect();
        assert_eq!(order, TARGETS, "{}", plugin.key);
    }
    for (plugin, target) in everything() {
        let (zip, entry) = (built.zip(plugin, target), plugin.entry(target));
        let names: Vec<String> = unzip(&zip).into_iter().map(|entry| entry.name).collect();
        assert!(names.contains(&entry) && names.contains(&"plugin.json".to_owned()), "{zip:?}: {names:?}");
        let said = built.package(plugin, target);
        assert_eq!(said["package"], plugin.zip(target));
        assert_eq!(said["kind"], plugin.kind);
        assert_eq!(said["status"], "built");
        assert_eq!(said["signed_by"], built.public);
        assert_eq!(said["sha256"], support::sha256(&fs::read(&zip).unwrap()));
        let manifest = manifest(&zip);
        assert_eq!(manifest["entry"], entry);
        assert_eq!(manifest["os_arch"], serde_json::json!([target]));
        assert_eq!(manifest["kind"], plugin.kind);
        assert_eq!(manifest["module"]["Meta"]["Key"], plugin.key);
    }
}

/// Conformance 4: VERSION is taken as it is, `v` is dropped in the zip's name only; it goes before a crate's version.
#[test]
fn versions_come_from_the_version_file_then_from_the_crate() {
    need!(BUILD_TOOLS);
    for (plugin, target) in everything() {
        let zip = built().zip(plugin, target);
        assert_eq!(manifest(&zip)["version"], plugin.version, "{zip:?}");
        assert_eq!(built().package(plugin, target)["version"], plugin.version);
    }
    // The table above is what this is about, so that nobody edits it into agreement.
    assert_eq!(plugin_of("textkit").zip("linux/amd64"), "textkit-0.3.0-linux-amd64.zip");
    assert_eq!(plugin_of("textkit").version, "v0.3.0");
    let crate_of = |path: &str| fs::read_to_string(built().root.join(path).join("Cargo.toml")).unwrap();
    assert!(
        crate_of("tool/units").contains("version = \"0.0.0\""),
        "VERSION must have something to win against"
    );
    assert!(crate_of("connector/weather").contains("version = \"0.1.0\""));
    assert!(!built().root.join("connector/weather/VERSION").exists());
}

/// Conformance 5: each plugin.json is, byte for byte, what Go's encoding/json makes of the contract's structs.
#[test]
fn go_writes_the_same_plugin_json() {
    need!(BUILD_TOOLS);
    let mut escaped = 0;
    for (plugin, target) in everything() {
        let zip = built().zip(plugin, target);
        let ours = String::from_utf8(inside(&zip, "plugin.json")).unwrap();
        let go = support::run(&mut testhost(&["canon", zip.to_str().unwrap()]));
        assert_eq!(go.code, Some(0), "{}", go.stderr);
        assert_eq!(go.stderr, "", "{zip:?}: the module must go through the structs, not past them");
        assert!(ours == go.stdout, "{zip:?}: wick wrote\n{ours}\nGo writes\n{}", go.stdout);
        assert!(!ours.contains(['<', '>', '&']), "{zip:?}");
        escaped += usize::from(ours.contains("\\u0026"));
    }
    assert!(
        escaped > 0,
        "no example has a character that Go escapes: the comparison proves less than it says"
    );
}

/// Conformance 6: sha256 is of the target's own binary, never of a helper's.
#[test]
fn each_manifest_has_the_digest_of_its_own_binary() {
    need!(BUILD_TOOLS);
    let mut digests = BTreeSet::new();
    for (plugin, target) in everything() {
        let zip = built().zip(plugin, target);
        let digest = support::sha256(&inside(&zip, &plugin.entry(target)));
        assert_eq!(manifest(&zip)["sha256"], *digest, "{zip:?}");
        assert_eq!(built().package(plugin, target)["binary_sha256"], *digest);
        digests.insert(digest);
    }
    assert_eq!(digests.len(), PLUGINS.len() * TARGETS.len(), "no two binaries are alike");
}

/// Conformance 7: Go's crypto/ed25519 accepts our signatures over the hex text, with keys made on either side.
#[test]
fn signatures_and_keys_pass_between_go_and_wick() {
    need!(BUILD_TOOLS);
    let dir = scratch();
    let check = |zip: &std::path::Path, public: &str| {
        let manifest = manifest(zip);
        let (digest, signature) =
            (manifest["sha256"].as_str().unwrap(), manifest["signature"].as_str().unwrap());
        assert_eq!(STANDARD.decode(signature).unwrap().len(), 64);
        done(&mut testhost(&["checksig", public, digest, signature]));
        let other = "0".repeat(64);
        assert_eq!(support::run(&mut testhost(&["checksig", public, &other, signature])).code, Some(1));
    };
    // A key made by wick, on every package.
    for (plugin, target) in everything() {
        check(&built().zip(plugin, target), &built().public);
    }
    // A key made by Go.
    let key = dir.path().join("go.key");
    let public = done(&mut testhost(&["keygen", key.to_str().unwrap()])).trim().to_owned();
    let out = dir.path().join("bin");
    let mut build = wick(&built().root);
    build
        .args(["plugin", "build", "weather", "--target=linux/amd64", "--sign-key"])
        .arg(&key)
        .arg("-o")
        .arg(&out);
    done(&mut build);
    let zip = out.join(plugin_of("weather").zip("linux/amd64"));
    check(&zip, &public);
    let verify = |public: &str| {
        let arguments = ["plugin", "verify", "--require-signature", "--pubkey", public];
        support::run(wick(dir.path()).args(arguments).arg(&zip)).code
    };
    assert_eq!(verify(&public), Some(0));
    assert_eq!(verify(&built().public), Some(1), "another key than the signer's");
    // What wick makes is laid out as Go lays it out: 64 bytes, the second half being the public key.
    let own = dir.path().join("own.key");
    let public = keygen(&own);
    let private = STANDARD.decode(fs::read_to_string(&own).unwrap().trim()).unwrap();
    assert_eq!(private.len(), 64);
    assert_eq!(STANDARD.encode(&private[32..]), public);
}

/// Conformance 8, wick's own side: it accepts all it built, and says so to programs and to people.
#[test]
fn verify_accepts_every_package() {
    need!(BUILD_TOOLS);
    let zips: Vec<_> = everything().map(|(plugin, target)| built().zip(plugin, target)).collect();
    let verify = || {
        let mut command = wick(&built().root);
        command.args(["plugin", "verify", "--require-signature", "--pubkey", &built().public]).args(&zips);
        command
    };
    let ended = support::run(&mut verify());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("25 of 25 would be accepted"), "{}", ended.stderr);
    let said = json(&done(verify().arg("--format=json")));
    assert_eq!(said["schema"], 1);
    assert_eq!(said["accepted"], true);
    let verdicts = said["packages"].as_array().unwrap();
    assert_eq!(verdicts.len(), zips.len());
    for ((plugin, target), verdict) in everything().zip(verdicts) {
        assert_eq!(verdict["package"], plugin.zip(target));
        assert_eq!(verdict["accepted"], true, "{verdict}");
        assert_eq!(verdict["key"], plugin.key);
        assert_eq!(verdict["target"], target);
        assert_eq!(verdict["signed_by"], built().public);
        let bad = |finding: &&serde_json::Value| finding["severity"] != "note";
        let findings: Vec<_> = verdict["findings"].as_array().unwrap().iter().filter(bad).collect();
        // Neither go nor zig signs for Intel, and macOS runs it there.
        let codes: Vec<_> = findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
        let expected: &[&str] = if target == "darwin/amd64" { &["code-signature"] } else { &[] };
        assert_eq!(codes, expected, "{findings:?}");
    }
}

/// wick.toml's `files` are packed; checksums.txt lists every zip and SBOM as sha256sum reads it.
#[test]
fn extra_files_are_packed_and_checksums_hold() {
    need!(BUILD_TOOLS);
    let readme = fs::read(built().root.join("connector/statuspage/README.md")).unwrap();
    for target in TARGETS {
        let zip = built().zip(plugin_of("statuspage"), target);
        assert!(inside(&zip, "README.md") == readme, "{zip:?}");
    }
    let listed = fs::read_to_string(built().bin.join("checksums.txt")).unwrap();
    let names: Vec<&str> = listed.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    let bills = PLUGINS.iter().map(|plugin| format!("{}-{}.cdx.json", plugin.key, plugin.named));
    let mut expected: Vec<String> =
        everything().map(|(plugin, target)| plugin.zip(target)).chain(bills).collect();
    expected.sort();
    assert_eq!(names, expected);
    done(clean("sha256sum", &built().bin).args(["--check", "--strict", "checksums.txt"]));
}
