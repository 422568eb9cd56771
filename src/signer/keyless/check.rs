//! Checks bundles with a certificate: the chain to the trusted root, the promise of the certificate log, the entry in
//! the transparency log, the signature. Whose certificate it may be is decided by whoever asks.

use std::collections::BTreeMap;

use serde::Deserialize;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Artifact, Bundle as Read, Sha256Hash};
use sigstore_verify::{Error, VerificationPolicy, Verifier};

use super::error::KeylessError;
use super::fulcio;
use super::root;
use super::services::RootSource;
use crate::model::bundle::{Bundle, Content, Identity, STATEMENT_TYPE};
use crate::model::digest::Sha256;

/// Everything of one trusted root that signatures are held against.
pub struct Certificates(Verifier);

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

    /// Whose statement this is, and its text.
    ///
    /// # Errors
    /// The reason why it is nobody's.
    pub fn statement(&self, bundle: &Bundle) -> Result<(Identity, String), String> {
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
        if envelope.payload_type != STATEMENT_TYPE {
            return Err(format!("its text is of the type `{}`", envelope.payload_type.escape_debug()));
        }
        let text = envelope.text().map_err(|error| error.to_string())?;
        let text = String::from_utf8(text).map_err(|_| "its statement is no text".to_owned())?;
        let statement: Statement =
            serde_json::from_str(&text).map_err(|error| format!("its text is no statement: {error}"))?;
        // The library wants to hear of a file the statement is about. Which files it is about is the caller's question.
        let digest = statement.subject.iter().find_map(|subject| subject.digest.get("sha256"));
        let digest = digest.ok_or("its statement is about nothing with a SHA-256 digest")?;
        let digest = Sha256Hash::from_hex(digest).map_err(|_| "its statement's digest is none".to_owned())?;
        Ok((self.signer(bundle, digest)?, text))
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
