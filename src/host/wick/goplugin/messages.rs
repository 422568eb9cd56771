//! The messages of the service `wick.connector.v1.Connector` and of go-plugin's own services (contract wick 3,
//! go-plugin 4). Unknown fields are passed over; of a field that comes twice the last counts.

use std::collections::BTreeMap;

use super::wire::{Fields, WireError, Writer};

/// The most entries of a list or map: three bytes of a message must not become a hundred of memory without end.
const ENTRIES_MAX: usize = 10_000;

/// A failure of the plugin itself, as opposed to one of the call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginError {
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// Asks for an operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExecuteRequest<'a> {
    /// The operation's key.
    pub operation: &'a str,
    /// The arguments: a JSON object.
    pub args_json: &'a [u8],
    /// Credentials and settings by name.
    pub creds: &'a [(&'a str, &'a str)],
    /// Names this call in logs.
    pub request_id: &'a str,
    /// Names the conversation that the call belongs to.
    pub session_id: &'a str,
}

/// What an operation gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecuteResponse {
    /// The result: JSON.
    pub result_json: Vec<u8>,
    /// Why there is none.
    pub error: Option<PluginError>,
    /// Anything besides.
    pub meta: BTreeMap<String, String>,
}

/// A piece of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Bytes of the answer.
    pub data: Vec<u8>,
    /// Whether this is the last piece.
    pub eof: bool,
    /// Why there is no more.
    pub error: Option<PluginError>,
    /// How much is done, of `total`.
    pub progress: i32,
    /// How much there is to do; 0 when nobody knows.
    pub total: i32,
    /// What is being done.
    pub message: String,
}

/// Whether one operation is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpHealth {
    /// The operation's key.
    pub key: String,
    /// Whether it is.
    pub ok: bool,
    /// Why it isn't.
    pub reason: String,
}

/// Which operations the credentials allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermsResponse {
    /// One per operation.
    pub ops: Vec<OpHealth>,
    /// Why nothing could be found out.
    pub error: Option<PluginError>,
}

/// Whose token it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityResponse {
    /// For programs.
    pub user_id: String,
    /// For people.
    pub display_name: String,
    /// Why nothing could be found out.
    pub error: Option<PluginError>,
}

/// Whether the plugin can do its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthResponse {
    /// Whether it can.
    pub healthy: bool,
    /// For people.
    pub detail: String,
}

/// What the plugin printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StdioData {
    /// The bytes. Which stream they were for doesn't matter here.
    pub data: Vec<u8>,
}

impl ExecuteRequest<'_> {
    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let message = Writer::default().text(1, self.operation).bytes(2, self.args_json);
        message.map(3, self.creds).text(4, self.request_id).text(5, self.session_id).done()
    }
}

/// The request of go-plugin's health service: is the service of that name there?
#[must_use]
pub fn health_check(service: &str) -> Vec<u8> {
    Writer::default().text(1, service).done()
}

/// Whether go-plugin's health service says SERVING.
///
/// # Errors
/// When the bytes are no message.
pub fn is_serving(answer: &[u8]) -> Result<bool, WireError> {
    let mut status = 0;
    each(answer, |number, value| {
        if number == 1 {
            status = value.int();
        }
        Ok(())
    })?;
    Ok(status == 1)
}

/// The request of `CheckPermissions`.
#[must_use]
pub fn permissions_request(creds: &[(&str, &str)]) -> Vec<u8> {
    Writer::default().map(1, creds).done()
}

/// The request of `ResolveIdentity`.
#[must_use]
pub fn identity_request(access_token: &str) -> Vec<u8> {
    Writer::default().text(1, access_token).done()
}

/// The `module` object in the answer of `Schema`.
///
/// # Errors
/// When the bytes are no message.
pub fn schema_response(answer: &[u8]) -> Result<Vec<u8>, WireError> {
    let mut module = Vec::new();
    each(answer, |number, value| {
        if number == 1 {
            module = value.bytes().to_vec();
        }
        Ok(())
    })?;
    Ok(module)
}

impl PluginError {
    fn decode(message: &[u8]) -> Result<PluginError, WireError> {
        let mut error = PluginError::default();
        each(message, |number, value| {
            match number {
                1 => error.code = value.text()?,
                2 => error.message = value.text()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(error)
    }
}

impl ExecuteResponse {
    /// Reads the message.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(message: &[u8]) -> Result<ExecuteResponse, WireError> {
        let mut answer = ExecuteResponse::default();
        each(message, |number, value| {
            match number {
                1 => answer.result_json = value.bytes().to_vec(),
                2 => answer.error = Some(PluginError::decode(value.bytes())?),
                3 => {
                    let (key, text) = pair(value.bytes())?;
                    answer.meta.insert(key, text);
                    few(answer.meta.len())?;
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(answer)
    }
}

impl Chunk {
    /// Reads the message.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(message: &[u8]) -> Result<Chunk, WireError> {
        let mut chunk = Chunk::default();
        each(message, |number, value| {
            match number {
                1 => chunk.data = value.bytes().to_vec(),
                2 => chunk.eof = value.flag(),
                3 => chunk.error = Some(PluginError::decode(value.bytes())?),
                4 => chunk.progress = value.int(),
                5 => chunk.total = value.int(),
                6 => chunk.message = value.text()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(chunk)
    }
}

impl PermsResponse {
    /// Reads the message.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(message: &[u8]) -> Result<PermsResponse, WireError> {
        let mut answer = PermsResponse::default();
        each(message, |number, value| {
            match number {
                1 => answer.ops.push(OpHealth::decode(value.bytes())?),
                2 => answer.error = Some(PluginError::decode(value.bytes())?),
                _ => {}
            }
            few(answer.ops.len())
        })?;
        Ok(answer)
    }
}

impl OpHealth {
    fn decode(message: &[u8]) -> Result<OpHealth, WireError> {
        let mut op = OpHealth::default();
        each(message, |number, value| {
            match number {
                1 => op.key = value.text()?,
                2 => op.ok = value.flag(),
                3 => op.reason = value.text()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(op)
    }
}

impl IdentityResponse {
    /// Reads the message.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(message: &[u8]) -> Result<IdentityResponse, WireError> {
        let mut answer = IdentityResponse::default();
        each(message, |number, value| {
            match number {
                1 => answer.user_id = value.text()?,
                2 => answer.display_name = value.text()?,
                3 => answer.error = Some(PluginError::decode(value.bytes())?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(answer)
    }
}

impl HealthResponse {
    /// Reads the message.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(message: &[u8]) -> Result<HealthResponse, WireError> {
        let mut answer = HealthResponse::default();
        each(message, |number, value| {
            match number {
                1 => answer.healthy = value.flag(),
                2 => answer.detail = value.text()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(answer)
    }
}

impl StdioData {
    /// Reads the message.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(message: &[u8]) -> Result<StdioData, WireError> {
        let mut printed = StdioData::default();
        each(message, |number, value| {
            if number == 2 {
                printed.data = value.bytes().to_vec();
            }
            Ok(())
        })?;
        Ok(printed)
    }
}

fn each<'a>(
    message: &'a [u8],
    mut take: impl FnMut(u32, super::wire::Value<'a>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    for field in Fields::of(message) {
        let (number, value) = field?;
        take(number, value)?;
    }
    Ok(())
}

fn pair(entry: &[u8]) -> Result<(String, String), WireError> {
    let (mut key, mut text) = (String::new(), String::new());
    each(entry, |number, value| {
        match number {
            1 => key = value.text()?,
            2 => text = value.text()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((key, text))
}

fn few(count: usize) -> Result<(), WireError> {
    if count > ENTRIES_MAX { Err(WireError("a list has more than 10000 entries")) } else { Ok(()) }
}
