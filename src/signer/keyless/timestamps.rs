//! Timestamps (RFC 3161) over a signature: the question by hand, as it has one form; the answer is checked with the
//! whole bundle.

use sigstore_verify::types::{SignatureBytes, TimestampToken};

use super::call::{Client, Failed};
use super::error::Service;
use crate::model::digest::Sha256;
use crate::sys::http::{Body, Method, Request};

/// The largest answer that is read, in bytes.
const ANSWER_MAX: u64 = 256 << 10;

/// Asks for the time of a signature, once.
pub(super) fn stamp(
    client: &Client,
    url: &str,
    signature: &SignatureBytes,
) -> Result<TimestampToken, Failed> {
    let wanted = question(&Sha256::of(signature.as_bytes()));
    let request = Request {
        method: Method::Post,
        url: url.to_owned(),
        headers: vec![("accept", "application/timestamp-reply".to_owned())],
        token: None,
        body: Body::Bytes { bytes: &wanted, content_type: "application/timestamp-query" },
        most: ANSWER_MAX,
    };
    let answer = client.once(Service::Timestamps, &request, &[])?;
    Ok(TimestampToken::new(answer))
}

/// `TimeStampReq` in DER: version 1, SHA-256 and the digest, and the wish for the authority's certificate. No nonce: an
/// older answer can't be of a signature that was made just now.
fn question(digest: &Sha256) -> Vec<u8> {
    // SEQUENCE { OID 2.16.840.1.101.3.4.2.1, NULL }
    let algorithm = [0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0];
    let imprint = [&[0x30, 49][..], &algorithm, &[4, 32], digest.as_bytes()].concat();
    [&[0x30, 57, 2, 1, 1][..], &imprint, &[1, 1, 0xff]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `openssl ts -query -sha256 -cert -no_nonce` writes it.
    #[test]
    fn the_question_is_openssls() {
        let hex: String = question(&Sha256::of(b"x")).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "30390201013031300d0609608648016503040201050004202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48810101ff"
        );
    }
}
