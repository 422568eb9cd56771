//! A one-time identity: a P-256 key and a certificate for `localhost` that it signs itself. The certificate is written
//! here, in DER: it is always the same but for the key, the serial number and the signature (RFC 5280).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use zeroize::Zeroizing;

/// A key pair and the certificate that shows it. It never prints, and is gone with the value.
pub struct Identity {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Identity {
    /// Makes a new one.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Identity, String> {
        let failed = |_| "can't make a key for TLS".to_owned();
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(failed)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random)
            .map_err(|error| format!("can't make a key for TLS: {error}"))?;
        let mut serial = [0; 16];
        random.fill(&mut serial).map_err(failed)?;
        // Positive, and never shorter.
        serial[0] = serial[0] & 0x3f | 0x40;
        let statement = statement(pair.public_key().as_ref(), &serial);
        let signature = pair.sign(&random, &statement).map_err(failed)?;
        let certificate = sequence(&[&statement, &ECDSA_WITH_SHA256, &bits(signature.as_ref(), 0)]);
        Ok(Identity { certificate, key: Zeroizing::new(pkcs8.as_ref().to_vec()) })
    }

    /// The certificate as PEM, as plugins take it.
    #[must_use]
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let mut out = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for line in text.as_bytes().chunks(64) {
            out.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
            out.push('\n');
        }
        out.push_str("-----END CERTIFICATE-----\n");
        out
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// PKCS #8.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

/// `AlgorithmIdentifier` of ecdsa-with-SHA256, 1.2.840.10045.4.3.2.
const ECDSA_WITH_SHA256: [u8; 12] = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// `AlgorithmIdentifier` of a P-256 key: 1.2.840.10045.2.1 with 1.2.840.10045.3.1.7.
const P256_KEY: [u8; 21] =
    [0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
/// 2.5.4.10, 2.5.4.3: organization, common name.
const ORGANIZATION: [u8; 5] = [6, 3, 0x55, 4, 10];
const COMMON_NAME: [u8; 5] = [6, 3, 0x55, 4, 3];
/// 2.5.29.15, critical: digitalSignature.
const KEY_USAGE: [u8; 16] = [0x30, 14, 6, 3, 0x55, 0x1d, 15, 1, 1, 0xff, 4, 4, 3, 2, 7, 0x80];
/// 2.5.29.37: clientAuth, 1.3.6.1.5.5.7.3.2.
const CLIENT_AUTH: [u8; 21] =
    [0x30, 19, 6, 3, 0x55, 0x1d, 37, 4, 12, 0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
/// 2.5.29.17: the DNS name `localhost`.
const ALTERNATIVE_NAME: [u8; 22] = [
    0x30, 20, 6, 3, 0x55, 0x1d, 17, 4, 13, 0x30, 11, 0x82, 9, b'l', b'o', b'c', b'a', b'l', b'h', b'o', b's',
    b't',
];

/// What is signed (`TBSCertificate`). Its time is as long as times in certificates get: the key lives for one launch,
/// and a clock that is wrong must not matter.
fn statement(public: &[u8], serial: &[u8]) -> Vec<u8> {
    let name_part =
        |kind: &[u8], text: &str| tagged(0x31, &[&sequence(&[kind, &tagged(0x0c, &[text.as_bytes()])])]);
    let name = sequence(&[&name_part(&ORGANIZATION, "wick"), &name_part(&COMMON_NAME, "localhost")]);
    let times = sequence(&[&tagged(0x17, &[b"200101000000Z"]), &tagged(0x17, &[b"491231235959Z"])]);
    let key = sequence(&[&P256_KEY, &bits(public, 0)]);
    let extensions = tagged(0xa3, &[&sequence(&[&KEY_USAGE, &CLIENT_AUTH, &ALTERNATIVE_NAME])]);
    let version_3 = [0xa0, 3, 2, 1, 2];
    let serial = tagged(2, &[serial]);
    sequence(&[&version_3, &serial, &ECDSA_WITH_SHA256, &name, &times, &name, &key, &extensions])
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tagged(0x30, parts)
}

fn bits(bytes: &[u8], unused: u8) -> Vec<u8> {
    tagged(3, &[&[unused], bytes])
}

fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    match u16::try_from(length).map(u16::to_be_bytes).expect("a certificate is short") {
        [0, short @ 0..0x80] => out.push(short),
        [0, long] => out.extend([0x81, long]),
        [high, low] => out.extend([0x82, high, low]),
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}
