//! Laws of inspection: facts are bounded, can be shown, and survive being written into a receipt and read again.

use wick::inspect::{InspectError, inspect};
use wick::model::artifact::{BinaryFacts, Linkage};
use wick::model::code_signature::CodeSignature;
use wick::model::target::Target;

use super::is_speakable;

/// The most text that facts may hold beside the manifest: 1024 names of 4096 bytes, and Go's 8 MiB.
const TEXT_MAX: usize = 14 << 20;

pub(super) fn elf(data: &[u8]) {
    facts(data, &[b"\x7fELF"]);
}

pub(super) fn pe(data: &[u8]) {
    facts(data, &[b"MZ"]);
}

pub(super) fn wasm(data: &[u8]) {
    facts(data, &[b"\0asm"]);
}

pub(super) fn macho(data: &[u8]) {
    let magics: [&[u8]; 6] = [
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\xca\xfe\xba\xbf",
    ];
    facts(data, &magics);
}

/// Go's build info, in a section of its own and, with another first byte, somewhere in a data segment.
pub(super) fn buildinfo(data: &[u8]) {
    let Some((place, blob)) = data.split_first() else { return };
    let name = if place % 2 == 0 { "__go_buildinfo" } else { "__data" };
    told(&macho_with(name, blob));
}

/// A section of `.wick` is told as it is, without the padding of linkers, or refused.
pub(super) fn section(data: &[u8]) {
    let padding = data.iter().rev().take_while(|byte| **byte == 0).count();
    let expected = std::str::from_utf8(&data[..data.len() - padding]);
    match (inspect(&macho_with("__wick", data)), expected) {
        (Ok(facts), Ok(text)) => assert_eq!(facts.manifest_section.as_deref(), Some(text)),
        (Err(InspectError::ManifestNotText(at)), Err(error)) => assert_eq!(at, error.valid_up_to()),
        (told, expected) => panic!("{told:?} of {expected:?}"),
    }
}

fn facts(data: &[u8], magics: &[&[u8]]) {
    if magics.iter().any(|magic| data.starts_with(magic)) {
        told(data);
    }
}

fn told(data: &[u8]) {
    let facts = match inspect(data) {
        Ok(facts) => facts,
        Err(error) => return assert!(is_speakable(&error.to_string()), "{error:?}"),
    };
    for text in texts(&facts) {
        assert!(is_speakable(text), "{text:?}");
    }
    let length: usize = texts(&facts).map(str::len).sum();
    assert!(length <= TEXT_MAX, "{length} bytes of text from {} bytes", data.len());
    let written = serde_json::to_string(&facts).expect("facts go into receipts");
    let read: BinaryFacts = serde_json::from_str(&written).expect("what a receipt says is read again");
    // Not all facts are kept there.
    assert_eq!(serde_json::to_string(&read).expect("facts go into receipts"), written);
    for target in Target::ALL {
        for fragment in facts.contradictions(target) {
            assert!(is_speakable(&fragment), "{fragment:?}");
        }
    }
}

/// All that headers say in words.
fn texts(facts: &BinaryFacts) -> impl Iterator<Item = &str> {
    let (interpreter, libraries) = match &facts.linkage {
        Linkage::Static => (None, &[][..]),
        Linkage::Dynamic { interpreter, libraries } => (interpreter.as_deref(), libraries.as_slice()),
    };
    let words = [Some(facts.system.as_str()), Some(facts.machine.as_str()), interpreter];
    let modules = facts.go.iter().flat_map(|go| go.modules.iter().chain(&go.main_module));
    let modules = modules.flat_map(|module| [module.path.as_str(), &module.version, &module.sum]);
    let go = facts.go.iter().flat_map(|go| [go.go_version.as_str(), &go.main_package]).chain(modules);
    let signature = match &facts.code_signature {
        Some(CodeSignature::Whole { identifier, .. }) => Some(identifier.as_str()),
        Some(CodeSignature::Broken { why }) => Some(why.as_str()),
        Some(CodeSignature::Missing) | None => None,
    };
    let floors = [facts.glibc_floor.as_deref(), facts.macos_floor.as_deref(), signature];
    words.into_iter().chain(floors).flatten().chain(libraries.iter().map(String::as_str)).chain(go)
}

/// A program for macOS whose only section holds `data`.
fn macho_with(section: &str, data: &[u8]) -> Vec<u8> {
    const START: u32 = 32 + 72 + 80 + 8;
    let size = data.len() as u32;
    let mut file = Vec::new();
    let words = |file: &mut Vec<u8>, words: &[u32]| {
        words.iter().for_each(|word| file.extend(word.to_le_bytes()));
    };
    let text16 = |text: &str| -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(16, 0);
        bytes
    };
    // arm64, a program, one command.
    words(&mut file, &[0xfeed_facf, 0x0100_000c, 0, 2, 1, 152, 0, 0]);
    words(&mut file, &[0x19, 152]);
    file.extend(text16("__DATA"));
    words(&mut file, &[START, 0, size, 0, START, 0, size, 0, 3, 3, 1, 0]);
    file.extend(text16(section));
    file.extend(text16("__DATA"));
    words(&mut file, &[START, 0, size, 0, START, 4, 0, 0, 0, 0, 0, 0]);
    file.resize(START as usize, 0);
    file.extend(data);
    file
}
