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

/// The longest place of a scratch folder in which `/wick-123456/home/plugin1234567890` and a folder of an SDK's fit.
const DEEPEST: usize = 60;

/// Where else to put sockets when the usual place is too deep for them.
fn short_place(usual: &Path) -> Option<&'static Path> {
    (cfg!(unix) && usual.as_os_str().len() > DEEPEST).then(|| Path::new("/tmp"))
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

    /// A scratch folder for a program that makes sockets in it: their paths have room for 103 bytes on macOS and 107 on
    /// Linux, and a plugin in a deep `TMPDIR` (Jenkins, Bazel and Nix have such) can't listen.
    /// <https://github.com/hashicorp/terraform/issues/22198>
    ///
    /// # Errors
    /// When it can't be made.
    pub fn for_sockets() -> Result<Scratch> {
        let usual = std::env::temp_dir();
        let long = fs::canonicalize(&usual).unwrap_or(usual);
        match short_place(&long).and_then(|place| private("wick-", place).ok()) {
            Some(folder) => Ok(Scratch(folder)),
            None => Scratch::new(),
        }
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

    /// A plugin in a deep place couldn't listen, and was told to look at itself.
    #[test]
    fn sockets_have_room() {
        const MACOS: usize = 103;
        assert!(DEEPEST + "/wick-123456/home/plugin1234567890".len() <= MACOS - "/sdk12345".len());
        for (place, expected) in [
            ("/tmp".to_owned(), None),
            ("/private/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T".to_owned(), None),
            (format!("/var/lib/jenkins/workspace/{}/tmp", "x".repeat(60)), Some(Path::new("/tmp"))),
        ] {
            assert_eq!(short_place(Path::new(&place)), expected, "{place}");
        }
    }
}
