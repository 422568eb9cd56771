//! ELF: header, program headers, sections by name; machine and role.
//! Not which libraries it needs (`elf_needs`) nor which system it is for (`elf_system`).
//!
//! Format: System V gABI, chapters 4 and 5, <https://gabi.xinuos.com/>, and elf(5) of Linux.

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};

use super::elf_needs::Needs;
use super::error::InspectError;
use super::range::range;
use super::{elf_loader, elf_system, go_build_info, section};
use crate::model::artifact::{BinaryFacts, Format, GoBuildInfo, Linkage};
use crate::model::target::Arch;

const CLASS_AT: u64 = 4;
const HEADER: &str = "ELF header";
/// Programs have about a dozen.
const SEGMENT_LIMIT: u32 = 128;

/// The facts about bytes that start with `\x7fELF`.
pub(super) fn inspect(bytes: &[u8]) -> Result<BinaryFacts, InspectError> {
    match range(bytes, HEADER, CLASS_AT, 1)?[0] {
        1 => facts(&Elf::<FileHeader32<Endianness>>::parse(bytes)?),
        2 => facts(&Elf::<FileHeader64<Endianness>>::parse(bytes)?),
        class => Err(InspectError::malformed(HEADER, format!("no class {class} exists"))),
    }
}

/// An ELF file whose tables and their contents are within the file.
pub(super) struct Elf<'a, H: FileHeader<Endian = Endianness>> {
    pub(super) bytes: &'a [u8],
    pub(super) header: &'a H,
    pub(super) endian: Endianness,
    pub(super) segments: &'a [H::ProgramHeader],
    sections: &'a [H::SectionHeader],
    section_names: &'a [u8],
}

impl<'a, H: FileHeader<Endian = Endianness>> Elf<'a, H> {
    fn parse(bytes: &'a [u8]) -> Result<Elf<'a, H>, InspectError> {
        range(bytes, HEADER, 0, size_of::<H>() as u64)?;
        let header = H::parse(bytes).map_err(|error| InspectError::malformed(HEADER, error))?;
        let endian = header.endian().map_err(|error| InspectError::malformed(HEADER, error))?;
        match header.e_type(endian) {
            elf::ET_EXEC | elf::ET_DYN => {}
            elf::ET_REL => return Err(InspectError::NotABinary("an object file (ELF)".to_owned())),
            elf::ET_CORE => return Err(InspectError::NotABinary("a core dump".to_owned())),
            other => {
                return Err(InspectError::malformed(
                    HEADER,
                    format!("its file type {:#x} is unknown", other.0),
                ));
            }
        }
        let segments = segments(bytes, header, endian)?;
        let sections = sections(bytes, header, endian)?;
        let section_names = match header.section_strings_index(endian, bytes) {
            Ok(index) => match sections.get(index.0).and_then(|section| section.file_range(endian)) {
                Some((offset, size)) => range(bytes, "section names", offset, size)?,
                None => &[],
            },
            Err(_) => &[],
        };
        Ok(Elf { bytes, header, endian, segments, sections, section_names })
    }

    /// The bytes that are loaded at `address`, up to the end of their segment.
    pub(super) fn at_address(&self, address: u64) -> Option<&'a [u8]> {
        self.segments.iter().filter(|segment| segment.p_type(self.endian) == elf::PT_LOAD).find_map(
            |segment| {
                let inside =
                    usize::try_from(address.checked_sub(segment.p_vaddr(self.endian).into())?).ok()?;
                segment.data(self.endian, self.bytes).ok()?.get(inside..).filter(|rest| !rest.is_empty())
            },
        )
    }

    /// The sections of that name, with their address and contents.
    fn sections_named(&self, name: &'a [u8]) -> impl Iterator<Item = (&'a H::SectionHeader, &'a [u8])> {
        let (endian, bytes, names) = (self.endian, self.bytes, self.section_names);
        self.sections.iter().filter_map(move |section| {
            let rest = names.get(section.sh_name(endian) as usize..)?.strip_prefix(name)?;
            (rest.first() == Some(&0))
                .then(|| section.data(endian, bytes).ok().map(|data| (section, data)))?
        })
    }

    fn go(&self) -> Result<Option<GoBuildInfo>, InspectError> {
        if let Some((section, data)) = self.sections_named(b".go.buildinfo").next() {
            return go_build_info::in_section(data, section.sh_addr(self.endian).into());
        }
        let writable = self.segments.iter().find(|segment| {
            let flags = segment.p_flags(self.endian);
            segment.p_type(self.endian) == elf::PT_LOAD
                && flags.contains(elf::PF_W)
                && !flags.contains(elf::PF_X)
        });
        Ok(writable.and_then(|segment| {
            let data = segment.data(self.endian, self.bytes).ok()?;
            go_build_info::in_data(data, segment.p_vaddr(self.endian).into())
        }))
    }

    fn manifest(&self) -> Result<Option<String>, InspectError> {
        let compressed =
            |section: &H::SectionHeader| section.sh_flags(self.endian).contains(elf::SHF_COMPRESSED);
        if self.sections_named(section::NAME).any(|(section, _)| compressed(section)) {
            return Err(InspectError::malformed("manifest section", "it is compressed"));
        }
        section::only(self.sections_named(section::NAME).map(|(_, data)| data))
    }
}

fn segments<'a, H: FileHeader<Endian = Endianness>>(
    bytes: &'a [u8],
    header: &'a H,
    endian: Endianness,
) -> Result<&'a [H::ProgramHeader], InspectError> {
    const PART: &str = "program headers";
    let fail = |error| InspectError::malformed(PART, error);
    let (offset, size) = (header.e_phoff(endian).into(), u64::from(header.e_phentsize(endian)));
    let count = header.phnum(endian, bytes).map_err(fail)?;
    if count > SEGMENT_LIMIT {
        return Err(InspectError::malformed(PART, format!("there are {count}")));
    }
    range(bytes, PART, offset, size.saturating_mul(count.into()))?;
    let segments = header.program_headers(endian, bytes).map_err(fail)?;
    for once in [elf::PT_INTERP, elf::PT_DYNAMIC] {
        if segments.iter().filter(|segment| segment.p_type(endian) == once).count() > 1 {
            return Err(InspectError::malformed(PART, "a kind of which one is allowed is there twice"));
        }
    }
    for segment in segments.iter().filter(|segment| segment.p_type(endian) != elf::PT_NULL) {
        let (offset, size) = segment.file_range(endian);
        if size > 0 {
            range(bytes, "segment", offset, size)?;
        }
    }
    Ok(segments)
}

fn sections<'a, H: FileHeader<Endian = Endianness>>(
    bytes: &'a [u8],
    header: &'a H,
    endian: Endianness,
) -> Result<&'a [H::SectionHeader], InspectError> {
    let fail = |error| InspectError::malformed("section headers", error);
    let (offset, size) = (header.e_shoff(endian).into(), u64::from(header.e_shentsize(endian)));
    if offset == 0 {
        return Ok(&[]);
    }
    // The first header may hold the number of headers, so it has to be there before they are counted.
    range(bytes, "section headers", offset, size)?;
    let count = header.shnum(endian, bytes).map_err(fail)?;
    range(bytes, "section headers", offset, size.saturating_mul(count.into()))?;
    let sections = header.section_headers(endian, bytes).map_err(fail)?;
    for section in sections.iter().filter(|section| section.sh_type(endian) != elf::SHT_NULL) {
        if let Some((offset, size)) = section.file_range(endian).filter(|(_, size)| *size > 0) {
            range(bytes, "section", offset, size)?;
        }
    }
    Ok(sections)
}

fn facts<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, H>) -> Result<BinaryFacts, InspectError> {
    let kind = file.header.e_type(file.endian);
    let needs = Needs::read(file)?;
    let go = file.go()?;
    let (systems, system) = elf_system::systems(file, needs.interpreter.as_deref(), go.as_ref());
    let (arch, machine) = machine(file);
    // glibc's own libraries name an interpreter and have an entry; only a program has no name to be linked by.
    let is_program = kind == elf::ET_EXEC || needs.pie || (needs.interpreter.is_some() && !needs.has_soname);
    let starts = file.header.e_entry(file.endian).into() != 0
        && file.segments.iter().any(|segment| segment.p_type(file.endian) == elf::PT_LOAD);
    Ok(BinaryFacts {
        format: Format::Elf,
        systems,
        system,
        architectures: arch.into_iter().collect(),
        machine,
        executable: is_program && starts,
        linkage: if needs.interpreter.is_none() && needs.libraries.is_empty() {
            Linkage::Static
        } else {
            Linkage::Dynamic { interpreter: needs.interpreter, libraries: needs.libraries }
        },
        glibc_floor: needs.glibc_floor,
        macos_floor: None,
        go,
        code_signature: None,
        x86_level: elf_loader::x86_level(file),
        universal: false,
        unloadable: elf_loader::complaints(file),
        manifest_section: file.manifest()?,
    })
}

/// The architecture, where word size and byte order fit it, and the name of the machine.
fn machine<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, H>) -> (Option<Arch>, String) {
    let wide = file.header.is_class_64();
    let little = file.header.is_little_endian();
    let (arch, name) = match (file.header.e_machine(file.endian), wide, little) {
        (elf::EM_X86_64, true, true) => (Some(Arch::Amd64), "x86-64"),
        (elf::EM_X86_64, false, true) => (None, "x32 (x86-64 with pointers of 32 bits)"),
        (elf::EM_AARCH64, true, true) => (Some(Arch::Arm64), "aarch64"),
        (elf::EM_AARCH64, true, false) => (None, "aarch64 (big-endian)"),
        (elf::EM_AARCH64, false, _) => (None, "aarch64 (ILP32)"),
        (elf::EM_386, false, true) => (Some(Arch::X86), "x86"),
        (elf::EM_ARM, false, true) => (Some(Arch::Arm), "arm"),
        (elf::EM_ARM, false, false) => (None, "arm (big-endian)"),
        (elf::EM_RISCV, true, true) => (Some(Arch::Riscv64), "riscv64"),
        (elf::EM_RISCV, false, true) => (None, "riscv32"),
        (elf::EM_PPC64, _, true) => (None, "ppc64le"),
        (elf::EM_PPC64, _, false) => (None, "ppc64"),
        (elf::EM_S390, true, _) => (None, "s390x"),
        (elf::EM_MIPS, ..) => (None, "mips"),
        (elf::EM_LOONGARCH, true, _) => (None, "loongarch64"),
        (other, ..) => return (None, format!("machine {:#06x}", other.0)),
    };
    (arch, name.to_owned())
}
