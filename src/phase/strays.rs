//! Releases that hold packages and aren't understood, because their tag isn't `<key>/v<version>`. Whoever made them (by
//! hand, or with another tool) thinks they are out; so nobody passes over them without a word. And those that a forge
//! doesn't show.

use std::collections::BTreeMap;

use crate::forge::github::LIST_MOST;
use crate::model::finding::{Finding, Severity};
use crate::model::names::PluginKey;
use crate::model::package::PackageName;
use crate::model::release::{Release, ReleaseTag};
use crate::model::version::PluginVersion;

/// Packages of one plugin in a release that isn't its.
struct Stray<'a> {
    key: PluginKey,
    version: PluginVersion,
    tag: &'a str,
}

/// For a catalog: what isn't listed, one finding per plugin; `listed` tells the version that is.
pub(super) fn not_listed<'a>(
    releases: &[Release],
    listed: impl Fn(&PluginKey) -> Option<&'a PluginVersion>,
) -> Vec<Finding> {
    let mut by_plugin: BTreeMap<PluginKey, Vec<Stray<'_>>> = BTreeMap::new();
    for stray in releases.iter().flat_map(strays) {
        by_plugin.entry(stray.key.clone()).or_default().push(stray);
    }
    let finding = |(key, strays): (PluginKey, Vec<Stray<'_>>)| {
        let best = listed(&key);
        // What is older than what is listed nobody misses.
        let is_missed =
            strays.iter().any(|stray| best.is_none_or(|best| stray.version.semver() > best.semver()));
        let message = format!("{}; not listed", told(&strays));
        let severity = if is_missed { Severity::Warning } else { Severity::Note };
        Finding { severity, ..Finding::warning("release-tag-unknown", message) }.hint(hint(&strays))
    };
    by_plugin.into_iter().map(finding).collect()
}

/// For a release: what isn't held against it as the previous one, though it is newer than what is.
#[must_use]
pub(super) fn not_previous(releases: &[Release], tag: &ReleaseTag) -> Option<Finding> {
    let strays: Vec<Stray<'_>> =
        releases.iter().flat_map(strays).filter(|stray| stray.key == tag.key).collect();
    let known = releases.iter().filter_map(|release| ReleaseTag::parse(&release.tag));
    let best = known.filter(|one| one.key == tag.key).filter_map(|one| one.version.semver().cloned()).max();
    let is_missed = strays.iter().any(|stray| stray.version.semver() > best.as_ref());
    let message = format!("{}; not taken for the previous release of {}", told(&strays), tag.key);
    is_missed.then(|| Finding::warning("release-tag-unknown", message).hint(hint(&strays)))
}

/// What a list can't hold: a plugin whose last release is older than all of these looks as if it had none.
#[must_use]
pub(super) fn not_shown(releases: &[Release]) -> Option<Finding> {
    (releases.len() >= LIST_MOST).then(|| {
        let message = format!(
            "GitHub shows only the newest {LIST_MOST} releases; plugins that were last released before aren't seen"
        );
        Finding::warning("releases-not-shown", message).hint("delete old releases that nobody takes")
    })
}

/// The plugins of a release whose tag is none of a plugin. The program's own releases have a bare version as tag
/// (contract wick 6) and are left alone.
fn strays(release: &Release) -> Vec<Stray<'_>> {
    let is_core = release.tag.parse::<PluginVersion>().is_ok_and(|version| version.semver().is_some());
    if release.draft || is_core || ReleaseTag::parse(&release.tag).is_some() {
        return Vec::new();
    }
    let names = release.assets.iter().filter_map(|asset| PackageName::parse(&asset.name));
    let plugins: BTreeMap<String, Stray<'_>> = names
        .map(|name| {
            let id = format!("{} {}", name.key, name.version);
            (id, Stray { key: name.key, version: name.version, tag: &release.tag })
        })
        .collect();
    plugins.into_values().collect()
}

fn told(strays: &[Stray<'_>]) -> String {
    let key = strays.first().map_or("", |stray| stray.key.as_str());
    let tags: Vec<String> = strays.iter().map(|stray| format!("`{}`", stray.tag.escape_debug())).collect();
    let (noun, verb) = if tags.len() == 1 { ("release", "holds") } else { ("releases", "hold") };
    format!("the {noun} {} {verb} packages of {key} under a tag that isn't {key}/v<version>", tags.join(", "))
}

fn hint(strays: &[Stray<'_>]) -> String {
    let newest = strays.iter().max_by(|a, b| a.version.semver().cmp(&b.version.semver()));
    newest.map_or_else(String::new, |stray| {
        format!("release it as {}/v{}: `wick plugin release {}`", stray.key, stray.version.bare(), stray.key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::release::Asset;

    fn release(tag: &str, draft: bool, names: &[&str]) -> Release {
        let asset = |name: &&str| Asset {
            id: 1,
            name: (*name).to_owned(),
            size: 1,
            complete: true,
            digest: None,
            api_url: String::new(),
            download_url: String::new(),
        };
        Release {
            id: 1,
            tag: tag.to_owned(),
            commit: String::new(),
            title: String::new(),
            notes: String::new(),
            draft,
            prerelease: false,
            immutable: false,
            published_at: None,
            page: String::new(),
            upload_url: String::new(),
            assets: names.iter().map(asset).collect(),
        }
    }

    #[test]
    fn packages_under_a_tag_nobody_understands_are_named() {
        let zip = "hello-0.4.0-linux-amd64.zip";
        for (tag, draft, names, expected) in [
            ("hello/0.4.0", false, &[zip][..], true),
            ("hello-v0.4.0", false, &[zip], true),
            ("hello@0.4.0", false, &[zip, "hello-0.4.0-darwin-arm64.zip"], true),
            ("release-2026-01", false, &["notes.txt", zip], true),
            ("hello/v0.4", false, &[zip], true),
            ("Hello/v0.4.0", false, &[zip], true),
            // Understood, the program's own, a draft, no package.
            ("hello/v0.4.0", false, &[zip], false),
            ("v0.4.0", false, &[zip], false),
            ("0.4.0", false, &[zip], false),
            ("hello-v0.4.0", true, &[zip], false),
            ("hello-v0.4.0", false, &["hello.zip", "source-0.4.0.tar.gz"], false),
        ] {
            let releases = [release(tag, draft, names)];
            let found = not_listed(&releases, |_| None);
            assert_eq!(found.len(), usize::from(expected), "{tag}: {found:?}");
            assert!(found.iter().all(|one| one.message.contains(tag)), "{tag}: {found:?}");
        }
    }

    #[test]
    fn a_list_that_is_full_may_not_be_all() {
        let one = release("hello/v0.4.0", false, &[]);
        assert_eq!(not_shown(&vec![one.clone(); LIST_MOST - 1]), None);
        assert!(not_shown(&vec![one; LIST_MOST]).unwrap().message.contains("the newest 10000"));
    }

    #[test]
    fn what_is_older_than_what_is_known_is_only_a_note() {
        let releases = [
            release("hello/v0.3.0", false, &["hello-0.3.0-linux-amd64.zip"]),
            release("hello-v0.2.0", false, &["hello-0.2.0-linux-amd64.zip"]),
        ];
        let listed = |version: &str| -> PluginVersion { version.parse().unwrap() };
        for (version, expected) in [("0.3.0", Severity::Note), ("0.1.0", Severity::Warning)] {
            let version = listed(version);
            let found = not_listed(&releases, |_| Some(&version));
            assert_eq!(found.iter().map(|one| one.severity).collect::<Vec<_>>(), [expected]);
        }
        let next = ReleaseTag::parse("hello/v0.5.0").unwrap();
        assert_eq!(not_previous(&releases, &next), None);
        let newer = [release("hello-v0.4.0", false, &["hello-0.4.0-linux-amd64.zip"])];
        assert!(not_previous(&newer, &next).unwrap().message.contains("`hello-v0.4.0`"));
    }
}
