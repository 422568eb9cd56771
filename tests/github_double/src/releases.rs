//! Releases: listing, making, changing, publishing, deleting. <https://docs.github.com/rest/releases/releases>

use std::io;

use serde_json::{Value, json};

use crate::config::Rights;
use crate::json;
use crate::route::Call;
use crate::rules;
use crate::state::{Release, State, Tag};
use crate::wire::{Incoming, Reply, decode};

/// Everything below `releases` that is no asset.
pub(crate) fn answer(call: &Call<'_>, body: &mut Incoming<'_>) -> io::Result<Reply> {
    let text = body.all()?;
    let sent: Value = serde_json::from_slice(&text).unwrap_or(Value::Null);
    if matches!(call.head.method.as_str(), "POST" | "PATCH") && !sent.is_object() {
        return Ok(json::error(400, "Problems parsing JSON"));
    }
    let mut state = call.shared.state.lock().unwrap();
    Ok(match (call.head.method.as_str(), call.rest.as_slice()) {
        ("GET", ["releases"]) => list(call, &state),
        ("POST", ["releases"]) => create(call, &mut state, &sent),
        ("POST", ["releases", "generate-notes"]) => notes(&sent),
        ("GET", ["releases", "latest"]) => {
            let latest = state.latest;
            by_id(call, &state, latest)
        }
        // "Draft releases are not returned": https://github.com/hub4j/github-api/issues/1983
        ("GET", ["releases", "tags", tag @ ..]) => {
            let id = state.published(&decode(&tag.join("/"))).map(|release| release.id);
            by_id(call, &state, id)
        }
        ("GET", ["releases", id]) => by_id(call, &state, id.parse().ok()),
        ("PATCH", ["releases", id]) => change(call, &mut state, id.parse().unwrap_or(0), &sent),
        ("DELETE", ["releases", id]) => delete(&mut state, id.parse().unwrap_or(0)),
        _ => json::error(404, "Not Found"),
    })
}

/// "The generated release notes are not saved anywhere." Who may not write has been refused before, as with
/// <https://github.com/web-infra-dev/midscene/pull/2827>.
/// <https://docs.github.com/rest/releases/releases#generate-release-notes-content-for-a-release>
fn notes(sent: &Value) -> Reply {
    match sent["tag_name"].as_str() {
        Some(tag) => Reply::json(200, &json!({ "name": tag, "body": "**Full Changelog**" })),
        None => {
            json::invalid(&json!([{ "resource": "Release", "code": "missing_field", "field": "tag_name" }]))
        }
    }
}

/// "Users with push access … will receive listings for draft releases", but not of an archived repository
/// (<https://github.com/github/docs/issues/42019>); newest first. "Only the first 10000 results are available."
fn list(call: &Call<'_>, state: &State) -> Reply {
    let visible: Vec<&Release> =
        state.releases.iter().rev().filter(|release| sees(call, release)).take(10_000).collect();
    let (config, bases) = (&call.shared.config, &call.shared.bases);
    call.page("releases", visible.len(), |rows| {
        visible[rows].iter().map(|release| json::release(config, bases, release)).collect()
    })
}

fn by_id(call: &Call<'_>, state: &State, id: Option<u64>) -> Reply {
    let found = state.releases.iter().find(|release| Some(release.id) == id && sees(call, release));
    match found {
        Some(release) => call.read(&json::release(&call.shared.config, &call.shared.bases, release)),
        None => json::error(404, "Not Found"),
    }
}

fn sees(call: &Call<'_>, release: &Release) -> bool {
    !release.draft || call.rights == Rights::Write && !call.shared.config.archived
}

/// Makes a release. Nothing keeps several drafts from having one tag:
/// <https://github.com/avibe-bot/avibe/pull/1712> ("a retry … created a second draft for the tag").
fn create(call: &Call<'_>, state: &mut State, sent: &Value) -> Reply {
    let Some(tag) = sent["tag_name"].as_str().filter(|tag| !tag.is_empty()) else {
        return json::invalid(
            &json!([{ "resource": "Release", "code": "missing_field", "field": "tag_name" }]),
        );
    };
    if state.published(tag).is_some() {
        return json::already_exists("Release", "tag_name");
    }
    if let Err(refusal) = rules::target(call, state, sent) {
        return refusal;
    }
    let (id, created_at) = (state.next_id(), state.next_time());
    let mut release = Release {
        id,
        tag: tag.to_owned(),
        commit: "main".to_owned(),
        title: String::new(),
        notes: String::new(),
        draft: true,
        prerelease: false,
        immutable: false,
        created_at,
        published_at: None,
        assets: Vec::new(),
    };
    assign(&mut release, sent);
    if let Err(refusal) = rules::texts(&release) {
        return refusal;
    }
    if !sent["draft"].as_bool().unwrap_or(false)
        && let Err(refusal) = publish(call, state, &mut release, sent)
    {
        return refusal;
    }
    let reply = Reply::json(201, &json::release(&call.shared.config, &call.shared.bases, &release));
    state.releases.push(release);
    reply
}

/// Changes a release; `draft: false` publishes it.
fn change(call: &Call<'_>, state: &mut State, id: u64, sent: &Value) -> Reply {
    let Some(mut release) = state.find(id).map(|release| release.clone()) else {
        return json::error(404, "Not Found");
    };
    // "You can … edit the title and release notes" of an immutable release, nothing else.
    // https://docs.github.com/code-security/supply-chain-security/understanding-your-software-supply-chain/immutable-releases
    if release.immutable {
        let differs = |name: &str, now: &str| sent[name].as_str().is_some_and(|text| text != now);
        if differs("tag_name", &release.tag) || differs("target_commitish", &release.commit) {
            return json::error(422, "Cannot change the tag of an immutable release.");
        }
        if sent["draft"].as_bool() == Some(true) {
            return json::error(422, "Cannot make an immutable release a draft.");
        }
    }
    let was_draft = release.draft;
    assign(&mut release, sent);
    if let Err(refusal) = rules::target(call, state, sent).and_then(|()| rules::texts(&release)) {
        return refusal;
    }
    if was_draft
        && sent["draft"].as_bool() == Some(false)
        && let Err(refusal) = publish(call, state, &mut release, sent)
    {
        return refusal;
    }
    if !was_draft && sent["draft"].as_bool() == Some(true) {
        release.draft = true;
    }
    let reply = Reply::json(200, &json::release(&call.shared.config, &call.shared.bases, &release));
    if let Some(place) = state.find(id) {
        *place = release;
    }
    reply
}

fn assign(release: &mut Release, sent: &Value) {
    let set = |name: &str, place: &mut String| {
        if let Some(text) = sent[name].as_str() {
            text.clone_into(place);
        }
    };
    set("tag_name", &mut release.tag);
    set("target_commitish", &mut release.commit);
    set("name", &mut release.title);
    set("body", &mut release.notes);
    if let Some(prerelease) = sent["prerelease"].as_bool() {
        release.prerelease = prerelease;
    }
}

/// Publishes: the tag is made where there is none, from `target_commitish` ("Unused if the Git tag already exists").
fn publish(call: &Call<'_>, state: &mut State, release: &mut Release, sent: &Value) -> Result<(), Reply> {
    if state.published(&release.tag).is_some_and(|other| other.id != release.id) {
        return Err(json::already_exists("Release", "tag_name"));
    }
    // A tag of an immutable release is spent for good, also when release and tag are deleted.
    // https://github.com/github-community-projects/ospo-reusable-workflows/issues/83
    if state.burned.contains(&release.tag) {
        return Err(json::invalid(&json!([
            { "resource": "Release", "code": "custom", "field": "tag_name",
              "message": "tag_name was used by an immutable release" },
            { "resource": "Release", "code": "custom", "message": "Published releases must have a valid tag" },
        ])));
    }
    if !state.tags.contains_key(&release.tag)
        && let Err(message) = rules::creation(call, state, &release.tag)
    {
        return Err(json::invalid(&json!([
            { "resource": "Release", "code": "custom", "field": "pre_receive", "message": format!("pre_receive {message}") },
            { "resource": "Release", "code": "custom", "message": "Published releases must have a valid tag" },
        ])));
    }
    let commit = state.resolve(&release.commit);
    state.tags.entry(release.tag.clone()).or_insert(Tag { points_to: commit.clone(), commit });
    release.draft = false;
    release.published_at = Some(state.next_time());
    // "make_latest … defaults to true for newly published releases"; drafts and pre-releases can't be latest.
    if !release.prerelease && sent["make_latest"].as_str() != Some("false") {
        state.latest = Some(release.id);
    }
    // "Cannot upload assets to an immutable release" from here on: https://github.com/asdf-vm/asdf/issues/2329
    if call.shared.config.immutable {
        release.immutable = true;
        state.burned.insert(release.tag.clone());
    }
    Ok(())
}

/// Removes a release; its tag stays.
fn delete(state: &mut State, id: u64) -> Reply {
    let before = state.releases.len();
    state.releases.retain(|release| release.id != id);
    if state.latest == Some(id) {
        state.latest = None;
    }
    if state.releases.len() == before { json::error(404, "Not Found") } else { Reply::empty(204) }
}
