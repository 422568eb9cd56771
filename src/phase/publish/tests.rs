//! Deciding, as a table: what the forge has under a tag, and what is done about it.

use std::path::PathBuf;

use super::decide::{Decision, Seen, decide, differences};
use super::local::{LocalFile, Set};
use crate::model::digest::Sha256;
use crate::model::finding::Severity;
use crate::model::publish::AssetStep::{self, Replace, There, Upload};
use crate::model::release::{Asset, Release, ReleaseTag};

const COMMIT: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";

/// Three files: `a`, `b`, `checksums.txt`; each one's content is its name.
fn set() -> Set {
    let file = |name: &str| LocalFile {
        name: name.to_owned(),
        size: name.len() as u64,
        sha256: Sha256::of(name.as_bytes()),
        path: PathBuf::from(name),
    };
    Set {
        tag: ReleaseTag::parse("slack/v0.2.0").unwrap(),
        commit: Some(COMMIT.to_owned()),
        signer: None,
        files: ["a", "b", "checksums.txt"].map(file).to_vec(),
        packages: Vec::new(),
    }
}

/// `a` is uploaded, `a!` has other bytes, `a~` has as many bytes without a digest, `a?` is an aborted upload.
fn asset(written: &str, id: u64) -> Asset {
    let name = written.trim_end_matches(['!', '~', '?']);
    let other = written.ends_with('!');
    let content = if other { "something else" } else { name };
    Asset {
        id,
        name: name.to_owned(),
        size: if written.ends_with('?') { 0 } else { content.len() as u64 },
        complete: !written.ends_with('?'),
        digest: (!written.ends_with(['~', '?'])).then(|| Sha256::of(content.as_bytes())),
        api_url: String::new(),
        download_url: String::new(),
    }
}

fn release(id: u64, draft: bool, assets: &str) -> Release {
    Release {
        id,
        tag: "slack/v0.2.0".to_owned(),
        commit: COMMIT.to_owned(),
        title: String::new(),
        notes: String::new(),
        draft,
        prerelease: false,
        immutable: false,
        published_at: None,
        page: format!("page-{id}"),
        upload_url: String::new(),
        assets: assets.split_whitespace().zip(100..).map(|(written, id)| asset(written, id)).collect(),
    }
}

/// The decision on one line: `out`, `conflict: codes`, or `draft N, remove …, steps, warnings`.
fn line(releases: &[Release], tag_commit: Option<&str>) -> String {
    let seen = Seen { releases: releases.iter().collect(), tag_commit };
    let codes = |findings: &[crate::model::finding::Finding]| -> String {
        findings.iter().filter(|f| f.severity > Severity::Note).map(|f| format!(" {}", f.code)).collect()
    };
    match decide(&set(), &seen) {
        Decision::Out { page, findings } => format!("out {page}{}", codes(&findings)),
        Decision::Conflict(findings) => format!("conflict{}", codes(&findings)),
        Decision::Go(steps) => {
            let draft = steps.draft.map_or("new".to_owned(), |draft| format!("draft {}", draft.id));
            let remove: String = steps.remove.iter().map(|asset| format!(" -{}", asset.name)).collect();
            let letter = |step: &AssetStep| match step {
                There => '.',
                Upload => 'u',
                Replace => 'r',
            };
            let files: String = steps.files.iter().map(letter).collect();
            format!("{draft}{remove} {files}{}", codes(&steps.findings))
        }
    }
}

#[test]
fn what_is_there_decides_what_is_done() {
    let draft = |id, assets| release(id, true, assets);
    let public = |assets| release(9, false, assets);
    let cases: [(&str, Vec<Release>, &str); 17] = [
        ("nothing", vec![], "new uuu"),
        ("an empty draft", vec![draft(1, "")], "draft 1 uuu"),
        ("killed after one upload", vec![draft(1, "b")], "draft 1 u.u"),
        ("killed before publishing", vec![draft(1, "a b checksums.txt")], "draft 1 ..."),
        ("killed while uploading", vec![draft(1, "a b?")], "draft 1 -b .ru"),
        ("other bytes in a draft", vec![draft(1, "a! b checksums.txt!")], "draft 1 -a -checksums.txt r.r"),
        ("a digest that nobody knows is another", vec![draft(1, "a~ b")], "draft 1 -a r.u"),
        ("foreign files in a draft", vec![draft(1, "a z z2?")], "draft 1 -z -z2 .uu"),
        ("two drafts", vec![draft(2, "a"), draft(1, "a b!")], "draft 1 -b .ru draft-extra"),
        ("two drafts, the newer is fuller", vec![draft(1, "a!"), draft(2, "a b")], "draft 2 ..u draft-extra"),
        ("out", vec![public("a b checksums.txt")], "out page-9"),
        ("out, with more", vec![public("sbom.json a b checksums.txt")], "out page-9"),
        ("out, and a draft", vec![draft(1, ""), public("a b checksums.txt")], "out page-9 draft-extra"),
        ("out, no digests", vec![public("a~ b checksums.txt")], "conflict published-differs"),
        ("out, other bytes", vec![public("a! b checksums.txt")], "conflict published-differs"),
        ("out, incomplete", vec![public("a b?")], "conflict published-incomplete"),
        ("out, both", vec![public("b!")], "conflict published-differs published-incomplete"),
    ];
    for (name, releases, expected) in cases {
        assert_eq!(line(&releases, None), expected, "{name}");
        // A tag at our commit changes nothing.
        assert_eq!(line(&releases, Some(COMMIT)), expected, "{name}");
    }
}

#[test]
fn a_tag_at_another_commit_is_a_conflict_until_the_release_is_out() {
    assert_eq!(line(&[], Some(OTHER)), "conflict tag-elsewhere");
    assert_eq!(line(&[release(1, true, "a")], Some(OTHER)), "conflict tag-elsewhere");
    // The same bytes built from a later commit are the same release.
    assert_eq!(line(&[release(1, false, "a b checksums.txt")], Some(OTHER)), "out page-1");
}

#[test]
fn an_immutable_release_gets_another_hint() {
    let hint = |immutable| {
        let one = Release { immutable, ..release(1, false, "a") };
        match decide(&set(), &Seen { releases: vec![&one], tag_commit: None }) {
            Decision::Conflict(findings) => findings[0].hint.clone().unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert!(hint(true).contains("immutable") && !hint(true).contains("delete"), "{}", hint(true));
    assert!(hint(false).contains("delete page-1"), "{}", hint(false));
}

#[test]
fn reading_back_accepts_exactly_the_set() {
    let held = |assets: &str| differences(&set(), &release(1, true, assets)).len();
    assert_eq!(held("a b checksums.txt"), 0);
    for wrong in
        ["a~ b checksums.txt", "a b", "a b? checksums.txt", "a! b checksums.txt", "a b checksums.txt z"]
    {
        assert_eq!(held(wrong), 1, "{wrong}");
    }
}

#[test]
fn a_release_is_held_against_the_one_below_it() {
    let of = |tag: &str| Release {
        tag: tag.trim_end_matches(['?', '~']).to_owned(),
        draft: tag.ends_with('?'),
        prerelease: tag.ends_with('~'),
        ..release(1, false, "")
    };
    // A draft ends in `?`, a release marked as a pre-release in `~`.
    let there = [
        "x/v0.9.0",
        "slack/v2.0.0",
        "slack/v1.2.0?",
        "slack/v1.1.0~",
        "slack/v1.0.0",
        "slack/v0.9.0",
        "slack/v1.1.0-rc.1",
    ];
    let releases: Vec<Release> = there.into_iter().map(of).collect();
    let before = |tag: &str, releases: &[Release]| {
        super::ratchet::previous(&ReleaseTag::parse(tag).unwrap(), releases).map(|(tag, _)| tag.to_string())
    };
    for (tag, expected) in [
        ("slack/v1.2.0", Some("slack/v1.0.0")),
        ("slack/v1.2.0-rc.1", Some("slack/v1.1.0")),
        ("slack/v1.0.1", Some("slack/v1.0.0")),
        ("slack/v3.0.0", Some("slack/v2.0.0")),
        ("slack/v0.9.0", None),
        ("zulip/v1.0.0", None),
    ] {
        assert_eq!(before(tag, &releases).as_deref(), expected, "{tag}");
    }
    // Nothing stable below: a pre-release is better than nothing.
    assert_eq!(before("slack/v1.0.0", &[of("slack/v1.0.0-rc.1")]).as_deref(), Some("slack/v1.0.0-rc.1"));
}
