//! A file of a folder, wherever links on the way to it lead: what is opened here is a regular file inside of that folder,
//! and what is read later is what was opened.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{FileError, canonical};

/// A regular file inside a folder, open.
#[derive(Debug)]
pub struct Inside {
    file: fs::File,
    path: PathBuf,
    meta: fs::Metadata,
}

/// Why a name in a folder is no file of it.
#[derive(Debug, thiserror::Error)]
pub enum NotInside {
    /// Nothing has that name, or a link to nothing.
    #[error("there is no such file")]
    Missing,
    /// A link leads out of the folder.
    #[error("it is a link to {}, outside of the folder", .0.display())]
    Leaves(PathBuf),
    /// A folder, a device, a pipe.
    #[error("{0} is not a regular file")]
    NotRegular(String),
    /// It was exchanged in the moment between looking and opening.
    #[error("it was replaced while it was opened")]
    Replaced,
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] FileError),
}

impl Inside {
    /// Opens `name`, a path relative to `folder`. Links are followed as long as they stay inside.
    ///
    /// # Errors
    /// When there is no such file, it lies elsewhere, or is none that holds bytes.
    pub fn open(folder: &Path, name: &str) -> Result<Inside, NotInside> {
        let path = folder.join(name);
        let real = match canonical(&path) {
            Ok(real) => real,
            Err(error) if error.is_missing() => return Err(NotInside::Missing),
            Err(error) => return Err(error.into()),
        };
        if !real.starts_with(canonical(folder)?) {
            return Err(NotInside::Leaves(real));
        }
        let unreadable = |source| FileError { what: "read", path: path.clone(), source };
        // Opening a pipe would wait for whoever writes into it.
        let before = fs::metadata(&real).map_err(unreadable)?;
        if !before.is_file() {
            let led =
                if real == path { "it".to_owned() } else { format!("it is a link, and {}", real.display()) };
            return Err(NotInside::NotRegular(led));
        }
        let file = open(&real).map_err(unreadable)?;
        let meta = file.metadata().map_err(unreadable)?;
        if !meta.is_file() || !same(&before, &meta) || canonical(&path)? != real {
            return Err(NotInside::Replaced);
        }
        Ok(Inside { file, path, meta })
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.meta.len()
    }

    /// Whether its owner may run it; nowhere where there are no such modes.
    #[must_use]
    pub fn executable(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            self.meta.permissions().mode() & 0o100 != 0
        }
        #[cfg(not(unix))]
        false
    }

    /// Its bytes, no more than `most`.
    ///
    /// # Errors
    /// When it can't be read or has more.
    pub fn read(self, most: u64) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        let read = (&self.file).take(most + 1).read_to_end(&mut bytes);
        let fits = read.and_then(|count| match count as u64 > most {
            true => {
                let text = format!("it is larger than {} MiB", most >> 20);
                Err(io::Error::new(io::ErrorKind::FileTooLarge, text))
            }
            false => Ok(bytes),
        });
        fits.map_err(|source| FileError { what: "read", path: self.path, source })
    }
}

/// Opens without following a link that has just taken the file's place, and without waiting for anybody.
fn open(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

fn same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    {
        (one.len(), one.created().ok()) == (other.len(), other.created().ok())
    }
}

// Pipes are made by a call that not every Unix has.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::sys::files::Scratch;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_regular_files_inside_are_opened_wherever_links_lead() {
        let scratch = Scratch::new().unwrap();
        let (top, folder) = (scratch.path(), scratch.path().join("plugin"));
        fs::create_dir_all(folder.join("docs")).unwrap();
        fs::write(folder.join("docs/a"), "a").unwrap();
        fs::write(top.join("secret"), "s").unwrap();
        fs::create_dir(top.join("plugin-other")).unwrap();
        fs::write(top.join("plugin-other/x"), "x").unwrap();
        symlink("docs/a", folder.join("inner")).unwrap();
        symlink("inner", folder.join("chain")).unwrap();
        symlink("docs", folder.join("folder")).unwrap();
        symlink("../secret", folder.join("up")).unwrap();
        symlink("up", folder.join("chain-up")).unwrap();
        symlink("/etc/passwd", folder.join("passwd")).unwrap();
        symlink("../plugin-other", folder.join("sibling")).unwrap();
        symlink("..", folder.join("parent")).unwrap();
        symlink("nowhere", folder.join("dangling")).unwrap();
        symlink("loop", folder.join("loop")).unwrap();
        symlink("/dev/null", folder.join("device")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            folder.join("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        symlink("pipe", folder.join("to-pipe")).unwrap();
        for good in ["docs/a", "inner", "chain", "folder/a", "parent/plugin/docs/a"] {
            assert_eq!(Inside::open(&folder, good).unwrap().read(9).unwrap(), b"a", "{good}");
        }
        for (bad, why) in [
            ("up", "secret, outside of the folder"),
            ("chain-up", "secret, outside of the folder"),
            ("passwd", "it is a link to /etc/passwd, outside of the folder"),
            ("sibling/x", "plugin-other/x, outside of the folder"),
            ("parent/secret", "secret, outside of the folder"),
            ("device", "/dev/null, outside of the folder"),
            ("dangling", "there is no such file"),
            ("gone", "there is no such file"),
            ("docs", "it is not a regular file"),
            ("folder", "docs is not a regular file"),
            ("pipe", "it is not a regular file"),
            ("to-pipe", "pipe is not a regular file"),
            ("loop", "can't find"),
        ] {
            let error = Inside::open(&folder, bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
        assert!(Inside::open(&folder, "docs/a").unwrap().read(0).is_err());
    }
}
