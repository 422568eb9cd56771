//! What a module declares, as far as a caller needs it: operations, their inputs, settings (contract wick 4).
//! What isn't understood is passed over; the module itself keeps it.

use serde::{Deserialize, Deserializer};

/// A module's settings and operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Declared {
    /// Settings and credentials that every call gets.
    #[serde(rename = "Configs", default, deserialize_with = "null_is_default")]
    pub configs: Vec<Row>,
    /// Operations in their categories.
    #[serde(rename = "Operations", default, deserialize_with = "null_is_default")]
    categories: Vec<Category>,
    /// Whether users sign in to a service behind it: hosts then add credentials that no row declares.
    #[serde(rename = "OAuth", default, deserialize_with = "is_there")]
    pub oauth: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Category {
    #[serde(rename = "Title", default)]
    title: String,
    #[serde(rename = "Ops", default, deserialize_with = "null_is_default")]
    ops: Vec<Operation>,
}

/// One thing a plugin does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Operation {
    /// What it is called by.
    #[serde(rename = "Key")]
    pub key: String,
    /// For people.
    #[serde(rename = "Name", default)]
    pub name: String,
    /// For people and models.
    #[serde(rename = "Description", default)]
    pub description: String,
    /// Its arguments.
    #[serde(rename = "Input", default, deserialize_with = "null_is_default")]
    pub input: Vec<Row>,
    /// Whether it changes or removes something.
    #[serde(rename = "Destructive", default)]
    pub destructive: bool,
}

/// A setting, or an argument of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// Its name.
    #[serde(rename = "Key")]
    pub key: String,
    /// Its default as text; empty without one.
    #[serde(rename = "Value", default)]
    pub value: String,
    /// What a form shows: text, textarea, number, bool, …
    #[serde(rename = "Type", default)]
    pub kind: String,
    /// What can be chosen, in one text.
    #[serde(rename = "Options", default)]
    pub options: String,
    /// Whether it must not be shown.
    #[serde(rename = "IsSecret", default)]
    pub secret: bool,
    /// Whether it must be given.
    #[serde(rename = "Required", default)]
    pub required: bool,
    /// For people and models.
    #[serde(rename = "Description", default)]
    pub description: String,
    /// A condition under which a form shows it; empty means always.
    #[serde(default)]
    pub visible_when: String,
}

impl Declared {
    /// Every operation with its category's title, in order.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &Operation)> {
        self.categories
            .iter()
            .flat_map(|category| category.ops.iter().map(|op| (category.title.as_str(), op)))
    }

    /// The operation of that key.
    #[must_use]
    pub fn operation(&self, key: &str) -> Option<&Operation> {
        self.operations().map(|(_, op)| op).find(|op| op.key == key)
    }
}

/// What a value of a row is in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text; also for kinds that this version doesn't know.
    Text,
    /// A number.
    Number,
    /// true or false.
    Bool,
    /// Any JSON.
    Json,
}

impl Row {
    /// What its values are in JSON, by its kind.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self.kind.to_ascii_lowercase().as_str() {
            "number" | "integer" | "int" | "float" => Shape::Number,
            "bool" | "boolean" | "checkbox" | "switch" | "toggle" => Shape::Bool,
            "json" | "object" | "list" | "array" | "kvlist" => Shape::Json,
            _ => Shape::Text,
        }
    }

    /// What can be chosen: options are separated by `|`, else by commas or lines. Empty when anything may be given;
    /// other kinds keep other things in their options, such as the columns of a list.
    #[must_use]
    pub fn choices(&self) -> Vec<&str> {
        if !matches!(self.kind.to_ascii_lowercase().as_str(), "dropdown" | "select" | "radio") {
            return Vec::new();
        }
        let separators: &[char] = if self.options.contains('|') { &['|'] } else { &[',', '\n'] };
        self.options.split(separators).map(str::trim).filter(|choice| !choice.is_empty()).collect()
    }

    /// Whether it must be given whatever else is: not where a form may hide it, nor where there is a default.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.required && self.value.is_empty() && self.visible_when.is_empty()
    }
}

/// A nil slice is `null` in Go.
fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    input: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}

fn is_there<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(input)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_go_are_read() {
        let module = r#"{"Meta":{"Key":"a"},"Configs":null,"OAuth":null,"Operations":[
            {"Title":"T","Ops":[{"Key":"x","Input":[{"Key":"n","Type":"number","Required":true,"New":1}]},
            {"Key":"y","Destructive":true,"Input":null}]},{"Title":"U","Ops":null}]}"#;
        let declared: Declared = serde_json::from_str(module).unwrap();
        assert_eq!(
            declared.operations().map(|(title, op)| (title, op.key.as_str())).collect::<Vec<_>>(),
            [("T", "x"), ("T", "y")]
        );
        assert!(!declared.oauth && declared.operation("y").unwrap().destructive);
        let row = &declared.operation("x").unwrap().input[0];
        assert!(row.is_needed() && row.shape() == Shape::Number);
        let with: Declared = serde_json::from_str(r#"{"OAuth":{"Scopes":[]}}"#).unwrap();
        assert!(with.oauth);
    }

    #[test]
    fn options_are_split() {
        let row = |kind: &str, options: &str| Row {
            kind: kind.to_owned(),
            options: options.to_owned(),
            ..Row::default()
        };
        assert_eq!(row("dropdown", "a|b, c|").choices(), ["a", "b, c"]);
        assert_eq!(row("select", "a, b").choices(), ["a", "b"]);
        assert!(row("select", "").choices().is_empty() && row("kvlist", "name|value").choices().is_empty());
    }
}
