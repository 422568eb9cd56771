//! What verify has to say of one package. As JSON it is a form that other programs read.

use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use crate::model::artifact::BinaryFacts;
use crate::model::bundle::Identity;
use crate::model::digest::Sha256;
use crate::model::finding::{Finding, Severity};
use crate::model::names::PluginKey;
use crate::model::target::Target;
use crate::model::version::PluginVersion;

/// The number of the JSON form.
pub const VERDICT_SCHEMA: u32 = 1;

/// One package, what it is, and what speaks against it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The name of the archive or folder.
    pub package: String,
    /// The plugin's key, if the manifest has a valid one.
    pub key: Option<PluginKey>,
    /// The version, if the manifest has a valid one.
    pub version: Option<PluginVersion>,
    /// The target, if the manifest has exactly one that is known.
    pub target: Option<Target>,
    /// The digest of the archive; folders have none.
    pub sha256: Option<Sha256>,
    /// The size of the archive, or of a folder's files together, in bytes.
    pub size: u64,
    /// The trusted key that signed the program, as text.
    pub signed_by: Option<String>,
    /// Who made the cosign signature of the program, when it was checked.
    pub binary_signed_by: Option<Identity>,
    /// Who signed the bundle over the archive, when it was checked.
    pub bundle_signed_by: Option<Identity>,
    /// Who signed the attestation, when it was checked.
    pub attested_by: Option<Identity>,
    /// What the program's headers say.
    pub facts: Option<BinaryFacts>,
    /// Everything that was found: the packing first, then the package.
    pub findings: Vec<Finding>,
}

impl Verdict {
    pub(super) fn new(package: &str) -> Verdict {
        Verdict {
            package: package.to_owned(),
            key: None,
            version: None,
            target: None,
            sha256: None,
            size: 0,
            signed_by: None,
            binary_signed_by: None,
            bundle_signed_by: None,
            attested_by: None,
            facts: None,
            findings: Vec::new(),
        }
    }

    /// Whether a host takes the package.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}

/// By hand, because `accepted` is told and not kept.
impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut object = out.serialize_struct("Verdict", 14)?;
        object.serialize_field("schema", &VERDICT_SCHEMA)?;
        object.serialize_field("package", &self.package)?;
        object.serialize_field("accepted", &self.is_accepted())?;
        object.serialize_field("key", &self.key)?;
        object.serialize_field("version", &self.version)?;
        object.serialize_field("target", &self.target)?;
        object.serialize_field("sha256", &self.sha256)?;
        object.serialize_field("size", &self.size)?;
        object.serialize_field("signed_by", &self.signed_by)?;
        object.serialize_field("binary_signed_by", &self.binary_signed_by)?;
        object.serialize_field("bundle_signed_by", &self.bundle_signed_by)?;
        object.serialize_field("attested_by", &self.attested_by)?;
        object.serialize_field("facts", &self.facts)?;
        object.serialize_field("findings", &self.findings)?;
        object.end()
    }
}
