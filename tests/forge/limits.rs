//! Rate limits: waited for when that is short, named with their end when not, and respected by all threads.

use std::time::Duration;

use github_double::Fault;
use wick::forge::error::ForgeError;
use wick::forge::github::{GitHub, Manner};

use super::support::*;

fn seconds(waits: &Waits) -> Vec<u64> {
    waits.lock().unwrap().iter().map(Duration::as_secs).collect()
}

#[test]
fn a_short_limit_is_waited_for_exactly() {
    let secondary = |status, retry_after| Fault::Secondary { status, retry_after };
    for (fault, from, to) in [
        (Fault::Primary(30), 29, 32),
        (secondary(403, Some(17)), 17, 17),
        (secondary(429, Some(17)), 17, 17),
        // Without a time: at least a minute.
        (secondary(403, None), 60, 60),
        (secondary(429, None), 60, 60),
        // A server that says "now" is not asked in a tight loop.
        (secondary(403, Some(0)), 1, 1),
    ] {
        let double = start();
        let (github, waits) = watched(&double);
        double.fail_at(1, fault.clone());
        github.create_draft(&new_release()).unwrap();
        let waited: u64 = seconds(&waits).iter().sum();
        assert!((from..=to).contains(&waited), "{fault:?}: {waited}");
        assert_eq!(double.snapshot().releases.len(), 1);
        assert_eq!(double.counters().requests, 2, "refused is not done: no look for the draft");
    }
}

#[test]
fn the_secondary_limit_is_waited_for_twice_as_long_each_time() {
    let double = start();
    let (github, waits) = watched(&double);
    (1..=2).for_each(|at| double.fail_at(at, Fault::Secondary { status: 403, retry_after: None }));
    github.releases().unwrap();
    assert_eq!(seconds(&waits), [60, 120]);
}

#[test]
fn a_long_limit_is_named_with_its_end() {
    for (fault, limit) in [
        (Fault::Primary(3000), "primary"),
        (Fault::Secondary { status: 403, retry_after: Some(900) }, "secondary"),
    ] {
        let double = start();
        let (github, waits) = watched(&double);
        double.fail_at(1, fault);
        let error = github.releases().unwrap_err();
        assert!(seconds(&waits).is_empty(), "not waited at all");
        let text = error.to_string();
        let expected = format!(
            "can't list the releases of octo/plugins: GitHub's {limit} rate limit is used up until 2"
        );
        assert!(text.starts_with(&expected) && text.ends_with(" UTC"), "{text}");
        assert!(matches!(error, ForgeError::RateLimited { .. }));
    }
}

#[test]
fn limits_without_end_are_waited_for_only_so_long() {
    let double = start();
    let (github, waits) = watched(&double);
    double.fail_from(1, Fault::Secondary { status: 403, retry_after: Some(40) });
    assert!(matches!(github.releases().unwrap_err(), ForgeError::RateLimited { limit: "secondary", .. }));
    // Six times 40 s; then the wait has doubled beyond 40 s, and beyond what is left.
    assert_eq!(seconds(&waits).iter().sum::<u64>(), 240, "the usual patience is five minutes");
    // Patience is the caller's.
    double.clear_log();
    let mut pace = hurried().0;
    pace.patience = Duration::ZERO;
    let impatient = GitHub::with(access(&double, None), Manner { pace, ..manner() });
    assert!(matches!(impatient.releases().unwrap_err(), ForgeError::RateLimited { .. }));
    assert_eq!(double.counters().requests, 1);
}

#[test]
fn a_limit_that_one_call_met_holds_the_others_back() {
    let double = start();
    let (mut pace, waits) = hurried();
    pace.patience = Duration::from_secs(20);
    let github = GitHub::with(access(&double, None), Manner { pace, ..manner() });
    double.fail_at(1, Fault::Primary(100));
    assert!(github.releases().is_err());
    assert!(github.tag("x").is_err(), "known to be used up");
    assert_eq!(double.counters().requests, 1, "and not asked again");
    assert!(seconds(&waits).is_empty());
}

#[test]
fn the_real_counter_of_the_double_runs_out() {
    let double = start();
    double.limit(2, 1000);
    let github = client(&double);
    github.releases().unwrap();
    github.releases().unwrap();
    assert!(matches!(github.releases().unwrap_err(), ForgeError::RateLimited { limit: "primary", .. }));
}

#[test]
fn a_403_that_is_no_limit_is_no_limit() {
    let double = start();
    let error = client_of(&double, "ghs_read").create_draft(&new_release()).unwrap_err();
    assert!(matches!(error, ForgeError::Denied { .. }), "{error:?}");
    assert_eq!(double.counters().requests, 1);
}
