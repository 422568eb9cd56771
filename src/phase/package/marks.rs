//! What only a key's owner can put into a package: the manifest's signature and `<binary>.sig`. They are put in, if and
//! only if they are over the very binary that is there; everything else in the package stays as it is.

use super::zip;
use crate::inspect::archive::{Contents, read_archive};
use crate::model::digest::Sha256;
use crate::model::manifest::Manifest;
use crate::model::package::{MANIFEST_NAME, PackageEntry};

/// A package with marks put in.
pub(in crate::phase) struct Carried {
    pub(in crate::phase) bytes: Vec<u8>,
    /// Names of what was put in; empty when there was nothing to put in.
    pub(in crate::phase) what: Vec<String>,
}

/// The marks of a package.
#[derive(Clone, Debug, Default)]
pub(in crate::phase) struct Marks {
    /// The manifest's `signature`.
    pub(in crate::phase) signature: String,
    /// `<binary>.sig`.
    pub(in crate::phase) detached: Option<PackageEntry>,
    /// The digest of the binary they are over, as the manifest has it.
    pub(in crate::phase) binary: String,
}

impl Marks {
    /// Those of a manifest that was read from afar: what lies beside it in the package isn't known.
    pub(in crate::phase) fn of_manifest(manifest: &Manifest) -> Marks {
        Marks { signature: manifest.signature.clone(), detached: None, binary: manifest.sha256.clone() }
    }

    /// Those of a whole package.
    pub(in crate::phase) fn of_package(contents: &Contents) -> Option<Marks> {
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

/// The package with these marks. Untouched when there are none, or when they are over another binary; nothing when it is no
/// package.
pub(in crate::phase) fn carry(name: &str, zip_bytes: &[u8], marks: &Marks, epoch: u64) -> Option<Carried> {
    let unchanged = || Carried { bytes: zip_bytes.to_vec(), what: Vec::new() };
    let mut contents = read_archive(name, zip_bytes);
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
    if let Some(detached) = &marks.detached {
        contents.entries.retain(|entry| entry.name != detached.name);
        what.push(detached.name.clone());
        contents.entries.push(detached.clone());
    }
    Some(Carried { bytes: zip::write(&contents.entries, epoch).ok()?, what })
}

/// The manifest in a package of ours or of a stranger's.
pub(in crate::phase) fn manifest_of(contents: &Contents) -> Option<Manifest> {
    let entry = contents.entries.iter().find(|entry| entry.name == MANIFEST_NAME)?;
    Manifest::read(std::str::from_utf8(&entry.bytes).ok()?).ok()
}
