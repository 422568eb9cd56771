//! plugin.json as text: is it what every host reads the same way? Go hosts match field names without regard to
//! case and take the last of several, so what looks like an unknown field may replace a checked one.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Case, MANIFEST_MAX};
use crate::model::finding::Finding;
use crate::model::manifest::{Manifest, SCHEMA_VERSION};

/// The fields of the envelope (contract wick 4).
const ENVELOPE: [&str; 9] = [
    "schema_version",
    "kind",
    "version",
    "proto_version",
    "entry",
    "os_arch",
    "sha256",
    "signature",
    "module",
];

/// Texts longer than this aren't compared with their canonical form, which may be many times as long.
const COMPARED_MAX: usize = 1 << 20;

/// The most keys that are named in findings.
const NAMED_MAX: usize = 8;

/// Reads a manifest strictly.
pub(super) fn read(text: &[u8]) -> (Option<Manifest>, Vec<Finding>) {
    if text.len() > MANIFEST_MAX {
        let message = format!("plugin.json has {} bytes; at most {MANIFEST_MAX} are read", text.len());
        return (None, vec![Finding::error("manifest-too-large", message)]);
    }
    let mut survey = Survey::default();
    let mut parser = serde_json::Deserializer::from_slice(text);
    let walked = Walk { survey: &mut survey, place: &Place::Root }.deserialize(&mut parser);
    if let Err(error) = walked.and_then(|()| parser.end()) {
        return (None, vec![unreadable(&error)]);
    }
    let mut findings = survey.findings();
    // Without duplicates in the text, serde and Go see the same fields.
    match serde_json::from_slice(text) {
        Ok(manifest) => (Some(manifest), findings),
        Err(error) => {
            if survey.duplicates.is_empty() {
                findings.push(unreadable(&error));
            }
            (None, findings)
        }
    }
}

fn unreadable(error: &serde_json::Error) -> Finding {
    Finding::error("manifest-unreadable", format!("plugin.json can't be read: {error}"))
        .hint("build the package again; wick writes plugin.json from what the plugin declares")
}

pub(super) fn schema_is_known(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let is = case.manifest.schema_version;
    if is != SCHEMA_VERSION {
        let message = format!("schema_version is {is}; hosts know {SCHEMA_VERSION}");
        findings.push(Finding::error("schema-version", message));
    }
}

/// Warns when the text is not what wick and the reference write. A host reads it all the same.
pub(super) fn text_is_canonical(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let text = case.package.manifest_text;
    // Unknown fields are not in the canonical form, and were noted.
    let unknown = case.package.reading.iter().any(|finding| finding.code == "manifest-unknown-field");
    if unknown || text.len() > COMPARED_MAX {
        return;
    }
    let canonical = case.manifest.to_json();
    if canonical.as_bytes() != text {
        let same = canonical.bytes().zip(text).take_while(|(a, b)| a == *b).count();
        let message = format!("plugin.json is not written as the reference writes it, from byte {same} on");
        findings.push(
            Finding::warning("manifest-text", message).hint("was it edited or formatted after the build?"),
        );
    }
}

/// What the keys of a text tell.
#[derive(Default)]
struct Survey {
    duplicates: Vec<String>,
    shadows: Vec<String>,
    unknown: Vec<String>,
}

impl Survey {
    fn findings(&self) -> Vec<Finding> {
        let list = |keys: &[String]| -> String {
            let named: Vec<&str> = keys.iter().take(NAMED_MAX).map(String::as_str).collect();
            let more = if keys.len() > NAMED_MAX { " and others" } else { "" };
            format!("`{}`{more}", named.join("`, `"))
        };
        let mut findings = Vec::new();
        if !self.duplicates.is_empty() {
            let message = format!("plugin.json has the same key twice: {}", list(&self.duplicates));
            findings.push(Finding::error("manifest-duplicate-key", message));
        }
        if !self.shadows.is_empty() {
            let message = format!(
                "plugin.json has keys that hosts take for others of the same letters: {}",
                list(&self.shadows)
            );
            findings.push(Finding::error("manifest-key-case", message));
        }
        if !self.unknown.is_empty() {
            let message = format!("plugin.json has fields wick doesn't know: {}", list(&self.unknown));
            findings.push(Finding::note("manifest-unknown-field", message));
        }
        findings
    }
}

/// Where in the text a value is.
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>),
}

impl Place<'_> {
    /// Objects that hosts read into structs with fixed fields, so that the case of a key doesn't matter. Deeper
    /// objects may be maps, in which `a` and `A` are two keys.
    fn is_struct(&self) -> bool {
        match self {
            Place::Root | Place::Key(Place::Root, "module") => true,
            Place::Key(Place::Key(Place::Root, "module"), key) => *key == "Meta",
            _ => false,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Key(Place::Root, key) => write!(f, "{}", key.escape_debug()),
            Place::Key(parent, key) => write!(f, "{parent}.{}", key.escape_debug()),
            Place::Item(parent) => write!(f, "{parent}[]"),
        }
    }
}

/// Walks over a value and looks at its keys only.
struct Walk<'a> {
    survey: &'a mut Survey,
    place: &'a Place<'a>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let place = Place::Item(self.place);
        while items.next_element_seed(Walk { survey: self.survey, place: &place })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut seen: HashMap<String, String> = HashMap::new();
        let is_struct = self.place.is_struct();
        while let Some(key) = fields.next_key::<String>()? {
            let place = Place::Key(self.place, &key);
            let name = if is_struct { go_fold(&key) } else { key.clone() };
            let at_root = matches!(self.place, Place::Root);
            if at_root && !ENVELOPE.contains(&key.as_str()) {
                let shadows = ENVELOPE.contains(&name.as_str());
                let list = if shadows { &mut self.survey.shadows } else { &mut self.survey.unknown };
                remember(list, &place);
            }
            match seen.get(&name) {
                Some(first) if *first == key => remember(&mut self.survey.duplicates, &place),
                Some(_) => remember(&mut self.survey.shadows, &place),
                None => {
                    seen.insert(name, key.clone());
                }
            }
            fields.next_value_seed(Walk { survey: self.survey, place: &place })?;
        }
        Ok(())
    }
}

/// Keeps one place more than are named, so that a long list is known to be long and costs nothing more.
fn remember(list: &mut Vec<String>, place: &Place<'_>) {
    const SHOWN_MAX: usize = 80;
    if list.len() <= NAMED_MAX {
        list.push(place.to_string().chars().take(SHOWN_MAX).collect());
    }
}

/// Under this form Go's encoding/json takes a key for a field: case doesn't matter, and two letters outside ASCII
/// count as `s` and `k`.
fn go_fold(key: &str) -> String {
    key.chars()
        .map(|c| match c {
            'ſ' => 's',
            '\u{212a}' => 'k',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}
