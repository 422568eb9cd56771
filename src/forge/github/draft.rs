//! Making a draft and publishing it. Neither is repeated blindly: after a lost answer the state decides.

use std::ops::ControlFlow;

use super::GitHub;
use super::call::Ask;
use super::retry::{Failed, Tries};
use super::wire::{ReleaseBody, ReleaseWire};
use crate::forge::error::ForgeError;
use crate::model::release::{NewRelease, Release};
use crate::sys::http::{Body, Method, Response};

impl GitHub {
    /// Makes a draft. After a lost answer it looks for the draft before it tries again, so there is never a second.
    ///
    /// # Errors
    /// [`AlreadyExists`](ForgeError::AlreadyExists) when the tag has a published release; when GitHub refuses or can't
    /// be reached.
    pub fn create_draft(&self, new: &NewRelease) -> Result<Release, ForgeError> {
        let what = format!("make the draft release {} in {}", new.tag, self.access.repository);
        let body = body_of(&what, new, true)?;
        let ask = Ask {
            what: &what,
            method: Method::Post,
            url: self.address("/releases"),
            body: Body::Json(&body),
        };
        let mut tries = Tries::new(&self.pace);
        loop {
            let again = match self.once(&ask, &mut tries).and_then(|answer| self.changed(&what, &answer)) {
                Ok(release) => return Ok(release),
                Err(Failed::Final(error)) => return Err(self.explained(error)),
                Err(Failed::Again(again)) => again,
            };
            let may_be_done = again.may_be_done;
            tries.again(again)?;
            if may_be_done && let Some(made) = self.draft_like(new)? {
                return Ok(made);
            }
        }
    }

    /// Makes a draft visible, never as the repository's "Latest". Sets commit, title and notes once more.
    ///
    /// # Errors
    /// [`Immutable`](ForgeError::Immutable) when the tag was used by an immutable release; when GitHub refuses or can't
    /// be reached.
    pub fn publish(&self, id: u64, as_meant: &NewRelease) -> Result<Release, ForgeError> {
        let what = format!("publish the release {} in {}", as_meant.tag, self.access.repository);
        let body = body_of(&what, as_meant, false)?;
        let url = self.address(&format!("/releases/{id}"));
        let ask = Ask { what: &what, method: Method::Patch, url, body: Body::Json(&body) };
        let mut tries = Tries::new(&self.pace);
        loop {
            let again = match self.once(&ask, &mut tries).and_then(|answer| self.changed(&what, &answer)) {
                Ok(release) if release.draft => {
                    let why = "the release is still a draft".to_owned();
                    return Err(ForgeError::Unreadable { what, why });
                }
                Ok(release) => return Ok(release),
                Err(Failed::Final(error)) => return Err(self.explained(error)),
                Err(Failed::Again(again)) => again,
            };
            let may_be_done = again.may_be_done;
            tries.again(again)?;
            // Once it is immutable, saying the same again may be refused.
            if may_be_done {
                let now = self.release(id)?;
                if !now.draft && now.tag == as_meant.tag {
                    return Ok(now);
                }
            }
        }
    }

    /// The release in the answer to a change. An answer that can't be read leaves open whether the change was made.
    fn changed(&self, what: &str, answer: &Response) -> Result<Release, Failed> {
        let parsed = self.parse::<ReleaseWire>(what, answer).map(Release::from);
        parsed.map_err(|error| Failed::again(error, true))
    }

    /// The draft that `new` made, if it did. By listing: a draft can't be found by its tag.
    fn draft_like(&self, new: &NewRelease) -> Result<Option<Release>, ForgeError> {
        let mut found = None;
        self.each_release(|release| {
            let same = release.tag == new.tag && release.commit == new.commit && release.title == new.title;
            if release.draft && same {
                found = Some(release);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }
}

fn body_of(what: &str, release: &NewRelease, draft: bool) -> Result<Vec<u8>, ForgeError> {
    serde_json::to_vec(&ReleaseBody::new(release, draft))
        .map_err(|error| ForgeError::Unreadable { what: what.to_owned(), why: error.to_string() })
}
