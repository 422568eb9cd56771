//! kill -9 at every request of a release, before the request had an effect, in its middle and after it. The next run
//! finishes what is missing, and nothing else.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use github_double::{Double, Fault};

use super::support::*;

const REQUESTS: u64 = 17;

pub(crate) fn wick(double: &Double, repository: &Repository, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wick"));
    command.args(args).current_dir(repository.root()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", repository.root());
    command.env("WICK_GITHUB_TOKEN", "ghp_write").env("GITHUB_API_URL", double.api_url());
    command.env("GITHUB_REPOSITORY", double.repository()).stdin(Stdio::null());
    command
}

#[test]
fn a_killed_release_is_finished_by_the_next_run() {
    let repository = Repository::packed();
    // Not done at all; cut inside its body, which leaves a `starter` asset of an upload; done, without an answer.
    for fault in [Fault::CutBefore, Fault::CutInRequest(50), Fault::Silence] {
        for at in 1..=REQUESTS {
            let case = format!("killed at {at} by {fault:?}");
            let double = start(false);
            double.fail_at(at, fault.clone());
            let mut command = wick(&double, &repository, &["plugin", "release", "slack", "-j", "1", "-q"]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let began = Instant::now();
            let reached = |double: &Double| {
                let log = double.log();
                let entry = log.iter().find(|entry| entry.number == at).cloned();
                entry.is_some_and(|entry| fault != Fault::Silence || entry.status != 0)
            };
            while !reached(&double) {
                assert!(child.try_wait().unwrap().is_none(), "{case}: it ended by itself");
                assert!(began.elapsed() < Duration::from_secs(30), "{case}: it never came so far");
                std::thread::sleep(Duration::from_millis(1));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let due = missing(&double, &repository, &case);
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
