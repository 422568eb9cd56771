//! Making a draft, publishing it, removing it. None is repeated blindly: after a lost answer the state decides.

use std::ops::ControlFlow;

use super::GitHub;
use super::call::Ask;
use super::retry::{Failed, Tries};
use super::tags::Standing;
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
        let body = json(&what, &ReleaseBody::new(new, true))?;
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
            tries.again(*again)?;
            if may_be_done && let Some(made) = self.draft_like(new)? {
                return Ok(made);
            }
        }
    }

    /// Makes the tag, then the draft visible, never as the repository's "Latest". Sets title and notes once more.
    ///
    /// # Errors
    /// [`Immutable`](ForgeError::Immutable) when the tag was used by an immutable release;
    /// [`TagRefused`](ForgeError::TagRefused) when GitHub doesn't let this token make it; when GitHub refuses otherwise
    /// or can't be reached.
    pub fn publish(&self, id: u64, as_meant: &NewRelease) -> Result<Release, ForgeError> {
        let what = format!("publish the release {} in {}", as_meant.tag, self.access.repository);
        let plain = ReleaseBody::new(as_meant, false);
        match self.make_tag(as_meant)? {
            Standing::Set => self.make_visible(&what, id, as_meant, plain),
            Standing::Refused => {
                let body = plain.at(&as_meant.commit);
                self.make_visible(&what, id, as_meant, body)
                    .map_err(|error| self.about_the_tag(error, as_meant))
            }
        }
    }

    fn make_visible(
        &self,
        what: &str,
        id: u64,
        as_meant: &NewRelease,
        body: ReleaseBody<'_>,
    ) -> Result<Release, ForgeError> {
        let body = json(what, &body)?;
        let url = self.address(&format!("/releases/{id}"));
        let ask = Ask { what, method: Method::Patch, url, body: Body::Json(&body) };
        let mut tries = Tries::new(&self.pace);
        loop {
            let again = match self.once(&ask, &mut tries).and_then(|answer| self.changed(what, &answer)) {
                Ok(release) if release.draft => {
                    let why = "the release is still a draft".to_owned();
                    return Err(ForgeError::Unreadable { what: what.to_owned(), why });
                }
                Ok(release) => return Ok(release),
                Err(Failed::Final(error)) => return Err(self.explained(error)),
                Err(Failed::Again(again)) => again,
            };
            let may_be_done = again.may_be_done;
            tries.again(*again)?;
            // Once it is immutable, saying the same again may be refused.
            if may_be_done {
                let now = self.release(id)?;
                if !now.draft && now.tag == as_meant.tag {
                    return Ok(now);
                }
            }
        }
    }

    /// What a refused publication means when the tag couldn't be made before: it is about the tag, unless the token may
    /// write no releases at all.
    fn about_the_tag(&self, error: ForgeError, new: &NewRelease) -> ForgeError {
        let (why, by_permission) = match &error {
            ForgeError::Denied { why, .. } if self.may_release(&new.tag) == Ok(true) => (why.clone(), true),
            ForgeError::Refused { status: 422, why, .. } => (why.clone(), false),
            _ => return error,
        };
        ForgeError::TagRefused { tag: new.tag.clone(), commit: new.commit.clone(), why, by_permission }
    }

    /// Removes a draft; nothing there is fine.
    ///
    /// # Errors
    /// When GitHub refuses or can't be reached.
    pub fn delete_draft(&self, draft: &Release) -> Result<(), ForgeError> {
        let what = format!("remove a draft of {} from {}", draft.tag, self.access.repository);
        let url = self.address(&format!("/releases/{}", draft.id));
        // Who publishes it at this moment publishes it: a release is never removed, nor what can't be told to be a draft.
        let Some(answer) = self.call_if_there(&Ask::get(&what, url.clone()))? else { return Ok(()) };
        if !Release::from(self.parse::<ReleaseWire>(&what, &answer)?).draft {
            return Ok(());
        }
        self.call_if_there(&Ask { what: &what, method: Method::Delete, url, body: Body::Empty }).map(|_| ())
    }

    /// The release in the answer to a change. An answer that can't be read leaves open whether the change was made.
    fn changed(&self, what: &str, answer: &Response) -> Result<Release, Failed> {
        let parsed = self.parse::<ReleaseWire>(what, answer).map(Release::from);
        parsed.map_err(|error| Failed::again(error, true))
    }

    /// The draft that `new` made, if it did. By listing: a draft can't be found by its tag. By its notes, which name the
    /// commit: a draft names none, because its tag isn't made by it.
    fn draft_like(&self, new: &NewRelease) -> Result<Option<Release>, ForgeError> {
        let mut found = None;
        self.each_release(|release| {
            let lines = |text: &str| text.trim().replace('\r', "");
            let same = release.tag == new.tag
                && release.title == new.title
                && lines(&release.notes) == lines(&new.notes);
            if release.draft && same {
                found = Some(release);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }
}

fn json(what: &str, body: &ReleaseBody<'_>) -> Result<Vec<u8>, ForgeError> {
    serde_json::to_vec(body)
        .map_err(|error| ForgeError::Unreadable { what: what.to_owned(), why: error.to_string() })
}
