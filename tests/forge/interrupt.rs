//! Ctrl-C in the middle of an upload and of a silent answer: the run ends at once, in order.
#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use github_double::Fault;
use wick::forge::error::ForgeError;
use wick::forge::github::{Access, GitHub};
use wick::sys::secret::Secret;

use super::support::*;

/// The other process of the test below, which starts it with an address: it asks, and ends with 130 when it was
/// interrupted. Without an address there is nothing to ask.
#[test]
fn asks_until_interrupted() {
    let Ok(api_url) = std::env::var("WICK_TEST_API") else { return };
    wick::sys::interrupt::listen();
    let access = Access {
        api_url,
        repository: "octo/plugins".to_owned(),
        token: Some(Secret::new("ghp_write".into())),
    };
    let error = GitHub::new(access).releases().unwrap_err();
    assert_eq!(error, ForgeError::Interrupted);
    std::process::exit(130);
}

#[test]
fn a_silent_server_does_not_keep_anyone_from_leaving() {
    let double = start();
    double.fail_from(1, Fault::Silence);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "interrupt::asks_until_interrupted", "--test-threads=1"])
        .env("WICK_TEST_API", double.api_url())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while double.counters().requests == 0 && begin.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let asked = Instant::now();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
}
