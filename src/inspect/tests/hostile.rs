//! Laws for bytes of any origin: no panic, no long thought, and what is cut short is refused.
//! Whether damage is noticed is no law: a changed byte of code leaves a good file.

use proptest::prelude::*;

use super::build::{ARM64, MachO, X86_64, universal, wasm};
use super::seeds::SEEDS;
use crate::inspect::inspect;

const GO: &[u8] = include_bytes!("../../../tests/fixtures/binaries/go-linux.bin");

/// A file of every format.
fn files() -> Vec<Vec<u8>> {
    let slice = |cpu| MachO { manifest: Some(b"{}"), go: Some(GO), ..MachO::program(cpu) }.bytes();
    let mut files: Vec<Vec<u8>> = SEEDS.iter().map(|(_, bytes)| bytes.to_vec()).collect();
    files.push(slice(ARM64));
    files.push(universal(&[(X86_64, slice(X86_64)), (ARM64, slice(ARM64))]));
    files.push(wasm([1, 0, 0, 0], &[(3, b"\x01\0"), (0, b"\x04wick{}"), (10, b"\x01\x02\0\x0b")]));
    files
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for (index, file) in files().iter().enumerate() {
        assert!(inspect(file).is_ok(), "file {index}");
        // A wasm module may end after any section; ours has its code last.
        for length in (0..file.len()).filter(|length| file[0] != 0 || *length != 8) {
            assert!(inspect(&file[..length]).is_err(), "file {index} cut at {length} of {}", file.len());
        }
    }
}

#[test]
fn any_byte_of_a_file_may_be_any_other() {
    for mut file in files() {
        for at in 0..file.len() {
            let byte = file[at];
            for other in [0xff, byte ^ 1, byte ^ 0x80] {
                file[at] = other;
                let _ = inspect(&file);
            }
            file[at] = byte;
        }
    }
}

/// Words that make trouble: offsets and sizes at the borders.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), Just(u64::MAX), Just(u64::from(u32::MAX)), 0..0x2000_u64, Just(1 << 63)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_no_meaning_are_survived(
        magic in prop::sample::select(vec![
            &b"\x7fELF\x02\x01\x01"[..], b"\x7fELF\x01\x02\x01", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xce",
            b"\xca\xfe\xba\xbe\0\0\0\x02", b"\0asm\x01\0\0\0", b"MZ", b"",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..2048),
    ) {
        let _ = inspect(&[magic, &rest].concat());
    }

    #[test]
    fn words_anywhere_are_survived(
        index in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1..=8_usize, word()), 1..6),
        in_headers in any::<bool>(),
    ) {
        let files = files();
        let mut file = files[index.index(files.len())].clone();
        let reach = if in_headers { file.len().min(0x300) } else { file.len() };
        for (at, size, word) in changes {
            let at = at.index(reach);
            let size = size.min(file.len() - at);
            file[at..at + size].copy_from_slice(&word.to_le_bytes()[..size]);
        }
        let _ = inspect(&file);
    }
}

/// A large program of this machine: each change is undone, so that it is copied once.
#[test]
#[expect(clippy::disallowed_methods, reason = "this test is a real program of this machine, and sys is not")]
fn a_large_program_may_be_cut_and_changed() {
    let mut file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..2000 {
        // Xorshift: the places need no quality, only spread.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let (length, at) = (state as usize % file.len(), (state >> 32) as usize % 0x400);
        assert!(inspect(&file[..length]).is_err(), "cut at {length} of {}", file.len());
        let byte = std::mem::replace(&mut file[at], (state >> 24) as u8);
        let _ = inspect(&file);
        file[at] = byte;
    }
}
