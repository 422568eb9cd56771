//! Remote zips: few reads, the same manifest as a whole reading, no panic whatever the bytes are.

use std::ops::Range;

use proptest::prelude::*;

use super::remote::{RemoteError, read_remote_manifest};
use crate::inspect::archive::fixture::{Item, Zip};
use crate::inspect::archive::{locate_package, read_archive};

const FILE: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;
const MOST: usize = 1 << 20;

/// Bytes that deflate makes no smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(step).collect()
}

type Found = Result<Vec<u8>, RemoteError<()>>;

/// What came of it, and the ranges that were asked for.
fn read(bytes: &[u8]) -> (Found, Vec<Range<u64>>) {
    let mut asked = Vec::new();
    let result = read_remote_manifest(bytes.len() as u64, MOST, |range: Range<u64>| {
        asked.push(range.clone());
        Ok(bytes[range.start as usize..range.end as usize].to_vec())
    });
    (result, asked)
}

#[track_caller]
fn refused(bytes: &[u8], code: &str) {
    match read(bytes).0 {
        Err(RemoteError::Refused(findings)) => {
            let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
            assert!(codes.contains(&code), "{codes:?}");
        }
        other => panic!("{code}: {other:?}"),
    }
}

fn large(program: &str) -> Zip {
    let mut items = [
        Item::deflated(program, &noise(300_000), PROGRAM),
        Item::deflated("plugin.json", &br#"{"a": "manifest"}"#.repeat(500), FILE),
    ];
    items.sort_by(|a, b| a.central.name.cmp(&b.central.name));
    Zip::of(items)
}

#[test]
fn the_manifest_comes_in_one_or_two_reads() {
    for (program, reads) in [("linear", 1), ("slack", 2)] {
        let bytes = large(program).build();
        let (found, asked) = read(&bytes);
        assert_eq!(found.unwrap(), br#"{"a": "manifest"}"#.repeat(500), "{program}");
        assert_eq!(asked.len(), reads, "{program}: {asked:?}");
        let size: u64 = asked.iter().map(|range| range.end - range.start).sum();
        assert!(size < 20 << 10, "{program}: {size}");
        // Nothing is asked for twice.
        assert!(asked.windows(2).all(|two| two[1].end <= two[0].start), "{asked:?}");
    }
}

#[test]
fn what_makes_it_hard_costs_a_few_reads_more() {
    let manifest = br#"{"a": "manifest"}"#.repeat(500);
    let mut far = large("slack");
    far.comment = vec![b'c'; 40_000];
    let extra = large("slack")
        .items
        .swap_remove(0)
        .with(|item| item.local.extra = [&[9, 9, 0, 4][..], &[0; 1024]].concat());
    let longer = Zip { items: vec![extra, large("slack").items.swap_remove(1)], ..Zip::default() };
    let streamed = Zip::of([
        Item::streamed("plugin.json", &manifest, FILE),
        Item::stored("slack", &noise(100_000), PROGRAM),
    ]);
    let nested = Zip::of([
        Item::deflated("slack-0.2.0/plugin.json", &manifest, FILE),
        Item::stored("slack-0.2.0/slack", &noise(100_000), PROGRAM),
    ]);
    for (case, zip) in [("comment", far), ("extra", longer), ("descriptor", streamed), ("folder", nested)] {
        let bytes = zip.build();
        let (found, asked) = read(&bytes);
        assert_eq!(found.unwrap_or_else(|error| panic!("{case}: {error:?}")), manifest, "{case}");
        assert!(asked.len() <= 4, "{case}: {asked:?}");
    }
}

#[test]
fn what_hosts_refuse_is_refused() {
    let item = || Item::deflated("plugin.json", b"{ }", FILE);
    let zip = |item: Item| Zip::of([item, Item::stored("slack", &noise(50_000), PROGRAM)]).build();
    assert_eq!(read(&zip(item())).0.unwrap(), b"{ }");
    refused(&zip(item().with(|i| i.data[0] ^= 0x55)), "zip-corrupt");
    refused(&zip(item().both(|head| head.crc ^= 1)), "zip-crc");
    refused(&zip(item().both(|head| head.size = MOST as u32 + 1)), "manifest-too-large");
    refused(&zip(item().both(|head| head.size += 1)), "zip-size-lie");
    refused(&zip(item().both(|head| head.method = 12)), "zip-method");
    refused(&zip(item().both(|head| head.flags |= 1)), "zip-encrypted");
    refused(&zip(item().both(|head| head.packed = u32::MAX)), "manifest-too-large");
    refused(&zip(item().with(|i| i.central.crc ^= 1)), "zip-header-mismatch");
    refused(&zip(item().with(|i| i.offset = Some(7))), "zip-local-header");
    refused(&zip(item().with(|i| i.offset = Some(u32::MAX - 1))), "zip-local-header");
    refused(&zip(item().with(|i| i.attributes = 0o120_777 << 16)), "entry-symlink");
    refused(&zip(item().both(|head| head.name = b"../plugin.json".to_vec())), "name-traversal");
    refused(&zip(item().both(|head| head.name = b"Plugin.json".to_vec())), "manifest-missing");
    refused(&Zip::of([item(), item()]).build(), "entry-duplicate");
    refused(&Zip { entries: Some(u16::MAX), ..Zip::of([item()]) }.build(), "zip-zip64");
    refused(&Zip { entries: Some(65), ..Zip::of([item()]) }.build(), "too-many-entries");
    refused(&Zip { entries: Some(2), ..Zip::of([item()]) }.build(), "zip-directory");
    refused(&Zip { prefix: b"MZ".to_vec(), ..Zip::of([item()]) }.build(), "zip-prefix-data");
    refused(&Zip { suffix: b"x".to_vec(), ..Zip::of([item()]) }.build(), "zip-trailing-data");
    refused(&Zip { slack: vec![0; 70_000], ..Zip::of([item()]) }.build(), "zip-directory");
    refused(&Zip::default().build(), "archive-empty");
    refused(b"<html>not found</html>", "zip-truncated");
    refused(b"", "zip-truncated");
    let whole = zip(item());
    refused(&whole[..whole.len() - 1], "zip-truncated");
}

#[test]
fn a_server_that_sends_too_much_or_nothing_is_not_believed() {
    let bytes = large("slack").build();
    let short = read_remote_manifest(bytes.len() as u64, MOST, |_| Ok::<_, ()>(Vec::new()));
    assert!(matches!(short, Err(RemoteError::Short { got: 0, .. })));
    let whole = read_remote_manifest(bytes.len() as u64, MOST, |_| Ok::<_, ()>(bytes.clone()));
    assert!(matches!(whole, Err(RemoteError::Short { .. })));
    let failed = read_remote_manifest(bytes.len() as u64, MOST, |_| Err("cut"));
    assert!(matches!(failed, Err(RemoteError::Fetch("cut"))));
    let huge = read_remote_manifest(u64::MAX, MOST, |_| Err("never asked"));
    assert!(matches!(huge, Err(RemoteError::Refused(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Random bytes and changed zips: an answer within few reads, never a panic; and whatever a whole reading accepts
    /// gives the same manifest here.
    #[test]
    fn altered_zips_never_panic_and_never_say_something_else(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        program in prop::sample::select(vec!["linear", "slack"]),
        from_end in any::<bool>(),
    ) {
        let mut bytes = large(program).build();
        let length = bytes.len();
        for (at, byte) in changes {
            // Most of the file is noise; the interesting part is its end.
            let at = if from_end { length - 1 - at.index(400) } else { at.index(length) };
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(length));
        }
        let (found, asked) = read(&bytes);
        prop_assert!(asked.len() <= 5);
        let contents = read_archive("a.zip", &bytes);
        if contents.is_sound() && let Ok(located) = locate_package(&contents) {
            prop_assert_eq!(&found.unwrap(), &located.manifest.bytes);
        }
    }

    #[test]
    fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), end in any::<bool>()) {
        if end && bytes.len() > 30 {
            bytes[8..12].copy_from_slice(b"PK\x05\x06");
            bytes.truncate(30);
            bytes[28..30].fill(0);
        }
        let _ = read(&bytes);
    }
}
