//! Bundles and `.sig` files, both ways, with three verifiers: cosign, sigstore-js, wick. What is altered is refused by
//! each of them, with the reason.

use std::fs;

use wick::signer::Signer as _;
use wick::signer::cosign::Cosign;
use wick::signer::key::KeyText;
use wick::sys::secret::Secret;

use crate::support::{self, PASSWORD, accepts, need, refuses};

const ALTERED: [&str; 5] =
    ["invalid signature", "signature verification failed", "signature error", "another key", "digest"];

#[test]
fn what_wick_signs_others_accept_and_what_is_altered_they_refuse() {
    need!(&["cosign", "go", "sigstore-js"]);
    let repo = support::repository();
    support::keygen(&repo, "other.key");
    let row = support::build(&repo, &["--cosign-key", "cosign.key"]).expect_code(0).packages()[0].clone();
    assert_eq!(row["bundle_signed_by"]["kind"], "cosign");
    assert_eq!(row["bundle_signed_by"]["hint"], row["cosigned_by"]);
    let (bin, zip) = (repo.path("bin"), support::zip());
    let bundle = format!("{zip}.sigstore.json");
    for (what, verify) in verifiers() {
        let check = |key: &str| verify(&bin, key, &bundle, &zip);
        accepts(&check("../cosign.pub"), what);
        refuses(&check("../other.pub"), &ALTERED, &format!("{what}: another key"));
    }
    // The binary and its `.sig`, as somebody has them who unpacked the zip.
    let inside = support::unpacked(&repo);
    let bare = |key: &std::path::Path| {
        let key = key.to_str().unwrap();
        let args =
            ["verify-blob", "--key", key, "--signature", "alpha.sig", "--insecure-ignore-tlog", "alpha"];
        support::cosign(inside.path(), &args)
    };
    accepts(&bare(&repo.path("cosign.pub")), "cosign on the binary");
    refuses(&bare(&repo.path("other.pub")), &ALTERED, "cosign on the binary, another key");
    support::flip(&inside.path().join("alpha"), 5000);
    refuses(&bare(&repo.path("cosign.pub")), &ALTERED, "cosign on an altered binary");

    support::flip(&bin.join(&zip), 100);
    for (what, verify) in verifiers() {
        refuses(&verify(&bin, "../cosign.pub", &bundle, &zip), &ALTERED, &format!("{what}: altered zip"));
    }
    let ran = repo.wick(&["plugin", "verify", "bin", "--cosign-pub", "cosign.pub"]).run().expect_code(1);
    assert!(
        ran.stdout.contains("[bundle-mismatch]") && ran.stdout.contains("it is over a file with"),
        "{ran}"
    );
    // Nobody has to be trusted to see that much.
    let ran = repo.wick(&["plugin", "verify", "bin"]).run().expect_code(1);
    assert!(ran.stdout.contains("[bundle-mismatch]"), "{ran}");
}

type Verify = fn(&std::path::Path, &str, &str, &str) -> std::process::Output;

fn verifiers() -> [(&'static str, Verify); 2] {
    [("cosign", support::cosign_verifies), ("sigstore-js", support::sigstore_js_verifies)]
}

#[test]
fn statements_that_wick_signs_others_accept() {
    need!(&["cosign", "go", "sigstore-js"]);
    let repo = support::repository();
    support::keygen(&repo, "other.key");
    let key = KeyText::read_file(&repo.path("cosign.key")).unwrap();
    let key = Cosign::open(&key, Some(&Secret::new(PASSWORD.to_owned()))).unwrap();
    let statement =
        r#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"x","predicate":{}}"#;
    let text = key.sign_statement(statement).unwrap().to_json();
    repo.write("s.json", &text);
    // `https` becomes `httpr`.
    let altered = text.replace("Imh0dHBzOi8v", "Imh0dHByOi8v");
    assert_ne!(altered, text);
    repo.write("altered.json", &altered);
    let check = |key: &str, bundle: &str| support::sigstore_js_verifies(repo.root(), key, bundle, "");
    accepts(&check("cosign.pub", "s.json"), "sigstore-js");
    refuses(&check("other.pub", "s.json"), &ALTERED, "sigstore-js: another key");
    refuses(&check("cosign.pub", "altered.json"), &ALTERED, "sigstore-js: another statement");
}

#[test]
fn what_cosign_signs_wick_accepts_and_what_is_altered_it_refuses() {
    need!(&["cosign", "go"]);
    let repo = support::repository();
    accepts(&support::cosign(repo.root(), &["generate-key-pair", "--output-key-prefix", "theirs"]), "cosign");
    support::build(&repo, &[]).expect_code(0);
    let zip = support::zip();
    let bin = repo.path("bin");
    for key in ["theirs", "cosign"] {
        support::cosign_signs(&bin, &format!("../{key}.key"), &zip);
        let public = format!("{key}.pub");
        let verify =
            || repo.wick(&["plugin", "verify", "bin", "--require", "bundle", "--cosign-pub", &public]).run();
        let ran = verify().expect_code(0);
        assert!(ran.stdout.contains("bundle by cosign key"), "{ran}");
        let bundle = bin.join(format!("{zip}.sigstore.json"));
        let good = fs::read_to_string(&bundle).unwrap();
        let mut document: serde_json::Value = serde_json::from_str(&good).unwrap();
        let fields = [
            ("/mediaType", "application/x"),
            ("/messageSignature/messageDigest/digest", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ("/messageSignature/messageDigest/algorithm", "SHA2_512"),
            (
                "/messageSignature/signature",
                "MEUCIQD1AuQ7kBqMUsp6DkkXmIwBYYbIbfVYVIOC23Xa4J1XcgIgbA1DnMx6rVzKatthRxYJbPBOPSB/qIBTG4yhPOJChYw=",
            ),
        ];
        for (field, other) in fields {
            let place = document.pointer_mut(field).unwrap();
            let before = std::mem::replace(place, other.into());
            fs::write(&bundle, document.to_string()).unwrap();
            let ran = verify().expect_code(1);
            assert!(ran.stdout.contains("error[bundle-mismatch]"), "{field}: {ran}");
            *document.pointer_mut(field).unwrap() = before;
        }
        fs::write(&bundle, &good).unwrap();
        verify().expect_code(0);
        // cosign's bare signature is what wick checks inside zips.
        let public: wick::signer::cosign::PublicKey = repo.read(&public).parse().unwrap();
        let trust = wick::signer::check::Trust { cosign: vec![public], ..Default::default() };
        let signature = fs::read(bin.join(format!("{zip}.sig"))).unwrap();
        let file = fs::read(bin.join(&zip)).unwrap();
        wick::signer::check::detached(&trust, &signature, &file).unwrap();
        assert!(wick::signer::check::detached(&trust, &signature, &file[1..]).is_err());
    }
}

/// Beside a zip lies nothing that isn't true of it, whoever builds next and with which key.
#[test]
fn a_bundle_follows_its_zip() {
    need!(&["go"]);
    let repo = support::repository();
    support::keygen(&repo, "other.key");
    let bundle = repo.path("bin").join(format!("{}.sigstore.json", support::zip()));
    let read = || fs::read_to_string(&bundle).unwrap();
    let with = |key: &str| support::build(&repo, &["--cosign-key", key]).expect_code(0);

    with("cosign.key");
    let first = read();
    let before = fs::metadata(&bundle).unwrap().modified().unwrap();
    assert_eq!(with("cosign.key").with_status("up-to-date"), ["alpha"]);
    assert_eq!(fs::metadata(&bundle).unwrap().modified().unwrap(), before, "what fits is left alone");

    fs::remove_file(&bundle).unwrap();
    with("cosign.key");
    assert_eq!(read(), first, "the same key and zip give the same bundle");
    for damaged in ["", "{}", &first.replace("SHA2_256", "SHA2_512")] {
        fs::write(&bundle, damaged).unwrap();
        with("cosign.key");
        assert_eq!(read(), first);
    }
    let ran = with("other.key");
    assert_eq!(ran.with_status("built"), ["alpha"]);
    assert!(ran.reasons("alpha").contains("cosign key changed"), "{ran}");
    assert_ne!(read(), first);

    // Without a key the zip is another one, so the bundle goes.
    let ran = support::build(&repo, &[]).expect_code(0);
    assert!(!bundle.exists() && ran.packages()[0]["bundle_signed_by"].is_null(), "{ran}");
    // One that somebody else made over this very zip stays.
    let key = KeyText::read_file(&repo.path("other.key")).unwrap();
    let key = Cosign::open(&key, Some(&Secret::new(PASSWORD.to_owned()))).unwrap();
    let foreign = key.sign_blob(&repo.read_bytes(&format!("bin/{}", support::zip()))).unwrap().to_json();
    fs::write(&bundle, &foreign).unwrap();
    support::build(&repo, &[]).expect_code(0);
    assert_eq!(read(), foreign);
    // Another version of the sources: another zip.
    repo.append("connector/alpha/main.go", "\nvar Added = 1\n");
    repo.replace("connector/alpha/main.go", "A plugin of a test.", "Another plugin.");
    support::build(&repo, &[]).expect_code(0);
    assert!(!bundle.exists());
}
