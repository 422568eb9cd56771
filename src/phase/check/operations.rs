//! Rules on operations: what a model chooses from, and what may run without asking.

use super::declared::{Declared, Operation, is_key, quoted, repeated, words};

pub(super) fn there_are_none(declared: &Declared) -> Vec<String> {
    let none = declared.unread.is_none() && declared.operations().next().is_none();
    none.then(|| "it declares no operations".to_owned()).into_iter().collect()
}

pub(super) fn keys_are_odd(declared: &Declared) -> Vec<String> {
    let odd = declared.operations().filter(|op| !is_key(&op.key));
    odd.map(|op| format!("operation {}", quoted(&op.key))).collect()
}

pub(super) fn keys_are_twice(declared: &Declared) -> Vec<String> {
    let twice = repeated(declared.operations().map(|op| op.key.as_str()));
    twice.into_iter().map(|key| format!("operation {} is declared more than once", quoted(key))).collect()
}

pub(super) fn descriptions_say_nothing(declared: &Declared) -> Vec<String> {
    let plain = |text: &str| words(text.trim_end_matches('.')).join(" ");
    let echoes = |op: &&Operation| {
        let said = plain(&op.description);
        !said.is_empty() && (said == plain(&op.name) || said == plain(&op.key))
    };
    let echo = declared.operations().filter(echoes);
    let mut found: Vec<String> = echo
        .map(|op| format!("operation {}: its description only repeats its name", quoted(&op.key)))
        .collect();
    let texts = declared.operations().map(|op| op.description.trim()).filter(|text| !text.is_empty());
    for text in repeated(texts) {
        let same = declared.operations().filter(|op| op.description.trim() == text);
        let keys: Vec<String> = same.map(|op| quoted(&op.key)).collect();
        found.push(format!("operations {} have the same description", keys.join(" and ")));
    }
    found
}

/// Words that say that something will be gone.
#[rustfmt::skip]
const DESTROY: &[&str] = &[
    "clear", "del", "delete", "destroy", "discard", "drop", "erase", "kill", "overwrite", "purge", "remove", "revoke", "rm",
    "terminate", "truncate", "uninstall", "wipe",
];

/// First words of operations that only look.
#[rustfmt::skip]
const LOOK: &[&str] = &[
    "check", "count", "describe", "explain", "export", "fetch", "find", "get", "is", "list", "preview", "query", "read",
    "search", "show", "watch",
];

pub(super) fn destroy_unmarked(declared: &Declared) -> Vec<String> {
    let unmarked = declared.operations().filter(|op| !op.destructive);
    let telling = unmarked.filter_map(|op| {
        let words = words(&op.key);
        let looks = words.first().is_some_and(|first| LOOK.contains(&first.as_str()));
        let word = words.iter().find(|word| DESTROY.contains(&word.as_str())).filter(|_| !looks)?;
        Some(format!("operation {} says `{word}` and isn't marked destructive", quoted(&op.key)))
    });
    telling.collect()
}
