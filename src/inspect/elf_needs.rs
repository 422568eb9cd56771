//! What an ELF file needs to run: interpreter, libraries, the glibc they must be of.
//! Read as the dynamic linker does, from segments; section headers may be stripped or lie.
//!
//! Format: System V gABI, chapter 5 (dynamic section); symbol versions: LSB core, "Symbol Versioning".

use std::cmp::Ordering;

use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, ReadRef, elf};

use super::elf::Elf;
use super::error::InspectError;
use super::range::name;

/// Real programs have at most a few hundred.
const LIBRARY_LIMIT: usize = 1024;
/// Real programs ask for at most a few hundred versions.
const VERSION_LIMIT: usize = 16 << 10;

/// The demands of a file on its surroundings, and its own place among them.
#[derive(Default)]
pub(super) struct Needs {
    pub(super) interpreter: Option<String>,
    pub(super) libraries: Vec<String>,
    pub(super) glibc_floor: Option<String>,
    /// It says that it is a program at no fixed address.
    pub(super) pie: bool,
    /// It has a name for others to link to it.
    pub(super) has_soname: bool,
}

impl Needs {
    /// Reads the interpreter and the dynamic segment; without either nothing is needed.
    pub(super) fn read<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, H>) -> Result<Needs, InspectError> {
        let mut needs = Needs::default();
        for segment in file.segments {
            match segment.p_type(file.endian) {
                elf::PT_INTERP => {
                    let data = segment.data(file.endian, file.bytes).unwrap_or_default();
                    needs.interpreter = Some(name(data, "interpreter")?);
                }
                elf::PT_DYNAMIC => {
                    let entries = segment
                        .dynamic(file.endian, file.bytes)
                        .map_err(|error| InspectError::malformed("dynamic segment", error))?;
                    needs.read_dynamic(file, entries.unwrap_or_default())?;
                }
                _ => {}
            }
        }
        Ok(needs)
    }

    fn read_dynamic<H: FileHeader<Endian = Endianness>>(
        &mut self,
        file: &Elf<'_, H>,
        entries: &[H::Dyn],
    ) -> Result<(), InspectError> {
        const STRINGS: &str = "dynamic strings";
        let (mut libraries, mut strings, mut size, mut versions) = (Vec::new(), None, usize::MAX, None);
        for entry in entries {
            let value = entry.val(file.endian);
            match entry.tag(file.endian) {
                elf::DT_NULL => break,
                elf::DT_NEEDED if libraries.len() == LIBRARY_LIMIT => {
                    return Err(InspectError::malformed("dynamic segment", "it needs too many libraries"));
                }
                elf::DT_NEEDED => libraries.push(value),
                elf::DT_STRTAB => strings = Some(value),
                elf::DT_STRSZ => size = usize::try_from(value).unwrap_or(usize::MAX),
                elf::DT_VERNEED => versions = Some(value),
                elf::DT_SONAME => self.has_soname = true,
                elf::DT_FLAGS_1 => self.pie = value & elf::DF_1_PIE.0 != 0,
                _ => {}
            }
        }
        if libraries.is_empty() && versions.is_none() {
            return Ok(());
        }
        let strings = strings
            .and_then(|address| file.at_address(address))
            .ok_or_else(|| InspectError::malformed(STRINGS, "they are in no segment"))?;
        let strings = &strings[..strings.len().min(size)];
        for offset in libraries {
            let start = usize::try_from(offset).ok().and_then(|offset| strings.get(offset..));
            self.libraries.push(name(start.unwrap_or_default(), STRINGS)?);
        }
        if let Some(address) = versions {
            let table = file
                .at_address(address)
                .ok_or_else(|| InspectError::malformed("version needs", "they are in no segment"))?;
            self.glibc_floor = glibc_floor(file.endian, table, strings)?;
        }
        Ok(())
    }
}

/// The highest glibc version that the table asks for.
///
/// A version that only weak symbols ask for is no demand: the dynamic linker of glibc goes on without it.
fn glibc_floor(endian: Endianness, table: &[u8], strings: &[u8]) -> Result<Option<String>, InspectError> {
    const PART: &str = "version needs";
    let cut = |()| InspectError::malformed(PART, "they end outside of their segment");
    let mut floor: Option<String> = None;
    let (mut at, mut seen) = (0_u64, 0);
    loop {
        let need = table.read_at::<elf::Verneed<Endianness>>(at).map_err(cut)?;
        let mut aux_at = at + u64::from(need.vn_aux.get(endian));
        for _ in 0..need.vn_cnt.get(endian) {
            seen += 1;
            if seen > VERSION_LIMIT {
                return Err(InspectError::malformed(PART, "there are too many"));
            }
            let aux = table.read_at::<elf::Vernaux<Endianness>>(aux_at).map_err(cut)?;
            let start = strings.get(aux.vna_name.get(endian) as usize..).unwrap_or_default();
            let version = name(start, PART)?;
            if !aux.vna_flags.get(endian).contains(elf::VER_FLG_WEAK)
                && let Some(version) = glibc_version(&version)
                && floor.as_deref().is_none_or(|floor| compare(version, floor) == Ordering::Greater)
            {
                floor = Some(version.to_owned());
            }
            match aux.vna_next.get(endian) {
                0 => break,
                next => aux_at += u64::from(next),
            }
        }
        // A need without versions counts too, or a chain of them would be free.
        seen += 1;
        match need.vn_next.get(endian) {
            0 => return Ok(floor),
            _ if seen > VERSION_LIMIT => return Err(InspectError::malformed(PART, "there are too many")),
            next => at += u64::from(next),
        }
    }
}

/// The number in `GLIBC_2.17`; other names (`GLIBC_PRIVATE`, `GCC_3.0`) have none.
fn glibc_version(name: &str) -> Option<&str> {
    // Not a number, but a demand that only glibc 2.36 and later meet.
    if name == "GLIBC_ABI_DT_RELR" {
        return Some("2.36");
    }
    let version = name.strip_prefix("GLIBC_")?;
    let numbers = version.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    numbers.then_some(version)
}

/// Compares versions by their numbers: 2.9 is below 2.17.
fn compare(one: &str, other: &str) -> Ordering {
    let numbers = |version: &str| -> Vec<u64> {
        version.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect()
    };
    numbers(one).cmp(&numbers(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(compare("2.9", "2.17"), Ordering::Less);
        assert_eq!(compare("2.2.5", "2.2"), Ordering::Greater);
        assert_eq!(compare("2.99999999999999999999999", "2.17"), Ordering::Greater);
        assert_eq!(glibc_version("GLIBC_2.17"), Some("2.17"));
        assert_eq!(glibc_version("GLIBC_ABI_DT_RELR"), Some("2.36"));
        for other in ["GLIBC_PRIVATE", "GLIBC_", "GLIBC_2.", "GLIBCXX_3.4", "GCC_3.0"] {
            assert_eq!(glibc_version(other), None, "{other}");
        }
    }
}
