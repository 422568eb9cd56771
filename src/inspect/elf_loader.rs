//! What Linux asks of an ELF program before and when it starts it, beyond what a header needs to be read.
//! Only what is certain: a wrong refusal is worse than a missed one.
//!
//! Sources: `fs/binfmt_elf.c` of Linux; "Linux Extensions to gABI" for property notes.

use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, elf};

use super::elf::Elf;

/// The smallest page of the machines that wick builds for.
const PAGE: u64 = 4096;
/// Files have a handful.
const NOTE_LIMIT: usize = 1024;
const PROPERTY_LIMIT: usize = 64;
/// The x86 levels above the lowest, by the bit that asks for them.
const X86_LEVELS: [(u32, &str); 3] = [(1 << 3, "x86-64-v4"), (1 << 2, "x86-64-v3"), (1 << 1, "x86-64-v2")];

/// Why the system would not run it, as fragments.
pub(super) fn complaints<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, H>) -> Vec<String> {
    let (endian, entry) = (file.endian, file.header.e_entry(file.endian).into());
    let loaded = || file.segments.iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD);
    let mut found = Vec::new();
    for segment in loaded() {
        let (offset, size) = segment.file_range(endian);
        if size > segment.p_memsz(endian).into() {
            found.push("a segment has more bytes in the file than in memory".to_owned());
        }
        // The kernel maps whole pages of the file.
        if size > 0 && segment.p_vaddr(endian).into().wrapping_sub(offset) % PAGE != 0 {
            found.push(
                "a segment can't be mapped, because its place in the file doesn't fit its address".to_owned(),
            );
        }
    }
    let holds = |segment: &&H::ProgramHeader| {
        let inside = entry.checked_sub(segment.p_vaddr(endian).into());
        segment.p_flags(endian).contains(elf::PF_X)
            && inside.is_some_and(|inside| inside < segment.file_range(endian).1)
    };
    // Without either there is nothing to start, which is said elsewhere.
    if entry != 0 && loaded().next().is_some() && !loaded().any(|segment| holds(&segment)) {
        found.push("its entry is in no segment of code".to_owned());
    }
    found.dedup();
    found
}

/// The level above the lowest that a property note says is needed.
pub(super) fn x86_level<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, H>) -> Option<String> {
    if !matches!(file.header.e_machine(file.endian), elf::EM_X86_64 | elf::EM_386) {
        return None;
    }
    let needed = needed(file);
    X86_LEVELS.iter().find(|(bit, _)| needed & bit != 0).map(|(_, name)| (*name).to_owned())
}

/// The bits of all notes on what is needed.
fn needed<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, H>) -> u32 {
    let (endian, mut seen, mut needed) = (file.endian, 0, 0);
    for segment in file.segments {
        let Ok(Some(mut notes)) = segment.notes(endian, file.bytes) else { continue };
        while seen < NOTE_LIMIT
            && let Ok(Some(note)) = notes.next()
        {
            seen += 1;
            let Some(mut properties) = note.gnu_properties(endian) else { continue };
            for _ in 0..PROPERTY_LIMIT {
                let Ok(Some(property)) = properties.next() else { break };
                if property.pr_type() == elf::GNU_PROPERTY_X86_ISA_1_NEEDED {
                    needed |= property.data_u32(endian).unwrap_or_default();
                }
            }
        }
    }
    needed
}
