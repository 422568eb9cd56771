//! A text that is never printed by accident.

use std::fmt;

use serde_json::Value;

use crate::field::{Field, Text};

/// A credential: a form hides it, the host encrypts it, and it prints as `***`.
///
/// ```
/// let token = wick_plugin::Secret::new("hunter2");
/// assert_eq!(format!("{token:?}"), "***");
/// assert_eq!(token.expose(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Text for Secret {}

impl Field for Secret {
    type Default = &'static str;
    const WIDGET: &'static str = "secret";
    const SECRET: bool = true;

    fn parse(value: Value) -> Result<Self, String> {
        String::parse(value).map(Secret)
    }
}
