//! Statements about packages: in-toto Statement v1 with the SLSA provenance predicate v1, made and read.
//! Formats: in-toto/attestation, `spec/v1`; slsa.dev/spec/v1.1/provenance. Signing them is `signer`'s business.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::digest::Sha256;
use super::names::{PluginKey, PluginKind};
use super::source::Uncommitted;
use super::target::Target;
use super::version::PluginVersion;

/// `_type` of every statement.
pub const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
/// The type of the predicate.
pub const PROVENANCE_V1: &str = "https://slsa.dev/provenance/v1";
/// How the parameters are meant: README, "Attestations and SBOM". A scheme of our own, because no web address is ours.
pub const BUILD_TYPE: &str = "wick:plugin-build/v1";
/// The largest statement that is read, in bytes.
pub const STATEMENT_MAX: usize = 3 << 20;

/// What is claimed, of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// [`STATEMENT_V1`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// Of what: the package, its binary, its manifest.
    pub subject: Vec<Subject>,
    /// [`PROVENANCE_V1`].
    pub predicate_type: String,
    /// How it was made.
    pub predicate: Provenance,
}

/// A file that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its name: the package's, or the entry's inside it.
    pub name: String,
    /// Its digest.
    pub digest: SubjectDigest,
}

/// A subject's digest. Others than SHA-256 are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectDigest {
    /// Lower-case hex.
    pub sha256: Sha256,
}

/// How something was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// From what, how.
    pub build_definition: BuildDefinition,
    /// By whom.
    pub run_details: RunDetails,
}

/// From what something was made, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// [`BUILD_TYPE`].
    pub build_type: String,
    /// What was asked for.
    pub external_parameters: Parameters,
    /// What wick decided and learned on the way; for debugging, as SLSA has it.
    pub internal_parameters: Internals,
    /// Sources, tools, and the code of others.
    pub resolved_dependencies: Vec<Resource>,
}

/// What was asked for. As SLSA demands of verifiers, a parameter that isn't known is not ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The plugin.
    pub plugin: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// Its version.
    pub version: PluginVersion,
    /// The target.
    pub target: Target,
    /// Its folder in the repository of the sources, with `/`.
    pub source: String,
}

/// What wick decided and learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Internals {
    /// What the binary's bytes depend on beside sources: flags, tools, and short digests of variables.
    pub build: BTreeMap<String, String>,
    /// What the package's bytes depend on beside the binary.
    pub package: BTreeMap<String, String>,
    /// How the manifest was learned.
    pub manifest: ManifestEvidence,
    /// What of the sources isn't the commit's, where they are `dirty`. Not among the source's annotations: readers of
    /// older statements expect only yes and no there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncommitted: Vec<Uncommitted>,
}

/// How a manifest was learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEvidence {
    /// `executed`, `emulated`, `embedded`, `same-source`.
    pub evidence: String,
    /// Details, for people.
    pub how: String,
}

/// Something a build drew on (in-toto's ResourceDescriptor).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where it is from: a package URL, or `git+https://…`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// By algorithm: `gitCommit`, `sha256`, `dirHash`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    /// `dirty`: the sources differed from that commit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, bool>,
}

/// By whom something was made. When is left out: the same receipts give the same text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDetails {
    /// The builder.
    pub builder: Builder,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// Who built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    /// Its address; `wick:local` claims nothing.
    pub id: String,
    /// The versions of what it consists of: `wick`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
}

/// Which run it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Its address.
    pub invocation_id: String,
}

/// A text that is no statement of how wick made a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no statement about a plugin's build: {0}")]
pub struct StatementError(pub String);

/// What says which kind of statement it is; read first, so that another kind is named and not called broken.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(rename = "_type")]
    kind: String,
    predicate_type: String,
    predicate: HeadPredicate,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeadPredicate {
    build_definition: HeadDefinition,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeadDefinition {
    build_type: String,
}

impl Statement {
    /// A statement of how these files were made.
    #[must_use]
    pub fn new(subject: Vec<Subject>, predicate: Provenance) -> Statement {
        Statement {
            kind: STATEMENT_V1.to_owned(),
            subject,
            predicate_type: PROVENANCE_V1.to_owned(),
            predicate,
        }
    }

    /// Reads a statement, strictly where something is decided from it: types, subjects, parameters.
    ///
    /// # Errors
    /// When it is too large, no JSON, another kind of statement, or names no or one subject twice.
    pub fn read(text: &[u8]) -> Result<Statement, StatementError> {
        // serde quotes names of fields as they are; a terminal must not obey them.
        let wrong = |what: String| StatementError(what.replace(char::is_control, "\u{fffd}"));
        if text.len() > STATEMENT_MAX {
            return Err(wrong(format!("it has more than {STATEMENT_MAX} bytes")));
        }
        // serde doesn't look at the text of fields that wick doesn't know; other readers do.
        serde_json::from_slice::<serde_json::Value>(text).map_err(|error| wrong(error.to_string()))?;
        let head: Head = serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
        for (what, is, expected) in [
            ("type", &head.kind, STATEMENT_V1),
            ("predicate's type", &head.predicate_type, PROVENANCE_V1),
            ("build type", &head.predicate.build_definition.build_type, BUILD_TYPE),
        ] {
            if is != expected {
                return Err(wrong(format!("its {what} is `{}`, not `{expected}`", is.escape_debug())));
            }
        }
        let statement: Statement = serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
        if statement.subject.is_empty() {
            return Err(wrong("it has no subject".to_owned()));
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = statement.subject.iter().find(|subject| !names.insert(&subject.name)) {
            return Err(wrong(format!("it names `{}` twice", twice.name.escape_debug())));
        }
        Ok(statement)
    }

    /// As it is signed: one line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a statement is plain data")
    }

    /// The digest it gives a file.
    #[must_use]
    pub fn digest_of(&self, name: &str) -> Option<Sha256> {
        self.subject.iter().find(|subject| subject.name == name).map(|subject| subject.digest.sha256)
    }

    /// What was asked for.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.predicate.build_definition.external_parameters
    }
}

impl Subject {
    /// A file by its name and bytes.
    #[must_use]
    pub fn of(name: &str, bytes: &[u8]) -> Subject {
        Subject { name: name.to_owned(), digest: SubjectDigest { sha256: Sha256::of(bytes) } }
    }
}

impl Resource {
    /// The digest of a Go module's folder, from its `h1:` sum: base64 there, hex here.
    #[must_use]
    pub fn dir_hash(h1: &str) -> Option<String> {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(h1.strip_prefix("h1:")?).ok()?;
        (bytes.len() == 32).then(|| bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = include_str!("../../tests/golden/wick/statement.json");

    #[test]
    fn what_is_not_looked_at_must_be_json_too() {
        for text in [&b"\x88"[..], b"\\ud800"] {
            let unknown = [b"{\"unknown\": \"", text, b"\","].concat();
            let text = [&unknown[..], &TEXT.as_bytes()[1..]].concat();
            assert!(Statement::read(&text).is_err(), "{}", String::from_utf8_lossy(&text));
        }
    }

    /// The golden file is wrapped for people; what is signed is one line.
    fn golden() -> String {
        Statement::read(TEXT.as_bytes()).unwrap().to_json()
    }

    #[test]
    fn reading_keeps_every_field() {
        let wrapped: serde_json::Value = serde_json::from_str(TEXT).unwrap();
        let ours: serde_json::Value = serde_json::from_str(&golden()).unwrap();
        assert_eq!(ours, wrapped);
    }

    #[test]
    fn other_statements_are_refused_by_name() {
        for (from, to, why) in [
            (
                STATEMENT_V1,
                "https://in-toto.io/Statement/v0.1",
                "its type is `https://in-toto.io/Statement/v0.1`",
            ),
            (PROVENANCE_V1, "https://spdx.dev/Document", "its predicate's type is"),
            (BUILD_TYPE, "https://actions.github.io/buildtypes/workflow/v1", "its build type is"),
            ("\"plugin\":", "\"evil\":1,\"plugin\":", "unknown field `evil`"),
            ("\"plugin\":", "\"\\u001b[2J\":1,\"plugin\":", "unknown field `\u{fffd}[2J`"),
            ("\"name\":\"plugin.json\"", "\"name\":\"slack\"", "it names `slack` twice"),
            ("\"sha256\":\"", "\"sha256\":\"0", "no sha256 digest"),
            ("\"target\":\"linux/amd64\"", "\"target\":\"linux/vax\"", "vax"),
            ("\"plugin\":\"slack\"", "\"plugin\":\"../x\"", "key"),
            ("\"_type\"", "\"_type\":\"\",\"_type\"", "duplicate field"),
        ] {
            let text = golden().replace(from, to);
            assert_ne!(text, golden(), "{from} isn't in the golden file");
            let error = Statement::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{from} → {to}: {error}");
        }
        let large = vec![b' '; STATEMENT_MAX + 1];
        assert!(Statement::read(&large).unwrap_err().to_string().contains("more than"));
    }

    #[test]
    fn a_sum_of_a_module_is_its_folders_digest() {
        // go.sum's line of github.com/pkg/errors v0.9.1, by `base64 -d | xxd -p`.
        let hex = Resource::dir_hash("h1:FEBLx1zS214owpjy7qsBeixbURkuhQAwrK5UwLGTwt4=").unwrap();
        assert_eq!(hex, "14404bc75cd2db5e28c298f2eeab017a2c5b51192e850030acae54c0b193c2de");
        assert_eq!(Resource::dir_hash("h1:AAAA"), None);
        assert_eq!(Resource::dir_hash("go.mod"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn reading_anything_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Statement::read(&bytes);
        }

        /// One altered character gives an error or another statement, never the same one and never a panic.
        #[test]
        fn altered_texts_are_other_statements(at in 0usize..100_000, by in 1u8..=255) {
            let mut bytes = golden().into_bytes();
            let at = at % bytes.len();
            bytes[at] = bytes[at].wrapping_add(by);
            if let Ok(read) = Statement::read(&bytes) {
                prop_assert_ne!(read.to_json(), golden());
            }
        }
    }
}
