//! What an instance of sigstore publishes about itself, by The Update Framework: every file is verified in a chain from
//! a root that this program carries. The verification is sigstore-tuf's; the requests are wick's own.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, Repository, Updater};

use super::call::Client;
use super::error::{KeylessError, Service};
use crate::sys::clock;
use crate::sys::http::{Body, Method, Request};

/// A repository, and the root that trust in it begins with.
pub(super) struct Place {
    pub(super) url: &'static str,
    pub(super) root: &'static [u8],
}

/// The public instance. The root is version 16 of <https://github.com/sigstore/root-signing>, good until April 2027 as
/// a beginning: newer ones are reached from it.
pub(super) const PUBLIC: Place =
    Place { url: "https://tuf-repo-cdn.sigstore.dev", root: include_bytes!("tuf_root.json") };

/// Fetches these files of a repository. Nothing is kept between runs: the chain from the root is short.
///
/// # Errors
/// When the repository can't be reached or anything in it doesn't verify or has expired.
pub(super) fn fetch<const N: usize>(
    client: &Client,
    place: &Place,
    names: [&str; N],
) -> Result<[Vec<u8>; N], KeylessError> {
    // The updater hides why a request failed, so that is kept aside.
    let failure = Arc::new(Mutex::new(None));
    let over = OverHttp { client: client.clone(), url: place.url.to_owned(), failure: Arc::clone(&failure) };
    fetched(over, place.root, names).map_err(|error| {
        let kept = failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        kept.unwrap_or_else(|| KeylessError::Answer { service: Service::Tuf, why: told(&error) })
    })
}

fn fetched<const N: usize>(over: OverHttp, root: &[u8], names: [&str; N]) -> Result<[Vec<u8>; N], Error> {
    let now = Timestamp::new(i64::try_from(clock::now().as_secs()).unwrap_or(i64::MAX), 0)
        .map_err(|error| Error::transport(error.to_string()))?;
    let mut updater = Updater::new(over, root)?;
    at_once(updater.refresh(now))?;
    let mut files = [const { Vec::new() }; N];
    for (file, name) in files.iter_mut().zip(names) {
        *file = at_once(updater.get_target(name, now))?;
    }
    Ok(files)
}

/// Finishes work that never waits: requests are made where they are asked for.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
    }
}

/// An error with its causes.
fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        text = format!("{text}: {one}");
        cause = one.source();
    }
    text
}

/// Requests by wick's own client.
struct OverHttp {
    client: Client,
    url: String,
    failure: Arc<Mutex<Option<KeylessError>>>,
}

impl OverHttp {
    fn get(&self, path: &str, most: u64) -> Result<Option<Vec<u8>>, Error> {
        let request = Request {
            method: Method::Get,
            url: format!("{}/{path}", self.url.trim_end_matches('/')),
            headers: Vec::new(),
            token: None,
            body: Body::Empty,
            most,
        };
        match self.client.call(Service::Tuf, &request, &[]) {
            Ok(body) => Ok(Some(body)),
            // What isn't there; some stores say 403.
            Err(KeylessError::Refused { status: 403 | 404, .. }) => Ok(None),
            Err(error) => {
                *self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                Err(Error::transport(path))
            }
        }
    }
}

impl Repository for OverHttp {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max_length: u64) -> FetchFuture<'a> {
        Box::pin(async move { self.get(name, max_length) })
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max_length: u64) -> FetchFuture<'a> {
        Box::pin(async move { self.get(&format!("targets/{path}"), max_length) })
    }
}
