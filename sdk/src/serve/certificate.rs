//! A self-signed certificate for one run, written as DER by hand: its fields are fixed but for serial, key and signature.

use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const BOOLEAN_TRUE: &[u8] = &[0x01, 0x01, 0xff];

const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// The name that go-plugin hosts expect.
const NAME: &str = "localhost";

/// A certificate in DER and its key in PKCS #8; none without randomness.
///
/// P-256 and not P-521 as go-plugin's own: hosts pin the certificate and verify whatever Go knows, and this one is made
/// in microseconds. It is no CA, so that webpki's clients take it too.
pub(super) fn make() -> Option<(Vec<u8>, Vec<u8>)> {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).ok()?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).ok()?;
    let mut serial = [0; 16];
    random.fill(&mut serial).ok()?;
    // Positive, and in its shortest form.
    serial[0] = serial[0] & 0x3f | 0x40;

    let algorithm = der(SEQUENCE, &[&der(OID, &[ECDSA_WITH_SHA256])]);
    let name = der(
        SEQUENCE,
        &[&der(SET, &[&der(SEQUENCE, &[&der(OID, &[COMMON_NAME]), &der(UTF8, &[NAME.as_bytes()])])])],
    );
    // No clock is asked: the certificate is pinned and ends with the process. The last day is RFC 5280's for "no end".
    let validity =
        der(SEQUENCE, &[&der(UTC_TIME, &[b"000101000000Z"]), &der(GENERALIZED_TIME, &[b"99991231235959Z"])]);
    let curve = der(SEQUENCE, &[&der(OID, &[EC_PUBLIC_KEY]), &der(OID, &[PRIME256V1])]);
    let public = der(SEQUENCE, &[&curve, &der(BIT_STRING, &[&[0], key.public_key().as_ref()])]);
    let extension = |id: &[u8], critical: &[u8], value: Vec<u8>| {
        der(SEQUENCE, &[&der(OID, &[id]), critical, &der(OCTET_STRING, &[&value])])
    };
    let extensions = der(
        SEQUENCE,
        &[
            // Bit 0: digital signature.
            &extension(KEY_USAGE, BOOLEAN_TRUE, der(BIT_STRING, &[&[7, 0x80]])),
            &extension(EXTENDED_KEY_USAGE, &[], der(SEQUENCE, &[&der(OID, &[SERVER_AUTH])])),
            // [2] is dNSName.
            &extension(SUBJECT_ALT_NAME, &[], der(SEQUENCE, &[&der(0x82, &[NAME.as_bytes()])])),
        ],
    );
    let body = der(
        SEQUENCE,
        &[
            // [0] version 3.
            &der(0xa0, &[&der(INTEGER, &[&[2]])]),
            &der(INTEGER, &[&serial]),
            &algorithm,
            &name,
            &validity,
            &name,
            &public,
            // [3] extensions.
            &der(0xa3, &[&extensions]),
        ],
    );
    let signature = key.sign(&random, &body).ok()?;
    let certificate = der(SEQUENCE, &[&body, &algorithm, &der(BIT_STRING, &[&[0], signature.as_ref()])]);
    Some((certificate, pkcs8.as_ref().to_vec()))
}

/// One element: tag, length, content.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}
