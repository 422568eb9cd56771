//! Zips. Every byte must be accounted for: entries that tile the file from its first byte to the central
//! directory, then the directory, then the end record, then nothing. Then all readers see the same files.

mod entry;
mod listing;
mod records;
mod remote;
#[cfg(test)]
mod remote_tests;
mod second;

pub use listing::{DosTime, Listed, listing};
pub use remote::{RemoteError, read_remote_manifest};

use super::gather::Gather;
use super::names::shown;
use crate::model::finding::Finding;
use entry::Entry;
use records::{Central, End, IN_ZIP64};

/// Whether the file has an end record, whatever stands at its front.
pub(super) fn has_end(bytes: &[u8]) -> bool {
    End::find(bytes).is_some()
}

/// Reads all entries of a zip.
pub(super) fn read(bytes: &[u8], gather: &mut Gather) {
    let Some(end) = End::find(bytes) else {
        gather.error("zip-truncated", "the zip has no end record: it is cut off, or damaged at its end");
        return;
    };
    let Some(directory) = check_end(&end, gather) else { return };
    if !gather.allows(usize::from(end.entries)) {
        return;
    }
    let records = central_records(&bytes[directory.at..end.at], end.entries, gather);
    let mut spans = Vec::new();
    for central in &records {
        let Some(entry) = Entry::open(bytes, central, directory.prefix, gather) else { continue };
        spans.push(entry.span.clone());
        entry.unpack(gather);
    }
    // Where an entry could not be opened, its bytes are nobody's, and that was said.
    if spans.len() == records.len() {
        check_tiling(&mut spans, directory, gather);
    }
    if gather.is_clean() {
        second::agree(bytes, gather);
    }
}

/// Where the central directory really is.
#[derive(Clone, Copy)]
struct Directory {
    at: usize,
    /// Bytes in front of the zip, which all its offsets are off by.
    prefix: usize,
}

fn check_end(end: &End<'_>, gather: &mut Gather) -> Option<Directory> {
    if end.trailing > 0 {
        let message = format!("{} bytes follow the end of the zip", end.trailing);
        gather.error("zip-trailing-data", message);
    }
    if end.is_ambiguous() {
        gather
            .error("zip-several-ends", "the zip's comment holds another end record, perhaps of another zip");
    } else if !end.comment.is_empty() {
        let message = format!("the zip has a comment: `{}`", shown(end.comment));
        gather.add(Finding::note("zip-comment", message));
    }
    if end.disks != [0, 0] || end.entries_here != end.entries {
        gather.error("zip-several-disks", "the zip is one part of several");
    }
    if end.zip64 || end.entries == u16::MAX || end.size == IN_ZIP64 || end.offset == IN_ZIP64 {
        gather
            .error("zip-zip64", "the zip uses zip64 records, which no package needs and not all hosts read");
        return None;
    }
    let expected = u64::from(end.offset) + u64::from(end.size);
    let Some(prefix) = (end.at as u64).checked_sub(expected) else {
        let message = format!(
            "the central directory is said to end at byte {expected}, behind the end record at byte {}",
            end.at
        );
        gather.error("zip-directory", message);
        return None;
    };
    if prefix > 0 {
        gather.error("zip-prefix-data", format!("{prefix} bytes stand in front of the zip"));
    }
    // Both fit: they are at most `end.at`.
    Some(Directory { at: end.at - end.size as usize, prefix: prefix as usize })
}

/// The records of a central directory, which they fill exactly.
fn central_records<'a>(directory: &'a [u8], entries: u16, gather: &mut Gather) -> Vec<Central<'a>> {
    let (mut at, mut records) = (0, Vec::new());
    for index in 0..entries {
        let Some(record) = Central::parse(directory, &mut at) else {
            let message =
                format!("the central directory says {entries} entries and breaks off after {index}");
            gather.error("zip-directory", message);
            return records;
        };
        records.push(record);
    }
    if at != directory.len() {
        let message =
            format!("the central directory holds {} bytes beside its entries", directory.len() - at);
        gather.error("zip-directory", message);
    }
    records
}

fn check_tiling(spans: &mut [std::ops::Range<usize>], directory: Directory, gather: &mut Gather) {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut at = directory.prefix;
    for span in spans.iter() {
        if span.start < at {
            gather.error("zip-overlap", format!("two entries share the bytes from {} on", span.start));
        } else if span.start > at {
            gather.error("zip-hidden-data", format!("{} bytes at {at} belong to no entry", span.start - at));
        }
        at = at.max(span.end);
    }
    if at < directory.at {
        let message = format!("{} bytes at {at} belong to no entry", directory.at - at);
        gather.error("zip-hidden-data", message);
    } else if at > directory.at {
        gather.error("zip-overlap", "an entry runs into the central directory");
    }
}
