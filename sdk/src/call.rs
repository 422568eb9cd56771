//! A call of an operation: who asks, whether anybody still waits, and where the pieces of a streamed answer go.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::error::{Error, Result};
use crate::field::Fields;
use crate::values::Values;

/// The call an operation answers. An operation that wants to know takes a `&Call`.
pub struct Call {
    pub(crate) arguments: Bytes,
    pub(crate) creds: HashMap<String, String>,
    pub(crate) request_id: String,
    pub(crate) session_id: String,
    pub(crate) cancelled: Arc<AtomicBool>,
}

impl Call {
    /// The host's name for this request, for logs.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The session it belongs to; empty when there is none.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Whether the host stopped waiting. An async operation ends by itself then; a plain function that works for long
    /// should ask now and then.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// The plugin's configuration.
    pub(crate) fn config<T: Fields>(&self) -> Result<T> {
        T::read(&mut Values::config(&self.creds))
    }

    /// The operation's input.
    pub(crate) fn input<T: Fields>(&self) -> Result<T> {
        T::read(&mut Values::arguments(&self.arguments)?)
    }
}

/// Arguments and credentials stay out of logs.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// What a streaming operation sends.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    Progress { done: i32, total: i32, message: String },
}

/// Where a streaming operation puts the pieces of its answer. An error means that nobody listens any more: pass it on
/// with `?`.
#[derive(Debug)]
pub struct Stream {
    pub(crate) pieces: mpsc::Sender<Piece>,
}

impl Stream {
    /// Sends a value as a line of JSON.
    ///
    /// # Errors
    /// When nobody listens any more, or the value can't be written as JSON.
    pub async fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        self.put(Piece::Data(line(value)?)).await
    }

    /// Says how far the operation is.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub async fn progress(&self, done: i32, total: i32, message: impl Into<String>) -> Result<()> {
        self.put(Piece::Progress { done, total, message: message.into() }).await
    }

    /// [`Stream::send`] for operations that are plain functions.
    ///
    /// # Errors
    /// As there.
    pub fn send_blocking<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        self.pieces.blocking_send(Piece::Data(line(value)?)).map_err(|_| gone())
    }

    /// [`Stream::progress`] for operations that are plain functions.
    ///
    /// # Errors
    /// As there.
    pub fn progress_blocking(&self, done: i32, total: i32, message: impl Into<String>) -> Result<()> {
        let piece = Piece::Progress { done, total, message: message.into() };
        self.pieces.blocking_send(piece).map_err(|_| gone())
    }

    async fn put(&self, piece: Piece) -> Result<()> {
        self.pieces.send(piece).await.map_err(|_| gone())
    }
}

fn line<T: Serialize + ?Sized>(value: &T) -> Result<Bytes> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line.into())
}

fn gone() -> Error {
    Error::new("cancelled", "the host stopped listening")
}
