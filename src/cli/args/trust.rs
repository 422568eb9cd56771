//! What can be typed about trust: who signs, who is trusted, keys, verification.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::model::key_source::KeySource;

/// Who signs.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Signing")]
pub(in crate::cli) struct SigningArgs {
    /// Sign each manifest with this ed25519 key: a file, `env:NAME` for a variable's value, `-` for stdin
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) sign_key: Option<KeySource>,
    /// Sign binaries and zips as cosign does, with this key (password in COSIGN_PASSWORD): a file, `env:NAME` or `-`
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) cosign_key: Option<KeySource>,
    /// Sign zips without a key, as the CI job this is (GitHub Actions), by the public instance of sigstore
    #[arg(long, conflicts_with = "cosign_key")]
    pub(in crate::cli) keyless: bool,
    #[command(flatten)]
    pub(in crate::cli) instance: InstanceArgs,
}

/// Another instance of sigstore than the public one. What is unset comes from the variables that are named.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Keyless signing")]
pub(in crate::cli) struct InstanceArgs {
    /// Ask this Fulcio for certificates [env: SIGSTORE_FULCIO_URL=]
    #[arg(long, value_name = "URL", requires = "keyless")]
    pub(in crate::cli) fulcio_url: Option<String>,
    /// Log signatures in this Rekor (version 1 of its API) [env: SIGSTORE_REKOR_URL=]
    #[arg(long, value_name = "URL", requires = "keyless")]
    pub(in crate::cli) rekor_url: Option<String>,
    /// Take the services from this signing configuration, as cosign does; also for Rekor's version 2
    #[arg(long, value_name = "FILE", requires = "keyless", conflicts_with_all = ["fulcio_url", "rekor_url"])]
    pub(in crate::cli) signing_config: Option<PathBuf>,
    /// Check what was signed with this trusted root; `embedded` is the public one's as wick carries it
    #[arg(long, value_name = "FILE", requires = "keyless")]
    pub(in crate::cli) trusted_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin verify bin/*.zip
  wick plugin verify bin                                     every package in the folder
  wick plugin verify bin/*.zip --pubkey \"$(cat key.pub)\" --require signature
  wick plugin verify bin/*.zip --cosign-pub cosign.pub --require bundle,attestation
  wick plugin verify bin/*.zip --certificate-oidc-issuer https://token.actions.githubusercontent.com \\
    --certificate-identity https://github.com/OWNER/REPO/.github/workflows/plugins.yml@refs/heads/main
  wick plugin verify ~/.wick/plugins/slack --here            an installed plugin, on this machine

Exit code 1 when a host would refuse any of them, or what lies beside one isn't right. All findings are
shown, not the first. A zip's bundle by a cosign key is also checked with cosign itself:
  cosign verify-blob --key cosign.pub --bundle FILE.zip.sigstore.json --insecure-ignore-tlog FILE.zip
and its attestation with
  cosign verify-blob-attestation --key cosign.pub --bundle FILE.zip.intoto.sigstore.json \\
    --type slsaprovenance1 --insecure-ignore-tlog FILE.zip")]
pub(in crate::cli) struct VerifyArgs {
    /// Zips, tarballs, unpacked folders, or folders of packages
    #[arg(value_name = "PATH", required = true)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) trust: TrustArgs,
    /// Refuse packages without these, by somebody trusted; repeatable or comma separated
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(in crate::cli) require: Vec<Require>,
    /// The same as `--require signature` [env: WICK_PLUGIN_REQUIRE_SIGNATURE=1]
    #[arg(long)]
    pub(in crate::cli) require_signature: bool,
    /// Also refuse packages that can't run on this machine
    #[arg(long)]
    pub(in crate::cli) here: bool,
}

/// What `verify` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Require {
    /// The ed25519 signature in the manifest, which hosts check
    Signature,
    /// A bundle over the zip, FILE.sigstore.json beside it
    Bundle,
    /// A statement of how zip, binary and manifest were made, FILE.intoto.sigstore.json beside it
    Attestation,
}

/// Who is trusted.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct TrustArgs {
    /// Trust this public key (base64, or a file that holds it); repeatable or comma separated
    #[arg(long, env = "WICK_PLUGIN_PUBKEY", value_name = "KEY", value_delimiter = ',')]
    pub(in crate::cli) pubkey: Vec<String>,
    /// Trust this cosign public key (a PEM file) for bundles, attestations and `.sig` files; repeatable
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) cosign_pub: Vec<PathBuf>,
    /// Trust certificates of this workflow or e-mail address, whole and exact; repeatable
    #[arg(long, value_name = "URI", requires = "certificate_oidc_issuer")]
    pub(in crate::cli) certificate_identity: Vec<String>,
    /// Who must say so, such as https://token.actions.githubusercontent.com
    #[arg(long, value_name = "URL", requires = "certificate_identity")]
    pub(in crate::cli) certificate_oidc_issuer: Option<String>,
    /// Check certificates with this trusted root [default: the public one, fetched now; `embedded`: as wick carries it]
    #[arg(long, value_name = "FILE", requires = "certificate_identity")]
    pub(in crate::cli) trusted_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin attest slack --cosign-key cosign.key
  wick plugin attest --all-plugins -o dist --sign-key env:KEY    what another machine has built

Beside each zip comes <zip>.intoto.sigstore.json: an in-toto statement with SLSA provenance, whose
subjects are the zip, the binary and plugin.json. It says what the receipts of the build say; a
package that isn't what they say is refused. What is attested already stays. With both keys the
cosign key signs.")]
pub(in crate::cli) struct AttestArgs {
    /// Plugins by key, or by folder such as connector/slack
    #[arg(value_name = "PLUGIN", conflicts_with = "all_plugins")]
    pub(in crate::cli) plugins: Vec<String>,
    /// Every package in the folder
    #[arg(long)]
    pub(in crate::cli) all_plugins: bool,
    /// Where the zips are, relative to the repository
    #[arg(short, long, value_name = "DIR", default_value = "bin")]
    pub(in crate::cli) output: PathBuf,
    /// Go on with other packages when one fails
    #[arg(long)]
    pub(in crate::cli) keep_going: bool,
    #[command(flatten)]
    pub(in crate::cli) signing: SigningArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin keygen                        ~/.wick/plugin-signing.key and .pub
  wick plugin keygen -o ci.key
  wick plugin keygen --cosign               cosign.key and cosign.pub, password from COSIGN_PASSWORD

The ed25519 key file is base64 of 64 bytes; hosts trust what is in the .pub file (WICK_PLUGIN_PUBKEY). A cosign key
is what `cosign generate-key-pair` makes, and cosign takes it. Mode 0600; an existing file is never replaced.")]
pub(in crate::cli) struct KeygenArgs {
    /// Make a cosign key (ECDSA P-256, encrypted with the password in COSIGN_PASSWORD) instead of an ed25519 key
    #[arg(long)]
    pub(in crate::cli) cosign: bool,
    /// Where the private key goes; the public key goes beside it [default: ~/.wick/plugin-signing.key; ./cosign.key]
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}
