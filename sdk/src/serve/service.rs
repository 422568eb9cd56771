//! The services of a plugin: wick's connector, and what go-plugin hosts expect beside it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::grpc::{Failure, Guarded, MESSAGE_LIMIT, Reply, Status};
use super::stop::Stop;
use super::wire::{self, Malformed, Writer};
use crate::call::{Call, Piece, Stream};
use crate::error::{Error, Result};
use crate::plugin::{Run, Server, Work};
use crate::secret::Secret;

/// A large answer travels in pieces of this size.
const PIECE: usize = 1 << 20;

/// Pieces that may wait for the host before a stream does.
const WAITING: usize = 8;

/// What answers calls.
pub(super) struct Service {
    server: &'static Server,
    /// The `module` object of the manifest.
    module: &'static [u8],
    version: &'static str,
    /// The keys of the credentials that no message may repeat.
    secrets: Vec<&'static str>,
}

impl Service {
    pub(super) fn new(server: &'static Server, module: &'static [u8], version: &'static str) -> Service {
        Service { server, module, version, secrets: (server.secrets)() }
    }

    /// Answers the call of `path`.
    pub(super) async fn answer(
        &self,
        path: &str,
        message: Bytes,
        reply: &mut Reply,
        stop: Stop,
    ) -> Result<(), Failure> {
        let answer = match path {
            "/wick.connector.v1.Connector/Execute" => {
                let call = Answering::new(&message)?;
                reply.unless_cancelled(self.execute(call)).await?
            }
            "/wick.connector.v1.Connector/ExecuteStream" => {
                let call = Answering::new(&message)?;
                return self.execute_stream(call, reply).await;
            }
            "/wick.connector.v1.Connector/Schema" => Writer::default().bytes(1, self.module),
            "/wick.connector.v1.Connector/CheckPermissions" => {
                let call = Answering::permissions(&message)?;
                reply.unless_cancelled(self.check_permissions(call)).await?
            }
            "/wick.connector.v1.Connector/ResolveIdentity" => {
                let mut token = String::new();
                wire::fields(&message, |number, content| {
                    if number == 1 {
                        token = wire::text(&content)?;
                    }
                    Ok(())
                })?;
                reply.unless_cancelled(self.resolve_identity(token)).await?
            }
            "/wick.connector.v1.Connector/Health" => reply.unless_cancelled(self.health()).await?,
            "/grpc.health.v1.Health/Check" => ping(&message)?,
            "/plugin.GRPCController/Shutdown" => {
                stop.ask();
                Writer::default()
            }
            "/plugin.GRPCStdio/StreamStdio" => {
                // stdout goes to stderr, which the host reads anyway, so nothing ever comes here. Hosts want the stream
                // all the same, and tonic's wait for its headers.
                reply.begin()?;
                return Ok(reply.unless_cancelled(stop.wait()).await?);
            }
            _ => return Err(Status::unimplemented(path).into()),
        };
        Ok(reply.send(&answer.done()).await?)
    }

    async fn execute(&self, mut asked: Answering) -> Writer {
        let (key, call) = asked.take();
        let secrets = self.secret_values(&call.creds);
        let result = match self.handler(&key) {
            Some(Run::Answer(run)) => guarded(|| run(call)).await,
            Some(Run::Stream(_)) => {
                Err(Error::new("stream_only", format!("operation `{key}` answers in a stream only")))
            }
            None => Err(self.unknown(&key)),
        };
        match result.and_then(small_enough) {
            Ok(json) => {
                let version = Writer::default().text(1, "plugin_version").text(2, self.version);
                Writer::default().bytes(1, &json).message(3, version)
            }
            Err(error) => Writer::default().message(2, wire_error(error, &secrets)),
        }
    }

    /// Serves operations that don't stream too.
    async fn execute_stream(&self, mut asked: Answering, reply: &mut Reply) -> Result<(), Failure> {
        let (key, call) = asked.take();
        let secrets = self.secret_values(&call.creds);
        reply.begin()?;
        let result = match self.handler(&key) {
            Some(Run::Stream(run)) => {
                let (sender, pieces) = mpsc::channel(WAITING);
                let work = guarded(|| run(call, Stream { pieces: sender }));
                pass_on(work, pieces, reply).await?
            }
            Some(Run::Answer(run)) => match reply.unless_cancelled(guarded(|| run(call))).await? {
                Ok(json) => {
                    send_data(&json, reply).await?;
                    Ok(())
                }
                Err(error) => Err(error),
            },
            None => Err(self.unknown(&key)),
        };
        let error = result.err().map(|error| wire_error(error, &secrets));
        let last = Writer::default().flag(2, true).optional(3, error);
        Ok(reply.send(&last.done()).await?)
    }

    async fn check_permissions(&self, mut asked: Answering) -> Writer {
        let (_, call) = asked.take();
        let secrets = self.secret_values(&call.creds);
        let permissions = guarded(|| (self.server.permissions)(call)).await;
        let keys: Vec<&str> = self.server.handlers.iter().map(|handler| handler.key).collect();
        let unknown = permissions.as_ref().ok().and_then(|permissions| {
            permissions
                .denied
                .iter()
                .find(|(key, _)| !keys.contains(&key.as_str()))
                .map(|(key, _)| key.clone())
        });
        let mut out = Writer::default();
        for key in keys {
            let reason = match &permissions {
                Ok(permissions) => {
                    permissions.denied.iter().find(|(denied, _)| denied == key).map(|(_, why)| why.clone())
                }
                Err(error) => Some(error.message().to_owned()),
            };
            let health = Writer::default().text(1, key).flag(2, reason.is_none());
            out = out.message(
                1,
                match reason {
                    Some(reason) => health.text(3, redacted(Error::failed(reason), &secrets).message()),
                    None => health,
                },
            );
        }
        let error = unknown
            .map(|key| Error::failed(format!("the plugin denies `{key}`, which is no operation of it")));
        out.optional(2, error.map(|error| wire_error(error, &secrets)))
    }

    async fn resolve_identity(&self, token: String) -> Writer {
        let secrets = [token.clone()];
        let result = match self.server.identity {
            Some(identify) => guarded(|| identify(Secret::new(token))).await,
            None => Err(Error::new("unsupported", "this plugin has no accounts")),
        };
        match result {
            Ok(who) => Writer::default().text(1, &who.user_id).text(2, &who.display_name),
            Err(error) => Writer::default().message(3, wire_error(error, &secrets)),
        }
    }

    async fn health(&self) -> Writer {
        let sick = match self.server.health {
            Some(health) => guarded(health).await.err(),
            None => None,
        };
        match sick {
            Some(error) => Writer::default().text(2, error.message()),
            None => {
                let detail = format!("{} {}", self.server.module.meta.key, self.version);
                Writer::default().flag(1, true).text(2, &detail)
            }
        }
    }

    fn handler(&self, key: &str) -> Option<Run> {
        self.server.handlers.iter().find(|handler| handler.key == key).map(|handler| handler.run)
    }

    fn unknown(&self, key: &str) -> Error {
        Error::new("unknown_operation", format!("{} has no operation `{key}`", self.server.module.meta.key))
    }

    fn secret_values(&self, creds: &HashMap<String, String>) -> Vec<String> {
        self.secrets.iter().filter_map(|key| creds.get(*key)).cloned().collect()
    }
}

/// Runs an operation; its panic is an error of it alone.
async fn guarded<T>(start: impl FnOnce() -> Work<T>) -> Result<T> {
    match Guarded(start()).await {
        Ok(result) => result,
        Err(panic) => Err(Error::new("panic", format!("the operation panicked: {panic}"))),
    }
}

/// Passes the pieces of an operation on until it is done and all are sent.
async fn pass_on(
    work: impl Future<Output = Result<()>>,
    mut pieces: mpsc::Receiver<Piece>,
    reply: &mut Reply,
) -> Result<Result<()>, Failure> {
    enum Next {
        Piece(Piece),
        Done(Result<()>),
    }
    let mut work = pin!(work);
    loop {
        let next = poll_fn(|cx| {
            if let Poll::Ready(Some(piece)) = pieces.poll_recv(cx) {
                return Poll::Ready(Next::Piece(piece));
            }
            work.as_mut().poll(cx).map(Next::Done)
        });
        match reply.unless_cancelled(next).await? {
            Next::Piece(piece) => send_piece(piece, reply).await?,
            Next::Done(result) => {
                while let Ok(piece) = pieces.try_recv() {
                    send_piece(piece, reply).await?;
                }
                return Ok(result);
            }
        }
    }
}

async fn send_piece(piece: Piece, reply: &mut Reply) -> Result<(), Failure> {
    match piece {
        Piece::Data(data) => send_data(&data, reply).await,
        Piece::Progress { done, total, message } => {
            let progress = Writer::default().number(4, done).number(5, total).text(6, &message);
            Ok(reply.send(&progress.done()).await?)
        }
    }
}

async fn send_data(data: &[u8], reply: &mut Reply) -> Result<(), Failure> {
    for piece in data.chunks(PIECE) {
        reply.send(&Writer::default().bytes(1, piece).done()).await?;
    }
    Ok(())
}

/// A host would refuse more, and tell its user of a broken connection.
fn small_enough(json: Vec<u8>) -> Result<Vec<u8>> {
    if json.len() > MESSAGE_LIMIT - 1024 {
        let message = format!("the result has {} bytes, a host takes {MESSAGE_LIMIT}", json.len());
        return Err(Error::new("result_too_large", message));
    }
    Ok(json)
}

fn redacted(error: Error, secrets: &[String]) -> Error {
    error.redacted(secrets.iter().map(String::as_str))
}

fn wire_error(error: Error, secrets: &[String]) -> Writer {
    let error = redacted(error, secrets);
    Writer::default().text(1, error.code()).text(2, error.message())
}

/// go-plugin asks for `plugin`; `""` means the server as a whole. 1 is SERVING.
fn ping(message: &Bytes) -> Result<Writer, Failure> {
    let mut service = String::new();
    wire::fields(message, |number, content| {
        if number == 1 {
            service = wire::text(&content)?;
        }
        Ok(())
    })?;
    match service.as_str() {
        "" | "plugin" => Ok(Writer::default().number(1, 1)),
        _ => Err(Status::not_found(format!("no service {service}")).into()),
    }
}

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Failure {
        Failure::Status(Status::malformed())
    }
}

/// A call that is being answered. Dropped with the answer or with the host's interest, it tells the operation.
struct Answering {
    operation: String,
    call: Option<Call>,
    cancelled: Arc<AtomicBool>,
}

impl Answering {
    /// Reads an `ExecuteRequest`.
    fn new(message: &Bytes) -> Result<Answering, Malformed> {
        let mut operation = String::new();
        let mut call = empty_call();
        wire::fields(message, |number, content| {
            match number {
                1 => operation = wire::text(&content)?,
                2 => call.arguments = content,
                3 => call.creds.extend([wire::entry(&content)?]),
                4 => call.request_id = wire::text(&content)?,
                5 => call.session_id = wire::text(&content)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(Answering { operation, cancelled: call.cancelled.clone(), call: Some(call) })
    }

    /// Reads a `PermsRequest`.
    fn permissions(message: &Bytes) -> Result<Answering, Malformed> {
        let mut call = empty_call();
        wire::fields(message, |number, content| {
            if number == 1 {
                call.creds.extend([wire::entry(&content)?]);
            }
            Ok(())
        })?;
        Ok(Answering { operation: String::new(), cancelled: call.cancelled.clone(), call: Some(call) })
    }

    fn take(&mut self) -> (String, Call) {
        (std::mem::take(&mut self.operation), self.call.take().unwrap_or_else(empty_call))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

fn empty_call() -> Call {
    Call {
        arguments: Bytes::new(),
        creds: HashMap::new(),
        request_id: String::new(),
        session_id: String::new(),
        cancelled: Arc::default(),
    }
}
