//! Digests that a forge doesn't tell (old GitHub Enterprise, assets from before June 2025), learned the hard way: by
//! reading the asset. What it holds is never taken on trust.

use super::local::Set;
use crate::forge::github::{GitHub, Piece};
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::release::Release;

/// Fills in the missing digests of the assets that could be the set's files: same name, same size, complete.
///
/// # Errors
/// When an asset can't be read.
pub(super) fn learn(forge: &GitHub, set: &Set, release: &mut Release) -> Result<(), Failure> {
    for asset in &mut release.assets {
        let could_be = set.files.iter().any(|file| file.name == asset.name && file.size == asset.size);
        if asset.digest.is_none() && asset.complete && could_be {
            asset.digest = Some(match forge.read(asset, None)? {
                Piece::Part { bytes, .. } | Piece::Whole(bytes) => Sha256::of(&bytes),
            });
        }
    }
    Ok(())
}
