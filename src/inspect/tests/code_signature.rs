//! Signatures that hold, and each way in which one doesn't.

use proptest::prelude::*;

use super::build::signature_at::{DIRECTORY, PAGES, REQUIREMENTS};
use super::build::{ARM64, MachO, signature, universal};
use crate::inspect::code_signature::read;
use crate::inspect::inspect;
use crate::model::code_signature::CodeSignature;
use crate::model::target::{Arch, Os, Target};

const ARM: Target = Target::new(Os::Darwin, Arch::Arm64);

/// A change of a signature over [`CODE`], by place and new words.
type Change = (usize, &'static [u32]);

const CODE: &[u8] = &[7; 600];

fn judge(change: Change) -> CodeSignature {
    let mut bytes = [CODE, &signature(CODE)].concat();
    for (index, word) in change.1.iter().enumerate() {
        let at = CODE.len() + change.0 + 4 * index;
        bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
    }
    read(&bytes, CODE.len(), bytes.len() - CODE.len(), CODE.len() as u64)
}

#[test]
fn a_signature_over_everything_holds() {
    let whole = CodeSignature::Whole { identifier: "fixture".to_owned(), ad_hoc: true, linker_signed: true };
    assert_eq!(judge((0, &[])), whole);
    assert_eq!(inspect(&MachO::program(ARM64).bytes()).unwrap().code_signature, Some(whole));
}

/// Without the ad hoc flag, a third part is what a certificate's key made.
#[test]
fn who_is_not_ad_hoc_has_something_of_a_certificate() {
    for (magic, contents, holds) in
        [(0xfade_0b01_u32, &[1, 2, 3][..], true), (0xfade_0b01, &[], false), (0xfade_0c01, &[1, 2, 3], false)]
    {
        let mut parts = signature(CODE);
        let (count, entries) = (3_u32, 28);
        parts[8..12].copy_from_slice(&count.to_be_bytes());
        // Each part moves behind the new entry in the table.
        for at in [16, 24] {
            let place = u32::from_be_bytes(parts[at..at + 4].try_into().unwrap()) + 8;
            parts[at..at + 4].copy_from_slice(&place.to_be_bytes());
        }
        let end = parts.len() as u32 + 8;
        parts.splice(entries..entries, [0x1_0000_u32, end].iter().flat_map(|word| word.to_be_bytes()));
        parts.extend(magic.to_be_bytes());
        parts.extend((8 + contents.len() as u32).to_be_bytes());
        parts.extend(contents);
        let size = parts.len() as u32;
        parts[4..8].copy_from_slice(&size.to_be_bytes());
        let flags = DIRECTORY + 8 + 12;
        parts[flags..flags + 4].fill(0);
        let bytes = [CODE, &parts].concat();
        let judged = read(&bytes, CODE.len(), parts.len(), CODE.len() as u64);
        assert_eq!(matches!(judged, CodeSignature::Whole { ad_hoc: false, .. }), holds, "{judged:?}");
    }
}

#[test]
fn what_the_kernel_would_not_take_is_told() {
    let field = |at: usize| DIRECTORY + at;
    for (change, why) in [
        ((0, &[0xfade_0cc1][..]), "it doesn't start as a signature does"),
        ((4, &[0x7fff_ffff]), "it is cut short"),
        ((4, &[u32::MAX]), "it is cut short"),
        ((4, &[20]), "it is cut short"),
        ((8, &[65]), "it has 65 parts"),
        ((8, &[64]), "it is cut short"),
        ((8, &[0]), "it has no code directory"),
        ((12, &[9]), "it has no code directory"),
        ((12, &[0x1000]), "it has no code directory"),
        ((16, &[u32::MAX]), "it is cut short"),
        ((20, &[0x1000, 28]), "two of its code directories have the same hash"),
        ((field(0), &[0xfade_0c01]), "its code directory doesn't start as one does"),
        ((field(4), &[7]), "it is cut short"),
        ((field(4), &[30]), "its code directory is cut short"),
        ((field(16), &[0]), "its code directory is cut short"),
        ((field(16), &[u32::MAX]), "its code directory is cut short"),
        ((field(20), &[u32::MAX]), "its code directory is cut short"),
        ((field(24), &[u32::MAX]), "its code directory is cut short"),
        ((field(28), &[u32::MAX]), "its code directory is cut short"),
        ((field(28), &[2]), "its code directory is cut short"),
        ((field(28), &[0]), "it has no hash for page 0"),
        ((field(32), &[599]), "it covers the first 599 bytes, and 600 are loaded"),
        ((field(32), &[601]), "it covers its own bytes"),
        ((field(36), &[0x2002_000b]), "its pages have 2^11 bytes"),
        ((field(36), &[0x2002_0000]), "its pages have 2^0 bytes"),
        ((field(36), &[0x1402_000c]), "its hashes have 20 bytes"),
        ((field(36), &[0x1401_000c]), "it holds SHA-1 hashes alone"),
        ((field(36), &[0x4005_000c]), "its hashes are of type 5, which the kernel doesn't know"),
        ((field(44), &[1]), "it is over scattered parts of the file"),
        ((field(56), &[0, 42]), "it covers the first 42 bytes, and 600 are loaded"),
        ((PAGES, &[0]), "bytes 0 to 600 of the file aren't what was signed"),
        ((REQUIREMENTS + 8, &[1]), "its part 2 isn't what was signed"),
        ((field(12), &[0x2_0000]), "it is neither ad hoc nor made with a certificate"),
        ((20, &[3]), "its part 2 isn't what was signed"),
    ] {
        assert_eq!(judge(change), CodeSignature::Broken { why: why.to_owned() }, "{change:?}");
    }
}

#[test]
fn one_byte_of_code_that_was_changed_is_found_in_each_slice() {
    let unsigned = MachO { signed: false, ..MachO::program(ARM64) }.bytes();
    let mut changed = MachO::program(ARM64).bytes();
    // The oldest macOS it runs on: nothing else depends on it.
    let macos_12 = [1, 0, 0, 0, 0, 0, 12, 0];
    let at = changed.windows(8).position(|words| words == macos_12).unwrap() + 4;
    changed[at] ^= 1;
    for (slice, fragment) in [
        (unsigned, "its code isn't signed, so macOS on arm64 kills it"),
        (changed, "aren't what was signed, so macOS on arm64 kills it"),
    ] {
        let found = inspect(&slice).unwrap();
        assert!(found.contradictions(ARM).concat().ends_with(fragment), "{:?}", found.contradictions(ARM));
        let single = inspect(&universal(&[(ARM64, slice)])).unwrap();
        assert!(single.contradictions(ARM).concat().ends_with(fragment));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    /// No number in a signature makes it panic, and what is signed is never silently other bytes.
    #[test]
    fn signatures_of_no_meaning_are_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        size in any::<prop::sample::Index>(),
        loaded in prop_oneof![Just(600_u64), any::<u64>()],
    ) {
        let mut bytes = [CODE, &signature(CODE)].concat();
        for (at, byte) in changes {
            let at = CODE.len() + at.index(bytes.len() - CODE.len());
            bytes[at] = byte;
        }
        let _ = read(&bytes, CODE.len(), size.index(bytes.len()), loaded);
        bytes[3] ^= 1;
        let judged = read(&bytes, CODE.len(), bytes.len() - CODE.len(), 600);
        prop_assert!(judged.complaint().is_some());
    }
}
