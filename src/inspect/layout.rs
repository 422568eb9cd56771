//! The parts that a binary's bytes consist of, as its own tables name them, and what compilers leave of themselves in
//! them. For comparing two binaries; no judgement.

use std::ops::Range;

use object::{Object as _, ObjectSection as _};

/// A named part of a binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `.text`, `__TEXT,__text`.
    pub name: String,
    /// Where its bytes lie in the file.
    pub range: Range<usize>,
}

/// The most parts that are told; programs have some dozens.
const MOST: usize = 4_096;

/// The sections with bytes in the file, in the file's order; none for what has no section table, or a damaged one.
#[must_use]
pub fn parts(bytes: &[u8]) -> Vec<Part> {
    let Ok(file) = object::File::parse(bytes) else { return Vec::new() };
    let part = |section: object::Section<'_, '_>| {
        let (start, size) = section.file_range()?;
        let (start, size) = (usize::try_from(start).ok()?, usize::try_from(size).ok()?);
        let range = start..start.checked_add(size)?;
        bytes.get(range.clone()).filter(|bytes| !bytes.is_empty())?;
        let name = String::from_utf8_lossy(section.name_bytes().ok()?).into_owned();
        let name = match section.segment_name_bytes() {
            Ok(Some(segment)) => format!("{},{name}", String::from_utf8_lossy(segment)),
            _ => name,
        };
        Some(Part { name, range })
    };
    let mut parts: Vec<Part> = file.sections().take(MOST).filter_map(part).collect();
    parts.sort_by_key(|part| (part.range.start, part.range.end));
    parts
}

/// The rustc that made a binary, such as `1.95.0 (59807616e 2026-04-14)`, from its `.comment`; or the commit of its
/// standard library, from the paths in its panic messages, where that is all there is.
#[must_use]
pub fn rustc(bytes: &[u8]) -> Option<Rustc> {
    let comments = parts(bytes).into_iter().filter(|part| part.name == ".comment");
    for comment in comments {
        let texts = bytes[comment.range].split(|byte| *byte == 0);
        let said = texts.filter_map(|text| std::str::from_utf8(text).ok()?.strip_prefix("rustc version "));
        if let Some(version) = said.map(str::trim).find(|version| !version.is_empty()) {
            return Some(Rustc::Version(version.to_owned()));
        }
    }
    const MARK: &[u8] = b"/rustc/";
    find_all(bytes, MARK).find_map(|at| {
        let commit = bytes.get(at + MARK.len()..at + MARK.len() + 40)?;
        let is_commit = commit.iter().all(u8::is_ascii_hexdigit);
        is_commit.then(|| Rustc::Commit(String::from_utf8_lossy(commit).into_owned()))
    })
}

/// What a binary tells of the rustc that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rustc {
    /// `1.95.0 (59807616e 2026-04-14)`.
    Version(String),
    /// The full hash of the commit that its standard library is from.
    Commit(String),
}

/// Where `needle`, which isn't empty, stands in `bytes`.
pub fn find_all<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let first = needle.first().copied();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + bytes.get(from..)?.iter().position(|byte| Some(*byte) == first)?;
            from = at + 1;
            if bytes[at..].starts_with(needle) {
                return Some(at);
            }
        }
    })
}

/// The texts in a binary that begin with one of these folders: where it was built decides its bytes. A folder directly
/// under the top (`/root`) is too short a name to be told from other texts.
#[must_use]
pub fn folders_in(bytes: &[u8], folders: &[String]) -> Vec<String> {
    const LONGEST: usize = 120;
    let is_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/\\._-+@~".contains(byte);
    let mut found = std::collections::BTreeSet::new();
    for folder in
        folders.iter().filter(|folder| folder.split(['/', '\\']).filter(|part| !part.is_empty()).count() > 1)
    {
        for at in find_all(bytes, folder.as_bytes()) {
            let rest = &bytes[at + folder.len()..];
            // `/work/plugins-2` is not in `/work/plugins`.
            let ends = rest.first().is_none_or(|byte| matches!(byte, b'/' | b'\\') || !is_path(byte));
            if ends && found.len() < 100 {
                let rest: Vec<u8> = rest.iter().copied().take_while(is_path).take(LONGEST).collect();
                found.insert(format!("{folder}{}", String::from_utf8_lossy(&rest)));
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_each_format_are_named() {
        for (bytes, name) in [
            (&include_bytes!("../../tests/fixtures/binaries/linux-amd64-glibc")[..], ".text"),
            (include_bytes!("../../tests/fixtures/binaries/windows-amd64.exe"), ".text"),
            (include_bytes!("../../tests/fixtures/binaries/linux-amd64-go"), ".go.buildinfo"),
        ] {
            let parts = parts(bytes);
            assert!(parts.iter().any(|part| part.name == name), "{name}: {parts:?}");
            assert!(parts.iter().all(|part| part.range.end <= bytes.len()));
        }
        assert_eq!(parts(b"text"), []);
    }

    #[test]
    fn a_rustc_is_known_by_its_comment_or_its_commit() {
        let commit = "59807616e1fa2540724bfbac14d7976d7e4a3860";
        let text = format!("..../rustc/short/x/rustc/{commit}/library/core/src/fmt.rs");
        assert_eq!(rustc(text.as_bytes()), Some(Rustc::Commit(commit.to_owned())));
        assert_eq!(rustc(b"/rustc/0123"), None);
        assert_eq!(find_all(b"aXaXX", b"aX").collect::<Vec<_>>(), [0, 2]);
    }

    #[test]
    fn folders_are_found_as_texts() {
        let folders = ["/work/plugins".to_owned(), "/home/me/.cargo".to_owned(), "/root".to_owned()];
        let found = |text: &str| folders_in(text.as_bytes(), &folders);
        assert_eq!(found("x/work/plugins/connector/rho\0y"), ["/work/plugins/connector/rho"]);
        assert_eq!(
            found("/work/plugins\0/home/me/.cargo/registry/x.rs"),
            ["/home/me/.cargo/registry/x.rs", "/work/plugins"]
        );
        for text in ["/work/plugins-2/x", "/work/pluginsx", "/root/x", "/home/me/x", "work/plugins", ""] {
            assert!(found(text).is_empty(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(front in 0usize..4, mut bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
            let magics: [&[u8]; 4] = [b"\x7fELF\x02\x01\x01", b"MZ", b"\xcf\xfa\xed\xfe", b""];
            let magic = magics[front];
            bytes.splice(..0, magic.iter().copied());
            let _ = (parts(&bytes), rustc(&bytes));
        }
    }
}
