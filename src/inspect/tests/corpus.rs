//! The fuzzers' seeds that are binary, `tests/fuzz/seeds`: they are what the builders of these tests make.
//! `SEEDS=overwrite cargo test --lib corpus` makes them again after a change.

use super::build::{ARM64, IOS, MachO, X86_64, universal, wasm};
use super::seeds::seed;
use crate::inspect::archive::fixture::{Head, Item, Zip, gz, tar, tar_item};

/// The fuzzers' code puts the right checksum where this stands.
const FILL_IN: u32 = 0xdec0_dec0;
const GO: &[u8] = include_bytes!("../../../tests/fixtures/binaries/go-linux.bin");
/// Over the digest of `linux-amd64-go`, with the first test key of RFC 8032.
const SIGNATURE: &str =
    "brY8KBoqX5nja+LlKuThUhzrhgWcO6kFIsQx1fkAn9yaExuX62y3bnupegmwVkldvLBKY4q3BXZzVOkHKEZoCA==";

struct Seed {
    target: &'static str,
    name: String,
    bytes: Vec<u8>,
}

fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |target, name: &str, bytes: Vec<u8>| {
        seeds.push(Seed { target, name: name.to_owned(), bytes });
    };
    for (name, bytes) in binaries() {
        add("macho", name, bytes);
    }
    for (name, bytes) in modules() {
        add("wasm", name, bytes);
    }
    add("buildinfo", "in-section", [&[0], GO].concat());
    add("buildinfo", "in-data", [&[1; 1][..], &[0; 16], GO].concat());
    for (name, zip) in zips() {
        let bytes = zip.build();
        for manner in 0..8 {
            let stem = format!("{name}-{manner}");
            if manner == 0 || name == "plain" {
                add("remote", &stem, [&[manner, 1], bytes.as_slice()].concat());
            }
        }
        add("zip", name, bytes);
    }
    for (name, bytes) in tars() {
        add("targz", name, bytes);
    }
    for (name, bytes) in packages() {
        add("verify", name, bytes);
    }
    seeds
}

fn binaries() -> Vec<(&'static str, Vec<u8>)> {
    let slice = |cpu| MachO { manifest: Some(b"{}"), go: Some(GO), ..MachO::program(cpu) }.bytes();
    let ios = MachO { platform: Some([IOS, 12 << 16]), ..MachO::program(ARM64) };
    vec![
        ("arm64", slice(ARM64)),
        ("universal", universal(&[(X86_64, slice(X86_64)), (ARM64, slice(ARM64))])),
        ("ios", ios.bytes()),
        ("unsigned", MachO { signed: false, ..MachO::program(ARM64) }.bytes()),
        ("library", MachO { kind: 6, platform: None, ..MachO::program(X86_64) }.bytes()),
    ]
}

fn modules() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("module", wasm([1, 0, 0, 0], &[(3, b"\x01\0"), (0, b"\x04wick{}"), (10, b"\x01\x02\0\x0b")])),
        ("component", wasm([13, 0, 1, 0], &[(0, b"\x04wick{}"), (1, b"x")])),
        ("empty", wasm([1, 0, 0, 0], &[])),
    ]
}

/// Entries whose content a mutation may change without being noticed.
fn fluid(item: Item) -> Item {
    item.both(|head: &mut Head| head.crc = FILL_IN)
}

fn zips() -> Vec<(&'static str, Zip)> {
    let manifest = || fluid(Item::stored("plugin.json", b"{}", 0o100_644));
    let program = || fluid(Item::deflated("hello", &[7; 300], 0o100_755));
    let streamed = Item::streamed("plugin.json", b"{\"streamed\":true}", 0o100_644).with(|item| {
        item.central.crc = FILL_IN;
        item.descriptor[4..8].copy_from_slice(&FILL_IN.to_le_bytes());
    });
    let commented = Zip { comment: b"a comment".to_vec(), ..Zip::of([manifest()]) };
    let prefixed = Zip { prefix: b"#!".to_vec(), ..Zip::of([manifest()]) };
    let extra = manifest().both(|head| head.extra = b"UT\x05\x00\x03abcd".to_vec());
    vec![
        ("plain", Zip::of([program(), manifest()])),
        ("streamed", Zip::of([streamed, program()])),
        ("folder", Zip::of([Item::stored("hello/", b"", 0o040_755), manifest().both(in_folder)])),
        ("checked", Zip::of([Item::deflated("plugin.json", b"{\"a\":[1,2,3]}", 0o100_644)])),
        ("commented", commented),
        ("prefixed", prefixed),
        ("extra", Zip::of([extra])),
        ("empty", Zip::default()),
    ]
}

fn in_folder(head: &mut Head) {
    head.name = b"hello/plugin.json".to_vec();
}

/// Tars with spaces for checksums, which are put right, and one as it is.
fn tars() -> Vec<(&'static str, Vec<u8>)> {
    let fluid = |mut record: Vec<u8>| {
        record[148..156].fill(b' ');
        record
    };
    let manifest = || fluid(tar_item(b"plugin.json", b'0', 0o644, b"{}"));
    let program = || fluid(tar_item(b"./hello", b'0', 0o755, &[7; 600]));
    let pax = fluid(tar_item(b"PaxHeaders/x", b'x', 0o644, b"11 mtime=1\n"));
    vec![
        ("plain.tar", tar(&[manifest(), program()])),
        ("folder.tar", tar(&[fluid(tar_item(b"./", b'5', 0o755, b"")), manifest()])),
        ("pax.tar", tar(&[pax, manifest()])),
        ("link.tar", tar(&[fluid(tar_item(b"hello", b'2', 0o777, b"")), manifest()])),
        ("plain.tar.gz", gz(&tar(&[tar_item(b"plugin.json", b'0', 0o644, b"{}")]))),
    ]
}

/// Packages that are accepted: their digest is put right, and one is signed.
fn packages() -> Vec<(&'static str, Vec<u8>)> {
    let program = seed("linux-amd64-go");
    let manifest = |signature: &str| {
        let zeros = "0".repeat(64);
        format!(
            "{{\n  \"schema_version\": 1,\n  \"kind\": \"tool\",\n  \"version\": \"v1.0.0\",\n  \
             \"proto_version\": 1,\n  \"entry\": \"hello\",\n  \"os_arch\": [\n    \"linux/amd64\"\n  ],\n  \
             \"sha256\": \"{zeros}\",\n  \"signature\": \"{signature}\",\n  \"module\": {{\n    \"Meta\": {{\n      \
             \"Key\": \"hello\",\n      \"Name\": \"Hello\"\n    }}\n  }}\n}}"
        )
    };
    let package = |signature: &str| {
        let entries = [
            fluid(Item::stored("hello", &program, 0o100_755)),
            fluid(Item::stored("plugin.json", manifest(signature).as_bytes(), 0o100_644)),
        ];
        Zip::of(entries).build()
    };
    vec![("unsigned", package("")), ("signed", package(SIGNATURE))]
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this test keeps files of the repository, and sys is not")]
fn the_fuzzers_seeds_are_what_the_builders_make() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
    let overwrite = std::env::var_os("SEEDS").is_some_and(|value| value == "overwrite");
    for seed in seeds() {
        assert!(seed.bytes.len() < 4096, "{}/{} has {} bytes", seed.target, seed.name, seed.bytes.len());
        let path = folder.join(seed.target).join(&seed.name);
        if overwrite {
            std::fs::create_dir_all(folder.join(seed.target)).unwrap();
            std::fs::write(&path, &seed.bytes).unwrap();
        }
        let kept = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(kept == seed.bytes, "{} is no longer made: SEEDS=overwrite", path.display());
    }
}
