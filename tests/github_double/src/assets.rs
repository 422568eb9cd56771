//! Assets through the API: uploading, listing, removing. <https://docs.github.com/rest/releases/assets>

use std::io::{self, Read as _};

use serde_json::json;

use crate::config::Rights;
use crate::content::Content;
use crate::download;
use crate::fault::Fault;
use crate::json;
use crate::names::stored_name;
use crate::route::Call;
use crate::rules;
use crate::server::Shared;
use crate::state::{Asset, AssetState};
use crate::wire::{Head, Incoming, Reply};

/// Takes an upload. The body is read in any case, as GitHub does before it answers.
pub(crate) fn upload(call: &Call<'_>, body: &mut Incoming<'_>) -> io::Result<Reply> {
    let id = match begin(call) {
        Ok(id) => id,
        Err(refusal) => {
            if call.fault != Some(&Fault::Early) {
                body.drain()?;
            }
            return Ok(refusal);
        }
    };
    // When the rest doesn't come, the asset stays behind as `starter` and blocks its name:
    // https://github.com/damianvtran/local-operator-ui/pull/322 (measured)
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes)?;
    if call.fault == Some(&Fault::Corrupt)
        && let Some(byte) = bytes.first_mut()
    {
        *byte ^= 1;
    }
    let content = Content::bytes(bytes);
    // Digests "sha256:…" are computed by GitHub since June 2025:
    // https://github.blog/changelog/2025-06-03-releases-now-expose-digests-for-release-assets/
    let digest = content.digest();
    let mut state = call.shared.state.lock().unwrap();
    let digests = state.digests;
    let Some((release, index)) = state.find_asset(id) else { return Ok(json::error(404, "Not Found")) };
    let asset = &mut release.assets[index];
    asset.state = AssetState::Uploaded;
    asset.digest = digests.then_some(digest);
    asset.content = content;
    let asset = release.assets[index].clone();
    Ok(Reply::json(201, &json::asset(&call.shared.config, &call.shared.bases, release, &asset)))
}

/// Checks an upload and reserves its name.
fn begin(call: &Call<'_>) -> Result<u64, Reply> {
    let name = stored_name(&call.head.query("name").unwrap_or_default());
    let ("POST", ["releases", id, "assets"]) = (call.head.method.as_str(), call.rest.as_slice()) else {
        return Err(json::error(404, "Not Found"));
    };
    if name.is_empty() {
        return Err(json::invalid(
            &json!([{ "resource": "ReleaseAsset", "code": "missing_field", "field": "name" }]),
        ));
    }
    match call.head.content_length() {
        None => return Err(json::error(400, "Bad Content-Length: ")),
        Some(0) => {
            return Err(json::invalid(
                &json!([{ "resource": "ReleaseAsset", "code": "custom", "field": "size",
                "message": "size must be greater than or equal to 1" }]),
            ));
        }
        Some(_) => {}
    }
    let mut state = call.shared.state.lock().unwrap();
    let id = id.parse().unwrap_or(0);
    let number = state.next_id();
    let Some(release) = state.find(id) else { return Err(json::error(404, "Not Found")) };
    if release.immutable {
        return Err(json::error(422, "Cannot upload assets to an immutable release."));
    }
    rules::upload(release, call.head.content_length().unwrap_or(0))?;
    // Also when what holds the name is a `starter`: https://github.com/getsentry/craft/issues/313
    if release.asset(&name).is_some() {
        return Err(json::already_exists("ReleaseAsset", "name"));
    }
    release.assets.push(starter(number, &name, call.head));
    Ok(number)
}

fn starter(id: u64, name: &str, head: &Head) -> Asset {
    Asset {
        id,
        name: name.to_owned(),
        state: AssetState::Starter,
        digest: None,
        content_type: head.header("content-type").unwrap_or("application/octet-stream").to_owned(),
        content: Content::bytes(Vec::new()),
    }
}

/// What an upload leaves that failed upstream.
pub(crate) fn leave_starter(shared: &Shared, head: &Head) {
    let mut parts = head.path().rsplit('/');
    let (Some("assets"), Some(id)) = (parts.next(), parts.next()) else { return };
    let name = stored_name(&head.query("name").unwrap_or_default());
    let mut state = shared.state.lock().unwrap();
    let number = state.next_id();
    let release = state.find(id.parse().unwrap_or(0));
    if let Some(release) = release.filter(|release| release.asset(&name).is_none() && !release.immutable) {
        release.assets.push(starter(number, &name, head));
    }
}

/// The assets of a release, page by page.
pub(crate) fn list(call: &Call<'_>, id: &str) -> Reply {
    let mut state = call.shared.state.lock().unwrap();
    let release = state.find(id.parse().unwrap_or(0));
    let Some(release) = release.filter(|release| !release.draft || call.rights == Rights::Write) else {
        return json::error(404, "Not Found");
    };
    let (config, bases) = (&call.shared.config, &call.shared.bases);
    call.page(&format!("releases/{id}/assets"), release.assets.len(), |rows| {
        release.assets[rows].iter().map(|asset| json::asset(config, bases, release, asset)).collect()
    })
}

/// One asset: its description, its bytes, its end.
pub(crate) fn one(call: &Call<'_>, id: &str) -> Reply {
    let mut state = call.shared.state.lock().unwrap();
    let found = state.find_asset(id.parse().unwrap_or(0));
    let Some((release, index)) = found.filter(|(release, _)| !release.draft || call.rights == Rights::Write)
    else {
        return json::error(404, "Not Found");
    };
    match call.head.method.as_str() {
        // "To download the asset's binary content … set the Accept header to application/octet-stream. The API will
        // either redirect the client to the location, or stream it directly": here it redirects, as github.com does.
        "GET" if call.head.header("accept").is_some_and(|kind| kind.contains("application/octet-stream")) => {
            download::to_storage(call.shared, &release.assets[index])
        }
        "GET" => {
            call.read(&json::asset(&call.shared.config, &call.shared.bases, release, &release.assets[index]))
        }
        "DELETE" if release.immutable => json::error(422, "Cannot delete asset from an immutable release."),
        "DELETE" => {
            release.assets.remove(index);
            Reply::empty(204)
        }
        _ => json::error(404, "Not Found"),
    }
}
