//! GitHub's REST API, as far as releases need it. Each method does one thing completely: it waits out limits, tries
//! again what may be tried again, and reads back what a lost answer left open. It decides nothing about releases.

mod answer;
mod bounds;
mod call;
mod draft;
mod facts;
mod limits;
mod read;
mod releases;
mod retry;
mod tags;
mod upload;
mod wire;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::env;
use crate::sys::http::{Http, Proxies, Times};
use crate::sys::secret::Secret;

pub use self::bounds::{LIST_MOST, NOTES_MOST, Part, objections};
pub use self::read::Piece;
pub use self::retry::Pace;

/// A repository on GitHub or GitHub Enterprise.
pub struct GitHub {
    access: Access,
    http: Http,
    pace: Pace,
    /// The largest answer of the API that is read.
    most: u64,
    /// Since when a rate limit holds everyone who shares this value back.
    hold: Mutex<Option<limits::Limit>>,
    /// Whether an answer of the API came from another address than was asked.
    redirected: AtomicBool,
    /// Whether an asset could only be read with the token.
    closed: AtomicBool,
}

/// How to reach a repository.
#[derive(Clone, Debug)]
pub struct Access {
    /// `https://api.github.com`, `https://ghe.example.com/api/v3`, or a loopback address; without a final slash.
    pub api_url: String,
    /// `owner/name`.
    pub repository: String,
    /// The token, if there is one.
    pub token: Option<Secret>,
}

/// How patient the client is, and how it reaches the network.
pub struct Manner {
    /// Waiting and repeating.
    pub pace: Pace,
    /// Time limits of each request.
    pub times: Times,
    /// Proxies.
    pub proxies: Proxies,
    /// The largest answer of the API that is read, in bytes.
    pub most: u64,
}

impl Default for Manner {
    /// The usual limits and no proxy.
    fn default() -> Manner {
        // A page holds 100 releases with all their assets, about 1.6 KB each.
        Manner { pace: Pace::default(), times: Times::default(), proxies: Proxies::default(), most: 64 << 20 }
    }
}

impl GitHub {
    /// With the usual manner and the environment's proxies. Nothing is sent yet.
    #[must_use]
    pub fn new(access: Access) -> GitHub {
        let proxies = Proxies::from_environment(&env::variables());
        GitHub::with(access, Manner { proxies, ..Manner::default() })
    }

    /// With a manner of one's own. Nothing is sent yet.
    #[must_use]
    pub fn with(mut access: Access, manner: Manner) -> GitHub {
        access.api_url.truncate(access.api_url.trim_end_matches('/').len());
        let http = Http::new(manner.times, manner.proxies);
        GitHub {
            access,
            http,
            pace: manner.pace,
            most: manner.most,
            hold: Mutex::default(),
            redirected: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// `owner/name`, as it was given.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.access.repository
    }

    /// Whether an asset was read that only this token's owner can read: what is seen with a token isn't what everybody
    /// sees.
    #[must_use]
    pub fn is_closed_to_others(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn was_redirected(&self) -> bool {
        self.redirected.load(Ordering::Relaxed)
    }

    fn note_redirect(&self) {
        self.redirected.store(true, Ordering::Relaxed);
    }

    /// An address below this repository's.
    fn address(&self, rest: &str) -> String {
        let repository = crate::sys::http::address::encode_path(&self.access.repository);
        format!("{}/repos/{repository}{rest}", self.access.api_url)
    }
}
