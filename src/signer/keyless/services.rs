//! Which instance of sigstore signs: addresses typed, a signing configuration, or the public instance's.

use sigstore_verify::rekor::RekorApiVersion;
use sigstore_verify::trust_root::SigningConfig;

use super::error::KeylessError;
use crate::signer::instance::{RootSource, Wish};
use crate::sys::files;
use crate::sys::http::address;

/// The largest signing configuration or trusted root that is read, in bytes.
pub(super) const CONFIG_MAX: u64 = 1 << 20;

/// The services that signing takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Services {
    pub(super) fulcio: String,
    pub(super) rekor: String,
    pub(super) version: RekorApiVersion,
    pub(super) timestamps: Option<String>,
}

impl Wish {
    /// Whether the public instance's signing configuration is needed.
    pub(super) fn needs_public_services(&self) -> bool {
        self.signing_config.is_none() && (self.fulcio_url.is_none() || self.rekor_url.is_none())
    }

    /// Finds out before anything is asked that services of another instance come without its root.
    pub(super) fn check(&self) -> Result<(), KeylessError> {
        let own = match (&self.signing_config, &self.fulcio_url, &self.rekor_url) {
            (Some(_), ..) => Some("--signing-config"),
            (_, Some(_), _) => Some("--fulcio-url"),
            (_, _, Some(_)) => Some("--rekor-url"),
            _ => None,
        };
        if let Some(own) = own.filter(|_| !matches!(self.trusted_root, RootSource::File(_))) {
            return Err(KeylessError::RootIsMissing(own));
        }
        Ok(())
    }

    /// The services, given the public instance's configuration where that is needed.
    ///
    /// # Errors
    /// When an address or the configuration can't be used.
    pub(super) fn services(&self, public: Option<&SigningConfig>) -> Result<Services, KeylessError> {
        let configured = match &self.signing_config {
            Some(path) => Some(read(path)?),
            None => None,
        };
        let mut services = configured.as_ref().or(public).map(chosen).transpose()?;
        if let (Some(fulcio), Some(rekor)) = (&self.fulcio_url, &self.rekor_url) {
            services = Some(Services {
                fulcio: fulcio.clone(),
                rekor: rekor.clone(),
                version: RekorApiVersion::V1,
                timestamps: None,
            });
        }
        let mut services = services.ok_or_else(|| lacking("no service is configured"))?;
        if let Some(fulcio) = &self.fulcio_url {
            services.fulcio.clone_from(fulcio);
        }
        if let Some(rekor) = &self.rekor_url {
            (services.rekor, services.version) = (rekor.clone(), RekorApiVersion::V1);
        }
        allowed("Fulcio's address", &services.fulcio)?;
        allowed("Rekor's address", &services.rekor)?;
        if let Some(url) = &services.timestamps {
            allowed("the timestamp authority's address", url)?;
        }
        Ok(services)
    }
}

fn lacking(why: &str) -> KeylessError {
    KeylessError::Form {
        what: "signing configuration",
        place: "of the instance".to_owned(),
        why: why.to_owned(),
    }
}

fn read(path: &std::path::Path) -> Result<SigningConfig, KeylessError> {
    let what = "signing configuration";
    let bytes = files::read_capped(path, CONFIG_MAX).map_err(|source| KeylessError::File { what, source })?;
    SigningConfig::from_json(&String::from_utf8_lossy(&bytes)).map_err(|error| KeylessError::Form {
        what,
        place: path.display().to_string(),
        why: error.to_string(),
    })
}

/// The best of each kind, as the other clients choose: the highest version.
fn chosen(config: &SigningConfig) -> Result<Services, KeylessError> {
    let fulcio = config.fulcio_url().ok_or_else(|| lacking("it names no Fulcio that is in service"))?;
    let rekor = config.rekor_url(None).ok_or_else(|| lacking("it names no Rekor that is in service"))?;
    let version = RekorApiVersion::from_major(rekor.major_api_version)
        .ok_or_else(|| lacking("it names a Rekor of an unknown version"))?;
    let timestamps = config.tsa_url().map(|one| one.url.clone());
    if version == RekorApiVersion::V2 && timestamps.is_none() {
        return Err(lacking("Rekor's version 2 tells no time, and it names no timestamp authority"));
    }
    Ok(Services { fulcio: fulcio.url.clone(), rekor: rekor.url.clone(), version, timestamps })
}

/// Whether an address may be called: nothing but this machine without encryption.
pub(super) fn allowed(what: &'static str, url: &str) -> Result<(), KeylessError> {
    let wrong = |why: String| KeylessError::Address {
        what,
        url: url.split(['?', '@']).next().unwrap_or_default().to_owned(),
        why,
    };
    let origin = address::origin(url).map_err(|error| wrong(error.to_string()))?;
    if origin.scheme == "http" && !origin.is_this_machine() {
        return Err(wrong("it isn't encrypted".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigstore_verify::trust_root::SIGSTORE_PRODUCTION_SIGNING_CONFIG;

    #[test]
    fn the_public_instance_is_the_default() {
        let public = SigningConfig::from_json(SIGSTORE_PRODUCTION_SIGNING_CONFIG).unwrap();
        let services = Wish::default().services(Some(&public)).unwrap();
        assert_eq!(services.fulcio, "https://fulcio.sigstore.dev");
        assert_eq!(services.rekor, "https://rekor.sigstore.dev");
        assert!(services.timestamps.is_some());
    }

    #[test]
    fn another_instance_needs_its_root() {
        let root = RootSource::File("root.json".into());
        let own = |trusted_root| Wish {
            fulcio_url: Some("https://f.example".to_owned()),
            rekor_url: Some("https://r.example".to_owned()),
            trusted_root,
            ..Wish::default()
        };
        assert!(matches!(own(RootSource::Public).check(), Err(KeylessError::RootIsMissing("--fulcio-url"))));
        assert!(own(RootSource::Embedded).check().is_err());
        assert!(!own(root.clone()).needs_public_services());
        assert_eq!(own(root).services(None).unwrap().rekor, "https://r.example");
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        for good in ["https://f.example/x", "http://127.0.0.1:1", "http://localhost:1/a", "http://[::1]:2"] {
            assert!(allowed("x", good).is_ok(), "{good}");
        }
        for bad in ["http://f.example", "http://127.0.0.1.example", "ftp://f.example", "f.example", ""] {
            assert!(allowed("x", bad).is_err(), "{bad}");
        }
    }
}
