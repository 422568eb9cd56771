//! One Mach-O slice: machine, platform, libraries, what is in its sections.
//! Not whether the system would start it (`macho_loader`, `code_signature`).
//!
//! Format: `<mach-o/loader.h>` of Apple's SDK.

use object::macho::{self, MachHeader32, MachHeader64};
use object::read::macho::{LoadCommandData, LoadCommandVariant, MachHeader, Section, Segment};
use object::{Endianness, pod};

use super::error::InspectError;
use super::macho_loader::{Placed, Start};
use super::range::{name, range, shown};
use super::{code_signature, go_build_info, section};
use crate::model::artifact::GoBuildInfo;
use crate::model::code_signature::CodeSignature;
use crate::model::target::Arch;

const HEADER: &str = "Mach-O header";
const COMMANDS: &str = "load commands";
/// Programs have some dozens.
const COMMAND_LIMIT: u32 = 4096;
/// `VM_PROT_READ | VM_PROT_WRITE`.
const READ_WRITE: u32 = 3;

/// What one slice says.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) cpu: macho::CpuType,
    pub(super) arch: Option<Arch>,
    pub(super) machine: String,
    pub(super) executable: bool,
    pub(super) macos: bool,
    pub(super) system: String,
    pub(super) macos_floor: Option<String>,
    pub(super) linker: Option<String>,
    pub(super) libraries: Vec<String>,
    pub(super) go: Option<GoBuildInfo>,
    pub(super) signature: CodeSignature,
    /// Why it doesn't start, where it is a program.
    pub(super) unloadable: Vec<String>,
    pub(super) manifest_section: Option<String>,
}

/// Reads a slice, which starts with one of the four magics.
pub(super) fn read(bytes: &[u8]) -> Result<Slice, InspectError> {
    match range(bytes, HEADER, 0, 4)? {
        [0xcf, ..] | [.., 0xcf] => Reader::<MachHeader64<Endianness>>::read(bytes),
        _ => Reader::<MachHeader32<Endianness>>::read(bytes),
    }
}

/// What the load commands say, as they come.
struct Reader<'a, H: MachHeader<Endian = Endianness>> {
    bytes: &'a [u8],
    endian: Endianness,
    linker: Option<String>,
    libraries: Vec<String>,
    /// Platform and oldest version; an app for several platforms has several.
    platforms: Vec<(macho::Platform, u32)>,
    segments: Vec<&'a H::Segment>,
    /// Where the code signature is, and its size.
    signature: Option<(usize, usize)>,
    start: Start,
    go: Option<(&'a [u8], u64)>,
    manifests: Vec<&'a [u8]>,
}

impl<'a, H: MachHeader<Endian = Endianness>> Reader<'a, H> {
    fn read(bytes: &'a [u8]) -> Result<Slice, InspectError> {
        range(bytes, HEADER, 0, size_of::<H>() as u64)?;
        let header = H::parse(bytes, 0).map_err(|error| InspectError::malformed(HEADER, error))?;
        let endian = header.endian().map_err(|error| InspectError::malformed(HEADER, error))?;
        let kind = header.filetype(endian);
        if kind == macho::MH_OBJECT {
            return Err(InspectError::NotABinary("an object file (Mach-O)".to_owned()));
        }
        let mut reader = Reader::<H> {
            bytes,
            endian,
            linker: None,
            libraries: Vec::new(),
            platforms: Vec::new(),
            segments: Vec::new(),
            signature: None,
            start: Start::default(),
            go: None,
            manifests: Vec::new(),
        };
        reader.commands(header)?;
        let cpu = header.cputype(endian);
        let (arch, machine) = machine(cpu, header.cpusubtype(endian));
        let (macos, system, macos_floor) = reader.platform();
        let executable = kind == macho::MH_EXECUTE;
        let start = Start {
            wide: size_of::<H::Word>() == 8,
            flags: header.flags(endian).0,
            commands_end: size_of::<H>() as u64 + u64::from(header.sizeofcmds(endian)),
            has_linker: reader.linker.is_some(),
            ..std::mem::take(&mut reader.start)
        };
        Ok(Slice {
            cpu,
            arch,
            machine,
            executable,
            signature: reader.signature(&start),
            unloadable: if executable { start.complaints(cpu) } else { Vec::new() },
            macos,
            system,
            macos_floor,
            go: reader.go()?,
            manifest_section: section::only(reader.manifests.into_iter())?,
            linker: reader.linker,
            libraries: reader.libraries,
        })
    }

    fn commands(&mut self, header: &H) -> Result<(), InspectError> {
        let count = header.ncmds(self.endian);
        if count > COMMAND_LIMIT {
            return Err(InspectError::malformed(COMMANDS, format!("there are {count}")));
        }
        range(self.bytes, COMMANDS, size_of::<H>() as u64, header.sizeofcmds(self.endian).into())?;
        let commands = header.load_commands(self.endian, self.bytes, 0).map_err(malformed)?;
        for command in commands {
            self.command(command.map_err(malformed)?)?;
        }
        Ok(())
    }

    fn command(&mut self, command: LoadCommandData<'a, Endianness>) -> Result<(), InspectError> {
        if let Some((segment, sections)) = H::Segment::from_command(command).map_err(malformed)? {
            return self.segment(segment, sections);
        }
        let endian = self.endian;
        let text = |at: macho::LcStr<Endianness>| {
            name(command.raw_data().get(at.offset.get(endian) as usize..).unwrap_or_default(), COMMANDS)
        };
        match command.variant().map_err(malformed)? {
            LoadCommandVariant::LoadDylinker(linker) => self.linker = Some(text(linker.name)?),
            LoadCommandVariant::Dylib(library) => self.libraries.push(text(library.dylib.name)?),
            LoadCommandVariant::BuildVersion(build, _) => {
                self.platforms.push((build.platform.get(endian), build.minos.get(endian).0));
            }
            LoadCommandVariant::VersionMin(version) => {
                let platform = match command.cmd() {
                    macho::LC_VERSION_MIN_MACOSX => macho::PLATFORM_MACOS,
                    macho::LC_VERSION_MIN_TVOS => macho::PLATFORM_TVOS,
                    macho::LC_VERSION_MIN_WATCHOS => macho::PLATFORM_WATCHOS,
                    _ => macho::PLATFORM_IOS,
                };
                self.platforms.push((platform, version.version.get(endian).0));
            }
            LoadCommandVariant::Symtab(symbols) => {
                // Two words, two bytes and two half-words, or a wide word instead of the last.
                let size = if size_of::<H::Word>() == 8 { 16 } else { 12 };
                let size = u64::from(symbols.nsyms.get(endian)) * size;
                range(self.bytes, "symbol table", symbols.symoff.get(endian).into(), size)?;
                let (offset, size) = (symbols.stroff.get(endian), symbols.strsize.get(endian));
                range(self.bytes, "symbol names", offset.into(), size.into())?;
            }
            LoadCommandVariant::LinkeditData(data) => {
                let (offset, size) = (data.dataoff.get(endian), data.datasize.get(endian));
                range(self.bytes, "link edit data", offset.into(), size.into())?;
                if command.cmd() == macho::LC_CODE_SIGNATURE {
                    self.signature = Some((offset as usize, size as usize));
                }
            }
            LoadCommandVariant::EntryPoint(entry) => self.start.main = Some(entry.entryoff.get(endian)),
            LoadCommandVariant::Thread(..) => self.start.thread |= command.cmd() == macho::LC_UNIXTHREAD,
            _ => {}
        }
        Ok(())
    }

    fn segment(&mut self, segment: &'a H::Segment, sections: &'a [u8]) -> Result<(), InspectError> {
        let (offset, size) = segment.file_range(self.endian);
        range(self.bytes, "segment", offset, size)?;
        self.segments.push(segment);
        self.start.segments.push(Placed {
            name: shown(segment.name()),
            file: (offset, size),
            memory: (segment.vmaddr(self.endian).into(), segment.vmsize(self.endian).into()),
            protection: segment.initprot(self.endian).0,
        });
        let count = segment.nsects(self.endian) as usize;
        let sections: &[H::Section] = match pod::slice_from_bytes(sections, count) {
            Ok((sections, _)) => sections,
            Err(()) => return Err(malformed("a segment has fewer sections than it says")),
        };
        for section in sections {
            let is_go = section.name() == b"__go_buildinfo";
            let is_manifest = (section.segment_name(), section.name()) == section::MACHO_NAME;
            if !is_go && !is_manifest {
                continue;
            }
            let size = section.file_size(self.endian).unwrap_or_default();
            let data = range(self.bytes, "section", section.offset(self.endian).into(), size)?;
            if is_manifest {
                self.manifests.push(data);
            } else {
                self.go.get_or_insert((data, section.addr(self.endian).into()));
            }
        }
        Ok(())
    }

    /// Whether it is for macOS, the name of the platform, the oldest macOS.
    fn platform(&self) -> (bool, String, Option<String>) {
        let macos = self.platforms.iter().find(|(platform, _)| *platform == macho::PLATFORM_MACOS);
        match (macos, self.platforms.first()) {
            (Some((_, version)), _) => (true, "darwin".to_owned(), Some(version_text(*version))),
            (None, Some((other, _))) => (false, platform_name(*other), None),
            // Before 2011 there was nothing but macOS to say.
            (None, None) => (true, "darwin".to_owned(), None),
        }
    }

    /// How its code is signed. What is loaded ends where the last segment does, or at the signature in it.
    fn signature(&self, start: &Start) -> CodeSignature {
        let Some((at, size)) = self.signature else { return CodeSignature::Missing };
        let end = |segment: &Placed| {
            let (from, to) = (segment.file.0, segment.file.0.saturating_add(segment.file.1));
            if from <= at as u64 && (at + size) as u64 <= to { at as u64 } else { to }
        };
        let loaded = start.segments.iter().map(end).max().unwrap_or_default();
        code_signature::read(self.bytes, at, size, loaded)
    }

    fn go(&self) -> Result<Option<GoBuildInfo>, InspectError> {
        if let Some((data, address)) = self.go {
            return go_build_info::in_section(data, address);
        }
        let writable = self.segments.iter().find(|segment| {
            segment.filesize(self.endian).into() > 0
                && segment.initprot(self.endian).0 == READ_WRITE
                && segment.maxprot(self.endian).0 == READ_WRITE
        });
        Ok(writable.and_then(|segment| {
            let data = segment.data(self.endian, self.bytes).ok()?;
            go_build_info::in_data(data, segment.vmaddr(self.endian).into())
        }))
    }
}

fn malformed(reason: impl ToString) -> InspectError {
    InspectError::malformed(COMMANDS, reason)
}

/// The architecture that every machine of the name runs, and the name.
fn machine(cpu: macho::CpuType, subtype: macho::CpuSubtype) -> (Option<Arch>, String) {
    let (arch, name) = match (cpu, subtype.id()) {
        // Only Apple's own programs may use it.
        (macho::CPU_TYPE_ARM64, macho::CPU_SUBTYPE_ARM64E) => (None, "arm64e"),
        (macho::CPU_TYPE_ARM64, _) => (Some(Arch::Arm64), "aarch64"),
        // From Haswell on.
        (macho::CPU_TYPE_X86_64, macho::CPU_SUBTYPE_X86_64_H) => (None, "x86-64h"),
        (macho::CPU_TYPE_X86_64, _) => (Some(Arch::Amd64), "x86-64"),
        (macho::CPU_TYPE_X86, _) => (Some(Arch::X86), "x86"),
        (macho::CPU_TYPE_ARM, _) => (Some(Arch::Arm), "arm"),
        (macho::CPU_TYPE_ARM64_32, _) => (None, "arm64_32"),
        (macho::CPU_TYPE_POWERPC | macho::CPU_TYPE_POWERPC64, _) => (None, "powerpc"),
        (other, _) => return (None, format!("machine {:#x}", other.0)),
    };
    (arch, name.to_owned())
}

/// `12.0`, or `10.15.4` where the third number says something.
fn version_text(version: u32) -> String {
    let (major, minor, patch) = (version >> 16, version >> 8 & 0xff, version & 0xff);
    if patch == 0 { format!("{major}.{minor}") } else { format!("{major}.{minor}.{patch}") }
}

fn platform_name(platform: macho::Platform) -> String {
    let name = match platform {
        macho::PLATFORM_IOS => "iOS",
        macho::PLATFORM_TVOS => "tvOS",
        macho::PLATFORM_WATCHOS => "watchOS",
        macho::PLATFORM_MACCATALYST => "Mac Catalyst",
        macho::PLATFORM_IOSSIMULATOR => "the iOS simulator",
        other => return format!("Apple platform {}", other.0),
    };
    name.to_owned()
}
