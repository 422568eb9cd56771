//! The repository itself and its rules.

use serde_json::{Value, json};

use crate::config::Rights;
use crate::json;
use crate::route::Call;
use crate::wire::Reply;

/// The repository's number.
pub(crate) const ID: u64 = 4242;

/// <https://docs.github.com/rest/repos/repos#get-a-repository>
pub(crate) fn facts(call: &Call<'_>) -> Value {
    let config = &call.shared.config;
    let mut facts = json!({
        "id": ID,
        "name": config.repository.split('/').next_back(),
        "full_name": config.repository,
        "private": config.private,
        "archived": config.archived,
        "html_url": format!("{}/{}", call.shared.bases.web, config.repository),
        "default_branch": "main",
    });
    if let Some(token) = call.head.token() {
        // "a repository object's `permissions` block reports the authenticated USER's role, and this token
        // authenticates no user": https://github.com/AlexanderMattTurner/agent-glovebox/pull/5127. For a fine-grained
        // token it is the user's role too, whatever the token was granted.
        let is_app = token.starts_with("ghs_");
        let push = !is_app && (call.rights == Rights::Write || token.starts_with("github_pat_"));
        facts["permissions"] =
            json!({ "admin": false, "maintain": false, "push": push, "triage": push, "pull": true });
    }
    facts
}

/// 404 stands for "not enabled", and for callers without an admin's right to look.
/// <https://docs.github.com/rest/repos/repos#check-if-immutable-releases-are-enabled-for-a-repository>
pub(crate) fn rules(call: &Call<'_>) -> Reply {
    if call.shared.config.tells_rules && call.shared.config.immutable && call.rights == Rights::Write {
        return call.read(&json!({ "enabled": true, "enforced_by_owner": false }));
    }
    json::error(404, "Not Found")
}
