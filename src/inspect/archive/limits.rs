//! What an archive may cost. All limits of reading are here and nowhere else.

use crate::model::package::PACKAGE_MAX;

/// The most bytes an archive file may have.
pub const ARCHIVE_MAX: u64 = PACKAGE_MAX;

/// The most bytes that all entries together may unpack to. The largest plugins known have 60 MiB.
pub const CONTENT_MAX: u64 = 512 << 20;

pub use crate::model::package::{ENTRIES_MAX, NAME_MAX};

/// The most bytes a tar stream may have beside its content: headers, padding, end marker.
pub(super) const TAR_OVERHEAD_MAX: u64 = 4 << 20;

/// The most bytes one pax header may have.
pub(super) const PAX_MAX: u64 = 64 << 10;

/// Deflate can't do better than 1032 to 1, so a buffer beyond that is never filled.
pub(super) const DEFLATE_RATIO_MAX: u64 = 1032;
