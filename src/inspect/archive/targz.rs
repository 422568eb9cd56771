//! tar.gz archives: one gzip member with one tar of plain files in it. Extensions that give an entry another name
//! or size than its header are refused, because readers differ in which of them they know.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;
use tar::{Archive, EntryType};

use super::gather::{Gather, Kind};
use super::limits::{CONTENT_MAX, ENTRIES_MAX, PAX_MAX, TAR_OVERHEAD_MAX};
use super::names::shown;

/// The two blocks of zeros at the end of a tar.
const END_MARKER: usize = 1024;

/// Reads all entries of a tar.gz.
pub(super) fn read(bytes: &[u8], gather: &mut Gather) {
    let stream = Capped { inner: GzDecoder::new(bytes), left: gather.room() + TAR_OVERHEAD_MAX, zeros: 0 };
    let mut archive = Archive::new(stream);
    match entries(&mut archive, gather) {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => return broken(&error, gather),
    }
    let mut stream = archive.into_inner();
    match drain(&mut stream) {
        Err(error) => return broken(&error, gather),
        Ok(false) => gather.error("tar-trailing-data", "more than zeros follow the end of the tar"),
        Ok(true) if stream.zeros < END_MARKER => {
            gather.error("tar-truncated", "the tar has no end marker: it is cut off");
        }
        Ok(true) => {}
    }
    let rest = stream.inner.into_inner().len();
    if rest > 0 {
        gather.error("gz-trailing-data", format!("{rest} bytes follow the compressed tar"));
    }
}

fn broken(error: &io::Error, gather: &mut Gather) {
    if error.kind() == io::ErrorKind::FileTooLarge {
        gather.error("content-too-large", format!("the tar unpacks to more than {CONTENT_MAX} bytes"));
    } else {
        // The tar crate quotes fields as they are.
        let why = error.to_string().escape_debug().to_string();
        gather.error("tar-corrupt", format!("the tar.gz can't be read further: {why}"));
    }
}

/// Reads to the end; whether there was nothing but zeros.
fn drain(stream: &mut impl Read) -> io::Result<bool> {
    let (mut block, mut clean) = ([0u8; 8192], true);
    loop {
        match stream.read(&mut block)? {
            0 => return Ok(clean),
            n => clean &= block[..n].iter().all(|byte| *byte == 0),
        }
    }
}

/// Reads the entries; false when there are too many to go on.
fn entries<R: Read>(archive: &mut Archive<R>, gather: &mut Gather) -> io::Result<bool> {
    let (mut count, mut headers) = (0, 0);
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let header = entry.header();
        let raw = header.path_bytes().into_owned();
        let who = shown(&raw);
        let (size, mode) = (entry.size(), header.mode()?);
        let kind = match header.entry_type() {
            // Old tars mark directories by the slash alone.
            EntryType::Regular if raw.ends_with(b"/") => Kind::Directory,
            EntryType::Regular => Kind::File,
            EntryType::Directory => Kind::Directory,
            EntryType::XHeader | EntryType::XGlobalHeader => {
                headers += 1;
                if headers > 2 * ENTRIES_MAX {
                    gather.error("too-many-entries", format!("the tar has more than {headers} pax headers"));
                    return Ok(false);
                }
                check_pax(&mut entry, size, &who, gather)?;
                continue;
            }
            other => {
                refuse(other, &who, gather);
                count += 1;
                if !gather.allows(count) {
                    return Ok(false);
                }
                continue;
            }
        };
        count += 1;
        if !gather.allows(count) {
            return Ok(false);
        }
        if mode & 0o7000 != 0 && kind == Kind::File {
            gather.error(
                "entry-special-mode",
                format!("entry `{who}` asks for special permissions ({mode:o})"),
            );
        }
        let Some(name) = gather.claim(&raw, kind) else { continue };
        if kind == Kind::Directory {
            if size > 0 {
                gather.error("tar-directory-entry", format!("entry `{who}` is a directory with content"));
            }
        } else if gather.reserve(&name, size) {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            if content.len() as u64 == size {
                gather.keep(name, content, mode & 0o111 == 0o111);
            } else {
                let message =
                    format!("entry `{who}` says {size} bytes; the tar ends after {}", content.len());
                gather.error("tar-truncated", message);
            }
        }
    }
    Ok(true)
}

fn refuse(kind: EntryType, who: &str, gather: &mut Gather) {
    let (code, what) = match kind {
        EntryType::Symlink => ("entry-symlink", "is a symbolic link"),
        EntryType::Link => ("entry-hard-link", "is a hard link"),
        EntryType::Char | EntryType::Block | EntryType::Fifo => ("entry-special", "is a device or pipe"),
        EntryType::GNULongName | EntryType::GNULongLink => ("tar-long-name", "carries a GNU long name"),
        EntryType::GNUSparse => ("tar-sparse", "is a sparse file"),
        _ => ("tar-entry-type", "is of a type that no package needs"),
    };
    gather.error(code, format!("entry `{who}` {what}"));
}

/// Refuses pax records that change what an entry is; times and owners may be there.
fn check_pax(entry: &mut impl Read, size: u64, who: &str, gather: &mut Gather) -> io::Result<()> {
    if size > PAX_MAX {
        gather.error("tar-pax", format!("pax header `{who}` has {size} bytes; at most {PAX_MAX} are read"));
        return Ok(());
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text)?;
    let Some(keys) = pax_keys(&text) else {
        gather.error("tar-pax", format!("pax header `{who}` is malformed"));
        return Ok(());
    };
    for key in keys.into_iter().filter(|key| !is_harmless(key)) {
        let message = format!("pax header `{who}` sets `{}`, which not all readers look at", shown(key));
        gather.error("tar-pax", message);
    }
    Ok(())
}

/// Times, owners and the attributes that macOS attaches.
fn is_harmless(key: &[u8]) -> bool {
    const KEYS: [&[u8]; 12] = [
        b"mtime",
        b"atime",
        b"ctime",
        b"uid",
        b"gid",
        b"uname",
        b"gname",
        b"comment",
        b"SCHILY.dev",
        b"SCHILY.ino",
        b"SCHILY.nlink",
        b"SCHILY.fflags",
    ];
    KEYS.contains(&key) || key.starts_with(b"SCHILY.xattr.") || key.starts_with(b"LIBARCHIVE.")
}

/// The keys of `LENGTH KEY=VALUE\n` records; nothing when a record is malformed.
fn pax_keys(mut text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut keys = Vec::new();
    while !text.is_empty() {
        let space = text.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&text[..space]).ok()?.parse().ok()?;
        let record = text.get(space + 1..length)?.strip_suffix(b"\n")?;
        keys.push(&record[..record.iter().position(|byte| *byte == b'=')?]);
        text = &text[length..];
    }
    Some(keys)
}

/// A stream that fails when it gets too long, and remembers how many zeros it saw last.
struct Capped<R> {
    inner: R,
    left: u64,
    zeros: usize,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.left = self.left.checked_sub(n as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        let zeros = into[..n].iter().rev().take_while(|byte| **byte == 0).count();
        self.zeros = if zeros == n { self.zeros.saturating_add(n) } else { zeros };
        Ok(n)
    }
}
