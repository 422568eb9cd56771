//! Arguments held against what an operation declares, before anything is sent: names, types, what is required. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::model::declared::{Operation, Row, Shape};
use crate::model::failure::{Failure, FailureKind};

/// An argument as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The arguments of a call as a JSON object: `given` first, single ones (`typed`) over it. All that is wrong is said at
/// once.
///
/// # Errors
/// When a name isn't declared, a value isn't what is declared, or something required is missing.
pub fn arguments(operation: &Operation, given: Option<Value>, typed: &[Typed]) -> Result<Value, Failure> {
    let mut wrong = Vec::new();
    let mut object = match given {
        None => Map::new(),
        Some(Value::Object(object)) => object,
        Some(other) => {
            let is = kind(&other);
            return Err(Failure::new(
                FailureKind::Usage,
                format!("the arguments are {is}, not a JSON object"),
            ));
        }
    };
    for (name, value) in &object {
        match row(operation, name) {
            None => wrong.push(unknown(operation, name)),
            Some(row) => wrong.extend(misfit(row, value)),
        }
    }
    for Typed { name, text } in typed {
        match row(operation, name) {
            None => wrong.push(unknown(operation, name)),
            Some(row) => match read(row, text) {
                Ok(value) => {
                    object.insert(name.clone(), value);
                }
                Err(problem) => wrong.push(problem),
            },
        }
    }
    for row in &operation.input {
        let given = object.get(&row.key).is_some_and(|value| !value.is_null());
        if given || !row.required {
            continue;
        }
        if row.is_needed() {
            wrong.push(format!("`{}` is required{}", shown(&row.key), about(row)));
        } else if row.visible_when.is_empty()
            && let Ok(default) = read(row, &row.value)
        {
            // What a host's form would send.
            object.insert(row.key.clone(), default);
        }
    }
    if wrong.is_empty() {
        return Ok(Value::Object(object));
    }
    let message = format!("the arguments of `{}` are not right: {}", shown(&operation.key), wrong.join("; "));
    Err(Failure::new(FailureKind::Usage, message).hint("`--list` shows what each operation takes"))
}

/// What is declared closest to a name, for "did you mean".
#[must_use]
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(f64, &str)> = known
        .map(|one| (strsim::jaro(&name.to_lowercase(), &one.to_lowercase()), one))
        .filter(|(score, _)| *score > 0.7)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(3).map(|(_, one)| one).collect()
}

/// The credentials and settings of a call: what was given, else defaults. `given` is by name; the texts are not looked
/// at, so that no message can repeat one.
///
/// # Errors
/// When a name isn't declared, or something required is missing.
pub fn settings<T>(
    rows: &[Row],
    oauth: bool,
    given: &BTreeMap<String, T>,
) -> Result<Vec<(String, String)>, Failure> {
    let mut wrong = Vec::new();
    let mut hint = None;
    for name in given.keys() {
        // Hosts add a signed-in user's tokens under names that no row declares.
        if !oauth && !rows.iter().any(|row| row.key == *name) {
            let near = nearest(name, rows.iter().map(|row| row.key.as_str()));
            wrong.push(format!("`{}` is not declared{}", shown(name), meant(&near)));
        }
    }
    for row in rows.iter().filter(|row| row.is_needed() && !given.contains_key(&row.key)) {
        wrong.push(format!("`{}` is required{}", shown(&row.key), about(row)));
        hint.get_or_insert(format!("give it with --cred {}=env:NAME", shown(&row.key)));
    }
    if !wrong.is_empty() {
        let message = format!("the settings of the plugin are not right: {}", wrong.join("; "));
        let failure = Failure::new(FailureKind::Usage, message);
        return Err(failure.hint(hint.unwrap_or_else(|| "`--list` shows which settings it has".to_owned())));
    }
    let defaults = rows.iter().filter(|row| !row.value.is_empty() && !given.contains_key(&row.key));
    Ok(defaults.map(|row| (row.key.clone(), row.value.clone())).collect())
}

fn row<'a>(operation: &'a Operation, name: &str) -> Option<&'a Row> {
    operation.input.iter().find(|row| row.key == name)
}

fn unknown(operation: &Operation, name: &str) -> String {
    let near = nearest(name, operation.input.iter().map(|row| row.key.as_str()));
    let all: Vec<String> = operation.input.iter().map(|row| format!("`{}`", shown(&row.key))).collect();
    let rest = match (near.is_empty(), all.is_empty()) {
        (false, _) => meant(&near),
        (true, false) => format!(" (it takes {})", all.join(", ")),
        (true, true) => " (it takes none)".to_owned(),
    };
    format!("`{}` is not declared{rest}", shown(name))
}

/// `, did you mean …?`
fn meant(near: &[&str]) -> String {
    let names: Vec<String> = near.iter().map(|one| format!("`{}`", shown(one))).collect();
    if names.is_empty() { String::new() } else { format!(" (did you mean {}?)", names.join(" or ")) }
}

/// A typed text as the row's JSON.
fn read(row: &Row, text: &str) -> Result<Value, String> {
    let name = shown(&row.key);
    let value = match row.shape() {
        Shape::Text => Value::String(text.to_owned()),
        Shape::Number => text
            .parse::<Number>()
            .map(Value::Number)
            .map_err(|_| format!("`{name}` must be a number, not `{}`", shown(text)))?,
        Shape::Bool => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(format!("`{name}` must be true or false, not `{}`", shown(text))),
        },
        Shape::Json => {
            serde_json::from_str(text).map_err(|error| format!("`{name}` must be JSON: {error}"))?
        }
    };
    misfit(row, &value).map_or(Ok(value), Err)
}

/// Why a value isn't what the row declares.
fn misfit(row: &Row, value: &Value) -> Option<String> {
    let name = shown(&row.key);
    let fits = match (row.shape(), value) {
        (_, Value::Null) => !row.required,
        (Shape::Text, value) => value.is_string(),
        (Shape::Number, value) => value.is_number(),
        (Shape::Bool, value) => value.is_boolean(),
        (Shape::Json, _) => true,
    };
    if !fits {
        let wanted = match row.shape() {
            Shape::Text => "a text",
            Shape::Number => "a number",
            Shape::Bool => "true or false",
            Shape::Json => "JSON",
        };
        return Some(format!("`{name}` must be {wanted}, not {}", kind(value)));
    }
    let choices = row.choices();
    let text = value.as_str()?;
    if choices.is_empty() || choices.contains(&text) || (text.is_empty() && !row.required) {
        return None;
    }
    Some(format!("`{name}` must be one of {}, not `{}`", choices.join(", "), shown(text)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn about(row: &Row) -> String {
    if row.description.is_empty() { String::new() } else { format!(" ({})", shown(&row.description)) }
}

/// What a plugin says, without what could move a terminal's cursor.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(120).collect();
    short.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn operation() -> Operation {
        let input = json!([
            {"Key": "city", "Type": "text", "Required": true, "Description": "Where"},
            {"Key": "days", "Type": "number", "Value": "3", "Required": true},
            {"Key": "detailed", "Type": "bool"},
            {"Key": "unit", "Type": "select", "Options": "metric|imperial"},
            {"Key": "filter", "Type": "json"},
            {"Key": "key", "Type": "text", "Required": true, "visible_when": "unit=metric"},
        ]);
        serde_json::from_value(json!({"Key": "now", "Input": input})).unwrap()
    }

    fn typed(pairs: &[(&str, &str)]) -> Vec<Typed> {
        pairs.iter().map(|(n, t)| Typed { name: (*n).to_owned(), text: (*t).to_owned() }).collect()
    }

    #[test]
    fn what_is_typed_becomes_what_is_declared() {
        let pairs = typed(&[("city", "Oslo"), ("detailed", "true"), ("unit", "metric"), ("filter", "[1]")]);
        let value = arguments(&operation(), Some(json!({"city": "x", "days": 2.5})), &pairs).unwrap();
        let expected =
            json!({"city": "Oslo", "days": 2.5, "detailed": true, "unit": "metric", "filter": [1]});
        assert_eq!(value, expected);
        // A required value with a default is sent as a form would.
        let value = arguments(&operation(), None, &typed(&[("city", "5")])).unwrap();
        assert_eq!(value, json!({"city": "5", "days": 3}));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let pairs = typed(&[("ctiy", "Oslo"), ("days", "two"), ("detailed", "yes"), ("unit", "kelvin")]);
        let error =
            arguments(&operation(), Some(json!({"filter": 1, "xyz": 1, "days": "2"})), &pairs).unwrap_err();
        for part in [
            "`ctiy` is not declared (did you mean `city`?)",
            "`days` must be a number, not `two`",
            "`days` must be a number, not a text",
            "`detailed` must be true or false, not `yes`",
            "`unit` must be one of metric, imperial, not `kelvin`",
            "`xyz` is not declared (it takes `city`,",
            "`city` is required (Where)",
        ] {
            assert!(error.message.contains(part), "{part}: {}", error.message);
        }
        assert_eq!(error.kind, FailureKind::Usage);
        for not_an_object in [json!([]), json!(null), json!("x")] {
            assert!(arguments(&operation(), Some(not_an_object), &[]).is_err());
        }
        let null = arguments(&operation(), Some(json!({"city": null, "detailed": null})), &[]).unwrap_err();
        assert!(null.message.contains("`city` must be a text, not null"), "{}", null.message);
    }

    #[test]
    fn settings_are_checked_by_name_only() {
        let rows: Vec<Row> = serde_json::from_value(json!([
            {"Key": "base_url", "Required": true, "Description": "Address"},
            {"Key": "timeout", "Value": "10"},
            {"Key": "token", "IsSecret": true},
        ]))
        .unwrap();
        let given =
            |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), ())).collect::<BTreeMap<_, _>>();
        let defaults = settings(&rows, false, &given(&["base_url", "token"])).unwrap();
        assert_eq!(defaults, [("timeout".to_owned(), "10".to_owned())]);
        let error = settings(&rows, false, &given(&["tokne"])).unwrap_err();
        assert!(
            error.message.contains("`tokne` is not declared (did you mean `token`?)"),
            "{}",
            error.message
        );
        assert!(error.message.contains("`base_url` is required (Address)"), "{}", error.message);
        assert_eq!(error.hints, ["give it with --cred base_url=env:NAME"]);
        assert!(settings(&rows, true, &given(&["base_url", "access_token"])).is_ok());
    }
}
