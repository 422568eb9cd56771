//! Drafts and publishing: one draft whatever happens, the right tag, never "Latest".

use github_double::{Config, Double, Fault};
use wick::forge::error::ForgeError;
use wick::model::failure::{Explain as _, FailureKind};

use super::support::*;

#[test]
fn a_release_is_made_as_meant_and_never_latest() {
    let double = start();
    let github = client(&double);
    let draft = github.create_draft(&new_release()).unwrap();
    assert!(draft.draft && draft.published_at.is_none());
    assert_eq!(github.tag(TAG).unwrap(), None, "a draft makes no tag");
    let published = github.publish(draft.id, &new_release()).unwrap();
    assert!(!published.draft && !published.immutable);
    let state = double.snapshot();
    assert_eq!(state.tags[TAG].commit, COMMIT);
    assert_eq!(state.latest, None);
    let one = &state.releases[0];
    assert_eq!((one.title.as_str(), one.notes.as_str(), one.prerelease), ("slack 0.2.0", "* better", false));
}

#[test]
fn every_request_says_who_asks_and_which_api() {
    let double = start();
    client(&double).create_draft(&new_release()).unwrap();
    let entry = &double.log()[0];
    assert_eq!(entry.header("user-agent"), Some(concat!("wick/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(entry.header("x-github-api-version"), Some("2022-11-28"));
    assert_eq!(entry.header("accept"), Some("application/vnd.github+json"));
    assert_eq!(entry.header("authorization"), Some("Bearer ghp_write"));
}

#[test]
fn after_a_lost_answer_the_draft_is_looked_for() {
    for fault in [
        Fault::CutAfter,
        Fault::CutInAnswer(100),
        Fault::StatusAfter(500),
        Fault::StatusAfter(502),
        Fault::HalfJson,
    ] {
        let double = start();
        double.fail_at(1, fault.clone());
        let draft = client(&double).create_draft(&new_release()).unwrap();
        let state = double.snapshot();
        assert_eq!(state.releases.len(), 1, "{fault:?}");
        assert_eq!(state.releases[0].id, draft.id);
        assert_eq!(lines(&double)[1], "GET releases?per_page=100 200", "{fault:?}");
        assert_eq!(double.counters().requests, 2, "{fault:?}");
    }
}

#[test]
fn a_draft_with_other_notes_is_not_taken_for_ours() {
    let double = start();
    double.seed_release(TAG, true, &[]);
    double.fail_at(1, Fault::StatusAfter(502));
    let draft = client(&double).create_draft(&new_release()).unwrap();
    assert_eq!((draft.notes.as_str(), double.snapshot().releases.len()), ("* better", 2));
}

#[test]
fn what_was_not_done_is_done_again() {
    for fault in
        [Fault::CutBefore, Fault::CutInRequest(10), Fault::Status(502), Fault::Status(408), Fault::Html]
    {
        let double = start();
        double.fail_at(1, fault.clone());
        client(&double).create_draft(&new_release()).unwrap();
        assert_eq!(double.snapshot().releases.len(), 1, "{fault:?}");
    }
}

#[test]
fn a_published_tag_is_a_conflict() {
    let double = start();
    double.seed_release(TAG, false, &[]);
    let error = client(&double).create_draft(&new_release()).unwrap_err();
    assert_eq!(
        error,
        ForgeError::AlreadyExists { what: "make the draft release slack/v0.2.0 in octo/plugins".into() }
    );
    assert_eq!(error.kind(), FailureKind::Conflict);
}

#[test]
fn publishing_survives_a_lost_answer() {
    for immutable in [false, true] {
        for fault in
            [Fault::CutBefore, Fault::CutAfter, Fault::StatusAfter(502), Fault::Status(500), Fault::HalfJson]
        {
            let double = Double::start(Config { immutable, ..Config::default() });
            let github = client(&double);
            let draft = github.create_draft(&new_release()).unwrap();
            double.fail_next(fault.clone());
            let published = github.publish(draft.id, &new_release()).unwrap();
            assert_eq!((published.draft, published.immutable), (false, immutable), "{fault:?}");
        }
    }
}

#[test]
fn a_spent_tag_is_a_conflict_with_a_way_out() {
    let double = Double::start(Config { immutable: true, ..Config::default() });
    let github = client(&double);
    let first = github.create_draft(&new_release()).unwrap();
    github.publish(first.id, &new_release()).unwrap();
    double.remove_release(first.id);
    let second = github.create_draft(&new_release()).unwrap();
    let error = github.publish(second.id, &new_release()).unwrap_err();
    assert!(
        error.to_string().contains("Release.tag_name tag_name was used by an immutable release"),
        "{error}"
    );
    assert_eq!(error.kind(), FailureKind::Conflict);
    assert!(error.hints()[0].contains("raise the version"));
}

#[test]
fn removing_an_asset_twice_is_fine() {
    let double = start();
    let id = double.seed_release(TAG, true, &[]);
    double.seed_starter(id, "a.zip");
    let github = client(&double);
    let asset = github.release(id).unwrap().assets.remove(0);
    double.fail_next(Fault::CutAfter);
    github.delete_asset(&asset).unwrap();
    github.delete_asset(&asset).unwrap();
    assert!(double.snapshot().releases[0].assets.is_empty());
}

#[test]
fn what_may_be_a_release_is_never_removed() {
    let double = start();
    let github = client(&double);
    let draft = github.create_draft(&new_release()).unwrap();
    github.publish(draft.id, &new_release()).unwrap();
    github.delete_draft(&draft).unwrap();
    for fault in [Fault::HalfJson, Fault::Html] {
        double.fail_next(fault.clone());
        let error = github.delete_draft(&draft).unwrap_err();
        assert!(matches!(error, ForgeError::Unreadable { .. }), "{fault:?}: {error:?}");
    }
    assert_eq!(double.snapshot().releases.len(), 1);
    assert!(!lines(&double).iter().any(|line| line.starts_with("DELETE")));
}
