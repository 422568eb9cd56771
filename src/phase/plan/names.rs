//! What of a plugin can't be packed for a target because of a name: told before a compiler starts.

use crate::model::file_names;
use crate::model::names::PluginKey;
use crate::model::project::Plugin;
use crate::model::target::{Os, Target};

/// Everything that keeps packages for these targets from being made, as sentences.
#[must_use]
pub fn refusals(plugin: &Plugin, targets: &[Target]) -> Vec<String> {
    of(&plugin.key, &plugin.files, targets)
}

/// The same of what `files` lists and of a key.
#[must_use]
pub fn of(key: &PluginKey, files: &[String], targets: &[Target]) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(windows) = targets.iter().find(|target| target.os == Os::Windows) {
        let named = files.iter().map(|name| (format!("`{name}` of `files`"), name.as_str()));
        let all = named.chain([("the plugin's key".to_owned(), key.as_str())]);
        let refused = all.filter_map(|(who, name)| Some((who, file_names::windows_refusal(name)?)));
        found.extend(refused.map(|(who, why)| format!("{who} can't be packed for {windows}: {why}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_against_the_targets_that_are_wanted() {
        for (key, files, on_linux, on_windows) in
            [("x", &["README.md"][..], 0, 0), ("x", &["con.txt", "docs/nul", "b"], 0, 2), ("nul", &[], 0, 1)]
        {
            let files: Vec<String> = files.iter().map(ToString::to_string).collect();
            for (target, count) in [("linux/amd64", on_linux), ("windows/amd64", on_windows)] {
                let targets = [target.parse().unwrap()];
                let found = of(&key.parse().unwrap(), &files, &targets);
                assert_eq!(found.len(), count, "{target}: {found:?}");
            }
        }
    }
}
