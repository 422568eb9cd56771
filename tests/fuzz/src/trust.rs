//! Laws of keys and bundles: what is read can be written and read again, nothing but what was signed is accepted, and
//! no message repeats a private key.

use std::sync::OnceLock;

use wick::model::bundle::{Bundle, Content, pae};
use wick::model::digest::Sha256;
use wick::model::signature::PublicKey;
use wick::model::statement::Statement;
use wick::signer::check::{self, Trust};
use wick::signer::cosign::{self, Cosign};
use wick::signer::ed25519::Ed25519;
use wick::signer::key::{KeyError, KeyText};
use wick::signer::names;

use super::is_speakable;

/// How the reasons against an ed25519 key begin.
const REASONS: [&str; 5] =
    ["it is not text", "it is a PEM file", "it is not standard base64", "it holds ", "its public half"];

/// What the keys of the seeds signed; see `tests/golden/cosign`.
const FILE: &[u8] = b"a file";
const STATEMENT: &str = r#"{"_type":"https://in-toto.io/Statement/v1"}"#;

pub(super) fn bundle(data: &[u8]) {
    let bundle = match Bundle::read(data) {
        Ok(bundle) => bundle,
        Err(error) => return assert!(is_speakable(&error.to_string()), "{error:?}"),
    };
    let material = &bundle.verification_material;
    assert!(material.public_key.is_some() != material.certificate.is_some());
    let written = bundle.to_json();
    let again = Bundle::read(written.as_bytes()).expect("what wick writes it reads");
    assert_eq!(again.content, bundle.content);
    assert_eq!(again.to_json(), written);
    // Readers of another make must not have the choice between two contents.
    let value: serde_json::Value = serde_json::from_slice(data).expect("it was read");
    let contents = ["messageSignature", "dsseEnvelope"]
        .map(|name| value.get(name).is_some_and(|value| !value.is_null()));
    assert_eq!(contents.iter().filter(|there| **there).count(), 1, "two contents in one bundle");
    if let Content::DsseEnvelope(envelope) = &bundle.content {
        assert_eq!(envelope.signatures.len(), 1);
        if let Ok(text) = envelope.text() {
            let signed = pae(&envelope.payload_type, &text);
            assert!(signed.starts_with(b"DSSEv1 ") && signed.ends_with(&text));
        }
    }
    checked(&bundle);
}

/// Only the file and the statement that the trusted keys really signed are accepted.
fn checked(bundle: &Bundle) {
    assert!(is_speakable(&names::says_signer(bundle)));
    match check::blob(trust(), bundle, FILE) {
        Ok(_) => assert!(check::blob(trust(), bundle, b"another file").is_err()),
        Err(error) => assert!(is_speakable(&error.to_string()), "{error:?}"),
    }
    match check::statement(trust(), bundle) {
        Ok((_, text)) => assert_eq!(text, STATEMENT),
        Err(error) => assert!(is_speakable(&error.to_string()), "{error:?}"),
    }
}

/// The keys of the seeds.
fn trust() -> &'static Trust {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    TRUST.get_or_init(|| Trust {
        ed25519: vec!["6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=".parse().expect("it is a key")],
        cosign: vec![include_str!("../seeds/cosign/cosign.pub").parse().expect("it is a key")],
        certificates: None,
    })
}

/// What an attestation says.
pub(super) fn statement(data: &[u8]) {
    let statement = match Statement::read(data) {
        Ok(statement) => statement,
        Err(error) => return assert!(is_speakable(&error.to_string()), "{error:?}"),
    };
    let written = statement.to_json();
    let again = Statement::read(written.as_bytes()).expect("what wick writes it reads");
    assert_eq!(again.to_json(), written);
    assert_eq!(again.parameters().target, statement.parameters().target);
    for subject in &statement.subject {
        assert_eq!(statement.digest_of(&subject.name), Some(subject.digest.sha256), "each name once");
    }
    // Readers of another make see the same subjects.
    let value: serde_json::Value = serde_json::from_slice(data).expect("it was read");
    let names = value["subject"].as_array().map(|all| all.iter().filter_map(|one| one["name"].as_str()));
    assert!(
        names.is_some_and(|names| names.eq(statement.subject.iter().map(|subject| subject.name.as_str())))
    );
}

pub(super) fn keys(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        match text.parse::<PublicKey>() {
            Ok(key) => assert_eq!(key.to_string().parse::<PublicKey>(), Ok(key)),
            Err(error) => assert!(is_speakable(&error.to_string()), "{error:?}"),
        }
    }
    match Ed25519::open(&key_text(data)) {
        Ok(key) => {
            let digest = Sha256::of(data);
            assert!(key.public().verifies(&digest, &key.sign(&digest)));
            let public: PublicKey = key.public().to_string().parse().expect("a public half is a key");
            assert_eq!(public, key.public());
        }
        // Fixed texts but for a number, so that none quotes the key.
        Err(KeyError::Form { why, .. }) => {
            assert!(is_speakable(&why) && REASONS.iter().any(|reason| why.starts_with(reason)), "{why:?}");
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// cosign's files: a private key up to where its password would be needed, a public key, a bare signature.
pub(super) fn cosign(data: &[u8]) {
    match Cosign::open(&key_text(data), None) {
        Ok(_) => panic!("a key opens without its password"),
        Err(KeyError::NoPassword { .. }) => {}
        Err(KeyError::Form { why, hint, .. }) => {
            assert!(is_speakable(&why) && is_speakable(&hint), "{why:?}");
            let quoted =
                |word: &&str| word.len() >= 24 && data.windows(24).any(|part| part == &word.as_bytes()[..24]);
            assert!(!why.split_whitespace().any(|word| quoted(&word)), "{why:?}");
        }
        Err(other) => panic!("{other:?}"),
    }
    if let Ok(text) = std::str::from_utf8(data) {
        match text.parse::<cosign::PublicKey>() {
            Ok(key) => {
                assert_eq!(key.to_string().parse::<cosign::PublicKey>(), Ok(key.clone()));
                assert_eq!(key.hint().len(), 44);
            }
            Err(error) => assert!(is_speakable(&error.to_string()), "{error:?}"),
        }
    }
    match check::detached(trust(), data, FILE) {
        Ok(_) => assert!(check::detached(trust(), data, b"another file").is_err()),
        Err(error) => assert!(is_speakable(&error.to_string()), "{error:?}"),
    }
}

fn key_text(data: &[u8]) -> KeyText {
    KeyText { place: "a key".to_owned(), bytes: data.to_vec().into() }
}
