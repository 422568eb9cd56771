//! Who may not: 401, 403, and the 404 that means the same.

use github_double::{Config, Double};
use wick::forge::error::ForgeError;
use wick::model::failure::{Explain as _, FailureKind};
use wick::sys::files::Scratch;

use super::support::*;

#[test]
fn a_missing_or_weak_token_is_denied_with_githubs_reason() {
    let double = start();
    for (token, why, kind) in [
        ("", "Requires authentication", FailureKind::Missing),
        ("ghp_expired", "Bad credentials", FailureKind::Remote),
        ("ghp_read", "GitHub says 404, which it also does when the token may not write", FailureKind::Remote),
        (
            "ghp_stranger",
            "GitHub says 404, which it also does when the token may not write",
            FailureKind::Remote,
        ),
        ("ghs_read", "Resource not accessible by integration", FailureKind::Remote),
        ("github_pat_read", "Resource not accessible by personal access token", FailureKind::Remote),
    ] {
        let error = client_of(&double, token).create_draft(&new_release()).unwrap_err();
        let expected = format!("can't make the draft release slack/v0.2.0 in octo/plugins: {why}");
        assert_eq!(error.to_string(), expected, "{token}");
        assert_eq!(error.kind(), kind, "{token}");
        // Who sends a token that nobody knows isn't helped by rights for it.
        let about_rights = error.hints()[0].contains("contents: write");
        assert_eq!(about_rights, !matches!(token, "" | "ghp_expired"), "{token}: {:?}", error.hints());
    }
    assert!(double.snapshot().releases.is_empty());
}

#[test]
fn a_private_repository_is_no_such_repository_or_a_missing_right() {
    let double = Double::start(Config { private: true, ..Config::default() });
    for token in ["", "ghp_stranger"] {
        let error = client_of(&double, token).facts().unwrap_err();
        assert!(matches!(&error, ForgeError::Denied { why, .. } if why.contains("private")), "{error:?}");
    }
    assert!(client_of(&double, "ghp_read").facts().is_ok());
}

#[test]
fn uploading_and_publishing_without_rights_is_denied_and_what_is_gone_is_not_found() {
    let (double, dir) = (start(), Scratch::new().unwrap());
    let path = file(&dir, "a.zip", 10);
    let id = double.seed_release(TAG, true, &[]);
    let release = client(&double).release(id).unwrap();
    let weak = client_of(&double, "ghp_read");
    assert!(matches!(weak.upload(&release, "a.zip", &path, &silent), Err(ForgeError::Denied { .. })));
    assert!(matches!(weak.publish(id, &new_release()), Err(ForgeError::Denied { .. })));
    double.remove_release(id);
    let strong = client(&double);
    assert!(matches!(strong.upload(&release, "a.zip", &path, &silent), Err(ForgeError::NotFound { .. })));
    assert!(matches!(strong.publish(id, &new_release()), Err(ForgeError::NotFound { .. })));
    assert!(matches!(strong.release(id), Err(ForgeError::NotFound { .. })));
}
