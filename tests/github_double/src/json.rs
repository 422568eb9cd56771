//! The forms of GitHub's answers.

use serde_json::{Value, json};

use crate::config::Config;
use crate::content::Content;
use crate::server::Bases;
use crate::state::{Asset, AssetState, Release};
use crate::wire::{Head, Reply};

/// A release. <https://docs.github.com/rest/releases/releases#get-a-release>
pub(crate) fn release(config: &Config, bases: &Bases, release: &Release) -> Value {
    let api = format!("{}/repos/{}", bases.api, config.repository);
    let place = web_tag(release);
    json!({
        "url": format!("{api}/releases/{}", release.id),
        "assets_url": format!("{api}/releases/{}/assets", release.id),
        "upload_url": format!("{}/repos/{}/releases/{}/assets{{?name,label}}", bases.uploads, config.repository, release.id),
        "html_url": format!("{}/{}/releases/tag/{place}", bases.web, config.repository),
        "id": release.id,
        "node_id": format!("RE_{}", release.id),
        "tag_name": release.tag,
        "target_commitish": release.commit,
        "name": release.title,
        "draft": release.draft,
        "immutable": release.immutable,
        "prerelease": release.prerelease,
        "created_at": release.created_at,
        "published_at": release.published_at,
        "author": { "login": "octocat", "id": 1, "type": "User" },
        "assets": release.assets.iter().map(|one| asset(config, bases, release, one)).collect::<Vec<_>>(),
        "body": release.notes,
    })
}

/// An asset. <https://docs.github.com/rest/releases/assets#get-a-release-asset>
pub(crate) fn asset(config: &Config, bases: &Bases, release: &Release, asset: &Asset) -> Value {
    let state = if asset.state == AssetState::Uploaded { "uploaded" } else { "starter" };
    json!({
        "url": format!("{}/repos/{}/releases/assets/{}", bases.api, config.repository, asset.id),
        "browser_download_url":
            format!("{}/{}/releases/download/{}/{}", bases.web, config.repository, web_tag(release), asset.name),
        "id": asset.id,
        "node_id": format!("RA_{}", asset.id),
        "name": asset.name,
        "label": "",
        "state": state,
        "content_type": asset.content_type,
        "size": asset.content.size(),
        "digest": asset.digest,
        "download_count": 0,
        "created_at": release.created_at,
        "updated_at": release.created_at,
        "uploader": { "login": "octocat", "id": 1, "type": "User" },
    })
}

/// The tag as the web's addresses have it, percent-encoded. A draft's is `untagged-…`:
/// <https://github.com/deftai/directive/issues/1001>
pub(crate) fn web_tag(release: &Release) -> String {
    if release.draft {
        return format!("untagged-{:020x}", release.id);
    }
    release.tag.replace('%', "%25").replace('/', "%2F").replace('@', "%40").replace('+', "%2B")
}

/// An error. <https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api>
pub(crate) fn error(status: u16, message: &str) -> Reply {
    let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
    Reply::json(status, &body)
}

/// "Validation Failed".
pub(crate) fn invalid(errors: &Value) -> Reply {
    let body = json!({
        "message": "Validation Failed",
        "errors": errors,
        "documentation_url": "https://docs.github.com/rest",
        "status": "422",
    });
    Reply::json(422, &body)
}

/// `already_exists` of a field: <https://github.com/semantic-release/github/issues/102> (assets),
/// <https://github.com/fastlane/fastlane/discussions/17212> (releases).
pub(crate) fn already_exists(resource: &str, field: &str) -> Reply {
    invalid(&json!([{ "resource": resource, "code": "already_exists", "field": field }]))
}

/// The page of an overloaded GitHub.
pub(crate) fn unicorn(status: u16) -> Reply {
    let page = "<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head><body><p><strong>\
                We had issues producing the response to your request.</strong></p></body></html>\n";
    Reply::new(status, "text/html; charset=utf-8", page)
}

/// A page of someone between here and GitHub.
pub(crate) fn login_page() -> Reply {
    let page = "<html><head><title>Welcome to Hotel WiFi</title></head><body>Please log in</body></html>";
    Reply::new(200, "text/html", page)
}

/// A server that repeats what it must not.
pub(crate) fn echo(head: &Head) -> Reply {
    let said = head.header("authorization").unwrap_or_default();
    error(400, &format!("bad header: authorization: {said}"))
}

/// A list that doesn't end.
pub(crate) fn huge(bytes: u64) -> Reply {
    let mut reply = Reply::new(200, "application/json; charset=utf-8", Vec::new());
    reply.body = Content::made(bytes, |offset, buffer| {
        buffer.fill(b' ');
        if let (0, Some(first)) = (offset, buffer.first_mut()) {
            *first = b'[';
        }
    });
    reply.range = 0..bytes;
    reply
}
