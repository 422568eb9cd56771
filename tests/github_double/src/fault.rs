//! What can go wrong, and when.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::record::Place;

/// A fault of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends when the head was read; nothing is done.
    CutBefore,
    /// The connection ends after so many bytes of the request's body; an upload stays behind as `starter`.
    CutInRequest(u64),
    /// Everything is done, then the connection ends without an answer.
    CutAfter,
    /// Everything is done; the connection ends after so many bytes of the answer's body.
    CutInAnswer(u64),
    /// This status with GitHub's HTML page; nothing is done, but an upload stays behind as `starter`.
    Status(u16),
    /// Everything is done, then this status.
    StatusAfter(u16),
    /// 403, the primary limit is used up, reset in so many seconds.
    Primary(u64),
    /// The secondary limit: 403 (or 429), with `retry-after` where given.
    Secondary {
        /// 403 or 429.
        status: u16,
        /// In seconds.
        retry_after: Option<u64>,
    },
    /// 200 with an HTML page, as a proxy's login.
    Html,
    /// The real status, and the first half of the JSON with a matching Content-Length. Everything is done.
    HalfJson,
    /// 200 with so many bytes of JSON that never ends.
    Huge(u64),
    /// 400 whose message repeats the Authorization header.
    Echo,
    /// The answer's body comes in pieces of so many bytes, so many milliseconds apart.
    Slow {
        /// Bytes.
        piece: usize,
        /// Milliseconds.
        pause: u64,
    },
    /// The head of the answer, then silence.
    Silence,
    /// A refusal is sent without reading the body, and the connection closed, so that a client in the middle of
    /// sending may never see it. <https://github.com/concourse/github-release-resource/issues/151>
    Early,
    /// An upload is stored with one byte changed.
    Corrupt,
    /// A redirect to this address, whatever was asked.
    Redirect(u16, String),
    /// A link to a next page at this address.
    NextPage(String),
    /// Lists come without links, as through a proxy that keeps only some headers.
    NoLinks,
    /// A link to yet another page.
    EndlessPages,
}

/// The faults to come.
#[derive(Default)]
pub(crate) struct Faults {
    at: BTreeMap<u64, Fault>,
    from: Option<(u64, Fault)>,
    place: Option<(Place, Fault)>,
}

impl Faults {
    pub(crate) fn at(&mut self, number: u64, fault: Fault) {
        self.at.insert(number, fault);
    }

    pub(crate) fn from(&mut self, number: u64, fault: Fault) {
        self.from = Some((number, fault));
    }

    pub(crate) fn clear(&mut self) {
        *self = Faults::default();
    }

    pub(crate) fn place(&mut self, place: Place, fault: Fault) {
        self.place = Some((place, fault));
    }

    pub(crate) fn take(&mut self, number: u64, place: Place) -> Option<Fault> {
        let there = self.place.as_ref().filter(|(known, _)| *known == place).map(|(_, fault)| fault.clone());
        let lasting =
            || self.from.as_ref().filter(|(first, _)| number >= *first).map(|(_, fault)| fault.clone());
        self.at.remove(&number).or_else(lasting).or(there)
    }
}

impl FromStr for Fault {
    type Err = String;

    /// As on the command line: `cut-before`, `cut-in-request:1000`, `cut-after`, `cut-in-answer:10`, `status:502`,
    /// `status-after:502`, `primary:3600`, `secondary`, `secondary:60`, `html`, `half-json`, `echo`, `silence`, `early`, `corrupt`.
    fn from_str(text: &str) -> Result<Fault, String> {
        let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
        let number =
            || value.and_then(|digits| digits.parse::<u64>().ok()).ok_or(format!("`{text}` needs a number"));
        let status = || number().and_then(|n| u16::try_from(n).map_err(|error| error.to_string()));
        Ok(match name {
            "cut-before" => Fault::CutBefore,
            "cut-in-request" => Fault::CutInRequest(number()?),
            "cut-after" => Fault::CutAfter,
            "cut-in-answer" => Fault::CutInAnswer(number()?),
            "status" => Fault::Status(status()?),
            "status-after" => Fault::StatusAfter(status()?),
            "primary" => Fault::Primary(number()?),
            "secondary" => Fault::Secondary { status: 403, retry_after: value.and_then(|v| v.parse().ok()) },
            "html" => Fault::Html,
            "half-json" => Fault::HalfJson,
            "echo" => Fault::Echo,
            "silence" => Fault::Silence,
            "early" => Fault::Early,
            "corrupt" => Fault::Corrupt,
            _ => return Err(format!("there is no fault `{text}`")),
        })
    }
}
