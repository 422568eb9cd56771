//! Keyless signatures: an identity token names this process, Fulcio certifies a key that lives in memory for ten
//! minutes, Rekor logs each signature. Made and checked over `sys::http`, so proxies, limits and Ctrl-C hold here too;
//! the formats and the checks are sigstore-verify's.

mod call;
pub mod check;
mod error;
mod fulcio;
mod rekor;
mod root;
mod services;
#[cfg(test)]
mod tests;
mod timestamps;
mod token;
mod tuf;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sigstore_verify::bundle::BundleV03;
use sigstore_verify::types::{
    Bundle as Made, DsseEnvelope, DsseSignature, KeyId, PayloadBytes, Sha256Hash, SignatureBytes,
};

use self::call::{Client, Failed, tried};
use self::check::{Certificates, Named};
pub use self::error::{KeylessError, Service};
use self::fulcio::Certified;
use self::services::Services;
use self::token::{Source, Token};
use super::Signer;
use super::check::Trust;
use super::instance::{RootSource, Wish};
use crate::model::bundle::{Bundle, Identity, STATEMENT_TYPE, pae};
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::sys::secret::Withheld;

/// Signs as whoever the identity token names. One certificate serves a run, or as much of it as ten minutes last.
pub struct Keyless {
    client: Client,
    services: Services,
    certificates: Arc<Certificates>,
    source: Source,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The first token, until it is used.
    token: Option<Token>,
    /// Whom it names.
    expected: Option<Identity>,
    certified: Option<Arc<Certified>>,
}

impl Keyless {
    /// Finds out who signs and where, before anything is built: gets a token and the trusted root.
    ///
    /// # Errors
    /// When nobody gives a token, or the instance of sigstore can't be used.
    pub fn open(
        wish: &Wish,
        environment: &BTreeMap<String, String>,
        withheld: &Withheld,
    ) -> Result<Keyless, KeylessError> {
        wish.check()?;
        let client = Client::new(environment);
        let source = Source::find(environment, withheld)?;
        let (services, root) = if wish.needs_public_services() {
            let public = match wish.trusted_root {
                RootSource::Embedded => root::embedded()?,
                _ => root::public(&client)?,
            };
            let services = wish.services(Some(&public.services))?;
            let root = match &wish.trusted_root {
                file @ RootSource::File(_) => root::load(file, environment)?,
                _ => public.root,
            };
            (services, root)
        } else {
            (wish.services(None)?, root::load(&wish.trusted_root, environment)?)
        };
        let token = source.token(&client)?;
        let state = State { expected: token.identity(), token: Some(token), certified: None };
        let certificates = Arc::new(Certificates::of(&root)?);
        Ok(Keyless { client, services, certificates, source, state: Mutex::new(state) })
    }

    /// The certificate of this run. Others wait while one is asked for.
    fn certified(&self) -> Result<Arc<Certified>, KeylessError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(good) = state.certified.as_ref().filter(|one| one.is_good()) {
            return Ok(Arc::clone(good));
        }
        let token = match state.token.take().filter(Token::is_good) {
            Some(token) => token,
            None => self.source.token(&self.client)?,
        };
        let made = Arc::new(fulcio::certify(&self.client, &self.services.fulcio, &token)?);
        state.certified = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Signs and logs. A try that failed is made again as a whole: another signature is another entry of the log.
    fn sign(&self, digest: &Sha256, statement: Option<&str>) -> Result<Bundle, KeylessError> {
        let digest = Sha256Hash::new(*digest.as_bytes());
        let made = tried(|| {
            let certified = self.certified()?;
            let signature = certified
                .keys
                .sign_digest(&digest)
                .map_err(|error| KeylessError::Crypto(error.to_string()))?;
            self.finish(&certified, &digest, &signature, statement)
        })?;
        let unreadable = |why: String| KeylessError::Unverified(why);
        let text = made.to_json().map_err(|error| unreadable(error.to_string()))?;
        Bundle::read(text.as_bytes()).map_err(|error| unreadable(error.to_string()))
    }

    fn finish(
        &self,
        certified: &Certified,
        digest: &Sha256Hash,
        signature: &SignatureBytes,
        statement: Option<&str>,
    ) -> Result<Made, Failed> {
        let certificate = &certified.certificate;
        let envelope = statement.map(|text| {
            let signed = DsseSignature::new(signature.clone(), KeyId::default());
            DsseEnvelope::new(STATEMENT_TYPE, PayloadBytes::from_bytes(text.as_bytes()), signed)
        });
        let entry = rekor::Entry { digest, signature, certificate, envelope: envelope.as_ref() };
        let logged = rekor::log(&self.client, &self.services, &entry)?;
        let stamped = self
            .services
            .timestamps
            .as_ref()
            .map(|url| timestamps::stamp(&self.client, url, signature))
            .transpose()?;
        let bundle = match envelope {
            Some(envelope) => BundleV03::with_certificate_and_dsse(certificate.clone(), envelope),
            None => {
                BundleV03::with_certificate_and_signature(certificate.clone(), signature.clone(), *digest)
            }
        };
        let bundle = bundle.with_tlog_entry(logged);
        Ok(match stamped {
            Some(stamp) => bundle.with_rfc3161_timestamp(stamp),
            None => bundle,
        }
        .into_bundle())
    }
}

impl Signer for Keyless {
    /// As its certificate says; before the first one as the token's claims let expect.
    fn identity(&self) -> Option<Identity> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let certified = state.certified.as_ref().map(|one| one.identity.clone());
        certified.or_else(|| state.expected.clone())
    }

    fn is_deterministic(&self) -> bool {
        false
    }

    fn trust(&self) -> Trust {
        let Some(Identity::Certificate { subject, issuer }) = self.identity() else {
            return Trust::default();
        };
        let certificates = Arc::clone(&self.certificates);
        let named = Named { certificates, subjects: vec![subject], issuer };
        Trust { certificates: Some(Arc::new(named)), ..Trust::default() }
    }

    fn sign_blob(&self, bytes: &[u8]) -> Result<Bundle, Failure> {
        let digest = Sha256::of(bytes);
        let bundle = self.sign(&digest, None)?;
        self.certificates.blob(&bundle, &digest).map_err(KeylessError::Unverified)?;
        Ok(bundle)
    }

    fn sign_statement(&self, statement: &str) -> Result<Bundle, Failure> {
        let digest = Sha256::of(&pae(STATEMENT_TYPE, statement.as_bytes()));
        let bundle = self.sign(&digest, Some(statement))?;
        self.certificates.statement(&bundle, statement.as_bytes()).map_err(KeylessError::Unverified)?;
        Ok(bundle)
    }
}
