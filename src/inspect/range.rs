//! Ranges of a file, or the reason why they aren't there, and the texts inside them.
//! Nothing here knows a format; everything is bounded, since the bytes may be hostile.

use super::error::InspectError;

/// Longer names than this are in no real binary (PATH_MAX of Linux).
const NAME_LIMIT: usize = 4096;

/// The `size` bytes from `offset`, or that the file is cut short.
pub(super) fn range<'a>(
    bytes: &'a [u8],
    part: &'static str,
    offset: u64,
    size: u64,
) -> Result<&'a [u8], InspectError> {
    let slice = || {
        let start = usize::try_from(offset).ok()?;
        bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
    };
    slice().ok_or(InspectError::Truncated {
        part,
        end: offset.saturating_add(size),
        length: bytes.len() as u64,
    })
}

/// The text up to the first NUL, fit to be shown: what is no character or controls a terminal is replaced.
pub(super) fn name(bytes: &[u8], part: &'static str) -> Result<String, InspectError> {
    let limited = &bytes[..bytes.len().min(NAME_LIMIT)];
    match limited.iter().position(|&byte| byte == 0) {
        Some(end) => Ok(shown(&limited[..end])),
        None => Err(InspectError::malformed(part, "a name in it has no end")),
    }
}

/// Bytes as text that is fit to be shown.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
