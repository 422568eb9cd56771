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

/// Whether a symbolic link to nothing stands at `path`.
#[must_use]
pub fn is_dangling(path: &Path) -> bool {
    is_link(path) && fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
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

/// Opens a file to read it, links followed. Only a regular file has an end: a pipe waits for whoever writes into it, a
/// device may give bytes for ever. Everything that reads a file by its path opens it here.
pub(super) fn open_regular(path: &Path) -> io::Result<(fs::File, fs::Metadata)> {
    let regular = |meta: fs::Metadata| match () {
        () if meta.is_file() => Ok(meta),
        () if meta.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        () => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    };
    // Opening a device can do something; so it is looked at first, and again when nobody can exchange it any more.
    regular(fs::metadata(path)?)?;
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.union(rustix::fs::OFlags::NOCTTY).bits().cast_signed(),
    );
    let file = options.open(path)?;
    let meta = regular(file.metadata()?)?;
    Ok((file, meta))
}

/// The whole content of a file.
///
/// # Errors
/// When it can't be read, or is no regular file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    wrap("read", path, read_all(path, u64::MAX))
}

/// The whole content of a file that is no larger than `most` bytes.
///
/// # Errors
/// When it can't be read, is no regular file or is larger.
pub fn read_capped(path: &Path, most: u64) -> Result<Vec<u8>> {
    wrap("read", path, read_all(path, most))
}

fn read_all(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (file, meta) = open_regular(path)?;
    let mut bytes = Vec::new();
    if meta.len() <= most {
        bytes.reserve_exact(usize::try_from(meta.len()).unwrap_or(0));
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    // It may grow while it is read.
    if meta.len() > most || bytes.len() as u64 > most {
        let text = format!("it is larger than {} MiB", most >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
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
        let (mut file, _) = open_regular(path)?;
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
    let text = read_all(path, u64::MAX).and_then(|bytes| {
        // The words of the standard library.
        String::from_utf8(bytes)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8"))
    });
    wrap("read", path, text)
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
    let made = fs::create_dir_all(path).map_err(|error| {
        // "File exists" is what the system says of a link to a place where nothing is.
        match path.ancestors().find(|place| is_dangling(place)) {
            Some(place) => {
                let to = link_target(place).unwrap_or_default();
                let why = format!("{} is a link to {}, where nothing is", shown(place), shown(&to));
                io::Error::new(error.kind(), why)
            }
            None => error,
        }
    });
    wrap("create the folder", path, made)
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

/// Where a path that a user's file has, or is to have, leads when a link on the way to it, or in its place, leads out of
/// `root`; a link to nothing too. What lies there isn't in the repository, and writing it changes somebody else's things.
/// A path that isn't below `root` by its own words was named so on purpose.
#[must_use]
pub fn leads_out(root: &Path, path: &Path) -> Option<PathBuf> {
    fn end(path: &Path, links: u8) -> PathBuf {
        if let Ok(real) = canonical(path) {
            return real;
        }
        match (fs::read_link(path), path.parent(), path.file_name()) {
            // A circle leads nowhere, and nothing can be written there.
            (Ok(next), Some(folder), _) if links < 40 => end(&end(folder, links + 1).join(next), links + 1),
            (Err(_), Some(folder), Some(name)) => end(folder, links).join(name),
            (Err(_), Some(folder), None) if !folder.as_os_str().is_empty() => without_dots(path),
            _ => path.to_owned(),
        }
    }
    let top = canonical(root).ok()?;
    let end = path.starts_with(root).then(|| without_dots(&end(path, 0)))?;
    (!end.starts_with(&top)).then_some(end)
}

/// Refuses to write to a path that [`leads_out`] of a repository.
///
/// # Errors
/// When it does.
pub fn keep_to(root: &Path, path: &Path) -> Result<()> {
    match leads_out(root, path) {
        None => Ok(()),
        Some(end) => {
            let why = format!("a link leads to {}, out of {}", shown(&end), shown(root));
            wrap("write", path, Err(io::Error::other(why)))
        }
    }
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

    #[test]
    fn what_is_read_is_as_it_is() {
        let dir = Scratch::new().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "text").unwrap();
        assert_eq!((read(&path).unwrap(), read_text(&path).unwrap()), (b"text".to_vec(), "text".to_owned()));
        assert_eq!(read_capped(&path, 4).unwrap(), b"text");
        assert!(read_capped(&path, 3).is_err());
        assert_eq!(digest(&path).unwrap(), (4, Sha256::of(b"text")));
        fs::write(&path, b"\xff").unwrap();
        assert!(read_text(&path).is_err());
        assert!(read(dir.path()).is_err());
    }

    // Pipes are made by a call that not every Unix has.
    #[test]
    #[cfg(target_os = "linux")]
    fn what_may_have_no_end_is_not_read() {
        let dir = Scratch::new().unwrap();
        let (pipe, link) = (dir.path().join("pipe"), dir.path().join("link"));
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        std::os::unix::fs::symlink("pipe", &link).unwrap();
        let why = |result: Result<()>| std::error::Error::source(&result.unwrap_err()).unwrap().to_string();
        for path in [&*pipe, &link, Path::new("/dev/zero"), Path::new("/dev/null")] {
            for result in [
                read(path).map(drop),
                read_capped(path, 9).map(drop),
                read_text(path).map(drop),
                digest(path).map(drop),
            ] {
                assert_eq!(why(result), "it is not a regular file", "{}", path.display());
            }
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_link_to_nothing_is_told_where_a_folder_is_to_be() {
        let dir = Scratch::new().unwrap();
        let link = dir.path().join("bin");
        std::os::unix::fs::symlink("gone", &link).unwrap();
        for path in [link.clone(), link.join(".wick")] {
            let error = create_folder(&path).unwrap_err();
            let why = std::error::Error::source(&error).unwrap().to_string();
            assert_eq!(why, format!("{} is a link to gone, where nothing is", link.display()));
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_link_out_of_a_repository_is_seen_wherever_it_stands() {
        let dir = Scratch::new().unwrap();
        let top = canonical(dir.path()).unwrap();
        let at = |name: &str| top.join(name);
        for name in ["repo/in", "elsewhere", "repo-too"] {
            create_folder(&at(name)).unwrap();
        }
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, at(name)).unwrap();
        link("../elsewhere", "repo/out");
        link("../elsewhere/later", "repo/dangling");
        link("../elsewhere/deep/later", "repo/deep");
        link("dangling", "repo/chain");
        link("../repo-too", "repo/beside");
        link("in", "repo/inner");
        link("in/later", "repo/soon");
        link("../repo/in", "repo/around");
        link("circle", "repo/circle");
        link("repo", "named");
        for root in ["repo", "named"] {
            for (inner, end) in [
                ("in/x", None),
                ("new/deeper/x", None),
                ("inner/x", None),
                ("soon", None),
                ("around/x", None),
                ("circle", None),
                ("out", Some("elsewhere")),
                ("out/x", Some("elsewhere/x")),
                ("out/deeper/x", Some("elsewhere/deeper/x")),
                ("dangling", Some("elsewhere/later")),
                ("dangling/x", Some("elsewhere/later/x")),
                ("deep", Some("elsewhere/deep/later")),
                ("chain", Some("elsewhere/later")),
                ("beside/x", Some("repo-too/x")),
            ] {
                let path = at(root).join(inner);
                assert_eq!(leads_out(&at(root), &path), end.map(at), "{root} {inner}");
                assert_eq!(keep_to(&at(root), &path).is_ok(), end.is_none(), "{root} {inner}");
            }
        }
        assert_eq!(leads_out(&at("repo"), &at("elsewhere/x")), None);
    }
}
