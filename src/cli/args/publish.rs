//! What can be typed about publishing: release, merge, plan.

use std::path::PathBuf;

use clap::Args;

use super::KindArg;
use crate::model::target::Target;

/// Where the forge is.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ForgeArgs {
    /// The repository on GitHub [default: $GITHUB_REPOSITORY, else the remote `origin`]
    #[arg(long, value_name = "OWNER/NAME", help_heading = "GitHub")]
    pub(in crate::cli) repo: Option<String>,
    /// The API's address, for GitHub Enterprise [default: $GITHUB_API_URL, else https://api.github.com]
    #[arg(long, value_name = "URL", help_heading = "GitHub")]
    pub(in crate::cli) api_url: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin release slack                    tag slack/v0.2.0 and a release with every zip of bin/, or nothing
  wick plugin release --all-plugins            every plugin whose version isn't out yet
  wick plugin release slack --dry-run          what would happen, and whether it could; nothing is touched

Nothing is built: what is released is what `wick plugin build` or `wick plugin merge` left, checked
again. A release is a draft until all its files are there and read back, then it is published in one
step, and never as \"Latest\". Run again after any failure: it goes on where it stopped, and what is
published already is left alone. The token comes from WICK_GITHUB_TOKEN, GITHUB_TOKEN or GH_TOKEN.")]
pub(in crate::cli) struct ReleaseArgs {
    /// Plugins by key, or by folder such as connector/slack
    #[arg(value_name = "PLUGIN", conflicts_with = "all_plugins")]
    pub(in crate::cli) plugins: Vec<String>,
    /// Release every plugin whose version isn't out yet
    #[arg(long, help_heading = "Selection")]
    pub(in crate::cli) all_plugins: bool,
    /// Only plugins of this kind
    #[arg(long, value_enum, help_heading = "Selection")]
    pub(in crate::cli) kind: Option<KindArg>,
    #[command(flatten)]
    pub(in crate::cli) forge: ForgeArgs,
    /// Where the zips are, relative to the repository
    #[arg(short, long, value_name = "DIR", default_value = "bin")]
    pub(in crate::cli) output: PathBuf,
    /// Take the release notes from this file [default: the commits since the previous release]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) notes_file: Option<PathBuf>,
    /// Release packages whose sources are in no commit
    #[arg(long)]
    pub(in crate::cli) allow_dirty: bool,
    /// How many files are uploaded at once
    #[arg(short, long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=32))]
    pub(in crate::cli) jobs: u16,
    /// Say what would happen and whether it could, and touch nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin merge linux/ mac/ windows/ -o bin
  wick plugin merge parts -o bin                    every output folder inside parts
  wick plugin merge a b -o bin --targets linux/arm64,linux/amd64

Every package is held against its receipt and a host's rules; all targets of each plugin must be
there, of one version, one commit and one signer. Otherwise nothing is copied and the exit code is 1.")]
pub(in crate::cli) struct MergeArgs {
    /// Output folders of `wick plugin build`, or folders of such folders
    #[arg(value_name = "DIR", required = true)]
    pub(in crate::cli) parts: Vec<PathBuf>,
    /// Where the set goes, relative to the repository
    #[arg(short, long, value_name = "DIR", default_value = "bin")]
    pub(in crate::cli) output: PathBuf,
    /// What a complete set is, as os/arch [default: what each plugin's release consists of]
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    pub(in crate::cli) targets: Vec<Target>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin plan --all-plugins --unreleased --format json
  wick plugin plan --changed --since origin/main --format json

In GitHub Actions the matrix also goes to GITHUB_OUTPUT, as `matrix={\"include\":[…]}` and
`any=true|false`: a job takes it with `matrix: ${{ fromJSON(needs.detect.outputs.matrix) }}`.")]
pub(in crate::cli) struct PlanArgs {
    /// Plugins by key, or by folder such as connector/slack
    #[arg(value_name = "PLUGIN", conflicts_with_all = ["all_plugins", "changed"])]
    pub(in crate::cli) plugins: Vec<String>,
    /// Every plugin but scaffolds
    #[arg(long, conflicts_with = "changed", help_heading = "Selection")]
    pub(in crate::cli) all_plugins: bool,
    /// The plugins that changes since --since can affect, shared code included
    #[arg(long, help_heading = "Selection")]
    pub(in crate::cli) changed: bool,
    /// What to compare with for --changed [default: origin/$GITHUB_BASE_REF, else origin/main]
    #[arg(long, value_name = "REF", requires = "changed", help_heading = "Selection")]
    pub(in crate::cli) since: Option<String>,
    /// Only plugins of this kind
    #[arg(long, value_enum, help_heading = "Selection")]
    pub(in crate::cli) kind: Option<KindArg>,
    /// Only plugins whose version isn't released yet
    #[arg(long, help_heading = "Selection")]
    pub(in crate::cli) unreleased: bool,
    /// Don't ask GitHub what is released; this clone's tags say it
    #[arg(long, requires = "unreleased", help_heading = "Selection")]
    pub(in crate::cli) offline: bool,
    /// Only these targets of each release, as os/arch
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    pub(in crate::cli) target: Vec<Target>,
    #[command(flatten)]
    pub(in crate::cli) forge: ForgeArgs,
}
