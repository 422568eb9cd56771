//! A bill of materials in CycloneDX 1.6 (ECMA-424), as far as wick writes one: what a version of a plugin consists of.
//! Only the form; what goes in is decided in `phase/sbom`.

use serde::Serialize;

use super::digest::Sha256;
use super::names::PluginKey;
use super::version::PluginVersion;

/// What ends the name of a bill of materials.
pub const SBOM_SUFFIX: &str = ".cdx.json";

/// The file name: `<key>-<version without v>.cdx.json`. It is never a package's, which has os and arch and `.zip`.
#[must_use]
pub fn file_name(key: &PluginKey, version: &PluginVersion) -> String {
    format!("{key}-{}{SBOM_SUFFIX}", version.bare())
}

/// The document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bom {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    /// A UUID made from the content: the same content has the same number.
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    version: u32,
    /// What it is about. Without a time: the same receipts give the same text.
    pub metadata: Metadata,
    /// What the plugin consists of, sorted by reference.
    pub components: Vec<Component>,
    /// Who needs whom, sorted by reference.
    pub dependencies: Vec<Edges>,
}

/// What a document is about, and what made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// What made the document.
    pub tools: Tools,
    /// What it describes.
    pub component: Component,
}

/// Programs that made a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tools {
    /// wick.
    pub components: Vec<Component>,
}

/// A piece of software.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    /// `application`, `library`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its name within the document.
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Digests of its file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Hash>,
    /// Its licence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<Licence>,
    /// Its package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// What it consists of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// What the format has no word for; names begin with `wick:`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// A digest of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hash {
    /// `SHA-256`.
    pub alg: &'static str,
    /// Lower-case hex.
    pub content: Sha256,
}

/// A licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Licence {
    /// An SPDX expression.
    Expression(String),
    /// Anything else, by name.
    License(NamedLicence),
}

/// A licence that is no SPDX expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedLicence {
    /// As it was declared.
    pub name: String,
}

/// A name and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Property {
    /// `wick:…`.
    pub name: &'static str,
    /// What it says.
    pub value: String,
}

/// What one component needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edges {
    /// The component.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What it needs, sorted.
    #[serde(rename = "dependsOn", skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

impl Bom {
    /// A document with these contents and the number that belongs to them.
    #[must_use]
    pub fn new(metadata: Metadata, components: Vec<Component>, dependencies: Vec<Edges>) -> Bom {
        let mut bom = Bom {
            schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
            bom_format: "CycloneDX",
            spec_version: "1.6",
            serial_number: None,
            version: 1,
            metadata,
            components,
            dependencies,
        };
        bom.serial_number = Some(serial_number(&Sha256::of(bom.to_json().as_bytes())));
        bom
    }

    /// As a file: two-space indented, newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a bill of materials is plain data");
        text.push('\n');
        text
    }
}

/// RFC 9562, version 8: a UUID whose bits are the maker's choice, here the content's digest.
fn serial_number(content: &Sha256) -> String {
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&content.as_bytes()[..16]);
    bytes[6] = 0x80 | bytes[6] & 0x0f;
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

impl Component {
    /// A component of which only this is known.
    #[must_use]
    pub fn named(kind: &'static str, name: &str, version: &str) -> Component {
        Component {
            kind,
            reference: None,
            name: name.to_owned(),
            version: version.to_owned(),
            hashes: Vec::new(),
            licenses: Vec::new(),
            purl: None,
            components: Vec::new(),
            properties: Vec::new(),
        }
    }
}

impl Licence {
    /// What a crate declares. Old crates have `/` for `OR`.
    #[must_use]
    pub fn declared(text: &str) -> Licence {
        let expression = text.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
        let plain = |c: char| c.is_ascii_alphanumeric() || " .-+()".contains(c);
        // `MIT Apache-2.0` or prose is no expression: between two names stands an operator.
        let words: Vec<&str> = expression.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
        let operator = |word: &&str| ["AND", "OR", "WITH"].contains(word);
        let alternates = words.len() % 2 == 1
            && words.iter().enumerate().all(|(at, word)| operator(&word) == (at % 2 == 1));
        if alternates && expression.chars().all(plain) {
            Licence::Expression(expression)
        } else {
            Licence::License(NamedLicence { name: text.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_a_uuid_of_the_content() {
        let number = serial_number(&Sha256::of(b"abc"));
        assert_eq!(number, "urn:uuid:ba7816bf-8f01-8fea-8141-40de5dae2223");
        assert_ne!(number, serial_number(&Sha256::of(b"abd")));
    }

    #[test]
    fn licences_are_expressions_where_they_can_be() {
        let expression = |text: &str| Licence::Expression(text.to_owned());
        assert_eq!(Licence::declared("MIT/Apache-2.0"), expression("MIT OR Apache-2.0"));
        assert_eq!(
            Licence::declared("MIT OR (Apache-2.0 AND BSD-3-Clause)"),
            expression("MIT OR (Apache-2.0 AND BSD-3-Clause)")
        );
        assert_eq!(
            Licence::declared("Apache-2.0 WITH LLVM-exception"),
            expression("Apache-2.0 WITH LLVM-exception")
        );
        for prose in ["see LICENSE", "MIT Apache-2.0", "OR", "", "MIT, mostly"] {
            assert!(matches!(Licence::declared(prose), Licence::License(_)), "{prose}");
        }
    }
}
