//! Sigstore bundles, version 0.3: a signature and what it is checked with, in one JSON file beside what it is over.
//! Format: `sigstore/protobuf-specs`, `sigstore_bundle.proto` in its JSON mapping; envelopes are DSSE (`secure-systems-
//! lab/dsse`). Only reading and writing: signatures are made and checked in `signer`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::digest::Sha256;

/// What ends the name of a bundle over a file: the file's name and this.
pub const BUNDLE_SUFFIX: &str = ".sigstore.json";
/// What ends the name of an attestation of a file: the file's name and this.
pub const ATTESTATION_SUFFIX: &str = ".intoto.sigstore.json";
/// The media type wick writes.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The payload type of an in-toto statement in an envelope.
pub const STATEMENT_TYPE: &str = "application/vnd.in-toto+json";
/// The largest bundle that is read, in bytes. Attestations with many dependencies have some 100 KiB.
pub const BUNDLE_MAX: u64 = 4 << 20;

/// A bundle.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Wire")]
pub struct Bundle {
    /// [`MEDIA_TYPE`], or another version's when read.
    pub media_type: String,
    /// What the signature is checked with.
    pub verification_material: Material,
    /// The signature.
    #[serde(flatten)]
    pub content: Content,
}

/// A bundle as it is written. Each field may be there once, so that all readers see the same one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    media_type: String,
    verification_material: Material,
    #[serde(default)]
    message_signature: Option<MessageSignature>,
    #[serde(default)]
    dsse_envelope: Option<Envelope>,
}

impl TryFrom<Wire> for Bundle {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Bundle, Self::Error> {
        let content = match (wire.message_signature, wire.dsse_envelope) {
            (Some(signature), None) => Content::MessageSignature(signature),
            (None, Some(envelope)) => Content::DsseEnvelope(envelope),
            _ => return Err("it needs a message signature or an envelope, and not both"),
        };
        let (media_type, verification_material) = (wire.media_type, wire.verification_material);
        Ok(Bundle { media_type, verification_material, content })
    }
}

/// What a bundle's signature is checked with. Exactly one of key and certificate is there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Material {
    /// A key that the verifier has; the bundle only hints at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<KeyHint>,
    /// A short-lived certificate (keyless).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Entries of the transparency log, as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tlog_entries: Vec<Box<RawValue>>,
    /// Time stamps, as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_verification_data: Option<Box<RawValue>>,
}

/// Which key it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyHint {
    /// base64 of the SHA-256 of the key's SubjectPublicKeyInfo (DER), as cosign writes it.
    pub hint: String,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// base64 of its DER.
    pub raw_bytes: String,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// A file, by its digest.
    MessageSignature(MessageSignature),
    /// A statement inside the bundle.
    DsseEnvelope(Envelope),
}

/// A signature over a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageSignature {
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_digest: Option<MessageDigest>,
    /// base64 of the signature: ASN.1 DER for ECDSA.
    pub signature: String,
}

/// A file's digest in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageDigest {
    /// `SHA2_256`.
    pub algorithm: String,
    /// base64 of the digest.
    pub digest: String,
}

/// A signed text (DSSE).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// base64 of the text.
    pub payload: String,
    /// What the text is: [`STATEMENT_TYPE`].
    pub payload_type: String,
    /// Exactly one in a bundle.
    pub signatures: Vec<EnvelopeSignature>,
}

/// A signature over [`pae`] of an envelope's type and text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeSignature {
    /// base64 of the signature: ASN.1 DER for ECDSA, 64 bytes for ed25519.
    pub sig: String,
    /// A hint nobody may rely on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub keyid: String,
}

/// A text that is no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no sigstore bundle: {0}")]
pub struct BundleError(pub String);

impl MessageDigest {
    /// The digest of a file.
    #[must_use]
    pub fn of(digest: &Sha256) -> MessageDigest {
        MessageDigest { algorithm: "SHA2_256".to_owned(), digest: STANDARD.encode(digest.as_bytes()) }
    }
}

impl Bundle {
    /// A bundle whose signature is checked with a key that the verifier has.
    #[must_use]
    pub fn with_key(hint: String, content: Content) -> Bundle {
        let material = Material { public_key: Some(KeyHint { hint }), ..Material::default() };
        Bundle { media_type: MEDIA_TYPE.to_owned(), verification_material: material, content }
    }

    /// Reads a bundle of version 0.3, strictly: exactly one way to check it, one signature.
    ///
    /// # Errors
    /// When it is too large, no JSON, or not such a bundle.
    pub fn read(text: &[u8]) -> Result<Bundle, BundleError> {
        let wrong = |what: String| BundleError(what);
        if text.len() as u64 > BUNDLE_MAX {
            return Err(wrong(format!("it has more than {BUNDLE_MAX} bytes")));
        }
        // What is kept as it is, or not looked at, must be JSON too.
        serde_json::from_slice::<serde_json::Value>(text).map_err(|error| wrong(error.to_string()))?;
        let bundle: Bundle = serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
        if bundle.media_type != MEDIA_TYPE {
            return Err(wrong(format!("its media type is `{}`", bundle.media_type.escape_debug())));
        }
        let material = &bundle.verification_material;
        if material.public_key.is_some() == material.certificate.is_some() {
            return Err(wrong("it needs a public key or a certificate, and not both".to_owned()));
        }
        if let Content::DsseEnvelope(envelope) = &bundle.content
            && envelope.signatures.len() != 1
        {
            return Err(wrong(format!("its envelope has {} signatures", envelope.signatures.len())));
        }
        Ok(bundle)
    }

    /// The signed statement's text, unchecked; nothing when it is of something else.
    #[must_use]
    pub fn statement(&self) -> Option<Vec<u8>> {
        match &self.content {
            Content::DsseEnvelope(envelope) => envelope.text().ok(),
            Content::MessageSignature(_) => None,
        }
    }

    /// As a file: one line of JSON and a newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string(self).expect("a bundle is plain data");
        text.push('\n');
        text
    }
}

impl Envelope {
    /// The signed text.
    ///
    /// # Errors
    /// When it isn't base64.
    pub fn text(&self) -> Result<Vec<u8>, BundleError> {
        STANDARD
            .decode(&self.payload)
            .map_err(|_| BundleError("its envelope's payload is not base64".to_owned()))
    }
}

/// DSSE's pre-authentication encoding: what is really signed.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// Who vouches for something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Identity {
    /// An ed25519 key: base64 of its 32 bytes.
    Ed25519 {
        /// The public key.
        public_key: String,
    },
    /// A cosign key (ECDSA P-256).
    Cosign {
        /// Its hint in bundles: base64 of the SHA-256 of its SubjectPublicKeyInfo.
        hint: String,
    },
    /// Somebody an issuer has named (keyless).
    Certificate {
        /// The certificate's subject alternative name: a workflow's address, an e-mail address.
        subject: String,
        /// Who says so: the OIDC issuer's address.
        issuer: String,
    },
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Identity::Ed25519 { public_key } => write!(f, "ed25519 key {public_key}"),
            Identity::Cosign { hint } => write!(f, "cosign key {hint}"),
            Identity::Certificate { subject, issuer } => write!(f, "{subject} (says {issuer})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The DSSE specification's own example.
    #[test]
    fn the_encoding_is_dsses() {
        let bytes = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_bundle_round_trips_and_others_are_refused() {
        let content = Content::MessageSignature(MessageSignature {
            message_digest: Some(MessageDigest::of(&Sha256::of(b"x"))),
            signature: "AA==".to_owned(),
        });
        let text = Bundle::with_key("hint".to_owned(), content).to_json();
        let back = Bundle::read(text.as_bytes()).unwrap();
        assert_eq!(back.to_json(), text);
        for (from, to) in [
            ("bundle.v0.3", "bundle.v9.9"),
            ("\"publicKey\":{\"hint\":\"hint\"}", ""),
            ("messageSignature", "nothingSigned"),
            (
                "\"messageSignature\"",
                "\"dsseEnvelope\":{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[{\"sig\":\"\"}]},\"messageSignature\"",
            ),
            ("\"messageSignature\"", "\"messageSignature\":{\"signature\":\"BB==\"},\"messageSignature\""),
            ("{\"mediaType\"", "{\"unknown\":\"\\ud800\",\"mediaType\""),
            ("{\"publicKey\"", "{\"certificate\":{\"rawBytes\":\"\"},\"publicKey\""),
        ] {
            assert!(Bundle::read(text.replace(from, to).as_bytes()).is_err(), "{from} → {to}");
        }
        assert!(Bundle::read(b"").is_err());
    }
}
