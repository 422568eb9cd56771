//! Every fault at every request of a release: it converges to the same set, by itself or with one more run; what is
//! there is not sent again; nothing is visible half-done.

use std::path::PathBuf;

use github_double::{AssetState, Config, Double, Fault};
use wick::forge::error::ForgeError;
use wick::forge::github::GitHub;
use wick::model::release::Release;
use wick::sys::files::{self, Scratch};

use super::support::*;

const SIZES: [(&str, usize); 3] = [("a.zip", 200_000), ("b.zip", 70_000), ("checksums.txt", 120)];

/// What a run does, as the publishing phase will: find the draft or make it, upload what is missing, publish.
fn run(github: &GitHub, assets: &[(String, PathBuf)]) -> Result<Release, ForgeError> {
    let new = new_release();
    let known = github.releases()?.into_iter().find(|release| release.tag == new.tag);
    let release = match known {
        Some(release) if !release.draft => return Ok(release),
        Some(draft) => draft,
        None => github.create_draft(&new)?,
    };
    for (name, path) in assets {
        github.upload(&release, name, path, &silent)?;
    }
    github.publish(release.id, &new)
}

/// Whether a run may fail for good: what came is no answer of GitHub's, and trying again would give the same.
fn is_final(fault: &Fault) -> bool {
    matches!(fault, Fault::Html | Fault::HalfJson | Fault::Echo | Fault::Primary(_))
}

fn check(double: &Double, assets: &[(String, PathBuf)], case: &str) {
    let state = double.snapshot();
    let [release] = state.releases.as_slice() else { panic!("{case}: {} releases", state.releases.len()) };
    assert!(!release.draft, "{case}");
    assert_eq!(state.tags[TAG].commit, COMMIT, "{case}");
    assert_eq!(state.latest, None, "{case}");
    assert_eq!(release.assets.len(), assets.len(), "{case}");
    for (name, path) in assets {
        let asset = release.asset(name).unwrap();
        assert_eq!(asset.state, AssetState::Uploaded, "{case} {name}");
        let (size, digest) = files::digest(path).unwrap();
        assert_eq!(
            (asset.content.size(), asset.digest.clone()),
            (size, Some(format!("sha256:{digest}"))),
            "{case}"
        );
    }
    assert_eq!(double.counters().tokens_leaked, 0, "{case}");
}

#[test]
fn a_release_converges_whatever_fails_wherever() {
    let dir = Scratch::new().unwrap();
    let assets: Vec<(String, PathBuf)> =
        SIZES.iter().map(|(name, size)| ((*name).to_owned(), file(&dir, name, *size))).collect();
    let total: u64 = SIZES.iter().map(|(_, size)| *size as u64).sum();
    let largest = SIZES.iter().map(|(_, size)| *size as u64).max().unwrap();
    let clean = start();
    run(&client(&clean), &assets).unwrap();
    check(&clean, &assets, "clean");
    let requests = clean.counters().requests;
    assert_eq!(
        (requests, clean.counters().asset_bytes_in),
        (8, total),
        "list, draft, three uploads, tag, make the tag, publish"
    );
    let faults = [
        Fault::CutBefore,
        Fault::CutInRequest(50),
        Fault::CutAfter,
        Fault::CutInAnswer(30),
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(408),
        Fault::StatusAfter(500),
        Fault::StatusAfter(504),
        Fault::Secondary { status: 403, retry_after: None },
        Fault::Secondary { status: 429, retry_after: Some(3) },
        Fault::Primary(20),
        Fault::Primary(4000),
        Fault::Html,
        Fault::HalfJson,
        Fault::Echo,
        Fault::Slow { piece: 100, pause: 0 },
    ];
    for immutable in [false, true] {
        for fault in &faults {
            for at in 1..=requests {
                let case = format!("{fault:?} at {at}, immutable: {immutable}");
                let double = Double::start(Config { immutable, ..Config::default() });
                double.fail_at(at, fault.clone());
                if let Err(error) = run(&client(&double), &assets) {
                    assert!(is_final(fault), "{case}: {error}");
                    let visible = double.snapshot().releases.iter().any(|release| !release.draft);
                    assert!(!visible || at == requests, "{case}: visible though it failed");
                    run(&client(&double), &assets).unwrap_or_else(|error| panic!("{case}, again: {error}"));
                }
                check(&double, &assets, &case);
                let sent = double.counters().asset_bytes_in;
                assert!(sent <= total + largest, "{case}: {sent} bytes sent, {total} needed");
            }
        }
    }
}

#[test]
fn two_faults_in_a_row_are_survived_too() {
    let dir = Scratch::new().unwrap();
    let assets: Vec<(String, PathBuf)> =
        SIZES.iter().map(|(name, size)| ((*name).to_owned(), file(&dir, name, *size))).collect();
    for (one, two) in [
        (Fault::CutAfter, Fault::CutBefore),
        (Fault::StatusAfter(502), Fault::Status(503)),
        (Fault::CutInRequest(50), Fault::CutAfter),
        (Fault::Status(502), Fault::StatusAfter(502)),
    ] {
        for at in 1..=8 {
            let double = start();
            double.fail_at(at, one.clone());
            double.fail_at(at + 1, two.clone());
            let case = format!("{one:?}, {two:?} at {at}");
            run(&client(&double), &assets).unwrap_or_else(|error| panic!("{case}: {error}"));
            check(&double, &assets, &case);
        }
    }
}
