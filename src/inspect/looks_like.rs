//! What a file that is no binary looks like, for the sentence that refuses it.
//! Only for messages: no decision hangs on it.

use super::range::shown;

/// First bytes that say what a file is.
const MAGICS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"!<arch>\ndebian-binary", "a Debian package"),
    (b"!<arch>\n", "a static library (an `ar` archive)"),
    (b"!<thin>\n", "a static library (a thin `ar` archive)"),
    (b"BC\xc0\xde", "LLVM bitcode"),
    (b"\xde\xc0\x17\x0b", "LLVM bitcode"),
    (b"\xca\xfe\xba\xbe", "a Java class"),
    (b"dex\n", "an Android dex file"),
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"MZ", "a DOS executable (or the first bytes of one for Windows)"),
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer"),
    (b"\x64\x86", "an object file (COFF, x86-64)"),
    (b"\x64\xaa", "an object file (COFF, arm64)"),
    (b"\x4c\x01", "an object file (COFF, x86)"),
];

/// A noun phrase such as `a zip archive`.
pub(super) fn looks_like(bytes: &[u8]) -> String {
    if let Some(rest) = bytes.strip_prefix(b"#!") {
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let line = shown(&line[..line.len().min(80)]);
        return format!("a script (`#!{}`)", line.trim());
    }
    if let Some((_, name)) = MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*name).to_owned();
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return "a tar archive".to_owned();
    }
    let head = &bytes[..bytes.len().min(512)];
    if head.iter().all(|&byte| byte == 0) {
        return "a file of zeros".to_owned();
    }
    if let Some(text) = as_text(head) {
        let start = text.trim_start().to_ascii_lowercase();
        let kind = match start.chars().next() {
            Some('<') if start.starts_with("<!doctype html") || start.starts_with("<html") => "an HTML page",
            Some('<') => "XML text",
            Some('{' | '[') => "JSON text",
            _ => "text",
        };
        return kind.to_owned();
    }
    let first: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("of a format that wick doesn't know (it starts with {})", first.join(" "))
}

/// The bytes as text, if they are: a character that is cut off at the end does no harm.
fn as_text(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}')).then_some(text)
}
