//! Puts right what no mutation would ever get right: checksums. Only where the input asks for it, by a value that
//! says "fill in", so that wrong ones stay possible.

use std::io::{Read as _, Write as _};

use flate2::read::DeflateDecoder;
use flate2::write::GzEncoder;
use flate2::{Compression, Crc};
use wick::model::digest::Sha256;

/// A checksum that asks to be made right.
pub(super) const FILL_IN: [u8; 4] = [0xc0, 0xde, 0xc0, 0xde];

/// So much of an entry is looked at.
const CONTENT_MAX: u64 = 1 << 20;

/// Fills in the checksums of a zip: both headers of an entry, and its descriptor. Before that a stored manifest's
/// digest of 64 zeros becomes that of the first other file.
pub(super) fn zip(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    let entries = entries(&bytes);
    let content = |bytes: &[u8], entry: &Entry| -> Vec<u8> {
        let packed = bytes.get(entry.data_at..entry.data_at + entry.packed).unwrap_or_default();
        if entry.method != 8 {
            return packed.to_vec();
        }
        let mut content = Vec::new();
        // What can't be unpacked has no right checksum.
        let _ = DeflateDecoder::new(packed).take(CONTENT_MAX).read_to_end(&mut content);
        content
    };
    let is_manifest = |entry: &&Entry| entry.name.ends_with(b"plugin.json");
    if let (Some(manifest), Some(other)) =
        (entries.iter().find(is_manifest), entries.iter().find(|entry| !is_manifest(entry)))
    {
        let digest = Sha256::of(&content(&bytes, other)).to_string();
        let range = manifest.data_at..(manifest.data_at + manifest.packed).min(bytes.len());
        let zeros = [b'0'; 64];
        if let Some(text) = bytes.get_mut(range)
            && let Some(at) = text.windows(zeros.len()).position(|window| window == zeros)
        {
            text[at..at + zeros.len()].copy_from_slice(digest.as_bytes());
        }
    }
    for entry in &entries {
        let mut crc = Crc::new();
        crc.update(&content(&bytes, entry));
        let end = entry.data_at + entry.packed;
        for at in [entry.central_at + 16, entry.local_at + 14, end, end + 4] {
            if let Some(field) = bytes.get_mut(at..at + 4)
                && field == FILL_IN
            {
                field.copy_from_slice(&crc.sum().to_le_bytes());
            }
        }
    }
    bytes
}

/// Where the parts of an entry are.
struct Entry {
    name: Vec<u8>,
    method: u16,
    central_at: usize,
    local_at: usize,
    data_at: usize,
    packed: usize,
}

/// Every record of a directory that has a local header, wherever it is.
fn entries(bytes: &[u8]) -> Vec<Entry> {
    let u16_at = |at: usize| bytes.get(at..at + 2).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
    let u32_at = |at: usize| usize::from(u16_at(at)) | usize::from(u16_at(at + 2)) << 16;
    let records = bytes.windows(4).enumerate().filter(|(_, window)| *window == b"PK\x01\x02");
    let entry = |(central_at, _): (usize, &[u8])| {
        let local_at = u32_at(central_at + 42);
        let name_length = usize::from(u16_at(central_at + 28));
        bytes.get(local_at..)?.starts_with(b"PK\x03\x04").then_some(())?;
        Some(Entry {
            name: bytes.get(central_at + 46..central_at + 46 + name_length)?.to_vec(),
            method: u16_at(central_at + 10),
            central_at,
            local_at,
            data_at: local_at + 30 + usize::from(u16_at(local_at + 26)) + usize::from(u16_at(local_at + 28)),
            packed: u32_at(central_at + 20),
        })
    };
    records.take(64).filter_map(entry).collect()
}

/// A tar as tar.gz, with the checksum of every record whose checksum is all spaces.
pub(super) fn tar(data: &[u8]) -> Vec<u8> {
    let mut tar = data.to_vec();
    for header in tar.chunks_exact_mut(512) {
        if header[148..156] == *b"        " {
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    packed.write_all(&tar).expect("memory takes everything");
    packed.finish().expect("memory takes everything")
}
