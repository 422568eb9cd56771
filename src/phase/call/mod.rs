//! Call: asks one thing of a launched plugin, as a host does. What is sent was held against the plugin's own
//! declaration before; what comes back is handed on as it comes.

mod arguments;

use std::collections::BTreeMap;
use std::time::Duration;

pub use arguments::{Typed, arguments, nearest, settings};
use serde_json::value::RawValue;

use crate::host::wick::goplugin::messages::{self, ExecuteRequest, ExecuteResponse, PermsResponse};
pub use crate::host::wick::goplugin::messages::{
    Chunk, HealthResponse, IdentityResponse, OpHealth, PluginError,
};
use crate::host::wick::goplugin::method;
use crate::model::declared::{Declared, Operation};
use crate::model::failure::{Failure, FailureKind};
use crate::phase::launch::Plugin;
use crate::sys::secret::Secret;

/// The code by which plugins say that an operation answers in a stream only; it wasn't done then.
const STREAM_ONLY: &str = "stream_only";

/// Credentials and settings by name.
pub type Settings = BTreeMap<String, Secret>;

/// An operation with its arguments.
pub struct Request<'a> {
    /// Which.
    pub operation: &'a Operation,
    /// A JSON object.
    pub arguments: &'a serde_json::Value,
    /// Credentials and settings.
    pub settings: &'a Settings,
    /// How long it may take.
    pub limit: Duration,
    /// Whether the answer is wanted in pieces.
    pub stream: bool,
}

/// What an operation gave.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A result.
    Whole {
        /// JSON, as the plugin wrote it.
        result: Box<RawValue>,
        /// What it says besides.
        meta: BTreeMap<String, String>,
    },
    /// Pieces, which have been handed over.
    Streamed,
    /// The plugin says no.
    Refused(PluginError),
}

/// The operation that is meant.
///
/// # Errors
/// When there is none of that key; operations of similar names are named.
pub fn operation<'a>(declared: &'a Declared, plugin: &str, key: &str) -> Result<&'a Operation, Failure> {
    declared.operation(key).ok_or_else(|| {
        let keys: Vec<&str> = declared.operations().map(|(_, op)| op.key.as_str()).collect();
        let near = nearest(key, keys.iter().copied());
        let quoted = |names: &[&str]| {
            names.iter().map(|name| format!("`{}`", name.escape_debug())).collect::<Vec<_>>()
        };
        let failure =
            Failure::new(FailureKind::Usage, format!("{plugin} has no operation `{}`", key.escape_debug()));
        if !near.is_empty() {
            failure.hint(format!("did you mean {}?", quoted(&near).join(" or ")))
        } else if keys.is_empty() {
            failure.hint("it declares no operations at all")
        } else {
            failure.hint(format!("it has {}", quoted(&keys).join(", ")))
        }
    })
}

/// Does it. Pieces of a stream go to `each`.
///
/// # Errors
/// When the call fails, not when the plugin says no.
pub fn execute(
    plugin: &Plugin,
    request: &Request<'_>,
    mut each: impl FnMut(&Chunk),
) -> Result<Answer, Failure> {
    let creds = exposed(request.settings);
    let args_json = request.arguments.to_string().into_bytes();
    let message = ExecuteRequest {
        operation: &request.operation.key,
        args_json: &args_json,
        creds: &creds,
        request_id: "wick-call",
        session_id: "wick-call",
    }
    .encode();
    if !request.stream {
        let answer = plugin.unary(method::EXECUTE, message.clone(), request.limit)?;
        let answer = ExecuteResponse::decode(&answer).map_err(|error| plugin.broken(&error.to_string()))?;
        match answer.error {
            None => {
                let result = serde_json::from_slice(&answer.result_json)
                    .map_err(|error| plugin.broken(&format!("Execute: its result is no JSON: {error}")))?;
                return Ok(Answer::Whole { result, meta: answer.meta });
            }
            Some(error) if error.code != STREAM_ONLY => return Ok(Answer::Refused(error)),
            Some(_) => {}
        }
    }
    let mut refused = None;
    plugin.chunks(message, request.limit, |chunk| {
        each(chunk);
        refused.clone_from(&chunk.error);
    })?;
    Ok(refused.map_or(Answer::Streamed, Answer::Refused))
}

/// Whether the plugin can do its work.
///
/// # Errors
/// When the call fails.
pub fn health(plugin: &Plugin, limit: Duration) -> Result<HealthResponse, Failure> {
    let answer = plugin.unary(method::HEALTH, Vec::new(), limit)?;
    HealthResponse::decode(&answer).map_err(|error| plugin.broken(&error.to_string()))
}

/// Which operations the credentials allow.
///
/// # Errors
/// When the call fails. The plugin's own refusal is the inner error.
pub fn permissions(
    plugin: &Plugin,
    settings: &Settings,
    limit: Duration,
) -> Result<Result<Vec<OpHealth>, PluginError>, Failure> {
    let message = messages::permissions_request(&exposed(settings));
    let answer = plugin.unary(method::CHECK_PERMISSIONS, message, limit)?;
    let answer = PermsResponse::decode(&answer).map_err(|error| plugin.broken(&error.to_string()))?;
    Ok(answer.error.map_or(Ok(answer.ops), Err))
}

/// Whose access token it is.
///
/// # Errors
/// As [`permissions`].
pub fn identity(
    plugin: &Plugin,
    token: &Secret,
    limit: Duration,
) -> Result<Result<IdentityResponse, PluginError>, Failure> {
    let message = messages::identity_request(token.expose());
    let answer = plugin.unary(method::RESOLVE_IDENTITY, message, limit)?;
    let answer = IdentityResponse::decode(&answer).map_err(|error| plugin.broken(&error.to_string()))?;
    Ok(match answer.error.clone() {
        Some(error) => Err(error),
        None => Ok(answer),
    })
}

/// The plugin's own refusal as a failure. Secrets that it repeats are hidden.
#[must_use]
pub fn refusal(plugin: &str, what: &str, error: &PluginError, settings: &Settings) -> Failure {
    let code = if error.code.is_empty() { "no code" } else { &error.code };
    let text = format!("{plugin}: `{what}` failed with {code}: {}", error.message);
    let text = settings.values().fold(text, |text, secret| secret.hide_in(&text));
    Failure::new(FailureKind::Step, text.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\""))
}

fn exposed(settings: &Settings) -> Vec<(&str, &str)> {
    settings.iter().map(|(name, value)| (name.as_str(), value.expose())).collect()
}
