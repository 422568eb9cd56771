//! Files that are no binaries, and how they are refused.

use super::seeds::seed;
use crate::inspect::{InspectError, inspect};
use crate::model::failure::{Explain, FailureKind};

#[test]
fn what_is_no_program_is_named() {
    let mut tar = vec![b'a'; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let mut cut_character = "ü".repeat(300).into_bytes();
    cut_character.insert(0, b'a');
    for (bytes, message) in [
        (&b""[..], "it is empty"),
        (b"#!/bin/sh\nexec true", "it is a script (`#!/bin/sh`), not a program"),
        (b"PK\x03\x04\x14", "it is a zip archive, not a program"),
        (b"\x1f\x8b\x08", "it is a gzip archive, not a program"),
        (b"!<arch>\n/ ", "it is a static library (an `ar` archive), not a program"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer, not a program"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34", "it is a Java class, not a program"),
        (b"MZ\x90\0", "it is a DOS executable (or the first bytes of one for Windows), not a program"),
        (b"\xcf\xfa\xed\xfe", "it is cut short: its Mach-O header ends at byte 32, the file at byte 4"),
        (b"<!DOCTYPE html><p>", "it is an HTML page, not a program"),
        (b"{\"a\": 1}", "it is JSON text, not a program"),
        (b"hello\n", "it is text, not a program"),
        (&cut_character, "it is text, not a program"),
        (&[0; 64], "it is a file of zeros, not a program"),
        (&tar, "it is a tar archive, not a program"),
        (
            b"\x01\x02\x03\x04\x05\x06\x07\x08\x09",
            "it is of a format that wick doesn't know (it starts with 01 02 03 04 05 06 07 08), not a program",
        ),
        (b"#!/bin/\x1b[31m\n", "it is a script (`#!/bin/\u{fffd}[31m`), not a program"),
    ] {
        let error = inspect(bytes).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.kind(), FailureKind::Step);
    }
}

#[test]
fn objects_and_dumps_are_no_programs() {
    for (kind, message) in [
        (1, "it is an object file (ELF), not a program"),
        (4, "it is a core dump, not a program"),
        (9, "its ELF header can't be read: its file type 0x9 is unknown"),
    ] {
        let mut bytes = seed("linux-arm64-static");
        bytes[16] = kind;
        assert_eq!(inspect(&bytes).unwrap_err().to_string(), message);
    }
}

#[test]
fn some_refusals_say_what_to_do() {
    for (bytes, hint) in [
        (&b""[..], Some("build it again; a full disk or an interrupted copy leaves files like this")),
        (b"#!/bin/sh", Some("name the program that was built, not the script that starts it")),
        (b"version https://git-lfs.github.com/spec/v1\n", Some("fetch the file with `git lfs pull`")),
        (b"hello", None),
    ] {
        assert_eq!(inspect(bytes).unwrap_err().hints(), Vec::from_iter(hint.map(ToOwned::to_owned)));
    }
    assert!(!InspectError::Empty.to_string().is_empty());
}
