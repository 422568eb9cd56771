//! `checksums.txt`: `<sha256>  <name>`, sorted, clean for `sha256sum -c`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::sys::files;

/// The file's name in the output folder.
pub const NAME: &str = "checksums.txt";

/// Writes the digests of this run's packages beside those already listed. Lines whose file is gone go; files that
/// were listed before are hashed again, so that no line lies.
///
/// # Errors
/// When the file can't be written.
pub fn update(output: &Path, made: &BTreeMap<String, Sha256>) -> Result<(), Failure> {
    let path = output.join(NAME);
    let before = files::read_text(&path).unwrap_or_default();
    let mut all = made.clone();
    for name in before.lines().filter_map(listed_name) {
        if !all.contains_key(name)
            && let Ok(bytes) = files::read(&output.join(name))
        {
            all.insert(name.to_owned(), Sha256::of(&bytes));
        }
    }
    let text = text(&all);
    if text != before {
        files::write_output(output, &path, text.as_bytes(), 0o644)?;
    }
    Ok(())
}

/// The file's content for these packages.
#[must_use]
pub fn text(digests: &BTreeMap<String, Sha256>) -> String {
    digests.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
}

/// The name in a line, if it is a plain file name of this folder.
fn listed_name(line: &str) -> Option<&str> {
    let (digest, name) = line.split_once("  ")?;
    let plain = !name.is_empty() && !name.contains(['/', '\\']) && name != "..";
    (digest.len() == 64 && plain).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_sorts_and_drops_what_is_gone() {
        let dir = files::Scratch::new().unwrap();
        let path = dir.path().join(NAME);
        files::write_atomic(&dir.path().join("old.zip"), b"new content", 0o644).unwrap();
        let stale = Sha256::of(b"old content");
        let before = format!("{stale}  old.zip\n{stale}  gone.zip\n{stale}  ../../etc/passwd\nnonsense\n");
        files::write_atomic(&path, before.as_bytes(), 0o644).unwrap();
        update(dir.path(), &BTreeMap::from([("a.zip".to_owned(), Sha256::of(b"a"))])).unwrap();
        let expected = format!("{}  a.zip\n{}  old.zip\n", Sha256::of(b"a"), Sha256::of(b"new content"));
        assert_eq!(files::read_text(&path).unwrap(), expected);
    }
}
