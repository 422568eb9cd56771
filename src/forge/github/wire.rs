//! What GitHub sends and takes, as JSON; turned into the model here and nowhere else.

use serde::{Deserialize, Serialize};

use crate::model::release::{Asset, NewRelease, Release};

/// A release. <https://docs.github.com/rest/releases/releases#get-a-release>
#[derive(Deserialize)]
pub(super) struct ReleaseWire {
    id: u64,
    tag_name: String,
    #[serde(default)]
    target_commitish: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    body: Option<String>,
    draft: bool,
    #[serde(default)]
    prerelease: bool,
    #[serde(default)]
    immutable: bool,
    #[serde(default)]
    published_at: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
    upload_url: String,
    #[serde(default)]
    assets: Vec<AssetWire>,
}

impl From<ReleaseWire> for Release {
    fn from(wire: ReleaseWire) -> Release {
        // `…/assets{?name,label}`: a template, RFC 6570.
        let upload_url = wire.upload_url.split('{').next().unwrap_or_default().to_owned();
        Release {
            id: wire.id,
            tag: wire.tag_name,
            commit: wire.target_commitish.unwrap_or_default(),
            title: wire.name.unwrap_or_default(),
            notes: wire.body.unwrap_or_default(),
            draft: wire.draft,
            prerelease: wire.prerelease,
            immutable: wire.immutable,
            published_at: wire.published_at,
            page: wire.html_url.unwrap_or_default(),
            upload_url,
            assets: wire.assets.into_iter().map(Asset::from).collect(),
        }
    }
}

/// An asset. <https://docs.github.com/rest/releases/assets#get-a-release-asset>
#[derive(Deserialize)]
pub(super) struct AssetWire {
    id: u64,
    name: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    size: u64,
    /// `sha256:` and the digest; null for what was uploaded before June 2025, and on older Enterprise servers.
    #[serde(default)]
    digest: Option<String>,
    url: String,
    browser_download_url: String,
}

impl From<AssetWire> for Asset {
    fn from(wire: AssetWire) -> Asset {
        let digest = wire
            .digest
            .as_deref()
            .and_then(|text| text.strip_prefix("sha256:"))
            .and_then(|hex| hex.parse().ok());
        Asset {
            id: wire.id,
            name: wire.name,
            size: wire.size,
            complete: wire.state == "uploaded",
            digest,
            api_url: wire.url,
            download_url: wire.browser_download_url,
        }
    }
}

/// What makes or changes a release. <https://docs.github.com/rest/releases/releases#create-a-release>
#[derive(Serialize)]
pub(super) struct ReleaseBody<'a> {
    tag_name: &'a str,
    /// Only for a tag that GitHub wouldn't let be made first: see `tags`.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_commitish: Option<&'a str>,
    name: &'a str,
    body: &'a str,
    draft: bool,
    prerelease: bool,
    /// A plugin's release must never become the repository's "Latest" (contract wick 6).
    make_latest: &'static str,
}

impl<'a> ReleaseBody<'a> {
    pub(super) fn new(release: &'a NewRelease, draft: bool) -> ReleaseBody<'a> {
        ReleaseBody {
            tag_name: &release.tag,
            target_commitish: None,
            name: &release.title,
            body: &release.notes,
            draft,
            prerelease: release.prerelease,
            make_latest: "false",
        }
    }

    /// With the commit that the tag is to be made from.
    pub(super) fn at(self, commit: &'a str) -> ReleaseBody<'a> {
        ReleaseBody { target_commitish: Some(commit), ..self }
    }
}

/// What makes a ref. <https://docs.github.com/rest/git/refs#create-a-reference>
#[derive(Serialize)]
pub(super) struct NewRef<'a> {
    /// `refs/tags/…`.
    #[serde(rename = "ref")]
    pub(super) name: &'a str,
    pub(super) sha: &'a str,
}

/// A repository. <https://docs.github.com/rest/repos/repos#get-a-repository>
#[derive(Deserialize)]
pub(super) struct RepositoryWire {
    pub(super) full_name: String,
    #[serde(default)]
    pub(super) html_url: Option<String>,
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default)]
    pub(super) permissions: Option<Permissions>,
}

/// What the user behind the token may do.
#[derive(Deserialize)]
pub(super) struct Permissions {
    #[serde(default)]
    pub(super) push: bool,
}

/// <https://docs.github.com/rest/repos/repos#check-if-immutable-releases-are-enabled-for-a-repository>
#[derive(Deserialize)]
pub(super) struct ImmutableWire {
    pub(super) enabled: bool,
}

/// A ref or an annotated tag: both point at an object.
#[derive(Deserialize)]
pub(super) struct PointerWire {
    pub(super) object: Object,
}

/// What is pointed at.
#[derive(Deserialize)]
pub(super) struct Object {
    pub(super) sha: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
}
