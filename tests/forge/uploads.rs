//! Uploads: streamed, verified, resumed; a name is never left blocked and bytes are never replaced.

use std::sync::Mutex;

use github_double::{AssetState, Config, Content, Counters, Double, Fault, Place, Release};
use wick::forge::error::ForgeError;
use wick::model::failure::{Explain as _, FailureKind};
use wick::sys::files::Scratch;

use super::support::*;

const SIZE: usize = 300_000;

fn only_asset(double: &Double) -> (String, u64, AssetState) {
    let release: &Release = &double.snapshot().releases[0];
    let [asset] = release.assets.as_slice() else { panic!("one asset, not {:?}", release.assets) };
    (asset.name.clone(), asset.content.size(), asset.state)
}

#[test]
fn an_upload_streams_with_progress_and_the_right_headers() {
    let (double, dir) = (start(), Scratch::new().unwrap());
    let (github, path) = (client(&double), file(&dir, "a.zip", SIZE));
    let draft = github.create_draft(&new_release()).unwrap();
    let seen = Mutex::new(Vec::new());
    let asset = github.upload(&draft, "a.zip", &path, &|sent| seen.lock().unwrap().push(sent)).unwrap();
    assert_eq!((asset.size, asset.complete), (SIZE as u64, true));
    let seen = seen.into_inner().unwrap();
    assert!(seen.is_sorted() && seen.len() >= 3, "in pieces: {seen:?}");
    assert_eq!((seen.first(), seen.last()), (Some(&0), Some(&(SIZE as u64))));
    let log = double.log();
    let entry = log.last().unwrap();
    assert_eq!(entry.header("content-length"), Some("300000"));
    assert_eq!(entry.header("content-type"), Some("application/zip"));
    assert_eq!(entry.header("transfer-encoding"), None);
    assert_eq!(only_asset(&double), ("a.zip".to_owned(), SIZE as u64, AssetState::Uploaded));
}

#[test]
fn a_failed_try_is_cleaned_up_and_done_again_from_the_start() {
    for (fault, bytes) in [
        (Fault::CutBefore, 1),
        (Fault::CutInRequest(1000), 1),
        (Fault::Status(502), 2),
        (Fault::Status(500), 2),
        (Fault::Secondary { status: 403, retry_after: Some(1) }, 2),
        (Fault::Corrupt, 2),
        // The answer was lost, the bytes were not.
        (Fault::CutAfter, 1),
        (Fault::StatusAfter(502), 1),
        (Fault::CutInAnswer(20), 1),
        (Fault::HalfJson, 1),
    ] {
        let (double, dir) = (start(), Scratch::new().unwrap());
        let (github, path) = (client(&double), file(&dir, "a.zip", SIZE));
        let draft = github.create_draft(&new_release()).unwrap();
        double.fail_next(fault.clone());
        let asset = github.upload(&draft, "a.zip", &path, &silent).unwrap();
        assert_eq!((asset.size, asset.complete), (SIZE as u64, true), "{fault:?}");
        assert_eq!(only_asset(&double), ("a.zip".to_owned(), SIZE as u64, AssetState::Uploaded), "{fault:?}");
        let Counters { asset_bytes_in, .. } = double.counters();
        assert_eq!(asset_bytes_in / SIZE as u64, bytes, "{fault:?}: {asset_bytes_in}");
    }
}

#[test]
fn the_rest_of_an_earlier_run_is_removed_first() {
    let (double, dir) = (start(), Scratch::new().unwrap());
    let (github, path) = (client(&double), file(&dir, "a.zip", SIZE));
    let id = double.seed_release(TAG, true, &[]);
    double.seed_starter(id, "a.zip");
    // Known from the list: removed before a byte is sent.
    let known = github.release(id).unwrap();
    github.upload(&known, "a.zip", &path, &silent).unwrap();
    assert_eq!(double.counters().asset_bytes_in, SIZE as u64);
    // Not known, because it came later: GitHub says 422, then it is looked at.
    let id = double.seed_release("slack/v0.3.0", true, &[]);
    let stale = github.release(id).unwrap();
    double.seed_starter(id, "a.zip");
    github.upload(&stale, "a.zip", &path, &silent).unwrap();
    assert_eq!(double.snapshot().release(id).unwrap().asset("a.zip").unwrap().content.size(), SIZE as u64);
}

#[test]
fn same_name_same_bytes_is_done_and_other_bytes_are_a_conflict() {
    for digests in [true, false] {
        let (double, dir) = (Double::start(Config { digests, ..Config::default() }), Scratch::new().unwrap());
        let (github, path) = (client(&double), file(&dir, "a.zip", SIZE));
        let content = Content::bytes(std::fs::read(&path).unwrap());
        let mut other = content.to_vec();
        other[1] ^= 1;
        let contents =
            [("a.zip", content), ("b.zip", Content::bytes(other)), ("c.zip", Content::bytes(*b"short"))];
        let id = double.seed_release(TAG, true, &[]);
        let stale = github.release(id).unwrap();
        let seeded = double.seed_release(TAG, true, &contents);
        let known = github.release(seeded).unwrap();
        assert_eq!(known.assets[0].digest.is_some(), digests);
        assert!(github.upload(&known, "a.zip", &path, &silent).is_ok());
        for name in ["b.zip", "c.zip"] {
            let error = github.upload(&known, name, &path, &silent).unwrap_err();
            assert_eq!(error, ForgeError::AlreadyExists { what: format!("upload {name} to {TAG}") });
            assert_eq!(error.kind(), FailureKind::Conflict);
        }
        assert_eq!(double.counters().asset_bytes_in, 0, "nothing is sent to learn that");
        // The same when only the 422 tells.
        github.upload(&stale, "a.zip", &path, &silent).unwrap();
        assert_eq!(github.upload(&stale, "a.zip", &path, &silent).unwrap().size, SIZE as u64);
    }
}

#[test]
fn an_immutable_release_takes_nothing_more() {
    let (double, dir) =
        (Double::start(Config { immutable: true, ..Config::default() }), Scratch::new().unwrap());
    let (github, path) = (client(&double), file(&dir, "a.zip", 10));
    let draft = github.create_draft(&new_release()).unwrap();
    let published = github.publish(draft.id, &new_release()).unwrap();
    assert!(published.immutable);
    let error = github.upload(&published, "a.zip", &path, &silent).unwrap_err();
    assert!(matches!(error, ForgeError::Immutable { .. }), "{error:?}");
    assert_eq!(error.kind(), FailureKind::Conflict);
}

#[test]
fn a_refusal_that_is_lost_in_a_broken_connection_is_found_out() {
    let (double, dir) =
        (Double::start(Config { immutable: true, ..Config::default() }), Scratch::new().unwrap());
    let (github, path) = (client(&double), file(&dir, "a.zip", 20 << 20));
    let draft = github.create_draft(&new_release()).unwrap();
    let published = github.publish(draft.id, &new_release()).unwrap();
    double.fail_place(Place::Uploads, Fault::Early);
    let error = github.upload(&published, "a.zip", &path, &silent).unwrap_err();
    assert!(matches!(error, ForgeError::Immutable { .. }), "{error:?}");
    assert!(double.counters().requests <= 6, "draft; tag, its making, publish; upload, a look");
}

#[test]
fn a_file_that_is_not_there_is_said_to_be() {
    let (double, dir) = (start(), Scratch::new().unwrap());
    let github = client(&double);
    let draft = github.create_draft(&new_release()).unwrap();
    let error = github.upload(&draft, "a.zip", &dir.path().join("none.zip"), &silent).unwrap_err();
    assert!(matches!(&error, ForgeError::File { .. }), "{error:?}");
    assert!(error.to_string().starts_with("can't upload a.zip to slack/v0.2.0: can't read /"), "{error}");
}

#[test]
fn tries_end() {
    let (double, dir) = (start(), Scratch::new().unwrap());
    let (github, path) = (client(&double), file(&dir, "a.zip", 10));
    let draft = github.create_draft(&new_release()).unwrap();
    for (fault, expected) in [
        (Fault::CutBefore, "can't upload a.zip to slack/v0.2.0: the connection to 127.0.0.1 broke"),
        (
            Fault::Status(502),
            "can't upload a.zip to slack/v0.2.0: GitHub answered 502: `<!DOCTYPE html> <html><head><title>Unicorn!",
        ),
    ] {
        double.clear_log();
        double.fail_place(Place::Uploads, fault.clone());
        let text = github.upload(&draft, "a.zip", &path, &silent).unwrap_err().to_string();
        assert!(text.starts_with(expected), "{text}");
        let uploads = double.log().iter().filter(|entry| entry.place == Place::Uploads).count();
        assert_eq!(uploads, 5);
        double.heal();
    }
}
