//! What readers make of a catalog (contract wick 6): at most 1 MiB, entries without key or name skipped, every
//! address downloadable as it stands.

use super::{Catalog, Entry};
use crate::model::finding::Finding;
use crate::model::manifest::PROTO_RANGE;
use crate::model::names::PluginKey;

/// The most bytes of a catalog that readers take.
pub const READER_MAX: usize = 1 << 20;

/// From here on somebody should think of what comes next.
const CLOSE_TO_MAX: usize = READER_MAX / 100 * 80;

/// What speaks against a catalog of that many bytes.
#[must_use]
pub fn size_finding(length: usize) -> Option<Finding> {
    let hint = "split the repository, or shorten descriptions and tags";
    if length > READER_MAX {
        let message = format!("the catalog has {length} bytes; readers take at most {READER_MAX}");
        return Some(Finding::error("catalog-too-large", message).hint(hint));
    }
    if length >= CLOSE_TO_MAX {
        let percent = length * 100 / READER_MAX;
        let message =
            format!("the catalog has {length} bytes, {percent} % of the {READER_MAX} that readers take");
        return Some(Finding::warning("catalog-size", message).hint(hint));
    }
    None
}

impl Catalog {
    /// What readers would stumble over, entry by entry. The size is [`size_finding`]'s.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.entries.iter().flat_map(entry_findings).collect()
    }
}

fn entry_findings(entry: &Entry) -> Vec<Finding> {
    let who = match entry.key.as_str() {
        "" => format!("the entry named `{}`", entry.name.escape_debug()),
        key => format!("`{}`", key.escape_debug()),
    };
    let mut findings = Vec::new();
    let mut warn = |code, message: String| findings.push(Finding::warning(code, message));
    if !entry.is_read() {
        let what = if entry.key.is_empty() { "key" } else { "name" };
        warn("catalog-entry-skipped", format!("{who} has no {what}; readers skip it"));
    }
    if let (false, Err(error)) = (entry.key.is_empty(), entry.key.parse::<PluginKey>()) {
        warn("catalog-key", format!("{who} can't be installed: {error}"));
    }
    if semver::Version::parse(&entry.version).is_err() {
        let version = entry.version.escape_debug();
        warn("catalog-version", format!("{who} has the version `{version}`, which is not semver"));
    }
    if let Some(version) = entry.proto_version.filter(|version| !PROTO_RANGE.contains(version)) {
        let (first, last) = (PROTO_RANGE.start(), PROTO_RANGE.end());
        warn(
            "catalog-protocol",
            format!("{who} speaks protocol {version}; today's hosts speak {first} to {last}"),
        );
    }
    if entry.assets.is_empty() {
        warn("catalog-no-assets", format!("{who} has nothing to download"));
    }
    for (target, url) in &entry.assets {
        if !url.starts_with("https://") && !url.starts_with("http://") {
            let (target, url) = (target.escape_debug(), url.escape_debug());
            warn("catalog-address", format!("{who} for {target} lies at `{url}`, which is no web address"));
        }
    }
    findings
}
