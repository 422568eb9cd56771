//! The release that is to be made: its name and its words, and whether a forge takes them. Asked before anything is
//! written; a forge says it when everything is uploaded.

use super::Request;
use super::local::Set;
use super::notes::{self, Notes, Place};
use crate::forge::github::{self, Part};
use crate::model::finding::Finding;
use crate::model::project::Plugin;
use crate::model::release::NewRelease;

/// The release of a set to that place.
pub(super) fn release(
    request: &Request<'_>,
    plugin: &Plugin,
    set: &Set,
    to: &Place,
) -> (NewRelease, Vec<Finding>) {
    let (notes, findings) = notes::write(request.notes, set, plugin, request.root, to);
    (with(set, notes), findings)
}

fn with(set: &Set, notes: String) -> NewRelease {
    NewRelease {
        tag: set.tag.to_string(),
        commit: set.commit.clone().unwrap_or_default(),
        title: format!("{} v{}", set.tag.key, set.tag.version.bare()),
        notes,
        prerelease: set.is_prerelease(),
    }
}

/// What the forge wouldn't take.
pub(super) fn objections(request: &Request<'_>, plugin: &Plugin, set: &Set) -> Vec<Finding> {
    let new = match request.notes {
        // What comes from git is cut to fit, when it is known what is released.
        Notes::Generated => with(set, String::new()),
        Notes::Given(_) => release(request, plugin, set, &Place::default()).0,
    };
    let files: Vec<(&str, u64)> = set.files.iter().map(|file| (file.name.as_str(), file.size)).collect();
    let finding = |(part, message): (Part, String)| {
        let (code, hint) = match part {
            Part::Notes => ("notes-too-long", "shorten the file of --notes-file, and link to the rest"),
            Part::Name => ("name-not-taken", "give the plugin a shorter or plainer version"),
            Part::Files => ("file-not-taken", "build it smaller, or with plainer names"),
        };
        Finding::error(code, format!("{} can't be released: {message}", set.tag)).hint(hint)
    };
    github::objections(&new, &files).into_iter().map(finding).collect()
}
