//! Every fault at every request of a release: it heals by itself, or the next run goes on. In the end it is the exact
//! set, nothing that was there is sent again, and nothing is ever visible half-done.

use github_double::{Config, Double, Fault};
use wick::model::publish::ReleaseOutcome;

use super::support::*;

/// Facts and rules, list, tag, commit; draft, five uploads, read back; tag, its making; publish, read back, tag.
const REQUESTS: u64 = 17;

fn faults() -> Vec<Fault> {
    vec![
        Fault::CutBefore,
        Fault::CutInRequest(50),
        Fault::CutAfter,
        Fault::CutInAnswer(30),
        Fault::Status(500),
        Fault::Status(502),
        Fault::StatusAfter(500),
        Fault::Secondary { status: 403, retry_after: None },
        Fault::Secondary { status: 429, retry_after: Some(3) },
        Fault::Primary(4000),
        Fault::Html,
        Fault::HalfJson,
    ]
}

#[test]
fn a_release_takes_these_requests() {
    let (double, repository) = (start(false), Repository::packed());
    let report = release(&repository, &client(&double, 1), &PLAIN).unwrap();
    assert!(report.complete && report.findings.is_empty(), "{:?}", report.findings);
    check_out(&double, &repository, "clean");
    assert_eq!(double.counters().requests, REQUESTS, "{:#?}", double.log());
    let total: usize = repository.expected().values().map(Vec::len).sum();
    assert_eq!(double.counters().asset_bytes_in, total as u64);

    // Again: nothing is written.
    double.clear_log();
    let again = release(&repository, &client(&double, 1), &PLAIN).unwrap();
    assert!(matches!(again.plugins[0].outcome, ReleaseOutcome::AlreadyOut { .. }) && again.complete);
    assert!(double.log().iter().all(|entry| entry.method == "GET"), "{:#?}", double.log());
}

#[test]
fn a_release_converges_whatever_fails_wherever() {
    let repository = Repository::packed();
    for immutable in [false, true] {
        // A client that gives up at once leaves everything to the next run; a patient one mostly heals by itself.
        for tries in [1, 5] {
            for fault in faults() {
                for at in 1..=REQUESTS {
                    let case = format!("{fault:?} at {at}, {tries} tries, immutable: {immutable}");
                    let double = start(immutable);
                    double.fail_at(at, fault.clone());
                    let first = release(&repository, &client(&double, tries), &PLAIN);
                    let done = first.as_ref().is_ok_and(|report| report.complete);
                    let due = missing(&double, &repository, &case);
                    assert!(!done || due == 0, "{case}: it says it is complete");
                    double.heal();
                    double.clear_log();
                    let second = release(&repository, &client(&double, 1), &PLAIN);
                    let second = second.unwrap_or_else(|error| panic!("{case}, again: {error}"));
                    assert!(second.complete, "{case}, again: {second:#?}");
                    assert_eq!(double.counters().asset_bytes_in, due, "{case}: bytes of the second run");
                    check_out(&double, &repository, &case);
                }
            }
        }
    }
}

#[test]
fn faults_at_parallel_uploads_converge_too() {
    let repository = Repository::packed();
    let how = How { jobs: 4, ..PLAIN };
    for fault in faults() {
        let case = format!("{fault:?}, four at once");
        let double = start(false);
        for at in 7..=9 {
            double.fail_at(at, fault.clone());
        }
        let _ = release(&repository, &client(&double, 1), &how);
        let due = missing(&double, &repository, &case);
        double.heal();
        double.clear_log();
        let second = release(&repository, &client(&double, 1), &how).unwrap();
        assert!(second.complete, "{case}: {second:#?}");
        assert_eq!(double.counters().asset_bytes_in, due, "{case}");
        check_out(&double, &repository, &case);
    }
}

/// A byte that flips on the way is found before anything is visible, also where the server tells no digests.
#[test]
fn what_arrives_altered_is_never_published() {
    let repository = Repository::packed();
    for (digests, at) in [true, false].into_iter().flat_map(|digests| (7..=10).map(move |at| (digests, at))) {
        let double = Double::start(Config { digests, ..Config::default() });
        double.fail_at(at, Fault::Corrupt);
        let case = format!("corrupt at {at}, digests: {digests}");
        let first = release(&repository, &client(&double, 1), &PLAIN).unwrap();
        assert!(!first.complete && double.snapshot().releases[0].draft, "{case}: {first:#?}");
        release(&repository, &client(&double, 1), &PLAIN).unwrap();
        check_out(&double, &repository, &case);
        let again = release(&repository, &client(&double, 1), &PLAIN).unwrap();
        assert!(matches!(again.plugins[0].outcome, ReleaseOutcome::AlreadyOut { .. }), "{case}: {again:#?}");
    }
}
