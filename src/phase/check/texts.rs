//! Rules on every text a plugin declares, for people and models.

use super::declared::{Declared, quoted, words};

/// Longest texts, in characters. Models take 1,024 of a tool's description.
const NAME_MAX: usize = 80;
const PLUGIN_MAX: usize = 600;
const OPERATION_MAX: usize = 1024;
const ROW_MAX: usize = 500;

struct Text<'a> {
    what: String,
    text: &'a str,
    most: usize,
}

fn all(declared: &Declared) -> Vec<Text<'_>> {
    let module = &declared.module;
    let mut texts = Vec::new();
    let mut add = |what: String, text, most| texts.push(Text { what, text, most });
    add("the plugin's name".to_owned(), module.meta.name.as_str(), NAME_MAX);
    add("the plugin's description".to_owned(), &module.meta.description, PLUGIN_MAX);
    for category in &module.operations {
        add(format!("the title of category {}", quoted(&category.title)), &category.title, NAME_MAX);
        add(
            format!("the description of category {}", quoted(&category.title)),
            &category.description,
            PLUGIN_MAX,
        );
    }
    for op in declared.operations() {
        add(format!("the name of operation {}", quoted(&op.key)), &op.name, NAME_MAX);
        add(format!("the description of operation {}", quoted(&op.key)), &op.description, OPERATION_MAX);
    }
    for (what, row) in declared.rows() {
        add(format!("the description of {what}"), &row.description, ROW_MAX);
    }
    texts
}

pub(super) fn are_too_long(declared: &Declared) -> Vec<String> {
    let long = all(declared).into_iter().map(|text| (text.text.chars().count(), text));
    let long = long.filter(|(length, text)| *length > text.most);
    long.map(|(length, text)| format!("{} has {length} characters; {} will do", text.what, text.most))
        .collect()
}

/// What is written where something is still to be written. In pieces, so that this file doesn't say so of itself.
const UNFINISHED: &[&str] =
    &[concat!("to", "do"), concat!("fix", "me"), concat!("xx", "x"), "tbd", "lorem ipsum"];

pub(super) fn are_unfinished(declared: &Declared) -> Vec<String> {
    let telling = all(declared).into_iter().filter_map(|text| {
        let plain: String = text.text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        let plain = format!(" {} ", words(&plain).join(" "));
        let word = UNFINISHED.iter().find(|word| plain.contains(&format!(" {word} ")))?;
        Some(format!("{} says `{word}`", text.what))
    });
    telling.collect()
}

pub(super) fn hold_controls(declared: &Declared) -> Vec<String> {
    let bad = |c: &char| {
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
        let tag = matches!(c, '\u{e0000}'..='\u{e007f}');
        c.is_control() && !matches!(c, '\n' | '\t') || turns || tag
    };
    let telling = all(declared).into_iter().filter_map(|text| {
        let found = text.text.chars().find(bad)?;
        Some(format!("{} holds U+{:04X}", text.what, u32::from(found)))
    });
    telling.collect()
}
