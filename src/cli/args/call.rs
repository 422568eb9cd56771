//! What can be typed to call a plugin.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args};

use super::TrustArgs;

#[derive(Debug, Args)]
#[command(
    override_usage = "wick plugin call [OPTIONS] <PLUGIN> <OPERATION|--list|--health|--check-permissions|--identity env:NAME>"
)]
#[command(group = ArgGroup::new("what").required(true).args(["operation", "list", "health", "check_permissions", "identity"]))]
#[command(after_help = "\
Examples:
  wick plugin call weather --list                            what it can do, and what that takes
  wick plugin call weather now --arg city=Oslo               built for this machine, if it isn't yet
  wick plugin call bin/slack-0.2.0-linux-amd64.zip --health  a zip, judged by a host's rules first
  wick plugin call ./slack send --json message.json --cred token=env:SLACK_TOKEN
  echo '{\"city\":\"Oslo\"}' | wick plugin call weather now --json -
  wick plugin call statuspage watch --stream --cred base_url=env:STATUS_URL

The plugin is launched as a host launches it: handshake, AutoMTLS, gRPC; and it is ended
afterwards. Arguments are held against what the operation declares before anything is sent.
It runs with a clean environment and an own home. On Linux it can't read your files, but it
reaches the network; `--no-sandbox` lets it do what you may do. When it says no, the exit
code is 5; with --health and --check-permissions a no is exit code 1.")]
pub(in crate::cli) struct CallArgs {
    /// A plugin by key or folder such as connector/slack; or a zip, an unpacked folder, a binary (./slack)
    #[arg(value_name = "PLUGIN")]
    pub(in crate::cli) plugin: String,
    /// The operation's key
    #[arg(value_name = "OPERATION")]
    pub(in crate::cli) operation: Option<String>,

    /// Show its operations, what they take, and its settings
    #[arg(long, help_heading = "Instead of an operation")]
    pub(in crate::cli) list: bool,
    /// Ask whether it can do its work
    #[arg(long, help_heading = "Instead of an operation")]
    pub(in crate::cli) health: bool,
    /// Ask which operations the credentials allow
    #[arg(long, help_heading = "Instead of an operation")]
    pub(in crate::cli) check_permissions: bool,
    /// Ask whose access token is in that variable
    #[arg(long, value_name = "env:NAME", help_heading = "Instead of an operation")]
    pub(in crate::cli) identity: Option<TypedSecret>,

    /// An argument, typed as the operation declares it; repeatable, and over --json
    #[arg(long, value_name = "NAME=VALUE", requires = "operation", help_heading = "What is sent")]
    pub(in crate::cli) arg: Vec<String>,
    /// The arguments as a JSON object; `-` reads stdin
    #[arg(long, value_name = "FILE|-", requires = "operation", help_heading = "What is sent")]
    pub(in crate::cli) json: Option<PathBuf>,
    /// A credential or setting, out of a variable; repeatable. Values are never typed: others see command lines
    #[arg(long, value_name = "NAME=env:VARIABLE", help_heading = "What is sent")]
    pub(in crate::cli) cred: Vec<TypedSecret>,
    /// Do it although the operation is marked as destructive
    #[arg(short, long, requires = "operation", help_heading = "What is sent")]
    pub(in crate::cli) yes: bool,

    /// Ask for the answer in pieces, and print each as it comes
    #[arg(long, requires = "operation", help_heading = "How")]
    pub(in crate::cli) stream: bool,
    /// How many seconds it may take to start (at most 60), and to answer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u32).range(1..=86_400), help_heading = "How")]
    pub(in crate::cli) timeout: u32,
    /// Launch it without TLS; hosts never do
    #[arg(long, help_heading = "How")]
    pub(in crate::cli) no_mtls: bool,
    /// Let it do what you may do: your files, your home
    #[arg(long, help_heading = "How")]
    pub(in crate::cli) no_sandbox: bool,
    /// Where builds are kept, relative to the repository
    #[arg(short, long, value_name = "DIR", default_value = "bin", help_heading = "How")]
    pub(in crate::cli) output: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) trust: TrustArgs,
}

/// Something that may hold a secret by mistake. It doesn't print.
#[derive(Clone)]
pub(in crate::cli) struct TypedSecret(String);

impl TypedSecret {
    /// The text as typed; not to be repeated in messages.
    pub(in crate::cli) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for TypedSecret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<TypedSecret, Infallible> {
        Ok(TypedSecret(text.to_owned()))
    }
}

impl fmt::Debug for TypedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
