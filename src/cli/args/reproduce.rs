//! What can be typed about rebuilding a release.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{ForgeArgs, KindArg};
use crate::model::release::ReleaseTag;
use crate::model::target::Target;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin reproduce slack@0.2.0                          every package of the release slack/v0.2.0
  wick plugin reproduce slack@0.2.0 --target linux/amd64
  wick plugin reproduce slack@0.2.0 --against downloads/     zips in a folder; GitHub is not asked
  wick plugin reproduce slack@0.2.0 --fetch-toolchains       let go and rustup download the recorded compilers

The tag's commit is checked out into a scratch folder, which is gone afterwards; the working tree is
not touched. Signatures can't be made again without their key: those of the published package are
taken over where the binary is the same, and the report says so. Exit code 0 when every byte is the
same, 1 when not, with the cause: another compiler, a path or a time in the binary, a section, a
field of the manifest, a mode or time in the zip.")]
pub(in crate::cli) struct ReproduceArgs {
    /// The release, such as slack@0.2.0
    #[arg(value_name = "PLUGIN@VERSION")]
    pub(in crate::cli) release: Wanted,
    /// Only plugins of this kind
    #[arg(long, value_enum)]
    pub(in crate::cli) kind: Option<KindArg>,
    /// Rebuild for these targets only, as os/arch; repeatable or comma separated [default: all that are published]
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    pub(in crate::cli) target: Vec<Target>,
    /// Compare with the zips in this folder instead of GitHub's
    #[arg(long, value_name = "DIR", conflicts_with_all = ["repo", "api_url"])]
    pub(in crate::cli) against: Option<PathBuf>,
    /// Let go and rustup download the compilers that the release was made with
    #[arg(long)]
    pub(in crate::cli) fetch_toolchains: bool,
    /// Leave the rebuilt packages in this folder, for a closer look
    #[arg(short, long, value_name = "DIR")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// How many steps run at once [default: the number of CPUs]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(in crate::cli) jobs: Option<u16>,
    #[command(flatten)]
    pub(in crate::cli) forge: ForgeArgs,
}

/// A release as typed: `slack@0.2.0`, or its tag.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Wanted(pub(in crate::cli) ReleaseTag);

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Wanted, String> {
        let typed = text
            .split_once('@')
            .map(|(name, version)| (name.trim_end_matches(['/', '\\']), version))
            // The path of its folder names a plugin, too.
            .map(|(name, version)| (name.rsplit(['/', '\\']).next().unwrap_or(name), version))
            .map(|(key, version)| format!("{key}/v{}", version.strip_prefix('v').unwrap_or(version)));
        ReleaseTag::parse(typed.as_deref().unwrap_or(text))
            .map(Wanted)
            .ok_or_else(|| "a release is named like slack@0.2.0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_named_as_people_do() {
        for good in [
            "slack@0.2.0",
            "slack@v0.2.0",
            "slack/v0.2.0",
            "connector/slack@0.2.0",
            "./connector/slack/@0.2.0",
        ] {
            assert_eq!(good.parse::<Wanted>().unwrap().0.to_string(), "slack/v0.2.0", "{good}");
        }
        for bad in ["slack", "slack@", "slack@latest", "@1.0.0", "Slack@1.0.0", "slack@dev", "slack@vv1.0.0"]
        {
            assert!(bad.parse::<Wanted>().is_err(), "{bad}");
        }
    }
}
