//! Servers of all sorts: without ranges, private, Enterprise, old, and those that answer something else.

use github_double::{Config, Fault};
use wick::model::failure::FailureKind;
use wick::phase::catalog::regenerate;

use crate::support::*;

#[test]
fn every_sort_of_server_gives_the_same_catalog() {
    let double = start(Config::default());
    let expected = made(&double, None).unwrap().catalog;
    for (case, config) in [
        ("without ranges", Config { ranges: false, ..Config::default() }),
        ("private", Config { private: true, ..Config::default() }),
        ("enterprise", Config { enterprise: true, ..Config::default() }),
    ] {
        let other = start(config);
        let report = made(&other, None).unwrap();
        assert!(report.complete, "{case}: {:?}", report.failed);
        assert_eq!(report.cost.whole, if case == "without ranges" { 3 } else { 0 }, "{case}");
        for (a, b) in report.catalog.entries().iter().zip(expected.entries()) {
            assert_eq!(
                (&a.key, &a.name, &a.digests, &a.sizes),
                (&b.key, &b.name, &b.digests, &b.sizes),
                "{case}"
            );
        }
        assert_eq!(other.counters().tokens_leaked, 0, "{case}");
    }
}

#[test]
fn assets_without_digests_are_carried_over_by_size_and_time() {
    let double = start(Config::default());
    double.forget_digests();
    let cold = made(&double, None).unwrap();
    assert!(cold.catalog.entries().iter().all(|entry| entry.digests.is_empty()));
    let warm = made(&double, Some(&cold.catalog)).unwrap();
    assert_eq!((warm.cost.reads, warm.diff.is_empty()), (0, true));
}

#[test]
fn drafts_and_half_uploads_are_no_releases() {
    let double = start(Config::default());
    double.seed_release("slack/v9.0.0", true, &[]);
    let half = release(&double, "slack", "2.0.0");
    double.seed_starter(half, &zip_name("slack", "2.0.0", "linux/riscv64"));
    let report = made(&double, None).unwrap();
    assert_eq!(listed(&report.catalog)[1], "slack 0.1.0");
    assert!(report.findings.iter().any(|f| f.code == "catalog-incomplete-release"), "{:?}", report.findings);
}

/// HTML error page, truncated JSON, a page without end: a clear error, and no catalog.
#[test]
fn answers_that_are_no_list_are_named_as_such() {
    for (fault, said) in [
        (Fault::Html, "HTML"),
        (Fault::HalfJson, "EOF while parsing"),
        (Fault::Huge(8 << 20), "larger"),
        (Fault::Status(502), "502"),
    ] {
        let double = start(Config::default());
        double.fail_from(1, fault.clone());
        let github = client_reading(&double, 4 << 20);
        let failure = regenerate(&github, None, &WISH, &|_| {}).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Remote, "{fault:?}");
        let text = failure.message.to_lowercase();
        assert!(text.contains("octo/plugins"), "{fault:?}: {text}");
        assert!(text.contains(&said.to_lowercase()), "{fault:?}: {text}");
    }
}
