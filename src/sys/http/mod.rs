//! The only door to the network: one request, one answer. Knows no forge and repeats nothing by itself.
//!
//! Status codes are answers, not errors. Redirects are followed here rather than by ureq, so that a token never
//! reaches another origin. Every wait has an end, and all of them end when the user asks to stop: also the sum of waits,
//! because whoever sends a byte a second is never silent (`pace`).

pub mod address;
mod body;
mod error;
mod pace;
mod proxy;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use ureq::http::{self, HeaderName, HeaderValue};
use ureq::tls::{RootCerts, TlsConfig};

use self::address::Origin;
use self::body::Outgoing;
pub use self::body::start_of;
pub use self::error::HttpError;
use self::pace::Pace;
pub use self::proxy::Proxies;
use super::interrupt::{self, OnRequest};
use super::secret::Secret;

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 8;

/// How long each part of a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Name lookup and connection, each, with TLS.
    pub connect: Duration,
    /// From the last byte of the request to the answer's headers; after an upload four times that.
    pub answer: Duration,
    /// Without a byte moving, in either direction.
    pub stall: Duration,
}

/// How much longer than for another request the answer to an upload is waited for: the server looks at the file first.
const UPLOADS: u32 = 4;

impl Default for Times {
    fn default() -> Times {
        // GitHub itself gives up after ten seconds.
        // https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts
        let half_a_minute = Duration::from_secs(30);
        Times { connect: Duration::from_secs(10), answer: half_a_minute, stall: half_a_minute }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Make.
    Post,
    /// Change.
    Patch,
    /// Remove.
    Delete,
}

/// What is sent along.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// Nothing.
    Empty,
    /// JSON.
    Json(&'a [u8]),
    /// Bytes of another type.
    Bytes {
        /// What is sent.
        bytes: &'a [u8],
        /// What it is.
        content_type: &'static str,
    },
    /// A file, streamed.
    File {
        /// The file.
        path: &'a Path,
        /// Its size; exactly so many bytes are sent.
        size: u64,
        /// What it is.
        content_type: &'static str,
        /// Called with the bytes sent so far.
        progress: &'a (dyn Fn(u64) + Sync),
    },
}

/// A request.
#[derive(Clone)]
pub struct Request<'a> {
    /// What is asked for.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Headers other than those of the body and the token.
    pub headers: Vec<(&'static str, String)>,
    /// Sent as `Authorization: Bearer` to the address's own origin and nowhere else.
    pub token: Option<&'a Secret>,
    /// What is sent along.
    pub body: Body<'a>,
    /// The largest answer that is read.
    pub most: u64,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it came from another address than was asked.
    pub redirected: bool,
    headers: Vec<(String, String)>,
}

impl Response {
    /// The first header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// By how long answers are waited for, and proxy.
type Agents = BTreeMap<(Duration, String), (ureq::Agent, OnRequest)>;

/// A client: connections are kept and shared between threads.
pub struct Http {
    times: Times,
    proxies: Proxies,
    agents: Mutex<Agents>,
}

impl Http {
    /// A client that takes these proxies. Nothing is sent yet.
    #[must_use]
    pub fn new(times: Times, proxies: Proxies) -> Http {
        Http { times, proxies, agents: Mutex::default() }
    }

    /// Sends a request and reads the answer. Reading requests follow redirects, others only a 307 or 308 to the
    /// same origin; any other redirect is an answer.
    ///
    /// # Errors
    /// When there is no complete answer.
    pub fn send(&self, request: &Request<'_>) -> Result<Response, HttpError> {
        let first = address::origin(&request.url)?;
        let mut here = first.clone();
        let mut hop = request.clone();
        for hops in 0..=MOST_REDIRECTS {
            let answer = Response { redirected: hops > 0, ..self.once(&hop, &here)? };
            let Some(location) = answer.header("location").filter(|_| is_redirect(answer.status)) else {
                return Ok(answer);
            };
            let next = address::join(&hop.url, location);
            let there = address::origin(&next)?;
            let repeats_all = matches!(answer.status, 307 | 308) && there == first;
            if hop.method != Method::Get && !repeats_all {
                return Ok(answer);
            }
            if here.scheme == "https" && there.scheme == "http" {
                let why = format!("to {} without encryption", there.host);
                return Err(HttpError::Redirect { host: here.host, why });
            }
            if there != first {
                // For good: a detour must not bring the token back into play.
                hop.token = None;
            }
            (hop.url, here) = (next, there);
        }
        Err(HttpError::Redirect { host: here.host, why: "in circles".to_owned() })
    }

    fn once(&self, request: &Request<'_>, origin: &Origin) -> Result<Response, HttpError> {
        if interrupt::requested() {
            return Err(HttpError::Interrupted);
        }
        let times = self.times_of(request);
        let agent = self.agent(origin, times)?;
        // Who is asked, for the error: through a proxy it is the proxy that can't be reached, as often as not.
        let proxy = self.proxies.of(origin);
        let host = proxy.map_or_else(
            || origin.host.clone(),
            |named| format!("{} through the proxy that {} names", origin.host, named.variable),
        );
        let fail = |error| HttpError::from_ureq(error, &host, &times);
        let pace = Pace::new(&host, times.answer);
        let built = prepared(request).map_err(|error| fail(error.into()))?;
        let answer = match request.body {
            Body::Empty => agent.run(built.body(()).map_err(|error| fail(error.into()))?).map_err(fail)?,
            Body::Json(bytes) | Body::Bytes { bytes, .. } => {
                agent.run(built.body(bytes).map_err(|error| fail(error.into()))?).map_err(fail)?
            }
            Body::File { path, size, progress, .. } => {
                let mut outgoing = Outgoing::open(path, size, progress, pace)?;
                let sending = ureq::SendBody::from_reader(&mut outgoing);
                let answer = agent.run(built.body(sending).map_err(|error| fail(error.into()))?);
                if let Some(failure) = outgoing.failure.take() {
                    return Err(failure);
                }
                answer.map_err(fail)?
            }
        };
        let (parts, mut body) = answer.into_parts();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers =
            parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let announced = body.content_length();
        let fail_io = |error: std::io::Error| fail(error.into());
        let pace = Pace::new(&host, times.stall);
        let body = body::read_answer(&mut body.as_reader(), announced, request.most, &pace, fail_io)?;
        Ok(Response { status: parts.status.as_u16(), body, redirected: false, headers })
    }

    fn times_of(&self, request: &Request<'_>) -> Times {
        match request.body {
            Body::File { .. } => Times { answer: self.times.answer * UPLOADS, ..self.times },
            _ => self.times,
        }
    }

    /// The agent for an origin: one per proxy and way of waiting.
    fn agent(&self, origin: &Origin, times: Times) -> Result<ureq::Agent, HttpError> {
        let proxy = self.proxies.of(origin);
        let key = (times.answer, proxy.map(|named| named.url.clone()).unwrap_or_default());
        let mut agents = self.agents.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((agent, _)) = agents.get(&key) {
            return Ok(agent.clone());
        }
        let read = |named: &proxy::Named| {
            let bad =
                |error: ureq::Error| HttpError::Proxy { variable: named.variable, why: error.to_string() };
            ureq::Proxy::new(&named.url).map_err(bad)
        };
        let agent = new_agent(times, proxy.map(read).transpose()?);
        let stopped = agent.clone();
        let stopper = OnRequest::new(move || stopped.clone().shutdown());
        agents.insert(key, (agent.clone(), stopper));
        Ok(agent)
    }
}

fn new_agent(times: Times, proxy: Option<ureq::Proxy>) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(proxy)
        // The system's certificates, so that a company's own authority works.
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .user_agent(concat!("wick/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections(32)
        .max_idle_connections_per_host(16)
        .timeout_resolve(Some(times.connect))
        .timeout_connect(Some(times.connect))
        .timeout_recv_response(Some(times.answer))
        .timeout_per_read(Some(times.stall.max(times.answer)))
        .timeout_per_write(Some(times.stall))
        .build()
        .new_agent()
}

fn prepared(request: &Request<'_>) -> Result<http::request::Builder, http::Error> {
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    };
    let mut built = http::Request::builder().method(method).uri(&request.url);
    // Compressed answers would make ranges and sizes mean something else.
    built = built.header("accept-encoding", "identity");
    for (name, value) in &request.headers {
        built = built.header(HeaderName::from_static(name), value);
    }
    if let Some(token) = request.token {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))?;
        value.set_sensitive(true);
        built = built.header("authorization", value);
    }
    match request.body {
        Body::Empty => {}
        Body::Json(_) => built = built.header("content-type", "application/json"),
        Body::Bytes { content_type, .. } => built = built.header("content-type", content_type),
        Body::File { size, content_type, .. } => {
            built = built.header("content-type", content_type).header("content-length", size);
        }
    }
    Ok(built)
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}
