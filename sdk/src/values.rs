//! What a host sent for the fields of a struct: a configuration's credentials, or an operation's arguments.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::field::Field;

/// Values by key, taken out one by one.
#[derive(Default)]
pub struct Values<'a> {
    source: Source<'a>,
}

enum Source<'a> {
    /// Everything is text, and empty text is what was never filled in.
    Config(&'a HashMap<String, String>),
    Arguments(Map<String, Value>),
    Cells(Map<String, Value>),
}

impl Default for Source<'_> {
    fn default() -> Self {
        Source::Arguments(Map::new())
    }
}

impl<'a> Values<'a> {
    pub(crate) fn config(creds: &'a HashMap<String, String>) -> Values<'a> {
        Values { source: Source::Config(creds) }
    }

    /// Reads an operation's arguments; none at all are an empty object.
    pub(crate) fn arguments(json: &[u8]) -> Result<Values<'a>> {
        if json.is_empty() {
            return Ok(Values::default());
        }
        match serde_json::from_slice(json) {
            Ok(Value::Object(map)) => Ok(Values { source: Source::Arguments(map) }),
            Ok(Value::Null) => Ok(Values::default()),
            Ok(_) => Err(Error::bad_arguments("the arguments are no JSON object")),
            Err(error) => Err(Error::bad_arguments(format!(
                "the arguments are no JSON: line {}, column {}",
                error.line(),
                error.column()
            ))),
        }
    }

    pub(crate) fn cells(row: Map<String, Value>) -> Values<'a> {
        Values { source: Source::Cells(row) }
    }

    /// Reads a field, or its default when there is no value.
    ///
    /// # Errors
    /// When it is missing or can't be read.
    pub fn take<T: Field>(&mut self, key: &str, default: Option<&str>) -> Result<T> {
        let given = self.remove(key).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !(text.is_empty() && (T::EMPTY_IS_ABSENT || self.is_config())),
            _ => true,
        });
        let value = given.or_else(|| default.map(|text| Value::String(text.to_owned())));
        match value {
            Some(value) => T::parse(value).map_err(|wanted| self.error(format!("`{key}` {wanted}"))),
            None => T::absent().ok_or_else(|| self.error(format!("`{key}` is missing"))),
        }
    }

    fn remove(&mut self, key: &str) -> Option<Value> {
        match &mut self.source {
            Source::Config(creds) => creds.get(key).map(|text| Value::String(text.clone())),
            Source::Arguments(map) | Source::Cells(map) => map.remove(key),
        }
    }

    fn is_config(&self) -> bool {
        matches!(self.source, Source::Config(_))
    }

    fn error(&self, message: String) -> Error {
        match self.source {
            Source::Config(_) => Error::new("bad_config", format!("configuration: {message}")),
            Source::Arguments(_) | Source::Cells(_) => Error::bad_arguments(message),
        }
    }
}
