//! The manifest that a build put into a binary, as the text of a section of its own.
//! Not what the manifest says: its parser is the host's.

use super::error::InspectError;

/// The section's name in ELF and PE.
pub(super) const NAME: &[u8] = b".wick";
/// The segment and section of Mach-O.
pub(super) const MACHO_NAME: (&[u8], &[u8]) = (b"__DATA", b"__wick");
/// The custom section of wasm.
pub(super) const WASM_NAME: &[u8] = b"wick";

/// Manifests are a few kB; this is where a file is surely up to something else.
const LIMIT: usize = 8 << 20;

/// The text of the section: linkers pad with NULs, which are no part of it.
pub(super) fn text(section: &[u8]) -> Result<String, InspectError> {
    if section.len() > LIMIT {
        return Err(InspectError::ManifestTooLarge { size: section.len() as u64, limit: LIMIT });
    }
    let end = section.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    match std::str::from_utf8(&section[..end]) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(InspectError::ManifestNotText(error.valid_up_to())),
    }
}

/// The one text of all sections of that name: a reader must not have the choice between two.
pub(super) fn only<'a>(sections: impl Iterator<Item = &'a [u8]>) -> Result<Option<String>, InspectError> {
    let mut found: Option<String> = None;
    for section in sections {
        if found.replace(text(section)?).is_some() {
            return Err(InspectError::ManifestsDiffer("there are two in one file"));
        }
    }
    Ok(found)
}
