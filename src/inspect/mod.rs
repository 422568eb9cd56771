//! What a file really is, read from its bytes without running it.
//! Not whether that is right: [`BinaryFacts::contradictions`] compares it with a target.
//!
//! The bytes may come from anywhere, so every reader here is bounded: no loop, no copy and no recursion
//! depends on a number in the file without a limit, and a damaged file is an error, never a panic.
//! [`inspect`] is pure and total, and so also the entry for a fuzzer.
//!
//! What is read is what the loader of the system reads (ELF program headers, Mach-O load commands, the PE
//! optional header), and what it would refuse or die of is said (`*_loader`, `code_signature`), where that is certain
//! and costs little: a plugin that passes here and doesn't start is found by its user. Section headers, which a loader ignores, only locate the manifest and Go's build info.

pub mod archive;
mod code_signature;
mod elf;
mod elf_loader;
mod elf_needs;
mod elf_system;
mod error;
mod go_build_info;
mod go_quote;
pub mod layout;
mod looks_like;
mod macho;
mod macho_loader;
mod macho_slice;
mod pe;
mod pe_loader;
mod range;
mod section;
#[cfg(test)]
mod tests;
mod wasm;

pub use error::InspectError;

use crate::model::artifact::BinaryFacts;

/// The facts about a binary.
///
/// Files that end before their own headers say they do are refused, as are files that no loader takes:
/// scripts, archives, object files. Shared libraries have facts; they aren't `executable`.
///
/// # Errors
///
/// When the bytes are no binary, or a damaged one.
pub fn inspect(bytes: &[u8]) -> Result<BinaryFacts, InspectError> {
    match bytes {
        [] => Err(InspectError::Empty),
        [0x7f, b'E', b'L', b'F', ..] => elf::inspect(bytes),
        [b'M', b'Z', ..] if pe::has_signature(bytes) => pe::inspect(bytes),
        [0, b'a', b's', b'm', ..] => wasm::inspect(bytes),
        _ if macho::has_magic(bytes) => macho::inspect(bytes),
        _ => Err(InspectError::NotABinary(looks_like::looks_like(bytes))),
    }
}
