//! Identity tokens (OIDC): where one comes from, and what it says. The token itself goes to Fulcio and nowhere else.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::call::Client;
use super::error::{KeylessError, Service};
use crate::model::bundle::Identity;
use crate::sys::clock;
use crate::sys::http::{Body, Method, Request, address};
use crate::sys::secret::{Secret, Withheld};

/// The variable that holds a token somebody fetched, as sigstore's other clients read it.
const GIVEN: &str = "SIGSTORE_ID_TOKEN";
/// The audience Fulcio asks for.
const AUDIENCE: &str = "sigstore";
/// A token that ends sooner than this, in seconds, is not worth sending.
const MARGIN: u64 = 30;
/// Who issues GitHub's tokens.
const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// The largest answer of a token endpoint that is read, in bytes.
const ANSWER_MAX: u64 = 64 << 10;

/// Where tokens come from.
pub(super) enum Source {
    /// From a variable; there is only this one.
    Given(Token),
    /// From GitHub, as many as are needed.
    /// <https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token>
    GitHub {
        /// Asked for tokens.
        url: String,
        /// What lets the job ask.
        permission: Secret,
    },
}

/// A token and what it says.
#[derive(Clone)]
pub(super) struct Token {
    secret: Secret,
    claims: Claims,
}

/// What of a token matters here. Fulcio checks its signature; wick only reads it.
#[derive(Clone, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: u64,
    email: Option<String>,
    job_workflow_ref: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Source {
    /// Finds who can vouch for this process.
    ///
    /// # Errors
    /// When nobody can, or a job lacks the permission to ask.
    pub(super) fn find(
        environment: &BTreeMap<String, String>,
        withheld: &Withheld,
    ) -> Result<Source, KeylessError> {
        let variable = |name: &str| {
            withheld.get(name).map(|secret| secret.expose().trim()).filter(|text| !text.is_empty())
        };
        if let Some(text) = variable(GIVEN) {
            return Token::read(text, GIVEN).map(Source::Given);
        }
        let asked = variable("ACTIONS_ID_TOKEN_REQUEST_URL").zip(variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
        let Some((url, permission)) = asked else {
            let in_job = environment.get("GITHUB_ACTIONS").is_some_and(|value| value == "true");
            return Err(if in_job { KeylessError::NoPermission } else { KeylessError::NoToken });
        };
        super::services::allowed("ACTIONS_ID_TOKEN_REQUEST_URL", url)?;
        let permission = Secret::token(permission, "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
            .map_err(|error| KeylessError::Token { place: "GitHub", why: error.to_string() })?;
        Ok(Source::GitHub { url: url.to_owned(), permission })
    }

    /// A token that is good for a while.
    ///
    /// # Errors
    /// When the endpoint refuses or the only token has expired.
    pub(super) fn token(&self, client: &Client) -> Result<Token, KeylessError> {
        let token = match self {
            Source::Given(token) => token.clone(),
            Source::GitHub { url, permission } => ask(client, url, permission)?,
        };
        if !token.is_good() {
            let place = if matches!(self, Source::Given(_)) { GIVEN } else { "GitHub" };
            return Err(KeylessError::Token { place, why: "it has expired".to_owned() });
        }
        Ok(token)
    }
}

fn ask(client: &Client, url: &str, permission: &Secret) -> Result<Token, KeylessError> {
    #[derive(Deserialize)]
    struct Answer {
        value: String,
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    let request = Request {
        method: Method::Get,
        url: format!("{url}{joint}audience={}", address::encode(AUDIENCE)),
        headers: vec![("accept", "application/json".to_owned())],
        token: Some(permission),
        body: Body::Empty,
        most: ANSWER_MAX,
    };
    let body = Zeroizing::new(client.call(Service::Tokens, &request, &[permission])?);
    let answer: Answer = serde_json::from_slice(&body)
        // serde_json quotes values in some errors; the category says enough.
        .map_err(|error| KeylessError::Answer {
            service: Service::Tokens,
            why: format!("it is no token ({:?})", error.classify()),
        })?;
    Token::read(&Zeroizing::new(answer.value), "GitHub")
}

impl Token {
    fn read(text: &str, place: &'static str) -> Result<Token, KeylessError> {
        let wrong = |why: &str| KeylessError::Token { place, why: why.to_owned() };
        let secret = Secret::token(text, place).map_err(|error| wrong(&error.to_string()))?;
        let mut parts = secret.expose().split('.');
        let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong("it doesn't have the three parts of a JSON web token"));
        };
        let claims = Zeroizing::new(
            URL_SAFE_NO_PAD
                .decode(claims.trim_end_matches('='))
                .map_err(|_| wrong("its claims aren't base64"))?,
        );
        let claims: Claims = serde_json::from_slice(&claims)
            .map_err(|_| wrong("it lacks one of the claims `iss`, `sub`, `aud` and `exp`"))?;
        let meant = match &claims.aud {
            Audience::One(one) => one == AUDIENCE,
            Audience::Many(many) => many.iter().any(|one| one == AUDIENCE),
        };
        if !meant {
            return Err(wrong("its audience isn't `sigstore`"));
        }
        Ok(Token { secret, claims })
    }

    /// Whether it is good for a while.
    pub(super) fn is_good(&self) -> bool {
        clock::now().as_secs() + MARGIN <= self.claims.exp
    }

    /// For Fulcio.
    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// What Fulcio wants to see signed as proof of the key: the e-mail address, else the subject.
    pub(super) fn principal(&self) -> &str {
        self.claims.email.as_deref().unwrap_or(&self.claims.sub)
    }

    /// Whom Fulcio's certificate will name, where its rules for the issuer are known (sigstore/fulcio,
    /// `docs/oidc.md`): for GitHub the workflow, for people their e-mail address.
    pub(super) fn identity(&self) -> Option<Identity> {
        let subject = match (&self.claims.email, &self.claims.job_workflow_ref) {
            (Some(email), _) => email.clone(),
            (None, Some(workflow)) if self.claims.iss == GITHUB => format!("https://github.com/{workflow}"),
            _ => return None,
        };
        Some(Identity::Certificate { subject, issuer: self.claims.iss.clone() })
    }
}
