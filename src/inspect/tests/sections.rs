//! Manifests in sections, and wasm, which is little else to us.

use super::build::{MachO, X86_64, wasm};
use super::seeds::seed;
use crate::inspect::{InspectError, inspect, section};
use crate::model::artifact::Format;

const MODULE: [u8; 4] = [1, 0, 0, 0];
const COMPONENT: [u8; 4] = [13, 0, 1, 0];

#[test]
fn padding_is_no_part_of_a_manifest() {
    for (bytes, text) in
        [(&b"{}\0\0\0"[..], "{}"), (b"{}", "{}"), (b"\0\0", ""), (b"", ""), (b"a\0b\0", "a\0b")]
    {
        assert_eq!(section::text(bytes).as_deref(), Ok(text));
    }
}

#[test]
fn a_manifest_is_text_of_a_limited_size() {
    assert_eq!(section::text(b"{\"a\":\"\xff\"}"), Err(InspectError::ManifestNotText(6)));
    let large = vec![b' '; (8 << 20) + 1];
    assert!(section::text(&large[1..]).is_ok());
    assert!(
        matches!(section::text(&large), Err(InspectError::ManifestTooLarge { size, .. }) if size == (8 << 20) + 1)
    );
}

#[test]
fn mach_o_and_wasm_hold_manifests_too() {
    let program = MachO { manifest: Some(b"{\"on\":\"mac\"}\0"), ..MachO::program(X86_64) };
    assert_eq!(inspect(&program.bytes()).unwrap().manifest_section.as_deref(), Some("{\"on\":\"mac\"}"));
    for (version, machine) in
        [(MODULE, "wasm module"), (COMPONENT, "wasm component"), ([2, 0, 0, 0], "wasm of version 2, layer 0")]
    {
        let facts = inspect(&wasm(version, &[(1, b"\0"), (0, b"\x04name"), (0, b"\x04wick{}")])).unwrap();
        assert_eq!(facts.format, Format::Wasm);
        assert_eq!(facts.machine, machine);
        assert_eq!(facts.manifest_section.as_deref(), Some("{}"));
        assert!(facts.systems.is_empty() && facts.architectures.is_empty() && !facts.executable);
    }
}

#[test]
fn two_manifests_are_none() {
    let twice = wasm(MODULE, &[(0, b"\x04wick{}"), (0, b"\x04wick{}")]);
    assert!(matches!(inspect(&twice), Err(InspectError::ManifestsDiffer(_))));
    // The name of another section of the seed, `.text`, becomes `.wick`.
    let mut bytes = seed("windows-amd64.exe");
    let at = bytes.windows(6).position(|name| name == b".text\0").unwrap();
    bytes[at..at + 5].copy_from_slice(b".wick");
    assert!(matches!(
        inspect(&bytes),
        Err(InspectError::ManifestsDiffer(_) | InspectError::ManifestNotText(_))
    ));
}

#[test]
fn damaged_wasm_is_told() {
    for (bytes, message) in [
        (wasm(MODULE, &[(0, b"\x09wick{}")]), "its wasm section can't be read: its name is longer than it"),
        (
            wasm(MODULE, &[(3, b"\x01\0")]),
            "it is cut short: its code section ends at byte 14, the file at byte 13",
        ),
        (
            [&wasm(MODULE, &[])[..], &[0, 0xff, 0xff, 0xff, 0xff, 0x7f]].concat(),
            "its wasm section header can't be read: a number in it has more than 32 bits",
        ),
        (b"\0asm\x01".to_vec(), "it is cut short: its wasm header ends at byte 8, the file at byte 5"),
    ] {
        assert_eq!(inspect(&bytes).unwrap_err().to_string(), message);
    }
}
