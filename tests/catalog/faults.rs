//! The fault matrix: every request a catalog makes, failed in each way. An entry is never lost, and a rerun converges.

use github_double::{Config, Double, Fault};
use wick::model::catalog::Catalog;
use wick::model::failure::FailureKind;

use crate::support::*;

/// A double on which everything changed since the catalog that is given along, and how many requests that takes.
fn changed() -> (Double, Catalog, Catalog, u64) {
    let double = start(Config::default());
    let before = made(&double, None).unwrap().catalog;
    for key in KEYS {
        release(&double, key, "0.2.0");
    }
    release(&double, "zoom", "0.1.0");
    double.clear_log();
    let after = made(&double, Some(&before)).unwrap().catalog;
    let requests = double.log().len() as u64;
    double.clear_log();
    (double, before, after, requests)
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::CutInAnswer(10),
        Fault::Status(500),
        Fault::Secondary { status: 403, retry_after: Some(30) },
        Fault::Html,
        Fault::HalfJson,
    ]
}

/// A single fault is waited out where that is possible; in any case nothing is lost.
#[test]
fn one_fault_anywhere_loses_nothing() {
    let (double, before, after, requests) = changed();
    assert!(requests > 10, "{requests}");
    for fault in faults() {
        for at in 1..=requests {
            double.clear_log();
            double.fail_at(at, fault.clone());
            check(&double, &before, &after, &format!("{fault:?} at {at}"));
            double.heal();
        }
    }
}

/// From some request on everything fails, for good; then the forge comes back.
#[test]
fn an_outage_at_any_moment_loses_nothing_and_the_next_run_converges() {
    let (double, before, after, requests) = changed();
    for fault in [Fault::CutBefore, Fault::Status(500), Fault::Primary(3600), Fault::Html] {
        for from in 1..=requests {
            double.clear_log();
            double.fail_from(from, fault.clone());
            let kept = check(&double, &before, &after, &format!("{fault:?} from {from}"));
            double.heal();
            double.limit(5_000, 3_600);
            let next = made(&double, Some(&kept)).unwrap();
            assert_eq!(next.catalog, after, "{fault:?} from {from}");
        }
    }
}

/// What may be published after a run with faults: never less than before, and never a mixture.
fn check(double: &Double, before: &Catalog, after: &Catalog, case: &str) -> Catalog {
    let report = match made(double, Some(before)) {
        Ok(report) => report,
        Err(failure) => {
            // The list of releases could not be read: nothing is made of it.
            assert!(
                matches!(failure.kind, FailureKind::Remote | FailureKind::Missing),
                "{case}: {failure:?}"
            );
            return before.clone();
        }
    };
    for old in before.entries() {
        let now = report.catalog.get(&old.key).unwrap_or_else(|| panic!("{case}: {} is lost", old.key));
        let failed = report.failed.iter().any(|unread| unread.plugin == old.key);
        let expected = if failed { Some(old) } else { after.get(&old.key) };
        assert_eq!(Some(now), expected, "{case}");
    }
    assert_eq!(report.complete, report.catalog == *after, "{case}: {:?}", report.failed);
    // What was never listed and can't be read is missing; then nothing may be published.
    assert_eq!(report.is_thin(), report.catalog.get("zoom").is_none(), "{case}");
    if report.is_thin() { before.clone() } else { report.catalog }
}
