//! plugins.json as text. Reading is strict about what wick knows and keeps what it doesn't; writing follows Go's
//! encoding/json to the byte, since readers and the reference's own tool share the file.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{Catalog, Entry, RawJson};
use crate::model::failure::{Explain, FailureKind};
use crate::model::manifest::go_indent;

/// The largest catalog text that wick reads, in bytes: readers take a sixteenth of it.
pub const TEXT_MAX: u64 = 16 << 20;

/// Why a text is no catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Something else than a list.
    #[error("a catalog is a JSON array and this is {0}")]
    NotAnArray(String),
    /// Broken JSON, or a field of the wrong type; the source says where.
    #[error("the catalog can't be read")]
    Json(#[from] serde_json::Error),
    /// Readers would disagree about which of them counts.
    #[error("the catalog has two entries for `{0}`")]
    Twice(String),
}

impl Explain for CatalogError {
    fn kind(&self) -> FailureKind {
        FailureKind::Project
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "repair it, take it back with `git checkout`, or remove it to have it made anew from all releases"
                .to_owned(),
        ]
    }
}

impl Catalog {
    /// Reads a catalog.
    ///
    /// # Errors
    /// When it is no JSON array, an entry has a known field of another type or twice, or a key is there twice.
    pub fn parse(text: &str) -> Result<Catalog, CatalogError> {
        match text.trim_start().chars().next() {
            Some('[') => {}
            Some(first) => return Err(CatalogError::NotAnArray(describe(first))),
            None => return Err(CatalogError::NotAnArray("empty".to_owned())),
        }
        // Refuses nesting that would make writing grow with its square.
        serde_json::from_str::<serde_json::Value>(text)?;
        let entries: Vec<Entry> = serde_json::from_str(text)?;
        let mut keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        keys.sort_unstable();
        if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(CatalogError::Twice(pair[0].escape_debug().to_string()));
        }
        Ok(Catalog::new(entries))
    }

    /// The bytes of plugins.json: 2-space indent, Go's escaping, a newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let compact =
            serde_json::to_string(&self.entries).expect("strings, numbers and checked JSON always serialize");
        go_indent(&compact) + "\n"
    }
}

fn describe(first: char) -> String {
    match first {
        '{' => "an object".to_owned(),
        '<' => "HTML or XML: it starts with `<`".to_owned(),
        other => format!("something that starts with `{}`", other.escape_debug()),
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("key", &self.key)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("version", &self.version)?;
        if !self.default_tags.is_empty() {
            map.serialize_entry("default_tags", &self.default_tags)?;
        }
        map.serialize_entry("assets", &self.assets)?;
        if !self.kind.is_empty() {
            map.serialize_entry("kind", &self.kind)?;
        }
        if let Some(version) = self.proto_version {
            map.serialize_entry("proto_version", &version)?;
        }
        if !self.digests.is_empty() {
            map.serialize_entry("digests", &self.digests)?;
        }
        if !self.sizes.is_empty() {
            map.serialize_entry("sizes", &self.sizes)?;
        }
        if let Some(time) = &self.published_at {
            map.serialize_entry("published_at", time)?;
        }
        if let Some(signed) = self.signed {
            map.serialize_entry("signed", &signed)?;
        }
        for (name, value) in &self.others {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

const KNOWN: [&str; 12] = [
    "key",
    "name",
    "description",
    "version",
    "default_tags",
    "assets",
    "kind",
    "proto_version",
    "digests",
    "sizes",
    "published_at",
    "signed",
];

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Entry, D::Error> {
        input.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Entry, A::Error> {
        let mut entry = Entry::default();
        let mut seen: Vec<String> = Vec::new();
        while let Some(name) = fields.next_key::<String>()? {
            // Go's readers don't look at case and take the last one: two spellings of a field would be two truths.
            let folded = go_fold(&name);
            if seen.contains(&folded) {
                return Err(A::Error::custom(format_args!("an entry has `{}` twice", name.escape_debug())));
            }
            if folded != name && KNOWN.contains(&folded.as_str()) {
                let name = name.escape_debug();
                return Err(A::Error::custom(format_args!("`{name}` must be spelled `{folded}`")));
            }
            match name.as_str() {
                "key" => entry.key = or_default(&mut fields)?,
                "name" => entry.name = or_default(&mut fields)?,
                "description" => entry.description = or_default(&mut fields)?,
                "version" => entry.version = or_default(&mut fields)?,
                "default_tags" => entry.default_tags = or_default(&mut fields)?,
                "assets" => entry.assets = or_default::<BTreeMap<String, String>, A>(&mut fields)?,
                "kind" => entry.kind = or_default(&mut fields)?,
                "proto_version" => entry.proto_version = fields.next_value()?,
                "digests" => entry.digests = or_default(&mut fields)?,
                "sizes" => entry.sizes = or_default(&mut fields)?,
                "published_at" => entry.published_at = fields.next_value()?,
                "signed" => entry.signed = fields.next_value()?,
                _ => entry.others.push((name, fields.next_value::<RawJson>()?)),
            }
            seen.push(folded);
        }
        Ok(entry)
    }
}

/// Go writes nil slices and maps as `null`, and reads `null` as nothing.
fn or_default<'de, T: Deserialize<'de> + Default, A: MapAccess<'de>>(fields: &mut A) -> Result<T, A::Error> {
    Ok(fields.next_value::<Option<T>>()?.unwrap_or_default())
}

/// Under this form Go's encoding/json takes a key for a field.
fn go_fold(key: &str) -> String {
    key.chars()
        .map(|c| match c {
            'ſ' => 's',
            '\u{212a}' => 'k',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}
