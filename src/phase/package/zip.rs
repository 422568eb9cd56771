//! Writes zips whose bytes depend on nothing but their content: sorted names, one given time, fixed modes, no extra
//! fields, no data descriptors. Own code for a measured reason: see Cargo.toml at `zip`; format: PKWARE APPNOTE 6.3.

use libdeflater::{CompressionLvl, Compressor, Crc};

use crate::model::package::PackageEntry;

/// Changes whenever the same entries would give other bytes; part of every package receipt.
pub const FORMAT: &str = "zip 1, libdeflate 1.26 level 6";

/// 6 is `zip -9`'s size at a tenth of its cost; 12 gains 3 % for fifteen times the time.
const LEVEL: i32 = 6;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Version 2.0 made on Unix (the upper byte), so that modes count on every system.
const MADE_BY: u16 = 3 << 8 | 20;
const NEEDED: u16 = 20;
/// General purpose bit 11: names are UTF-8.
const UTF8: u16 = 1 << 11;

/// A package that doesn't fit the format.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// An entry of 4 GiB or more.
    #[error("`{0}` is too large for a zip without 64-bit extensions")]
    TooLarge(String),
    /// The name's length doesn't fit 16 bits.
    #[error("an entry's name is too long for a zip")]
    Name,
}

struct Written {
    name: String,
    crc: u32,
    method: u16,
    packed: u32,
    size: u32,
    offset: u32,
    mode: u32,
}

/// The archive of `entries`, sorted by name. `epoch` is in seconds since 1970 and is rounded to the format's two
/// seconds, no earlier than 1980 and no later than 2107.
///
/// # Errors
/// When an entry is too large or its name too long.
pub fn write(entries: &[PackageEntry], epoch: u64) -> Result<Vec<u8>, ZipError> {
    let mut sorted: Vec<&PackageEntry> = entries.iter().collect();
    sorted.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    let (date, time) = dos_time(epoch);
    let mut out = Vec::new();
    let mut written = Vec::new();
    for entry in sorted {
        let large = || ZipError::TooLarge(entry.name.clone());
        let (method, data) = pack(&entry.bytes);
        let one = Written {
            name: entry.name.clone(),
            crc: crc(&entry.bytes),
            method,
            packed: u32::try_from(data.len()).map_err(|_| large())?,
            size: u32::try_from(entry.bytes.len()).map_err(|_| large())?,
            offset: u32::try_from(out.len()).map_err(|_| large())?,
            // A regular file, `rwxr-xr-x` or `rw-r--r--`.
            mode: 0o100_000 | if entry.executable { 0o755 } else { 0o644 },
        };
        put32(&mut out, 0x0403_4b50);
        common_fields(&mut out, &one, date, time)?;
        out.extend_from_slice(one.name.as_bytes());
        out.extend_from_slice(&data);
        written.push(one);
    }
    let start = out.len();
    for one in &written {
        put32(&mut out, 0x0201_4b50);
        put16(&mut out, MADE_BY);
        common_fields(&mut out, one, date, time)?;
        // No comment, disk 0, no internal attributes.
        out.extend_from_slice(&[0; 6]);
        put32(&mut out, one.mode << 16);
        put32(&mut out, one.offset);
        out.extend_from_slice(one.name.as_bytes());
    }
    let large = || ZipError::TooLarge("the archive".to_owned());
    let length = u32::try_from(out.len() - start).map_err(|_| large())?;
    let count = u16::try_from(written.len()).map_err(|_| large())?;
    put32(&mut out, 0x0605_4b50);
    put32(&mut out, 0);
    put16(&mut out, count);
    put16(&mut out, count);
    put32(&mut out, length);
    put32(&mut out, u32::try_from(start).map_err(|_| large())?);
    put16(&mut out, 0);
    Ok(out)
}

/// The fields that the local header and the central directory share.
fn common_fields(out: &mut Vec<u8>, one: &Written, date: u16, time: u16) -> Result<(), ZipError> {
    put16(out, NEEDED);
    put16(out, if one.name.is_ascii() { 0 } else { UTF8 });
    put16(out, one.method);
    put16(out, time);
    put16(out, date);
    put32(out, one.crc);
    put32(out, one.packed);
    put32(out, one.size);
    put16(out, u16::try_from(one.name.len()).map_err(|_| ZipError::Name)?);
    put16(out, 0);
    Ok(())
}

fn pack(bytes: &[u8]) -> (u16, Vec<u8>) {
    let level = CompressionLvl::new(LEVEL).expect("6 is a level of libdeflate");
    let mut compressor = Compressor::new(level);
    let mut out = vec![0; compressor.deflate_compress_bound(bytes.len())];
    match compressor.deflate_compress(bytes, &mut out) {
        Ok(length) if length < bytes.len() => {
            out.truncate(length);
            (DEFLATED, out)
        }
        // Tiny or incompressible.
        _ => (STORED, bytes.to_vec()),
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// MS-DOS date and time in UTC, whatever the machine's zone.
fn dos_time(epoch: u64) -> (u16, u16) {
    const FIRST: u64 = 315_532_800; // 1980-01-01
    const LAST: u64 = 4_354_819_198; // 2107-12-31 23:59:58
    let epoch = epoch.clamp(FIRST, LAST);
    let (days, seconds) = (epoch / 86_400, epoch % 86_400);
    // Days to civil date, counted in 400-year eras that begin on 1 March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let date = (year - 1980) << 9 | month << 5 | day;
    let time = (seconds / 3600) << 11 | (seconds / 60 % 60) << 5 | ((seconds % 60) / 2);
    (u16::try_from(date).unwrap_or(u16::MAX), u16::try_from(time).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::archive::listing;
    use crate::model::digest::Sha256;

    fn entry(name: &str, bytes: &[u8], executable: bool) -> PackageEntry {
        PackageEntry { name: name.to_owned(), bytes: bytes.to_vec(), executable }
    }

    #[test]
    fn times_are_utc_and_clamped() {
        assert_eq!(dos_time(0), (1 << 5 | 1, 0));
        // 2024-02-29 12:34:56
        assert_eq!(dos_time(1_709_210_096), (44 << 9 | 2 << 5 | 29, 12 << 11 | 34 << 5 | 28));
        // 2000-03-01 00:00:00, the first day of an era.
        assert_eq!(dos_time(951_868_800), (20 << 9 | 3 << 5 | 1, 0));
        assert_eq!(dos_time(u64::MAX).0 >> 9, 127);
    }

    /// The bytes are a promise: another compressor, level or field order shows here first (crates.md trap T-Z2).
    #[test]
    fn golden_bytes() {
        let text = "what is published is provably what was built\n".repeat(200);
        let entries = [entry("b", text.as_bytes(), true), entry("a/ü.txt", b"tiny", false)];
        let bytes = write(&entries, 1_700_000_000).unwrap();
        let reversed = write(&[entries[1].clone(), entries[0].clone()], 1_700_000_001).unwrap();
        assert_eq!(bytes, reversed, "order of entries and the odd second don't matter");
        assert_eq!(
            Sha256::of(&bytes).to_string(),
            "53753ad113f3a951d4461ed4d81d67cc72c374e305613ac7035ae9a722c0d3a6"
        );
    }

    #[test]
    fn an_independent_reader_finds_what_was_written() {
        use std::io::Read as _;
        let big = vec![7u8; 1 << 20];
        let bytes = write(&[entry("bin", &big, true), entry("plugin.json", b"{}", false)], 0).unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), 2);
        let mut content = Vec::new();
        let mut first = archive.by_index(0).unwrap();
        assert_eq!((&*first.name().unwrap(), first.unix_mode()), ("bin", Some(0o100_755)));
        first.read_to_end(&mut content).unwrap();
        assert_eq!(content, big);
        drop(first);
        let second = archive.by_index(1).unwrap();
        assert_eq!((&*second.name().unwrap(), second.unix_mode()), ("plugin.json", Some(0o100_644)));
    }

    #[test]
    fn what_was_packed_is_listed() {
        for epoch in [0, 951_868_800, 1_709_210_096, 4_354_819_198] {
            let bytes = write(&[entry("a", &[7; 100], true), entry("b", &[7; 100], false)], epoch).unwrap();
            let listed = listing(&bytes).unwrap();
            assert_eq!((listed[0].mode, listed[1].mode), (0o100_755, 0o100_644));
            assert_eq!((listed[0].size, listed[0].method), (100, 8));
            assert_eq!(listed[0].time.epoch(), Some(epoch.max(315_532_800)), "{}", listed[0].time);
        }
    }
}
