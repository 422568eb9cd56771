//! Which handler answers what, and who may ask.

use std::io;

use crate::config::Rights;
use crate::fault::Fault;
use crate::record::Place;
use crate::server::Shared;
use crate::wire::{Head, Incoming, Reply};
use crate::{assets, download, json, releases, repository, rules, tags};

/// The origin that a request means. On Enterprise one listener has three, by path:
/// <https://docs.github.com/enterprise-server@latest/rest/enterprise-admin#endpoint-urls>
pub(crate) fn place(shared: &Shared, listener: Place, path: &str) -> Place {
    if !shared.config.enterprise || listener == Place::Storage {
        return listener;
    }
    match path {
        _ if path.starts_with("/api/v3/") => Place::Api,
        _ if path.starts_with("/api/uploads/") => Place::Uploads,
        _ => Place::Web,
    }
}

/// A call of the API, with what is known of the caller.
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) head: &'a Head,
    pub(crate) fault: Option<&'a Fault>,
    pub(crate) rights: Rights,
    /// Whether a token was sent.
    pub(crate) known: bool,
    /// Below the repository: `releases/1/assets`.
    pub(crate) rest: Vec<&'a str>,
}

/// The handler's answer.
pub(crate) fn answer(
    shared: &Shared,
    place: Place,
    head: &Head,
    fault: Option<&Fault>,
    body: &mut Incoming<'_>,
) -> io::Result<Reply> {
    match place {
        Place::Web => Ok(download::web(shared, head)),
        Place::Storage => Ok(download::storage(shared, head)),
        Place::Api | Place::Uploads => {
            // Counted before anything else, also when it is then refused.
            if let Err(refusal) = shared.limits.lock().unwrap().count() {
                body.drain()?;
                return Ok(refusal);
            }
            let reply = api(shared, place, head, fault, body)?;
            let mut limits = shared.limits.lock().unwrap();
            if reply.status == 304 && head.token().is_some() {
                limits.give_back();
            }
            Ok(limits.mark(reply).header("x-github-request-id", "D0:0B1E").header("server", "github.com"))
        }
    }
}

fn api(
    shared: &Shared,
    place: Place,
    head: &Head,
    fault: Option<&Fault>,
    body: &mut Incoming<'_>,
) -> io::Result<Reply> {
    let not_found = || Ok(json::error(404, "Not Found"));
    let prefix = match (shared.config.enterprise, place) {
        (false, _) => "",
        (true, Place::Uploads) => "/api/uploads",
        (true, _) => "/api/v3",
    };
    // "Requests with an invalid user agent will be rejected."
    // <https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent-required>
    if head.header("user-agent").is_none_or(str::is_empty) {
        return Ok(json::error(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
        ));
    }
    let token = head.token();
    let rights = match token.map(|token| shared.config.tokens.get(token)) {
        None if shared.config.private => Rights::None,
        None => Rights::Read,
        // Also where no token were needed.
        // <https://docs.github.com/rest/authentication/authenticating-to-the-rest-api#failed-login-limit>
        Some(None) => return Ok(json::error(401, "Bad credentials")),
        Some(Some(Rights::None)) if !shared.config.private => Rights::None,
        Some(Some(rights)) => *rights,
    };
    let Some(path) = head.path().strip_prefix(prefix) else { return not_found() };
    let path = path.trim_start_matches('/');
    let below = format!("repos/{}", shared.config.repository);
    let former = shared.config.former.as_ref().map(|name| format!("repos/{name}"));
    let strip = |base: &str| path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    // A renamed repository redirects to its number: 301 for reading, 307 for the rest.
    // <https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects>
    if let Some(rest) = former.as_deref().and_then(strip) {
        let status = if head.method == "GET" { 301 } else { 307 };
        let query = head.target.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
        let to = format!("{}/repositories/{}{rest}{query}", shared.bases.api, repository::ID);
        return Ok(Reply::json(status, &serde_json::json!({ "message": "Moved Permanently", "url": to }))
            .header("location", to));
    }
    let Some(rest) = strip(&below).or_else(|| strip(&format!("repositories/{}", repository::ID))) else {
        return not_found();
    };
    // "GitHub returns a 404 Not Found response in some cases to avoid confirming the existence of private repositories".
    // <https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource>
    if shared.config.private && rights == Rights::None {
        return not_found();
    }
    let rest: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let call = Call { shared, head, fault, rights, known: token.is_some(), rest };
    if head.method != "GET"
        && let Some(refusal) = call.refused_to_write()
    {
        body.drain()?;
        return Ok(refusal);
    }
    if place == Place::Uploads {
        return assets::upload(&call, body);
    }
    match (head.method.as_str(), call.rest.as_slice()) {
        ("GET", []) => Ok(call.read(&repository::facts(&call))),
        ("GET", ["immutable-releases"]) => Ok(repository::rules(&call)),
        ("GET", ["git", "ref", "tags", name @ ..]) => Ok(tags::reference(&call, &name.join("/"))),
        ("POST", ["git", "refs"]) => tags::make(&call, body),
        ("GET", ["commits", "HEAD"]) => Ok(call.read(&serde_json::json!({ "sha": shared.config.head }))),
        ("GET", ["git", "commits", sha]) => Ok(tags::commit(&call, sha)),
        ("GET", ["git", "tags", sha]) => Ok(tags::object(&call, sha)),
        ("DELETE", ["git", "refs", "tags", name @ ..]) => Ok(tags::delete(&call, &name.join("/"))),
        (_, ["releases", "assets", id]) => Ok(assets::one(&call, id)),
        ("GET", ["releases", id, "assets"]) => Ok(assets::list(&call, id)),
        (_, ["releases", ..]) => releases::answer(&call, body),
        _ => not_found(),
    }
}

/// An upload that an upstream failure ends "may leave an empty asset with a state of `starter`".
/// <https://docs.github.com/rest/releases/assets#upload-a-release-asset>
pub(crate) fn leave_starter(shared: &Shared, place: Place, head: &Head) {
    if place == Place::Uploads {
        assets::leave_starter(shared, head);
    }
}

impl Call<'_> {
    /// What someone hears who may not write.
    fn refused_to_write(&self) -> Option<Reply> {
        let token = self.head.token().unwrap_or_default();
        match self.rights {
            Rights::Write => rules::archived(self),
            _ if !self.known => Some(json::error(401, "Requires authentication")),
            // <https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#resource-not-accessible>
            _ if token.starts_with("ghs_") => {
                Some(json::error(403, "Resource not accessible by integration"))
            }
            _ if token.starts_with("github_pat_") => {
                Some(json::error(403, "Resource not accessible by personal access token"))
            }
            _ => Some(json::error(404, "Not Found")),
        }
    }

    /// JSON with an ETag, or 304 where the caller has it already. ETags differ between tokens:
    /// <https://github.com/github/docs/issues/34689>
    pub(crate) fn read(&self, value: &serde_json::Value) -> Reply {
        use sha2::Digest as _;
        let mut hasher = sha2::Sha256::new();
        hasher.update(value.to_string());
        hasher.update(self.head.token().unwrap_or_default());
        let hex: Vec<String> = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let etag = format!("W/\"{}\"", hex.concat());
        if self.head.header("if-none-match").is_some_and(|known| known.contains(&etag)) {
            return Reply::empty(304).header("etag", etag);
        }
        Reply::json(200, value).header("etag", etag)
    }

    /// A page of a list, with its `Link` header.
    /// <https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api>
    pub(crate) fn page(
        &self,
        path: &str,
        total: usize,
        rows: impl FnOnce(std::ops::Range<usize>) -> Vec<serde_json::Value>,
    ) -> Reply {
        let number = |name: &str, usual: usize| {
            self.head.query(name).and_then(|text| text.parse().ok()).filter(|n| *n > 0).unwrap_or(usual)
        };
        let (per_page, page) = (number("per_page", 30).min(100), number("page", 1));
        let last = total.div_ceil(per_page).max(1);
        let start = (page - 1).saturating_mul(per_page).min(total);
        let rows = rows(start..(start + per_page).min(total));
        let reply = self.read(&serde_json::Value::Array(rows));
        // Links name the repository by its number.
        let base = format!("{}/repositories/{}/{path}", self.shared.bases.api, repository::ID);
        let link =
            |page: usize, rel: &str| format!("<{base}?per_page={per_page}&page={page}>; rel=\"{rel}\"");
        let mut links = Vec::new();
        if page > 1 {
            links.extend([link(page - 1, "prev"), link(1, "first")]);
        }
        if page < last {
            links.extend([link(page + 1, "next"), link(last, "last")]);
        }
        if links.is_empty() { reply } else { reply.header("link", links.join(", ")) }
    }
}
