//! The names of release zips, and what a zip holds.

use std::path::{Path, PathBuf};

use super::names::PluginKey;
use super::target::{Arch, Os, Target};
use super::version::PluginVersion;

/// The file name of a release zip: `<key>-<version without v>-<os>-<arch>.zip`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageName {
    /// The plugin's key.
    pub key: PluginKey,
    /// The version; never with a leading `v`.
    pub version: PluginVersion,
    /// What it was built for.
    pub target: Target,
}

impl PackageName {
    /// Reads a name back. Keys have no `-`, a pre-release version may: so the key ends at the first dash
    /// and os and arch are the last two parts.
    #[must_use]
    pub fn parse(file_name: &str) -> Option<PackageName> {
        let stem = file_name.strip_suffix(".zip").or_else(|| file_name.strip_suffix(".tar.gz"))?;
        let (rest, arch) = stem.rsplit_once('-')?;
        let (rest, os) = rest.rsplit_once('-')?;
        let (key, version) = rest.split_once('-')?;
        Some(PackageName {
            key: key.parse().ok()?,
            version: version.parse().ok()?,
            target: Target::new(Os::from_go(os)?, Arch::from_go(arch)?),
        })
    }
}

impl std::fmt::Display for PackageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}-{}.zip", self.key, self.version.bare(), self.target.dashed())
    }
}

/// The name of a file that belongs to another: the other's name and a suffix.
#[must_use]
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// One file for an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageEntry {
    /// The name inside the archive, with `/` between parts.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
    /// Whether the mode is 0755 rather than 0644.
    pub executable: bool,
}

/// The name of the manifest inside every package.
pub const MANIFEST_NAME: &str = "plugin.json";

/// The largest package wick makes or reads, in bytes: beyond it a host's download limit is certain to be hit.
pub const PACKAGE_MAX: u64 = 512 << 20;

/// The most files in a package, binary, manifest and signatures included.
pub const ENTRIES_MAX: usize = 64;

/// The longest name of a file in a package, in bytes: the limit of most file systems for one part of a path.
pub const NAME_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_with_prereleases() {
        let name = PackageName {
            key: "slack".parse().unwrap(),
            version: "v1.0.0-rc-1.2".parse().unwrap(),
            target: "linux/arm64".parse().unwrap(),
        };
        assert_eq!(name.to_string(), "slack-1.0.0-rc-1.2-linux-arm64.zip");
        let back = PackageName::parse("slack-1.0.0-rc-1.2-linux-arm64.zip").unwrap();
        assert_eq!((back.key, back.version.bare(), back.target), (name.key, "1.0.0-rc-1.2", name.target));
    }

    #[test]
    fn other_names_are_no_packages() {
        for bad in
            ["slack.zip", "slack-1.0.0-linux.zip", "a-1.0.0-linux-amd64.exe", "../x-1.0.0-linux-amd64.zip"]
        {
            assert!(PackageName::parse(bad).is_none(), "{bad}");
        }
    }
}
