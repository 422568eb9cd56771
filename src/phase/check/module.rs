//! Rules on the plugin as a whole: its names, its protocol, how its users sign in.

use super::declared::{Declared, quoted};
use crate::model::manifest::PROTO_RANGE;

pub(super) fn has_odd_shape(declared: &Declared) -> Vec<String> {
    declared.unread.iter().map(|why| format!("the module can't be read as hosts read it: {why}")).collect()
}

pub(super) fn key_differs(declared: &Declared) -> Vec<String> {
    let key = &declared.module.meta.key;
    if declared.unread.is_some() || key == declared.folder.as_str() {
        return Vec::new();
    }
    vec![format!("the folder is `{}`, and Meta.Key is {}", declared.folder, quoted(key))]
}

pub(super) fn protocol_is_unknown(declared: &Declared) -> Vec<String> {
    let is = declared.protocol;
    if PROTO_RANGE.contains(&is) {
        return Vec::new();
    }
    vec![format!("proto_version is {is}; hosts speak {} to {}", PROTO_RANGE.start(), PROTO_RANGE.end())]
}

pub(super) fn has_no_name(declared: &Declared) -> Vec<String> {
    named(declared, |name, _| name.trim().is_empty(), "Name")
}

pub(super) fn has_no_description(declared: &Declared) -> Vec<String> {
    named(declared, |_, description| description.trim().is_empty(), "Description")
}

/// The plugin and its operations of which something is missing.
fn named(declared: &Declared, missing: fn(&str, &str) -> bool, what: &str) -> Vec<String> {
    if declared.unread.is_some() {
        return Vec::new();
    }
    let meta = &declared.module.meta;
    let own = missing(&meta.name, &meta.description).then(|| format!("the plugin has no {what}"));
    let operations = declared.operations().filter(|op| missing(&op.name, &op.description));
    own.into_iter()
        .chain(operations.map(|op| format!("operation {} has no {what}", quoted(&op.key))))
        .collect()
}

/// What templates say where an author should speak.
const SCAFFOLD: &str = "Say here what ";

pub(super) fn is_scaffold(declared: &Declared) -> Vec<String> {
    let description = &declared.module.meta.description;
    let left = description.contains(SCAFFOLD);
    left.then(|| format!("the plugin's description is still {}", quoted(description))).into_iter().collect()
}

pub(super) fn oauth_is_open(declared: &Declared) -> Vec<String> {
    let Some(oauth) = &declared.module.oauth else { return Vec::new() };
    [("AuthorizeURL", &oauth.authorize_url), ("TokenURL", &oauth.token_url)]
        .into_iter()
        .filter(|(_, url)| !is_https(url))
        .map(|(name, url)| match url.as_str() {
            "" => format!("OAuth.{name} is empty"),
            url => format!("OAuth.{name} is {}, which is no https address", quoted(url)),
        })
        .collect()
}

fn is_https(url: &str) -> bool {
    let host = url.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    host.is_some_and(|host| !host.is_empty() && !host.contains(['@', ' ']))
}
