//! The key file's form, what is refused, and that nothing of a key is told. Real cosign's files: tests/trust.

use proptest::prelude::*;

use super::*;
use crate::sys::files::{self, Scratch};

fn password(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn text_of(text: &str) -> KeyText {
    KeyText { place: "cosign.key".to_owned(), bytes: text.as_bytes().to_vec().into() }
}

/// A key that is the same in every run.
fn fixed() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn sealed(cost: (u64, u8)) -> String {
    file::write(&fixed(), "pw", &[1; 32], [2; 24], cost)
}

fn open(text: &str, with: Option<&str>) -> Result<Cosign, KeyError> {
    Cosign::open(&text_of(text), with.map(password).as_ref())
}

/// The message and hints of a refusal.
#[track_caller]
fn refusal(text: &str, with: Option<&str>) -> String {
    let failure = Failure::from(open(text, with).unwrap_err());
    let said = format!("{} · {}", failure.message, failure.hints.join(" · "));
    assert!(said.starts_with("signing key cosign.key") && !failure.hints.is_empty(), "{said}");
    said
}

#[test]
fn a_key_is_made_once_and_opens_with_its_password_only() {
    let dir = Scratch::new().unwrap();
    let path = dir.path().join("new/ci.key");
    assert!(matches!(Cosign::generate(&path, None), Err(KeyError::NoNewPassword)));
    assert_eq!(files::kind(&path), files::Kind::Missing);
    let key = Cosign::generate(&path, Some(&password("pw"))).unwrap();
    let public = files::read_text(&dir.path().join("new/ci.pub")).unwrap();
    assert_eq!(public.parse::<PublicKey>().as_ref(), Ok(key.public()));
    if cfg!(unix) {
        assert_eq!(files::mode(&path), Some(0o600));
    }
    let text = KeyText::read_file(&path).unwrap();
    let again = Cosign::open(&text, Some(&password("pw"))).unwrap();
    assert_eq!(
        (again.public(), again.sign(b"x")),
        (key.public(), key.sign(b"x")),
        "same key, same signature"
    );
    assert!(matches!(Cosign::open(&text, None), Err(KeyError::NoPassword { .. })));
    for other in ["", "pw ", "PW"] {
        let error = Cosign::open(&text, Some(&password(other))).unwrap_err();
        assert!(matches!(error, KeyError::WrongPassword { .. }), "{error}");
    }
    assert!(matches!(Cosign::generate(&path, Some(&password("pw"))), Err(KeyError::Exists { .. })));
    files::remove(&path).unwrap();
    assert!(
        matches!(Cosign::generate(&path, Some(&password(""))), Err(KeyError::Exists { .. })),
        "the .pub stays"
    );
}

#[test]
fn public_halves_stand_beside_private_ones() {
    for (private, public) in [("a/cosign.key", "a/cosign.pub"), ("ci", "ci.pub"), ("ci.pub", "ci.pub.pub")] {
        assert_eq!(public_path(Path::new(private)), Path::new(public));
    }
}

#[test]
fn the_form_of_both_cosigns_is_read_and_the_newer_is_written() {
    let text = sealed(file::COST);
    assert_eq!(text, include_str!("../../../tests/golden/cosign/cosign.key"));
    let public = PublicKey::new(*fixed().verifying_key());
    assert_eq!(public.to_string(), include_str!("../../../tests/golden/cosign/cosign.pub"));
    for cost in file::COSTS {
        for label in file::LABELS {
            let text = sealed(cost).replace(file::LABELS[0], label);
            let messy = format!("a note\r\n{}\r\n\r\n", text.replace('\n', "\r\n"));
            for text in [&text, &messy] {
                assert_eq!(open(text, Some("pw")).unwrap().public(), &public, "{cost:?} {label}");
            }
        }
    }
}

#[test]
fn other_keys_are_refused_by_what_they_are() {
    let pem = |label: &str| format!("-----BEGIN {label}-----\naGlkZGVu\n-----END {label}-----\n");
    let good = sealed(file::COST);
    let json = String::from_utf8(pem::read(&good).ok().unwrap().bytes).unwrap();
    let with = |from: &str, to: &str| pem::write(file::LABELS[0], json.replacen(from, to, 1).as_bytes());
    let ed25519 = super::super::encode(&[9; 64]);
    for (text, why) in [
        ("", "no PEM file"),
        ("hidden", "no PEM file"),
        (&ed25519, "an ed25519 key of wick's"),
        (&pem("PUBLIC KEY"), "a public key"),
        (&pem("PRIVATE KEY"), "cosign import-key-pair"),
        (&pem("EC PRIVATE KEY"), "without encryption"),
        (&pem("ENCRYPTED PRIVATE KEY"), "as OpenSSL does it"),
        (&pem("OPENSSH PRIVATE KEY"), "an SSH key"),
        (&pem("SOMETHING ELSE"), "of another kind"),
        (&pem("ENCRYPTED SIGSTORE PRIVATE KEY"), "damaged: it is not the JSON"),
        (&good[..200], "damaged: it has no end"),
        (&good.replace("\nZ", "\n!"), "damaged"),
        (&with("scrypt", "bcrypt"), "another way than scrypt"),
        (&with("nacl/secretbox", "aes"), "another way than scrypt"),
        (&with("65536", "1073741824"), "N 1073741824, r 8, p 1 are none"),
        (&with("\"r\":8", "\"r\":4294967295"), "r 4294967295"),
        (&with("\"p\":1", "\"p\":9"), "p 9"),
        (&with("AgIC", "AgI="), "damaged"),
    ] {
        let said = refusal(text, Some("pw"));
        assert!(said.contains(why), "{said}\n{text}");
        assert!(!said.contains("hidden"), "{said}");
        // What it is comes before what it is encrypted with.
        assert_eq!(refusal(text, None), said);
    }
    assert!(refusal(&with("AQEB", "AQEC"), Some("pw")).contains("not its password, or it was altered"));
    assert!(refusal(&good, None).contains("set COSIGN_PASSWORD, also to the empty text"));
}

#[test]
fn what_is_signed_verifies_and_nothing_else_does() {
    let key = Cosign::new(fixed());
    let signature = super::super::decode(&key.sign(b"x")).unwrap();
    assert!(key.public().verifies(b"x", &signature));
    assert!(!key.public().verifies(b"y", &signature));
    let other = PublicKey::new(*SigningKey::from_slice(&[8; 32]).unwrap().verifying_key());
    assert!(!other.verifies(b"x", &signature));
    assert!(!key.public().verifies(b"x", b""));
}

#[test]
fn public_keys_of_other_kinds_are_named() {
    for (text, why) in [
        ("", "no PEM file"),
        (&sealed(file::COST), "give the public half"),
        ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "another kind"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "damaged"),
        (
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----",
            "an ed25519 key",
        ),
    ] {
        let error = text.parse::<PublicKey>().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn nothing_of_a_key_prints() {
    let key = Cosign::new(fixed());
    let text = text_of("AAAA");
    assert_eq!(
        format!("{key:?} {text:?}"),
        format!("Cosign(public {}) KeyText(cosign.key)", key.public().hint())
    );
}

proptest! {
    /// Reading costs nothing: scrypt only runs on what has the form.
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = file::Sealed::read(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = text.parse::<PublicKey>();
        let framed = pem::write("PUBLIC KEY", &bytes);
        let _ = framed.parse::<PublicKey>();
        let _ = file::Sealed::read(pem::write(file::LABELS[0], &bytes).as_bytes());
    }

    #[test]
    fn no_damage_makes_the_reader_panic(at in 0usize..600, with in any::<u8>()) {
        let mut bytes = sealed_once().as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = with;
        let _ = file::Sealed::read(&bytes);
        let mut inner = pem::read(sealed_once()).ok().unwrap().bytes;
        let at = at % inner.len();
        inner[at] = with;
        let _ = file::Sealed::read(pem::write(file::LABELS[0], &inner).as_bytes());
    }
}

fn sealed_once() -> &'static str {
    static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    TEXT.get_or_init(|| sealed(file::COST))
}
