//! One call to the API: headers, limits, repetition.

use super::GitHub;
use super::limits::Limit;
use super::retry::{Failed, Tries};
use crate::forge::error::ForgeError;
use crate::sys::http::{Body, Method, Request, Response};

/// What is asked of the API.
pub(super) struct Ask<'a> {
    /// For the error: what is tried, on what.
    pub(super) what: &'a str,
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) body: Body<'a>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(what: &'a str, url: String) -> Ask<'a> {
        Ask { what, method: Method::Get, url, body: Body::Empty }
    }
}

impl GitHub {
    /// Calls until there is a good answer or trying again won't help. For what may be repeated.
    pub(super) fn call(&self, ask: &Ask<'_>) -> Result<Response, ForgeError> {
        let mut tries = Tries::new(&self.pace);
        loop {
            match self.once(ask, &mut tries) {
                Ok(answer) => return Ok(answer),
                Err(Failed::Final(error)) => return Err(error),
                Err(Failed::Again(again)) => tries.again(*again)?,
            }
        }
    }

    /// Calls, and gives nothing for a 404.
    pub(super) fn call_if_there(&self, ask: &Ask<'_>) -> Result<Option<Response>, ForgeError> {
        match self.call(ask) {
            Err(ForgeError::NotFound { .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Calls once, after the limits that are known.
    pub(super) fn once(&self, ask: &Ask<'_>, tries: &mut Tries<'_>) -> Result<Response, Failed> {
        let request = Request {
            method: ask.method,
            url: ask.url.clone(),
            headers: vec![
                ("accept", "application/vnd.github+json".to_owned()),
                // https://docs.github.com/rest/about-the-rest-api/api-versions
                ("x-github-api-version", "2022-11-28".to_owned()),
            ],
            token: self.access.token.as_ref(),
            body: ask.body,
            most: self.most,
        };
        self.wait_while_held(ask.what, tries)?;
        let answer = self.once_as(ask.what, &request, tries)?;
        if answer.redirected {
            self.note_redirect();
        }
        Ok(answer)
    }

    /// Waits out a limit that another thread met.
    pub(super) fn wait_while_held(&self, what: &str, tries: &mut Tries<'_>) -> Result<(), ForgeError> {
        self.held().map_or(Ok(()), |limit| tries.respect(&limit, limit.error(what)))
    }

    /// The same with a request of one's own.
    pub(super) fn once_as(
        &self,
        what: &str,
        request: &Request<'_>,
        tries: &Tries<'_>,
    ) -> Result<Response, Failed> {
        match self.http.send(request) {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(answer),
            Ok(answer) => Err(self.refused(what, &answer, tries.limited)),
            Err(error) => Err(self.unanswered(what, &error)),
        }
    }

    /// Lets the other threads wait too: who goes on while limited risks being banned.
    pub(super) fn hold_back(&self, limit: Limit) {
        let mut hold = self.hold.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if hold.is_none_or(|known| known.until < limit.until) {
            *hold = Some(limit);
        }
    }

    fn held(&self) -> Option<Limit> {
        let mut hold = self.hold.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *hold = hold.filter(|limit| limit.until > self.pace.now());
        *hold
    }

    /// What a 404 means for something that is known to be there: GitHub hides what a token may not touch.
    /// <https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource>
    pub(super) fn explained(&self, error: ForgeError) -> ForgeError {
        let ForgeError::NotFound { what } = error else { return error };
        let denied = |why: &str| ForgeError::Denied {
            what: what.clone(),
            why: why.to_owned(),
            with_token: self.access.token.is_some(),
        };
        match self.facts_without_rules() {
            Ok(facts) if facts.may_write == Some(true) => ForgeError::NotFound { what },
            Ok(_) => denied("GitHub says 404, which it also does when the token may not write"),
            Err(ForgeError::NotFound { .. }) => {
                denied("there is no such repository, or the token may not see it")
            }
            Err(other) => other,
        }
    }
}
