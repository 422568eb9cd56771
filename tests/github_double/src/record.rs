//! What was asked, in order of arrival.

/// The origin that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `api.github.com`.
    Api,
    /// `uploads.github.com`.
    Uploads,
    /// `github.com`.
    Web,
    /// Where downloads are redirected to.
    Storage,
}

/// A request and how it ended.
#[derive(Clone, Debug)]
pub struct Entry {
    /// From 1.
    pub number: u64,
    /// The origin.
    pub place: Place,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The request's headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// 0 while there is no answer, or when there was none.
    pub status: u16,
    /// Bytes of the request's body that arrived.
    pub bytes_in: u64,
    /// Bytes of the answer's body that were sent.
    pub bytes_out: u64,
}

impl Entry {
    /// A header of the request.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `POST /repos/octo/plugins/releases 201`, for assertions.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {} {}", self.method, self.target, self.status)
    }
}

/// Sums over the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests in all.
    pub requests: u64,
    /// Requests to the API, uploads included.
    pub api_requests: u64,
    /// Bytes of asset bodies that arrived, also of those that were then refused or cut.
    pub asset_bytes_in: u64,
    /// Bytes of assets that were sent.
    pub asset_bytes_out: u64,
    /// Bytes of all answers' bodies.
    pub bytes_out: u64,
    /// Requests to the storage that carried an Authorization header: must stay 0.
    pub tokens_leaked: u64,
}

/// The log.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) entries: Vec<Entry>,
    /// Grows when the log is cleared, so that an answer still under way finds nothing rather than another's entry.
    generation: u64,
}

/// Where a request stands in the log.
#[derive(Clone, Copy)]
pub(crate) struct Ticket {
    generation: u64,
    pub(crate) number: u64,
}

impl Record {
    pub(crate) fn last_number(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn begin(
        &mut self,
        place: Place,
        method: &str,
        target: &str,
        headers: &[(String, String)],
    ) -> Ticket {
        let number = self.last_number() + 1;
        self.entries.push(Entry {
            number,
            place,
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.to_vec(),
            status: 0,
            bytes_in: 0,
            bytes_out: 0,
        });
        Ticket { generation: self.generation, number }
    }

    pub(crate) fn end(&mut self, ticket: Ticket, status: u16, bytes_in: u64, bytes_out: u64) {
        let entry = usize::try_from(ticket.number - 1).ok().and_then(|index| self.entries.get_mut(index));
        if let Some(entry) = entry.filter(|_| ticket.generation == self.generation) {
            (entry.status, entry.bytes_in, entry.bytes_out) = (status, bytes_in, bytes_out);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.generation += 1;
    }

    pub(crate) fn counters(&self) -> Counters {
        let sum = |kept: &dyn Fn(&Entry) -> bool, of: fn(&Entry) -> u64| {
            self.entries.iter().filter(|entry| kept(entry)).map(of).sum::<u64>()
        };
        let is_upload = |entry: &Entry| entry.place == Place::Uploads;
        let is_storage = |entry: &Entry| entry.place == Place::Storage;
        Counters {
            requests: self.last_number(),
            api_requests: sum(&|entry| matches!(entry.place, Place::Api | Place::Uploads), |_| 1),
            asset_bytes_in: sum(&is_upload, |entry| entry.bytes_in),
            asset_bytes_out: sum(&is_storage, |entry| entry.bytes_out),
            bytes_out: sum(&|_| true, |entry| entry.bytes_out),
            tokens_leaked: sum(&|entry| is_storage(entry) && entry.header("authorization").is_some(), |_| 1),
        }
    }
}
