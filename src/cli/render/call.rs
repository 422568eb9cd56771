//! Answers of plugins: data on stdout as the plugin gave it, progress and everything else on stderr.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Console, DIM, WARNING};
use crate::model::declared::{Declared, Row};
use crate::model::manifest::Module;
use crate::phase::call::{Chunk, HealthResponse, IdentityResponse, OpHealth, PluginError};
use crate::phase::launch::Ended;

/// What an operation gave.
pub(in crate::cli) fn result(
    console: &Console,
    plugin: &str,
    operation: &str,
    result: &RawValue,
    meta: &BTreeMap<String, String>,
) {
    // A struct, not a `Value`: the plugin's order of keys and spelling of numbers stay.
    #[derive(Serialize)]
    struct Whole<'a> {
        schema: u32,
        plugin: &'a str,
        operation: &'a str,
        result: &'a RawValue,
        meta: &'a BTreeMap<String, String>,
    }
    if console.is_json() {
        console.json(&Whole { schema: 1, plugin, operation, result, meta });
    } else {
        console.data(&harmless(result.get()));
    }
}

/// A plugin's refusal, for programs; people get it as every other failure.
pub(in crate::cli) fn refused(console: &Console, plugin: &str, operation: &str, error: &PluginError) {
    if console.is_json() {
        let error = json!({ "code": error.code, "message": error.message });
        console.json(&json!({ "schema": 1, "plugin": plugin, "operation": operation, "error": error }));
    }
}

/// A piece of an answer, at once. For programs a line of JSON each.
pub(in crate::cli) fn chunk(console: &Console, chunk: &Chunk) {
    let moved = chunk.total != 0 || chunk.progress != 0 || !chunk.message.is_empty();
    if console.is_json() {
        let mut line = json!({ "schema": 1, "eof": chunk.eof });
        match std::str::from_utf8(&chunk.data) {
            Ok("") => {}
            Ok(text) => line["data"] = json!(text),
            Err(_) => line["data_base64"] = json!(STANDARD.encode(&chunk.data)),
        }
        if moved {
            line["progress"] = json!(chunk.progress);
            line["total"] = json!(chunk.total);
            line["message"] = json!(chunk.message);
        }
        console.bytes(format!("{line}\n").as_bytes());
    } else {
        if moved {
            let of = if chunk.total > 0 { format!("/{}", chunk.total) } else { String::new() };
            console.note(&format!("{DIM}{}{of}{DIM:#} {}", chunk.progress, harmless(&chunk.message)));
        }
        match std::str::from_utf8(&chunk.data) {
            Ok(text) if std::io::stdout().is_terminal() => console.bytes(harmless(text).as_bytes()),
            _ => console.bytes(&chunk.data),
        }
    }
}

/// Whether a plugin can do its work.
pub(in crate::cli) fn health(console: &Console, plugin: &str, health: &HealthResponse) {
    if console.is_json() {
        let (healthy, detail) = (health.healthy, &health.detail);
        console.json(&json!({ "schema": 1, "plugin": plugin, "healthy": healthy, "detail": detail }));
    } else {
        let word = if health.healthy { "healthy" } else { "not healthy" };
        console.data(&format!("{plugin}: {word}{}", with_colon(&health.detail)));
    }
}

/// Which operations the credentials allow.
pub(in crate::cli) fn permissions(console: &Console, plugin: &str, ops: &[OpHealth]) {
    if console.is_json() {
        let ops: Vec<_> =
            ops.iter().map(|op| json!({ "operation": op.key, "ok": op.ok, "reason": op.reason })).collect();
        return console.json(&json!({ "schema": 1, "plugin": plugin, "operations": ops }));
    }
    let width = ops.iter().map(|op| op.key.chars().count()).max().unwrap_or(0);
    for op in ops {
        let word = if op.ok { "yes" } else { "no" };
        console.data(&format!("{:width$}  {word}{}", harmless(&op.key), with_colon(&op.reason)));
    }
}

/// Whose token it is.
pub(in crate::cli) fn identity(console: &Console, who: &IdentityResponse) {
    if console.is_json() {
        console.json(&json!({ "schema": 1, "user_id": who.user_id, "display_name": who.display_name }));
    } else {
        console.data(&format!("{}{}", harmless(&who.user_id), with_colon(&who.display_name)));
    }
}

/// What a plugin can do.
pub(in crate::cli) fn list(console: &Console, plugin: &str, module: &Module, declared: &Declared) {
    let meta = module.meta().ok();
    let (name, about) = meta.map_or_else(Default::default, |meta| (meta.name, meta.description));
    if console.is_json() {
        let ops: Vec<_> = declared
            .operations()
            .map(|(category, op)| {
                json!({ "key": op.key, "name": op.name, "category": category, "description": op.description,
                    "destructive": op.destructive, "input": op.input.iter().map(row_json).collect::<Vec<_>>() })
            })
            .collect();
        let settings: Vec<_> = declared.configs.iter().map(row_json).collect();
        return console.json(&json!({ "schema": 1, "plugin": plugin, "name": name, "description": about,
            "operations": ops, "settings": settings, "oauth": declared.oauth }));
    }
    let mut text = format!("{plugin}: {}{}\n", harmless(&name), with_colon(&about));
    let mut title = None;
    for (category, op) in declared.operations() {
        if title != Some(category) {
            title = Some(category);
            text += &format!("\n{}\n", harmless(category));
        }
        let mark = if op.destructive {
            format!("  {WARNING}destructive, needs --yes{WARNING:#}")
        } else {
            String::new()
        };
        text += &format!("  {}{mark}\n      {DIM}{}{DIM:#}\n", harmless(&op.key), harmless(&op.description));
        text += &rows(&op.input, "      --arg ");
    }
    if !declared.configs.is_empty() {
        text += &format!("\nSettings, for every operation\n{}", rows(&declared.configs, "  --cred "));
    }
    console.data(text.trim_end());
}

/// How a launch ended, for people who want to know.
pub(in crate::cli) fn ended(console: &Console, label: &str, ended: &Ended, said: &str) {
    for line in said.lines() {
        console.note(&format!("  {DIM}|{DIM:#} {}", harmless(line)));
    }
    let how = ended.how.as_deref().map_or_else(String::new, |how| format!(" ({how})"));
    console.note(&if ended.by_itself {
        format!("{label}: ended when it was asked to{how}")
    } else {
        format!("{label}: didn't end within 2 s of being asked and was killed")
    });
    if ended.left_behind > 0 {
        console.note(&format!("{label}: left {} process(es) running; they were ended", ended.left_behind));
    }
}

fn rows(rows: &[Row], before: &str) -> String {
    let width = rows.iter().map(|row| row.key.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let mut words = vec![if row.kind.is_empty() { "text".to_owned() } else { harmless(&row.kind) }];
        words.extend(row.is_needed().then(|| "required".to_owned()));
        words.extend((row.secret).then(|| "secret".to_owned()));
        words.extend((!row.value.is_empty()).then(|| format!("default {}", harmless(&row.value))));
        let choices = row.choices();
        words.extend((!choices.is_empty()).then(|| format!("one of {}", harmless(&choices.join(", ")))));
        let about = harmless(&row.description);
        text +=
            &format!("{before}{:width$}  {}  {DIM}{about}{DIM:#}\n", harmless(&row.key), words.join(", "));
    }
    text
}

fn row_json(row: &Row) -> serde_json::Value {
    json!({ "key": row.key, "type": row.kind, "required": row.required, "secret": row.secret,
        "default": row.value, "options": row.choices(), "description": row.description })
}

fn with_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {}", harmless(text)) }
}

/// A plugin's text without what moves cursors or changes colours.
fn harmless(text: &str) -> String {
    text.chars()
        .flat_map(|c| match c {
            '\n' | '\t' => vec![c],
            c if c.is_control() => c.escape_unicode().collect(),
            c => vec![c],
        })
        .collect()
}
