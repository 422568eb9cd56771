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
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin verify bin/*.zip
  wick plugin verify bin                                     every package in the folder
  wick plugin verify bin/*.zip --pubkey \"$(cat key.pub)\" --require signature
  wick plugin verify bin/*.zip --cosign-pub cosign.pub --require bundle
  wick plugin verify ~/.wick/plugins/slack --here            an installed plugin, on this machine

Exit code 1 when a host would refuse any of them, or a bundle beside one isn't right. All findings are
shown, not the first. A zip's bundle by a cosign key is also checked with cosign itself:
  cosign verify-blob --key cosign.pub --bundle FILE.zip.sigstore.json --insecure-ignore-tlog FILE.zip")]
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
}

/// Who is trusted.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct TrustArgs {
    /// Trust this public key (base64, or a file that holds it); repeatable or comma separated
    #[arg(long, env = "WICK_PLUGIN_PUBKEY", value_name = "KEY", value_delimiter = ',')]
    pub(in crate::cli) pubkey: Vec<String>,
    /// Trust this cosign public key (a PEM file) for bundles and `.sig` files; repeatable
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) cosign_pub: Vec<PathBuf>,
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
