//! What can be a field of a configuration or an input: the widget a host shows for it, and how its value is read.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::declare::{Options, Row};
use crate::error::Result;
use crate::values::Values;

/// A struct that is filled from what a host sends; `#[derive(Config)]` and `#[derive(Input)]` write it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a configuration nor an input",
    label = "a host can't fill this",
    note = "put `#[derive(wick_plugin::Config)]` on the type that `#[plugin] impl` is for, and `#[derive(wick_plugin::Input)]` on the one struct that an operation takes"
)]
pub trait Fields: Sized {
    /// What a host shows.
    const ROWS: &'static [Row];

    /// Reads every field.
    ///
    /// # Errors
    /// When one is missing or can't be read; the message names it and never holds its value.
    fn read(values: &mut Values<'_>) -> Result<Self>;
}

/// The type of a field that a host's form can show.
///
/// Numbers, `bool`, `String`, [`Secret`](crate::Secret), `Option` of those, enums with `#[derive(Choice)]`, `Vec<String>` and `Vec` of a
/// struct with `#[derive(Input)]` (a table), [`Json`] for everything else.
#[diagnostic::on_unimplemented(
    message = "a host's form can't show a `{Self}`",
    label = "no widget for this type",
    note = "use a number, `bool`, `String`, `wick_plugin::Secret`, an `Option` of those, an enum with `#[derive(wick_plugin::Choice)]`, `Vec<String>`, a `Vec` of a struct with `#[derive(wick_plugin::Input)]`, or `wick_plugin::Json<T>` for everything else"
)]
pub trait Field: Sized {
    /// The type of `#[wick(default = …)]`.
    type Default;
    /// The form's widget.
    const WIDGET: &'static str;
    /// What can be chosen.
    const OPTIONS: Options = Options::Text("");
    /// Whether it has to be there.
    const REQUIRED: bool = true;
    /// Whether forms hide it.
    const SECRET: bool = false;
    /// Whether an empty text counts as no value.
    const EMPTY_IS_ABSENT: bool = true;

    /// Reads a value: JSON from a program, or the text of a form.
    ///
    /// # Errors
    /// What it should have been, as in "must be a whole number".
    fn parse(value: Value) -> Result<Self, String>;

    /// The value when there is none.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

/// A field of text, which may have another widget for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no text",
    label = "only text can have this widget",
    note = "`textarea`, `email`, `url`, `color`, `date`, `datetime` and `options` go with `String`, `Secret` and `Option` of those"
)]
pub trait Text {}
impl Text for String {}
impl<T: Text> Text for Option<T> {}

impl Field for String {
    type Default = &'static str;
    const WIDGET: &'static str = "text";
    const EMPTY_IS_ABSENT: bool = false;

    fn parse(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(text),
            // A model that was asked for a house number sends a number.
            Value::Number(number) => Ok(number.to_string()),
            _ => Err("must be text".to_owned()),
        }
    }
}

impl Field for bool {
    type Default = bool;
    const WIDGET: &'static str = "checkbox";
    const REQUIRED: bool = false;

    fn parse(value: Value) -> Result<Self, String> {
        match &value {
            Value::Bool(value) => Ok(*value),
            Value::String(text) if matches!(text.as_str(), "true" | "on" | "1") => Ok(true),
            Value::String(text) if matches!(text.as_str(), "false" | "off" | "0") => Ok(false),
            _ => Err("must be true or false".to_owned()),
        }
    }

    fn absent() -> Option<Self> {
        Some(false)
    }
}

macro_rules! numbers {
    ($what:literal: $($type:ty)*) => {$(
        impl Field for $type {
            type Default = $type;
            const WIDGET: &'static str = "number";

            fn parse(value: Value) -> Result<Self, String> {
                let text = match &value {
                    Value::String(text) => text.trim().to_owned(),
                    Value::Number(number) => number.to_string(),
                    _ => String::new(),
                };
                // A program may write 3.0 for 3.
                let whole = text.strip_suffix(".0").unwrap_or(&text);
                whole.parse::<$type>().map_err(|_| $what.replace("MIN", &<$type>::MIN.to_string()).replace("MAX", &<$type>::MAX.to_string()))
            }
        }
    )*};
}
numbers!("must be a whole number from MIN to MAX": u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

macro_rules! decimals {
    ($($type:ty)*) => {$(
        impl Field for $type {
            type Default = $type;
            const WIDGET: &'static str = "number";

            fn parse(value: Value) -> Result<Self, String> {
                let number = match &value {
                    Value::String(text) => text.trim().parse::<$type>().ok(),
                    Value::Number(number) => number.to_string().parse().ok(),
                    _ => None,
                };
                number.filter(|number| number.is_finite()).ok_or_else(|| "must be a number".to_owned())
            }
        }
    )*};
}
decimals!(f32 f64);

impl<T: Field> Field for Option<T> {
    type Default = T::Default;
    const WIDGET: &'static str = T::WIDGET;
    const OPTIONS: Options = T::OPTIONS;
    const REQUIRED: bool = false;
    const SECRET: bool = T::SECRET;
    const EMPTY_IS_ABSENT: bool = T::EMPTY_IS_ABSENT;

    fn parse(value: Value) -> Result<Self, String> {
        T::parse(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl Field for Vec<String> {
    type Default = &'static str;
    const WIDGET: &'static str = "kvlist";
    const OPTIONS: Options = Options::Text("value");
    const REQUIRED: bool = false;

    fn parse(value: Value) -> Result<Self, String> {
        const WANTED: &str = "must be a list of texts";
        let item = |value: Value| match value {
            // The rows of a form's table.
            Value::Object(mut row) => row.remove("value").map_or(Err(WANTED.to_owned()), String::parse),
            value => String::parse(value).map_err(|_| WANTED.to_owned()),
        };
        list(value, WANTED)?.into_iter().map(item).collect()
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
}

impl<T: Fields> Field for Vec<T> {
    type Default = &'static str;
    const WIDGET: &'static str = "kvlist";
    const OPTIONS: Options = Options::Columns(T::ROWS);
    const REQUIRED: bool = false;

    fn parse(value: Value) -> Result<Self, String> {
        let row = |value: Value| match value {
            Value::Object(row) => {
                T::read(&mut Values::cells(row)).map_err(|error| format!("has a row where {error}"))
            }
            _ => Err("must be a list of objects".to_owned()),
        };
        list(value, "must be a list of objects")?.into_iter().map(row).collect()
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
}

/// A list, or its text.
fn list(value: Value, wanted: &str) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(items) => Ok(items),
        Value::String(text) if text.trim_start().starts_with('[') => {
            serde_json::from_str(&text).map_err(|_| wanted.to_owned())
        }
        // One line each, as somebody types it.
        Value::String(text) => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Ok(lines.map(|line| Value::String(line.to_owned())).collect())
        }
        _ => Err(wanted.to_owned()),
    }
}

/// A field for what no widget fits: any JSON that `T` can be read from, shown as a text area.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: fmt::Debug> fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: DeserializeOwned> Field for Json<T> {
    type Default = &'static str;
    const WIDGET: &'static str = "textarea";

    fn parse(value: Value) -> Result<Self, String> {
        // The message of serde_json may repeat a part of the value, which may be a credential.
        let place = |error: serde_json::Error| {
            format!("is not the JSON that is wanted, see column {}", error.column())
        };
        match value {
            Value::String(text) => serde_json::from_str(&text).map(Json).map_err(place),
            value => serde_json::from_value(value).map(Json).map_err(place),
        }
    }
}
