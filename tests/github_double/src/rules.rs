//! What GitHub refuses by a limit or a rule, and in which words. Each with the place where somebody met it.

use serde_json::{Value, json};

use crate::json;
use crate::route::Call;
use crate::state::{Release, State};
use crate::wire::Reply;

/// "body is too long (maximum is 125000 characters)": <https://github.com/ncipollo/release-action/issues/493>
const BODY_MOST: usize = 125_000;
/// "name is too long (maximum is 256 characters)": <https://github.com/yasserstudio/geoalgeria/pull/177>
const NAME_MOST: usize = 256;
/// "size must be less than or equal to 2147483648": <https://github.com/cli/cli/issues/10182>
const SIZE_MOST: u64 = 2_147_483_648;
/// "Up to 1000 release assets": <https://docs.github.com/repositories/releasing-projects-on-github/about-releases>,
/// 422 beyond: <https://github.com/osandov/drgn/issues/521>
const ASSETS_MOST: usize = 1_000;

fn custom(resource: &str, field: &str, message: &str) -> Value {
    json!({ "resource": resource, "code": "custom", "field": field, "message": message })
}

/// A release whose texts or tag are none.
pub(crate) fn texts(release: &Release) -> Result<(), Reply> {
    let mut wrong = Vec::new();
    for (field, text, most) in [("body", &release.notes, BODY_MOST), ("name", &release.title, NAME_MOST)] {
        if text.chars().count() > most {
            let message = format!("{field} is too long (maximum is {most} characters)");
            wrong.push(custom("Release", field, &message));
        }
    }
    // <https://github.com/yegor256/rultor/issues/856>
    if !is_well_formed(&release.tag) {
        wrong.push(custom("Release", "tag_name", "tag_name is not well-formed"));
        wrong.push(json!({ "resource": "Release", "code": "custom",
            "message": "Published releases must have a valid tag" }));
    }
    if wrong.is_empty() { Ok(()) } else { Err(json::invalid(&json!(wrong))) }
}

/// <https://git-scm.com/docs/git-check-ref-format>
fn is_well_formed(tag: &str) -> bool {
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let name = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.ends_with(".lock");
    !tag.contains("..")
        && !tag.contains("@{")
        && !tag.ends_with('.')
        && !tag.contains(bad)
        && tag.split('/').all(name)
        && tag.len() <= 250
}

/// An upload that is too much.
pub(crate) fn upload(release: &Release, size: u64) -> Result<(), Reply> {
    if size > SIZE_MOST {
        let message = format!("size must be less than or equal to {SIZE_MOST}");
        return Err(json::invalid(&json!([custom("ReleaseAsset", "size", &message)])));
    }
    if release.assets.len() >= ASSETS_MOST {
        let message = format!("file_count limited to {ASSETS_MOST} assets per release");
        return Err(json::invalid(&json!([custom("ReleaseAsset", "file_count", &message)])));
    }
    Ok(())
}

/// "The `workflow` scope or `workflows:write` will be required when creating a release that targets a commit SHA
/// (`target_commitish`) that modifies an Actions workflow file and that SHA does not have an existing ref (branch head or
/// tag)." <https://github.blog/changelog/2023-11-02-github-actions-enforcing-workflow-scope-when-creating-a-release>;
/// for the token of a job that is 403 "Resource not accessible by integration", whatever its permissions:
/// <https://github.com/cli/cli/issues/9514>, with this header: <https://github.com/microsoft/AL-Go/issues/808>
pub(crate) fn target(call: &Call<'_>, state: &State, sent: &Value) -> Result<(), Reply> {
    let Some(commit) = sent["target_commitish"].as_str() else { return Ok(()) };
    let config = &call.shared.config;
    if config.unpushed.contains(commit) {
        // <https://github.com/ungoldman/gh-release/issues/82>
        let invalid = json!({ "resource": "Release", "code": "invalid", "field": "target_commitish" });
        return Err(json::invalid(&json!([invalid])));
    }
    let has_ref = commit == config.head || state.tags.values().any(|tag| tag.commit == commit);
    if has_ref || !config.drifted.contains(commit) {
        return Ok(());
    }
    no_workflows(call).map_or(Ok(()), Err)
}

/// A ref on such a commit. Made by this call, most report, it needs `contents: write` only
/// (<https://github.com/vybestack/llxprt-code/pull/3119>, <https://github.com/jentic/jentic-one/pull/1162>); others were
/// refused (<https://github.com/mathieudutour/github-tag-action/issues/138>,
/// <https://github.com/BerriAI/litellm/pull/32023>).
pub(crate) fn reference(call: &Call<'_>, commit: &str) -> Result<(), Reply> {
    let config = &call.shared.config;
    if config.unpushed.contains(commit) {
        // <https://github.com/octokit/octokit.js/issues/562>
        return Err(json::error(422, "Object does not exist"));
    }
    if config.refs_guarded && config.drifted.contains(commit) {
        return no_workflows(call).map_or(Ok(()), Err);
    }
    Ok(())
}

fn no_workflows(call: &Call<'_>) -> Option<Reply> {
    let token = call.head.token().unwrap_or_default();
    let message = match token {
        _ if token.starts_with("ghs_") => "Resource not accessible by integration",
        _ if token.starts_with("github_pat_") => "Resource not accessible by personal access token",
        _ => return None,
    };
    let takes = "contents=write; contents=write,workflows=write";
    Some(json::error(403, message).header("x-accepted-github-permissions", takes))
}

/// A tag that a ruleset, or an immutable release that once had it, keeps from being made: by a ref
/// (<https://github.com/guardian/gha-scala-library-release-workflow/pull/126>) and by a release
/// (<https://github.com/googleapis/release-please-action/issues/1194>).
pub(crate) fn creation(call: &Call<'_>, state: &State, tag: &str) -> Result<(), String> {
    if call.shared.config.tags_restricted || state.burned.contains(tag) {
        return Err(
            "Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n"
                .to_owned(),
        );
    }
    Ok(())
}

/// "You can … make a repository read-only for all users": <https://docs.github.com/repositories/archiving-a-github-repository>
pub(crate) fn archived(call: &Call<'_>) -> Option<Reply> {
    call.shared.config.archived.then(|| json::error(403, "Repository was archived so is read-only."))
}
