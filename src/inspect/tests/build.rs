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
}

impl MachO {
    /// A program for macOS 12.0 and later.
    pub(super) fn program(cpu: [u32; 2]) -> MachO {
        MachO { cpu, kind: 2, platform: Some([MACOS, 12 << 16]), manifest: None, go: None }
    }

    /// The file: header, load commands, the contents of one segment.
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
        let segment_size = 72 + 80 * sections.len();
        let commands_size = commands.concat().len() + segment_size;
        // Aligned, as the build info asks.
        let mut at = (32 + commands_size).next_multiple_of(16);
        let start = at;
        let (mut headers, mut contents) = (Vec::new(), vec![0; start - 32 - commands_size]);
        for (name, data) in sections {
            headers.extend([text16(name), text16("__DATA")].concat());
            headers.extend([at as u64, data.len() as u64].map(u64::to_le_bytes).concat());
            headers.extend(words(&[at as u32, 4, 0, 0, 0, 0, 0, 0]));
            contents.extend(data);
            contents.resize(contents.len().next_multiple_of(16) + (start - 32 - commands_size) % 16, 0);
            at = 32 + commands_size + contents.len();
        }
        let size = (at - start) as u64;
        let mut segment = words(&[0x19, segment_size as u32]);
        segment.extend(text16("__DATA"));
        segment.extend([start as u64, size, start as u64, size].map(u64::to_le_bytes).concat());
        segment.extend(words(&[3, 3, headers.len() as u32 / 80, 0]));
        segment.extend(headers);
        commands.push(segment);

        let [cpu, subtype] = self.cpu;
        let mut bytes =
            words(&[0xfeed_facf, cpu, subtype, self.kind, commands.len() as u32, commands_size as u32, 0, 0]);
        bytes.extend(commands.concat());
        bytes.extend(contents);
        bytes
    }
}

/// A universal file of slices with the CPUs that its table says they are for.
pub(super) fn universal(slices: &[([u32; 2], Vec<u8>)]) -> Vec<u8> {
    let mut table = big_words(&[0xcafe_babe, slices.len() as u32]);
    let (mut contents, start) = (Vec::new(), 8 + 20 * slices.len());
    for ([cpu, subtype], slice) in slices {
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
