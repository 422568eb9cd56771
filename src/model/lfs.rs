//! Git LFS pointers: small texts that stand in a commit for large files (git-lfs, `docs/spec.md`). Known by their bytes;
//! the git-lfs program is never asked.

use super::digest::Sha256;

/// How every pointer begins.
const VERSION: &str = "version https://git-lfs.github.com/spec/v1\n";
/// "Pointer files must be less than 1024 bytes in size".
pub const MOST: u64 = 1024;

/// Whether these bytes only say where the content is.
#[must_use]
pub fn is_pointer(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(VERSION.as_bytes()).filter(|_| (bytes.len() as u64) < MOST) else {
        return false;
    };
    let Ok(rest) = std::str::from_utf8(rest) else { return false };
    let has = |key: &str| rest.lines().any(|line| line.starts_with(key));
    has("oid sha256:") && has("size ")
}

/// The pointer that a commit has instead of a file.
#[must_use]
pub fn pointer(content: &Sha256, size: u64) -> String {
    format!("{VERSION}oid sha256:{content}\nsize {size}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_told_from_texts_about_them() {
        let text = pointer(&Sha256::of(b"hello"), 5);
        assert!(is_pointer(text.as_bytes()));
        assert!(is_pointer(text.replace("oid", "ext-0-x sha256:00\noid").as_bytes()));
        let cut = text.replace("size 5\n", "");
        let long = format!("{text}{}", " ".repeat(1024));
        for other in ["", "hello", VERSION, &cut, &long, &format!("# {text}")] {
            assert!(!is_pointer(other.as_bytes()), "{other}");
        }
    }
}
