//! Which operating system an ELF file is for, from all witnesses in it.
//! Not a guess: witnesses that disagree leave no system.
//!
//! Sources: gABI (EI_OSABI), LSB (`.note.ABI-tag`), `imgact_elf.c` of FreeBSD (brands: a file without one isn't
//! run there), elf(5) of the BSDs (their notes).

use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, elf};

use super::elf::Elf;
use super::range::shown;
use crate::model::artifact::GoBuildInfo;
use crate::model::target::Os;

/// Files have a handful.
const NOTE_LIMIT: usize = 1024;
/// The type of the note that each system marks its programs with: all have chosen the same.
const NT_ABI_TAG: u32 = 1;

/// A system, by its name, and what says so.
type Witness = (String, &'static str);

/// The system all witnesses agree on, and its name for messages.
///
/// Where nothing bears witness it is Linux: its static programs look like this (System V, no notes), and the
/// other systems refuse to run such files.
pub(super) fn systems<H: FileHeader<Endian = Endianness>>(
    file: &Elf<'_, H>,
    interpreter: Option<&str>,
    go: Option<&GoBuildInfo>,
) -> (Vec<Os>, String) {
    let mut witnesses: Vec<Witness> = Vec::new();
    let mut hear = |name: Option<&str>, from| {
        if let Some(name) = name {
            witnesses.push((shown(name.as_bytes()), from));
        }
    };
    hear(header(file.header.e_ident().os_abi), "its header");
    for name in notes(file) {
        hear(Some(name), "a note");
    }
    hear(interpreter.and_then(interpreter_system), "its interpreter");
    hear(go.and_then(|go| go.settings.get("GOOS")).map(String::as_str), "its Go build info");

    let Some((first, _)) = witnesses.first().cloned() else {
        return (vec![Os::Linux], Os::Linux.as_str().to_owned());
    };
    if witnesses.iter().all(|(name, _)| *name == first) {
        return (Os::from_go(&first).into_iter().collect(), first);
    }
    witnesses.dedup_by(|one, other| one.0 == other.0);
    let said: Vec<String> = witnesses.iter().map(|(name, from)| format!("{name} ({from})")).collect();
    (Vec::new(), said.join(" and "))
}

/// What the header says; System V and the ARM ABIs say nothing.
fn header(abi: elf::OsAbi) -> Option<&'static str> {
    match abi {
        elf::ELFOSABI_GNU => Some("linux"),
        elf::ELFOSABI_FREEBSD => Some("freebsd"),
        elf::ELFOSABI_NETBSD => Some("netbsd"),
        elf::ELFOSABI_OPENBSD => Some("openbsd"),
        elf::ELFOSABI_SOLARIS => Some("solaris"),
        elf::ELFOSABI_HURD => Some("hurd"),
        elf::ELFOSABI_STANDALONE => Some("no system"),
        elf::ELFOSABI_NONE | elf::ELFOSABI_ARM | elf::ELFOSABI_ARM_AEABI => None,
        _ => Some("a system that wick doesn't know"),
    }
}

/// What the notes say.
fn notes<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, H>) -> Vec<&'static str> {
    let (mut found, mut seen) = (Vec::new(), 0);
    for segment in file.segments {
        let Ok(Some(mut notes)) = segment.notes(file.endian, file.bytes) else { continue };
        // Loaders skip damaged notes.
        while seen < NOTE_LIMIT
            && let Ok(Some(note)) = notes.next()
        {
            seen += 1;
            if note.n_type(file.endian).0 != NT_ABI_TAG {
                continue;
            }
            found.extend(match note.name() {
                b"GNU" => note.desc().get(..4).and_then(|word| {
                    // The first word has the byte order of the file.
                    let bytes = [word[0], word[1], word[2], word[3]];
                    gnu(if file.header.is_little_endian() {
                        u32::from_le_bytes(bytes)
                    } else {
                        u32::from_be_bytes(bytes)
                    })
                }),
                b"FreeBSD" => Some("freebsd"),
                b"NetBSD" => Some("netbsd"),
                b"OpenBSD" => Some("openbsd"),
                b"DragonFly" => Some("dragonfly"),
                b"Android" => Some("android"),
                _ => None,
            });
        }
    }
    found
}

fn gnu(system: u32) -> Option<&'static str> {
    match system {
        0 => Some("linux"),
        1 => Some("hurd"),
        2 => Some("solaris"),
        3 => Some("freebsd"),
        _ => None,
    }
}

/// What the name of the interpreter says, wherever it lies (NixOS has it in its store).
fn interpreter_system(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "ld-elf.so.1" | "ld-elf32.so.1" => Some("freebsd"),
        "ld-elf.so.2" => Some("dragonfly"),
        "ld.elf_so" => Some("netbsd"),
        "ld.so" => Some("openbsd"),
        "linker" | "linker64" => Some("android"),
        // Linux on old machines has that one.
        "ld.so.1" if path != "/lib/ld.so.1" => Some("solaris"),
        _ if ["ld-linux", "ld-musl-", "ld64.so"].iter().any(|start| name.starts_with(start)) => Some("linux"),
        _ => None,
    }
}
