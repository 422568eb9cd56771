//! The token: never in an error, never at another origin.

use github_double::{Config, Content, Double, Fault};

use super::support::*;

#[test]
fn a_server_that_repeats_the_token_is_not_repeated() {
    let double = start();
    let github = client(&double);
    for at in 1..=3 {
        double.fail_at(at, Fault::Echo);
    }
    let errors = [
        format!("{:?}", github.releases().unwrap_err()),
        format!("{:?}", github.create_draft(&new_release()).unwrap_err()),
        format!("{:?}", github.tag("x").unwrap_err()),
    ];
    for error in errors {
        assert!(error.contains("Bearer ***") && !error.contains("ghp_write"), "{error}");
    }
    assert_eq!(format!("{:?}", access(&double, Some("ghp_write")).token), "Some(***)");
}

#[test]
fn no_redirect_takes_the_token_along() {
    let double = start();
    let github = client(&double);
    let id = double.seed_release(TAG, false, &[("a.zip", Content::bytes(*b"abc"))]);
    let asset = github.release(id).unwrap().assets.remove(0);
    // The API itself sends the reader to the storage: whatever was asked.
    let trap = start();
    let elsewhere = format!("{}/repos/octo/plugins", trap.api_url());
    for status in [301, 302, 303, 307, 308] {
        double.fail_next(Fault::Redirect(status, elsewhere.clone()));
        let _ = github.releases();
        double.fail_next(Fault::Redirect(status, elsewhere.clone()));
        let _ = github.create_draft(&new_release());
        double.fail_next(Fault::Redirect(status, elsewhere.clone()));
        let _ = github.read(&asset, None);
    }
    let log = trap.log();
    assert!(!log.is_empty() && log.iter().all(|entry| entry.header("authorization").is_none()));
    assert!(log.iter().all(|entry| entry.method == "GET"), "what changes things is not redirected elsewhere");
}

#[test]
fn a_detour_does_not_bring_the_token_back() {
    let (first, second) = (start(), start());
    let back = format!("{}/repos/octo/plugins", first.api_url());
    first.fail_at(1, Fault::Redirect(302, format!("{}/x", second.api_url())));
    second.fail_at(1, Fault::Redirect(302, back));
    client(&first).facts().unwrap();
    let authorized: Vec<_> =
        first.log().iter().map(|entry| entry.header("authorization").is_some()).collect();
    assert_eq!(authorized[..2], [true, false]);
}

#[test]
fn redirects_in_circles_end() {
    let double = Double::start(Config::default());
    let here = format!("{}/repos/octo/plugins", double.api_url());
    double.fail_from(1, Fault::Redirect(302, here));
    let error = client(&double).facts().unwrap_err().to_string();
    assert!(error.contains("redirects in circles"), "{error}");
    assert!(double.counters().requests < 20);
}
