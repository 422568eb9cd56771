//! Rules on settings and inputs: what forms show, what models fill in, what must stay secret.

use super::declared::{Declared, Row, is_key, quoted, repeated, words};

/// The types that hosts have a form for.
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "text", "textarea", "number", "checkbox", "dropdown", "kvlist", "email", "url", "color", "date", "datetime", "secret",
];

/// The rows of which something holds.
fn rows(declared: &Declared, holds: impl Fn(&Row) -> bool, say: impl Fn(&Row) -> String) -> Vec<String> {
    declared.rows().filter(|(_, row)| holds(row)).map(|(what, row)| format!("{what} {}", say(row))).collect()
}

pub(super) fn keys_are_odd(declared: &Declared) -> Vec<String> {
    rows(declared, |row| !is_key(&row.key), |_| "has a key that hosts don't take".to_owned())
}

pub(super) fn keys_are_twice(declared: &Declared) -> Vec<String> {
    let twice = declared.forms().flat_map(|(form, rows)| {
        let keys = repeated(rows.iter().map(|row| row.key.as_str()));
        keys.into_iter().map(move |key| format!("{} is more than once in {form}", quoted(key)))
    });
    twice.collect()
}

pub(super) fn types_are_odd(declared: &Declared) -> Vec<String> {
    rows(
        declared,
        |row| !TYPES.contains(&row.form.as_str()),
        |row| match row.form.as_str() {
            "" => "has no type".to_owned(),
            form => format!("has the type {}, which hosts don't know", quoted(form)),
        },
    )
}

fn is_undescribed(row: &Row) -> bool {
    row.description.trim().is_empty()
}

pub(super) fn optional_undescribed(declared: &Declared) -> Vec<String> {
    rows(declared, |row| is_undescribed(row) && !row.required, |_| "has no description".to_owned())
}

pub(super) fn required_undescribed(declared: &Declared) -> Vec<String> {
    rows(
        declared,
        |row| is_undescribed(row) && row.required,
        |_| "is required and has no description".to_owned(),
    )
}

fn options(row: &Row) -> impl Iterator<Item = &str> {
    row.options.split('|').map(str::trim).filter(|option| !option.is_empty())
}

pub(super) fn options_are_missing(declared: &Declared) -> Vec<String> {
    let empty = |row: &Row| row.form == "dropdown" && options(row).next().is_none();
    rows(declared, empty, |_| "is a dropdown without options".to_owned())
}

pub(super) fn defaults_are_odd(declared: &Declared) -> Vec<String> {
    let odd = |row: &Row| {
        let value = row.value.trim();
        !value.is_empty()
            && match row.form.as_str() {
                "number" => value.parse::<f64>().is_err(),
                "checkbox" => !["true", "false"].contains(&value),
                "dropdown" => options(row).next().is_some() && options(row).all(|option| option != value),
                _ => false,
            }
    };
    rows(declared, odd, |row| match row.form.as_str() {
        "dropdown" => format!("starts with {}, which isn't among its options", quoted(&row.value)),
        form => format!("is a {form} and starts with {}", quoted(&row.value)),
    })
}

/// Last words of keys whose values nobody else may know.
const SECRET: &[&str] = &[
    "apikey",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "pat",
    "pwd",
    "secret",
    "token",
];

/// Words before `key` that make it one.
const KEYS: &[&str] =
    &["access", "api", "app", "auth", "encryption", "license", "private", "secret", "signing"];

/// Words before `token` of a place in a list, which is none.
const PLACES: &[&str] = &["continuation", "cursor", "next", "page", "pagination", "resume", "start", "sync"];

fn sounds_secret(key: &str) -> bool {
    let words = words(key);
    let mut from_the_end = words.iter().rev().map(String::as_str);
    let (last, before) = (from_the_end.next().unwrap_or_default(), from_the_end.next().unwrap_or_default());
    match last {
        "token" => !PLACES.contains(&before),
        "key" => KEYS.contains(&before),
        last => SECRET.contains(&last),
    }
}

pub(super) fn secrets_unmarked(declared: &Declared) -> Vec<String> {
    let secret = |row: &Row| {
        let typed = ["secret", "password"].contains(&row.form.as_str());
        // A tick, a number or a choice of few is no secret.
        let text = !["checkbox", "number", "dropdown"].contains(&row.form.as_str());
        !row.is_secret && (typed || text && sounds_secret(&row.key))
    };
    rows(declared, secret, |_| "isn't marked secret".to_owned())
}

pub(super) fn secrets_are_told(declared: &Declared) -> Vec<String> {
    // The value itself isn't repeated.
    rows(declared, |row| row.is_secret && !row.value.is_empty(), |_| "is secret and has a default".to_owned())
}

pub(super) fn secrets_are_inputs(declared: &Declared) -> Vec<String> {
    let secret = |op: &super::declared::Operation| -> Vec<String> {
        let rows = op.input.iter().filter(|row| row.is_secret);
        rows.map(|row| format!("input {} of {} is a secret", quoted(&row.key), quoted(&op.key))).collect()
    };
    declared.operations().flat_map(secret).collect()
}
