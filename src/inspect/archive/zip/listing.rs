//! What a zip's directory says of its entries beside their content: modes, times, how they are packed. For comparing two
//! zips; no judgement, and no content is looked at.

use super::records::{Central, End};
use crate::inspect::archive::names::shown;

/// One entry as the directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name, made printable.
    pub name: String,
    /// The Unix mode with the file's type, such as `0o100755`; 0 where the packer knew none.
    pub mode: u32,
    /// The time it carries.
    pub time: DosTime,
    /// Its size in bytes.
    pub size: u32,
    /// Its size in the zip, in bytes.
    pub packed: u32,
    /// How it is packed: 0 stored, 8 deflated.
    pub method: u16,
}

/// The date (upper half) and time (lower half) of an entry, as MS-DOS kept them: without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DosTime(pub u32);

impl DosTime {
    fn parts(self) -> [u32; 6] {
        let (date, time) = (self.0 >> 16, self.0 & 0xffff);
        [1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2]
    }

    /// As seconds since 1970 in UTC; nothing for what is no date.
    #[must_use]
    pub fn epoch(self) -> Option<u64> {
        let [year, month, day, hour, minute, second] = self.parts().map(u64::from);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Days to 1 March of year 0 and back: years that begin in March end with the leap day.
        let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leaps = years / 4 - years / 100 + years / 400;
        let days = years * 365 + leaps + (153 * months + 2) / 5 + day - 1 - 719_468;
        Some(((days * 24 + hour) * 60 + minute) * 60 + second)
    }
}

impl std::fmt::Display for DosTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [year, month, day, hour, minute, second] = self.parts();
        write!(f, "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// The entries in the directory's order; nothing for what is no plain zip.
#[must_use]
pub fn listing(bytes: &[u8]) -> Option<Vec<Listed>> {
    let end = End::find(bytes)?;
    let directory = bytes.get(end.at.checked_sub(end.size as usize)?..end.at)?;
    let (mut at, mut all) = (0, Vec::new());
    for _ in 0..end.entries {
        let central = Central::parse(directory, &mut at)?;
        let header = central.header;
        all.push(Listed {
            name: shown(header.name),
            mode: central.attributes >> 16,
            time: DosTime(central.modified),
            size: header.size,
            packed: header.packed,
            method: header.method,
        });
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was packed is listed: phase/package/zip, which packs.
    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(
            DosTime((44 << 9 | 2 << 5 | 29) << 16 | 12 << 11 | 34 << 5 | 28).to_string(),
            "2024-02-29 12:34:56"
        );
        assert_eq!(DosTime(0).epoch(), None);
        assert_eq!(listing(b"PK"), None);
    }
}
