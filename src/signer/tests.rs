//! The law: what is signed verifies, and whatever is altered doesn't.

use proptest::prelude::*;

use super::cosign::Cosign;
use super::ed25519::Ed25519;
use super::*;
use crate::sys::files::Scratch;
use crate::sys::secret::Secret;

const STATEMENT: &str = "{\"_type\":\"https://in-toto.io/Statement/v1\"}";

fn cosign() -> Cosign {
    let dir = Scratch::new().unwrap();
    Cosign::generate(&dir.path().join("k.key"), Some(&Secret::new(String::new()))).unwrap()
}

fn ed25519() -> Ed25519 {
    let dir = Scratch::new().unwrap();
    Ed25519::generate(&dir.path().join("k")).unwrap()
}

fn both() -> [Box<dyn Signer>; 2] {
    [Box::new(cosign()), Box::new(ed25519())]
}

fn all(signers: &[Box<dyn Signer>]) -> Trust {
    signers.iter().map(|signer| signer.trust()).fold(Trust::default(), |all, one| Trust {
        ed25519: [all.ed25519, one.ed25519].concat(),
        cosign: [all.cosign, one.cosign].concat(),
        certificates: None,
    })
}

#[test]
fn every_signer_keeps_the_law() {
    let signers = both();
    let trust = all(&signers);
    for signer in &signers {
        let signed = sign_blob(signer.as_ref(), b"a file").unwrap();
        assert_eq!(Some(&signed.identity), signer.identity().as_ref());
        let read = Bundle::read(signed.bundle.to_json().as_bytes()).unwrap();
        assert_eq!(check::blob(&trust, &read, b"a file"), Ok(signed.identity.clone()));
        assert!(check::is_about(&read, &Sha256::of(b"a file")).is_ok());
        if signer.is_deterministic() {
            assert_eq!(sign_blob(signer.as_ref(), b"a file").unwrap().bundle.to_json(), read.to_json());
        }
        let attested = sign_statement(signer.as_ref(), STATEMENT).unwrap();
        let read = Bundle::read(attested.bundle.to_json().as_bytes()).unwrap();
        assert_eq!(check::statement(&trust, &read), Ok((signed.identity, STATEMENT.to_owned())));
    }
}

#[test]
fn refusals_say_the_reason() {
    let signers = both();
    let strangers = both();
    for ((signer, stranger), missing) in signers.iter().zip(&strangers).zip(["cosign key", "ed25519 key"]) {
        let blob = signer.sign_blob(b"a file").unwrap();
        let said = |trust: &Trust, bundle: &Bundle, bytes: &[u8]| {
            check::blob(trust, bundle, bytes).unwrap_err().to_string()
        };
        let own = signer.trust();
        assert!(said(&own, &blob, b"another").starts_with("it is over a file with sha256 "));
        assert!(said(&stranger.trust(), &blob, b"a file").starts_with("another key signed it ("));
        assert_eq!(
            said(&Trust::default(), &blob, b"a file"),
            format!("it can't be checked: no {missing} is trusted")
        );

        let altered = |change: &dyn Fn(&mut MessageSignature)| {
            let mut bundle = blob.clone();
            let Content::MessageSignature(signature) = &mut bundle.content else { unreachable!() };
            change(signature);
            bundle
        };
        let lying = altered(&|it| it.message_digest = Some(MessageDigest::of(&Sha256::of(b"another"))));
        assert!(said(&own, &lying, b"another").contains("that key's signature over this file is another"));
        let silent = altered(&|it| it.message_digest = None);
        assert!(check::blob(&own, &silent, b"a file").is_ok(), "the signature says it all");
        assert!(check::is_about(&silent, &Sha256::of(b"a file")).is_err());
        let garbled = altered(&|it| it.signature = "!".to_owned());
        assert!(said(&own, &garbled, b"a file").contains("no base64"));
        let md5 = altered(&|it| it.message_digest.as_mut().unwrap().algorithm = "MD5".to_owned());
        assert!(said(&own, &md5, b"a file").contains("`MD5`"));

        let statement = signer.sign_statement(STATEMENT).unwrap();
        assert_eq!(
            said(&own, &statement, b"a file"),
            "it is a signed statement, not a signature over a file"
        );
        assert!(check::statement(&own, &blob).is_err());
        let mut other = statement.clone();
        let Content::DsseEnvelope(envelope) = &mut other.content else { unreachable!() };
        envelope.payload = encode(b"{}");
        let error = check::statement(&own, &other).unwrap_err().to_string();
        assert!(error.contains("that key's signature over its statement is another"), "{error}");
        let Content::DsseEnvelope(envelope) = &mut other.content else { unreachable!() };
        envelope.payload_type = "text/plain".to_owned();
        assert!(check::statement(&own, &other).unwrap_err().to_string().contains("`text/plain`"));
    }
}

#[test]
fn a_hint_is_only_a_hint() {
    let signer = cosign();
    let mut bundle = signer.sign_blob(b"x").unwrap();
    bundle.verification_material.public_key.as_mut().unwrap().hint = "anything".to_owned();
    assert_eq!(check::blob(&signer.trust(), &bundle, b"x").ok(), signer.identity());
}

#[test]
fn bare_signatures_are_checked_with_cosign_keys_only() {
    let (signer, other) = (cosign(), cosign());
    let text = format!("{}\n", signer.sign(b"x"));
    assert_eq!(check::detached(&signer.trust(), text.as_bytes(), b"x").ok(), signer.identity());
    for (trust, bytes, why) in [
        (signer.trust(), b"y", "another key signed it, or either was altered"),
        (other.trust(), b"x", "another key signed it, or either was altered"),
        (ed25519().trust(), b"x", "no cosign key is trusted"),
    ] {
        let error = check::detached(&trust, text.as_bytes(), bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

/// A signer that signs something else than it is given must never get a bundle out.
#[test]
fn a_signature_that_does_not_verify_is_never_given_out() {
    struct Broken(Cosign);
    impl Signer for Broken {
        fn identity(&self) -> Option<Identity> {
            self.0.identity()
        }
        fn is_deterministic(&self) -> bool {
            true
        }
        fn trust(&self) -> Trust {
            self.0.trust()
        }
        fn sign_blob(&self, _: &[u8]) -> Result<Bundle, Failure> {
            self.0.sign_blob(b"something else")
        }
        fn sign_statement(&self, _: &str) -> Result<Bundle, Failure> {
            self.0.sign_statement("{}")
        }
    }
    let broken = Broken(cosign());
    for failure in [sign_blob(&broken, b"x").unwrap_err(), sign_statement(&broken, STATEMENT).unwrap_err()] {
        assert!(failure.kind == FailureKind::Step && failure.message.contains("doesn't verify"), "{failure}");
    }
}

#[test]
fn the_form_of_a_bundle_is_kept() {
    let key = Ed25519::fixed();
    let text =
        key.sign_blob(b"a file").unwrap().to_json() + &key.sign_statement(STATEMENT).unwrap().to_json();
    assert_eq!(text, include_str!("../../tests/golden/cosign/bundles-ed25519.jsonl"));
    let key = Cosign::fixed();
    let text =
        key.sign_blob(b"a file").unwrap().to_json() + &key.sign_statement(STATEMENT).unwrap().to_json();
    assert_eq!(text, include_str!("../../tests/golden/cosign/bundles-cosign.jsonl"));
}

proptest! {
    #[test]
    fn no_bytes_make_the_bundle_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Bundle::read(&bytes);
    }

    /// Whatever is altered in a bundle's text, it is no other statement or file that is accepted.
    #[test]
    fn no_damage_makes_another_statement_true(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let key = Cosign::fixed();
        for (statement, text) in
            [(false, key.sign_blob(b"a file").unwrap().to_json()), (true, key.sign_statement(STATEMENT).unwrap().to_json())]
        {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = with;
            let Ok(bundle) = Bundle::read(&bytes) else { continue };
            if statement {
                if let Ok((_, text)) = check::statement(&key.trust(), &bundle) {
                    prop_assert_eq!(text, STATEMENT);
                }
            } else {
                prop_assert!(check::blob(&key.trust(), &bundle, b"another").is_err());
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_signing_key_is_told_before_who_can_read_it() {
    use super::key::{KeyError, KeyText};
    let scratch = crate::sys::files::Scratch::new().unwrap();
    let key = scratch.path().join("x.key");
    let public = super::ed25519::Ed25519::generate(&key).unwrap().public().to_string();
    let private = crate::sys::files::read_text(&key).unwrap();
    for (text, is_key) in
        [(private.as_str(), true), (public.as_str(), false), ("garbage", false), ("", false)]
    {
        let path = scratch.path().join("exposed");
        crate::sys::files::write_atomic(&path, text.as_bytes(), 0o644).unwrap();
        let opened = KeyText::read_file(&path).and_then(|text| super::ed25519::Ed25519::open(&text));
        match opened {
            Err(KeyError::Exposed { mode: 0o644, .. }) => assert!(is_key, "{text}"),
            Err(KeyError::Form { .. }) => assert!(!is_key, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}
