//! What is known of a repository: its name, what the token may do, its rules.

use super::GitHub;
use super::call::Ask;
use super::wire::{ImmutableWire, RepositoryWire};
use crate::forge::error::ForgeError;
use crate::model::release::RepositoryFacts;
use crate::sys::http::{Body, Method};

impl GitHub {
    /// What is known of the repository and of what the token may do.
    ///
    /// # Errors
    /// When there is no such repository (or the token may not see it), or GitHub can't be asked.
    pub fn facts(&self) -> Result<RepositoryFacts, ForgeError> {
        let facts = self.facts_without_rules().map_err(|error| match error {
            ForgeError::NotFound { what } => ForgeError::Denied {
                what,
                why: "there is no such repository, or it is private and the token may not see it".to_owned(),
                with_token: self.access.token.is_some(),
            },
            other => other,
        })?;
        let what = format!("read the release rules of {}", self.access.repository);
        // 404 means "not enabled" as well as "you may not know"; reading it needs the admin's right to look.
        let immutable_releases = match self.call(&Ask::get(&what, self.address("/immutable-releases"))) {
            Ok(answer) => Some(self.parse::<ImmutableWire>(&what, &answer)?.enabled),
            Err(ForgeError::NotFound { .. } | ForgeError::Denied { .. }) => None,
            Err(other) => return Err(other),
        };
        Ok(RepositoryFacts { immutable_releases, ..facts })
    }

    pub(super) fn facts_without_rules(&self) -> Result<RepositoryFacts, ForgeError> {
        let what = format!("read the repository {}", self.access.repository);
        let answer = self.call(&Ask::get(&what, self.address("")))?;
        let wire: RepositoryWire = self.parse(&what, &answer)?;
        let may_write = self.may_write(wire.permissions.map(|permissions| permissions.push));
        Ok(RepositoryFacts {
            page: wire.html_url.unwrap_or_default(),
            full_name: wire.full_name,
            is_archived: wire.archived,
            may_write,
            immutable_releases: None,
        })
    }

    /// The repository's name, when it isn't the one it was asked for by: a renamed or moved repository answers under its
    /// old name for as long as nobody else takes that. Costs a request only where an answer came by a redirect.
    ///
    /// # Errors
    /// When GitHub can't be asked.
    pub fn renamed(&self) -> Result<Option<String>, ForgeError> {
        if !self.was_redirected() {
            return Ok(None);
        }
        let facts = self.facts_without_rules()?;
        Ok(facts.is_renamed_from(&self.access.repository).then_some(facts.full_name))
    }

    /// `permissions` tells the role of the user behind the token, not what was granted to the token: it is always
    /// `false` for the tokens of GitHub Actions and other apps (`ghs_`), and only a ceiling for fine-grained ones.
    /// <https://github.com/AlexanderMattTurner/agent-glovebox/pull/5127>
    fn may_write(&self, push: Option<bool>) -> Option<bool> {
        let token = self.access.token.as_ref().map(|token| token.expose());
        match (token, push) {
            (None, _) => Some(false),
            (Some(token), _) if token.starts_with("ghs_") => None,
            (Some(token), Some(true)) if token.starts_with("github_pat_") => None,
            (Some(_), push) => push,
        }
    }

    /// Whether the token may really write releases, asked without writing anything: GitHub drafts release notes only for
    /// who may, and keeps nothing of them. Known by no other answer: `permissions` tells a person's role, and a fine-grained
    /// token or that of a job may have less.
    /// <https://docs.github.com/rest/releases/releases#generate-release-notes-content-for-a-release>, which for a token
    /// without `contents: write` is 403 (<https://github.com/web-infra-dev/midscene/pull/2827>).
    ///
    /// # Errors
    /// When GitHub can't be asked.
    pub fn may_release(&self, tag: &str) -> Result<bool, ForgeError> {
        let what = format!("ask whether the token may release to {}", self.access.repository);
        let body = serde_json::json!({ "tag_name": tag }).to_string();
        let url = self.address("/releases/generate-notes");
        let ask = Ask { what: &what, method: Method::Post, url, body: Body::Json(body.as_bytes()) };
        match self.call(&ask) {
            // A refusal of what was asked for comes after the question who asks.
            Ok(_) | Err(ForgeError::Refused { status: 422, .. } | ForgeError::AlreadyExists { .. }) => {
                Ok(true)
            }
            Err(ForgeError::Denied { .. } | ForgeError::NotFound { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }
}
