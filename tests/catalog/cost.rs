//! The promises of the benchmark, in numbers: pages only when nothing changed, at most 64 KiB per plugin when cold.

use std::time::Duration;

use github_double::{Config, Content, Double, Place};

use crate::support::*;

#[test]
fn nothing_changed_costs_the_pages_and_nothing_else() {
    let double = start(Config::default());
    // More than one page, of releases that aren't plugins and of older ones.
    for n in 0..120 {
        double.seed_release(&format!("v1.0.{n}"), false, &[]);
    }
    for n in 0..5 {
        release(&double, "slack", &format!("0.0.{n}"));
    }
    let cold = made(&double, None).unwrap();
    assert_eq!(listed(&cold.catalog), ["linear 0.1.0", "slack 0.1.0", "weather 0.1.0"]);
    double.clear_log();
    let warm = made(&double, Some(&cold.catalog)).unwrap();
    assert_eq!(warm.catalog.to_json(), cold.catalog.to_json());
    assert!(warm.diff.is_empty() && warm.complete);
    let (log, counters) = (double.log(), double.counters());
    assert_eq!(
        (log.len(), counters.asset_bytes_out),
        (2, 0),
        "{:?}",
        log.iter().map(|e| e.line()).collect::<Vec<_>>()
    );
    assert!(log.iter().all(|entry| entry.place == Place::Api));
}

#[test]
fn a_cold_catalog_costs_at_most_64_kib_per_plugin() {
    let double = start(Config::default());
    let cold = made(&double, None).unwrap();
    let counters = double.counters();
    assert_eq!(counters.asset_bytes_out, cold.cost.bytes);
    assert!(counters.asset_bytes_out <= 3 * (64 << 10), "{}", counters.asset_bytes_out);
    assert_eq!(counters.tokens_leaked, 0);
}

#[test]
fn one_new_release_is_all_that_is_read() {
    let double = start(Config::default());
    let cold = made(&double, None).unwrap();
    release(&double, "slack", "0.10.0");
    release(&double, "slack", "0.9.0");
    double.clear_log();
    let report = made(&double, Some(&cold.catalog)).unwrap();
    assert_eq!(listed(&report.catalog), ["linear 0.1.0", "slack 0.10.0", "weather 0.1.0"]);
    assert_eq!((report.diff.updated.len(), report.diff.unchanged.len()), (1, 2));
    assert!(double.log().iter().filter(|e| e.place == Place::Web).all(|e| e.target.contains("slack-0.10.0")));
    assert!(double.counters().asset_bytes_out <= 64 << 10);
}

/// A package of 12 MB, read from a server 20 ms away, costs as little as a small one.
#[test]
fn the_size_of_packages_does_not_matter() {
    let double = Double::start(Config { latency: Duration::from_millis(20), ..Config::default() });
    let bytes = package_of("slack", "1.0.0", "linux/arm64", "x", 12 << 20);
    double.seed_release("slack/v1.0.0", false, &[("slack-1.0.0-linux-arm64.zip", Content::bytes(bytes))]);
    let report = made(&double, None).unwrap();
    assert_eq!(listed(&report.catalog), ["slack 1.0.0"]);
    assert!(report.cost.bytes <= 20 << 10 && report.cost.reads == 2, "{:?}", report.cost);
}
