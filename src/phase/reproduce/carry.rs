//! What only the key's owner can make: the published signature and `<binary>.sig` are taken over into a rebuilt package, if
//! and only if they are over the very binary that was rebuilt. Everything else in the package has to come out by itself.

use super::compare::manifest_of;
use crate::inspect::archive::{Contents, read_archive};
use crate::model::digest::Sha256;
use crate::model::manifest::Manifest;
use crate::model::package::{MANIFEST_NAME, PackageEntry};
use crate::phase::package::zip;

/// A rebuilt package with what was carried over.
pub(super) struct Carried {
    pub(super) bytes: Vec<u8>,
    /// Names of what was taken over; empty when there was nothing to take.
    pub(super) what: Vec<String>,
}

/// What the published package has that can't be made again.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The manifest's `signature`.
    pub(super) signature: String,
    /// `<binary>.sig`.
    pub(super) detached: Option<PackageEntry>,
    /// The digest of the binary they are over, as the manifest has it.
    pub(super) binary: String,
}

impl Marks {
    /// Those of a manifest that was read from afar: what lies beside it in the package isn't known.
    pub(super) fn of_manifest(manifest: &Manifest) -> Marks {
        Marks { signature: manifest.signature.clone(), detached: None, binary: manifest.sha256.clone() }
    }

    /// Those of a whole package.
    pub(super) fn of_package(contents: &Contents) -> Option<Marks> {
        let manifest = manifest_of(contents)?;
        let binary = contents.entries.iter().find(|entry| entry.name == manifest.entry)?;
        // The marks are over what the package really holds, whatever its manifest says.
        let digest = Sha256::of(&binary.bytes).to_string();
        let detached = contents.entries.iter().find(|entry| entry.name == format!("{}.sig", manifest.entry));
        Some(Marks { signature: manifest.signature, detached: detached.cloned(), binary: digest })
    }

    fn is_empty(&self) -> bool {
        self.signature.is_empty() && self.detached.is_none()
    }
}

/// The rebuilt package with the marks of the published one. Untouched when there are none, or when they are over another
/// binary.
pub(super) fn carry(name: &str, rebuilt: &[u8], marks: &Marks, epoch: u64) -> Option<Carried> {
    let unchanged = || Carried { bytes: rebuilt.to_vec(), what: Vec::new() };
    let mut contents = read_archive(name, rebuilt);
    let mut manifest = manifest_of(&contents)?;
    let binary = contents.entries.iter().find(|entry| entry.name == manifest.entry)?;
    if marks.is_empty() || Sha256::of(&binary.bytes).to_string() != marks.binary {
        return Some(unchanged());
    }
    let mut what = Vec::new();
    if !marks.signature.is_empty() {
        manifest.signature.clone_from(&marks.signature);
        let text = contents.entries.iter_mut().find(|entry| entry.name == MANIFEST_NAME)?;
        text.bytes = manifest.to_json().into_bytes();
        what.push("the manifest's signature".to_owned());
    }
    if let Some(detached) = &marks.detached
        && !contents.entries.iter().any(|entry| entry.name == detached.name)
    {
        what.push(detached.name.clone());
        contents.entries.push(detached.clone());
    }
    Some(Carried { bytes: zip::write(&contents.entries, epoch).ok()?, what })
}
