//! Which release of each plugin the catalog lists, decided from the list of releases alone.
//!
//! The highest semver wins (0.10.0 > 0.9.0; a pre-release version is below its release). Drafts never count.
//! Pre-releases count on request; a release is one when it is marked so *or* when its version says so, since people
//! forget the mark. A release counts only when it has a zip and every upload was finished: half a release is none.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::finding::Finding;
use crate::model::names::PluginKey;
use crate::model::release::{Asset, Release, ReleaseTag};
use crate::model::version::PluginVersion;

/// Whether pre-releases are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prereleases {
    /// Releases only.
    Ignore,
    /// Whatever is highest.
    Include,
}

/// A release that the catalog can list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The plugin.
    pub key: PluginKey,
    /// The version.
    pub version: PluginVersion,
    /// When it was published.
    pub published_at: Option<String>,
    /// Its zips by `os/arch`; at least one.
    pub zips: BTreeMap<String, Asset>,
}

/// A release that would be listed if it were whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The version.
    pub version: PluginVersion,
    /// What it lacks.
    pub lack: Lack,
}

/// Why a release is no whole one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It has no zip at all.
    Zips,
    /// The uploads of these zips were never finished.
    Uploads(Vec<String>),
}

impl std::fmt::Display for Lack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Lack::Zips => f.write_str("its release has no zip"),
            Lack::Uploads(names) => write!(f, "the upload of {} was never finished", names.join(", ")),
        }
    }
}

/// What the forge has of one plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The release to list.
    pub best: Option<Candidate>,
    /// Higher releases that can't be listed.
    pub broken: Vec<Broken>,
    /// Whether there are others that don't count: drafts, and pre-releases that were not asked for.
    pub withheld: bool,
}

/// What the forge has of all plugins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// By plugin.
    pub offers: BTreeMap<PluginKey, Offer>,
    /// What is odd about the releases that were looked at.
    pub findings: Vec<Finding>,
}

/// Decides. Releases whose tags name no plugin are passed over.
#[must_use]
pub fn select(releases: &[Release], prereleases: Prereleases) -> Selection {
    let mut selection = Selection::default();
    let mut eligible: BTreeMap<PluginKey, Vec<(PluginVersion, &Release)>> = BTreeMap::new();
    for release in releases {
        let Some(tag) = ReleaseTag::parse(&release.tag) else { continue };
        let is_pre = release.prerelease || tag.version.semver().is_some_and(|v| !v.pre.is_empty());
        if release.draft || is_pre && prereleases == Prereleases::Ignore {
            selection.offers.entry(tag.key).or_default().withheld = true;
        } else {
            eligible.entry(tag.key).or_default().push((tag.version, release));
        }
    }
    for (key, mut versions) in eligible {
        // The forge allows one published release per tag; the number settles it should that ever change.
        versions.sort_by_cached_key(|(version, release)| Reverse((version.semver().cloned(), release.id)));
        let offer = selection.offers.entry(key.clone()).or_default();
        for (version, release) in versions {
            let (zips, strange) = zips(&key, &version, release);
            selection.findings.extend(strange);
            match lacks(&zips) {
                None => {
                    let published_at = release.published_at.clone();
                    offer.best = Some(Candidate { key, version, published_at, zips });
                    break;
                }
                Some(lack) => offer.broken.push(Broken { version, lack }),
            }
        }
    }
    selection
}

/// The zips of a release by target, and findings about zips that belong to something else.
fn zips(
    key: &PluginKey,
    version: &PluginVersion,
    release: &Release,
) -> (BTreeMap<String, Asset>, Vec<Finding>) {
    let (mut zips, mut findings) = (BTreeMap::new(), Vec::new());
    for asset in release.assets.iter().filter(|asset| asset.name.ends_with(".zip")) {
        match target_in(&asset.name, key, version) {
            Some(target) => {
                zips.insert(target, asset.clone());
            }
            None => {
                let (name, tag) = (asset.name.escape_debug(), &release.tag);
                let message = format!(
                    "release {tag} has a `{name}`, which is no package of {key} {version}; it isn't listed"
                );
                findings.push(Finding::warning("catalog-strange-asset", message));
            }
        }
    }
    (zips, findings)
}

/// `os/arch` by the last two parts of a zip's name (contract wick 6), where the rest names this plugin and version.
/// Targets that wick has no name for count too.
fn target_in(name: &str, key: &PluginKey, version: &PluginVersion) -> Option<String> {
    let stem = name.strip_suffix(".zip")?;
    let target = stem
        .strip_prefix(key.as_str())?
        .strip_prefix('-')?
        .strip_prefix(version.bare())?
        .strip_prefix('-')?;
    let (os, arch) = target.split_once('-')?;
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    (plain(os) && plain(arch)).then(|| format!("{os}/{arch}"))
}

fn lacks(zips: &BTreeMap<String, Asset>) -> Option<Lack> {
    if zips.is_empty() {
        return Some(Lack::Zips);
    }
    let open: Vec<String> =
        zips.values().filter(|asset| !asset.complete).map(|asset| asset.name.clone()).collect();
    (!open.is_empty()).then_some(Lack::Uploads(open))
}
