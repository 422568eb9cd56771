//! Tags. <https://docs.github.com/rest/git/refs>, <https://docs.github.com/rest/git/tags>

use std::io;

use serde_json::{Value, json};

use crate::json;
use crate::route::Call;
use crate::rules;
use crate::state::Tag;
use crate::wire::{Incoming, Reply, decode};

/// A tag's ref: it points at the commit, or at the object of an annotated tag.
pub(crate) fn reference(call: &Call<'_>, name: &str) -> Reply {
    let name = decode(name);
    let state = call.shared.state.lock().unwrap();
    let Some(tag) = state.tags.get(&name) else { return json::error(404, "Not Found") };
    let kind = if tag.points_to == tag.commit { "commit" } else { "tag" };
    call.read(&json!({
        "ref": format!("refs/tags/{name}"),
        "object": { "type": kind, "sha": tag.points_to },
    }))
}

/// The object of an annotated tag.
pub(crate) fn object(call: &Call<'_>, sha: &str) -> Reply {
    let state = call.shared.state.lock().unwrap();
    let found = state.tags.iter().find(|(_, tag)| tag.points_to == sha && tag.points_to != tag.commit);
    let Some((name, tag)) = found else { return json::error(404, "Not Found") };
    call.read(&json!({ "tag": name, "sha": sha, "object": { "type": "commit", "sha": tag.commit } }))
}

/// Makes a tag's ref. <https://docs.github.com/rest/git/refs#create-a-reference>; "Reference already exists":
/// <https://github.com/cms-sw/cms-bot/pull/2493>
pub(crate) fn make(call: &Call<'_>, body: &mut Incoming<'_>) -> io::Result<Reply> {
    let sent: Value = serde_json::from_slice(&body.all()?).unwrap_or(Value::Null);
    let (name, sha) = (sent["ref"].as_str().unwrap_or_default(), sent["sha"].as_str().unwrap_or_default());
    let Some(tag) = name.strip_prefix("refs/tags/").filter(|tag| !tag.is_empty()) else {
        return Ok(json::error(
            422,
            "Reference name must start with 'refs/' and contain at least two slashes.",
        ));
    };
    let mut state = call.shared.state.lock().unwrap();
    if state.tags.contains_key(tag) {
        return Ok(json::error(422, "Reference already exists"));
    }
    if let Err(refusal) = rules::reference(call, sha) {
        return Ok(refusal);
    }
    if let Err(message) = rules::creation(call, &state, tag) {
        return Ok(json::error(422, &message));
    }
    state.tags.insert(tag.to_owned(), Tag { points_to: sha.to_owned(), commit: sha.to_owned() });
    Ok(Reply::json(201, &json!({ "ref": name, "object": { "type": "commit", "sha": sha } })))
}

/// A commit. <https://docs.github.com/rest/git/commits#get-a-commit-object>
pub(crate) fn commit(call: &Call<'_>, sha: &str) -> Reply {
    if call.shared.config.unpushed.contains(sha) {
        return json::error(404, "Not Found");
    }
    call.read(&json!({ "sha": sha, "message": "A commit" }))
}

/// Removes a tag. An immutable release's tag "cannot be moved or deleted" while the release is there.
/// <https://docs.github.com/repositories/releasing-projects-on-github/about-releases>
pub(crate) fn delete(call: &Call<'_>, name: &str) -> Reply {
    let name = decode(name);
    let mut state = call.shared.state.lock().unwrap();
    if state.published(&name).is_some_and(|release| release.immutable) {
        return json::error(422, "Cannot delete tag of an immutable release");
    }
    if state.tags.remove(&name).is_none() {
        return json::error(422, "Reference does not exist");
    }
    Reply::empty(204)
}
