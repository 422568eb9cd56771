//! The records of a zip as they lie in the file (APPNOTE 4.3): positions and fields, no judgement.

/// The end record's fixed part, in bytes.
pub(super) const END_LENGTH: usize = 22;
const CENTRAL_LENGTH: usize = 46;
pub(super) const LOCAL_LENGTH: usize = 30;
/// The most that a data descriptor takes.
pub(super) const DESCRIPTOR_LENGTH: usize = 16;
/// What 32-bit fields hold when the real value is in a zip64 record.
pub(super) const IN_ZIP64: u32 = u32::MAX;

const END_MAGIC: &[u8] = b"PK\x05\x06";
const ZIP64_LOCATOR_MAGIC: &[u8] = b"PK\x06\x07";
const DESCRIPTOR_MAGIC: &[u8] = b"PK\x07\x08";

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

/// `length` bytes from `at`, which moves on.
fn take<'a>(bytes: &'a [u8], at: &mut usize, length: u16) -> Option<&'a [u8]> {
    let end = at.checked_add(usize::from(length))?;
    let slice = bytes.get(*at..end)?;
    *at = end;
    Some(slice)
}

/// The end-of-central-directory record.
pub(super) struct End<'a> {
    pub(super) at: usize,
    pub(super) disks: [u16; 2],
    pub(super) entries_here: u16,
    pub(super) entries: u16,
    pub(super) size: u32,
    pub(super) offset: u32,
    pub(super) comment: &'a [u8],
    /// Bytes after the record and its comment.
    pub(super) trailing: usize,
    /// Whether a zip64 locator stands in front of it.
    pub(super) zip64: bool,
}

impl<'a> End<'a> {
    /// The last end record whose comment fits into the file, as readers search it: from the back.
    pub(super) fn find(bytes: &'a [u8]) -> Option<End<'a>> {
        let last = bytes.len().checked_sub(END_LENGTH)?;
        let first = last.saturating_sub(usize::from(u16::MAX));
        (first..=last).rev().find_map(|at| End::parse(bytes, at))
    }

    fn parse(bytes: &'a [u8], at: usize) -> Option<End<'a>> {
        let record = bytes.get(at..).filter(|rest| rest.starts_with(END_MAGIC))?;
        let mut after = at + END_LENGTH;
        let comment = take(bytes, &mut after, u16_at(record, 20)?)?;
        Some(End {
            at,
            disks: [u16_at(record, 4)?, u16_at(record, 6)?],
            entries_here: u16_at(record, 8)?,
            entries: u16_at(record, 10)?,
            size: u32_at(record, 12)?,
            offset: u32_at(record, 16)?,
            comment,
            trailing: bytes.len() - after,
            zip64: at.checked_sub(20).is_some_and(|at| bytes[at..].starts_with(ZIP64_LOCATOR_MAGIC)),
        })
    }

    /// Whether readers could take another record for the end.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.comment.windows(END_MAGIC.len()).any(|window| window == END_MAGIC)
    }
}

/// The fields that the two headers of an entry share.
#[derive(Clone, Copy)]
pub(super) struct Header<'a> {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u32,
    pub(super) size: u32,
    pub(super) name: &'a [u8],
    pub(super) extra: &'a [u8],
}

/// One record of the central directory.
pub(super) struct Central<'a> {
    pub(super) header: Header<'a>,
    pub(super) made_by: u8,
    pub(super) disk: u16,
    /// Date, then time.
    pub(super) modified: u32,
    pub(super) attributes: u32,
    pub(super) offset: u32,
}

impl<'a> Central<'a> {
    /// The record at `at`, which moves behind it.
    pub(super) fn parse(bytes: &'a [u8], at: &mut usize) -> Option<Central<'a>> {
        let record = bytes.get(*at..).filter(|rest| rest.starts_with(b"PK\x01\x02"))?;
        let mut after = at.checked_add(CENTRAL_LENGTH)?;
        let name = take(bytes, &mut after, u16_at(record, 28)?)?;
        let extra = take(bytes, &mut after, u16_at(record, 30)?)?;
        take(bytes, &mut after, u16_at(record, 32)?)?;
        *at = after;
        Some(Central {
            header: Header {
                flags: u16_at(record, 8)?,
                method: u16_at(record, 10)?,
                crc: u32_at(record, 16)?,
                packed: u32_at(record, 20)?,
                size: u32_at(record, 24)?,
                name,
                extra,
            },
            made_by: *record.get(5)?,
            disk: u16_at(record, 34)?,
            modified: u32_at(record, 12)?,
            attributes: u32_at(record, 38)?,
            offset: u32_at(record, 42)?,
        })
    }
}

/// The header in front of an entry's data.
pub(super) struct Local<'a> {
    pub(super) header: Header<'a>,
    /// Where the data starts.
    pub(super) data_at: usize,
}

impl<'a> Local<'a> {
    pub(super) fn parse(bytes: &'a [u8], at: usize) -> Option<Local<'a>> {
        let record = bytes.get(at..).filter(|rest| rest.starts_with(b"PK\x03\x04"))?;
        let mut data_at = at.checked_add(LOCAL_LENGTH)?;
        let name = take(bytes, &mut data_at, u16_at(record, 26)?)?;
        let extra = take(bytes, &mut data_at, u16_at(record, 28)?)?;
        let header = Header {
            flags: u16_at(record, 6)?,
            method: u16_at(record, 8)?,
            crc: u32_at(record, 14)?,
            packed: u32_at(record, 18)?,
            size: u32_at(record, 22)?,
            name,
            extra,
        };
        Some(Local { header, data_at })
    }
}

/// How much the local header at the front of `bytes` takes with its name and extra fields, which may lie beyond them.
pub(super) fn local_length(bytes: &[u8]) -> Option<u64> {
    let record = bytes.get(..LOCAL_LENGTH).filter(|record| record.starts_with(b"PK\x03\x04"))?;
    Some(LOCAL_LENGTH as u64 + u64::from(u16_at(record, 26)?) + u64::from(u16_at(record, 28)?))
}

/// The length of the data descriptor at `at` that repeats what `header` says, with or without its optional magic.
pub(super) fn descriptor(bytes: &[u8], at: usize, header: &Header<'_>) -> Option<usize> {
    let says = |at: usize| -> bool {
        u32_at(bytes, at) == Some(header.crc)
            && u32_at(bytes, at + 4) == Some(header.packed)
            && u32_at(bytes, at + 8) == Some(header.size)
    };
    if bytes.get(at..)?.starts_with(DESCRIPTOR_MAGIC) && says(at + 4) {
        return Some(DESCRIPTOR_LENGTH);
    }
    says(at).then_some(12)
}

/// The ids of the extra fields; nothing when they don't fill their space exactly.
pub(super) fn extra_ids(extra: &[u8]) -> Option<Vec<u16>> {
    let (mut at, mut ids) = (0, Vec::new());
    while at < extra.len() {
        ids.push(u16_at(extra, at)?);
        let length = u16_at(extra, at + 2)?;
        at += 4;
        take(extra, &mut at, length)?;
    }
    Some(ids)
}
