//! What signatures are checked with: a trusted root from a file, from this program, or fetched (TUF).

use std::collections::BTreeMap;

use sigstore_verify::trust_root::{
    SIGSTORE_PRODUCTION_SIGNING_CONFIG, SIGSTORE_PRODUCTION_TRUSTED_ROOT, SigningConfig, TrustedRoot,
};

use super::call::Client;
use super::error::KeylessError;
use super::services::CONFIG_MAX;
use super::tuf;
use crate::signer::instance::RootSource;
use crate::sys::files;

const WHAT: &str = "trusted root";

/// What the public instance publishes about itself.
pub(super) struct Public {
    pub(super) root: TrustedRoot,
    pub(super) services: SigningConfig,
}

/// Fetches what the public instance says of itself, verified from the root in this program on.
pub(super) fn public(client: &Client) -> Result<Public, KeylessError> {
    let [root, services] =
        tuf::fetch(client, &tuf::PUBLIC, ["trusted_root.json", "signing_config.v0.2.json"])?;
    read(&root, &services, tuf::PUBLIC.url)
}

/// What the public instance said of itself when this program's dependencies were released.
pub(super) fn embedded() -> Result<Public, KeylessError> {
    let (root, services) = (SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_PRODUCTION_SIGNING_CONFIG);
    read(root.as_bytes(), services.as_bytes(), "embedded")
}

fn read(root: &[u8], services: &[u8], place: &str) -> Result<Public, KeylessError> {
    let services = SigningConfig::from_json(&String::from_utf8_lossy(services));
    let services = services.map_err(|error| KeylessError::Form {
        what: "signing configuration",
        place: place.to_owned(),
        why: error.to_string(),
    })?;
    Ok(Public { root: parse(root, place)?, services })
}

/// The trusted root of a source.
pub(super) fn load(
    source: &RootSource,
    environment: &BTreeMap<String, String>,
) -> Result<TrustedRoot, KeylessError> {
    match source {
        RootSource::Embedded => embedded().map(|public| public.root),
        RootSource::File(path) => {
            let bytes = files::read_capped(path, CONFIG_MAX)
                .map_err(|source| KeylessError::File { what: WHAT, source })?;
            parse(&bytes, &path.display().to_string())
        }
        RootSource::Public => {
            let [root] = tuf::fetch(&Client::new(environment), &tuf::PUBLIC, ["trusted_root.json"])?;
            parse(&root, tuf::PUBLIC.url)
        }
    }
}

fn parse(bytes: &[u8], place: &str) -> Result<TrustedRoot, KeylessError> {
    TrustedRoot::from_json(&String::from_utf8_lossy(bytes)).map_err(|error| KeylessError::Form {
        what: WHAT,
        place: place.to_owned(),
        why: error.to_string(),
    })
}
