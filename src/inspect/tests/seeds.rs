//! What is said about the small real binaries of `tests/fixtures/binaries`, and about this test itself.
//! Their README says how they were made.

use crate::inspect::inspect;
use crate::model::artifact::{BinaryFacts, Format, Linkage};
use crate::model::target::{Arch, Os, Target};

macro_rules! seed {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../../tests/fixtures/binaries/", $name)))
    };
}

/// All of them, by name.
pub(super) const SEEDS: &[(&str, &[u8])] = &[
    seed!("linux-arm64-static"),
    seed!("linux-mips-static"),
    seed!("linux-amd64-go"),
    seed!("linux-amd64-glibc"),
    seed!("linux-amd64.so"),
    seed!("freebsd-amd64"),
    seed!("windows-amd64.exe"),
    seed!("windows-amd64-go.exe"),
    seed!("windows-386.exe"),
];

pub(super) fn seed(name: &str) -> Vec<u8> {
    SEEDS.iter().find(|(other, _)| *other == name).unwrap_or_else(|| panic!("no seed `{name}`")).1.to_vec()
}

fn facts(name: &str) -> BinaryFacts {
    inspect(&seed(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn dynamic(interpreter: Option<&str>, libraries: &[&str]) -> Linkage {
    Linkage::Dynamic {
        interpreter: interpreter.map(ToOwned::to_owned),
        libraries: libraries.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_seeds_are_what_readelf_and_objdump_say() {
    let glibc = dynamic(Some("/lib64/ld-linux-x86-64.so.2"), &["libm.so.6", "libc.so.6"]);
    for (name, format, os, arch, machine, executable, linkage, floor) in [
        (
            "linux-arm64-static",
            Format::Elf,
            Os::Linux,
            Some(Arch::Arm64),
            "aarch64",
            true,
            Linkage::Static,
            None,
        ),
        ("linux-mips-static", Format::Elf, Os::Linux, None, "mips", true, Linkage::Static, None),
        ("linux-amd64-go", Format::Elf, Os::Linux, Some(Arch::Amd64), "x86-64", true, Linkage::Static, None),
        ("linux-amd64-glibc", Format::Elf, Os::Linux, Some(Arch::Amd64), "x86-64", true, glibc, Some("2.34")),
        (
            "linux-amd64.so",
            Format::Elf,
            Os::Linux,
            Some(Arch::Amd64),
            "x86-64",
            false,
            dynamic(None, &["libm.so.6", "libc.so.6"]),
            Some("2.29"),
        ),
        (
            "freebsd-amd64",
            Format::Elf,
            Os::Freebsd,
            Some(Arch::Amd64),
            "x86-64",
            true,
            dynamic(Some("/libexec/ld-elf.so.1"), &["libm.so.5", "libc.so.7"]),
            None,
        ),
        (
            "windows-amd64.exe",
            Format::Pe,
            Os::Windows,
            Some(Arch::Amd64),
            "x86-64",
            true,
            dynamic(None, &["KERNEL32.dll"]),
            None,
        ),
        (
            "windows-amd64-go.exe",
            Format::Pe,
            Os::Windows,
            Some(Arch::Amd64),
            "x86-64",
            true,
            dynamic(None, &["KERNEL32.dll"]),
            None,
        ),
        (
            "windows-386.exe",
            Format::Pe,
            Os::Windows,
            Some(Arch::X86),
            "x86",
            true,
            dynamic(None, &["KERNEL32.dll"]),
            None,
        ),
    ] {
        let found = facts(name);
        assert_eq!(found.format, format, "{name}");
        assert_eq!(found.systems, [os], "{name}");
        assert_eq!(found.architectures, Vec::from_iter(arch), "{name}");
        assert_eq!(found.machine, machine, "{name}");
        assert_eq!(found.executable, executable, "{name}");
        assert_eq!(found.linkage, linkage, "{name}");
        assert_eq!(found.glibc_floor.as_deref(), floor, "{name}");
        assert_eq!(found.macos_floor, None, "{name}");
        assert_eq!(found.manifest_section.as_deref(), Some("{\"seed\":true}"), "{name}");
        assert_eq!(found.go.is_some(), name.contains("-go"), "{name}");
    }
}

#[test]
fn a_seed_fits_its_own_target_and_no_other() {
    for (name, own) in [
        ("linux-arm64-static", "linux/arm64"),
        ("linux-amd64-go", "linux/amd64"),
        ("linux-amd64-glibc", "linux/amd64"),
        ("freebsd-amd64", "freebsd/amd64"),
        ("windows-amd64.exe", "windows/amd64"),
        ("windows-amd64-go.exe", "windows/amd64"),
        ("windows-386.exe", "windows/386"),
        ("linux-mips-static", ""),
        ("linux-amd64.so", ""),
    ] {
        let found = facts(name);
        for os in ["linux", "darwin", "windows", "freebsd"] {
            for arch in ["amd64", "arm64", "386", "arm", "riscv64"] {
                let target: Target = format!("{os}/{arch}").parse().unwrap();
                let fragments = found.contradictions(target);
                assert_eq!(
                    fragments.is_empty(),
                    target.to_string() == own,
                    "{name} for {target}: {fragments:?}"
                );
            }
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this test is a real program of this machine, and sys is not")]
fn this_test_fits_this_machine() {
    let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let found = inspect(&bytes).unwrap();
    let Some(target) = Target::this_machine() else { return };
    assert_eq!(found.contradictions(target), [""; 0]);
    for other in Target::ALL.into_iter().filter(|other| *other != target) {
        assert_ne!(found.contradictions(other), [""; 0], "{other}");
    }
}

/// A change of one place in a seed, and the fragment that tells.
#[test]
fn the_header_is_believed_where_nothing_contradicts_it() {
    for (name, change, system, fragment) in [
        // EI_OSABI: FreeBSD, OpenBSD.
        ("linux-arm64-static", (7, 9), "freebsd", "it is for freebsd, not linux"),
        ("linux-arm64-static", (7, 12), "openbsd", "it is for openbsd, not linux"),
        (
            "linux-amd64-go",
            (7, 9),
            "freebsd (its header) and linux (its Go build info)",
            "it is for freebsd (its header) and linux (its Go build info), not linux",
        ),
        // EI_OSABI: GNU, as its notes say too.
        ("linux-amd64-glibc", (7, 3), "linux", ""),
    ] {
        let mut bytes = seed(name);
        bytes[change.0] = change.1;
        let found = inspect(&bytes).unwrap();
        assert_eq!(found.system, system);
        let target = Target::new(Os::Linux, found.architectures[0]);
        assert_eq!(found.contradictions(target).concat(), fragment);
    }
}

#[test]
fn libraries_drivers_and_firmware_are_no_programs_of_windows() {
    let at = 0x78;
    assert_eq!(&seed("windows-amd64.exe")[at..at + 4], b"PE\0\0");
    let (flags, subsystem) = (at + 4 + 18, at + 24 + 68);
    for (place, value, fragment) in [
        (flags + 1, 0x20, "it is not an executable"),
        (subsystem, 1, "it is not an executable"),
        (subsystem, 10, "it is for EFI, not windows; it is not an executable"),
    ] {
        let mut bytes = seed("windows-amd64.exe");
        bytes[place] |= value;
        if place == subsystem {
            bytes[place] = value;
        }
        let found = inspect(&bytes).unwrap();
        let target = Target::new(Os::Windows, Arch::Amd64);
        assert_eq!(found.contradictions(target).join("; "), fragment);
    }
}
