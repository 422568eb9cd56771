//! Reading: facts, releases page by page, tags, bytes of assets.

use github_double::{Config, Content, Double, Fault, Place};
use wick::forge::error::ForgeError;
use wick::forge::github::{GitHub, Manner, Piece};

use super::support::*;
use wick::phase::catalog::select::Prereleases;
use wick::phase::catalog::{Orphans, Wish, regenerate};

#[test]
fn facts_say_what_github_tells_and_no_more() {
    let double = Double::start(Config { immutable: true, ..Config::default() });
    let facts = |token| client_of(&double, token).facts().unwrap();
    assert_eq!(facts("ghp_write").full_name, "octo/plugins");
    // Who may not look hears 404, which also means "no".
    for (token, may_write, immutable) in [
        ("ghp_write", Some(true), Some(true)),
        ("ghp_read", Some(false), None),
        ("", Some(false), None),
        // Apps and fine-grained tokens: `permissions` doesn't speak of the token.
        ("ghs_write", None, Some(true)),
        ("ghs_read", None, None),
        ("github_pat_write", None, Some(true)),
        ("github_pat_read", None, None),
    ] {
        let facts = facts(token);
        assert_eq!((facts.may_write, facts.immutable_releases), (may_write, immutable), "{token}");
    }
}

#[test]
fn every_page_is_read_and_drafts_only_by_those_who_may_see_them() {
    let double = start();
    for index in 0..250 {
        double.seed_release(&format!("p{index}/v1.0.0"), index % 100 == 0, &[]);
    }
    let releases = client(&double).releases().unwrap();
    assert_eq!((releases.len(), releases[0].tag.as_str()), (250, "p249/v1.0.0"));
    assert_eq!(double.counters().requests, 3, "pages of 100");
    assert_eq!(client_of(&double, "").releases().unwrap().len(), 247);
    let drafts: Vec<_> = releases.iter().filter(|release| release.draft).map(|release| release.id).collect();
    assert_eq!(drafts.len(), 3);
    assert!(client(&double).release(drafts[0]).unwrap().draft, "a draft is found by number");
}

#[test]
fn a_release_says_all_that_wick_needs() {
    let double = start();
    let id = double.seed_release(TAG, false, &[("a.zip", Content::bytes(*b"abc"))]);
    double.seed_starter(id, "b.zip");
    let release = client(&double).release(id).unwrap();
    assert_eq!((release.tag.as_str(), release.draft, release.immutable), (TAG, false, false));
    assert!(release.published_at.is_some() && release.page.contains("slack%2Fv0.2.0"));
    assert!(
        release.upload_url.ends_with(&format!("/releases/{id}/assets")),
        "no template: {}",
        release.upload_url
    );
    let [a, b] = release.assets.as_slice() else { panic!("two assets") };
    assert_eq!((a.size, a.complete, a.digest.unwrap().to_string().starts_with("ba7816bf")), (3, true, true));
    assert_eq!((b.size, b.complete, b.digest), (0, false, None));
}

#[test]
fn pages_in_circles_and_pages_elsewhere_end_the_reading() {
    let double = start();
    double.seed_release(TAG, false, &[]);
    let here = format!("{}/repos/{}/releases?per_page=100", double.api_url(), double.repository());
    for next in [here, format!("{}/repositories/4242/releases?page=1&x", double.api_url())] {
        double.clear_log();
        double.fail_from(1, Fault::NextPage(next));
        let error = client(&double).releases().unwrap_err();
        assert!(error.to_string().contains("in circles"), "{error}");
        assert!(double.counters().requests <= 2);
    }
    double.clear_log();
    double.fail_from(1, Fault::NextPage("http://evil.example/steal?page=2".to_owned()));
    let error = client(&double).releases().unwrap_err();
    assert!(error.to_string().contains("another address"), "{error}");
}

#[test]
fn pages_without_links_or_without_end_are_no_part_of_a_list() {
    // Somebody on the way takes headers away.
    let double = start();
    for index in 0..250 {
        double.seed_release(&format!("p{index}/v1.0.0"), false, &[]);
    }
    double.fail_from(1, Fault::NoLinks);
    assert_eq!(client(&double).releases().unwrap().len(), 250);
    // A page that is gone when it is asked for.
    double.heal();
    double.clear_log();
    double.fail_at(2, Fault::Status(404));
    let error = client(&double).releases().unwrap_err();
    assert!(error.to_string().starts_with("can't list the releases of octo/plugins"), "{error}");
    // Always another page.
    double.heal();
    double.clear_log();
    double.fail_from(1, Fault::EndlessPages);
    let error = client(&double).releases().unwrap_err();
    assert!(error.to_string().contains("more than 1000 pages"), "{error}");
}

#[test]
fn tags_are_resolved_to_their_commit() {
    let double = start();
    double.seed_tag("slack/v0.1.0", COMMIT, false);
    double.seed_tag("slack/v0.2.0+x", COMMIT, true);
    let github = client(&double);
    assert_eq!(github.tag("slack/v0.1.0").unwrap().as_deref(), Some(COMMIT));
    assert_eq!(github.tag("slack/v0.2.0+x").unwrap().as_deref(), Some(COMMIT), "annotated");
    assert_eq!(github.tag("slack/v0.2").unwrap(), None);
}

#[test]
fn bytes_are_read_in_parts_where_the_storage_does_ranges() {
    let content = Content::padded(1 << 20, b"the end".to_vec());
    for ranges in [true, false] {
        let double = Double::start(Config { ranges, ..Config::default() });
        let id = double.seed_release(TAG, false, &[("a.zip", content.clone())]);
        let github = client_of(&double, "");
        let asset = github.release(id).unwrap().assets.remove(0);
        let (end, start) = (asset.size, asset.size - 7);
        match github.read(&asset, Some(start..end)).unwrap() {
            Piece::Part { bytes, total } => {
                assert!(ranges);
                assert_eq!((bytes.as_slice(), total), (&b"the end"[..], end));
                assert_eq!(double.counters().asset_bytes_out, 7);
            }
            Piece::Whole(bytes) => {
                assert!(!ranges);
                assert!(bytes.ends_with(b"the end") && bytes.len() as u64 == end);
            }
        }
        // Nothing is nothing, without a request; beyond the end is cut at the end.
        let before = double.counters().requests;
        assert!(
            matches!(github.read(&asset, Some(5..5)).unwrap(), Piece::Part { bytes, .. } if bytes.is_empty())
        );
        assert_eq!(double.counters().requests, before);
        let Piece::Part { bytes, .. } = github.read(&asset, Some(start..end + 100)).unwrap() else {
            assert!(!ranges);
            continue;
        };
        assert_eq!(bytes, b"the end");
    }
}

#[test]
fn many_threads_share_one_client() {
    let double = start();
    let content = Content::padded(200_000, b"tail".to_vec());
    let names: Vec<String> = (0..40).map(|index| format!("a{index}.zip")).collect();
    let assets: Vec<_> = names.iter().map(|name| (name.as_str(), content.clone())).collect();
    let id = double.seed_release(TAG, false, &assets);
    let github = client(&double);
    let assets = github.release(id).unwrap().assets;
    let github = &github;
    std::thread::scope(|scope| {
        for part in assets.chunks(5) {
            scope.spawn(move || {
                for asset in part {
                    let piece = github.read(asset, Some(199_999..200_004)).unwrap();
                    assert!(matches!(piece, Piece::Part { bytes, .. } if bytes == b".tail"));
                }
            });
        }
    });
    assert_eq!((double.counters().requests, double.counters().asset_bytes_out), (81, 200));
}

#[test]
fn a_range_beyond_the_end_is_an_error() {
    let double = start();
    let id = double.seed_release(TAG, false, &[("a.zip", Content::bytes(*b"abc"))]);
    let github = client(&double);
    let asset = github.release(id).unwrap().assets.remove(0);
    let error = github.read(&asset, Some(10..20)).err().unwrap();
    assert!(matches!(error, ForgeError::Refused { status: 416, .. }), "{error:?}");
}

#[test]
fn a_cut_download_is_tried_again() {
    let double = start();
    let id = double.seed_release(TAG, false, &[("a.zip", Content::padded(100_000, Vec::new()))]);
    let github = client(&double);
    let asset = github.release(id).unwrap().assets.remove(0);
    double.clear_log();
    double.fail_at(2, Fault::CutInAnswer(50_000));
    double.fail_at(4, Fault::Status(503));
    assert!(matches!(github.read(&asset, None).unwrap(), Piece::Whole(bytes) if bytes.len() == 100_000));
    assert_eq!(double.counters().requests, 6);
}

#[test]
fn the_token_reads_private_assets_and_never_reaches_the_storage() {
    let double = Double::start(Config { private: true, ..Config::default() });
    let id = double.seed_release(TAG, false, &[("a.zip", Content::bytes(*b"abc"))]);
    let github = client_of(&double, "ghp_read");
    let asset = github.release(id).unwrap().assets.remove(0);
    assert!(
        matches!(github.read(&asset, Some(0..2)).unwrap(), Piece::Part { bytes, total: 3 } if bytes == b"ab")
    );
    let log = double.log();
    let authorized = |place| {
        let of_place: Vec<_> = log.iter().filter(|entry| entry.place == place).collect();
        assert!(!of_place.is_empty(), "{place:?}");
        of_place.iter().filter(|entry| entry.header("authorization").is_some()).count()
    };
    assert!(authorized(Place::Api) > 0);
    assert_eq!((authorized(Place::Web), authorized(Place::Storage)), (0, 0));
    assert_eq!(double.counters().tokens_leaked, 0);
}

#[test]
fn a_login_page_is_no_asset_and_the_api_is_asked_instead() {
    let double = start();
    let id = double.seed_release(TAG, false, &[("a.zip", Content::bytes(*b"abc"))]);
    double.fail_place(Place::Web, Fault::Html);
    let asset = client(&double).release(id).unwrap().assets.remove(0);
    assert!(matches!(client(&double).read(&asset, None).unwrap(), Piece::Whole(bytes) if bytes == b"abc"));
    let error = client_of(&double, "").read(&asset, None).err().unwrap().to_string();
    assert!(error.contains("it is a page, not the file; it begins `<html>"), "{error}");
}

#[test]
fn answers_that_are_no_api_say_what_they_look_like() {
    let double = start();
    double.seed_release(TAG, false, &[]);
    let github = GitHub::with(access(&double, None), Manner { most: 1 << 20, ..manner() });
    for (fault, expected) in [
        (Fault::Html, "it is no JSON; it begins `<html><head><title>Welcome to Hotel WiFi"),
        (Fault::HalfJson, "it begins `[{"),
        (Fault::Huge(10 << 30), "larger than 1048576 bytes: `[`"),
    ] {
        double.clear_log();
        double.fail_at(1, fault.clone());
        let error = github.releases().unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, ForgeError::Unreadable { .. }), "{fault:?}: {error:?}");
        assert!(
            text.starts_with("can't list the releases of octo/plugins: ") && text.contains(expected),
            "{text}"
        );
    }
}

#[test]
fn a_renamed_repository_is_found() {
    let double = Double::start(Config { former: Some("octo/old".to_owned()), ..Config::default() });
    let mut access = access(&double, Some("ghp_write"));
    access.repository = "octo/old".to_owned();
    let github = GitHub::with(access, manner());
    assert_eq!(github.renamed().unwrap(), None, "nothing was asked yet");
    assert!(github.releases().unwrap().is_empty());
    assert_eq!(github.renamed().unwrap().as_deref(), Some("octo/plugins"));
    assert_eq!(github.facts().unwrap().full_name, "octo/plugins");
    let made = github.create_draft(&new_release()).unwrap();
    assert_eq!(double.snapshot().releases[0].id, made.id, "307 repeats the POST");
}

#[test]
fn a_name_that_cant_be_asked_takes_no_answer_away() {
    let double = Double::start(Config { former: Some("octo/old".to_owned()), ..Config::default() });
    let mut access = access(&double, Some("ghp_write"));
    access.repository = "octo/old".to_owned();
    let github = GitHub::with(access, manner());
    github.releases().unwrap();
    let asked = double.counters().requests;
    double.fail_from(2 * asked + 1, Fault::Html);
    let wish = Wish { prereleases: Prereleases::Ignore, orphans: Orphans::Keep, jobs: 1 };
    let report = regenerate(&github, None, &wish, &|_| {}).unwrap();
    assert_eq!(double.counters().requests, 2 * asked + 1, "the list again, then the name");
    let [finding] = &report.findings[..] else { panic!("{:?}", report.findings) };
    assert_eq!(finding.code, "repository-renamed");
    assert!(
        finding.message.starts_with("the repository octo/old may have another name now: can't "),
        "{finding:?}"
    );
}
