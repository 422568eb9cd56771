//! Mach-O as a file: one slice, or a universal file of several.
//! Not what is in a slice (`macho_slice`).
//!
//! Format: `<mach-o/loader.h>` and `<mach-o/fat.h>` of Apple's SDK.

use object::macho::{self, FatArch32, FatArch64};
use object::read::macho::{FatArch, MachOFatFile};

use super::error::InspectError;
use super::looks_like::looks_like;
use super::macho_slice::{self, Slice};
use super::range::range;
use crate::model::artifact::{BinaryFacts, Format, Linkage};
use crate::model::target::Os;

/// More architectures than Apple has ever had.
const SLICE_LIMIT: usize = 16;
/// Java classes share the magic of universal files; where those count slices, classes have a version, from 45 on.
const FIRST_JAVA_VERSION: u32 = 43;

/// Whether the bytes start as a Mach-O file does, of one slice or more.
pub(super) fn has_magic(bytes: &[u8]) -> bool {
    match word(bytes, 0) {
        Some(macho::FAT_MAGIC | macho::FAT_MAGIC_64) => {
            word(bytes, 4).is_none_or(|slices| slices < FIRST_JAVA_VERSION)
        }
        Some(magic) => is_thin(magic),
        None => false,
    }
}

/// The facts about bytes that [`has_magic`] of.
pub(super) fn inspect(bytes: &[u8]) -> Result<BinaryFacts, InspectError> {
    let slices = match word(bytes, 0) {
        Some(macho::FAT_MAGIC) => universal::<FatArch32>(bytes)?,
        Some(macho::FAT_MAGIC_64) => universal::<FatArch64>(bytes)?,
        _ => return Ok(facts(vec![macho_slice::read(bytes)?], None)),
    };
    // A plugin for a machine must not say other things than the same file on another machine.
    let mut manifests = slices.iter().filter_map(|slice| slice.manifest_section.as_deref());
    let manifest = manifests.next().map(ToOwned::to_owned);
    if manifests.any(|other| manifest.as_deref() != Some(other)) {
        return Err(InspectError::ManifestsDiffer("the slices of the universal file have different ones"));
    }
    Ok(facts(slices, manifest))
}

/// The slices of a universal file, each as its entry in the table says.
fn universal<Fat: FatArch>(bytes: &[u8]) -> Result<Vec<Slice>, InspectError> {
    const PART: &str = "universal header";
    let count = word(bytes, 4).unwrap_or_default() as usize;
    if count == 0 || count > SLICE_LIMIT {
        return Err(InspectError::malformed(PART, format!("it has {count} slices")));
    }
    range(bytes, PART, 8, (count * size_of::<Fat>()) as u64)?;
    let file = MachOFatFile::<Fat>::parse(bytes).map_err(|error| InspectError::malformed(PART, error))?;
    let mut slices = Vec::new();
    for arch in file.arches() {
        let (offset, size) = arch.file_range();
        let data = range(bytes, "slice of a universal file", offset, size)?;
        if !word(data, 0).is_some_and(is_thin) {
            return Err(InspectError::NotABinary(format!("a universal file of {}", looks_like(data))));
        }
        let slice = macho_slice::read(data)?;
        if slice.cpu != arch.cputype() {
            return Err(InspectError::malformed(PART, "a slice is for another machine than the header says"));
        }
        slices.push(slice);
    }
    Ok(slices)
}

/// The facts about a slice; of several, the machines of all and what is true of all.
fn facts(mut slices: Vec<Slice>, manifest_section: Option<String>) -> BinaryFacts {
    let several = slices.len() > 1;
    let machines: Vec<String> = slices.iter().map(|slice| slice.machine.clone()).collect();
    let architectures = slices.iter().filter_map(|slice| slice.arch).collect();
    let executable = slices.iter().all(|slice| slice.executable);
    let systems = if slices.iter().all(|slice| slice.macos) { vec![Os::Darwin] } else { Vec::new() };
    let unloadable = slices.iter().flat_map(|slice| slice.unloadable.clone()).collect();
    let first = slices.swap_remove(0);
    BinaryFacts {
        format: Format::MachO,
        systems,
        system: first.system,
        architectures,
        machine: if several { format!("universal ({})", machines.join(", ")) } else { machines.concat() },
        executable,
        linkage: if first.linker.is_none() && first.libraries.is_empty() {
            Linkage::Static
        } else {
            Linkage::Dynamic { interpreter: first.linker, libraries: first.libraries }
        },
        glibc_floor: None,
        // Each is one slice's, and would be taken for the file's.
        macos_floor: first.macos_floor.filter(|_| !several),
        go: first.go.filter(|_| !several),
        code_signature: (!several).then_some(first.signature),
        x86_level: None,
        universal: several,
        unloadable,
        manifest_section: manifest_section.or(first.manifest_section),
    }
}

/// A big-endian word; universal headers are big-endian everywhere.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn is_thin(magic: u32) -> bool {
    matches!(magic, macho::MH_MAGIC | macho::MH_CIGAM | macho::MH_MAGIC_64 | macho::MH_CIGAM_64)
}
