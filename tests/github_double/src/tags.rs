//! Tags. <https://docs.github.com/rest/git/refs>, <https://docs.github.com/rest/git/tags>

use serde_json::json;

use crate::json;
use crate::route::Call;
use crate::wire::{Reply, decode};

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
