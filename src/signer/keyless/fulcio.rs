//! A certificate from Fulcio: a fresh key, proof that wick has it, and the token that says who wick is.
//! API: sigstore/fulcio, `fulcio.proto`, `CreateSigningCertificate` (version 2).

use serde::{Deserialize, Serialize};
use sigstore_verify::crypto::{CertificateInfo, KeyPair, parse_certificate_info};
use sigstore_verify::types::DerCertificate;
use zeroize::Zeroizing;

use super::call::Client;
use super::error::{KeylessError, Service};
use super::token::Token;
use crate::model::bundle::Identity;
use crate::sys::clock;
use crate::sys::http::{Body, Method, Request};

/// A certificate that ends sooner than this, in seconds, is replaced: log and timestamps must be made while it lives,
/// and asking them may take several tries.
const MARGIN: i64 = 150;
/// The largest answer that is read, in bytes.
const ANSWER_MAX: u64 = 256 << 10;

/// A key that lives in memory only, and the certificate that binds it to an identity for ten minutes.
pub(super) struct Certified {
    pub(super) keys: KeyPair,
    pub(super) certificate: DerCertificate,
    pub(super) identity: Identity,
    until: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wanted<'a> {
    credentials: Credentials<'a>,
    public_key_request: PublicKeyRequest<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'a> {
    oidc_identity_token: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicKeyRequest<'a> {
    public_key: PublicKey<'a>,
    proof_of_possession: String,
}

#[derive(Serialize)]
struct PublicKey<'a> {
    algorithm: &'static str,
    content: &'a str,
}

/// With the certificate transparency log's promise in the certificate; one beside it doesn't fit into a bundle.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issued {
    signed_certificate_embedded_sct: Option<Signed>,
}

#[derive(Deserialize)]
struct Signed {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    /// PEM, the signer's own first.
    certificates: Vec<String>,
}

/// Gets a certificate for a new key.
///
/// # Errors
/// When Fulcio can't be reached, refuses, or certifies something else.
pub(super) fn certify(client: &Client, fulcio: &str, token: &Token) -> Result<Certified, KeylessError> {
    let keys = KeyPair::generate_ecdsa_p256().map_err(crypto)?;
    let public = keys.public_key_der().map_err(crypto)?;
    let proof = keys.sign(token.principal().as_bytes()).map_err(crypto)?;
    let wanted = Wanted {
        credentials: Credentials { oidc_identity_token: token.secret().expose() },
        public_key_request: PublicKeyRequest {
            public_key: PublicKey { algorithm: "ECDSA", content: &public.to_pem() },
            proof_of_possession: proof.to_base64(),
        },
    };
    let text = Zeroizing::new(serde_json::to_vec(&wanted).expect("a request is plain data"));
    let request = Request {
        method: Method::Post,
        url: format!("{}/api/v2/signingCert", fulcio.trim_end_matches('/')),
        headers: vec![("accept", "application/json".to_owned())],
        token: None,
        body: Body::Json(&text),
        most: ANSWER_MAX,
    };
    let answer = client.call(Service::Fulcio, &request, &[token.secret()])?;
    let wrong = |why: &str| KeylessError::Answer { service: Service::Fulcio, why: why.to_owned() };
    let certificate = read(&answer).map_err(|why| wrong(&why))?;
    let info = parse_certificate_info(&certificate).map_err(|error| wrong(&error.to_string()))?;
    if info.public_key.as_bytes() != public.as_bytes() {
        return Err(wrong("the certificate is for another key"));
    }
    let identity = identity(&info).ok_or_else(|| wrong("the certificate names nobody"))?;
    Ok(Certified { keys, certificate, identity, until: info.not_after.as_second() })
}

fn read(answer: &[u8]) -> Result<DerCertificate, String> {
    let issued: Issued = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
    let signed = issued
        .signed_certificate_embedded_sct
        .ok_or("it holds no certificate with a promise of the certificate log")?;
    let pem = signed.chain.certificates.first().ok_or("it holds no certificate")?;
    DerCertificate::from_pem(pem).map_err(|error| error.to_string())
}

/// Whom a certificate names, and who says so.
pub(super) fn identity(info: &CertificateInfo) -> Option<Identity> {
    let subject = info.identity.as_ref()?.as_str().to_owned();
    Some(Identity::Certificate { subject, issuer: info.issuer.clone()? })
}

fn crypto(error: sigstore_verify::crypto::Error) -> KeylessError {
    KeylessError::Crypto(error.to_string())
}

impl Certified {
    /// Whether it lives long enough for one more signature.
    pub(super) fn is_good(&self) -> bool {
        i64::try_from(clock::now().as_secs()).is_ok_and(|now| now + MARGIN < self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_certificate_is_refused() {
        for bad in [
            "",
            "{}",
            r#"{"signedCertificateDetachedSct":{"chain":{"certificates":["x"]}}}"#,
            r#"{"signedCertificateEmbeddedSct":{"chain":{"certificates":[]}}}"#,
            r#"{"signedCertificateEmbeddedSct":{"chain":{"certificates":["-----BEGIN X-----"]}}}"#,
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
