//! Checks signatures against what is trusted: bundles over files and statements, and cosign's bare `.sig`. No network:
//! keys are given, and what a certificate needs comes with its policy.

use std::fmt;
use std::sync::Arc;

use super::cosign;
use super::decode;
use crate::model::bundle::{Bundle, Content, Identity, MessageDigest, MessageSignature, STATEMENT_TYPE, pae};
use crate::model::digest::Sha256;
use crate::model::failure::{Explain, FailureKind};
use crate::model::signature::PublicKey;

/// Who is trusted.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// ed25519 keys.
    pub ed25519: Vec<PublicKey>,
    /// cosign keys.
    pub cosign: Vec<cosign::PublicKey>,
    /// Who may stand in a certificate, and under which roots.
    pub certificates: Option<Arc<dyn CertificatePolicy>>,
}

/// What certificates in bundles are held against.
pub trait CertificatePolicy: fmt::Debug + Send + Sync {
    /// Checks a bundle with a certificate: its chain, the log, the signature over `message`, and who it is.
    ///
    /// # Errors
    /// With the reason.
    fn check(&self, bundle: &Bundle, message: Message<'_>) -> Result<Identity, CheckError>;
}

/// What a signature is over.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// A file's bytes.
    Blob(&'a [u8]),
    /// The text of the statement in the bundle.
    Statement(&'a [u8]),
}

/// Why a signature isn't accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// It can't be read, or isn't of the form that is asked for.
    #[error("it can't be used: {0}")]
    Malformed(String),
    /// A statement where a file's signature was wanted, or the other way round.
    #[error("it is {is}, not {wanted}")]
    OtherContent {
        /// What it is.
        is: &'static str,
        /// What was wanted.
        wanted: &'static str,
    },
    /// Its own digest is another file's.
    #[error("it is over a file with sha256 {says}; this one has {is}")]
    OtherFile {
        /// The digest in it, as hex or as it stands there.
        says: String,
        /// The file's.
        is: Sha256,
    },
    /// Nothing to check it with.
    #[error("it can't be checked: no {0} is trusted")]
    NotTrusted(&'static str),
    /// Made by a key that isn't trusted.
    #[error("another key signed it ({hint}); trusted: {}", trusted.join(", "))]
    OtherKey {
        /// What it names its key by.
        hint: String,
        /// Who is trusted.
        trusted: Vec<String>,
    },
    /// It names a trusted key, and isn't that key's signature.
    #[error("it names {identity}, but that key's signature over {over} is another: either was altered")]
    WrongSignature {
        /// Who it says signed.
        identity: Identity,
        /// What it should be over.
        over: &'static str,
    },
    /// It names nobody, and is no trusted key's.
    #[error("it is no trusted key's over {over}: another key signed it, or either was altered; trusted: {}", trusted.join(", "))]
    NoKeys {
        /// What it should be over.
        over: &'static str,
        /// Who is trusted.
        trusted: Vec<String>,
    },
    /// What the certificate policy says.
    #[error("{0}")]
    Certificate(String),
    /// Truly signed, by somebody who isn't trusted.
    #[error("it is signed by {is}; trusted: {}", trusted.join(", "))]
    OtherSigner {
        /// Who signed.
        is: Identity,
        /// Who is trusted.
        trusted: Vec<String>,
    },
}

impl CheckError {
    /// What may have happened, as a hint: another signer is no damage.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            CheckError::OtherKey { .. } | CheckError::OtherSigner { .. } => {
                "ask the publisher who signs; whoever can write to a release can sign it anew"
            }
            _ => "the file or the bundle was changed, or they are of different builds",
        }
    }
}

impl Explain for CheckError {
    fn kind(&self) -> FailureKind {
        FailureKind::Findings
    }
}

/// Checks a bundle over a file; gives who signed.
///
/// # Errors
/// With the reason.
pub fn blob(trust: &Trust, bundle: &Bundle, bytes: &[u8]) -> Result<Identity, CheckError> {
    let signature = message_signature(bundle)?;
    if let Some(digest) = &signature.message_digest {
        is_over(digest, &Sha256::of(bytes))?;
    }
    if bundle.verification_material.certificate.is_some() {
        return by_certificate(trust, bundle, Message::Blob(bytes));
    }
    by_key(trust, hint(bundle), &signature.signature, bytes, "this file")
}

/// Checks a bundle with a statement; gives who signed, and the statement's text.
///
/// # Errors
/// With the reason.
pub fn statement(trust: &Trust, bundle: &Bundle) -> Result<(Identity, String), CheckError> {
    let Content::DsseEnvelope(envelope) = &bundle.content else {
        return Err(CheckError::OtherContent { is: "a signature over a file", wanted: "a signed statement" });
    };
    if envelope.payload_type != STATEMENT_TYPE {
        let what = format!("its payload is of type `{}`", envelope.payload_type.escape_debug());
        return Err(CheckError::Malformed(what));
    }
    let malformed = |what: &str| CheckError::Malformed(what.to_owned());
    let text = envelope.text().map_err(|error| CheckError::Malformed(error.0))?;
    let [signature] = envelope.signatures.as_slice() else {
        return Err(malformed("its envelope has not one signature"));
    };
    let identity = if bundle.verification_material.certificate.is_some() {
        by_certificate(trust, bundle, Message::Statement(&text))?
    } else {
        let message = pae(&envelope.payload_type, &text);
        by_key(trust, hint(bundle), &signature.sig, &message, "its statement")?
    };
    Ok((identity, String::from_utf8(text).map_err(|_| malformed("its statement is no text"))?))
}

/// Checks cosign's bare signature over a file: base64 of ASN.1 DER, white space around it.
///
/// # Errors
/// With the reason.
pub fn detached(trust: &Trust, signature: &[u8], bytes: &[u8]) -> Result<Identity, CheckError> {
    let text =
        std::str::from_utf8(signature).map_err(|_| CheckError::Malformed("it is not text".to_owned()))?;
    if trust.cosign.is_empty() {
        return Err(CheckError::NotTrusted("cosign key"));
    }
    by_key(&Trust { ed25519: Vec::new(), ..trust.clone() }, "", text.trim(), bytes, "this file")
}

/// What can be said of a bundle without trusting anybody: that it is over a file with this digest.
///
/// # Errors
/// When it is over another, or doesn't say.
pub fn is_about(bundle: &Bundle, digest: &Sha256) -> Result<(), CheckError> {
    match &message_signature(bundle)?.message_digest {
        Some(said) => is_over(said, digest),
        None => Err(CheckError::Malformed("it doesn't say which file it is over".to_owned())),
    }
}

fn message_signature(bundle: &Bundle) -> Result<&MessageSignature, CheckError> {
    match &bundle.content {
        Content::MessageSignature(signature) => Ok(signature),
        Content::DsseEnvelope(_) => {
            Err(CheckError::OtherContent { is: "a signed statement", wanted: "a signature over a file" })
        }
    }
}

fn is_over(said: &MessageDigest, is: &Sha256) -> Result<(), CheckError> {
    let wanted = MessageDigest::of(is);
    if said.algorithm != wanted.algorithm {
        let what = format!("its digest is by `{}`", said.algorithm.escape_debug());
        return Err(CheckError::Malformed(what));
    }
    if *said == wanted {
        return Ok(());
    }
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let says = match decode(&said.digest) {
        Some(bytes) if bytes.len() == 32 => hex(bytes),
        _ => return Err(CheckError::Malformed("its digest is no SHA-256".to_owned())),
    };
    Err(CheckError::OtherFile { says, is: *is })
}

fn hint(bundle: &Bundle) -> &str {
    bundle.verification_material.public_key.as_ref().map_or("", |key| key.hint.as_str())
}

fn by_certificate(trust: &Trust, bundle: &Bundle, message: Message<'_>) -> Result<Identity, CheckError> {
    match &trust.certificates {
        Some(policy) => policy.check(bundle, message),
        None => Err(CheckError::NotTrusted("certificate identity")),
    }
}

/// A hint only says where to look first: what counts is that a trusted key made the signature.
fn by_key(
    trust: &Trust,
    hint: &str,
    signature: &str,
    message: &[u8],
    over: &'static str,
) -> Result<Identity, CheckError> {
    let signature =
        decode(signature).ok_or_else(|| CheckError::Malformed("its signature is no base64".to_owned()))?;
    let mut trusted = Vec::new();
    let mut named = None;
    let cosign = trust.cosign.iter().map(|key| {
        let identity = Identity::Cosign { hint: key.hint().to_owned() };
        (identity, key.hint() == hint, key.verifies(message, &signature))
    });
    let ed25519 = trust.ed25519.iter().map(|key| {
        let identity = Identity::Ed25519 { public_key: key.to_string() };
        (identity, key.hint() == hint, key.verifies_bytes(message, &signature))
    });
    for (identity, is_named, verifies) in cosign.chain(ed25519) {
        if verifies {
            return Ok(identity);
        }
        trusted.push(identity.to_string());
        named = named.or(is_named.then_some(identity));
    }
    // 64 bytes are an ed25519 signature; ECDSA's in DER almost always have more.
    let kind = if signature.len() == 64 { "ed25519 key" } else { "cosign key" };
    let of_kind = if signature.len() == 64 { trust.ed25519.len() } else { trust.cosign.len() };
    Err(match named {
        Some(identity) => CheckError::WrongSignature { identity, over },
        None if of_kind == 0 => CheckError::NotTrusted(kind),
        // A bare signature names nobody, so that another key and another file can't be told apart.
        None if hint.is_empty() => CheckError::NoKeys { over, trusted },
        None => CheckError::OtherKey { hint: hint.escape_debug().to_string(), trusted },
    })
}
