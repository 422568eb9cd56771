//! What GitHub takes, as far as it is known before anything is sent. GitHub says the rest when everything is uploaded.

use crate::model::release::NewRelease;

/// Characters of a release's notes: "body is too long (maximum is 125000 characters)". Counted as Unicode code points,
/// as the text "(maximum is … characters)" of Rails counts. <https://github.com/ncipollo/release-action/issues/493>
pub const NOTES_MOST: usize = 125_000;

/// How many releases a list shows: "Only the first 10000 results are available."
/// <https://docs.github.com/rest/releases/releases#list-releases>
pub const LIST_MOST: usize = 10_000;

/// Characters of a title: "name is too long (maximum is 256 characters)".
/// <https://github.com/yasserstudio/geoalgeria/pull/177>
const TITLE_MOST: usize = 256;

/// Bytes of a tag: a ref is a file, and git makes `<name>.lock` beside it; file names end at 255 bytes.
const TAG_MOST: usize = 250;

/// "Each file included in a release must be under 2 GiB"; "up to 1000 release assets".
/// <https://docs.github.com/repositories/releasing-projects-on-github/about-releases#storage-and-bandwidth-quotas>
const ASSET_BELOW: u64 = 2 << 30;
const ASSETS_MOST: usize = 1000;

/// What GitHub objects to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The notes.
    Notes,
    /// What is made from the version: title and tag.
    Name,
    /// The files.
    Files,
}

/// Why GitHub wouldn't take a release with these files (name and size), each with its figure and the limit.
#[must_use]
pub fn objections(new: &NewRelease, assets: &[(&str, u64)]) -> Vec<(Part, String)> {
    let mut found = Vec::new();
    let (notes, title) = (new.notes.chars().count(), new.title.chars().count());
    if notes > NOTES_MOST {
        found
            .push((Part::Notes, format!("the notes have {notes} characters, and GitHub takes {NOTES_MOST}")));
    }
    if title > TITLE_MOST {
        found.push((Part::Name, format!("the title has {title} characters, and GitHub takes {TITLE_MOST}")));
    }
    let names = new.tag.split('/');
    if let Some(name) = names.clone().find(|name| name.len() > TAG_MOST) {
        let message = format!("a name in the tag has {} bytes, and git takes {TAG_MOST}", name.len());
        found.push((Part::Name, message));
    }
    // https://git-scm.com/docs/git-check-ref-format; keys and versions can't break its other rules.
    if names.clone().any(|name| name.is_empty() || name.ends_with(".lock") || name.ends_with('.')) {
        let message =
            format!("git takes no tag {}: a name in it is empty or ends in `.lock` or `.`", new.tag);
        found.push((Part::Name, message));
    }
    if assets.len() > ASSETS_MOST {
        let message = format!("there are {} files, and GitHub takes {ASSETS_MOST}", assets.len());
        found.push((Part::Files, message));
    }
    for (name, size) in assets {
        if *size == 0 || *size >= ASSET_BELOW {
            let message = format!("{name} has {size} bytes, and GitHub takes 1 to {}", ASSET_BELOW - 1);
            found.push((Part::Files, message));
        }
        if !is_kept(name) {
            let message = format!("GitHub would rename {name}: it keeps letters, digits and `-_.+@`");
            found.push((Part::Files, message));
        }
    }
    found
}

/// Whether GitHub keeps an asset's name. "GitHub renames asset filenames that have special characters,
/// non-alphanumeric characters, and leading or trailing periods."
/// <https://docs.github.com/rest/releases/assets#upload-a-release-asset>
fn is_kept(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+@".contains(c);
    name.chars().all(plain) && !name.starts_with('.') && !name.ends_with('.') && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objected(change: impl FnOnce(&mut NewRelease), assets: &[(&str, u64)]) -> String {
        let mut new = NewRelease {
            tag: "hello/v0.1.0".to_owned(),
            commit: "0123".to_owned(),
            title: "hello v0.1.0".to_owned(),
            notes: "First release.\n".to_owned(),
            prerelease: false,
        };
        change(&mut new);
        let found: Vec<String> = objections(&new, assets).into_iter().map(|(_, message)| message).collect();
        found.join("; ")
    }

    #[test]
    fn what_is_over_a_limit_is_named_with_both_figures() {
        let zip = "hello-0.1.0+a.b-linux-amd64.zip";
        let fine = [(zip, 1), ("checksums.txt", (2 << 30) - 1)];
        assert_eq!(objected(|_| {}, &fine), "");
        // Characters, not bytes.
        assert_eq!(objected(|new| new.notes = "ü".repeat(125_000), &fine), "");
        type Case<'a> = (fn(&mut NewRelease), &'a [(&'a str, u64)], &'a str);
        let cases: [Case<'_>; 9] = [
            (|new| new.notes = "ü".repeat(125_001), &fine, "125001 characters, and GitHub takes 125000"),
            (|new| new.title = "x".repeat(257), &fine, "title has 257 characters, and GitHub takes 256"),
            (
                |new| new.tag = format!("hello/v0.1.0-{}", "x".repeat(250)),
                &fine,
                "has 257 bytes, and git takes 250",
            ),
            (|new| new.tag = "hello/v0.1.0-a.lock".to_owned(), &fine, "ends in `.lock`"),
            (|_| {}, &[(zip, 0)], "has 0 bytes"),
            (|_| {}, &[(zip, 2 << 30)], "2147483648 bytes, and GitHub takes 1 to 2147483647"),
            (|_| {}, &[("a b.zip", 1)], "would rename a b.zip"),
            (|_| {}, &[(".env", 1)], "would rename .env"),
            (|_| {}, &[("a.zip", 1); 1001], "1001 files, and GitHub takes 1000"),
        ];
        for (change, assets, expected) in cases {
            let said = objected(change, assets);
            assert!(said.contains(expected), "{said}");
        }
    }
}
