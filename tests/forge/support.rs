//! What the tests share: a client in a hurry, files to upload, a release to make.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use github_double::{Config, Double};
use wick::forge::github::{Access, GitHub, Manner, Pace};
use wick::model::release::NewRelease;
use wick::sys::clock;
use wick::sys::files::{self, Scratch};
use wick::sys::http::Times;
use wick::sys::secret::Secret;

pub(crate) const TAG: &str = "slack/v0.2.0";
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The waits of a client, which doesn't really wait.
pub(crate) type Waits = Arc<Mutex<Vec<Duration>>>;

/// Only waiting moves the clock, and it takes no time.
pub(crate) fn hurried() -> (Pace, Waits) {
    let waits = Waits::default();
    let (known, added) = (Arc::clone(&waits), Arc::clone(&waits));
    let start = clock::now();
    let now = move || start + known.lock().unwrap().iter().sum::<Duration>();
    (Pace::default().on(now, move |time| added.lock().unwrap().push(time)), waits)
}

pub(crate) fn manner() -> Manner {
    let short = Duration::from_secs(20);
    Manner {
        pace: hurried().0,
        times: Times { connect: short, answer: short, stall: short },
        ..Manner::default()
    }
}

pub(crate) fn access(double: &Double, token: Option<&str>) -> Access {
    Access {
        api_url: double.api_url().to_owned(),
        repository: double.repository().to_owned(),
        token: token.map(|token| Secret::new(token.to_owned())),
    }
}

/// A client that may write, with another token where given.
pub(crate) fn client_of(double: &Double, token: &str) -> GitHub {
    GitHub::with(access(double, Some(token).filter(|token| !token.is_empty())), manner())
}

pub(crate) fn client(double: &Double) -> GitHub {
    client_of(double, "ghp_write")
}

/// A client and the waits it would have made.
pub(crate) fn watched(double: &Double) -> (GitHub, Waits) {
    let (pace, waits) = hurried();
    (GitHub::with(access(double, Some("ghp_write")), Manner { pace, ..manner() }), waits)
}

pub(crate) fn start() -> Double {
    Double::start(Config::default())
}

pub(crate) fn new_release() -> NewRelease {
    NewRelease {
        tag: TAG.to_owned(),
        commit: COMMIT.to_owned(),
        title: "slack 0.2.0".to_owned(),
        notes: "* better".to_owned(),
        prerelease: false,
    }
}

/// A file of `size` bytes that aren't all alike.
pub(crate) fn file(dir: &Scratch, name: &str, size: usize) -> PathBuf {
    let bytes: Vec<u8> = (0..size).map(|at| (at * 31 + at / 251) as u8).collect();
    let path = dir.path().join(name);
    files::write_atomic(&path, &bytes, 0o644).unwrap();
    path
}

pub(crate) fn silent(_: u64) {}

/// `POST releases 201` for each request, without what all have in common.
pub(crate) fn lines(double: &Double) -> Vec<String> {
    let prefix = format!("/repos/{}/", double.repository());
    double.log().iter().map(|entry| entry.line().replace(&prefix, "")).collect()
}
