//! What can be typed: clap types and their help, nothing else.

mod author;
mod call;
mod publish;
mod trust;

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub(super) use author::{CheckArgs, InitArgs, NewArgs};
pub(super) use call::CallArgs;
pub(super) use publish::{ForgeArgs, MergeArgs, PlanArgs, ReleaseArgs};
pub(super) use trust::{AttestArgs, InstanceArgs, KeygenArgs, Require, SigningArgs, TrustArgs, VerifyArgs};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::names::PluginKind;
use crate::model::target::{Arch, Os, Target};

const EXIT_CODES: &str = "\
Exit codes:
  0  done                        5  a step failed (compiler, plugin, signer)
  1  findings: the answer is no  6  something remote is unreachable or refused
  2  wrong usage                 7  conflict with what is published
  3  project or config invalid  70  a bug in wick
  4  something is missing      130  interrupted";

/// Builds, signs and publishes plugins: what is published is provably what was built, for every target, or nothing
/// is published.
#[derive(Debug, Parser)]
#[command(name = "wick", version, about, after_help = EXIT_CODES, max_term_width = 110)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// Flags that every command has.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// The repository of plugins [default: the current directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// How results are printed on stdout: for people, or for programs with a schema number
    #[arg(long, global = true, value_enum, default_value = "human")]
    pub(super) format: Format,
    /// Print errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Print more: reasons, facts, every step
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// When to use colour; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(super) color: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it, and it isn't moved around")]
pub(super) enum Verb {
    /// Build, verify, inspect and publish plugins
    #[command(subcommand)]
    Plugin(PluginVerb),
    /// Show which toolchains and targets this machine can build, and how to get the rest
    #[command(after_help = "Examples:\n  wick doctor\n  wick doctor --format json")]
    Doctor,
    /// Print a completion script for a shell
    #[command(
        after_help = "Examples:\n  wick completions bash > ~/.local/share/bash-completion/completions/wick\n  wick completions zsh > \"${fpath[1]}/_wick\""
    )]
    Completions(CompletionsArgs),
}

#[derive(Debug, Subcommand)]
pub(super) enum PluginVerb {
    /// Make a folder a repository of plugins, with the GitHub workflow that builds and releases them
    Init(InitArgs),
    /// Write a new plugin that builds, passes its own tests and answers
    New(NewArgs),
    /// Say what a host or a reviewer would complain about, before anything is packed
    Check(CheckArgs),
    /// Build plugins into verified zips, one per OS and architecture
    Build(BuildArgs),
    /// Say of zips, tarballs or folders what a host would say, for any target
    Verify(VerifyArgs),
    /// Show what is inside a package or binary
    Inspect(InspectArgs),
    /// Launch a plugin as a host does, ask one thing, print the answer
    Call(CallArgs),
    /// Make plugins.json, the list that hosts install from, out of a repository's releases
    Catalog(CatalogArgs),
    /// Make a signing key as the hosts expect it
    Keygen(KeygenArgs),
    /// Sign statements of how packages were made
    Attest(AttestArgs),
    /// Put the packages of plugins on GitHub, all of a plugin's or none
    Release(ReleaseArgs),
    /// Make one complete set of the packages that several machines built
    Merge(MergeArgs),
    /// Print the job matrix for CI: plugins × targets
    Plan(PlanArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin build slack                                    for this machine
  wick plugin build slack --all                              for every target of a release
  wick plugin build slack --target linux/arm64,darwin/amd64
  wick plugin build --all-plugins --all -j 4
  wick plugin build --changed --since origin/main            only what a change can affect
  wick plugin build slack --all --sign-key ~/.wick/plugin-signing.key --attest
  wick plugin build slack --all --cosign-key cosign.key      a .sig in and a bundle beside each zip
  wick plugin build slack --all --cosign-key env:COSIGN_KEY  the key's text from a CI secret
  wick plugin build --all-plugins --all --dry-run            print the plan, do nothing

A build is skipped when nothing it was made from has changed: the sources of the real
dependency closure, embedded files, flags, tools, environment. `--explain` says why each
plugin was or wasn't built, `--force` builds anyway.")]
pub(super) struct BuildArgs {
    /// Plugins by key, or by folder such as connector/slack
    #[arg(value_name = "PLUGIN", conflicts_with_all = ["all_plugins", "changed"])]
    pub(super) plugins: Vec<String>,
    /// Build every plugin but scaffolds (names that start with `_`)
    #[arg(long, conflicts_with = "changed", help_heading = "Selection")]
    pub(super) all_plugins: bool,
    /// Build the plugins that changes since --since can affect, shared code included
    #[arg(long, help_heading = "Selection")]
    pub(super) changed: bool,
    /// What to compare with for --changed [default: origin/$GITHUB_BASE_REF, else origin/main]
    // Not by `requires` alone: clap waives a requirement that conflicts with what was given.
    #[arg(long, value_name = "REF", requires = "changed", conflicts_with_all = ["plugins", "all_plugins"], help_heading = "Selection")]
    pub(super) since: Option<String>,
    /// Only plugins of this kind
    #[arg(long, value_enum, help_heading = "Selection")]
    pub(super) kind: Option<KindArg>,

    /// Build for these targets, as os/arch; repeatable or comma separated
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',', conflicts_with_all = ["all", "goos", "goarch"], help_heading = "Targets")]
    pub(super) target: Vec<Target>,
    /// Build every target of a complete release
    #[arg(long, conflicts_with_all = ["goos", "goarch"], help_heading = "Targets")]
    pub(super) all: bool,
    /// Build for this operating system [default: $GOOS, else this machine's]
    #[arg(long, value_name = "OS", value_parser = os, help_heading = "Targets")]
    pub(super) goos: Option<Os>,
    /// Build for this architecture [default: $GOARCH, else this machine's]
    #[arg(long, value_name = "ARCH", value_parser = arch, help_heading = "Targets")]
    pub(super) goarch: Option<Arch>,

    /// Where the zips go, relative to the repository
    #[arg(short, long, value_name = "DIR", default_value = "bin")]
    pub(super) output: PathBuf,
    /// How many steps run at once [default: the number of CPUs]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(super) jobs: Option<u16>,
    /// Run foreign binaries in qemu-user or wine, where those are on PATH, to learn their manifests
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(super) emulate: Emulate,
    /// Build even what is up to date
    #[arg(long)]
    pub(super) force: bool,
    /// Go on with other targets and plugins when one fails
    #[arg(long)]
    pub(super) keep_going: bool,
    /// Say why each plugin was or wasn't built
    #[arg(long)]
    pub(super) explain: bool,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Sign a statement of how each zip was made (SLSA provenance), beside it
    #[arg(long, help_heading = "Signing")]
    pub(super) attest: bool,
    #[command(flatten)]
    pub(super) signing: SigningArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum KindArg {
    Connector,
    Tool,
    Job,
}

impl From<KindArg> for PluginKind {
    fn from(kind: KindArg) -> PluginKind {
        match kind {
            KindArg::Connector => PluginKind::Connector,
            KindArg::Tool => PluginKind::Tool,
            KindArg::Job => PluginKind::Job,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Emulate {
    Auto,
    Off,
}

pub(super) fn os(text: &str) -> Result<Os, String> {
    Os::from_go(text).ok_or_else(|| "known: linux, darwin, windows, freebsd".to_owned())
}

pub(super) fn arch(text: &str) -> Result<Arch, String> {
    Arch::from_go(text).ok_or_else(|| "known: amd64, arm64, 386, arm, riscv64".to_owned())
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin inspect bin/slack-0.1.0-linux-amd64.zip
  wick plugin inspect ./slack --format json")]
pub(super) struct InspectArgs {
    /// A package, an unpacked folder, or a bare binary
    #[arg(value_name = "PATH", required = true)]
    pub(super) paths: Vec<PathBuf>,
}

/// A token that somebody typed. It doesn't print.
#[derive(Clone)]
pub(super) struct TypedToken(String);

impl TypedToken {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for TypedToken {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<TypedToken, Infallible> {
        Ok(TypedToken(text.to_owned()))
    }
}

impl fmt::Debug for TypedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin catalog --repo owner/plugins     write plugins.json
  wick plugin catalog --check                  for CI: exit 1 and say what is out of date
  wick plugin catalog --out - > plugins.json   print it
  wick plugin catalog --prune                  drop plugins without a release

The highest version of each plugin is listed; drafts never are, pre-releases (marked so, or
1.0.0-rc.1 by version) with --prereleases. Packages that are still the same cost no download;
of a new release a few kilobytes of one package are read. A plugin that can't be read keeps its
entry, and the exit code is 6; if it had none, nothing is written.")]
pub(super) struct CatalogArgs {
    #[command(flatten)]
    pub(super) forge: ForgeArgs,
    /// A token; other users of this machine can see it, so set WICK_GITHUB_TOKEN, GITHUB_TOKEN or GH_TOKEN instead
    #[arg(long, value_name = "TOKEN", help_heading = "GitHub")]
    pub(super) token: Option<TypedToken>,
    /// The catalog, relative to the repository's folder; `-` prints it (and carries over from plugins.json)
    #[arg(short, long, value_name = "FILE", default_value = "plugins.json", help_heading = "Catalog")]
    pub(super) out: PathBuf,
    /// Write nothing: exit 1 when the file is out of date
    #[arg(long, help_heading = "Catalog")]
    pub(super) check: bool,
    /// Drop entries of plugins that have no release any more
    #[arg(long, help_heading = "Catalog")]
    pub(super) prune: bool,
    /// List pre-releases where they are highest
    #[arg(long, help_heading = "Catalog")]
    pub(super) prereleases: bool,
    /// How many packages are read at once
    #[arg(short, long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=64), help_heading = "Catalog")]
    pub(super) jobs: u16,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_typed_token_does_not_print() {
        let cli = Cli::try_parse_from(["wick", "plugin", "catalog", "--token", "ghp_x"]).unwrap();
        assert!(!format!("{cli:?}").contains("ghp_x"));
    }

    /// Conformance 3: the three forms exclude each other.
    #[test]
    fn target_forms_exclude_each_other() {
        let parse =
            |args: &[&str]| Cli::try_parse_from(["wick", "plugin", "build", "x"].iter().chain(args)).is_ok();
        assert!(parse(&["--target", "linux/arm64,darwin/amd64", "--target", "windows/amd64"]));
        assert!(parse(&["--goos", "linux", "--goarch", "arm64"]));
        assert!(!parse(&["--all", "--target", "linux/arm64"]));
        assert!(!parse(&["--all", "--goos", "linux"]));
        assert!(!parse(&["--target", "linux/arm64", "--goarch", "arm64"]));
        assert!(!parse(&["--target", "linux/x86_64"]));
    }
}
