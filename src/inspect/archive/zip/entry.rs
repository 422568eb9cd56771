//! One entry of a zip: do its two headers agree, is it a plain file, is its content what they say.

use std::ops::Range;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::records::{Central, Header, IN_ZIP64, Local, descriptor, extra_ids};
use crate::inspect::archive::gather::{Gather, Kind};
use crate::inspect::archive::limits::DEFLATE_RATIO_MAX;
use crate::inspect::archive::names::shown;

/// Sizes and checksum follow the data.
const FLAG_DESCRIPTOR: u16 = 1 << 3;
const FLAG_UTF8: u16 = 1 << 11;
/// Traditional, strong, and encrypted directory.
const FLAGS_ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// The two flags above, and two that say how hard deflate tried.
const FLAGS_KNOWN: u16 = FLAG_DESCRIPTOR | FLAG_UTF8 | 1 << 1 | 1 << 2;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

const EXTRA_ZIP64: u16 = 0x0001;
const EXTRA_UNICODE_PATH: u16 = 0x7075;

const MADE_BY_UNIX: [u8; 2] = [3, 19];
const DOS_DIRECTORY: u32 = 0x10;

/// An entry with a readable header.
pub(super) struct Entry<'a> {
    header: Header<'a>,
    data: &'a [u8],
    executable: bool,
    /// From the local header to the end of the data, descriptor included.
    pub(super) span: Range<usize>,
    /// The name it gets; nothing for directories and for what was refused.
    file: Option<String>,
}

impl<'a> Entry<'a> {
    /// Checks both headers. Nothing when the data can't be found.
    pub(super) fn open(
        bytes: &'a [u8],
        central: &Central<'a>,
        prefix: usize,
        gather: &mut Gather,
    ) -> Option<Entry<'a>> {
        let header = central.header;
        let who = shown(header.name);
        let mut usable = check_header(&header, &who, gather);
        if central.disk != 0 {
            gather.error("zip-several-disks", format!("entry `{who}` is said to be in another part"));
        }
        let kind = check_kind(central, &who, gather);
        let name = kind.and_then(|kind| gather.claim(header.name, kind));
        let start = prefix.saturating_add(central.offset as usize);
        let Some(local) = Local::parse(bytes, start) else {
            gather.error("zip-local-header", format!("entry `{who}` has no local header at byte {start}"));
            return None;
        };
        usable &= check_local(&header, &local.header, &who, gather);
        let data_end = local.data_at.saturating_add(header.packed as usize);
        let Some(data) = bytes.get(local.data_at..data_end) else {
            let message =
                format!("entry `{who}` says {} packed bytes, more than the file has", header.packed);
            gather.error("zip-truncated", message);
            return None;
        };
        let mut end = data_end;
        if header.flags & FLAG_DESCRIPTOR != 0 {
            match descriptor(bytes, data_end, &header) {
                Some(length) => end += length,
                None => {
                    let message = format!(
                        "entry `{who}` is followed by no descriptor that repeats its directory record"
                    );
                    gather.error("zip-descriptor", message);
                }
            }
        }
        let executable =
            MADE_BY_UNIX.contains(&central.made_by) && (central.attributes >> 16) & 0o111 == 0o111;
        let file = name.filter(|_| usable && kind == Some(Kind::File));
        Some(Entry { header, data, executable, span: start..end, file })
    }

    /// Unpacks the content, and keeps it if it is what the headers say.
    pub(super) fn unpack(self, gather: &mut Gather) {
        let Some(name) = self.file else { return };
        let size = u64::from(self.header.size);
        if !gather.reserve(&name, size) {
            return;
        }
        let who = shown(name.as_bytes());
        let content = match self.header.method {
            STORED => self.data.to_vec(),
            _ => match inflate(self.data, size) {
                Ok(content) => content,
                Err(why) => return gather.error("zip-corrupt", format!("entry `{who}` {why}")),
            },
        };
        if content.len() as u64 != size {
            // Unpacking stops one byte late.
            let is = if content.len() as u64 > size { "more".to_owned() } else { content.len().to_string() };
            let message = format!("entry `{who}` says {size} bytes and unpacks to {is}");
            gather.error("zip-size-lie", message);
            return;
        }
        let mut crc = Crc::new();
        crc.update(&content);
        if crc.sum() != self.header.crc {
            let (said, is) = (self.header.crc, crc.sum());
            gather.error("zip-crc", format!("entry `{who}` says checksum {said:08x} and has {is:08x}"));
            return;
        }
        gather.keep(name, content, self.executable);
    }
}

/// Inflates to `size` bytes, or to one more when there is more; the data must be one whole stream and nothing else.
fn inflate(data: &[u8], size: u64) -> Result<Vec<u8>, String> {
    let reachable = (data.len() as u64).saturating_mul(DEFLATE_RATIO_MAX);
    let mut content = vec![0; size.min(reachable) as usize + 1];
    let mut stream = Decompress::new(false);
    let status = stream
        .decompress(data, &mut content, FlushDecompress::Finish)
        .map_err(|error| format!("can't be unpacked: {error}"))?;
    content.truncate(stream.total_out() as usize);
    if content.len() as u64 > size {
        return Ok(content);
    }
    if status != Status::StreamEnd {
        return Err("can't be unpacked: its data breaks off".to_owned());
    }
    match data.len() as u64 - stream.total_in() {
        0 => Ok(content),
        rest => Err(format!("has {rest} bytes behind its packed data")),
    }
}

/// What the directory record says on its own; whether the content can be read.
fn check_header(header: &Header<'_>, who: &str, gather: &mut Gather) -> bool {
    let encrypted = header.flags & FLAGS_ENCRYPTED != 0;
    if encrypted {
        gather.error("zip-encrypted", format!("entry `{who}` is encrypted"));
    } else if header.flags & !FLAGS_KNOWN != 0 {
        gather.error("zip-flags", format!("entry `{who}` has unknown flags {:#06x}", header.flags));
    }
    let known = matches!(header.method, STORED | DEFLATED);
    if !known {
        let message =
            format!("entry `{who}` is packed with method {}; hosts read stored and deflated", header.method);
        gather.error("zip-method", message);
    }
    if header.method == STORED && header.packed != header.size {
        let message = format!(
            "entry `{who}` is stored, yet says {} bytes packed and {} unpacked",
            header.packed, header.size
        );
        gather.error("zip-size-lie", message);
    }
    if !header.name.is_ascii() && header.flags & FLAG_UTF8 == 0 {
        let message = format!("entry `{who}` doesn't say that its name is UTF-8");
        gather.error("zip-name-encoding", message);
    }
    let zip64 = check_extra(header.extra, who, gather) | [header.packed, header.size].contains(&IN_ZIP64);
    if zip64 {
        gather.error("zip-zip64", format!("entry `{who}` uses zip64, which no package needs"));
    }
    !encrypted && known && !zip64 && (header.method != STORED || header.packed == header.size)
}

/// Looks for extra fields that give some readers another name or size; whether one is zip64's.
fn check_extra(extra: &[u8], who: &str, gather: &mut Gather) -> bool {
    let Some(ids) = extra_ids(extra) else {
        gather.error("zip-extra-field", format!("entry `{who}` has extra fields that don't fit their space"));
        return false;
    };
    if ids.contains(&EXTRA_UNICODE_PATH) {
        gather.error("zip-second-name", format!("entry `{who}` has a second name in an extra field"));
    }
    ids.contains(&EXTRA_ZIP64)
}

/// File or directory; nothing for what a package can't hold.
pub(super) fn check_kind(central: &Central<'_>, who: &str, gather: &mut Gather) -> Option<Kind> {
    let slash = central.header.name.ends_with(b"/");
    let mode = central.attributes >> 16;
    let directory = match mode & 0o170_000 {
        0 => slash || central.attributes & DOS_DIRECTORY != 0,
        0o100_000 => false,
        0o040_000 => true,
        0o120_000 => {
            gather.error("entry-symlink", format!("entry `{who}` is a symbolic link"));
            return None;
        }
        _ => {
            gather.error("entry-special", format!("entry `{who}` is a device, pipe or socket"));
            return None;
        }
    };
    if mode & 0o7000 != 0 {
        gather.error(
            "entry-special-mode",
            format!("entry `{who}` asks for special permissions ({:o})", mode & 0o7777),
        );
    }
    if directory != slash {
        let message = format!("entry `{who}` is a directory by its name or by its attributes, not by both");
        gather.error("zip-directory-entry", message);
        return None;
    }
    if directory && central.header.size > 0 {
        gather.error("zip-directory-entry", format!("entry `{who}` is a directory with content"));
    }
    Some(if directory { Kind::Directory } else { Kind::File })
}

/// Compares the local header, which streaming readers believe, with the directory, which others believe.
fn check_local(central: &Header<'_>, local: &Header<'_>, who: &str, gather: &mut Gather) -> bool {
    let later = local.flags & FLAG_DESCRIPTOR != 0;
    let number = |local: u32, central: u32| local == central || later && local == 0;
    let compared = [
        ("name", local.name == central.name),
        ("flags", local.flags == central.flags),
        ("method", local.method == central.method),
        ("checksum", number(local.crc, central.crc)),
        ("packed size", number(local.packed, central.packed)),
        ("size", number(local.size, central.size)),
    ];
    for (what, _) in compared.iter().filter(|(_, same)| !same) {
        let message = format!("entry `{who}` has one {what} in the directory and another before its data");
        gather.error("zip-header-mismatch", message);
    }
    !check_extra(local.extra, who, gather) && local.method == central.method
}
