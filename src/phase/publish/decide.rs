//! What has to be done so that a release has exactly the files that are here: decided from what the forge has, purely.
//!
//! * Published, with these files: nothing. Published with anything else: a conflict; a published release is never
//!   changed, whether or not the forge would allow it, because somebody may have taken from it already.
//! * A draft is nobody's yet: what is missing is uploaded, aborted uploads and other bytes are replaced, files that
//!   aren't ours go. Of several drafts the one with the most good files is kept, then the oldest; the others are named.
//! * Signatures and attestations beside files that are the same may be others: a published one stays.
//! * An asset counts by its digest. One without a digest is another: `digests` learns them first.

use super::local::{LocalFile, Set};
use crate::model::bundle::BUNDLE_SUFFIX;
use crate::model::finding::Finding;
use crate::model::publish::AssetStep;
use crate::model::release::{Asset, Release};
use crate::phase::packages::short;

/// What the forge has under a tag.
#[derive(Clone, Debug, Default)]
pub struct Seen<'a> {
    /// Every release of that tag, drafts included.
    pub releases: Vec<&'a Release>,
    /// The commit the tag points to, when there is such a tag.
    pub tag_commit: Option<&'a str>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is out, with exactly these files.
    Out {
        /// Its page.
        page: String,
        /// What is worth knowing.
        findings: Vec<Finding>,
    },
    /// It can be brought out.
    Go(Box<Steps>),
    /// It conflicts with what is published.
    Conflict(Vec<Finding>),
}

/// The way to a published release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The draft to go on with; without one, it is made.
    pub draft: Option<Release>,
    /// What is removed from the draft first.
    pub remove: Vec<Asset>,
    /// What happens to each local file, in their order.
    pub files: Vec<AssetStep>,
    /// What somebody should look at.
    pub findings: Vec<Finding>,
}

/// Decides.
#[must_use]
pub fn decide(set: &Set, seen: &Seen<'_>) -> Decision {
    if let Some(release) = seen.releases.iter().find(|release| !release.draft) {
        return published(set, release, &seen.releases);
    }
    if let Some(conflict) = tag_conflict(set, seen.tag_commit) {
        return Decision::Conflict(vec![conflict]);
    }
    let good = |release: &Release| set.files.iter().filter(|file| fit(file, release) == Fit::Same).count();
    let mut drafts = seen.releases.clone();
    drafts.sort_by_key(|release| (std::cmp::Reverse(good(release)), release.id));
    let mut steps = match drafts.first() {
        None => Steps {
            draft: None,
            remove: Vec::new(),
            files: vec![AssetStep::Upload; set.files.len()],
            findings: Vec::new(),
        },
        Some(draft) => resume(set, draft),
    };
    for other in drafts.iter().skip(1) {
        let message = format!("there is another draft of {}: {}", set.tag, other.page);
        steps.findings.push(Finding::warning("draft-extra", message).hint("delete that draft on its page"));
    }
    Decision::Go(Box::new(steps))
}

fn resume(set: &Set, draft: &Release) -> Steps {
    let mut remove: Vec<Asset> = draft
        .assets
        .iter()
        .filter(|asset| !set.files.iter().any(|file| file.name == asset.name))
        .cloned()
        .collect();
    let mut findings: Vec<Finding> = Vec::new();
    for asset in &remove {
        let message =
            format!("the draft's {} is none of the release's files; it goes", asset.name.escape_debug());
        findings.push(Finding::note("asset-extra", message));
    }
    let files = set.files.iter().map(|file| match fit(file, draft) {
        Fit::Same => AssetStep::There,
        Fit::Missing => AssetStep::Upload,
        Fit::Aborted | Fit::Other(_) => {
            remove.extend(draft.assets.iter().filter(|asset| asset.name == file.name).cloned());
            AssetStep::Replace
        }
    });
    let files = files.collect();
    Steps { draft: Some(draft.clone()), remove, files, findings }
}

/// How a file here stands to a release there.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fit {
    /// Uploaded, with these bytes.
    Same,
    /// Uploaded, with other bytes: what it has instead.
    Other(String),
    /// An upload that was never completed.
    Aborted,
    /// Not there.
    Missing,
}

fn fit(file: &LocalFile, release: &Release) -> Fit {
    let Some(asset) = release.assets.iter().find(|asset| asset.name == file.name) else {
        return Fit::Missing;
    };
    match asset.digest {
        _ if !asset.complete => Fit::Aborted,
        Some(digest) if digest == file.sha256 && asset.size == file.size => Fit::Same,
        Some(digest) => Fit::Other(format!("sha256 {digest}")),
        None => Fit::Other(format!("{} bytes", asset.size)),
    }
}

fn published(set: &Set, release: &Release, all: &[&Release]) -> Decision {
    let tag = &set.tag;
    let bump = format!("release the change as a new version: raise {}'s VERSION and build again", tag.key);
    let (mut conflicts, mut notes) = (Vec::new(), Vec::new());
    let mut missing = Vec::new();
    for file in &set.files {
        match fit(file, release) {
            Fit::Same => {}
            // Who signs again may get other bytes, and a statement names the commit and run it is from. The files
            // that are signed are compared themselves.
            Fit::Other(_) if file.name.ends_with(BUNDLE_SUFFIX) => {
                let message = format!("{tag} is published with another {}; that one stays", file.name);
                notes.push(Finding::note("signature-other", message));
            }
            Fit::Other(theirs) => {
                let message = format!(
                    "{tag} is published with another {}: sha256 {} here, {theirs} there",
                    file.name, file.sha256
                );
                conflicts.push(Finding::error("published-differs", message).hint(&bump));
            }
            Fit::Aborted | Fit::Missing => missing.push(file.name.as_str()),
        }
    }
    if !missing.is_empty() {
        let message = format!("{tag} is published without {}", missing.join(", "));
        let hint = if release.immutable {
            format!("it is immutable, so it stays so: raise {}'s VERSION and release that", tag.key)
        } else {
            format!(
                "a published release is not changed: raise {}'s VERSION, or delete {} and its tag if nobody uses it",
                tag.key, release.page
            )
        };
        conflicts.push(Finding::error("published-incomplete", message).hint(hint));
    }
    let extra: Vec<&str> = release
        .assets
        .iter()
        .filter(|asset| !set.files.iter().any(|file| file.name == asset.name))
        .map(|asset| asset.name.as_str())
        .collect();
    if !extra.is_empty() {
        notes.push(Finding::note("asset-extra", format!("{tag} also has {}", extra.join(", "))));
    }
    for draft in all.iter().filter(|one| one.draft) {
        let message = format!("{tag} is out, and there is a draft of it too: {}", draft.page);
        notes.push(Finding::warning("draft-extra", message).hint("delete that draft on its page"));
    }
    if conflicts.is_empty() {
        Decision::Out { page: release.page.clone(), findings: notes }
    } else {
        conflicts.extend(notes);
        Decision::Conflict(conflicts)
    }
}

/// A tag that exists before its release must name the commit the packages are from.
fn tag_conflict(set: &Set, tag_commit: Option<&str>) -> Option<Finding> {
    let (there, here) = (tag_commit?, set.commit.as_deref()?);
    if there == here {
        return None;
    }
    let message =
        format!("the tag {} points to {}, and the packages are from {}", set.tag, short(there), short(here));
    let hint = format!(
        "check out {} and build there, or delete the tag if nothing uses it: `git push --delete origin {}`",
        short(there),
        set.tag
    );
    Some(Finding::error("tag-elsewhere", message).hint(hint))
}

/// Whether a release holds exactly these files; if not, what is wrong, one line each.
#[must_use]
pub fn differences(set: &Set, release: &Release) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in &set.files {
        match fit(file, release) {
            Fit::Same => {}
            Fit::Other(theirs) => {
                wrong.push(format!("{}: {theirs} there, sha256 {} here", file.name, file.sha256));
            }
            Fit::Aborted => wrong.push(format!("{}: its upload was not completed", file.name)),
            Fit::Missing => wrong.push(format!("{} is not there", file.name)),
        }
    }
    for asset in &release.assets {
        if !set.files.iter().any(|file| file.name == asset.name) {
            wrong.push(format!("{} is none of the release's files", asset.name.escape_debug()));
        }
    }
    wrong
}
