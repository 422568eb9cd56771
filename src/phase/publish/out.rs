//! What is out already, for `--all-plugins` and the CI matrix: a published release under the version's tag. What lies
//! here is only compared with it, by receipts, so that a change without a new version is seen.

use crate::model::finding::Finding;
use crate::model::project::Plugin;
use crate::model::release::{Release, ReleaseTag};
use crate::phase::packages::Kept;

/// The published release of that tag.
pub(in crate::phase) fn published<'a>(tag: &ReleaseTag, releases: &'a [Release]) -> Option<&'a Release> {
    let tag = tag.to_string();
    releases.iter().find(|release| !release.draft && release.tag == tag)
}

/// What somebody should look at: the release lacks targets, or the packages here are others.
pub(in crate::phase) fn compare(
    plugin: &Plugin,
    tag: &ReleaseTag,
    release: &Release,
    shelf: &[Kept],
) -> Vec<Finding> {
    let bump = format!("raise {}/VERSION to release them", plugin.place);
    let mut findings = Vec::new();
    let names = |target| {
        let name =
            crate::model::package::PackageName { key: tag.key.clone(), version: tag.version.clone(), target };
        name.to_string()
    };
    let complete = |name: &String| release.assets.iter().any(|asset| asset.complete && asset.name == *name);
    let missing: Vec<String> = plugin
        .targets
        .complete()
        .iter()
        .map(|target| names(*target))
        .filter(|name| !complete(name))
        .collect();
    if !missing.is_empty() {
        let message = format!("{tag} is out without {}", missing.join(", "));
        findings.push(Finding::warning("published-incomplete", message).hint(&bump));
    }
    let differs = |kept: &&Kept| {
        let receipt = &kept.receipt;
        let ours =
            receipt.plugin == plugin.key && receipt.kind == plugin.kind && receipt.version == plugin.version;
        let theirs = release.assets.iter().find(|asset| asset.name == receipt.package);
        ours && theirs.is_some_and(|asset| asset.digest.is_some_and(|digest| digest != receipt.sha256))
    };
    let others: Vec<&str> = shelf.iter().filter(differs).map(|kept| kept.receipt.package.as_str()).collect();
    if !others.is_empty() {
        let message = format!("{tag} is out, and the packages here are others: {}", others.join(", "));
        findings.push(Finding::warning("published-differs", message).hint(&bump));
    }
    findings
}
