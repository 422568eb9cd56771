//! What a repository holds: releases, assets, tags, and the tags that can never be used again.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Config;
use crate::content::Content;

/// An asset's state. <https://docs.github.com/rest/releases/assets#get-a-release-asset> ("uploaded", "open");
/// `starter` by <https://docs.github.com/rest/releases/assets#upload-a-release-asset>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetState {
    /// An upload began and did not end.
    Starter,
    /// Complete.
    Uploaded,
}

/// An asset.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its number.
    pub id: u64,
    /// Its name, as GitHub made it.
    pub name: String,
    /// Whether it is complete.
    pub state: AssetState,
    /// `sha256:…`, once complete.
    pub digest: Option<String>,
    /// What it was sent as.
    pub content_type: String,
    /// Its bytes.
    pub content: Content,
}

/// A release.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its number.
    pub id: u64,
    /// Its tag's name; a draft's tag needn't exist.
    pub tag: String,
    /// `target_commitish`.
    pub commit: String,
    /// `name`.
    pub title: String,
    /// `body`.
    pub notes: String,
    /// Only seen by those who may write.
    pub draft: bool,
    /// A pre-release.
    pub prerelease: bool,
    /// Can't be changed any more.
    pub immutable: bool,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339, once published.
    pub published_at: Option<String>,
    /// Its assets.
    pub assets: Vec<Asset>,
}

/// A git tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What the ref points to: the commit, or the tag object of an annotated tag.
    pub points_to: String,
    /// The commit.
    pub commit: String,
}

/// All there is, for assertions.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Newest first.
    pub releases: Vec<Release>,
    /// By name.
    pub tags: BTreeMap<String, Tag>,
    /// The repository's "Latest" release.
    pub latest: Option<u64>,
}

impl Snapshot {
    /// The release of that number.
    #[must_use]
    pub fn release(&self, id: u64) -> Option<&Release> {
        self.releases.iter().find(|release| release.id == id)
    }
}

impl Release {
    /// The asset of that name.
    #[must_use]
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.name == name)
    }
}

/// The repository.
pub(crate) struct State {
    /// Oldest first.
    pub(crate) releases: Vec<Release>,
    pub(crate) tags: BTreeMap<String, Tag>,
    /// Tags of immutable releases, also of deleted ones.
    pub(crate) burned: BTreeSet<String>,
    pub(crate) latest: Option<u64>,
    pub(crate) digests: bool,
    head: String,
    next_id: u64,
    seconds: u64,
}

impl State {
    pub(crate) fn new(config: &Config) -> State {
        State {
            releases: Vec::new(),
            tags: BTreeMap::new(),
            burned: BTreeSet::new(),
            latest: None,
            digests: config.digests,
            head: config.head.clone(),
            next_id: 1_000,
            seconds: 0,
        }
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// A time that only moves with what happens, so that runs are alike.
    pub(crate) fn next_time(&mut self) -> String {
        self.seconds += 1;
        let (days, rest) = (self.seconds / 86_400, self.seconds % 86_400);
        let (month, day) = (days / 28 % 12 + 1, days % 28 + 1);
        format!("2026-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
    }

    /// What a `target_commitish` means: a commit, or the head of a branch.
    pub(crate) fn resolve(&self, commitish: &str) -> String {
        let is_hash = commitish.len() == 40 && commitish.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash { commitish.to_owned() } else { self.head.clone() }
    }

    pub(crate) fn find(&mut self, id: u64) -> Option<&mut Release> {
        self.releases.iter_mut().find(|release| release.id == id)
    }

    pub(crate) fn published(&self, tag: &str) -> Option<&Release> {
        self.releases.iter().find(|release| !release.draft && release.tag == tag)
    }

    /// The release an asset belongs to, and the asset's place in it.
    pub(crate) fn find_asset(&mut self, id: u64) -> Option<(&mut Release, usize)> {
        self.releases.iter_mut().find_map(|release| {
            let index = release.assets.iter().position(|asset| asset.id == id)?;
            Some((release, index))
        })
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            releases: self.releases.iter().rev().cloned().collect(),
            tags: self.tags.clone(),
            latest: self.latest,
        }
    }
}
