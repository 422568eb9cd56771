//! Mach-O: platforms, machines, universal files.

use super::build::{ARM64, ARM64E, IOS, MachO, X86_64, universal};
use crate::inspect::{InspectError, inspect};
use crate::model::artifact::Linkage;
use crate::model::target::{Arch, Os, Target};

/// Which no target is for.
const POWERPC: [u32; 2] = [0x0100_0012, 0];
const DARWIN_ARM64: Target = Target::new(Os::Darwin, Arch::Arm64);

#[test]
fn a_program_for_macos_is_one() {
    let facts = inspect(&MachO::program(ARM64).bytes()).unwrap();
    assert_eq!(facts.contradictions(DARWIN_ARM64), [""; 0]);
    assert_eq!(
        facts.contradictions(Target::new(Os::Darwin, Arch::Amd64)),
        ["its machine is aarch64, not amd64"]
    );
    assert_eq!(facts.macos_floor.as_deref(), Some("12.0"));
    assert_eq!(
        facts.linkage,
        Linkage::Dynamic {
            interpreter: Some("/usr/lib/dyld".to_owned()),
            libraries: vec!["/usr/lib/libSystem.B.dylib".to_owned()],
        }
    );
}

#[test]
fn other_platforms_machines_and_kinds_are_told() {
    let program = || MachO::program(ARM64);
    for (file, fragment) in [
        (MachO { platform: Some([IOS, 17 << 16]), ..program() }, "it is for iOS, not darwin"),
        (MachO { platform: Some([12, 0]), ..program() }, "it is for Apple platform 12, not darwin"),
        (MachO { platform: None, ..program() }, ""),
        (MachO { cpu: ARM64E, ..program() }, "its machine is arm64e, not arm64"),
        (MachO { kind: 6, ..program() }, "it is not an executable"),
    ] {
        let facts = inspect(&file.bytes()).unwrap();
        assert_eq!(facts.contradictions(DARWIN_ARM64).concat(), fragment);
    }
}

#[test]
fn versions_have_a_third_number_only_if_it_says_something() {
    for (version, text) in [(0x000a_0f00, "10.15"), (0x000a_0f04, "10.15.4"), (0x001a_0000, "26.0")] {
        let file = MachO { platform: Some([1, version]), ..MachO::program(X86_64) };
        assert_eq!(inspect(&file.bytes()).unwrap().macos_floor.as_deref(), Some(text));
    }
}

#[test]
fn a_universal_file_fits_no_target_but_one_of_a_single_slice_does() {
    let (intel, arm) = (MachO::program(X86_64).bytes(), MachO::program(ARM64).bytes());
    let both = inspect(&universal(&[(X86_64, intel), (ARM64, arm.clone())])).unwrap();
    assert_eq!(both.architectures, [Arch::Amd64, Arch::Arm64]);
    assert_eq!(both.contradictions(DARWIN_ARM64), ["its machine is universal (x86-64, aarch64), not arm64"]);
    assert_eq!(both.doubts(DARWIN_ARM64), [""; 0]);
    // What is wrong with one slice isn't said of the file, and a slice without a name doesn't make it fit.
    let unsigned = MachO { signed: false, ..MachO::program(X86_64) }.bytes();
    for other in [(X86_64, unsigned), (POWERPC, MachO::program(POWERPC).bytes())] {
        let both = inspect(&universal(&[other, (ARM64, arm.clone())])).unwrap();
        for target in [DARWIN_ARM64, Target::new(Os::Darwin, Arch::Amd64)] {
            let said = both.contradictions(target);
            assert!(said.len() == 1 && said[0].starts_with("its machine is universal ("), "{said:?}");
            assert_eq!(both.doubts(target), [""; 0]);
        }
        assert!(both.code_signature.is_none() && both.go.is_none() && both.macos_floor.is_none());
    }
    let single = inspect(&universal(&[(ARM64, arm)])).unwrap();
    assert_eq!(single.contradictions(DARWIN_ARM64), [""; 0]);
}

#[test]
fn slices_must_be_what_the_table_says_and_agree_on_the_manifest() {
    let with = |cpu, manifest| (cpu, MachO { manifest, ..MachO::program(cpu) }.bytes());
    let error = inspect(&universal(&[(X86_64, MachO::program(ARM64).bytes())])).unwrap_err();
    assert!(matches!(error, InspectError::Malformed { part: "universal header", .. }), "{error}");
    let error = inspect(&universal(&[(X86_64, b"!<arch>\nlibrary".to_vec())])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is a universal file of a static library (an `ar` archive), not a program"
    );

    let differ = universal(&[with(X86_64, Some(b"{}")), with(ARM64, Some(b"[]"))]);
    assert!(matches!(inspect(&differ), Err(InspectError::ManifestsDiffer(_))));
    let second_only = universal(&[with(X86_64, None), with(ARM64, Some(b"{}"))]);
    assert_eq!(inspect(&second_only).unwrap().manifest_section.as_deref(), Some("{}"));
}
