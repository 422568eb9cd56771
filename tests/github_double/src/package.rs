//! Packages in the shape that real ones have: a big program first, `plugin.json` behind it, the directory at the end.
//! The program is stored and made on demand, so that thousands of packages cost next to nothing.

use std::sync::Arc;

use sha2::Digest as _;

use crate::content::Content;

const PROGRAM: &str = "plugin";
const MANIFEST: &str = "plugin.json";
/// What the program consists of.
const FILLING: u8 = b'.';

/// The targets that a plugin has, most wanted first.
pub const TARGETS: [&str; 5] =
    ["linux/amd64", "linux/arm64", "darwin/arm64", "darwin/amd64", "windows/amd64"];

/// Makes packages whose programs have the same size: what they have in common is hashed once.
pub struct Packages {
    size: u32,
    front: Arc<Vec<u8>>,
    crc: u32,
    hashed: sha2::Sha256,
}

impl Packages {
    /// Packages with a program of `size` bytes.
    #[must_use]
    pub fn of(size: u32) -> Packages {
        let crc = !(0..size).fold(!0, |crc, _| crc_step(crc, FILLING));
        let front = local_header(PROGRAM, crc, size);
        let mut hashed = sha2::Sha256::new();
        hashed.update(&front);
        let piece = vec![FILLING; 64 << 10];
        let mut left = size as usize;
        while left > 0 {
            let count = left.min(piece.len());
            hashed.update(&piece[..count]);
            left -= count;
        }
        Packages { size, front: Arc::new(front), crc, hashed }
    }

    /// One package, with its digest as the API tells it.
    #[must_use]
    pub fn package(&self, key: &str, version: &str, target: &str) -> (Content, String) {
        let manifest = serde_json::json!({
            "schema_version": 1, "kind": "tool", "version": format!("v{version}"), "proto_version": 1,
            "entry": PROGRAM, "os_arch": [target], "sha256": "", "signature": "",
            "module": {
                "Meta": { "Key": key, "Name": key, "Description": "Does things", "DefaultTags": [] },
                "Operations": [],
            },
        })
        .to_string();
        let tail = self.tail(manifest.as_bytes());
        let mut hasher = self.hashed.clone();
        hasher.update(&tail);
        let hex: Vec<String> = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        (self.content(tail), format!("sha256:{}", hex.concat()))
    }

    /// A published release with a package for each of the first `count` of [`TARGETS`], for
    /// [`Double::seed_release_with`](crate::Double::seed_release_with).
    #[must_use]
    pub fn release(&self, key: &str, version: &str, count: usize) -> Vec<(String, Content, Option<String>)> {
        let package = |target: &&str| {
            let (content, digest) = self.package(key, version, target);
            (format!("{key}-{version}-{}.zip", target.replace('/', "-")), content, Some(digest))
        };
        TARGETS.iter().take(count).map(package).collect()
    }

    fn tail(&self, manifest: &[u8]) -> Vec<u8> {
        let length = u32::try_from(manifest.len()).expect("a small manifest");
        let crc = !manifest.iter().fold(!0, |crc, byte| crc_step(crc, *byte));
        let mut tail = local_header(MANIFEST, crc, length);
        tail.extend_from_slice(manifest);
        let manifest_at = self.front.len() as u32 + self.size;
        let directory_at = manifest_at + tail.len() as u32;
        let mut directory = directory_entry(PROGRAM, self.crc, self.size, 0);
        directory.extend(directory_entry(MANIFEST, crc, length, manifest_at));
        tail.extend_from_slice(&directory);
        // End of central directory: APPNOTE 4.3.16.
        tail.extend_from_slice(b"PK\x05\x06\0\0\0\0\x02\0\x02\0");
        tail.extend_from_slice(&(directory.len() as u32).to_le_bytes());
        tail.extend_from_slice(&directory_at.to_le_bytes());
        tail.extend_from_slice(&[0, 0]);
        tail
    }

    fn content(&self, tail: Vec<u8>) -> Content {
        let front = Arc::clone(&self.front);
        let end = front.len() as u64 + u64::from(self.size);
        Content::made(end + tail.len() as u64, move |offset, buffer| {
            buffer.fill(FILLING);
            copy_overlap(&front, 0, offset, buffer);
            copy_overlap(&tail, end, offset, buffer);
        })
    }
}

/// Copies what of `bytes`, which stand at `at`, lies in `buffer`, which stands at `offset`.
fn copy_overlap(bytes: &[u8], at: u64, offset: u64, buffer: &mut [u8]) {
    let (start, end) = (at.max(offset), (at + bytes.len() as u64).min(offset + buffer.len() as u64));
    if start < end {
        let index = |position: u64| usize::try_from(position).expect("a part of a buffer");
        buffer[index(start - offset)..index(end - offset)]
            .copy_from_slice(&bytes[index(start - at)..index(end - at)]);
    }
}

/// Version, flags, method, time and date (1980-01-01), sums, sizes, lengths: what both headers have. APPNOTE 4.3.7.
fn facts(name: &str, crc: u32, size: u32) -> Vec<u8> {
    let mut out = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    for number in [crc, size, size, name.len() as u32] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out
}

fn local_header(name: &str, crc: u32, size: u32) -> Vec<u8> {
    [b"PK\x03\x04".as_slice(), &facts(name, crc, size), name.as_bytes()].concat()
}

/// APPNOTE 4.3.12.
fn directory_entry(name: &str, crc: u32, size: u32, at: u32) -> Vec<u8> {
    let made_by = [20, 3];
    let attributes = [0, 0, 0, 0, 0, 0, 0, 0, 0xed, 0x81];
    let parts = [b"PK\x01\x02".as_slice(), &made_by, &facts(name, crc, size), &attributes];
    [&parts.concat(), at.to_le_bytes().as_slice(), name.as_bytes()].concat()
}

fn crc_step(crc: u32, byte: u8) -> u32 {
    (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
}
