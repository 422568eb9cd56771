//! Builds small Mach-O, universal and wasm files, which have no seeds because linkers make them large.
//! Only what inspection reads is right in them.

/// CPU types and subtypes of Apple's `<mach/machine.h>`.
pub(super) const X86_64: [u32; 2] = [0x0100_0007, 3];
pub(super) const ARM64: [u32; 2] = [0x0100_000c, 0];
pub(super) const ARM64E: [u32; 2] = [0x0100_000c, 2];

pub(super) const MACOS: u32 = 1;
pub(super) const IOS: u32 = 2;

/// A Mach-O file of 64 bits to be.
pub(super) struct MachO {
    pub(super) cpu: [u32; 2],
    pub(super) kind: u32,
    /// Platform and oldest version.
    pub(super) platform: Option<[u32; 2]>,
    pub(super) manifest: Option<&'static [u8]>,
    pub(super) go: Option<&'static [u8]>,
    pub(super) signed: bool,
}

impl MachO {
    /// A program for macOS 12.0 and later, signed as linkers do.
    pub(super) fn program(cpu: [u32; 2]) -> MachO {
        MachO { cpu, kind: 2, platform: Some([MACOS, 12 << 16]), manifest: None, go: None, signed: true }
    }

    /// The file: header, load commands, the contents of sections, the signature. All segments hold the whole file, so
    /// that it stays small.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let sections: Vec<(&str, &[u8])> = [("__wick", self.manifest), ("__go_buildinfo", self.go)]
            .into_iter()
            .filter_map(|(name, data)| Some((name, data?)))
            .collect();
        let mut commands = vec![
            with_text(0xe, &[], "/usr/lib/dyld"),
            with_text(0xc, &[0, 0, 0], "/usr/lib/libSystem.B.dylib"),
        ];
        if let Some([platform, version]) = self.platform {
            commands.push(words(&[0x32, 24, platform, version, 0, 0]));
        }
        let (plain, signature_command) = (72, if self.signed { 16 } else { 0 });
        let commands_size =
            commands.concat().len() + 2 * plain + plain + 80 * sections.len() + 24 + signature_command;
        // Aligned, as the build info asks.
        let start = (32 + commands_size).next_multiple_of(16);
        let (mut headers, mut contents) = (Vec::new(), vec![0; start - 32 - commands_size]);
        for (name, data) in sections {
            let at = 32 + commands_size + contents.len();
            headers.extend([text16(name), text16("__DATA")].concat());
            headers.extend([at as u64, data.len() as u64].map(u64::to_le_bytes).concat());
            headers.extend(words(&[at as u32, 4, 0, 0, 0, 0, 0, 0]));
            contents.extend(data);
            contents.resize(contents.len().next_multiple_of(16) + (start - 32 - commands_size) % 16, 0);
        }
        let end = 32 + commands_size + contents.len();
        commands.push(segment("__PAGEZERO", [0, 1 << 32, 0, 0], 0, &[]));
        commands.push(segment("__TEXT", [1 << 32, 1 << 14, 0, end as u64], 5, &[]));
        commands.push(segment("__DATA", [0, 1 << 14, 0, end as u64], 3, &headers));
        commands.push(words(&[0x8000_0028, 24, 32, 0, 0, 0]));
        if self.signed {
            commands.push(words(&[0x1d, 16, end as u32, signature(&vec![0; end]).len() as u32]));
        }

        let [cpu, subtype] = self.cpu;
        let count = commands.len() as u32;
        let mut bytes =
            words(&[0xfeed_facf, cpu, subtype, self.kind, count, commands_size as u32, 0x20_0004, 0]);
        bytes.extend(commands.concat());
        bytes.extend(contents);
        if self.signed {
            bytes.extend(signature(&bytes));
        }
        bytes
    }
}

/// A segment: address and size in memory, place and size in the file; its protection, the headers of its sections.
fn segment(name: &str, places: [u64; 4], protection: u32, sections: &[u8]) -> Vec<u8> {
    let mut bytes = words(&[0x19, 72 + sections.len() as u32]);
    bytes.extend(text16(name));
    bytes.extend(places.map(u64::to_le_bytes).concat());
    bytes.extend(words(&[protection, protection, sections.len() as u32 / 80, 0]));
    bytes.extend(sections);
    bytes
}

/// Where fields are in a signature made here: of the directory, and its one special slot's and its pages' hashes.
pub(super) mod signature_at {
    pub(in crate::inspect::tests) const DIRECTORY: usize = 28;
    pub(in crate::inspect::tests) const REQUIREMENTS: usize = DIRECTORY + 88 + 8 + 2 * 32 + 32;
    pub(in crate::inspect::tests) const PAGES: usize = DIRECTORY + 88 + 8 + 2 * 32;
}

/// An ad-hoc signature as linkers make it, over one page of code, with requirements as `codesign` adds them.
pub(super) fn signature(code: &[u8]) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    assert!(code.len() <= 4096, "one page is enough for tests");
    let requirements = big_words(&[0xfade_0c01, 12, 0]);
    let (identifier, specials) = (b"fixture\0", 2);
    let hashes = 88 + identifier.len() as u32 + specials * 32;
    let mut directory = big_words(&[0xfade_0c02, hashes + 32, 0x2_0400, 0x2_0002, hashes, 88, specials, 1]);
    directory.extend(big_words(&[code.len() as u32, 0x2002_000c, 0, 0, 0]));
    // Its wide limit isn't used, and the executable segment begins at 0.
    directory.extend(big_words(&[0; 9]));
    directory.extend(identifier);
    // Requirements are slot 2, Info.plist is slot 1; the last slot comes first.
    directory.extend(Sha256::digest(&requirements));
    directory.extend([0; 32]);
    directory.extend(Sha256::digest(code));
    let second = 28 + directory.len() as u32;
    let mut bytes = big_words(&[0xfade_0cc0, second + 12, 2, 0, 28, 2, second]);
    bytes.extend(directory);
    bytes.extend(requirements);
    bytes
}

/// A universal file of slices with the CPUs that its table says they are for.
pub(super) fn universal(slices: &[([u32; 2], Vec<u8>)]) -> Vec<u8> {
    let mut table = big_words(&[0xcafe_babe, slices.len() as u32]);
    let (mut contents, start) = (Vec::new(), 8 + 20 * slices.len());
    for ([cpu, subtype], slice) in slices {
        // Parts that a loader maps are aligned.
        contents.resize((start + contents.len()).next_multiple_of(16) - start, 0);
        table.extend(big_words(&[*cpu, *subtype, (start + contents.len()) as u32, slice.len() as u32, 0]));
        contents.extend(slice);
    }
    [table, contents].concat()
}

/// A wasm module or component of sections: id and contents.
pub(super) fn wasm(version_and_layer: [u8; 4], sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = [*b"\0asm", version_and_layer].concat();
    for (id, contents) in sections {
        let size = contents.len();
        assert!(size < 0x4000, "two bytes of LEB128 are enough for tests");
        bytes.extend([*id, 0x80 | (size & 0x7f) as u8, (size >> 7) as u8]);
        bytes.extend(*contents);
    }
    bytes
}

/// A load command with a text at its end.
fn with_text(command: u32, fields: &[u32], text: &str) -> Vec<u8> {
    let start = 12 + 4 * fields.len() as u32;
    let size = (start + text.len() as u32 + 1).next_multiple_of(8);
    let mut bytes = words(&[command, size, start]);
    bytes.extend(words(fields));
    bytes.extend(text.as_bytes());
    bytes.resize(size as usize, 0);
    bytes
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn big_words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn text16(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(16, 0);
    bytes
}
