//! Reading the bytes of assets: parts where the server does ranges, else the whole.

use std::ops::Range;
use std::sync::atomic::Ordering;

use super::GitHub;
use super::retry::{Failed, Tries};
use crate::forge::error::ForgeError;
use crate::model::release::Asset;
use crate::sys::http::address::origin;
use crate::sys::http::{Body, Method, Request, Response, start_of};

/// A part of an asset, or all of it where the server doesn't do ranges.
#[derive(Clone, PartialEq, Eq)]
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

/// Where an asset is read.
#[derive(Clone, Copy)]
enum Door {
    /// Where everyone downloads it, without the token.
    Public,
    /// The API, with the token: for drafts and private repositories.
    Api,
}

impl GitHub {
    /// Reads bytes of an asset by its download URL, without the token. Where that shows nothing (a draft, a private
    /// repository) it asks the API with the token, which is dropped at the redirect to the storage.
    ///
    /// # Errors
    /// When the bytes can't be had or aren't those asked for.
    pub fn read(&self, asset: &Asset, range: Option<Range<u64>>) -> Result<Piece, ForgeError> {
        let what = format!("read {}", asset.name.escape_debug());
        if range.as_ref().is_some_and(Range::is_empty) {
            return Ok(Piece::Part { bytes: Vec::new(), total: asset.size });
        }
        match self.read_through(Door::Public, &what, asset, range.as_ref()) {
            Err(
                ForgeError::NotFound { .. }
                | ForgeError::Denied { .. }
                | ForgeError::TokenUnknown { .. }
                | ForgeError::Unreadable { .. },
            ) if self.access.token.is_some() => {
                let piece = self.read_through(Door::Api, &what, asset, range.as_ref())?;
                self.closed.store(true, Ordering::Relaxed);
                Ok(piece)
            }
            piece => piece,
        }
    }

    /// All bytes of an asset that needn't be public yet.
    pub(super) fn whole(&self, asset: &Asset) -> Result<Vec<u8>, ForgeError> {
        let what = format!("read back {}", asset.name.escape_debug());
        match self.read_through(Door::Api, &what, asset, None)? {
            Piece::Part { bytes, .. } | Piece::Whole(bytes) => Ok(bytes),
        }
    }

    fn read_through(
        &self,
        door: Door,
        what: &str,
        asset: &Asset,
        range: Option<&Range<u64>>,
    ) -> Result<Piece, ForgeError> {
        let (url, token) = match door {
            Door::Public => (&asset.download_url, None),
            // The token is for the API's own origin; an answer can't send it elsewhere.
            Door::Api if origin(&asset.api_url).ok() == origin(&self.access.api_url).ok() => {
                (&asset.api_url, self.access.token.as_ref())
            }
            Door::Api => (&asset.api_url, None),
        };
        let mut headers = vec![("accept", "application/octet-stream".to_owned())];
        if let Some(range) = range {
            headers.push(("range", format!("bytes={}-{}", range.start, range.end - 1)));
        }
        let request = Request {
            method: Method::Get,
            url: url.clone(),
            headers,
            token,
            body: Body::Empty,
            // A refusal may be longer than what was asked for.
            most: asset.size.max(64 << 10),
        };
        let mut tries = Tries::new(&self.pace);
        loop {
            if matches!(door, Door::Api) {
                self.wait_while_held(what, &mut tries)?;
            }
            let piece =
                self.once_as(what, &request, &tries).and_then(|answer| piece(what, asset, range, answer));
            match piece {
                Ok(piece) => return Ok(piece),
                Err(Failed::Final(error)) => return Err(error),
                Err(Failed::Again(again)) => tries.again(*again)?,
            }
        }
    }
}

/// Checks that an answer holds what was asked for: a part is believed only by its `Content-Range` (RFC 9110 14.4).
fn piece(what: &str, asset: &Asset, range: Option<&Range<u64>>, answer: Response) -> Result<Piece, Failed> {
    let again = |why: String| Failed::again(ForgeError::Unreadable { what: what.to_owned(), why }, false);
    let (206, Some(range)) = (answer.status, range) else {
        let got = answer.body.len() as u64;
        if got != asset.size {
            // An Enterprise server that wants people to log in first.
            if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
                let why = format!("it is a page, not the file; it begins {}", start_of(&answer.body));
                return Err(Failed::Final(ForgeError::Unreadable { what: what.to_owned(), why }));
            }
            return Err(again(format!("{got} bytes arrived, not {}", asset.size)));
        }
        return Ok(Piece::Whole(answer.body));
    };
    let header = answer.header("content-range").unwrap_or_default();
    let (first, last, total) = content_range(header)
        .ok_or_else(|| again(format!("its range `{}` can't be read", header.escape_debug())))?;
    let asked = range.start..range.end.min(asset.size);
    let is_asked = (first, last.saturating_add(1)) == (asked.start, asked.end);
    if !is_asked || total != asset.size || answer.body.len() as u64 != asked.end - asked.start {
        let got = answer.body.len();
        return Err(again(format!(
            "{got} bytes of `{}` arrived for bytes {}-{}",
            header.escape_debug(),
            range.start,
            range.end - 1
        )));
    }
    Ok(Piece::Part { bytes: answer.body, total })
}

/// `bytes 0-99/1234`.
fn content_range(header: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
}
