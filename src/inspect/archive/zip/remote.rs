//! Reads the manifest of a zip that is far away, by a few ranges of its bytes: the end, the directory, the one entry.
//! It fetches nothing itself; whoever calls it brings the bytes. The rules are those for whole archives as far as
//! what was read can tell; what lies between, only they see who download everything.

use std::ops::Range;

use super::entry::{Entry, check_kind};
use super::records::{Central, DESCRIPTOR_LENGTH, END_LENGTH, End, LOCAL_LENGTH, local_length};
use super::{central_records, check_end};
use crate::inspect::archive::gather::{Gather, Kind};
use crate::inspect::archive::limits::ARCHIVE_MAX;
use crate::inspect::archive::names::shown;
use crate::inspect::archive::{Contents, locate_package};
use crate::model::finding::{Finding, Severity};

/// How much of the end is asked for first. Our own zips have a directory of some hundred bytes there, and a manifest
/// of some thousand right before it, unless the program's name sorts behind `plugin.json`.
const TAIL: u64 = 16 << 10;

/// What a zip64 locator takes, in front of the end record.
const LOCATOR: usize = 20;

/// The most that a zip64 locator, an end record and its comment take.
const LONGEST_END: u64 = LOCATOR as u64 + END_LENGTH as u64 + u16::MAX as u64;

/// The largest directory that is read: 64 entries with the longest names and some extra fields.
const DIRECTORY_MAX: u64 = 64 << 10;

/// Extra fields that a local header may have before another read is needed.
const SPARE: u64 = 64;

/// Why the manifest of a remote zip can't be had.
#[derive(Debug)]
pub enum RemoteError<E> {
    /// A range could not be fetched.
    Fetch(E),
    /// A fetch brought another number of bytes than asked for.
    Short {
        /// What was asked for.
        asked: Range<u64>,
        /// How many bytes came.
        got: usize,
    },
    /// The zip is refused: why, all of it.
    Refused(Vec<Finding>),
}

/// The bytes of `plugin.json` in a zip of `total` bytes, at the root or in the single sub-directory. `fetch` brings
/// a range; it is called at most five times and for our own zips once or twice. A manifest of more than `most` bytes
/// is refused, as is zip64.
///
/// # Errors
/// When a range can't be fetched, or the zip is not what a host would take.
pub fn read_remote_manifest<E>(
    total: u64,
    most: usize,
    fetch: impl FnMut(Range<u64>) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, RemoteError<E>> {
    if total > ARCHIVE_MAX {
        let message = format!("the archive has {total} bytes; at most {ARCHIVE_MAX} are read");
        return refuse("archive-too-large", message);
    }
    let mut far = Far { total, fetch, start: total, tail: Vec::new() };
    let directory = far.directory()?;
    let central = manifest_record(&directory)?;
    far.entry(&central, directory.at, most)
}

/// A central directory.
struct Directory {
    bytes: Vec<u8>,
    /// Where it begins.
    at: u64,
    /// How many entries it is said to have.
    entries: u16,
}

/// A file of which the end is known.
struct Far<F> {
    total: u64,
    fetch: F,
    /// Where the known end begins.
    start: u64,
    tail: Vec<u8>,
}

impl<E, F: FnMut(Range<u64>) -> Result<Vec<u8>, E>> Far<F> {
    fn fetched(&mut self, range: Range<u64>) -> Result<Vec<u8>, RemoteError<E>> {
        let bytes = (self.fetch)(range.clone()).map_err(RemoteError::Fetch)?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(RemoteError::Short { asked: range, got: bytes.len() });
        }
        Ok(bytes)
    }

    /// Makes the end known from `start` on.
    fn reach(&mut self, start: u64) -> Result<(), RemoteError<E>> {
        if start < self.start {
            let mut bytes = self.fetched(start..self.start)?;
            bytes.append(&mut self.tail);
            (self.start, self.tail) = (start, bytes);
        }
        Ok(())
    }

    /// A range of the file, of which only the unknown part is fetched.
    fn window(&mut self, range: Range<u64>) -> Result<Vec<u8>, RemoteError<E>> {
        let known = range.start.max(self.start)..range.end.max(self.start);
        let unknown = range.start..range.end.min(self.start);
        let mut bytes = if unknown.is_empty() { Vec::new() } else { self.fetched(unknown)? };
        // Both are at most `total`, whose tail is in memory.
        bytes.extend(&self.tail[(known.start - self.start) as usize..(known.end - self.start) as usize]);
        Ok(bytes)
    }

    fn directory(&mut self) -> Result<Directory, RemoteError<E>> {
        self.reach(self.total.saturating_sub(TAIL))?;
        // The record may hide behind a long comment, and a locator in front of what was read.
        if End::find(&self.tail).is_none_or(|end| end.at < LOCATOR) {
            self.reach(self.total.saturating_sub(LONGEST_END))?;
        }
        let Some(mut end) = End::find(&self.tail) else {
            let message = "the zip has no end record: it is cut off, or damaged at its end";
            return refuse("zip-truncated", message);
        };
        // From here on in positions of the whole file; all are below ARCHIVE_MAX.
        end.at += self.start as usize;
        let mut gather = Gather::new(0);
        let place = check_end(&end, &mut gather);
        gather.allows(usize::from(end.entries));
        let (end_at, entries) = (end.at as u64, end.entries);
        let Some(place) = place.filter(|_| gather.is_clean()) else { return Err(refused(gather)) };
        let at = place.at as u64;
        if end_at - at > DIRECTORY_MAX {
            let message =
                format!("the central directory has {} bytes; at most {DIRECTORY_MAX} are read", end_at - at);
            return refuse("zip-directory", message);
        }
        Ok(Directory { bytes: self.window(at..end_at)?, at, entries })
    }

    /// The content of an entry that lies before the directory.
    fn entry(
        &mut self,
        central: &Central<'_>,
        directory_at: u64,
        most: usize,
    ) -> Result<Vec<u8>, RemoteError<E>> {
        let header = central.header;
        let largest = u64::from(header.size.max(header.packed));
        if largest > most as u64 {
            return refuse(
                "manifest-too-large",
                format!("plugin.json has {largest} bytes; at most {most} are read"),
            );
        }
        let start = u64::from(central.offset);
        let end = |head: u64| {
            let data = u64::from(header.packed) + DESCRIPTOR_LENGTH as u64;
            (start + head + data).min(directory_at).max(start)
        };
        let guess = end(LOCAL_LENGTH as u64 + header.name.len() as u64 + SPARE);
        if start >= directory_at {
            return refuse("zip-local-header", format!("plugin.json has no local header at byte {start}"));
        }
        let mut near = self.window(start..guess)?;
        if let Some(head) = local_length(&near)
            && end(head) > guess
        {
            near = self.window(start..end(head))?;
        }
        let mut gather = Gather::new(most as u64);
        // What was fetched begins with the entry.
        let here = Central { offset: 0, ..*central };
        if let Some(entry) = Entry::open(&near, &here, 0, &mut gather) {
            entry.unpack(&mut gather);
        }
        let found = sound(gather)?.entries.into_iter().next();
        found.map_or_else(|| refuse("manifest-missing", "plugin.json is no file"), |entry| Ok(entry.bytes))
    }
}

/// The record of the manifest, found by the rules for whole archives.
fn manifest_record<E>(directory: &Directory) -> Result<Central<'_>, RemoteError<E>> {
    let mut gather = Gather::new(0);
    let records = central_records(&directory.bytes, directory.entries, &mut gather);
    let mut names = Vec::new();
    for central in &records {
        let name = check_kind(central, &shown(central.header.name), &mut gather)
            .and_then(|kind| Some((kind, gather.claim(central.header.name, kind)?)));
        if let Some((Kind::File, name)) = &name {
            gather.keep(name.clone(), Vec::new(), false);
        }
        names.push(name.map(|(_, name)| name));
    }
    let contents = sound(gather)?;
    let wanted = match locate_package(&contents) {
        Ok(located) => Some(&located.manifest.name),
        Err(finding) => return Err(RemoteError::Refused(vec![finding])),
    };
    let found = records.into_iter().zip(&names).find(|(_, name)| name.as_ref() == wanted);
    found.map_or_else(
        || refuse("manifest-missing", "plugin.json is not in the directory"),
        |(record, _)| Ok(record),
    )
}

fn refuse<T, E>(code: &'static str, message: impl Into<String>) -> Result<T, RemoteError<E>> {
    Err(RemoteError::Refused(vec![Finding::error(code, message)]))
}

fn refused<E>(gather: Gather) -> RemoteError<E> {
    let errors = gather.finish().findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    RemoteError::Refused(errors.collect())
}

/// What was gathered, unless something speaks against it.
fn sound<E>(gather: Gather) -> Result<Contents, RemoteError<E>> {
    let contents = gather.finish();
    if contents.is_sound() {
        return Ok(contents);
    }
    let errors = contents.findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    Err(RemoteError::Refused(errors.collect()))
}
