//! How a double is set up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a token may do with the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Releases can be written.
    Write,
    /// It can be read.
    Read,
    /// A valid token of someone who has nothing to do with it.
    None,
}

/// How a double is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// `owner/name`.
    pub repository: String,
    /// A name it had before: requests for it are redirected.
    pub former: Option<String>,
    /// Only tokens with rights see it.
    pub private: bool,
    /// Known tokens; any other is refused with 401.
    pub tokens: BTreeMap<String, Rights>,
    /// Published releases become immutable.
    pub immutable: bool,
    /// Whether tokens may ask for that rule (an admin's right to look).
    pub tells_rules: bool,
    /// Whether assets get digests.
    pub digests: bool,
    /// Whether the storage does ranges.
    pub ranges: bool,
    /// `/api/v3` and `/api/uploads` on one origin.
    pub enterprise: bool,
    /// Time between a request and its answer.
    pub latency: Duration,
    /// Requests per hour before the primary limit; GitHub's is 5,000 for a token.
    pub limit: u64,
    /// The port of the API; 0 takes a free one.
    pub port: u16,
    /// The commit that branches stand for.
    pub head: String,
    /// Nothing can be written any more.
    pub archived: bool,
    /// A ruleset lets nobody make tags.
    pub tags_restricted: bool,
    /// Commits that were never pushed.
    pub unpushed: BTreeSet<String>,
    /// Commits whose `.github/workflows` aren't the default branch's.
    pub drifted: BTreeSet<String>,
    /// Whether apps may make no ref on such a commit either; reports differ.
    pub refs_guarded: bool,
}

impl Default for Config {
    fn default() -> Config {
        let tokens = [
            ("ghp_write", Rights::Write),
            ("ghp_read", Rights::Read),
            ("ghp_stranger", Rights::None),
            ("ghs_write", Rights::Write),
            ("ghs_read", Rights::Read),
            ("github_pat_write", Rights::Write),
            ("github_pat_read", Rights::Read),
        ];
        Config {
            repository: "octo/plugins".to_owned(),
            former: None,
            private: false,
            tokens: tokens.into_iter().map(|(token, rights)| (token.to_owned(), rights)).collect(),
            immutable: false,
            tells_rules: true,
            digests: true,
            ranges: true,
            enterprise: false,
            latency: Duration::ZERO,
            limit: 5_000,
            port: 0,
            head: "1234567890abcdef1234567890abcdef12345678".to_owned(),
            archived: false,
            tags_restricted: false,
            unpushed: BTreeSet::new(),
            drifted: BTreeSet::new(),
            refs_guarded: false,
        }
    }
}
