//! The code signature of a Mach-O slice: whether the kernel of macOS would take it, page by page.
//! Not whose it is: no certificate is looked at, and a signature without one (ad hoc) is as good.
//!
//! Why: on Apple silicon the kernel starts nothing unsigned, and kills a program at the first page that isn't what was
//! signed. So the pages are hashed here as it does, all of them.
//!
//! Format: `<kern/cs_blobs.h>` of XNU, and `cs_validate_csblob` and `cs_validate_codedirectory` in
//! `bsd/kern/ubc_subr.c`. All numbers are big-endian.

use sha2::Digest as _;

use super::range::shown;
use crate::model::code_signature::CodeSignature;

const EMBEDDED_SIGNATURE: u32 = 0xfade_0cc0;
const CODE_DIRECTORY: u32 = 0xfade_0c02;
/// The slot of the code directory, and those of directories with other hashes.
const DIRECTORY: u32 = 0;
const ALTERNATES: std::ops::Range<u32> = 0x1000..0x1005;
/// The slot and the magic of what a certificate's key made (CMS).
const CMS: u32 = 0x1_0000;
const CMS_WRAPPER: u32 = 0xfade_0b01;
/// Slots of blobs in the signature whose hash the directory holds: requirements, entitlements in two forms.
const SPECIAL: [u32; 3] = [2, 5, 7];
/// More blobs than any signer writes.
const BLOB_LIMIT: u32 = 64;
/// From these versions on a directory has the fields.
const SCATTER_FROM: u32 = 0x2_0100;
const LIMIT64_FROM: u32 = 0x2_0300;
/// `CS_ADHOC`, `CS_LINKER_SIGNED`.
const AD_HOC: u32 = 0x2;
const LINKER_SIGNED: u32 = 0x2_0000;
/// Pages of 4 KiB, and of 16 KiB where the machine has them.
const PAGE_BITS: std::ops::RangeInclusive<u8> = 12..=14;
const IDENTIFIER_MAX: usize = 1024;

/// A hash that directories use, by its number in them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    /// The first 20 bytes of SHA-256.
    Sha256Truncated,
    Sha256,
    Sha384,
}

impl Hash {
    fn of_number(number: u8) -> Option<Hash> {
        match number {
            2 => Some(Hash::Sha256),
            3 => Some(Hash::Sha256Truncated),
            4 => Some(Hash::Sha384),
            _ => None,
        }
    }

    fn size(self) -> usize {
        match self {
            Hash::Sha256Truncated => 20,
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
        }
    }

    fn is(self, expected: &[u8], bytes: &[u8]) -> bool {
        match self {
            Hash::Sha256Truncated => sha2::Sha256::digest(bytes)[..20] == *expected,
            Hash::Sha256 => sha2::Sha256::digest(bytes)[..] == *expected,
            Hash::Sha384 => sha2::Sha384::digest(bytes)[..] == *expected,
        }
    }
}

/// Reads the signature at `at`, `size` bytes long, of a slice; `loaded` is where what is loaded from the file ends, the
/// signature left out.
pub(super) fn read(slice: &[u8], at: usize, size: usize, loaded: u64) -> CodeSignature {
    match judge(slice, at, size, loaded) {
        Ok(directory) => CodeSignature::Whole {
            identifier: directory.identifier,
            ad_hoc: directory.flags & AD_HOC != 0,
            linker_signed: directory.flags & LINKER_SIGNED != 0,
        },
        Err(why) => CodeSignature::Broken { why },
    }
}

fn judge(slice: &[u8], at: usize, size: usize, loaded: u64) -> Result<Directory<'_>, String> {
    let whole = slice.get(at..).and_then(|rest| rest.get(..size)).ok_or("it lies beyond the file's end")?;
    let blobs = blobs(whole)?;
    let is_directory = |slot: u32| slot == DIRECTORY || ALTERNATES.contains(&slot);
    if !blobs.iter().any(|blob| blob.slot == DIRECTORY) {
        return Err("it has no code directory".to_owned());
    }
    // The kernel goes by the strongest hash it knows.
    let mut best: Option<Directory<'_>> = None;
    let mut unknown = None;
    for blob in blobs.iter().filter(|blob| is_directory(blob.slot)) {
        match Directory::read(blob.bytes)? {
            Ok(one) if best.as_ref().is_none_or(|best| one.hash > best.hash) => best = Some(one),
            Ok(one) if best.as_ref().is_some_and(|best| one.hash == best.hash) => {
                return Err("two of its code directories have the same hash".to_owned());
            }
            Ok(_) => {}
            Err(number) => unknown = Some(number),
        }
    }
    let best = best.ok_or_else(|| match unknown {
        Some(1) => "it holds SHA-1 hashes alone".to_owned(),
        number => format!("its hashes are of type {}, which the kernel doesn't know", number.unwrap_or(0)),
    })?;
    best.covers(slice, at as u64, loaded)?;
    best.has_blobs(&blobs)?;
    // Whoever isn't ad hoc answers with a certificate's signature of the directory; `codesign` leaves an empty one else.
    let vouched = |blob: &Blob<'_>| {
        blob.slot == CMS && word(blob.bytes, 0) == Some(CMS_WRAPPER) && blob.bytes.len() > 8
    };
    if best.flags & AD_HOC == 0 && !blobs.iter().any(vouched) {
        return Err("it is neither ad hoc nor made with a certificate".to_owned());
    }
    Ok(best)
}

/// One part of a signature.
struct Blob<'a> {
    slot: u32,
    bytes: &'a [u8],
}

/// The parts of a signature, each within it.
fn blobs(whole: &[u8]) -> Result<Vec<Blob<'_>>, String> {
    let cut = || "it is cut short".to_owned();
    if word(whole, 0).ok_or_else(cut)? != EMBEDDED_SIGNATURE {
        return Err("it doesn't start as a signature does".to_owned());
    }
    let length = word(whole, 4).ok_or_else(cut)? as usize;
    let whole = whole.get(..length).ok_or_else(cut)?;
    let count = word(whole, 8).ok_or_else(cut)?;
    if count > BLOB_LIMIT {
        return Err(format!("it has {count} parts"));
    }
    let mut found: Vec<Blob<'_>> = Vec::new();
    for index in 0..count as usize {
        let entry = 12 + 8 * index;
        let slot = word(whole, entry).ok_or_else(cut)?;
        let at = word(whole, entry + 4).ok_or_else(cut)? as usize;
        let size = at.checked_add(4).and_then(|at| word(whole, at)).ok_or_else(cut)? as usize;
        let bytes = whole.get(at..).and_then(|rest| rest.get(..size)).ok_or_else(cut)?;
        if size < 8 {
            return Err(cut());
        }
        found.push(Blob { slot, bytes });
    }
    Ok(found)
}

/// What a code directory says; its hashes are within it.
struct Directory<'a> {
    hash: Hash,
    flags: u32,
    identifier: String,
    page: u64,
    limit: u64,
    /// One per page.
    pages: &'a [u8],
    /// One per special slot, the last slot first.
    special: &'a [u8],
}

impl<'a> Directory<'a> {
    /// The directory, or the number of its hash where that isn't known.
    fn read(bytes: &'a [u8]) -> Result<Result<Directory<'a>, u8>, String> {
        let cut = || "its code directory is cut short".to_owned();
        let field = |at: usize| word(bytes, at).ok_or_else(cut);
        if field(0)? != CODE_DIRECTORY {
            return Err("its code directory doesn't start as one does".to_owned());
        }
        let (version, flags) = (field(8)?, field(12)?);
        let (hashes, name) = (field(16)? as usize, field(20)? as usize);
        let (specials, pages) = (field(24)? as usize, field(28)? as usize);
        let mut limit = u64::from(field(32)?);
        let &[hash_size, number, _, page_bits] = bytes.get(36..40).ok_or_else(cut)? else {
            return Err(cut());
        };
        let Some(hash) = Hash::of_number(number) else { return Ok(Err(number)) };
        if usize::from(hash_size) != hash.size() {
            return Err(format!("its hashes have {hash_size} bytes"));
        }
        if !PAGE_BITS.contains(&page_bits) {
            return Err(format!("its pages have 2^{page_bits} bytes"));
        }
        if version >= SCATTER_FROM && field(44)? != 0 {
            return Err("it is over scattered parts of the file".to_owned());
        }
        if version >= LIMIT64_FROM {
            let wide = bytes.get(56..64).and_then(|wide| wide.try_into().ok()).ok_or_else(cut)?;
            if u64::from_be_bytes(wide) != 0 {
                limit = u64::from_be_bytes(wide);
            }
        }
        let size = |count: usize| count.checked_mul(hash.size()).ok_or_else(cut);
        let before = bytes.get(..hashes).ok_or_else(cut)?;
        let special =
            hashes.checked_sub(size(specials)?).and_then(|from| before.get(from..)).ok_or_else(cut)?;
        let pages = bytes[hashes..].get(..size(pages)?).ok_or_else(cut)?;
        let name = bytes.get(name..).ok_or_else(cut)?;
        let end = name.iter().position(|byte| *byte == 0).ok_or("its identifier has no end")?;
        let identifier = shown(&name[..end.min(IDENTIFIER_MAX)]);
        Ok(Ok(Directory { hash, flags, identifier, page: 1 << page_bits, limit, pages, special }))
    }

    /// Whether all that is loaded is signed, and is what was signed.
    fn covers(&self, slice: &[u8], signature_at: u64, loaded: u64) -> Result<(), String> {
        if self.limit < loaded {
            return Err(format!("it covers the first {} bytes, and {loaded} are loaded", self.limit));
        }
        if self.limit > signature_at {
            return Err("it covers its own bytes".to_owned());
        }
        let code = usize::try_from(self.limit).ok().and_then(|limit| slice.get(..limit));
        let code = code.ok_or("it covers more than the file has")?;
        let mut hashes = self.pages.chunks_exact(self.hash.size());
        for (number, page) in code.chunks(self.page as usize).enumerate() {
            match hashes.next() {
                Some(hash) if self.hash.is(hash, page) => {}
                Some(_) => {
                    let (from, to) =
                        (number as u64 * self.page, number as u64 * self.page + page.len() as u64);
                    return Err(format!("bytes {from} to {to} of the file aren't what was signed"));
                }
                None => return Err(format!("it has no hash for page {number}")),
            }
        }
        Ok(())
    }

    /// Whether the blobs that the directory vouches for are those that are there.
    fn has_blobs(&self, blobs: &[Blob<'_>]) -> Result<(), String> {
        for slot in SPECIAL {
            let there = blobs.iter().find(|blob| blob.slot == slot);
            let from = self.special.len().checked_sub(slot as usize * self.hash.size());
            let hash = from.and_then(|from| self.special[from..].get(..self.hash.size()));
            let hash = hash.filter(|hash| hash.iter().any(|byte| *byte != 0));
            let fits = match (there, hash) {
                (Some(blob), Some(hash)) => self.hash.is(hash, blob.bytes),
                (None, None) => true,
                _ => false,
            };
            if !fits {
                return Err(format!("its part {slot} isn't what was signed"));
            }
        }
        Ok(())
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
