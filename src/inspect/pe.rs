//! PE: machine, role, imported libraries, what is in its sections.
//! Not the Authenticode signature: its bytes must be there, what they say is Windows'.
//!
//! Format: <https://learn.microsoft.com/en-us/windows/win32/debug/pe-format>.

use object::pe::{self, ImageNtHeaders32, ImageNtHeaders64, ImageSectionHeader};
use object::read::pe::{DataDirectories, ImageNtHeaders, ImageOptionalHeader};
use object::{LittleEndian as LE, ReadRef, pod};

use super::error::InspectError;
use super::range::{name, range};
use super::{go_build_info, pe_loader, section};
use crate::model::artifact::{BinaryFacts, Format, GoBuildInfo, Linkage};
use crate::model::target::{Arch, Os};

const HEADER: &str = "PE header";
const IMPORTS: &str = "import table";
/// Where the DOS header holds the place of the PE header.
const POINTER_AT: usize = 0x3c;
/// Programs have some dozens.
const IMPORT_LIMIT: usize = 1024;
/// Windows loads no more.
const SECTION_LIMIT: usize = 96;
const SYMBOL_SIZE: u64 = 18;

/// Whether a DOS header is followed by a PE header; else it is a program for DOS.
pub(super) fn has_signature(bytes: &[u8]) -> bool {
    let at = bytes.get(POINTER_AT..POINTER_AT + 4).and_then(|at| at.try_into().ok()).map(u32::from_le_bytes);
    at.is_some_and(|at| bytes.get(at as usize..).is_some_and(|rest| rest.starts_with(b"PE\0\0")))
}

/// The facts about bytes that [`has_signature`] of.
pub(super) fn inspect(bytes: &[u8]) -> Result<BinaryFacts, InspectError> {
    let at = pe::ImageDosHeader::parse(bytes)
        .map_err(|error| InspectError::malformed("DOS header", error))?
        .nt_headers_offset();
    range(bytes, HEADER, at.into(), size_of::<ImageNtHeaders32>() as u64)?;
    match object::read::pe::optional_header_magic(bytes) {
        Ok(pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC) => facts(&Image::<ImageNtHeaders32>::parse(bytes, at)?),
        Ok(pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC) => facts(&Image::<ImageNtHeaders64>::parse(bytes, at)?),
        Ok(magic) => Err(InspectError::malformed(HEADER, format!("no kind {magic:#x} is known"))),
        Err(error) => Err(InspectError::malformed(HEADER, error)),
    }
}

/// A PE file whose headers and sections are within the file.
struct Image<'a, H> {
    bytes: &'a [u8],
    headers: &'a H,
    directories: DataDirectories<'a>,
    sections: &'a [ImageSectionHeader],
}

impl<'a, H: ImageNtHeaders> Image<'a, H> {
    fn parse(bytes: &'a [u8], at: u32) -> Result<Image<'a, H>, InspectError> {
        let mut at = u64::from(at);
        range(bytes, HEADER, at, size_of::<H>() as u64)?;
        let (headers, directories) =
            H::parse(bytes, &mut at).map_err(|error| InspectError::malformed(HEADER, error))?;
        let header = headers.file_header();
        let count = usize::from(header.number_of_sections.get(LE));
        if count > SECTION_LIMIT {
            return Err(InspectError::malformed(HEADER, format!("it has {count} sections")));
        }
        let table = range(bytes, "section headers", at, (count * size_of::<ImageSectionHeader>()) as u64)?;
        let (sections, _) = pod::slice_from_bytes::<ImageSectionHeader>(table, count)
            .map_err(|()| InspectError::malformed("section headers", "they are cut short"))?;
        for section in sections {
            if section.pointer_to_raw_data.get(LE) != 0 {
                let (offset, size) = (section.pointer_to_raw_data.get(LE), section.size_of_raw_data.get(LE));
                range(bytes, "section", offset.into(), size.into())?;
            }
        }
        let symbols = u64::from(header.pointer_to_symbol_table.get(LE));
        if symbols != 0 {
            let size = SYMBOL_SIZE * u64::from(header.number_of_symbols.get(LE));
            range(bytes, "symbol table", symbols, size)?;
            // The names follow the symbols, their size in front.
            let names = range(bytes, "symbol names", symbols + size, 4)?;
            let size_of_names = u32::from_le_bytes([names[0], names[1], names[2], names[3]]);
            range(bytes, "symbol names", symbols + size, size_of_names.into())?;
        }
        if let Some(signature) = directories.get(pe::IMAGE_DIRECTORY_ENTRY_SECURITY) {
            // The only directory whose address is a place in the file.
            let (offset, size) = signature.address_range();
            range(bytes, "signature", offset.into(), size.into())?;
        }
        Ok(Image { bytes, headers, directories, sections })
    }

    /// The bytes that are loaded at `address`, up to the end of their section.
    fn at_address(&self, address: u32) -> Option<&'a [u8]> {
        self.sections.iter().find_map(|section| section.pe_data_at(self.bytes, address))
    }

    fn libraries(&self) -> Result<Vec<String>, InspectError> {
        let mut found = Vec::new();
        let Some(directory) = self.directories.get(pe::IMAGE_DIRECTORY_ENTRY_IMPORT) else {
            return Ok(found);
        };
        let cut = |()| InspectError::malformed(IMPORTS, "it ends outside of its section");
        let table = self.at_address(directory.virtual_address.get(LE)).ok_or(()).map_err(cut)?;
        let mut at = 0;
        loop {
            let import = table.read::<pe::ImageImportDescriptor>(&mut at).map_err(cut)?;
            if import.is_null() {
                return Ok(found);
            }
            if found.len() == IMPORT_LIMIT {
                return Err(InspectError::malformed(IMPORTS, "it names too many libraries"));
            }
            let start = self.at_address(import.name.get(LE)).unwrap_or_default();
            found.push(name(start, IMPORTS)?);
        }
    }

    /// Go's linker has no section for it here; it is in the first one for plain data.
    fn go(&self) -> Option<GoBuildInfo> {
        let data = pe::IMAGE_SCN_CNT_INITIALIZED_DATA | pe::IMAGE_SCN_MEM_READ | pe::IMAGE_SCN_MEM_WRITE;
        let section = self.sections.iter().find(|section| {
            let alignment = pe::IMAGE_SCN_ALIGN_32BYTES.0;
            section.virtual_address.get(LE) != 0
                && section.size_of_raw_data.get(LE) != 0
                && section.characteristics.get(LE).0 & !alignment == data.0
        })?;
        // The address the image prefers is a multiple of 64 KiB, so the offset has the same alignment.
        let address = section.virtual_address.get(LE).into();
        go_build_info::in_data(section.pe_data(self.bytes).ok()?, address)
    }
}

fn facts<H: ImageNtHeaders>(image: &Image<'_, H>) -> Result<BinaryFacts, InspectError> {
    let (header, optional) = (image.headers.file_header(), image.headers.optional_header());
    let (arch, machine) = machine(header.machine.get(LE), image.headers.is_type_64());
    let system = match optional.subsystem() {
        pe::IMAGE_SUBSYSTEM_EFI_APPLICATION
        | pe::IMAGE_SUBSYSTEM_EFI_BOOT_SERVICE_DRIVER
        | pe::IMAGE_SUBSYSTEM_EFI_RUNTIME_DRIVER
        | pe::IMAGE_SUBSYSTEM_EFI_ROM => "EFI",
        pe::IMAGE_SUBSYSTEM_WINDOWS_CE_GUI => "Windows CE",
        pe::IMAGE_SUBSYSTEM_XBOX | pe::IMAGE_SUBSYSTEM_XBOX_CODE_CATALOG => "Xbox",
        _ => Os::Windows.as_str(),
    };
    let flags = header.characteristics.get(LE);
    let starts =
        matches!(optional.subsystem(), pe::IMAGE_SUBSYSTEM_WINDOWS_GUI | pe::IMAGE_SUBSYSTEM_WINDOWS_CUI);
    let libraries = image.libraries()?;
    let manifests = image.sections.iter().filter(|section| section.raw_name() == section::NAME);
    let manifests = manifests.filter_map(|section| section.pe_data(image.bytes).ok());
    Ok(BinaryFacts {
        format: Format::Pe,
        systems: Os::from_go(system).into_iter().collect(),
        system: system.to_owned(),
        architectures: arch.into_iter().collect(),
        machine,
        executable: starts
            && flags.contains(pe::IMAGE_FILE_EXECUTABLE_IMAGE)
            && !flags.contains(pe::IMAGE_FILE_DLL),
        linkage: if libraries.is_empty() {
            Linkage::Static
        } else {
            Linkage::Dynamic { interpreter: None, libraries }
        },
        glibc_floor: None,
        macos_floor: None,
        go: image.go(),
        code_signature: None,
        x86_level: None,
        universal: false,
        unloadable: pe_loader::complaints(image.headers, image.sections),
        manifest_section: section::only(manifests)?,
    })
}

/// The architecture, where the kind of the headers fits it, and the name of the machine.
fn machine(machine: pe::Machine, wide: bool) -> (Option<Arch>, String) {
    let (arch, name) = match (machine, wide) {
        (pe::IMAGE_FILE_MACHINE_AMD64, true) => (Some(Arch::Amd64), "x86-64"),
        (pe::IMAGE_FILE_MACHINE_ARM64, true) => (Some(Arch::Arm64), "aarch64"),
        (pe::IMAGE_FILE_MACHINE_RISCV64, true) => (Some(Arch::Riscv64), "riscv64"),
        (pe::IMAGE_FILE_MACHINE_I386, false) => (Some(Arch::X86), "x86"),
        (pe::IMAGE_FILE_MACHINE_ARMNT, false) => (Some(Arch::Arm), "arm"),
        (pe::IMAGE_FILE_MACHINE_ARM64EC, _) => (None, "arm64ec"),
        (other, _) => return (None, format!("machine {:#06x}", other.0)),
    };
    (arch, name.to_owned())
}
