//! Releases as a forge keeps them, and the tags that name them (contract wick 6).

use std::fmt;

use super::digest::Sha256;
use super::names::PluginKey;
use super::version::PluginVersion;

/// The tag of a plugin's release: `<key>/v<version>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseTag {
    /// The plugin.
    pub key: PluginKey,
    /// Its version; never `dev`.
    pub version: PluginVersion,
}

impl ReleaseTag {
    /// Reads a tag; nothing for tags that name no plugin release, such as the core's `v1.0.0`, `x`, `/v1`, `x/v`.
    #[must_use]
    pub fn parse(tag: &str) -> Option<ReleaseTag> {
        let (key, version) = tag.split_once("/v")?;
        let version: PluginVersion = version.parse().ok()?;
        // A second `v` would be tolerated in a VERSION file, not here.
        let plain = version.as_str() == version.bare() && version.semver().is_some();
        plain.then_some(ReleaseTag { key: key.parse().ok()?, version })
    }
}

impl fmt::Display for ReleaseTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/v{}", self.key, self.version.bare())
    }
}

/// A release, published or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The forge's number for it; the only way to name a draft.
    pub id: u64,
    /// Its tag; for a draft the tag it will get.
    pub tag: String,
    /// The commit or branch the tag is to be made from, as it was given.
    pub commit: String,
    /// Its title.
    pub title: String,
    /// Its notes, Markdown.
    pub notes: String,
    /// Not visible to users, and its tag may not exist yet.
    pub draft: bool,
    /// Marked as a pre-release.
    pub prerelease: bool,
    /// Its assets can't be changed any more.
    pub immutable: bool,
    /// When it was published, RFC 3339 in UTC.
    pub published_at: Option<String>,
    /// Its page for people.
    pub page: String,
    /// Where assets are uploaded: an URL without its template part.
    pub upload_url: String,
    /// Its files.
    pub assets: Vec<Asset>,
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The forge's number for it.
    pub id: u64,
    /// Its file name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether its upload was completed; an aborted one leaves an asset that blocks its name.
    pub complete: bool,
    /// Its digest, for assets uploaded since the forge computes them.
    pub digest: Option<Sha256>,
    /// Its address in the API.
    pub api_url: String,
    /// Where users download it.
    pub download_url: String,
}

/// A release to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRelease {
    /// Its tag.
    pub tag: String,
    /// The commit the tag is to be made from, full hash.
    pub commit: String,
    /// Its title.
    pub title: String,
    /// Its notes, Markdown.
    pub notes: String,
    /// Whether it is a pre-release.
    pub prerelease: bool,
}

/// What is known of a repository before anything is written to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// `owner/name`, as the forge spells it.
    pub full_name: String,
    /// Its page for people; empty when the forge doesn't tell.
    pub page: String,
    /// Whether it takes nothing new.
    pub is_archived: bool,
    /// Whether this token may write releases; nothing when the forge doesn't tell.
    pub may_write: Option<bool>,
    /// Whether published releases become immutable; nothing when the forge doesn't tell.
    pub immutable_releases: Option<bool>,
}

impl RepositoryFacts {
    /// Whether it has another name than the one it was asked for by. Forges don't care for capitals.
    #[must_use]
    pub fn is_renamed_from(&self, asked: &str) -> bool {
        !self.full_name.eq_ignore_ascii_case(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance 11 of contract wick.
    #[test]
    fn only_key_slash_v_semver_is_a_plugin_release() {
        for bad in
            ["x", "v1.0.0", "/v1", "x/v", "/v1.0.0", "x/v1", "a-b/v1.0.0", "x/vv1.0.0", "x/vdev", "x/1.0.0"]
        {
            assert_eq!(ReleaseTag::parse(bad), None, "{bad}");
        }
        let tag = ReleaseTag::parse("slack/v0.10.0-rc.1").unwrap();
        assert_eq!((tag.key.as_str(), tag.version.bare()), ("slack", "0.10.0-rc.1"));
        assert_eq!(tag.to_string(), "slack/v0.10.0-rc.1");
    }
}
