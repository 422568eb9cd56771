//! What of a plugin can't be packed for a target because of a name: told before a compiler starts.

use crate::model::bundle::ATTESTATION_SUFFIX;
use crate::model::file_names;
use crate::model::package::{NAME_MAX, PackageName};
use crate::model::project::Plugin;
use crate::model::target::{Os, Target};

/// Everything that keeps packages for these targets from being made, as sentences.
#[must_use]
pub fn refusals(plugin: &Plugin, targets: &[Target]) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(windows) = targets.iter().find(|target| target.os == Os::Windows) {
        let key = plugin.key.as_str();
        let named = plugin.files.iter().map(|name| (format!("`{name}` of `files`"), name.as_str()));
        let all = named.chain([("the plugin's key".to_owned(), key)]);
        let refused = all.filter_map(|(who, name)| Some((who, file_names::windows_refusal(name)?)));
        found.extend(refused.map(|(who, why)| format!("{who} can't be packed for {windows}: {why}")));
    }
    let length = |target: &Target| {
        let name = PackageName { key: plugin.key.clone(), version: plugin.version.clone(), target: *target };
        name.to_string().len() + ATTESTATION_SUFFIX.len()
    };
    if let Some(length) = targets.iter().map(length).max().filter(|length| *length > NAME_MAX) {
        found.push(format!(
            "its version is too long: the names of its packages would have {length} bytes with what lies beside \
             them, and file systems take {NAME_MAX}"
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::project::{GoSource, Source, Targets};

    fn plugin(key: &str, version: &str, files: &[&str]) -> Plugin {
        let go = GoSource {
            module_root: "/r".into(),
            tags: Vec::new(),
            ldflags: Vec::new(),
            version_symbols: Vec::new(),
            env: std::collections::BTreeMap::new(),
        };
        Plugin {
            key: key.parse().unwrap(),
            kind: crate::model::names::PluginKind::Connector,
            dir: "/r/connector/x".into(),
            place: "connector/x".to_owned(),
            version: version.parse().unwrap(),
            source: Source::Go(go),
            targets: Targets::Contract,
            files: files.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn names_are_held_against_the_targets_that_are_wanted() {
        let (linux, windows) = (["linux/amd64".parse().unwrap()], ["windows/amd64".parse().unwrap()]);
        let long = format!("1.0.0-{}", "a".repeat(230));
        for (plugin, on_linux, on_windows) in [
            (plugin("x", "1.0.0", &["README.md"]), 0, 0),
            (plugin("x", "1.0.0", &["con.txt", "docs/nul", "b"]), 0, 2),
            (plugin("nul", "1.0.0", &[]), 0, 1),
            (plugin("x", &long, &[]), 1, 1),
        ] {
            assert_eq!(refusals(&plugin, &linux).len(), on_linux, "{:?}", refusals(&plugin, &linux));
            assert_eq!(refusals(&plugin, &windows).len(), on_windows, "{:?}", refusals(&plugin, &windows));
        }
    }
}
