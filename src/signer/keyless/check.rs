//! Checks bundles with a certificate: the chain to the trusted root, the promise of the certificate log, the entry in
//! the transparency log, the signature. Whose certificate it may be is decided by whoever asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Artifact, Bundle as Read, Sha256Hash};
use sigstore_verify::{Error, VerificationPolicy, Verifier};

use super::error::KeylessError;
use super::fulcio;
use super::root;
use crate::model::bundle::{Bundle, Content, Identity, STATEMENT_TYPE};
use crate::model::digest::Sha256;
use crate::signer::check::{CertificatePolicy, CheckError, Message};
use crate::signer::instance::RootSource;

/// Everything of one trusted root that signatures are held against.
pub struct Certificates(Verifier);

/// Who may stand in a certificate: one of these subjects, in the words of this issuer.
#[derive(Clone, Debug)]
pub struct Named {
    /// What the certificate is checked with.
    pub certificates: Arc<Certificates>,
    /// Workflows' addresses or people's e-mail addresses, whole and exact.
    pub subjects: Vec<String>,
    /// The OIDC issuer's address.
    pub issuer: String,
}

impl CertificatePolicy for Named {
    fn check(&self, bundle: &Bundle, message: Message<'_>) -> Result<Identity, CheckError> {
        let found = match message {
            Message::Blob(bytes) => self.certificates.blob(bundle, &Sha256::of(bytes)),
            Message::Statement(text) => self.certificates.statement(bundle, text),
        };
        let found = found.map_err(CheckError::Certificate)?;
        let trusted = self.subjects.iter().cloned();
        let trusted: Vec<Identity> =
            trusted.map(|subject| Identity::Certificate { subject, issuer: self.issuer.clone() }).collect();
        if trusted.contains(&found) {
            return Ok(found);
        }
        let trusted: Vec<String> = trusted.iter().map(ToString::to_string).collect();
        Err(CheckError::OtherSigner { is: found, trusted })
    }
}

impl Certificates {
    /// Gets the trusted root; the environment names proxies.
    ///
    /// # Errors
    /// When it can't be had or used.
    pub fn open(
        source: &RootSource,
        environment: &BTreeMap<String, String>,
    ) -> Result<Certificates, KeylessError> {
        Certificates::of(&root::load(source, environment)?)
    }

    pub(super) fn of(root: &TrustedRoot) -> Result<Certificates, KeylessError> {
        Verifier::new(root).map(Certificates).map_err(|error| KeylessError::Form {
            what: "trusted root",
            place: "of the instance".to_owned(),
            why: error.to_string(),
        })
    }

    /// Whose signature over a file's digest this is.
    ///
    /// # Errors
    /// The reason why it is nobody's.
    pub fn blob(&self, bundle: &Bundle, digest: &Sha256) -> Result<Identity, String> {
        if !matches!(bundle.content, Content::MessageSignature(_)) {
            return Err("it is a signed statement, not a signature over the file".to_owned());
        }
        self.signer(bundle, Sha256Hash::new(*digest.as_bytes()))
    }

    /// Whose statement this text is.
    ///
    /// # Errors
    /// The reason why it is nobody's.
    pub fn statement(&self, bundle: &Bundle, text: &[u8]) -> Result<Identity, String> {
        #[derive(Deserialize)]
        struct Statement {
            subject: Vec<Subject>,
        }
        #[derive(Deserialize)]
        struct Subject {
            digest: BTreeMap<String, String>,
        }
        let Content::DsseEnvelope(envelope) = &bundle.content else {
            return Err("it is a signature over a file, not a signed statement".to_owned());
        };
        if envelope.payload_type != STATEMENT_TYPE || envelope.text().ok().as_deref() != Some(text) {
            return Err("it holds another text".to_owned());
        }
        let statement: Statement =
            serde_json::from_slice(text).map_err(|error| format!("its text is no statement: {error}"))?;
        // The library wants to hear of a file the statement is about. Which files it is about is the caller's question.
        let digest = statement.subject.iter().find_map(|subject| subject.digest.get("sha256"));
        let digest = digest.ok_or("its statement is about nothing with a SHA-256 digest")?;
        let digest = Sha256Hash::from_hex(digest).map_err(|_| "its statement's digest is none".to_owned())?;
        self.signer(bundle, digest)
    }

    fn signer(&self, bundle: &Bundle, digest: Sha256Hash) -> Result<Identity, String> {
        if bundle.verification_material.certificate.is_none() {
            return Err("it is signed with a key, not with a certificate".to_owned());
        }
        // As wick has read it: what is checked is what is used.
        let read = Read::from_json(&bundle.to_json()).map_err(|error| error.to_string())?;
        let everybody = VerificationPolicy::any_identity();
        let result =
            self.0.verify(Artifact::from_digest(digest), &read, &everybody).map_err(|error| told(&error))?;
        let proven = result.certificate_verified() && result.sct_verified() && result.tlog_verified();
        let info = result.certificate().filter(|_| proven).ok_or("its certificate could not be verified")?;
        fulcio::identity(info).ok_or_else(|| "its certificate names nobody".to_owned())
    }
}

/// The reason, in one line.
fn told(error: &Error) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}
