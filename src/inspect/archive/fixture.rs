//! Archives for tests, made byte by byte so that every field can lie. The real writer is phase/package's.

use std::io::Write as _;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};

/// The fields of an entry's two headers.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) name: Vec<u8>,
    pub(crate) extra: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) packed: u32,
    pub(crate) size: u32,
}

/// An entry whose parts may contradict each other.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) gap: Vec<u8>,
    pub(crate) local: Head,
    pub(crate) data: Vec<u8>,
    pub(crate) descriptor: Vec<u8>,
    pub(crate) central: Head,
    pub(crate) made_by: u8,
    pub(crate) disk: u16,
    pub(crate) attributes: u32,
    /// Where the directory says the entry is; by default where it is.
    pub(crate) offset: Option<u32>,
}

impl Item {
    pub(crate) fn stored(name: impl AsRef<[u8]>, content: &[u8], mode: u32) -> Item {
        Item::new(name.as_ref(), content, content.to_vec(), 0, mode)
    }

    pub(crate) fn deflated(name: impl AsRef<[u8]>, content: &[u8], mode: u32) -> Item {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(content).unwrap();
        Item::new(name.as_ref(), content, encoder.finish().unwrap(), 8, mode)
    }

    /// As Go's archive/zip writes: sizes and checksum after the data.
    pub(crate) fn streamed(name: &str, content: &[u8], mode: u32) -> Item {
        let mut item = Item::deflated(name, content, mode);
        item.local.flags |= 8;
        item.central.flags |= 8;
        item.descriptor = b"PK\x07\x08".to_vec();
        for field in [item.local.crc, item.local.packed, item.local.size] {
            item.descriptor.extend(field.to_le_bytes());
        }
        (item.local.crc, item.local.packed, item.local.size) = (0, 0, 0);
        item
    }

    fn new(name: &[u8], content: &[u8], data: Vec<u8>, method: u16, mode: u32) -> Item {
        let mut crc = Crc::new();
        crc.update(content);
        let head = Head {
            name: name.to_vec(),
            extra: Vec::new(),
            flags: if name.is_ascii() { 0 } else { 1 << 11 },
            method,
            crc: crc.sum(),
            packed: data.len() as u32,
            size: content.len() as u32,
        };
        Item {
            gap: Vec::new(),
            local: head.clone(),
            data,
            descriptor: Vec::new(),
            central: head,
            made_by: 3,
            disk: 0,
            attributes: mode << 16,
            offset: None,
        }
    }

    /// Changes both headers alike.
    pub(crate) fn both(mut self, change: impl Fn(&mut Head)) -> Item {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Item)) -> Item {
        change(&mut self);
        self
    }
}

/// A zip in parts.
#[derive(Clone, Default)]
pub(crate) struct Zip {
    /// In front of everything; offsets don't count it.
    pub(crate) prefix: Vec<u8>,
    pub(crate) items: Vec<Item>,
    /// Between the last entry and the directory.
    pub(crate) gap: Vec<u8>,
    /// Between the directory's records and the end record, counted as directory.
    pub(crate) slack: Vec<u8>,
    pub(crate) comment: Vec<u8>,
    /// After everything.
    pub(crate) suffix: Vec<u8>,
    pub(crate) entries: Option<u16>,
    pub(crate) disk: u16,
}

impl Zip {
    pub(crate) fn of(items: impl IntoIterator<Item = Item>) -> Zip {
        Zip { items: items.into_iter().collect(), ..Zip::default() }
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut central = Vec::new();
        for item in &self.items {
            out.extend(&item.gap);
            let offset = item.offset.unwrap_or(out.len() as u32);
            out.extend(b"PK\x03\x04\x14\x00");
            head(&mut out, &item.local);
            out.extend(&item.local.name);
            out.extend(&item.local.extra);
            out.extend(&item.data);
            out.extend(&item.descriptor);
            central.extend(b"PK\x01\x02\x14");
            central.push(item.made_by);
            central.extend([0x14, 0]);
            head(&mut central, &item.central);
            central.extend([0, 0]);
            central.extend(item.disk.to_le_bytes());
            central.extend([0, 0]);
            central.extend(item.attributes.to_le_bytes());
            central.extend(offset.to_le_bytes());
            central.extend(&item.central.name);
            central.extend(&item.central.extra);
        }
        out.extend(&self.gap);
        let directory_at = out.len() as u32;
        central.extend(&self.slack);
        out.extend(&central);
        let count = self.entries.unwrap_or(self.items.len() as u16);
        out.extend(b"PK\x05\x06");
        for field in [self.disk, self.disk, count, count] {
            out.extend(field.to_le_bytes());
        }
        out.extend((central.len() as u32).to_le_bytes());
        out.extend(directory_at.to_le_bytes());
        out.extend((self.comment.len() as u16).to_le_bytes());
        out.extend(&self.comment);
        out.extend(&self.suffix);
        [self.prefix.as_slice(), &out].concat()
    }
}

fn head(out: &mut Vec<u8>, head: &Head) {
    out.extend(head.flags.to_le_bytes());
    out.extend(head.method.to_le_bytes());
    out.extend([0, 0, 0x21, 0]); // 1980-01-01
    for field in [head.crc, head.packed, head.size] {
        out.extend(field.to_le_bytes());
    }
    out.extend((head.name.len() as u16).to_le_bytes());
    out.extend((head.extra.len() as u16).to_le_bytes());
}

/// One tar record with its content, padded. `kind` is the type flag.
pub(crate) fn tar_item(name: &[u8], kind: u8, mode: u32, content: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    header[..name.len()].copy_from_slice(name);
    header[100..108].copy_from_slice(format!("{mode:07o}\0").as_bytes());
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    tar_sum(&mut header);
    let padding = content.len().next_multiple_of(512) - content.len();
    [header.as_slice(), content, &vec![0; padding]].concat()
}

/// Writes the checksum of a tar header.
pub(crate) fn tar_sum(header: &mut [u8; 512]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// A whole tar of records.
pub(crate) fn tar(items: &[Vec<u8>]) -> Vec<u8> {
    [items.concat(), vec![0; 1024]].concat()
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
