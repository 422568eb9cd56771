//! One call: the request's frames out, the answer's frames in, the status from the trailers.

use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request};

use super::frame::{Frames, framed};
use super::{GrpcError, short};

/// How much is handed to the connection at once.
const PIECE: usize = 1 << 20;

/// What is called, and how.
pub(super) struct Call<'a> {
    pub(super) scheme: &'static str,
    pub(super) method: &'a str,
    pub(super) message: Vec<u8>,
    pub(super) message_max: usize,
    /// The server is told, so that it can give up too.
    pub(super) limit: Option<Duration>,
}

/// Calls; every message of the answer goes to `each`.
pub(super) async fn run(
    send: SendRequest<Bytes>,
    call: Call<'_>,
    mut each: impl FnMut(Vec<u8>),
) -> Result<(), GrpcError> {
    let method = short(call.method).to_owned();
    let broken = |error: h2::Error| GrpcError::Broken { method: method.clone(), problem: reason(&error) };
    if call.message.len() > call.message_max {
        return Err(GrpcError::TooBig { method, limit: call.message_max });
    }
    let request = request(&call)
        .map_err(|error| GrpcError::Broken { method: method.clone(), problem: error.to_string() })?;
    let mut send = send.ready().await.map_err(broken)?;
    let (response, body) = send.send_request(request, false).map_err(broken)?;
    // A server that has heard enough stops reading; its answer says why.
    let sent = transmit(body, framed(&call.message)).await;
    let response = match (response.await, sent) {
        (Ok(response), _) => response,
        (Err(_), Err(error)) | (Err(error), Ok(())) => return Err(broken(error)),
    };
    let status = response.status();
    if !status.is_success() {
        let problem = format!("it answered with HTTP status {}", status.as_u16());
        return Err(GrpcError::Broken { method, problem });
    }
    let early = status_of(&method, response.headers());
    let frames = Frames::new(call.message_max);
    let trailers = receive(&method, response.into_body(), frames, &mut each).await?;
    match trailers.as_ref().and_then(|trailers| status_of(&method, trailers)).or(early) {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(error),
        None => Err(GrpcError::Broken { method, problem: "it ended without a status".to_owned() }),
    }
}

fn request(call: &Call<'_>) -> Result<Request<()>, http::Error> {
    let mut request = Request::builder()
        .method("POST")
        .uri(format!("{}://localhost{}", call.scheme, call.method))
        .header("te", "trailers")
        .header("content-type", "application/grpc")
        .header("user-agent", concat!("wick/", env!("CARGO_PKG_VERSION")));
    if let Some(limit) = call.limit {
        // At most eight digits.
        let text = match limit.as_millis() {
            millis @ 0..100_000_000 => format!("{millis}m"),
            _ => format!("{}S", limit.as_secs().min(99_999_999)),
        };
        request = request.header("grpc-timeout", text);
    }
    request.body(())
}

async fn transmit(mut body: SendStream<Bytes>, mut rest: Bytes) -> Result<(), h2::Error> {
    while !rest.is_empty() {
        body.reserve_capacity(rest.len().min(PIECE));
        match std::future::poll_fn(|cx| body.poll_capacity(cx)).await {
            // The stream is closed: the response knows more.
            None => return Ok(()),
            Some(capacity) => {
                let piece = rest.split_to(capacity?.min(rest.len()));
                if !piece.is_empty() {
                    body.send_data(piece, rest.is_empty())?;
                }
            }
        }
    }
    Ok(())
}

async fn receive(
    method: &str,
    mut body: RecvStream,
    mut frames: Frames,
    each: &mut impl FnMut(Vec<u8>),
) -> Result<Option<HeaderMap>, GrpcError> {
    let broken = |problem: String| GrpcError::Broken { method: method.to_owned(), problem };
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(|error| broken(reason(&error)))?;
        body.flow_control().release_capacity(chunk.len()).map_err(|error| broken(reason(&error)))?;
        frames.push(&chunk);
        while let Some(message) = frames.next().map_err(|error| error.of(method))? {
            each(message);
        }
    }
    let trailers = body.trailers().await.map_err(|error| broken(reason(&error)))?;
    if frames.is_within_a_message() {
        return Err(broken("it ended within a message".to_owned()));
    }
    Ok(trailers)
}

/// `grpc-status` and `grpc-message`, if they are there.
fn status_of(method: &str, headers: &HeaderMap) -> Option<Result<(), GrpcError>> {
    let code = headers.get("grpc-status")?.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    if code == 0 {
        return Some(Ok(()));
    }
    let message = headers.get("grpc-message").map_or_else(String::new, |text| unescaped(text.as_bytes()));
    Some(Err(GrpcError::Status { method: method.to_owned(), code, message }))
}

/// Percent-decoding, as the protocol describes it: what can't be decoded stays.
pub(super) fn unescaped(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, more)) = rest.split_first() {
        let hex = more.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|hex| !hex.starts_with('+')).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &more[2..];
            }
            None => {
                out.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn reason(error: &h2::Error) -> String {
    match error.get_io() {
        Some(io) => format!("the connection broke: {io}"),
        None if error.is_go_away() => "the plugin closed the connection".to_owned(),
        None => format!("the connection broke: {error}"),
    }
}
