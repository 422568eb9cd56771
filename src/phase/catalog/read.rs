//! One package read from afar: its manifest by ranges, or all of it where the server does no ranges; then what the
//! manifest says is held against the release.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::select::Candidate;
use super::{Fetch, carry};
use crate::forge::github::Piece;
use crate::host::wick::{Source, Unpacked};
use crate::model::catalog::{Entry, RawJson};
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Finding, Severity};
use crate::model::manifest::Manifest;
use crate::model::names::PluginKind;
use crate::model::release::Asset;
use crate::model::target::Target;
use crate::phase::far;

/// What reading cost so far, from all threads.
#[derive(Default)]
pub(super) struct Meter {
    pub(super) reads: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) whole: AtomicU64,
}

/// The entry of a release, from the manifest of one of its packages. `before` is kept where neither the manifest
/// nor the release says anything.
pub(super) fn entry(
    fetch: Fetch<'_>,
    candidate: &Candidate,
    before: Option<&Entry>,
    meter: &Meter,
) -> Result<Entry, Failure> {
    let (target, asset) = speaker(candidate)?;
    let said =
        |why: String| Failure::new(FailureKind::Remote, format!("{} {why}", asset.name.escape_debug()));
    let text = manifest(fetch, asset, meter)?;
    let source = Source { file_name: None, manifest: &text, files: &[] };
    let package = Unpacked::open(source, |_| Err(String::new()));
    let errors: Vec<&Finding> = package.reading.iter().filter(|f| f.severity == Severity::Error).collect();
    let (Some(manifest), true) = (&package.manifest, errors.is_empty()) else {
        return Err(said(format!("can't be listed: {}", far::joined(&errors))));
    };
    entry_of(manifest, target, candidate, before).map_err(|why| said(format!("can't be listed: {why}")))
}

/// The package that speaks for its siblings: the first in the order of `--all`, which every release should have.
fn speaker(candidate: &Candidate) -> Result<(&str, &Asset), Failure> {
    let known = Target::ALL.iter().find_map(|target| candidate.zips.get_key_value(&target.to_string()));
    let found = known.or_else(|| candidate.zips.first_key_value());
    found
        .map(|(target, asset)| (target.as_str(), asset))
        .ok_or_else(|| Failure::new(FailureKind::Bug, "a release without a zip was to be listed"))
}

fn manifest(fetch: Fetch<'_>, asset: &Asset, meter: &Meter) -> Result<Vec<u8>, Failure> {
    let text = far::manifest(asset, |range: Range<u64>| {
        meter.reads.fetch_add(1, Ordering::Relaxed);
        let piece = fetch(asset, Some(range))?;
        let (bytes, whole) = match &piece {
            Piece::Part { bytes, .. } => (bytes, 0),
            Piece::Whole(bytes) => (bytes, 1),
        };
        meter.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        meter.whole.fetch_add(whole, Ordering::Relaxed);
        Ok(piece)
    })?;
    Ok(text)
}

/// Holds the manifest against the release and makes the entry.
fn entry_of(
    manifest: &Manifest,
    target: &str,
    candidate: &Candidate,
    before: Option<&Entry>,
) -> Result<Entry, String> {
    let meta = manifest.module.meta().map_err(|error| format!("plugin.json: {error}"))?;
    let (key, version) = (candidate.key.as_str(), candidate.version.bare());
    let is = manifest.version.strip_prefix('v').unwrap_or(&manifest.version);
    let differ = |what: &str, inside: &str, outside: &str| {
        Err(format!(
            "its plugin.json names the {what} `{}`, the release says `{outside}`",
            inside.escape_debug()
        ))
    };
    if meta.key != key {
        return differ("key", &meta.key, key);
    }
    if is != version {
        return differ("version", is, version);
    }
    if manifest.os_arch != [target] {
        return differ("target", &manifest.os_arch.join(", "), target);
    }
    if !manifest.kind.is_empty() && !PluginKind::ALL.iter().any(|kind| kind.as_str() == manifest.kind) {
        return Err(format!("its kind is `{}`, which no host knows", manifest.kind.escape_debug()));
    }
    if meta.name.is_empty() {
        return Err("its Meta.Name is empty, and readers skip entries without a name".to_owned());
    }
    let tags = manifest
        .module
        .default_tags()
        .map_err(|error| format!("its Meta.DefaultTags is no list: {error}"))?;
    let entry = Entry {
        name: meta.name,
        description: meta.description,
        default_tags: tags.into_iter().map(RawJson::from).collect(),
        kind: manifest.kind.clone(),
        proto_version: Some(manifest.proto_version),
        signed: Some(!manifest.signature.is_empty()),
        others: before.map(|entry| entry.others.clone()).unwrap_or_default(),
        ..Entry::default()
    };
    Ok(carry::with_facts(entry, candidate))
}
