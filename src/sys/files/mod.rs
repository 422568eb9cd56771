//! Files: reading with the path in every error, writing by whose file it is, locks, scratch folders.

mod inside;
mod scratch;
mod write;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use crate::model::digest::{Hasher, Sha256};
use crate::model::failure::{Explain, FailureKind};

pub use inside::{Inside, NotInside};
pub use scratch::{Lock, Scratch};
pub use write::{
    append, link_program, make_link, move_new, move_output, rename, stay_inside, write_atomic, write_new,
    write_new_private, write_output, write_scratch, write_users,
};

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("can't {what} {}", shown(path))]
pub struct FileError {
    what: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Explain for FileError {
    fn kind(&self) -> FailureKind {
        if self.is_missing() { FailureKind::Missing } else { FailureKind::Step }
    }
    fn hints(&self) -> Vec<String> {
        match self.source.kind() {
            io::ErrorKind::PermissionDenied => vec!["check the owner and mode of that path".to_owned()],
            io::ErrorKind::StorageFull => vec!["make room on that disk and run again".to_owned()],
            _ => Vec::new(),
        }
    }
}

impl FileError {
    /// Whether there was no such file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

type Result<T> = std::result::Result<T, FileError>;

fn wrap<T>(what: &'static str, path: &Path, result: io::Result<T>) -> Result<T> {
    result.map_err(|source| FileError { what, path: path.to_owned(), source })
}

/// A path for people, with the separators of this system, however it was put together.
#[must_use]
pub fn shown(path: &Path) -> String {
    let own = if cfg!(windows) { path.components().collect() } else { path.to_owned() };
    own.to_string_lossy().into_owned()
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, or a link to one.
    File,
    /// A folder, or a link to one.
    Folder,
    /// Something else, or a dangling link.
    Other,
    /// Nothing.
    Missing,
}

/// What stands at `path`, links followed.
#[must_use]
pub fn kind(path: &Path) -> Kind {
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() => Kind::File,
        Ok(meta) if meta.is_dir() => Kind::Folder,
        Ok(_) => Kind::Other,
        Err(_) if fs::symlink_metadata(path).is_ok() => Kind::Other,
        Err(_) => Kind::Missing,
    }
}

/// Whether anything stands at `path`, a dangling link too.
#[must_use]
pub fn is_there(path: &Path) -> bool {
    kind(path) != Kind::Missing
}

/// Whether a regular file stands at `path`.
#[must_use]
pub fn is_file(path: &Path) -> bool {
    kind(path) == Kind::File
}

/// Whether a folder, or a link to one, stands at `path`.
#[must_use]
pub fn is_folder(path: &Path) -> bool {
    kind(path) == Kind::Folder
}

/// Whether a symbolic link stands at `path`.
#[must_use]
pub fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
}

/// The size of the regular file at `path`, in bytes.
#[must_use]
pub fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|meta| meta.len())
}

/// Size and time of a file: enough to notice that a tool was replaced, without reading it.
#[must_use]
pub fn stamp(path: &Path) -> Option<String> {
    let meta = fs::metadata(path).ok()?;
    let time = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(format!("{} {}", meta.len(), time.as_nanos()))
}

/// What changes whenever a file is written, also with the same bytes: its times and, where the system has them, its number
/// and the time that nobody can set.
#[must_use]
pub fn touched(path: &Path) -> Option<String> {
    let meta = fs::metadata(path).ok()?;
    let time = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    #[cfg(unix)]
    let own = {
        use std::os::unix::fs::MetadataExt as _;
        format!("{} {} {}.{}", meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec())
    };
    #[cfg(not(unix))]
    let own = String::new();
    Some(format!("{} {} {own}", meta.len(), time.as_nanos()))
}

/// The permission bits of the file at `path`; nothing where the platform has none.
#[must_use]
pub fn mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).ok().map(|meta| meta.permissions().mode() & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Whether nothing on the file system of `path` may be executed.
#[must_use]
pub fn is_noexec(path: &Path) -> bool {
    // Not every Unix has a name for it.
    #[cfg(target_os = "linux")]
    return rustix::fs::statvfs(path)
        .is_ok_and(|system| system.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC));
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}

/// The whole content of a file.
///
/// # Errors
/// When it can't be read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    wrap("read", path, fs::read(path))
}

/// The whole content of a file that is no larger than `most` bytes.
///
/// # Errors
/// When it can't be read or is larger.
pub fn read_capped(path: &Path, most: u64) -> Result<Vec<u8>> {
    if size(path).is_some_and(|size| size > most) {
        let text = format!("it is larger than {} MiB", most >> 20);
        return wrap("read", path, Err(io::Error::new(io::ErrorKind::FileTooLarge, text)));
    }
    read(path)
}

/// All of stdin, when it is no longer than `most` bytes.
///
/// # Errors
/// When it can't be read or is longer.
pub fn read_stdin(most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(most + 1).read_to_end(&mut bytes);
    let fits = read.and_then(|count| match count as u64 > most {
        true => {
            Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {} KiB", most >> 10)))
        }
        false => Ok(bytes),
    });
    wrap("read", Path::new("stdin"), fits)
}

/// Size and digest of a file, without holding it in memory.
///
/// # Errors
/// When it can't be read.
pub fn digest(path: &Path) -> Result<(u64, Sha256)> {
    let inner = || -> io::Result<(u64, Sha256)> {
        let mut file = fs::File::open(path)?;
        let (mut hasher, mut size, mut chunk) = (Hasher::default(), 0, vec![0; 64 << 10]);
        loop {
            let count = file.read(&mut chunk)?;
            if count == 0 {
                return Ok((size, hasher.finish()));
            }
            hasher.update(&chunk[..count]);
            size += count as u64;
        }
    };
    wrap("read", path, inner())
}

/// The whole content of a text file.
///
/// # Errors
/// When it can't be read or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    wrap("read", path, fs::read_to_string(path))
}

/// The names in a folder, sorted by bytes; names that are no text are left out.
///
/// # Errors
/// When the folder can't be read.
pub fn list(path: &Path) -> Result<Vec<String>> {
    let entries = wrap("list", path, fs::read_dir(path))?;
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = wrap("list", path, entry)?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, which need not be text.
    pub name: OsString,
    /// What stands there, links followed.
    pub kind: Kind,
    /// Whether it is a symbolic link.
    pub link: bool,
}

/// Everything in a folder, sorted by the bytes of its name. Cheaper than [`list`] and [`kind`] for each.
///
/// # Errors
/// When the folder can't be read.
pub fn entries(path: &Path) -> Result<Vec<Entry>> {
    let read = || -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let is = entry.file_type()?;
            let kind = match () {
                () if is.is_symlink() => kind(&entry.path()),
                () if is.is_dir() => Kind::Folder,
                () if is.is_file() => Kind::File,
                () => Kind::Other,
            };
            found.push(Entry { name: entry.file_name(), kind, link: is.is_symlink() });
        }
        found.sort_by(|a, b| a.name.as_encoded_bytes().cmp(b.name.as_encoded_bytes()));
        Ok(found)
    };
    wrap("list", path, read())
}

/// Where the symbolic link at `path` leads, as it is written; nothing when there is none.
#[must_use]
pub fn link_target(path: &Path) -> Option<PathBuf> {
    fs::read_link(path).ok()
}

/// Makes a folder and those above it.
///
/// # Errors
/// When it can't be made.
pub fn create_folder(path: &Path) -> Result<()> {
    wrap("create the folder", path, fs::create_dir_all(path))
}

/// The path with links and `..` resolved.
///
/// # Errors
/// When nothing stands there.
pub fn canonical(path: &Path) -> Result<PathBuf> {
    wrap("find", path, fs::canonicalize(path)).map(|path| {
        // Windows' `\\?\` form confuses go and cargo.
        match path.to_str().and_then(|text| text.strip_prefix(r"\\?\")) {
            Some(plain) if !plain.starts_with("UNC") => PathBuf::from(plain),
            _ => path,
        }
    })
}

/// Removes a file or folder; nothing there is fine.
///
/// # Errors
/// When it stays.
pub fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    wrap("remove", path, result)
}

/// Removes a folder that holds nothing; one that does, or that isn't there, stays as it is.
pub fn remove_if_empty(path: &Path) {
    let _ = fs::remove_dir(path);
}

/// A path without `.` and `..`, by its text alone: where a link is on the way, it may be another file.
#[must_use]
pub fn without_dots(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                short.pop();
            }
            Component::CurDir => {}
            part => short.push(part),
        }
    }
    short
}

/// Every file below a folder: path relative to it with `/`, content, whether it is executable. Links are not
/// followed and count as nothing.
///
/// # Errors
/// When something can't be read.
pub fn read_tree(folder: &Path) -> Result<Vec<(String, Vec<u8>, bool)>> {
    fn walk(folder: &Path, prefix: &str, out: &mut Vec<(String, Vec<u8>, bool)>) -> Result<()> {
        for name in list(folder)? {
            let path = folder.join(&name);
            let meta = wrap("read", &path, fs::symlink_metadata(&path))?;
            if meta.is_dir() {
                walk(&path, &format!("{prefix}{name}/"), out)?;
            } else if meta.is_file() {
                let executable = mode(&path).is_none_or(|mode| mode & 0o100 != 0);
                out.push((format!("{prefix}{name}"), read(&path)?, executable));
            }
        }
        Ok(())
    }
    let mut out = Vec::new();
    walk(folder, "", &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_path() {
        let error = read(Path::new("/no/such/file")).unwrap_err();
        assert!(error.is_missing());
        assert_eq!(error.to_string(), "can't read /no/such/file");
    }
}
