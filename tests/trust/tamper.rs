//! Every field of the manifest, every entry of the zip, every leaf of bundle, attestation and statement: altered, it is
//! refused, and for the right reason.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wick::inspect;
use wick::model::package::PackageEntry;
use wick::phase::verify::{self, Expectation, Required};
use wick::signer::check::Trust;

use super::alter::{altered, leaves};
use super::support::need;
use super::whole::*;

#[test]
fn what_nobody_altered_passes_with_everything_demanded() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    let verdict = whole.verify(&whole.zip, &whole.bundle, &whole.attestation);
    assert_eq!(errors(&verdict), [""; 0], "{:#?}", verdict.findings);
    let by = [&verdict.binary_signed_by, &verdict.bundle_signed_by, &verdict.attested_by];
    assert!(by.iter().all(|identity| identity.is_some()), "{by:?}");
    assert!(verdict.signed_by.is_some());
    // Our own packing of what is inside is the package.
    assert_eq!(whole.repacked(|_| ()), whole.zip);
}

/// The signature that hosts check is over the binary's digest only. The attestation is what holds the manifest.
#[test]
fn every_field_of_the_manifest_is_held_by_the_attestation() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    let text = whole.manifest();
    let leaves = leaves(&text);
    assert!(leaves.len() > 50, "{}", leaves.len());
    let mut hosts_accept = Vec::new();
    for leaf in &leaves {
        for other in altered(&text, leaf) {
            let zip =
                whole.repacked(|entries| entry(entries, "plugin.json").bytes = other.clone().into_bytes());
            let verdict = whole.verify(&zip, &whole.bundle, &whole.attestation);
            let said = messages(&verdict, "attestation-mismatch");
            assert!(said.contains("the manifest has sha256"), "{}: {:#?}", leaf.path, verdict.findings);
            assert!(said.contains("the archive has sha256"), "{}: {said}", leaf.path);
            assert!(errors(&verdict).contains(&"bundle-mismatch"), "{}", leaf.path);
            // Without its attestation and its bundle.
            let look = |binary: &[u8]| inspect::inspect(binary).map_err(|error| error.to_string());
            let expected = Expectation { policy: whole.expected.policy.clone(), ..Expectation::default() };
            if verify::verify_bytes(ZIP, &zip, &expected, look).is_accepted() {
                hosts_accept.push(leaf.path.as_str());
            }
        }
    }
    for field in ["module.Meta.Name", "module.Meta.Description", "module.Operations[0].Ops[0].Destructive"] {
        assert!(hosts_accept.contains(&field), "a host sees {field} altered: this test's reason is gone");
    }
}

#[test]
fn every_entry_of_the_zip_is_held() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    let archive = "the archive has sha256";
    let mut all: Vec<(String, Vec<u8>, &str)> = Vec::new();
    for at in 0..whole.entries.len() {
        let name = whole.entries[at].name.clone();
        let last = whole.entries[at].bytes.len() - 1;
        let reason = match name.as_str() {
            "hello" => "the program has sha256",
            "plugin.json" => "the manifest has sha256",
            _ => archive,
        };
        for byte in [0, last / 2, last] {
            all.push((
                format!("{name}: byte {byte}"),
                whole.repacked(|entries| entries[at].bytes[byte] ^= 1),
                reason,
            ));
        }
        all.push((format!("{name}: longer"), whole.repacked(|entries| entries[at].bytes.push(b' ')), reason));
        let mode = whole.repacked(|entries| entries[at].executable ^= true);
        all.push((format!("{name}: mode"), mode, archive));
        all.push((format!("{name}: gone"), whole.repacked(|entries| drop(entries.remove(at))), ""));
        all.push((format!("{name}: renamed"), whole.repacked(|entries| entries[at].name.push('x')), ""));
    }
    for name in ["extra", "hello.sig.sig", "sub/extra"] {
        let extra = PackageEntry { name: name.to_owned(), bytes: b"x".to_vec(), executable: false };
        all.push((format!("{name}: added"), whole.repacked(|entries| entries.push(extra)), archive));
    }
    for (case, zip, reason) in all {
        let verdict = whole.verify(&zip, &whole.bundle, &whole.attestation);
        let codes = errors(&verdict);
        assert!(codes.contains(&"bundle-mismatch"), "{case}: {codes:?}");
        let said = messages(&verdict, "attestation-mismatch");
        // Where the manifest is gone, nothing else can be asked.
        let asked = !codes.contains(&"manifest-missing");
        assert!(
            !asked || (said.contains(archive) && said.contains(reason)),
            "{case}: {:#?}",
            verdict.findings
        );
    }
}

/// Also what no entry holds: names, times, the directory at the end.
#[test]
fn no_byte_of_the_zip_can_change() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    let end = whole.zip.len();
    let places = (0..200).map(|n| n * end / 200).chain(end - 400..end);
    for at in places {
        let mut zip = whole.zip.clone();
        zip[at] ^= 0x10;
        let verdict = whole.verify(&zip, &whole.bundle, &whole.attestation);
        let codes = errors(&verdict);
        assert!(codes.contains(&"bundle-mismatch"), "byte {at}: {codes:?}");
    }
}

#[test]
fn every_leaf_of_the_attestations_bundle_is_held() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    for leaf in leaves(&whole.attestation) {
        for other in altered(&whole.attestation, &leaf) {
            let verdict = whole.verify(&whole.zip, &whole.bundle, &other);
            let codes = errors(&verdict);
            let right = ["attestation-signature", "attestation-unreadable"];
            assert!(codes.iter().any(|code| right.contains(code)), "{}: {codes:?}", leaf.path);
            assert_eq!(verdict.attested_by, None, "{}", leaf.path);
        }
    }
}

/// Of the bundle over the zip, everything but the name of the key: that only says where to look, and what counts is that
/// a trusted key made the signature.
#[test]
fn every_leaf_of_the_zips_bundle_is_held() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    for leaf in leaves(&whole.bundle) {
        for other in altered(&whole.bundle, &leaf) {
            let verdict = whole.verify(&whole.zip, &other, &whole.attestation);
            if leaf.path == "verificationMaterial.publicKey.hint" {
                assert_eq!(errors(&verdict), [""; 0]);
            } else {
                assert_eq!(errors(&verdict), ["bundle-mismatch"], "{}", leaf.path);
            }
        }
    }
}

/// A statement that says something else in the same envelope, by its text and as a subject of its own.
#[test]
fn every_leaf_of_the_statement_is_held() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    let (text, envelope) = statement(&whole.attestation);
    let leaves = leaves(&text);
    assert!(leaves.len() > 80, "{}", leaves.len());
    let nobody =
        Expectation { trust: Trust::default(), required: Required::default(), ..whole.expected.clone() };
    let mut silent = Vec::new();
    for leaf in &leaves {
        for other in altered(&text, leaf) {
            let attestation = envelope(&other);
            let verdict = whole.verify(&whole.zip, &whole.bundle, &attestation);
            assert!(
                errors(&verdict).contains(&"attestation-signature"),
                "{}: {:#?}",
                leaf.path,
                verdict.findings
            );
            assert_eq!(verdict.attested_by, None, "{}", leaf.path);
            // Without keys it is still held against the package.
            let verdict = whole.verify_for(&whole.zip, None, Some(&attestation), &nobody);
            if errors(&verdict).is_empty() {
                assert!(messages(&verdict, "attestation-not-checked").contains("cosign key"));
                silent.push(leaf.path.as_str());
            }
        }
    }
    let held = [
        "subject",
        "_type",
        "predicateType",
        "predicate.buildDefinition.buildType",
        "predicate.buildDefinition.externalParameters",
    ];
    for path in &silent {
        let bare = path.trim_end_matches('!');
        // Where the sources lie can't be known here.
        let is_source = bare == "predicate.buildDefinition.externalParameters.source";
        assert!(
            is_source || !held.iter().any(|held| bare.starts_with(held)),
            "{path} was altered and nothing said"
        );
    }
}

/// White space between the words of the bundle is nobody's; in the statement it is signed.
#[test]
fn white_space_is_free_in_the_bundle_and_signed_in_the_statement() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    let spaced = |text: &str| format!("\n {{ {}\n\n", text.trim_start_matches('{'));
    let verdict = whole.verify(&whole.zip, &spaced(&whole.bundle), &spaced(&whole.attestation));
    assert_eq!(errors(&verdict), [""; 0], "{:#?}", verdict.findings);
    let (text, envelope) = statement(&whole.attestation);
    let verdict = whole.verify(&whole.zip, &whole.bundle, &envelope(&format!("{text} ")));
    assert_eq!(errors(&verdict), ["attestation-signature"]);
}

/// The statement of an attestation, and a way to put another into its envelope.
fn statement(attestation: &str) -> (String, impl Fn(&str) -> String) {
    let json: serde_json::Value = serde_json::from_str(attestation).unwrap();
    let payload = json["dsseEnvelope"]["payload"].as_str().unwrap().to_owned();
    let text = String::from_utf8(STANDARD.decode(&payload).unwrap()).unwrap();
    let attestation = attestation.to_owned();
    (text, move |other: &str| attestation.replace(&payload, &STANDARD.encode(other)))
}

fn entry<'a>(entries: &'a mut [PackageEntry], name: &str) -> &'a mut PackageEntry {
    entries.iter_mut().find(|entry| entry.name == name).unwrap()
}
