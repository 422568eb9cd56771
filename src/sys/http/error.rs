//! How a request can fail before there is an answer, and whether the server may have seen it.

use std::io;
use std::time::Duration;

/// A request without a usable answer. Never contains headers, so never a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The user stopped the run.
    #[error("interrupted")]
    Interrupted,
    /// An address that can't be used.
    #[error("`{url}` is no address to call: {why}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A proxy variable that can't be used. Its value may hold a password, so it is not shown.
    #[error("{variable} names a proxy that can't be used: {why}")]
    Proxy {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// No connection; the request was not sent.
    #[error("can't connect to {host}: {why}")]
    Connect {
        /// The server.
        host: String,
        /// What happened.
        why: String,
    },
    /// The other side isn't who it should be, or the system's certificates don't vouch for it.
    #[error("can't trust {host}: {why}")]
    Trust {
        /// The server.
        host: String,
        /// What happened.
        why: String,
    },
    /// Nothing moved for too long.
    #[error("{host} was silent for {} s", after.as_secs())]
    Silent {
        /// The server.
        host: String,
        /// How long.
        after: Duration,
    },
    /// It moved, but so slowly that it would never end.
    #[error("{host} is too slow: {bytes} bytes in {} s", after.as_secs())]
    Slow {
        /// The server.
        host: String,
        /// How many bytes came or went.
        bytes: u64,
        /// In what time.
        after: Duration,
    },
    /// The connection ended early or spoke no HTTP.
    #[error("the connection to {host} broke: {why}")]
    Broken {
        /// The server.
        host: String,
        /// What happened.
        why: String,
    },
    /// More than was allowed for.
    #[error("the answer is larger than {most} bytes: {start}")]
    TooLarge {
        /// The limit.
        most: u64,
        /// Its first characters.
        start: String,
    },
    /// Redirected in a way that is not followed.
    #[error("{host} redirects {why}")]
    Redirect {
        /// The server.
        host: String,
        /// Why it isn't followed.
        why: String,
    },
    /// The file to be sent can't be read as announced.
    #[error("can't read {file}: {why}")]
    File {
        /// The file.
        file: String,
        /// What happened.
        why: String,
    },
}

impl HttpError {
    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            HttpError::Connect { .. }
                | HttpError::Silent { .. }
                | HttpError::Slow { .. }
                | HttpError::Broken { .. }
        )
    }

    /// How long it was waited for nothing, or next to nothing.
    #[must_use]
    pub fn waited(&self) -> Duration {
        match self {
            HttpError::Silent { after, .. } | HttpError::Slow { after, .. } => *after,
            _ => Duration::ZERO,
        }
    }

    /// Whether the server may have acted on the request.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        matches!(
            self,
            HttpError::Silent { .. }
                | HttpError::Slow { .. }
                | HttpError::Broken { .. }
                | HttpError::TooLarge { .. }
        )
    }

    /// Reads ureq's error for a request to `host`.
    pub(super) fn from_ureq(error: ureq::Error, host: &str, times: &super::Times) -> HttpError {
        use ureq::Timeout;
        if super::interrupt::requested() {
            return HttpError::Interrupted;
        }
        let host = host.to_owned();
        let why = error.to_string();
        match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => HttpError::Connect {
                host,
                why: format!("no connection within {} s", times.connect.as_secs()),
            },
            ureq::Error::Timeout(Timeout::RecvResponse) => HttpError::Silent { host, after: times.answer },
            ureq::Error::Timeout(_) => HttpError::Silent { host, after: times.stall },
            ureq::Error::HostNotFound => {
                HttpError::Connect { host, why: "there is no host of that name".to_owned() }
            }
            ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_) => {
                HttpError::Connect { host, why }
            }
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::TlsRequired => {
                HttpError::Trust { host, why }
            }
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => HttpError::Address { url: host, why },
            ureq::Error::Io(error) if is_lookup(&error) => {
                HttpError::Connect { host, why: error.to_string() }
            }
            ureq::Error::Io(error) => HttpError::from_io(&error, host),
            _ => HttpError::Broken { host, why },
        }
    }

    fn from_io(error: &io::Error, host: String) -> HttpError {
        let why = error.to_string();
        match error.kind() {
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable => HttpError::Connect { host, why },
            // What rustls reports of certificates arrives as invalid data.
            io::ErrorKind::InvalidData => HttpError::Trust { host, why },
            _ => HttpError::Broken { host, why },
        }
    }
}

/// Whether a name was not found. The standard library has no kind for it: a text on Unix, numbers on Windows
/// (WSAHOST_NOT_FOUND to WSANO_DATA).
fn is_lookup(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(11001..=11004) if cfg!(windows))
        || error.to_string().contains("failed to lookup address")
}
