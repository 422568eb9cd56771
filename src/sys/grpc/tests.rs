//! Laws over frames and status texts. Calls over real connections are tried in tests/it/plugin.

use proptest::prelude::*;

use super::exchange::unescaped;
use super::frame::{FrameError, Frames, framed};
use super::identity::Identity;

proptest! {
    /// However the bytes are cut, the messages come out.
    #[test]
    fn frames_survive_any_cut(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..6),
        piece in 1usize..60,
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|message| framed(message).to_vec()).collect();
        let mut frames = Frames::new(50);
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            frames.push(piece);
            while let Some(message) = frames.next().unwrap() {
                found.push(message);
            }
        }
        prop_assert_eq!(found, messages);
        prop_assert!(!frames.is_within_a_message());
    }

    #[test]
    fn any_bytes_are_frames_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let mut frames = Frames::new(20);
        frames.push(&bytes);
        while let Ok(Some(message)) = frames.next() {
            prop_assert!(message.len() <= 20);
        }
    }

    #[test]
    fn any_status_text_is_a_text(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = unescaped(&bytes);
    }
}

#[test]
fn a_message_beyond_the_limit_is_refused_before_it_comes() {
    let mut frames = Frames::new(1 << 20);
    frames.push(&[0, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(frames.next(), Err(FrameError::TooBig(1 << 20)));
    let mut frames = Frames::new(1 << 20);
    frames.push(&[1, 0, 0, 0, 0]);
    assert_eq!(frames.next(), Err(FrameError::Compressed));
}

#[test]
fn status_texts_are_decoded() {
    assert_eq!(unescaped(b"a%20b%C3%A9%0a"), "a bé\n");
    assert_eq!(unescaped(b"100% %zz %+1 %4"), "100% %zz %+1 %4");
}

/// The certificate is one that strict parsers take, and its key fits.
#[test]
fn an_identity_is_a_certificate() {
    let (one, two) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    assert_ne!(one.certificate(), two.certificate());
    let pem = one.pem();
    assert!(
        pem.starts_with("-----BEGIN CERTIFICATE-----\nMII") && pem.ends_with("-----END CERTIFICATE-----\n")
    );
    let der = rustls::pki_types::CertificateDer::from(one.certificate().to_vec());
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(one.key().to_vec());
    let provider = rustls::crypto::ring::default_provider();
    let certified = rustls::sign::CertifiedKey::from_der(vec![der], key.into(), &provider).unwrap();
    certified.keys_match().unwrap();
}
