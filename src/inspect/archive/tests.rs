//! Archives of hostile makers, each refused for its reason, and friendly ones read whole.

use proptest::prelude::*;

use super::fixture::{Item, Zip, gz, tar, tar_item, tar_sum};
use super::limits::{ENTRIES_MAX, NAME_MAX};
use super::*;

const FILE: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;

fn program() -> Vec<u8> {
    b"\x7fELF the program ".repeat(40)
}

fn good_zip() -> Zip {
    Zip::of([Item::deflated("slack", &program(), PROGRAM), Item::deflated("plugin.json", b"{ }", FILE)])
}

fn good_tar() -> Vec<Vec<u8>> {
    vec![tar_item(b"slack", b'0', 0o755, &program()), tar_item(b"plugin.json", b'0', 0o644, b"{ }")]
}

fn codes(contents: &Contents) -> Vec<&'static str> {
    contents.findings.iter().map(|finding| finding.code).collect()
}

/// The archive is refused, `code` is among the reasons.
#[track_caller]
fn refused(case: &str, bytes: &[u8], code: &str) -> Contents {
    let name = if bytes.starts_with(&[0x1f, 0x8b]) { "x.tar.gz" } else { "x.zip" };
    let contents = read_archive(name, bytes);
    assert!(!contents.is_sound(), "{case}: accepted");
    assert!(codes(&contents).contains(&code), "{case}: no {code} in {:?}", contents.findings);
    contents
}

#[test]
fn good_archives_are_read_whole() {
    let streamed =
        Zip::of([Item::streamed("slack", &program(), PROGRAM), Item::streamed("plugin.json", b"{ }", FILE)]);
    let cases = [
        ("x.zip", good_zip().build()),
        (
            "x.zip",
            Zip::of([Item::stored("slack", &program(), PROGRAM), Item::stored("plugin.json", b"{ }", FILE)])
                .build(),
        ),
        ("as Go writes.zip", streamed.build()),
        ("x.tar.gz", gz(&tar(&good_tar()))),
        ("x.TGZ", gz(&tar(&good_tar()))),
    ];
    for (name, bytes) in cases {
        let contents = read_archive(name, &bytes);
        assert_eq!(contents.findings, [], "{name}");
        let expected = [
            PackageEntry { name: "slack".to_owned(), bytes: program(), executable: true },
            PackageEntry { name: "plugin.json".to_owned(), bytes: b"{ }".to_vec(), executable: false },
        ];
        assert_eq!(contents.entries, expected, "{name}");
    }
}

#[test]
fn directories_are_passed_over() {
    let zip = Zip::of([Item::stored("a/", b"", 0o040_755), Item::stored("a/b", b"x", FILE)]).build();
    let tar_gz = gz(&tar(&[
        tar_item(b"./", b'5', 0o755, b""),
        tar_item(b"./a/", b'5', 0o755, b""),
        tar_item(b"./a/b", b'0', 0o644, b"x"),
    ]));
    for (name, bytes) in [("x.zip", zip), ("x.tgz", tar_gz)] {
        let contents = read_archive(name, &bytes);
        assert_eq!(contents.findings, [], "{name}");
        assert_eq!(contents.entries.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["a/b"]);
    }
}

/// Conformance 12 of contract wick: zip-slip and absolute names, in both formats and in folders.
#[test]
fn conformance_12_names_that_escape_are_refused() {
    let cases: [(&[u8], &str); 20] = [
        (b"../evil", "name-traversal"),
        (b"a/../../evil", "name-traversal"),
        (b"..", "name-traversal"),
        (b"..\\evil", "name-backslash"),
        (b"a\\..\\..\\evil", "name-traversal"),
        (b"/etc/passwd", "name-absolute"),
        (b".//etc/passwd", "name-absolute"),
        (b"\\\\server\\share", "name-absolute"),
        (b"C:\\evil", "name-colon"),
        (b"c:evil", "name-colon"),
        (b"plugin.json:stream", "name-colon"),
        (b"a\nb", "name-control-character"),
        (b"\x1b[2Jx", "name-control-character"),
        (b"\xff\xfe", "name-not-utf8"),
        (b"a//b", "name-empty-part"),
        (b"a/./b", "name-empty-part"),
        (b".", "name-empty-part"),
        (b"plugin.json.", "name-trailing-dot"),
        (b"dir /x", "name-trailing-dot"),
        (b"what?", "name-reserved-character"),
    ];
    for (raw, code) in cases {
        let shown = names::shown(raw);
        let mut zip = good_zip();
        zip.items.push(Item::stored(raw, b"evil", FILE));
        let contents = refused(&shown, &zip.build(), code);
        assert_eq!(contents.entries.len(), 2, "{shown}: a refused name is not handed on");
        let mut items = good_tar();
        items.push(tar_item(raw, b'0', 0o644, b"evil"));
        assert_eq!(refused(&shown, &gz(&tar(&items)), code).entries.len(), 2, "{shown}");
        if let Ok(name) = std::str::from_utf8(raw) {
            let entry = PackageEntry { name: name.to_owned(), bytes: Vec::new(), executable: false };
            assert!(codes(&Contents::from_entries([entry])).contains(&code), "{shown}");
        }
    }
    let mut zip = good_zip();
    zip.items.push(Item::stored("", b"evil", FILE));
    refused("empty name", &zip.build(), "name-empty-part");
    zip.items[2] = Item::stored("n".repeat(NAME_MAX + 1), b"", FILE);
    refused("long name", &zip.build(), "name-too-long");
}

/// Conformance 12 of contract wick: symlinks, and everything else that is no file.
#[test]
fn conformance_12_links_and_devices_are_refused() {
    for (mode, code) in [
        (0o120_777, "entry-symlink"),
        (0o020_666, "entry-special"),
        (0o060_666, "entry-special"),
        (0o010_666, "entry-special"),
        (0o140_666, "entry-special"),
        (0o104_755, "entry-special-mode"),
    ] {
        let mut zip = good_zip();
        zip.items.push(Item::stored("x", b"/etc/passwd", mode));
        refused(&format!("{mode:o}"), &zip.build(), code);
        zip.items[2].made_by = 0;
        refused(&format!("{mode:o} made by DOS"), &zip.build(), code);
    }
    for (kind, code) in [
        (b'1', "entry-hard-link"),
        (b'2', "entry-symlink"),
        (b'3', "entry-special"),
        (b'4', "entry-special"),
        (b'6', "entry-special"),
        (b'7', "tar-entry-type"),
        (b'L', "tar-long-name"),
        (b'K', "tar-long-name"),
        (b'S', "tar-sparse"),
        (b'V', "tar-entry-type"),
        (b'M', "tar-entry-type"),
    ] {
        let mut items = good_tar();
        items.insert(0, tar_item(b"x", kind, 0o777, b"other-name\0"));
        refused(&format!("type {}", kind as char), &gz(&tar(&items)), code);
    }
}

/// Conformance 12 of contract wick: duplicates, also where only some systems see them.
#[test]
fn conformance_12_duplicates_are_refused() {
    for (first, second, code) in [
        ("slack", "slack", "entry-duplicate"),
        ("slack", "./slack", "entry-duplicate"),
        ("plugin.json", "Plugin.JSON", "entry-case-duplicate"),
        ("dir/a", "DIR/b", "entry-case-duplicate"),
        ("stra\u{df}e", "STRASSE", "entry-case-duplicate"),
        ("slack", "\u{17f}lack", "entry-case-duplicate"),
        ("slack", "slac\u{212a}", "entry-case-duplicate"),
        ("a", "a/b", "entry-file-and-directory"),
        ("a/b", "a", "entry-file-and-directory"),
    ] {
        let zip = Zip::of([Item::stored(first, b"1", FILE), Item::stored(second, b"2", FILE)]);
        refused(&format!("{first} {second}"), &zip.build(), code);
        let items =
            [tar_item(first.as_bytes(), b'0', 0o644, b"1"), tar_item(second.as_bytes(), b'0', 0o644, b"2")];
        refused(&format!("{first} {second}"), &gz(&tar(&items)), code);
    }
}

/// Conformance 12 of contract wick: oversize, by number, by size, by lie.
#[test]
fn conformance_12_oversize_is_refused() {
    let many = |n: usize| Zip::of((0..n).map(|i| Item::stored(format!("f{i}"), b"", FILE)));
    assert!(read_archive("x.zip", &many(ENTRIES_MAX).build()).is_sound());
    refused("zip entries", &many(ENTRIES_MAX + 1).build(), "too-many-entries");
    let items: Vec<_> =
        (0..=ENTRIES_MAX).map(|i| tar_item(format!("f{i}").as_bytes(), b'0', 0o644, b"")).collect();
    refused("tar entries", &gz(&tar(&items)), "too-many-entries");
    let mut headers = vec![tar_item(b"h", b'x', 0o644, b"11 uid=123\n"); 2 * ENTRIES_MAX + 1];
    headers.extend(good_tar());
    refused("pax headers", &gz(&tar(&headers)), "too-many-entries");

    let bomb = good_zip().with_item(Item::deflated("x", b"x", FILE).both(|head| head.size = 1 << 30));
    refused("declared size", &bomb, "content-too-large");
    let mut big = tar_item(b"x", b'0', 0o644, b"");
    big[124..136].copy_from_slice(b"77777777777\0");
    tar_sum((&mut big[..512]).try_into().unwrap());
    refused("declared size in a tar", &gz(&tar(&[big])), "content-too-large");
}

/// Three entries that are together more than the cap, from an archive of a few KB. The third doesn't fit; a stream
/// that goes on for ever is left.
#[test]
fn conformance_12_bombs_stop_at_the_cap() {
    const ROOM: u64 = 1 << 20;
    let zeros = vec![0; 400 << 10];
    let item = Item::deflated("0", &zeros, FILE);
    let zip = Zip::of((0..3).map(|i| item.clone().both(|head| head.name = vec![b'0' + i]))).build();
    let tar_gz = gz(&tar(&[b"0", b"1", b"2"].map(|name| tar_item(name, b'0', 0o644, &zeros))));
    let mut endless = tar_item(b"0", b'0', 0o644, b"x");
    endless.resize(20 << 20, 0);
    for bytes in [&zip, &tar_gz, &gz(&endless)] {
        assert!(bytes.len() < 32 << 10);
        let mut gather = Gather::new(ROOM);
        if bytes.starts_with(b"PK") {
            zip::read(bytes, &mut gather)
        } else {
            targz::read(bytes, &mut gather)
        }
        let contents = gather.finish();
        assert!(codes(&contents).contains(&"content-too-large"), "{:?}", contents.findings);
        let kept: usize = contents.entries.iter().map(|entry| entry.bytes.len()).sum();
        assert!(kept as u64 <= ROOM);
    }
}

/// Entries that share one large stream and then turn out broken: work is limited as memory is.
#[test]
fn broken_entries_use_up_the_room_too() {
    let item = Item::deflated("0", &vec![0; 400 << 10], FILE).both(|head| head.crc = 1);
    let zip =
        Zip::of((0..9).map(|i| {
            item.clone().both(|head| head.name = vec![b'0' + i]).with(|item| item.offset = Some(0))
        }));
    let mut gather = Gather::new(1 << 20);
    zip::read(&zip.build(), &mut gather);
    let codes = codes(&gather.finish());
    let count = |code| codes.iter().filter(|c| **c == code).count();
    assert_eq!((count("zip-crc"), count("content-too-large")), (2, 7), "{codes:?}");
}

impl Zip {
    fn with_item(mut self, item: Item) -> Vec<u8> {
        self.items.push(item);
        self.build()
    }

    fn with(mut self, change: impl FnOnce(&mut Zip)) -> Vec<u8> {
        change(&mut self);
        self.build()
    }
}

#[test]
fn entries_that_lie_are_refused() {
    let item = || Item::deflated("x", b"some content, some content", FILE);
    let cases: Vec<(&str, Item, &str)> = vec![
        ("encrypted", item().both(|h| h.flags |= 1), "zip-encrypted"),
        ("strong encryption", item().both(|h| h.flags |= 1 << 6), "zip-encrypted"),
        ("unknown flag", item().both(|h| h.flags |= 1 << 5), "zip-flags"),
        ("bzip2", item().both(|h| h.method = 12), "zip-method"),
        ("aes", item().both(|h| h.method = 99), "zip-method"),
        ("too small", item().both(|h| h.size -= 1), "zip-size-lie"),
        ("too large", item().both(|h| h.size += 1), "zip-size-lie"),
        ("stored sizes differ", Item::stored("x", b"abc", FILE).both(|h| h.size = 2), "zip-size-lie"),
        ("checksum", item().both(|h| h.crc ^= 1), "zip-crc"),
        ("not deflate", item().with(|i| i.data.fill(0xff)), "zip-corrupt"),
        (
            "cut deflate",
            item()
                .with(|i| {
                    i.data.pop();
                })
                .both(|h| h.packed -= 1),
            "zip-corrupt",
        ),
        ("behind deflate", item().with(|i| i.data.push(0)).both(|h| h.packed += 1), "zip-corrupt"),
        ("packed too large", item().both(|h| h.packed = 1 << 20), "zip-truncated"),
        ("local name", item().with(|i| i.local.name = b"y".to_vec()), "zip-header-mismatch"),
        ("local method", item().with(|i| i.local.method = 0), "zip-header-mismatch"),
        ("local flags", item().with(|i| i.local.flags = 1 << 11), "zip-header-mismatch"),
        ("local checksum", item().with(|i| i.local.crc = 0), "zip-header-mismatch"),
        ("local size", item().with(|i| i.local.size = 0), "zip-header-mismatch"),
        ("local packed", item().with(|i| i.local.packed = 0), "zip-header-mismatch"),
        ("no descriptor", Item::streamed("x", b"abc", FILE).with(|i| i.descriptor.clear()), "zip-descriptor"),
        (
            "other descriptor",
            Item::streamed("x", b"abc", FILE).with(|i| i.descriptor[5] ^= 1),
            "zip-descriptor",
        ),
        ("second name", item().both(|h| h.extra = b"\x75\x70\x02\x00ab".to_vec()), "zip-second-name"),
        (
            "local second name",
            item().with(|i| i.local.extra = b"\x75\x70\x00\x00".to_vec()),
            "zip-second-name",
        ),
        ("zip64", item().both(|h| h.extra = b"\x01\x00\x00\x00".to_vec()), "zip-zip64"),
        ("zip64 size", item().both(|h| h.size = u32::MAX), "zip-zip64"),
        ("extra", item().both(|h| h.extra = b"\x55\x54\xff\x00".to_vec()), "zip-extra-field"),
        ("name encoding", Item::stored("é", b"", FILE).both(|h| h.flags = 0), "zip-name-encoding"),
        ("other disk", item().with(|i| i.disk = 1), "zip-several-disks"),
        ("no local header", item().with(|i| i.offset = Some(3)), "zip-local-header"),
        ("far away", item().with(|i| i.offset = Some(u32::MAX)), "zip-local-header"),
        ("directory by mode", Item::stored("x", b"", 0o040_755), "zip-directory-entry"),
        ("directory by DOS", Item::stored("x", b"", 0).with(|i| i.attributes = 0x10), "zip-directory-entry"),
        ("file with slash", Item::stored("x/", b"", FILE), "zip-directory-entry"),
        ("directory with content", Item::stored("x/", b"x", 0o040_755), "zip-directory-entry"),
        ("gap", item().with(|i| i.gap = b"PK\x03\x04 hidden".to_vec()), "zip-hidden-data"),
        ("overlap", item().with(|i| i.offset = Some(0)), "zip-overlap"),
    ];
    for (case, item, code) in cases {
        let contents = refused(case, &good_zip().with_item(item), code);
        assert!(contents.entries.len() >= 2, "{case}: the others are still read");
    }
}

#[test]
fn zips_with_more_than_entries_are_refused() {
    let inner = good_zip().build();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("prefix", good_zip().with(|z| z.prefix = b"#!/bin/sh\n".to_vec()), "zip-prefix-data"),
        ("zip in front", good_zip().with(|z| z.prefix = inner.clone()), "zip-prefix-data"),
        ("suffix", good_zip().with(|z| z.suffix = b"\n".to_vec()), "zip-trailing-data"),
        ("zip behind", good_zip().with(|z| z.comment = inner.clone()), "zip-prefix-data"),
        ("end in comment", good_zip().with(|z| z.comment = b"PK\x05\x06".repeat(6)), "zip-several-ends"),
        ("hidden zip", good_zip().with(|z| z.gap = inner.clone()), "zip-hidden-data"),
        ("slack", good_zip().with(|z| z.slack = b"slack".to_vec()), "zip-directory"),
        ("unlisted", good_zip().with(|z| z.entries = Some(1)), "zip-directory"),
        ("overlisted", good_zip().with(|z| z.entries = Some(3)), "zip-directory"),
        ("several disks", good_zip().with(|z| z.disk = 1), "zip-several-disks"),
        (
            "zip64 locator",
            good_zip().with(|z| z.slack = [b"PK\x06\x07".as_slice(), &[0; 16]].concat()),
            "zip-zip64",
        ),
        ("zip64 count", good_zip().with(|z| z.entries = Some(u16::MAX)), "zip-zip64"),
        ("empty", Zip::default().build(), "archive-empty"),
        ("only directories", Zip::of([Item::stored("a/", b"", 0o040_755)]).build(), "archive-empty"),
        ("cut", inner[..inner.len() - 1].to_vec(), "zip-truncated"),
        ("front only", inner[..40].to_vec(), "zip-truncated"),
    ];
    for (case, bytes, code) in cases {
        refused(case, &bytes, code);
    }
    let mut far = good_zip().build();
    let at = far.len() - 6;
    far[at..at + 4].copy_from_slice(&u32::MAX.wrapping_sub(9).to_le_bytes());
    refused("directory far away", &far, "zip-directory");
    let commented = read_archive("x.zip", &good_zip().with(|z| z.comment = b"hello".to_vec()));
    assert!(commented.is_sound() && codes(&commented) == ["zip-comment"]);
}

#[test]
fn tars_with_tricks_are_refused() {
    let pax = |text: &[u8]| {
        let mut items = good_tar();
        items.insert(0, tar_item(b"PaxHeaders/slack", b'x', 0o644, text));
        gz(&tar(&items))
    };
    assert_eq!(read_archive("x.tgz", &pax(b"11 mtime=1\n27 LIBARCHIVE.xattr.a=abc=\n")).findings, []);
    for text in [
        b"15 path=plugin\n".as_slice(),
        b"10 size=1\n",
        b"14 linkpath=x\n",
        b"22 GNU.sparse.major=1\n",
        b"24 SCHILY.realsize=12345\n",
        b"11 mtime=1\n\n10 size=1\n",
        b"99 mtime=1\n",
        b"0 mtime=1\n",
        b"x",
    ] {
        refused(&names::shown(text), &pax(text), "tar-pax");
    }
    refused("large pax", &pax(&vec![b'x'; 70_000]), "tar-pax");

    let whole = tar(&good_tar());
    refused("no end", &gz(&whole[..whole.len() - 1024]), "tar-truncated");
    refused("half an end", &gz(&whole[..whole.len() - 512]), "tar-truncated");
    refused("cut content", &gz(&whole[..700]), "tar-truncated");
    refused("cut header", &gz(&whole[..300]), "tar-corrupt");
    refused("more tar", &gz(&[whole.clone(), whole.clone()].concat()), "tar-trailing-data");
    refused("garbage", &[gz(&whole), b"x".to_vec()].concat(), "gz-trailing-data");
    refused("second member", &[gz(&whole), gz(&whole)].concat(), "gz-trailing-data");
    refused("a zip behind", &[gz(&whole), good_zip().build()].concat(), "gz-trailing-data");
    let mut wrong = gz(&whole);
    let at = wrong.len() - 8;
    wrong[at] ^= 1;
    refused("gzip checksum", &wrong, "tar-corrupt");
    let mut sum = whole.clone();
    sum[0] ^= 1;
    refused("tar checksum", &gz(&sum), "tar-corrupt");
    refused("empty tar", &gz(&tar(&[])), "archive-empty");
    refused("empty gzip", &gz(b""), "tar-truncated");
    let directory = tar_item(b"a/", b'5', 0o755, b"hidden");
    refused("directory with content", &gz(&tar(&[directory, good_tar().concat()])), "tar-directory-entry");
    let setuid = tar_item(b"x", b'0', 0o4755, b"");
    refused("setuid", &gz(&tar(&[setuid])), "entry-special-mode");
}

#[test]
fn the_content_tells_the_format_and_the_name_must_agree() {
    assert!(codes(&read_archive("x.tar.gz", &good_zip().build())).contains(&"archive-extension"));
    let contents = read_archive("x.zip", &gz(&tar(&good_tar())));
    assert!(!contents.is_sound() && contents.entries.len() == 2, "{contents:?}");
    let bare = read_archive("package", &good_zip().build());
    assert!(bare.is_sound() && codes(&bare) == ["archive-extension"]);
    for bytes in [b"".as_slice(), b"x", b"<html>", &tar(&good_tar())] {
        refused(&names::shown(bytes), bytes, "archive-format");
    }
}

#[test]
fn all_findings_come_in_one_run() {
    let zip = good_zip().with(|zip| {
        zip.suffix = b"x".to_vec();
        zip.items.push(Item::stored("../a", b"", FILE));
        zip.items.push(Item::stored("b", b"", 0o120_777));
        zip.items.push(Item::stored("c", b"", FILE).both(|head| head.crc = 1));
    });
    let contents = read_archive("x.zip", &zip);
    assert_eq!(codes(&contents), ["zip-trailing-data", "name-traversal", "entry-symlink", "zip-crc"]);
}

#[test]
fn packages_are_found_at_the_root_or_in_the_single_sub_directory() {
    let contents = |names: &[&str]| {
        Contents::from_entries(names.iter().map(|name| PackageEntry {
            name: (*name).to_owned(),
            bytes: Vec::new(),
            executable: false,
        }))
    };
    let found = |names: &[&str]| -> Option<(String, Vec<String>, Vec<String>)> {
        let contents = contents(names);
        let located = locate_package(&contents).ok()?;
        let files = located.files.iter().map(|(name, _)| (*name).to_owned()).collect();
        Some((located.folder.to_owned(), files, located.outside.iter().map(|s| (*s).to_owned()).collect()))
    };
    let strings = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    assert_eq!(found(&["slack", "plugin.json"]), Some((String::new(), strings(&["slack"]), vec![])));
    assert_eq!(
        found(&["README", "dir/slack", "dir/plugin.json", "dir/docs/x"]),
        Some(("dir".to_owned(), strings(&["slack", "docs/x"]), strings(&["README"])))
    );
    let root_wins = found(&["plugin.json", "dir/plugin.json"]);
    assert_eq!(root_wins, Some((String::new(), strings(&["dir/plugin.json"]), vec![])));
    for names in
        [&["slack"][..], &["a/plugin.json", "b/x"], &["a/b/plugin.json"], &["Plugin.json"], &["aplugin.json"]]
    {
        assert_eq!(locate_package(&contents(names)).unwrap_err().code, "manifest-missing", "{names:?}");
    }
}

#[test]
fn truncated_archives_are_refused_at_every_length() {
    for whole in [good_zip().build(), gz(&tar(&good_tar()))] {
        for length in 0..whole.len() {
            assert!(!read_archive("x.zip", &whole[..length]).is_sound(), "{length} of {} bytes", whole.len());
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(magic in 0usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let magic: &[u8] = [b"".as_slice(), b"PK\x03\x04", b"PK\x05\x06", &[0x1f, 0x8b, 8, 0]][magic];
        let contents = read_archive("x.zip", &[magic, &bytes].concat());
        prop_assert!(!contents.is_sound());
    }

    /// Random bytes where the checksums of gzip don't shield the tar reader.
    #[test]
    fn random_tars_never_panic(changes in proptest::collection::vec((0usize..1536, any::<u8>()), 0..8), fix in any::<bool>()) {
        let mut tar = tar(&good_tar());
        for (at, byte) in changes {
            tar[at] = byte;
        }
        if fix {
            tar_sum((&mut tar[..512]).try_into().unwrap());
        }
        let _ = read_archive("x.tgz", &gz(&tar));
    }

    /// A changed archive is refused, or it holds the same: nobody can alter content unnoticed by the packing alone.
    #[test]
    fn mutated_archives_are_refused_or_hold_the_same(
        form in 0usize..3,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let items = [Item::streamed("slack", &program(), PROGRAM), Item::streamed("plugin.json", b"{ }", FILE)];
        let original = match form {
            0 => good_zip().build(),
            1 => Zip::of(items).build(),
            _ => gz(&tar(&good_tar())),
        };
        let mut mutated = original.clone();
        for (at, byte) in changes {
            let at = at.index(mutated.len());
            mutated[at] = byte;
        }
        let (name, before) = if form == 2 { ("x.tgz", &original) } else { ("x.zip", &original) };
        let (before, after) = (read_archive(name, before), read_archive(name, &mutated));
        prop_assert!(before.is_sound());
        if after.is_sound() {
            let files = |contents: &Contents| -> Vec<(String, Vec<u8>)> {
                contents.entries.iter().map(|entry| (entry.name.clone(), entry.bytes.clone())).collect()
            };
            prop_assert_eq!(files(&before), files(&after));
        }
    }

    /// Whatever items with whatever lies: what is accepted, the `zip` crate unpacks to the same bytes.
    #[test]
    fn what_is_accepted_another_reader_unpacks_alike(
        names in proptest::collection::vec("[ab./]{1,3}", 1..4),
        content in proptest::collection::vec(any::<u8>(), 0..64),
        streamed in any::<bool>(),
        comment in "[a-z]{0,4}",
    ) {
        let items = names.iter().map(|name| match streamed {
            true => Item::streamed(name, &content, FILE),
            false => Item::deflated(name, &content, FILE),
        });
        let mut zip = Zip::of(items);
        zip.comment = comment.into_bytes();
        let bytes = zip.build();
        let contents = read_archive("x.zip", &bytes);
        if contents.is_sound() {
            let mut other = ::zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
            for entry in &contents.entries {
                let index = (0..other.len())
                    .find(|i| other.by_index_raw(*i).unwrap().name().unwrap().trim_start_matches("./") == entry.name)
                    .unwrap();
                let mut unpacked = Vec::new();
                std::io::Read::read_to_end(&mut other.by_index(index).unwrap(), &mut unpacked).unwrap();
                prop_assert_eq!(&unpacked, &entry.bytes);
            }
        }
    }
}
