//! Folders for work that is under way, and the lock on an output folder.

use std::fs;
use std::io;
use std::path::Path;

use super::{Result, create_folder, wrap};

/// A folder that is gone when the value is dropped; mode 0700.
pub struct Scratch(tempfile::TempDir);

fn private(prefix: &str, place: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    builder.tempdir_in(place)
}

impl Scratch {
    /// A scratch folder in the system's place for such things.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new() -> Result<Scratch> {
        let place = std::env::temp_dir();
        wrap("create a scratch folder in", &place, private("wick-", &place)).map(Scratch)
    }

    /// A scratch folder inside `place`, for files that will be renamed within that file system.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn within(place: &Path) -> Result<Scratch> {
        create_folder(place)?;
        wrap("create a scratch folder in", place, private("run-", place)).map(Scratch)
    }

    /// A scratch folder beside what `place` holds, under a name that no walk over plugins looks at.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn beside(place: &Path) -> Result<Scratch> {
        create_folder(place)?;
        wrap("create a scratch folder in", place, private(".wick-", place)).map(Scratch)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// An exclusive lock on a file, held until dropped; the system releases it when the process dies.
pub struct Lock(#[allow(dead_code, reason = "held for its drop")] fs::File);

impl Lock {
    /// Takes the lock, or says that another process has it.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn try_take(path: &Path) -> Result<Option<Lock>> {
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = wrap("open", path, file)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => wrap("lock", path, Err(error)),
        }
    }

    /// Takes the lock, waiting for as long as it takes.
    ///
    /// # Errors
    /// When the file can't be opened or locked.
    pub fn take(path: &Path) -> Result<Lock> {
        loop {
            if let Some(lock) = Lock::try_take(path)? {
                return Ok(lock);
            }
            if crate::sys::interrupt::requested() {
                return wrap("lock", path, Err(io::ErrorKind::Interrupted.into()));
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_looks_into_a_scratch_folder() {
        let (outer, folder) = (Scratch::new().unwrap(), tempfile::tempdir().unwrap());
        let within = Scratch::within(folder.path()).unwrap();
        let beside = Scratch::beside(folder.path()).unwrap();
        for scratch in [outer, within, beside] {
            assert_eq!(super::super::mode(scratch.path()).map(|mode| mode & 0o777), Some(0o700));
        }
    }
}
