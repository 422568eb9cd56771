//! The manifest of a package that is far away: by ranges, or from the whole of it where the server does no ranges.

use std::ops::Range;

use crate::forge::error::ForgeError;
use crate::forge::github::Piece;
use crate::host::wick::MANIFEST_MAX;
use crate::inspect::archive::{RemoteError, locate_package, read_archive, read_remote_manifest};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Finding, Severity};
use crate::model::package::PACKAGE_MAX;
use crate::model::release::Asset;

/// What ends a reading by ranges early.
enum Stop {
    /// The server does no ranges and sent everything.
    Whole(Vec<u8>),
    Forge(ForgeError),
}

/// Why a manifest can't be had.
#[derive(Debug)]
pub(super) enum FarError {
    /// The forge doesn't bring it.
    Forge(ForgeError),
    /// What the forge holds is no package that can be read.
    Unreadable(String),
}

impl From<FarError> for Failure {
    fn from(error: FarError) -> Failure {
        match error {
            FarError::Forge(error) => error.into(),
            FarError::Unreadable(message) => Failure::new(FailureKind::Remote, message),
        }
    }
}

/// The text of a package's manifest; `fetch` brings ranges of it.
///
/// # Errors
/// When the package can't be read, or is none.
pub(super) fn manifest(
    asset: &Asset,
    mut fetch: impl FnMut(Range<u64>) -> Result<Piece, ForgeError>,
) -> Result<Vec<u8>, FarError> {
    let part = |range: Range<u64>| match fetch(range).map_err(Stop::Forge)? {
        Piece::Part { bytes, .. } => Ok(bytes),
        Piece::Whole(bytes) => Err(Stop::Whole(bytes)),
    };
    let said = |why: String| FarError::Unreadable(format!("can't read {}: {why}", asset.name.escape_debug()));
    if asset.size > PACKAGE_MAX {
        return Err(said(format!("it has {} bytes; at most {PACKAGE_MAX} are read", asset.size)));
    }
    match read_remote_manifest(asset.size, MANIFEST_MAX, part) {
        Ok(text) => Ok(text),
        Err(RemoteError::Fetch(Stop::Whole(bytes))) => in_whole(asset, &bytes).map_err(said),
        Err(RemoteError::Fetch(Stop::Forge(error))) => Err(FarError::Forge(error)),
        Err(RemoteError::Short { asked, got }) => {
            Err(said(format!("{got} bytes came for bytes {} to {}", asked.start, asked.end)))
        }
        Err(RemoteError::Refused(findings)) => Err(said(joined(&findings.iter().collect::<Vec<_>>()))),
    }
}

/// The manifest in a package that came as a whole, so that it can be checked as a whole too.
fn in_whole(asset: &Asset, bytes: &[u8]) -> Result<Vec<u8>, String> {
    check_whole(asset, bytes)?;
    let contents = read_archive(&asset.name, bytes);
    if !contents.is_sound() {
        let errors: Vec<&Finding> =
            contents.findings.iter().filter(|f| f.severity == Severity::Error).collect();
        return Err(joined(&errors));
    }
    locate_package(&contents).map(|located| located.manifest.bytes.clone()).map_err(|finding| finding.message)
}

/// Whether these are all the bytes of an asset, as far as the forge tells.
pub(super) fn check_whole(asset: &Asset, bytes: &[u8]) -> Result<(), String> {
    if bytes.len() as u64 != asset.size {
        return Err(format!("{} bytes came, not {}", bytes.len(), asset.size));
    }
    match asset.digest.filter(|digest| *digest != Sha256::of(bytes)) {
        Some(digest) => Err(format!("what came has the digest {}, not {digest}", Sha256::of(bytes))),
        None => Ok(()),
    }
}

/// The messages of findings as one text.
pub(super) fn joined(findings: &[&Finding]) -> String {
    let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    messages.join("; ")
}
