//! Laws of keys and bundles: what is read can be written and read again, and no message repeats a private key.

use wick::model::bundle::{Bundle, Content, pae};
use wick::model::digest::Sha256;
use wick::model::signature::PublicKey;
use wick::signer::ed25519::Ed25519;

use super::is_speakable;

/// How the reasons against a private key begin.
const REASONS: [&str; 5] =
    ["it is not text", "it is a PEM file", "it is not standard base64", "it holds ", "its public half"];

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
    let contents = ["messageSignature", "dsseEnvelope"].map(|name| value.get(name).is_some());
    assert_eq!(contents.iter().filter(|there| **there).count(), 1, "two contents in one bundle");
    if let Content::DsseEnvelope(envelope) = &bundle.content {
        assert_eq!(envelope.signatures.len(), 1);
        if let Ok(text) = envelope.text() {
            let signed = pae(&envelope.payload_type, &text);
            assert!(signed.starts_with(b"DSSEv1 ") && signed.ends_with(&text));
        }
    }
}

pub(super) fn keys(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        match text.parse::<PublicKey>() {
            Ok(key) => assert_eq!(key.to_string().parse::<PublicKey>(), Ok(key)),
            Err(error) => assert!(is_speakable(&error.to_string()), "{error:?}"),
        }
    }
    match Ed25519::parse(data) {
        Ok(key) => {
            let digest = Sha256::of(data);
            assert!(key.public().verifies(&digest, &key.sign(&digest)));
            let public: PublicKey = key.public().to_string().parse().expect("a public half is a key");
            assert_eq!(public, key.public());
        }
        // Fixed texts but for a number, so that none quotes the key.
        Err(why) => assert!(REASONS.iter().any(|reason| why.starts_with(reason)), "{why:?}"),
    }
}
