//! What a release has to be in the end.

use std::collections::BTreeMap;

use github_double::{AssetState, Double};
use wick::model::digest::Sha256;

use super::support::Repository;

/// The one release is out, at that commit, with exactly these files and bytes, and is not "Latest".
#[track_caller]
pub(crate) fn check_out(double: &Double, repository: &Repository, case: &str) {
    let state = double.snapshot();
    let [release] = state.releases.as_slice() else { panic!("{case}: {} releases", state.releases.len()) };
    assert!(!release.draft, "{case}: still a draft");
    assert_eq!((release.tag.as_str(), release.title.as_str()), ("slack/v0.2.0", "slack v0.2.0"), "{case}");
    assert_eq!(state.tags["slack/v0.2.0"].commit, repository.head(), "{case}");
    assert_eq!(state.latest, None, "{case}");
    let held: BTreeMap<String, Vec<u8>> = release
        .assets
        .iter()
        .map(|asset| {
            assert_eq!(asset.state, AssetState::Uploaded, "{case}: {}", asset.name);
            (asset.name.clone(), asset.content.to_vec())
        })
        .collect();
    assert_eq!(held, repository.expected(), "{case}");
    assert_eq!(double.counters().tokens_leaked, 0, "{case}");
}

/// How many bytes of the set are not there yet; after a published release none may be missing.
#[track_caller]
pub(crate) fn missing(double: &Double, repository: &Repository, case: &str) -> u64 {
    let state = double.snapshot();
    let expected = repository.expected();
    let is_there = |name: &String, bytes: &Vec<u8>, release: &github_double::Release| {
        let asset = release.asset(name);
        asset.is_some_and(|asset| asset.digest == Some(format!("sha256:{}", Sha256::of(bytes))))
    };
    let missing_of = |release: &github_double::Release| -> u64 {
        let due = expected.iter().filter(|(name, bytes)| !is_there(name, bytes, release));
        due.map(|(_, bytes)| bytes.len() as u64).sum()
    };
    let all: u64 = expected.values().map(|bytes| bytes.len() as u64).sum();
    match state.releases.as_slice() {
        [] => all,
        [release] => {
            let missing = missing_of(release);
            assert!(release.draft || missing == 0, "{case}: visible, and {missing} bytes are missing");
            missing
        }
        more => panic!("{case}: {} releases", more.len()),
    }
}
