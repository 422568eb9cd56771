//! The seam between what `#[plugin]` writes and what serves it: declarations and functions, side by side.

use std::panic::resume_unwind;
use std::pin::Pin;

use serde::Serialize;

use crate::call::{Call, Stream};
use crate::declare::Module;
use crate::error::{Error, Result};
use crate::field::Fields;
use crate::secret::Secret;

/// A plugin: `#[plugin] impl` writes this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no plugin",
    note = "put `#[wick_plugin::plugin]` on the `impl {Self}` that has the operations"
)]
pub trait Plugin: Fields {
    /// What it declares and does.
    const SERVER: Server;
}

/// Work that may wait.
pub type Work<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// What a plugin declares and does.
#[derive(Clone, Copy)]
pub struct Server {
    /// connector, tool or job.
    pub kind: &'static str,
    /// What it declares.
    pub module: Module,
    /// One for each operation that is declared.
    pub handlers: &'static [Handler],
    /// Which operations the credentials allow.
    pub permissions: fn(Call) -> Work<Permissions>,
    /// Whose token it is.
    pub identity: Option<fn(Secret) -> Work<Identity>>,
    /// Whether it can work at all.
    pub health: Option<fn() -> Work<()>>,
    /// The keys of the credentials that are secret.
    pub secrets: fn() -> Vec<&'static str>,
}

/// What is done for an operation.
#[derive(Clone, Copy)]
pub struct Handler {
    /// The operation's key.
    pub key: &'static str,
    /// What is done.
    pub run: Run,
}

/// The two kinds of operations.
#[derive(Clone, Copy)]
pub enum Run {
    /// One answer, as JSON.
    Answer(fn(Call) -> Work<Vec<u8>>),
    /// Many pieces.
    Stream(fn(Call, Stream) -> Work<()>),
}

/// Which operations the given credentials would allow; the answer of `#[permissions]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    pub(crate) denied: Vec<(String, String)>,
}

impl Permissions {
    /// Everything is allowed, as far as [`Permissions::deny`] says nothing else.
    #[must_use]
    pub fn all() -> Permissions {
        Permissions::default()
    }

    /// Everything but `operation`, for this reason: `.deny("forget", "needs the scope admin")`.
    #[must_use]
    pub fn deny(mut self, operation: impl Into<String>, reason: impl Into<String>) -> Permissions {
        self.denied.push((operation.into(), reason.into()));
        self
    }
}

/// A user of the service behind a plugin; the answer of `#[identity]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// What the service knows the user by.
    pub user_id: String,
    /// What people know the user by.
    pub display_name: String,
}

/// Turns a result into an answer.
///
/// # Errors
/// The operation's own, and when a result can't be written as JSON.
pub fn answer<T: Serialize, E: Into<Error>>(result: Result<T, E>) -> Result<Vec<u8>> {
    let value = result.map_err(Into::into)?;
    serde_json::to_vec(&value).map_err(|error| Error::failed(format!("the result is no JSON: {error}")))
}

/// Reads the configuration of a call.
///
/// # Errors
/// When something is missing or can't be read.
pub fn config<T: Fields>(call: &Call) -> Result<T> {
    call.config()
}

/// Reads the input of a call.
///
/// # Errors
/// When something is missing or can't be read.
pub fn input<T: Fields>(call: &Call) -> Result<T> {
    call.input()
}

/// Runs a plain function where it may block, so that other calls go on.
///
/// # Errors
/// The function's own. Its panic goes on in the caller.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(Error::failed("the plugin is ending")),
        },
    }
}

/// The answer of a plugin without `#[permissions]`: what can be configured can be used.
pub fn permissions_by_config<T: Fields>(call: Call) -> Work<Permissions> {
    Box::pin(async move { call.config::<T>().map(|_| Permissions::all()) })
}

/// The keys of a configuration's secret rows.
#[must_use]
pub fn secrets<T: Fields>() -> Vec<&'static str> {
    T::ROWS.iter().filter(|row| row.secret).map(|row| row.key).collect()
}
