//! Writing that is whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::{Result, wrap};

/// Writes a file so that at every moment either the old or the new content stands under the name.
/// `mode` is set as given, whatever the umask.
///
/// # Errors
/// When it can't be written; nothing half-written is left.
pub fn write_atomic(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    wrap("write", path, prepared(path, bytes, mode).and_then(|file| Ok(file.persist(path).map(drop)?)))
}

/// Writes a file of a scratch folder: nobody reads it before everything is there, so it needn't be on the disk.
///
/// # Errors
/// When it can't be written.
pub fn write_scratch(path: &Path, bytes: &[u8], is_program: bool) -> Result<()> {
    let write = || {
        let mut file = fs::File::create(path)?;
        file.write_all(bytes)?;
        set_mode(&file, if is_program { 0o755 } else { 0o644 })
    };
    wrap("write", path, write())
}

/// Makes a symbolic link; where the system has none for everybody, a file that holds what the link says, as git does.
///
/// # Errors
/// When it can't be made.
pub fn make_link(target: &Path, path: &Path) -> Result<()> {
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(target, path);
    #[cfg(not(unix))]
    let made = fs::write(path, target.to_string_lossy().as_bytes());
    wrap("write", path, made)
}

/// Writes a new file that only its owner can read.
///
/// # Errors
/// When a file of that name exists already, or it can't be written; nothing half-written is left.
pub fn write_new_private(path: &Path, bytes: &[u8]) -> Result<()> {
    new(path, bytes, 0o600)
}

/// Writes a file that isn't there yet.
///
/// # Errors
/// When something of that name exists already, or it can't be written; nothing half-written is left.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    new(path, bytes, 0o644)
}

fn new(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let file = prepared(path, bytes, mode);
    wrap("write", path, file.and_then(|file| Ok(file.persist_noclobber(path).map(drop)?)))
}

/// The whole content, on the disk and beside the place that it will take.
fn prepared(path: &Path, bytes: &[u8], mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".wick-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(bytes)?;
    set_mode(file.as_file(), mode)?;
    file.as_file().sync_data()?;
    Ok(file)
}

/// Moves a folder to a name of the same file system under which nothing stands.
///
/// # Errors
/// When something stands there, or it can't be moved.
pub fn move_new(from: &Path, to: &Path) -> Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        return wrap("create the folder", to, Err(io::ErrorKind::AlreadyExists.into()));
    }
    wrap("create the folder", to, fs::rename(from, to))
}

fn set_mode(file: &fs::File, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(fs::Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, mode);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::files::{Scratch, create_folder, list, mode, read};

    #[test]
    fn atomic_writes_replace_and_set_the_mode_whatever_the_umask() {
        let dir = Scratch::new().unwrap();
        let path = dir.path().join("f");
        write_atomic(&path, b"one", 0o644).unwrap();
        write_atomic(&path, b"two", 0o755).unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        if cfg!(unix) {
            assert_eq!(mode(&path), Some(0o755));
        }
        assert_eq!(list(dir.path()).unwrap(), ["f"], "no temp file stays");
    }

    #[test]
    fn a_private_file_is_never_replaced() {
        let dir = Scratch::new().unwrap();
        let path = dir.path().join("key");
        write_new_private(&path, b"one").unwrap();
        assert!(write_new_private(&path, b"two").is_err());
        assert_eq!(read(&path).unwrap(), b"one");
    }

    #[test]
    fn what_is_new_takes_nobodys_place() {
        let dir = Scratch::new().unwrap();
        let (file, folder) = (dir.path().join("f"), dir.path().join("d"));
        write_new(&file, b"one").unwrap();
        assert!(write_new(&file, b"two").is_err());
        assert_eq!(read(&file).unwrap(), b"one");
        let made = Scratch::beside(&folder).unwrap();
        create_folder(&made.path().join("x")).unwrap();
        move_new(&made.path().join("x"), &folder.join("x")).unwrap();
        create_folder(&made.path().join("x")).unwrap();
        assert!(
            move_new(&made.path().join("x"), &folder.join("x")).is_err(),
            "rename takes empty folders' places"
        );
        drop(made);
        assert_eq!(list(&folder).unwrap(), ["x"]);
    }
}
