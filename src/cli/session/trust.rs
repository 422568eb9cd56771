//! Keys, identities and whom to trust, from what was typed: every key is read once, here.

use std::path::{Path, PathBuf};

use super::Session;
use crate::cli::args::{InstanceArgs, SigningArgs, TrustArgs};
use crate::model::failure::{Failure, FailureKind};
use crate::model::key_source::KeySource;
use crate::model::signature::PublicKey;
use crate::phase::verify::Sidecars;
use crate::signer::check::Trust;
use crate::signer::cosign::{self, Cosign};
use crate::signer::ed25519::{self, Ed25519};
use crate::signer::instance::{self, Accepted, RootSource, Wish};
use crate::signer::key::KeyText;
use crate::signer::{Signer, Signers};
use crate::sys::secret::Secret;
use crate::sys::{env, files};

impl Session {
    /// A secret that was in the environment; an empty one is one.
    pub(in crate::cli) fn withheld(&self, name: &str) -> Option<&Secret> {
        self.withheld.get(name)
    }

    /// Who signs: every key is read once, here.
    pub(in crate::cli) fn signers(&self, said: &SigningArgs) -> Result<Signers, Failure> {
        if said.sign_key == Some(KeySource::Stdin) && said.cosign_key == Some(KeySource::Stdin) {
            let message = "--sign-key and --cosign-key can't both come from stdin";
            return Err(
                Failure::new(FailureKind::Usage, message).hint("give one of them as a file or env:NAME")
            );
        }
        let read = |source: &KeySource| match source {
            KeySource::File(path) => KeyText::read_file(&self.path(path)),
            other => KeyText::read(other, &self.withheld),
        };
        let ed25519 = said.sign_key.as_ref().map(|key| Ed25519::open(&read(key)?)).transpose()?;
        let password = self.withheld(cosign::PASSWORD_VARIABLE);
        let cosign = said.cosign_key.as_ref().map(|key| Cosign::open(&read(key)?, password)).transpose()?;
        let keyless = said.keyless.then(|| self.keyless(&said.instance)).transpose()?;
        Ok(Signers { ed25519, cosign, keyless })
    }

    fn keyless(&self, said: &InstanceArgs) -> Result<Box<dyn Signer>, Failure> {
        let url = |typed: &Option<String>, variable: &str| {
            typed.clone().or_else(|| self.variable(variable).map(str::to_owned))
        };
        let configured = said.signing_config.is_some();
        let wish = Wish {
            fulcio_url: url(&said.fulcio_url, "SIGSTORE_FULCIO_URL").filter(|_| !configured),
            rekor_url: url(&said.rekor_url, "SIGSTORE_REKOR_URL").filter(|_| !configured),
            signing_config: said.signing_config.as_ref().map(|path| self.path(path)),
            trusted_root: self.trusted_root(said.trusted_root.as_deref()),
        };
        instance::keyless(&wish, &self.environment, &self.withheld)
    }

    fn trusted_root(&self, said: Option<&Path>) -> RootSource {
        match said {
            None => RootSource::Public,
            Some(path) if path == Path::new("embedded") => RootSource::Embedded,
            Some(path) => RootSource::File(self.path(path)),
        }
    }

    /// Makes an ed25519 key pair; gives the paths of both halves and the public key.
    pub(in crate::cli) fn generate_key(
        &self,
        path: Option<&Path>,
    ) -> Result<(PathBuf, PathBuf, String), Failure> {
        let path = match path {
            Some(path) => self.path(path),
            None => env::home(&self.environment)
                .ok_or_else(|| {
                    Failure::new(FailureKind::Missing, "there is no home directory for the default key path")
                        .hint("name a file with -o")
                })?
                .join(".wick/plugin-signing.key"),
        };
        let key = Ed25519::generate(&path)?;
        Ok((path.clone(), ed25519::public_path(&path), key.public().to_string()))
    }

    /// Makes a cosign key pair, in this folder when no other is named; gives the paths of both halves and the public key.
    pub(in crate::cli) fn generate_cosign_key(
        &self,
        path: Option<&Path>,
    ) -> Result<(PathBuf, PathBuf, String), Failure> {
        let path = self.path(path.unwrap_or(Path::new("cosign.key")));
        let key = Cosign::generate(&path, self.withheld(cosign::PASSWORD_VARIABLE))?;
        Ok((path.clone(), cosign::public_path(&path), key.public().to_string()))
    }

    /// Who is trusted beside these ed25519 keys: cosign keys in files, and names in certificates.
    pub(in crate::cli) fn trust(&self, said: &TrustArgs, ed25519: &[PublicKey]) -> Result<Trust, Failure> {
        let read = |path: &PathBuf| {
            let text = files::read_text(&self.path(path))?;
            text.parse::<cosign::PublicKey>().map_err(|error| {
                Failure::new(FailureKind::Usage, format!("--cosign-pub {}: {error}", path.display()))
                    .hint("give the .pub file that `wick plugin keygen --cosign` or cosign wrote")
            })
        };
        let cosign = said.cosign_pub.iter().map(read).collect::<Result<_, Failure>>()?;
        let certificates = match &said.certificate_oidc_issuer {
            None => None,
            Some(issuer) => {
                let accepted = Accepted {
                    subjects: said.certificate_identity.clone(),
                    issuer: issuer.clone(),
                    trusted_root: self.trusted_root(said.trusted_root.as_deref()),
                };
                Some(instance::policy(&accepted, &self.environment)?)
            }
        };
        Ok(Trust { ed25519: ed25519.to_vec(), cosign, certificates })
    }

    /// What lies beside an archive and speaks of it.
    pub(in crate::cli) fn sidecars(&self, path: &Path) -> Sidecars {
        Sidecars::of(&self.path(path))
    }
}
