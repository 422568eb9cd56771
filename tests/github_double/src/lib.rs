//! A faithful double of GitHub as far as releases go, on loopback: it models what makes releases hard, not what makes
//! them easy. No tokio, no wick: it must not share a mistake with what it tests.
//!
//! Four listeners stand for four origins, as on github.com: the API, uploads, the web (downloads), and the storage that
//! downloads are redirected to. In Enterprise mode the first three share one origin: `/api/v3`, `/api/uploads`, `/`.
//!
//! Every modelled behaviour names its source in a comment where it is modelled. What GitHub does elsewhere is left out.
//!
//! ```no_run
//! use github_double::{Config, Double, Fault};
//! let github = Double::start(Config::default());
//! github.fail_at(3, Fault::CutAfter);
//! println!("{} {}", github.api_url(), github.repository());
//! // … let something talk to it …
//! assert_eq!(github.log().len(), 4);
//! ```
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a server of its own, not a part of wick"
)]
// A test double may panic: the test that uses it then fails.
#![allow(clippy::unwrap_used, reason = "a poisoned lock means that a test has failed already")]

mod assets;
mod config;
mod content;
mod control;
mod download;
mod fault;
mod json;
mod limits;
mod names;
mod package;
mod record;
mod releases;
mod repository;
mod route;
mod rules;
mod seed;
mod server;
mod state;
mod tags;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

pub use config::{Config, Rights};
pub use content::{Content, Fill};
pub use fault::Fault;
pub use package::{Packages, TARGETS};
pub use record::{Counters, Entry, Place};
pub use state::{Asset, AssetState, Release, Snapshot, Tag};

use server::Shared;

/// A running double; it ends when dropped.
pub struct Double {
    shared: Arc<Shared>,
    listeners: Vec<SocketAddr>,
}

impl Double {
    /// Starts one on free ports.
    ///
    /// # Panics
    /// When loopback has no free port.
    #[must_use]
    pub fn start(config: Config) -> Double {
        let (shared, listeners) = server::start(config);
        Double { shared, listeners }
    }

    /// What `GITHUB_API_URL` is to be, without a final slash.
    #[must_use]
    pub fn api_url(&self) -> &str {
        &self.shared.bases.api
    }

    /// `owner/name`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.shared.config.repository
    }

    /// Makes request `number` (from 1, over all origins) fail.
    pub fn fail_at(&self, number: u64, fault: Fault) {
        self.shared.faults.lock().unwrap().at(number, fault);
    }

    /// Makes the next request fail.
    pub fn fail_next(&self, fault: Fault) {
        let number = self.shared.record.lock().unwrap().last_number() + 1;
        self.fail_at(number, fault);
    }

    /// Makes every request from `number` on fail.
    pub fn fail_from(&self, number: u64, fault: Fault) {
        self.shared.faults.lock().unwrap().from(number, fault);
    }

    /// Makes every request to an origin fail.
    pub fn fail_place(&self, place: Place, fault: Fault) {
        self.shared.faults.lock().unwrap().place(place, fault);
    }

    /// No more faults.
    pub fn heal(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// Leaves `remaining` requests until the primary limit resets, `seconds` from now.
    pub fn limit(&self, remaining: u64, seconds: u64) {
        self.shared.limits.lock().unwrap().set(remaining, seconds);
    }

    /// The requests so far, in order of arrival.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.shared.record.lock().unwrap().entries.clone()
    }

    /// Forgets the requests so far; numbers start at 1 again.
    pub fn clear_log(&self) {
        self.shared.record.lock().unwrap().clear();
    }

    /// Sums over the log.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.record.lock().unwrap().counters()
    }

    /// What there is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shared.state.lock().unwrap().snapshot()
    }

    /// Makes a tag, annotated or not.
    pub fn seed_tag(&self, name: &str, commit: &str, annotated: bool) {
        self.shared.state.lock().unwrap().seed_tag(name, commit, annotated);
    }

    /// Makes a release with assets, published or not; gives its id. A published one gets its tag.
    pub fn seed_release(&self, tag: &str, draft: bool, assets: &[(&str, Content)]) -> u64 {
        let assets: Vec<_> =
            assets.iter().map(|(name, content)| (*name, content.clone(), Some(content.digest()))).collect();
        self.seed_release_with(tag, draft, &assets)
    }

    /// The same with digests given, for many assets of one content: hashing 60 GB takes a minute.
    pub fn seed_release_with(
        &self,
        tag: &str,
        draft: bool,
        assets: &[(&str, Content, Option<String>)],
    ) -> u64 {
        self.shared.state.lock().unwrap().seed_release(tag, draft, assets)
    }

    /// Makes a release of Enterprise or of the time before June 2025: no digest is told for its assets.
    pub fn forget_digests(&self) {
        self.shared.state.lock().unwrap().forget_digests();
    }

    /// Leaves the rest of a cut upload in a release.
    pub fn seed_starter(&self, release: u64, name: &str) {
        self.shared.state.lock().unwrap().seed_starter(release, name);
    }

    /// Removes a release and, unlike GitHub's API, its tag too: as a person does in the browser.
    pub fn remove_release(&self, id: u64) {
        self.shared.state.lock().unwrap().remove_with_tag(id);
    }

    /// Waits until someone ends the process.
    pub fn serve_forever(&self) -> ! {
        loop {
            std::thread::park();
        }
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.shared.close(&self.listeners);
    }
}
