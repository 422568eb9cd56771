//! What a plugin declares, as far as rules look at it (contract wick 4). Everything is optional here: what is missing is
//! for rules to say.

use serde::{Deserialize, Deserializer};

use crate::model::manifest::Module;
use crate::model::names::PluginKey;

/// The module of one plugin, and what it is held against.
pub(super) struct Declared {
    /// The folder's name.
    pub(super) folder: PluginKey,
    /// The protocol it speaks.
    pub(super) protocol: u32,
    /// What was read.
    pub(super) module: Shape,
    /// Why nothing, or not everything, could be read.
    pub(super) unread: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Shape {
    pub(super) meta: Meta,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) configs: Vec<Row>,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) operations: Vec<Category>,
    #[serde(rename = "OAuth")]
    pub(super) oauth: Option<OAuth>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Meta {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) description: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Category {
    pub(super) title: String,
    pub(super) description: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) ops: Vec<Operation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Operation {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) description: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) input: Vec<Row>,
    pub(super) destructive: bool,
}

/// A setting or an input.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) value: String,
    #[serde(rename = "Type")]
    pub(super) form: String,
    pub(super) options: String,
    pub(super) is_secret: bool,
    pub(super) required: bool,
    pub(super) description: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct OAuth {
    #[serde(rename = "AuthorizeURL")]
    pub(super) authorize_url: String,
    #[serde(rename = "TokenURL")]
    pub(super) token_url: String,
}

/// A nil slice is `null` in Go.
fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}

impl Declared {
    pub(super) fn read(folder: &PluginKey, protocol: u32, module: &Module) -> Declared {
        let (module, unread) = match serde_json::from_str(module.text()) {
            Ok(shape) => (shape, None),
            Err(error) => (Shape::default(), Some(error.to_string())),
        };
        Declared { folder: folder.clone(), protocol, module, unread }
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.module.operations.iter().flat_map(|category| &category.ops)
    }

    /// Every row with what to call it: ``setting `token` ``, ``input `city` of `now` ``.
    pub(super) fn rows(&self) -> impl Iterator<Item = (String, &Row)> {
        let settings = self.module.configs.iter().map(|row| (format!("setting {}", quoted(&row.key)), row));
        let of = |op: &Operation, row: &Row| format!("input {} of {}", quoted(&row.key), quoted(&op.key));
        settings
            .chain(self.operations().flat_map(move |op| op.input.iter().map(move |row| (of(op, row), row))))
    }

    /// The lists of rows whose keys must differ, with what to call each list.
    pub(super) fn forms(&self) -> impl Iterator<Item = (String, &Vec<Row>)> {
        let settings = std::iter::once(("the settings".to_owned(), &self.module.configs));
        settings.chain(self.operations().map(|op| (format!("the inputs of {}", quoted(&op.key)), &op.input)))
    }
}

/// A plugin's own words for a terminal: short, and nothing in them is obeyed.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let short: String = text.chars().take(SHOWN).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", short.escape_debug())
}

/// The part of a key between two `_`.
pub(super) fn words(key: &str) -> Vec<String> {
    key.split(['_', '-', '.', ' ']).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Keys, tool names for models: the rule of plugin keys holds for all of them.
pub(super) fn is_key(key: &str) -> bool {
    key.parse::<PluginKey>().is_ok()
}

/// What stands there more than once, each once.
pub(super) fn repeated<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<&str> = keys.collect();
    all.sort_unstable();
    let mut twice: Vec<&str> = all.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0]).collect();
    twice.dedup();
    twice
}
