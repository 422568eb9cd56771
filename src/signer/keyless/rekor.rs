//! Entries in the transparency log. What comes back is only read here; that it is of this very signature is checked with
//! the whole bundle. APIs: sigstore/rekor `openapi.yaml` (version 1), sigstore/rekor-tiles (version 2).

use std::collections::BTreeMap;

use serde::Serialize;
use sigstore_verify::rekor::{
    DsseEntry, HashedRekord, HashedRekordV2, LogEntry, RekorApiVersion, RekorV2KeyDetails,
};
use sigstore_verify::types::{
    DerCertificate, DsseEnvelope, KindVersion, Sha256Hash, SignatureBytes, TransparencyLogEntry,
};

use super::call::{Client, Failed};
use super::error::{KeylessError, Service};
use super::services::Services;
use crate::sys::http::{Body, Method, Request};

/// The largest answer that is read, in bytes: the entry repeats the request.
const ANSWER_MAX: u64 = 8 << 20;

/// What is logged.
pub(super) struct Entry<'a> {
    /// The digest that was signed: of a file, or of an envelope's encoding.
    pub(super) digest: &'a Sha256Hash,
    pub(super) signature: &'a SignatureBytes,
    pub(super) certificate: &'a DerCertificate,
    /// For a statement.
    pub(super) envelope: Option<&'a DsseEnvelope>,
}

/// Puts a signature into the log, once.
pub(super) fn log(
    client: &Client,
    services: &Services,
    entry: &Entry<'_>,
) -> Result<TransparencyLogEntry, Failed> {
    let Entry { digest, signature, certificate, envelope } = *entry;
    match (services.version, envelope) {
        (RekorApiVersion::V1, None) => {
            let wanted = HashedRekord::new(digest, signature, certificate);
            first_version(&post(client, services, "v1", &wanted)?, KindVersion::HashedRekordV001)
        }
        (RekorApiVersion::V1, Some(envelope)) => {
            let wanted = DsseEntry::new(envelope, certificate).map_err(|error| wrong(&error))?;
            first_version(&post(client, services, "v1", &wanted)?, KindVersion::DsseV001)
        }
        // The second version logs both kinds by the digest that was signed.
        (RekorApiVersion::V2, _) => {
            let details = RekorV2KeyDetails::PkixEcdsaP256Sha256;
            let wanted = HashedRekordV2::new_with_certificate(digest, signature, certificate, details);
            let answer = post(client, services, "v2", &wanted)?;
            Ok(serde_json::from_slice(&answer).map_err(|error| wrong(&error))?)
        }
        (other, _) => Err(wrong(&format!("wick doesn't know its API version {}", other.major())).into()),
    }
}

fn post(
    client: &Client,
    services: &Services,
    version: &str,
    wanted: &impl Serialize,
) -> Result<Vec<u8>, Failed> {
    let text = serde_json::to_vec(wanted).map_err(|error| wrong(&error))?;
    let request = Request {
        method: Method::Post,
        url: format!("{}/api/{version}/log/entries", services.rekor.trim_end_matches('/')),
        headers: vec![("accept", "application/json".to_owned())],
        token: None,
        body: Body::Json(&text),
        most: ANSWER_MAX,
    };
    client.once(Service::Rekor, &request, &[])
}

/// An answer of version 1: one entry under its number.
fn first_version(answer: &[u8], kind: KindVersion) -> Result<TransparencyLogEntry, Failed> {
    let entries: BTreeMap<String, LogEntry> =
        serde_json::from_slice(answer).map_err(|error| wrong(&error))?;
    let mut entries = entries.into_values();
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        return Err(wrong(&"it isn't one entry").into());
    };
    Ok(entry.to_bundle_entry(kind).map_err(|error| wrong(&error))?)
}

fn wrong(why: &impl ToString) -> KeylessError {
    KeylessError::Answer { service: Service::Rekor, why: why.to_string() }
}
