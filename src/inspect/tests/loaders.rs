//! Programs whose headers can be read, and that the system would refuse or that die before their first line.

use super::build::{ARM64, MachO, X86_64};
use super::seeds::{SEEDS, seed};
use crate::inspect::inspect;

#[test]
fn what_real_linkers_make_is_loadable() {
    for (name, bytes) in SEEDS {
        assert_eq!(inspect(bytes).unwrap().unloadable, [""; 0], "{name}");
    }
    for cpu in [ARM64, X86_64] {
        assert_eq!(inspect(&MachO::program(cpu).bytes()).unwrap().unloadable, [""; 0]);
    }
}

/// Where the first program header of that type is in an ELF file of 64 bits.
fn segment(bytes: &[u8], kind: u32, flags: u32) -> usize {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let first = word(32) as usize;
    let found =
        (0..16).map(|index| first + 56 * index).find(|at| word(*at) == kind && word(at + 4) & flags == flags);
    found.unwrap()
}

#[test]
fn elf_programs_that_linux_would_not_start_are_told() {
    let good = seed("linux-amd64-go");
    let code = segment(&good, 1, 1);
    for (at, value, fragment) in [
        (24, 1_u64, "its entry is in no segment of code"),
        (24, u64::MAX, "its entry is in no segment of code"),
        // The code is mapped without being executable.
        (
            code + 4,
            4 | u64::from(u32::from_le_bytes(good[code + 8..code + 12].try_into().unwrap())) << 32,
            "its entry is in no segment of code",
        ),
        (code + 40, 1, "a segment has more bytes in the file than in memory"),
        (code + 8, 8, "a segment can't be mapped, because its place in the file doesn't fit its address"),
    ] {
        let mut bytes = good.clone();
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        let told = inspect(&bytes).map(|facts| facts.unloadable.join("; "));
        assert!(told.as_ref().is_ok_and(|told| told.contains(fragment)), "{at}: {told:?}");
    }
}

#[test]
fn pe_programs_that_windows_would_not_start_are_told() {
    // The PE header is at 0x78, the optional header 24 bytes behind it, the first section's behind 240 more.
    let (optional, sections) = (0x78 + 24, 0x78 + 24 + 240);
    for (at, value, fragment) in [
        (optional + 16, 0_u32, "its entry is in no section of code"),
        (optional + 16, u32::MAX, "its entry is in no section of code"),
        (sections + 36, 0x4000_0040, "its entry is in no section of code"),
        (sections + 12, 0x8000, "its sections don't follow each other in memory"),
        (sections + 8, 0x8000, "its sections don't follow each other in memory"),
        (optional + 32, 3, "its alignments are no powers of two"),
        (optional + 56, 0x1000, "its sections are larger than the image it says it is"),
    ] {
        let mut bytes = seed("windows-amd64.exe");
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let told = inspect(&bytes).map(|facts| facts.unloadable.join("; "));
        assert!(told.as_ref().is_ok_and(|told| told.contains(fragment)), "{at:#x}: {told:?}");
    }
}

#[test]
fn mach_o_programs_that_macos_would_not_start_are_told() {
    let good = MachO::program(ARM64).bytes();
    let find = |bytes: &[u8]| good.windows(bytes.len()).position(|window| window == bytes).unwrap();
    let (zero, text) = (find(b"__PAGEZERO"), find(b"__TEXT"));
    let main = find(&[0x28, 0, 0, 0x80, 24, 0, 0, 0]);
    for (at, value, fragment) in [
        (24, 0_u64, "it isn't linked dynamically at no fixed address"),
        (zero + 24, 1 << 31, "it leaves no room at the lowest addresses"),
        (text + 24, 8, "its segment __TEXT has more bytes in the file than in memory"),
        (text + 16, (1 << 32) + 4096, "its segment __TEXT doesn't start at a page"),
        (main + 8, 1 << 20, "its entry is in no segment of code"),
        (main, 24 << 32 | 0x2b, "it has no entry"),
    ] {
        let mut bytes = good.clone();
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        let told = inspect(&bytes).map(|facts| facts.unloadable.join("; "));
        assert!(told.as_ref().is_ok_and(|told| told.contains(fragment)), "{at}: {told:?}");
    }
}

#[test]
fn the_x86_level_that_a_note_asks_for_is_read() {
    let good = seed("linux-amd64-glibc");
    // GNU_PROPERTY_X86_ISA_1_NEEDED, as gcc and binutils write it.
    let at = good.windows(4).position(|word| word == 0xc000_8002_u32.to_le_bytes()).unwrap() + 8;
    for (needed, level) in [
        (1, None),
        (0b11, Some("x86-64-v2")),
        (0b111, Some("x86-64-v3")),
        (0b100, Some("x86-64-v3")),
        (0b1111, Some("x86-64-v4")),
        (0, None),
    ] {
        let mut bytes = good.clone();
        bytes[at] = needed;
        let found = inspect(&bytes).unwrap();
        assert_eq!(found.x86_level.as_deref(), level, "{needed:#b}");
        assert_eq!(found.raised_levels(), Vec::from_iter(level));
    }
}
