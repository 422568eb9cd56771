//! What signatures are checked with: a trusted root from a file, from this program, or fetched (TUF).

use std::collections::BTreeMap;

use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, SigningConfig, TrustedRoot};

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
    let wrong = |what, error: &dyn std::fmt::Display| KeylessError::Form {
        what,
        place: tuf::PUBLIC.url.to_owned(),
        why: error.to_string(),
    };
    Ok(Public {
        root: parse(&root, tuf::PUBLIC.url)?,
        services: SigningConfig::from_json(&String::from_utf8_lossy(&services))
            .map_err(|error| wrong("signing configuration", &error))?,
    })
}

/// The trusted root of a source.
pub(super) fn load(
    source: &RootSource,
    environment: &BTreeMap<String, String>,
) -> Result<TrustedRoot, KeylessError> {
    match source {
        RootSource::Embedded => parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes(), "embedded"),
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
