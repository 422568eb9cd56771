//! What can be typed about trust: who signs, who is trusted, keys, verification.

use std::path::PathBuf;

use clap::Args;

/// Who signs.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Signing")]
pub(in crate::cli) struct SigningArgs {
    /// Sign each manifest with this ed25519 key
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) sign_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin verify bin/*.zip
  wick plugin verify bin                                     every package in the folder
  wick plugin verify bin/*.zip --pubkey \"$(cat key.pub)\" --require-signature
  wick plugin verify ~/.wick/plugins/slack --here            an installed plugin, on this machine

Exit code 1 when a host would refuse any of them. All findings are shown, not the first.")]
pub(in crate::cli) struct VerifyArgs {
    /// Zips, tarballs, unpacked folders, or folders of packages
    #[arg(value_name = "PATH", required = true)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) trust: TrustArgs,
    /// Refuse packages without a signature by a trusted key [env: WICK_PLUGIN_REQUIRE_SIGNATURE=1]
    #[arg(long)]
    pub(in crate::cli) require_signature: bool,
    /// Also refuse packages that can't run on this machine
    #[arg(long)]
    pub(in crate::cli) here: bool,
}

/// Who is trusted.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct TrustArgs {
    /// Trust this public key (base64, or a file that holds it); repeatable or comma separated
    #[arg(long, env = "WICK_PLUGIN_PUBKEY", value_name = "KEY", value_delimiter = ',')]
    pub(in crate::cli) pubkey: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin attest slack --sign-key ~/.wick/plugin-signing.key
  wick plugin attest --all-plugins -o dist --sign-key ci.key     what another machine has built

Beside each zip comes <zip>.intoto.sigstore.json: an in-toto statement with SLSA provenance, whose
subjects are the zip, the binary and plugin.json. It says what the receipts of the build say; a
package that isn't what they say is refused. What is attested already stays.")]
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

The key file is base64 of 64 bytes, mode 0600; hosts trust what is in the .pub file (WICK_PLUGIN_PUBKEY).
An existing file is never replaced.")]
pub(in crate::cli) struct KeygenArgs {
    /// Where the private key goes; the public key goes to FILE.pub [default: ~/.wick/plugin-signing.key]
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}
