//! Release notes: the commits that touched what the plugin is made from, since its previous release, and the command
//! that checks a download.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::local::Set;
use crate::forge::github::NOTES_MOST;
use crate::model::bundle::ATTESTATION_SUFFIX;
use crate::model::finding::Finding;
use crate::model::project::Plugin;
use crate::model::receipt::{Input, InputState};
use crate::model::release::ReleaseTag;
use crate::model::version::PluginVersion;
use crate::phase::packages::{Kept, short};
use crate::sys::git::{self, Commit, GitError};
use crate::sys::http::address::encode_path;

/// How many commits are listed, where there is room.
const MOST_COMMITS: usize = 100;
/// How many characters of a commit's subject are shown: some tools put the whole message into one line.
const SUBJECT_MOST: usize = 200;
/// Characters kept for the line that says what was left out.
const REST_MOST: usize = 2_000;
/// More paths than this don't fit a command line everywhere; then the plugin's folder has to do.
const MOST_PATHS: usize = 1_000;

/// Where notes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notes {
    /// From git.
    Generated,
    /// From a file of the user's.
    Given(String),
}

/// Where a release goes, as far as its notes speak of it.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The repository's page; empty where it isn't known.
    pub page: String,
    /// The tags of what is published there.
    pub published: Vec<String>,
}

/// The notes of a release. Where git can't tell what changed they say less, and a finding says why. What comes from git
/// always fits; a given text isn't cut.
#[must_use]
pub fn write(notes: &Notes, set: &Set, plugin: &Plugin, root: &Path, to: &Place) -> (String, Vec<Finding>) {
    let checking = checking(set);
    let (changes, findings) = match notes {
        Notes::Given(text) => (text.trim_end().to_owned(), Vec::new()),
        Notes::Generated => {
            let room = NOTES_MOST.saturating_sub(checking.chars().count() + 10);
            let all = |previous: &ReleaseTag| all_changes(&to.page, previous, &set.tag);
            match history(set, plugin, root, &to.published) {
                Ok(None) => ("First release.".to_owned(), Vec::new()),
                Ok(Some(History { previous, commits })) => {
                    (changes_since(&previous, &commits, room, all(&previous)), Vec::new())
                }
                Err(why) => {
                    let message = format!("the notes of {} don't say what changed: {why}", set.tag);
                    let finding = Finding::warning("notes-short", message)
                        .hint("check out with all history (`fetch-depth: 0`), or give --notes-file");
                    let link = match &why {
                        Untold::Missing { previous } => all(previous).map(|link| (previous, link)),
                        Untold::Git(_) => None,
                    };
                    let text = link.map(|(previous, link)| format!("Changes since {previous}: {link}"));
                    (text.unwrap_or_default(), vec![finding])
                }
            }
        }
    };
    let parts = [changes, checking];
    let text: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    (text.join("\n\n") + "\n", findings)
}

/// What happened since the previous release.
struct History {
    previous: ReleaseTag,
    commits: Vec<Commit>,
}

/// Why what happened isn't known.
#[derive(Debug, thiserror::Error)]
enum Untold {
    /// git can't tell.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The previous release isn't in this clone.
    #[error("{previous} is released, and this clone lacks its tag or the history since")]
    Missing {
        /// The previous release.
        previous: ReleaseTag,
    },
}

/// What happened since the previous release; nothing when there is none. A clone is a part of a repository: CI services
/// fetch one commit and no tags. So "there is no tag here" isn't "there was no release"; that the forge knows.
fn history(set: &Set, plugin: &Plugin, root: &Path, published: &[String]) -> Result<Option<History>, Untold> {
    let until = set.commit.as_deref().unwrap_or("HEAD");
    let tags = git::tags(root, &format!("{}/v*", set.tag.key), until)?;
    let ours =
        published.iter().filter(|tag| ReleaseTag::parse(tag).is_some_and(|tag| tag.key == set.tag.key));
    let all: Vec<String> = tags.iter().chain(ours).cloned().collect();
    let Some(previous) = previous(&set.tag.version, &all) else { return Ok(None) };
    let tag = previous.to_string();
    // Not among this commit's ancestors: on another branch, or cut off.
    let is_ancestor = tags.contains(&tag);
    if !is_ancestor && (git::is_shallow(root)? || git::tag_commit(root, &tag)?.is_none()) {
        return Err(Untold::Missing { previous });
    }
    let commits = git::commits(root, Some(&tag), until, &pathspecs(set, plugin))?;
    Ok(Some(History { previous, commits }))
}

/// The release before: the highest lower version. A stable version follows a stable one, so that its notes hold what
/// its pre-releases brought.
fn previous(version: &PluginVersion, tags: &[String]) -> Option<ReleaseTag> {
    let ours = version.semver()?;
    let lower = |tag: &ReleaseTag| {
        tag.version.semver().is_some_and(|one| one < ours && (one.pre.is_empty() || !ours.pre.is_empty()))
    };
    let known = tags.iter().filter_map(|tag| ReleaseTag::parse(tag)).filter(lower);
    known.max_by(|a, b| a.version.semver().cmp(&b.version.semver()))
}

/// What the packages were made from, as git's pathspecs: the dependency closure by the builds' own receipts, or the
/// plugin's folder where those are gone. What lies outside the project is no file of its commits.
fn pathspecs(set: &Set, plugin: &Plugin) -> Vec<String> {
    let own = format!(":(literal){}", plugin.place);
    let mut all = BTreeSet::from([own.clone()]);
    for input in set.packages.iter().filter_map(Kept::build_receipt).flat_map(|receipt| receipt.inputs) {
        let path = Path::new(&input.path);
        if !path.is_absolute() && !path.starts_with(&plugin.place) {
            all.insert(pathspec(&input));
        }
    }
    if all.len() > MOST_PATHS { vec![own] } else { all.into_iter().collect() }
}

fn pathspec(input: &Input) -> String {
    match (&input.state, input.path.as_str()) {
        (InputState::Package(_), "") => ":(glob)*".to_owned(),
        (InputState::Package(_), path) => {
            let plain = |c: char| if "*?[\\".contains(c) { format!("\\{c}") } else { c.to_string() };
            format!(":(glob){}/*", path.chars().map(plain).collect::<String>())
        }
        (_, "") => ".".to_owned(),
        (_, path) => format!(":(literal){path}"),
    }
}

/// The commits since the previous release in so many characters. What is left out is counted, and `all` says where
/// everything is.
fn changes_since(previous: &ReleaseTag, commits: &[Commit], room: usize, all: Option<String>) -> String {
    if commits.is_empty() {
        return format!("No source of this plugin changed since {previous}.");
    }
    let mut out = format!("Changes since {previous}:\n");
    let mut left = room.saturating_sub(out.chars().count() + REST_MOST);
    let (mut listed, mut is_short) = (0, false);
    for commit in commits.iter().take(MOST_COMMITS) {
        let subject = shortened(&commit.subject);
        let line = format!("\n- {} ({})", markdown(&subject), commit.hash);
        let Some(rest) = left.checked_sub(line.chars().count()) else { break };
        left = rest;
        is_short |= subject != commit.subject;
        listed += 1;
        out.push_str(&line);
    }
    if commits.len() > listed {
        let _ = write!(out, "\n- and {} more", commits.len() - listed);
    }
    if let Some(all) = all.filter(|_| is_short || commits.len() > listed) {
        let _ = write!(out, "\n\nAll changes: {all}");
    }
    out
}

fn shortened(subject: &str) -> String {
    if subject.chars().count() <= SUBJECT_MOST {
        return subject.to_owned();
    }
    let start: String = subject.chars().take(SUBJECT_MOST - 1).collect();
    format!("{}…", start.trim_end())
}

/// Where everything between two releases can be seen.
fn all_changes(page: &str, previous: &ReleaseTag, tag: &ReleaseTag) -> Option<String> {
    let name = |tag: &ReleaseTag| encode_path(&tag.to_string());
    (!page.is_empty()).then(|| format!("{page}/compare/{}...{}", name(previous), name(tag)))
}

/// A commit's subject as text: it can't open tags, and mentions nobody by `@`.
fn markdown(subject: &str) -> String {
    let text: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.replace('<', "&lt;").replace('@', "@\u{200b}")
}

/// How a download is checked.
fn checking(set: &Set) -> String {
    let of =
        set.commit.as_deref().map_or_else(String::new, |commit| format!("Built from {}. ", short(commit)));
    let example = set.packages.first().map_or("*.zip", |kept| kept.receipt.package.as_str());
    let key =
        set.signer.as_ref().map_or_else(String::new, |key| format!(" --pubkey {key} --require-signature"));
    let is_attested = set.files.iter().any(|file| file.name.ends_with(ATTESTATION_SUFFIX));
    let attested = if is_attested {
        format!(
            " A signed statement of how each zip was made is beside it (`{ATTESTATION_SUFFIX}`): add `--require \
             attestation` and whom you trust, `--cosign-pub` or `--pubkey`."
        )
    } else {
        String::new()
    };
    format!(
        "{of}Check a download with\n\n    wick plugin verify {example}{key}\n\n{}or, against accidents only, with \
         `sha256sum --ignore-missing -c checksums.txt`.{attested}",
        checking_bundles(set, example)
    )
}

/// How a bundle by a key is checked, with wick and without. It has no entry in a log: cosign has to be told so.
fn checking_bundles(set: &Set, example: &str) -> String {
    let by_key = |kept: &Kept| matches!(kept.bundle(), Some(Ok(bundle)) if bundle.verification_material.public_key.is_some());
    if !set.packages.first().is_some_and(by_key) {
        return String::new();
    }
    format!(
        "or, with the publisher's `cosign.pub` and the `.sigstore.json` file beside the zip, with one of\n\n    \
         wick plugin verify {example} --cosign-pub cosign.pub --require bundle\n    \
         cosign verify-blob --key cosign.pub --bundle {example}.sigstore.json --insecure-ignore-tlog {example}\n\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stable_version_follows_a_stable_one() {
        let tags = ["x/v0.9.0", "x/v0.10.0", "x/v1.0.0-rc.1", "x/v1.0.0-rc.2", "x/v2.0.0", "x/vnonsense"];
        let tags = tags.map(ToOwned::to_owned);
        let before = |version: &str| previous(&version.parse().unwrap(), &tags).map(|tag| tag.to_string());
        assert_eq!(before("1.0.0").unwrap(), "x/v0.10.0");
        assert_eq!(before("1.0.0-rc.3").unwrap(), "x/v1.0.0-rc.2");
        assert_eq!(before("0.9.0"), None);
    }

    #[test]
    fn a_subject_is_text_and_mentions_nobody() {
        assert_eq!(markdown("Fix <b> for @team\u{7}"), "Fix &lt;b> for @\u{200b}team ");
        let commit = |n: usize| Commit { hash: format!("{n}"), subject: format!("Change {n}") };
        let tag = ReleaseTag::parse("x/v0.1.0").unwrap();
        let text = changes_since(&tag, &(0..102).map(commit).collect::<Vec<_>>(), NOTES_MOST, None);
        assert!(text.starts_with("Changes since x/v0.1.0:\n\n- Change 0 (0)\n"), "{text}");
        assert!(text.ends_with("- Change 99 (99)\n- and 2 more"), "{text}");
    }

    /// 100 subjects of 3,000 characters made notes of 305,102; the forge takes 125,000.
    #[test]
    fn notes_from_git_fit_and_say_what_they_leave_out() {
        let (before, tag) =
            (ReleaseTag::parse("x/v0.1.0").unwrap(), ReleaseTag::parse("x/v0.2.0+b").unwrap());
        let all = || all_changes("https://h/o/r", &before, &tag);
        let commits = |count: usize, subject: &str| -> Vec<Commit> {
            (0..count).map(|_| Commit { hash: "0".repeat(64), subject: subject.to_owned() }).collect()
        };
        let link = "\n\nAll changes: https://h/o/r/compare/x/v0.1.0...x/v0.2.0%2Bb";
        for (count, subject, room, ends) in [
            (100, "x".repeat(3_000), NOTES_MOST, link.to_owned()),
            (500, "<".repeat(3_000), NOTES_MOST, format!("\n- and 400 more{link}")),
            (100, "é".repeat(200), NOTES_MOST, "(0000)".to_owned()),
            (100, "é".repeat(200), 10_000, format!("\n- and 71 more{link}")),
            (100, "Fix".to_owned(), 0, format!("\n- and 100 more{link}")),
        ] {
            let text = changes_since(&before, &commits(count, &subject), room, all());
            assert!(text.chars().count() <= room.max(REST_MOST), "{count} {}", text.chars().count());
            assert!(
                text.replace(&"0".repeat(60), "").ends_with(&ends),
                "{count}: {}",
                &text[text.len() - 200..]
            );
        }
        assert_eq!(shortened(&"x".repeat(201)), format!("{}…", "x".repeat(199)));
        assert_eq!(all_changes("", &before, &tag), None, "a forge that doesn't tell where it is");
    }

    #[test]
    fn pathspecs_name_files_and_folders_literally() {
        let of = |path: &str, state: InputState| pathspec(&Input { path: path.to_owned(), state });
        let digest = crate::model::digest::Sha256::of(b"");
        assert_eq!(of("go.mod", InputState::File(digest)), ":(literal)go.mod");
        assert_eq!(of("shared/[x]", InputState::Package(digest)), ":(glob)shared/\\[x]/*");
        assert_eq!(of("", InputState::Package(digest)), ":(glob)*");
        assert_eq!(of("crates/kit", InputState::Tree(digest)), ":(literal)crates/kit");
    }
}
