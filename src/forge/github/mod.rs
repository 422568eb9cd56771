//! GitHub's REST API, as far as releases need it.

use std::ops::Range;
use std::path::Path;

use super::error::ForgeError;
use crate::model::release::{Asset, NewRelease, Release, RepositoryFacts};

/// A repository on GitHub or GitHub Enterprise.
pub struct GitHub {}

/// How to reach a repository.
#[derive(Clone)]
pub struct Access {
    /// `https://api.github.com`, `https://ghe.example.com/api/v3`, or a loopback address; without a final slash.
    pub api_url: String,
    /// `owner/name`.
    pub repository: String,
    /// The token, if there is one. (A secret type without Debug.)
    pub token: Option<String>,
}

/// A part of an asset, or all of it where the server doesn't do ranges.
pub enum Piece {
    /// The bytes asked for, and the asset's whole size.
    Part {
        /// The bytes.
        bytes: Vec<u8>,
        /// The whole size.
        total: u64,
    },
    /// The whole asset.
    Whole(Vec<u8>),
}

impl GitHub {
    /// Nothing is sent yet.
    pub fn new(_access: Access) -> GitHub {
        todo!()
    }
    /// What is known of the repository and of what the token may do.
    pub fn facts(&self) -> Result<RepositoryFacts, ForgeError> {
        todo!()
    }
    /// Every release, all pages, newest first; drafts too where the token may see them.
    pub fn releases(&self) -> Result<Vec<Release>, ForgeError> {
        todo!()
    }
    /// One release by number, with all its assets.
    pub fn release(&self, _id: u64) -> Result<Release, ForgeError> {
        todo!()
    }
    /// The commit that a tag points to (annotated tags resolved), or nothing when there is no such tag.
    pub fn tag(&self, _tag: &str) -> Result<Option<String>, ForgeError> {
        todo!()
    }
    /// Makes a draft. After a lost answer it looks for the draft before it tries again, so there is never a second.
    pub fn create_draft(&self, _new: &NewRelease) -> Result<Release, ForgeError> {
        todo!()
    }
    /// Streams a file from disk into a release; `progress` is called with the bytes sent so far. After a failed try the
    /// half-uploaded (`starter`) asset is removed before the next.
    pub fn upload(
        &self,
        _release: &Release,
        _name: &str,
        _file: &Path,
        _progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Asset, ForgeError> {
        todo!()
    }
    /// Removes an asset; nothing there is fine.
    pub fn delete_asset(&self, _asset: &Asset) -> Result<(), ForgeError> {
        todo!()
    }
    /// Makes a draft visible, never as the repository's "Latest". Sets commit, title and notes once more.
    pub fn publish(&self, _id: u64, _as_meant: &NewRelease) -> Result<Release, ForgeError> {
        todo!()
    }
    /// Reads bytes of a public asset by its download URL; follows redirects to other origins without the token.
    pub fn read(&self, _asset: &Asset, _range: Option<Range<u64>>) -> Result<Piece, ForgeError> {
        todo!()
    }
}
