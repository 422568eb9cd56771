//! plugin.json, the manifest a host reads, and the descriptor a built plugin prints of itself.
//! The text follows Go's encoding/json to the byte (contract wick 4); the module passes through untouched.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::declared::Declared;
use super::difference;
use super::names::{PluginKey, PluginKind};
use super::target::Target;

/// The `schema_version` of the envelope.
pub const SCHEMA_VERSION: u32 = 1;

/// The protocol versions hosts accept today, inclusive.
pub const PROTO_RANGE: std::ops::RangeInclusive<u32> = 1..=1;

/// The envelope, as `plugin.json` and as `--dump-manifest` prints it. Field order is the contract's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// 1.
    pub schema_version: u32,
    /// connector, tool or job; omitted when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The plugin's version, as in VERSION.
    #[serde(default)]
    pub version: String,
    /// The protocol the plugin speaks.
    pub proto_version: u32,
    /// The binary's file name inside the package.
    #[serde(default)]
    pub entry: String,
    /// One `os/arch`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub os_arch: Vec<String>,
    /// Lower-case hex of the binary's SHA-256.
    #[serde(default)]
    pub sha256: String,
    /// base64 of an ed25519 signature over the text of `sha256`, or empty.
    #[serde(default)]
    pub signature: String,
    /// What the binary declares, as it wrote it.
    pub module: Module,
}

/// A nil slice is `null` in Go.
fn null_is_empty<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(input)?.unwrap_or_default())
}

/// The `module` object: the raw text a plugin declared, known to be JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Module(Box<RawValue>);

/// Why a module can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// Not an object with `Meta.Key`.
    #[error("its module has no readable Meta.Key")]
    NoKey(#[source] serde_json::Error),
}

/// The parts of a module that wick looks at; everything else passes by.
#[derive(Clone, Debug, Deserialize)]
pub struct ModuleMeta {
    /// Must equal the plugin's folder.
    #[serde(rename = "Key")]
    pub key: String,
    /// For people.
    #[serde(rename = "Name", default)]
    pub name: String,
    /// For people and models.
    #[serde(rename = "Description", default)]
    pub description: String,
}

#[derive(Deserialize)]
struct TagsHead {
    #[serde(rename = "Meta")]
    meta: Tags,
}

#[derive(Deserialize)]
struct Tags {
    #[serde(rename = "DefaultTags", default)]
    default_tags: Option<Vec<Box<RawValue>>>,
}

#[derive(Deserialize)]
struct ModuleHead {
    #[serde(rename = "Meta")]
    meta: ModuleMeta,
}

impl Module {
    /// Reads what a plugin declares of itself, without an envelope around it. As [`Manifest::read`], it refuses
    /// nesting deeper than 128.
    ///
    /// # Errors
    /// When it is no JSON, or too deep.
    pub fn read(text: &str) -> Result<Module, serde_json::Error> {
        serde_json::from_str::<serde_json::Value>(text)?;
        serde_json::from_str(text)
    }

    /// What it declares, as far as callers need it.
    ///
    /// # Errors
    /// When it isn't of the contract's shape.
    pub fn declared(&self) -> Result<Declared, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }

    /// Whether two modules say the same: neither white space nor the order of keys matters.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Module) -> bool {
        let value = |module: &Module| serde_json::from_str::<serde_json::Value>(module.0.get()).ok();
        value(self) == value(other)
    }

    /// Where two modules differ, in words, with the names of the two.
    #[must_use]
    pub fn differences(&self, other: &Module, names: [&str; 2]) -> String {
        let value = |module: &Module| serde_json::from_str::<serde_json::Value>(module.0.get()).ok();
        let (Some(a), Some(b)) = (value(self), value(other)) else { return String::new() };
        difference::told(&a, &b, names).join("; ")
    }

    /// The identity the module declares.
    ///
    /// # Errors
    /// When the module is no object or has no `Meta` with a `Key`.
    pub fn meta(&self) -> Result<ModuleMeta, ModuleError> {
        serde_json::from_str::<ModuleHead>(self.0.get()).map(|head| head.meta).map_err(ModuleError::NoKey)
    }

    /// The items of `Meta.DefaultTags` as they are written; empty when there are none.
    ///
    /// # Errors
    /// When they are no list.
    pub fn default_tags(&self) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
        Ok(serde_json::from_str::<TagsHead>(self.0.get())?.meta.default_tags.unwrap_or_default())
    }

    /// The module as it was written, in JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The module in one canonical text, so that two modules can be compared: white space and the spelling of
    /// escapes don't matter, the order of keys does.
    #[must_use]
    pub fn canonical(&self) -> String {
        go_indent(self.0.get())
    }

    /// The keys of all operations, in order. Modules of an unknown shape have none.
    #[must_use]
    pub fn operations(&self) -> Vec<String> {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(self.0.get()) else { return Vec::new() };
        let groups = value.get("Operations").and_then(|v| v.as_array()).cloned().unwrap_or_default();
        let ops = groups.iter().filter_map(|group| group.get("Ops")?.as_array().cloned()).flatten();
        ops.filter_map(|op| Some(op.get("Key")?.as_str()?.to_owned())).collect()
    }
}

impl Manifest {
    /// Reads an envelope that a stranger wrote. Unlike plain deserializing it also refuses nesting deeper than
    /// 128, which would make [`Manifest::to_json`] grow with its square.
    ///
    /// # Errors
    /// When it is no envelope, or too deep.
    pub fn read(text: &str) -> Result<Manifest, serde_json::Error> {
        serde_json::from_str::<serde_json::Value>(text)?;
        serde_json::from_str(text)
    }

    /// The bytes of `plugin.json`: 2-space indent, Go's escaping, no newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let compact =
            serde_json::to_string(self).expect("strings, numbers and checked JSON always serialize");
        go_indent(&compact)
    }

    /// Rewrites what only the build knows, as the reference does: kind, entry, os_arch, version.
    /// `sha256` and `signature` are set by the caller, who has the binary.
    pub fn settle(&mut self, kind: PluginKind, key: &PluginKey, version: &str, target: Target) {
        self.kind = kind.to_string();
        self.version = version.to_owned();
        self.entry = format!("{key}{}", target.exe_suffix());
        self.os_arch = vec![target.to_string()];
    }
}

/// Rewrites valid JSON as Go's `json.MarshalIndent(v, "", "  ")` prints a `json.RawMessage`: order, numbers and
/// existing escapes are kept; `<`, `>`, `&`, U+2028 and U+2029 are escaped. Two texts of one value that differ in
/// white space only become the same.
pub(crate) fn go_indent(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0usize;
    let mut chars = json.chars().peekable();
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '"' => {
                out.push('"');
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => {
                            out.push('\\');
                            out.extend(chars.next());
                        }
                        '<' => out.push_str("\\u003c"),
                        '>' => out.push_str("\\u003e"),
                        '&' => out.push_str("\\u0026"),
                        '\u{2028}' => out.push_str("\\u2028"),
                        '\u{2029}' => out.push_str("\\u2029"),
                        c => out.push(c),
                    }
                }
                out.push('"');
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                if let Some(end) = chars.next_if(|end| matches!(end, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    newline(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                newline(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(',');
                newline(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Go 1.26 printed for the same structs (tests/host `canon` repeats this on real zips).
    #[test]
    fn bytes_are_gos() {
        let dumped = "{\"schema_version\":1,\"version\":\"x\",\"proto_version\":1,\"entry\":\"\",\"os_arch\":null,\
             \"sha256\":\"\",\"signature\":\"\",\"module\":{\"Meta\":{\"Key\":\"a\",\"Name\":\"A<b>&\u{2028}é\",\
             \"Zz\":1.50e3},\"Configs\":[ ],\"Extra\":{},\"Ops\":[1,\"\\u003c\\\"\"]}}";
        let mut manifest: Manifest = serde_json::from_str(dumped).unwrap();
        manifest.settle(
            PluginKind::Connector,
            &"a".parse().unwrap(),
            "v1.0.0",
            "windows/amd64".parse().unwrap(),
        );
        let expected = r#"{
  "schema_version": 1,
  "kind": "connector",
  "version": "v1.0.0",
  "proto_version": 1,
  "entry": "a.exe",
  "os_arch": [
    "windows/amd64"
  ],
  "sha256": "",
  "signature": "",
  "module": {
    "Meta": {
      "Key": "a",
      "Name": "A\u003cb\u003e\u0026\u2028é",
      "Zz": 1.50e3
    },
    "Configs": [],
    "Extra": {},
    "Ops": [
      1,
      "\u003c\""
    ]
  }
}"#;
        assert_eq!(manifest.to_json(), expected);
        assert_eq!(manifest.module.meta().unwrap().key, "a");
    }

    #[test]
    fn bottomless_nesting_is_refused() {
        let deep = |n: usize| {
            let (open, close) = ("[".repeat(n), "]".repeat(n));
            format!("{{\"schema_version\":1,\"proto_version\":1,\"module\":{open}{close}}}")
        };
        assert!(Manifest::read(&deep(100)).is_ok());
        assert!(Manifest::read(&deep(100_000)).is_err());
    }

    #[test]
    fn a_module_without_a_key_says_so() {
        for module in ["null", "[]", "{}", "{\"Meta\":{}}"] {
            assert!(serde_json::from_str::<Module>(module).unwrap().meta().is_err(), "{module}");
        }
    }
}
