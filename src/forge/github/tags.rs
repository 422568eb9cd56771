//! Tags: reading them, and making the one of a release.
//!
//! A release that names a commit (`target_commitish`) for a tag that isn't there yet is refused with 403 where the files
//! in `.github/workflows` of that commit aren't those of the default branch, unless the token has the permission
//! `workflows`, which no job's token can have:
//! <https://github.blog/changelog/2023-11-02-github-actions-enforcing-workflow-scope-when-creating-a-release>,
//! <https://github.com/cli/cli/issues/9514>. So no release names one. The tag is made first, as a ref, which the token of
//! a job may do with `contents: write` (<https://github.com/vybestack/llxprt-code/pull/3119>), and by the time of the
//! publication "the Git tag already exists". Only where GitHub refuses the ref does the publication name the commit, so
//! that it can't take another one, and GitHub says what is wrong.

use super::GitHub;
use super::call::Ask;
use super::retry::{Failed, Tries};
use super::wire::{NewRef, PointerWire};
use crate::forge::error::ForgeError;
use crate::model::release::NewRelease;
use crate::sys::http::address::encode_path;
use crate::sys::http::{Body, Method, Response};

/// How many tags may point at tags.
const DEEPEST: usize = 8;

/// How the tag of a release stands before its publication.
pub(super) enum Standing {
    /// It points at the release's commit.
    Set,
    /// GitHub refused to make it.
    Refused,
}

impl GitHub {
    /// Whether the repository lacks a commit, because it was never pushed.
    ///
    /// # Errors
    /// When GitHub can't be asked.
    pub fn lacks_commit(&self, commit: &str) -> Result<bool, ForgeError> {
        let what = format!("look for the commit {commit} in {}", self.access.repository);
        let url = self.address(&format!("/git/commits/{}", encode_path(commit)));
        match self.call_if_there(&Ask::get(&what, url)) {
            Ok(Some(_)) => return Ok(false),
            // A hash of another length: 422.
            Ok(None) | Err(ForgeError::Refused { status: 422, .. }) => {}
            // A repository without commits: 409.
            Err(ForgeError::Refused { status: 409, .. }) => return Ok(true),
            Err(error) => return Err(error),
        }
        // "Not found" is also what a token hears that may not look, and a server that doesn't know the question: it counts
        // only where a commit that must be there is found.
        let url = self.address("/commits/HEAD");
        match self.call_if_there(&Ask::get(&what, url)) {
            Ok(head) => Ok(head.is_some()),
            Err(ForgeError::Refused { .. } | ForgeError::Denied { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the tag of a release, unless it is there.
    ///
    /// # Errors
    /// [`TagElsewhere`](ForgeError::TagElsewhere) when it points to another commit; when GitHub can't be asked.
    pub(super) fn make_tag(&self, new: &NewRelease) -> Result<Standing, ForgeError> {
        if self.is_set(new)? {
            return Ok(Standing::Set);
        }
        let what = format!("make the tag {} in {}", new.tag, self.access.repository);
        let name = format!("refs/tags/{}", new.tag);
        let body = serde_json::to_vec(&NewRef { name: &name, sha: &new.commit })
            .map_err(|error| ForgeError::Unreadable { what: what.clone(), why: error.to_string() })?;
        let url = self.address("/git/refs");
        let ask = Ask { what: &what, method: Method::Post, url, body: Body::Json(&body) };
        let mut tries = Tries::new(&self.pace);
        // Repeated as it is: a tag that was made by a try whose answer was lost is there the next time.
        loop {
            match self.once(&ask, &mut tries).and_then(|answer| self.made(&what, &answer, new)) {
                Ok(()) => return Ok(Standing::Set),
                Err(Failed::Again(again)) => tries.again(*again)?,
                Err(Failed::Final(ForgeError::Interrupted)) => return Err(ForgeError::Interrupted),
                // What GitHub says of it differs (403, 404, 422); whether the tag is there now doesn't.
                Err(Failed::Final(_)) => {
                    return Ok(if self.is_set(new)? { Standing::Set } else { Standing::Refused });
                }
            }
        }
    }

    /// Whether an answer says that the tag was made. A page of somebody between here and GitHub doesn't; the release would
    /// then get a tag at the default branch's commit.
    fn made(&self, what: &str, answer: &Response, new: &NewRelease) -> Result<(), Failed> {
        let pointer: PointerWire = self.parse(what, answer).map_err(|error| Failed::again(error, true))?;
        if pointer.object.sha == new.commit {
            return Ok(());
        }
        let why = format!("it points at {}", pointer.object.sha.escape_debug());
        Err(Failed::again(ForgeError::Unreadable { what: what.to_owned(), why }, true))
    }

    /// Whether a release's tag is there.
    fn is_set(&self, new: &NewRelease) -> Result<bool, ForgeError> {
        match self.tag(&new.tag)? {
            Some(there) if there != new.commit => Err(ForgeError::TagElsewhere {
                what: format!("publish the release {} in {}", new.tag, self.access.repository),
                tag: new.tag.clone(),
                there,
                here: new.commit.clone(),
            }),
            there => Ok(there.is_some()),
        }
    }

    /// The commit that a tag points to (annotated tags resolved), or nothing when there is no such tag.
    ///
    /// # Errors
    /// When GitHub can't be asked, or the tag points at something that is no commit.
    pub fn tag(&self, tag: &str) -> Result<Option<String>, ForgeError> {
        let what = format!("read the tag {tag} of {}", self.access.repository);
        let url = self.address(&format!("/git/ref/tags/{}", encode_path(tag)));
        let mut answer = match self.call_if_there(&Ask::get(&what, url)) {
            // A repository without commits: 409 "Git Repository is empty."
            Ok(None) | Err(ForgeError::Refused { status: 409, .. }) => return Ok(None),
            Ok(Some(answer)) => answer,
            Err(error) => return Err(error),
        };
        for _ in 0..DEEPEST {
            let pointer: PointerWire = self.parse(&what, &answer)?;
            match pointer.object.kind.as_str() {
                "commit" if pointer.object.sha.chars().all(|c| c.is_ascii_hexdigit()) => {
                    return Ok(Some(pointer.object.sha));
                }
                "tag" => {
                    let url = self.address(&format!("/git/tags/{}", encode_path(&pointer.object.sha)));
                    answer = self.call(&Ask::get(&what, url))?;
                }
                kind => {
                    let why = format!("it points at a {}, not at a commit", kind.escape_debug());
                    return Err(ForgeError::Unreadable { what, why });
                }
            }
        }
        Err(ForgeError::Unreadable { what, why: "it points at tags without end".to_owned() })
    }
}
