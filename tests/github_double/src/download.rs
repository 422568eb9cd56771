//! Downloading: the web's addresses, and the storage they redirect to.

use std::ops::Range;

use crate::server::Shared;
use crate::state::{Asset, AssetState};
use crate::wire::{Head, Reply, decode};

/// What makes an address of the storage valid; stands for a signature with an expiry.
const SIGNATURE: &str = "sp=r&sig=c2lnbmVk";

/// `…/releases/download/<tag>/<name>`: published releases only, for everyone.
/// <https://docs.github.com/repositories/releasing-projects-on-github/linking-to-releases>
pub(crate) fn web(shared: &Shared, head: &Head) -> Reply {
    let not_found = || Reply::new(404, "text/plain; charset=utf-8", "Not Found");
    let below = format!("/{}/releases/download/", shared.config.repository);
    let Some((tag, name)) = head.path().strip_prefix(&below).and_then(|rest| rest.rsplit_once('/')) else {
        return not_found();
    };
    // A token of the API opens no page of the web: a private repository stays closed here.
    if shared.config.private {
        return not_found();
    }
    let state = shared.state.lock().unwrap();
    let release = state.published(&decode(tag));
    match release.and_then(|release| release.asset(&decode(name))) {
        Some(asset) => to_storage(shared, asset),
        None => not_found(),
    }
}

/// 302 to another origin, with a signed address. A `starter` has nothing there:
/// <https://github.com/concourse/github-release-resource/pull/116>
pub(crate) fn to_storage(shared: &Shared, asset: &Asset) -> Reply {
    let address = format!("{}/production-release-asset/{}?{SIGNATURE}", shared.bases.storage, asset.id);
    Reply::empty(302).header("location", address)
}

/// The storage: Azure's blobs. <https://learn.microsoft.com/rest/api/storageservices/get-blob>
pub(crate) fn storage(shared: &Shared, head: &Head) -> Reply {
    // Two ways of proving who one is at once are refused; and the token has no business here.
    if head.header("authorization").is_some() {
        let text = "<?xml version=\"1.0\"?><Error><Code>InvalidAuthenticationInfo</Code></Error>";
        return Reply::new(400, "application/xml", text);
    }
    let id = head.path().strip_prefix("/production-release-asset/").and_then(|id| id.parse().ok());
    let signed = head.target.ends_with(SIGNATURE);
    let mut state = shared.state.lock().unwrap();
    let found = id.filter(|_| signed).and_then(|id| state.find_asset(id));
    let Some((release, index)) = found else { return missing() };
    let asset = &release.assets[index];
    if asset.state != AssetState::Uploaded {
        return missing();
    }
    let size = asset.content.size();
    let mut reply = Reply::new(200, "application/octet-stream", Vec::new());
    reply.body = asset.content.clone();
    reply.range = 0..size;
    let reply = reply
        .header("etag", format!("\"0x{:X}\"", asset.id))
        .header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT");
    if !shared.config.ranges {
        return reply;
    }
    let mut reply = reply.header("accept-ranges", "bytes");
    match head.header("range").and_then(|value| wanted(value, size)) {
        None => {}
        Some(range) if range.is_empty() => {
            // RFC 9110 15.5.17
            return Reply::empty(416).header("content-range", format!("bytes */{size}"));
        }
        Some(range) => {
            reply.status = 206;
            reply = reply.header("content-range", format!("bytes {}-{}/{size}", range.start, range.end - 1));
            reply.range = range;
        }
    }
    reply
}

fn missing() -> Reply {
    Reply::new(404, "application/xml", "<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code></Error>")
}

/// The bytes a `Range` header wants; empty when there are none, nothing when the header is to be ignored. RFC 9110 14.2.
fn wanted(header: &str, size: u64) -> Option<Range<u64>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let count: u64 = last.parse().ok()?;
        return Some(size.saturating_sub(count)..size);
    }
    let start: u64 = first.parse().ok()?;
    let end = if last.is_empty() { size } else { last.parse::<u64>().ok()?.saturating_add(1).min(size) };
    Some(if start < end { start..end } else { 0..0 })
}
