//! gRPC on HTTP/2: one message in, one or many out, a status in the trailers. No compression, which hosts don't use.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use super::service::Service;
use super::stop::Stop;

/// What either side may send, as wick hosts have it.
pub(super) const MESSAGE_LIMIT: usize = 64 << 20;

/// Calls in flight that a host may have, far above what one has.
const CALLS: u32 = 4096;

/// The status of a call itself, apart from the errors of operations.
#[derive(Debug)]
pub(super) struct Status {
    code: u8,
    message: String,
}

impl Status {
    const DEADLINE_EXCEEDED: u8 = 4;
    const RESOURCE_EXHAUSTED: u8 = 8;
    const UNIMPLEMENTED: u8 = 12;
    const INTERNAL: u8 = 13;
    const NOT_FOUND: u8 = 5;

    fn new(code: u8, message: impl Into<String>) -> Status {
        Status { code, message: message.into() }
    }

    pub(super) fn unimplemented(path: &str) -> Status {
        Status::new(Status::UNIMPLEMENTED, format!("no method {path}"))
    }

    pub(super) fn malformed() -> Status {
        Status::new(Status::INTERNAL, "the request can't be decoded")
    }

    pub(super) fn not_found(what: impl Into<String>) -> Status {
        Status::new(Status::NOT_FOUND, what)
    }
}

/// The peer went away or lost interest: there is nobody to tell.
pub(super) struct Gone;

impl From<h2::Error> for Gone {
    fn from(_: h2::Error) -> Gone {
        Gone
    }
}

/// Serves one connection until its end, or until all calls are answered after a stop.
pub(super) async fn serve<T>(io: T, service: &'static Service, stop: Stop)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = h2::server::Builder::new();
    builder
        .initial_window_size(1 << 20)
        .initial_connection_window_size(8 << 20)
        .max_concurrent_streams(CALLS)
        // A host that cancels many calls at once isn't an attack.
        .max_concurrent_reset_streams(CALLS as usize)
        .max_pending_accept_reset_streams(CALLS as usize)
        .max_send_buffer_size(1 << 20);
    let Ok(mut connection) = builder.handshake::<_, Bytes>(io).await else { return };
    let mut stopped = pin!(stop.clone().wait());
    let mut stopping = false;
    loop {
        let next = poll_fn(|cx| {
            if !stopping && stopped.as_mut().poll(cx).is_ready() {
                stopping = true;
                connection.graceful_shutdown();
            }
            accept(&mut connection, cx)
        });
        let Some((request, respond)) = next.await else { return };
        tokio::spawn(call(request, respond, service, stop.clone()));
    }
}

type Asked = (Request<RecvStream>, SendResponse<Bytes>);

/// The next call; none when the connection is over.
fn accept<T>(connection: &mut Connection<T, Bytes>, cx: &mut Context<'_>) -> Poll<Option<Asked>>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    connection.poll_accept(cx).map(|asked| asked.and_then(Result::ok))
}

/// Answers one call. When the host cancels it, the work is dropped.
async fn call(
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    service: &'static Service,
    stop: Stop,
) {
    let (head, body) = request.into_parts();
    let limit = head.headers.get("grpc-timeout").and_then(timeout);
    let mut reply = Reply { respond, stream: None };
    let work = async {
        let message = message(body).await?;
        service.answer(head.uri.path(), message, &mut reply, stop).await
    };
    let done = match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            Err(Failure::Status(Status::new(Status::DEADLINE_EXCEEDED, "the deadline is over")))
        }),
        None => work.await,
    };
    // Nobody is left to hear of a failure to send.
    let _ = match done {
        Ok(()) => reply.end(&Status::new(0, "")),
        Err(Failure::Status(status)) => reply.end(&status),
        Err(Failure::Gone) => Err(Gone),
    };
}

/// Why a call has no answer.
pub(super) enum Failure {
    Status(Status),
    Gone,
}

impl From<Status> for Failure {
    fn from(status: Status) -> Failure {
        Failure::Status(status)
    }
}

impl From<Gone> for Failure {
    fn from(_: Gone) -> Failure {
        Failure::Gone
    }
}

/// The one message of a request.
async fn message(mut body: RecvStream) -> Result<Bytes, Failure> {
    let mut collected = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data.map_err(Gone::from)?;
        body.flow_control().release_capacity(data.len()).map_err(Gone::from)?;
        if collected.len() + data.len() > MESSAGE_LIMIT + 5 {
            let text = format!("the request has more than {MESSAGE_LIMIT} bytes");
            return Err(Status::new(Status::RESOURCE_EXHAUSTED, text).into());
        }
        collected.extend_from_slice(&data);
    }
    let collected = collected.freeze();
    let Some((head, content)) = collected.split_at_checked(5) else {
        return Err(Status::malformed().into());
    };
    if head[0] != 0 {
        return Err(Status::new(Status::UNIMPLEMENTED, "compressed requests are not read").into());
    }
    if u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize != content.len() {
        return Err(Status::malformed().into());
    }
    Ok(collected.slice(5..))
}

/// `100m` is 100 ms: at most eight digits and a unit.
fn timeout(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 3600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

/// The way back to the host.
pub(super) struct Reply {
    respond: SendResponse<Bytes>,
    stream: Option<SendStream<Bytes>>,
}

impl Reply {
    /// Sends the headers, if they aren't sent yet. Some clients wait for them.
    pub(super) fn begin(&mut self) -> Result<&mut SendStream<Bytes>, Gone> {
        if self.stream.is_none() {
            self.stream = Some(self.respond.send_response(Response::from_parts(head(), ()), false)?);
        }
        self.stream.as_mut().ok_or(Gone)
    }

    /// Sends a message, as fast as the host takes it.
    pub(super) async fn send(&mut self, message: &[u8]) -> Result<(), Gone> {
        let mut framed = BytesMut::with_capacity(message.len() + 5);
        framed.put_u8(0);
        framed.put_u32(u32::try_from(message.len()).map_err(|_| Gone)?);
        framed.put_slice(message);
        let mut rest = framed.freeze();
        let stream = self.begin()?;
        while !rest.is_empty() {
            stream.reserve_capacity(rest.len());
            let room = poll_fn(|cx| stream.poll_capacity(cx)).await.ok_or(Gone)??;
            stream.send_data(rest.split_to(room.min(rest.len())), false)?;
        }
        Ok(())
    }

    /// Waits for `work` unless the host cancels the call first; then it is dropped.
    pub(super) async fn unless_cancelled<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Gone> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(value) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(value));
            }
            let reset: Poll<Result<Reason, h2::Error>> = match &mut self.stream {
                Some(stream) => stream.poll_reset(cx),
                None => self.respond.poll_reset(cx),
            };
            reset.map(|_| Err(Gone))
        })
        .await
    }

    fn end(&mut self, status: &Status) -> Result<(), Gone> {
        match &mut self.stream {
            Some(stream) => stream.send_trailers(trailers(HeaderMap::new(), status))?,
            None => {
                let mut head = head();
                head.headers = trailers(head.headers, status);
                self.respond.send_response(Response::from_parts(head, ()), true)?;
            }
        }
        Ok(())
    }
}

fn head() -> http::response::Parts {
    let (mut head, ()) = Response::new(()).into_parts();
    head.headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    head
}

fn trailers(mut headers: HeaderMap, status: &Status) -> HeaderMap {
    headers.insert("grpc-status", HeaderValue::from(u16::from(status.code)));
    if !status.message.is_empty()
        && let Ok(text) = HeaderValue::try_from(percent_encoded(&status.message))
    {
        headers.insert("grpc-message", text);
    }
    headers
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

/// A future whose panic is a value: what it was, as text.
pub(super) struct Guarded<F>(pub(super) F);

impl<F: Future + Unpin> Future for Guarded<F> {
    type Output = Result<F::Output, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.0).poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic_text(&*panic))),
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it said nothing readable").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_timeouts() {
        let read = |text: &'static str| timeout(&HeaderValue::from_static(text));
        assert_eq!(read("100m"), Some(Duration::from_millis(100)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(read("1x"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn status_messages_are_ascii() {
        assert_eq!(percent_encoded("50 % ü\n"), "50 %25 %C3%BC%0A");
    }
}
