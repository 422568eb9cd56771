//! gRPC to a process on this machine: unary calls and server streams, over a Unix socket or loopback TCP, plain or with
//! both sides' certificates pinned. Sync outside; inside a runtime of one thread that runs while somebody waits for a
//! call. Knows no service and no message; sizes, deadlines and Ctrl-C are its business.
//! Protocol: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.

mod connect;
mod exchange;
mod frame;
mod identity;
mod tls;

#[cfg(test)]
mod tests;

pub use identity::Identity;

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::interrupt::{self, OnRequest};
use crate::model::endpoint::Endpoint;
use crate::model::failure::{Explain, FailureKind};

/// A call that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GrpcError {
    /// Nobody listens there, or not so.
    #[error("can't connect to {endpoint}: {problem}")]
    Connect {
        /// Where.
        endpoint: String,
        /// What happened.
        problem: String,
    },
    /// The server answered with a status other than OK.
    #[error("{method}: {} ({code}){}", status_name(*code), with_colon(message))]
    Status {
        /// The call.
        method: String,
        /// gRPC's number.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// The connection broke, or what came over it is no gRPC.
    #[error("{method}: {problem}")]
    Broken {
        /// The call.
        method: String,
        /// What happened.
        problem: String,
    },
    /// An answer beyond the limit.
    #[error("{method}: a message has more than {} MiB", limit >> 20)]
    TooBig {
        /// The call.
        method: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// No answer in time.
    #[error("{method}: no answer within {} s", limit.as_secs_f32())]
    Deadline {
        /// The call.
        method: String,
        /// The time it had.
        limit: Duration,
    },
    /// The user stopped the run.
    #[error("interrupted")]
    Interrupted,
}

impl Explain for GrpcError {
    fn kind(&self) -> FailureKind {
        match self {
            GrpcError::Interrupted => FailureKind::Interrupted,
            _ => FailureKind::Step,
        }
    }
}

impl GrpcError {
    /// Whether the server doesn't know the call.
    #[must_use]
    pub fn is_unimplemented(&self) -> bool {
        matches!(self, GrpcError::Status { code: 12, .. })
    }
}

fn with_colon(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {}", message.escape_debug()) }
}

/// gRPC's names of its numbers.
fn status_name(code: u16) -> &'static str {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    NAMES.get(usize::from(code)).copied().unwrap_or("an unknown status")
}

/// How far two clocks of a deadline may be apart.
const TICK: Duration = Duration::from_millis(20);

/// Who we are and whom we expect: one-time certificates, each known to the other side beforehand.
#[derive(Clone, Copy)]
pub struct Mutual<'a> {
    /// Ours.
    pub identity: &'a Identity,
    /// The DER of the server's certificate.
    pub server: &'a [u8],
}

/// A connection to a server. Calls may come from several threads.
pub struct Channel {
    // Dropped before the runtime, which would otherwise wait for nobody.
    send: SendRequest<Bytes>,
    scheme: &'static str,
    message_max: usize,
    stopped: watch::Receiver<bool>,
    _stop: OnRequest,
    runtime: Runtime,
}

impl Channel {
    /// Connects. Messages of more than `message_max` bytes are refused later on.
    ///
    /// # Errors
    /// When nobody listens, the certificates don't fit, or it takes longer than `limit`.
    pub fn open(
        endpoint: &Endpoint,
        mutual: Option<Mutual<'_>>,
        message_max: usize,
        limit: Duration,
    ) -> Result<Channel, GrpcError> {
        let failed = |problem: String| GrpcError::Connect { endpoint: endpoint.to_string(), problem };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let (stop, stopped) = watch::channel(interrupt::requested());
        let _stop = OnRequest::new(move || {
            stop.send_replace(true);
        });
        let scheme = if mutual.is_some() { "https" } else { "http" };
        let tls = mutual.map(|mutual| tls::config(&mutual)).transpose().map_err(failed)?;
        let work = async {
            let (send, connection) = connect::connect(endpoint, tls).await.map_err(failed)?;
            tokio::spawn(connection);
            Ok(send)
        };
        let send = wait(&runtime, &stopped, "connect", limit, work)?;
        Ok(Channel { send, scheme, message_max, stopped, _stop, runtime })
    }

    /// One message there, one back.
    ///
    /// # Errors
    /// When the server says no, breaks off, answers too much or not in time; when the user interrupts.
    pub fn unary(&self, method: &str, message: Vec<u8>, limit: Duration) -> Result<Vec<u8>, GrpcError> {
        let mut answer = None;
        self.stream(method, message, limit, |piece| answer = Some(piece))?;
        let problem = "it ended without an answer".to_owned();
        answer.ok_or_else(|| GrpcError::Broken { method: short(method).to_owned(), problem })
    }

    /// One message there, any number back; `each` gets them as they come.
    ///
    /// # Errors
    /// As [`Channel::unary`]; `limit` is for the whole stream.
    pub fn stream(
        &self,
        method: &str,
        message: Vec<u8>,
        limit: Duration,
        each: impl FnMut(Vec<u8>),
    ) -> Result<(), GrpcError> {
        let call = exchange::Call {
            scheme: self.scheme,
            method,
            message,
            message_max: self.message_max,
            limit: Some(limit),
        };
        wait(&self.runtime, &self.stopped, short(method), limit, exchange::run(self.send.clone(), call, each))
    }

    /// Starts a stream that nobody waits for: its messages go to `each` while other calls are waited for. It ends with
    /// the connection; a server that doesn't know the call is none of our concern.
    pub fn background(
        &self,
        method: &'static str,
        message: Vec<u8>,
        each: impl FnMut(Vec<u8>) + Send + 'static,
    ) {
        let call = exchange::Call {
            scheme: self.scheme,
            method,
            message,
            message_max: self.message_max,
            limit: None,
        };
        let work = exchange::run(self.send.clone(), call, each);
        self.runtime.spawn(async move {
            let _ = work.await;
        });
    }
}

/// The method's own name, without its service.
fn short(method: &str) -> &str {
    method.rsplit('/').next().unwrap_or(method)
}

fn wait<T>(
    runtime: &Runtime,
    stopped: &watch::Receiver<bool>,
    method: &str,
    limit: Duration,
    work: impl Future<Output = Result<T, GrpcError>>,
) -> Result<T, GrpcError> {
    let (mut stopped, began) = (stopped.clone(), Instant::now());
    let late = || GrpcError::Deadline { method: method.to_owned(), limit };
    let ended = runtime.block_on(async {
        let mut work = pin!(tokio::time::timeout(limit, work));
        let mut stop = pin!(stopped.wait_for(|stop| *stop));
        std::future::poll_fn(|cx| {
            if stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(GrpcError::Interrupted));
            }
            work.as_mut().poll(cx).map(|ended| ended.unwrap_or_else(|_| Err(late())))
        })
        .await
    });
    match ended {
        // The server was told the same deadline; when it is the first to notice, it breaks the call off.
        Err(GrpcError::Broken { .. }) if began.elapsed() + TICK >= limit => Err(late()),
        ended => ended,
    }
}
