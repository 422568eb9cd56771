//! WebAssembly: module or component, and the manifest in a custom section.
//! Neither imports nor exports: whether a host can run it, the host's rules say.
//!
//! Format: <https://webassembly.github.io/spec/core/binary/modules.html> and, for components,
//! <https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md>.

use super::error::InspectError;
use super::{range, section};
use crate::model::artifact::{BinaryFacts, Format, Linkage};

const FUNCTION_SECTION: u8 = 3;
const CODE_SECTION: u8 = 10;

/// The facts about bytes that start with `\0asm`.
pub(super) fn inspect(bytes: &[u8]) -> Result<BinaryFacts, InspectError> {
    let header = range::range(bytes, "wasm header", 4, 4)?;
    // Components took the upper half of the version for a layer.
    let (version, layer) =
        (u16::from_le_bytes([header[0], header[1]]), u16::from_le_bytes([header[2], header[3]]));
    let machine = match layer {
        0 if version == 1 => "wasm module".to_owned(),
        1 => "wasm component".to_owned(),
        _ => format!("wasm of version {version}, layer {layer}"),
    };
    let manifest_section = manifest(bytes, layer == 0)?;
    Ok(BinaryFacts {
        format: Format::Wasm,
        systems: Vec::new(),
        system: "WebAssembly".to_owned(),
        architectures: Vec::new(),
        machine,
        // A host calls into it; nothing starts it.
        executable: false,
        linkage: Linkage::Static,
        glibc_floor: None,
        macos_floor: None,
        go: None,
        code_signature: None,
        x86_level: None,
        universal: false,
        unloadable: Vec::new(),
        manifest_section,
    })
}

/// Walks the sections, which fill the file to its end.
fn manifest(bytes: &[u8], module: bool) -> Result<Option<String>, InspectError> {
    let (mut at, mut manifests) = (8, Vec::new());
    let (mut functions, mut code) = (false, false);
    while let Some(&id) = bytes.get(at) {
        let (size, start) = leb128(bytes, at + 1)?;
        let contents = range::range(bytes, "wasm section", start as u64, u64::from(size))?;
        if id == 0 {
            let name = leb128(contents, 0).and_then(|(size, start)| {
                range::range(contents, "name", start as u64, u64::from(size)).map(|name| (name, start))
            });
            let Ok((name, start)) = name else {
                return Err(InspectError::malformed("wasm section", "its name is longer than it"));
            };
            if name == section::WASM_NAME {
                manifests.push(&contents[start + name.len()..]);
            }
        }
        functions |= module && id == FUNCTION_SECTION && contents != [0];
        code |= id == CODE_SECTION;
        at = start + contents.len();
    }
    if functions && !code {
        // Cut exactly between two sections.
        let length = bytes.len() as u64;
        return Err(InspectError::Truncated { part: "code section", end: length + 1, length });
    }
    section::only(manifests.into_iter())
}

/// An unsigned LEB128 of up to 32 bits at `at`, and where it ends.
fn leb128(bytes: &[u8], at: usize) -> Result<(u32, usize), InspectError> {
    let mut value = 0_u64;
    for index in 0..5 {
        let byte = range::range(bytes, "wasm section header", (at + index) as u64, 1)?[0];
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).map_err(|_| too_long())?;
            return Ok((value, at + index + 1));
        }
    }
    Err(too_long())
}

fn too_long() -> InspectError {
    InspectError::malformed("wasm section header", "a number in it has more than 32 bits")
}
