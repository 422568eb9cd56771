//! Writing, by whose file it is. What wick makes is whole or not at all under its name, and a link in its place is
//! replaced as anything else would be. What belongs to somebody else is written to as they made it: through links, with
//! their mode and owner, and where a rename would make it another file, in place.

use std::fs;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Result, canonical, create_folder, wrap};

/// How long a pipe's reader may take.
const PATIENCE: Duration = Duration::from_secs(10);

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

/// Writes one of wick's own files into its output folder, as [`write_atomic`]; the folders on the way are made. One that
/// is a link and leads out of the output folder is refused: behind it are somebody else's files.
///
/// # Errors
/// When it can't be written, or would be written elsewhere.
pub fn write_output(output: &Path, path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let folder = path.parent().unwrap_or(output);
    stay_inside(output, folder)?;
    create_folder(folder)?;
    write_atomic(path, bytes, mode)
}

/// Refuses a folder to which a link leads that is below `output` and points out of it.
///
/// # Errors
/// When there is such a link.
pub fn stay_inside(output: &Path, folder: &Path) -> Result<()> {
    let Ok(inner) = folder.strip_prefix(output) else { return Ok(()) };
    let mut place = output.to_owned();
    for part in inner.components() {
        place.push(part);
        if !super::is_link(&place) {
            continue;
        }
        let inside =
            canonical(&place).is_ok_and(|end| canonical(output).is_ok_and(|top| end.starts_with(top)));
        if !inside {
            let why = io::Error::other("it is a link that leads out of the output folder");
            return wrap("write into", &place, Err(why));
        }
    }
    Ok(())
}

/// Moves one of wick's own files to its name in the output folder, as [`write_output`] would write it there.
///
/// # Errors
/// When it can't be moved, or would be moved elsewhere.
pub fn move_output(output: &Path, from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().unwrap_or(output);
    stay_inside(output, folder)?;
    create_folder(folder)?;
    wrap("write", to, fs::rename(from, to))
}

/// Gives a user's file new content, where their links lead; its mode and owner stay.
///
/// # Errors
/// When it can't be written. A file that can only be written in place may then be half-written.
pub fn write_users(path: &Path, bytes: &[u8]) -> Result<()> {
    wrap("write", path, end_of_links(path).and_then(|end| write_at(&end, bytes)))
}

fn write_at(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let meta = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(prepared(path, bytes, 0o644)?.persist(path).map(drop)?);
        }
        meta => meta?,
    };
    if meta.is_file() && is_alone(&meta) {
        let ready = prepared(path, bytes, 0o644).and_then(|file| like(&meta, file.as_file()).map(|()| file));
        // A bind mount's name can't be taken; in a folder of somebody else nothing can be made.
        if ready.is_ok_and(|file| file.persist(path).is_ok()) {
            return Ok(());
        }
    }
    let mut options = fs::OpenOptions::new();
    unwaiting(options.write(true).truncate(meta.is_file()));
    let mut file = options.open(path)?;
    put(&mut file, bytes)?;
    if meta.is_file() { file.sync_data() } else { Ok(()) }
}

/// Where a path's links end; nothing need stand there.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut end = path.to_owned();
    for _ in 0..40 {
        if !super::is_link(&end) {
            return Ok(end);
        }
        let next = fs::read_link(&end)?;
        end = end.parent().map_or_else(|| next.clone(), |folder| folder.join(&next));
    }
    Err(io::Error::other("its links lead in a circle"))
}

/// Whether the file has this one name.
fn is_alone(meta: &fs::Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(meta) == 1;
    #[cfg(not(unix))]
    {
        let _ = meta;
        true
    }
}

/// Gives a file another's mode and owner.
fn like(meta: &fs::Metadata, file: &fs::File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (meta.uid(), meta.gid()) {
            std::os::unix::fs::fchown(file, Some(meta.uid()), Some(meta.gid()))?;
        }
    }
    file.set_permissions(meta.permissions())
}

/// Adds to a file that somebody else has named and will read: whatever stands there is written to as it is, a link, a
/// device or a pipe as well. It is made where nothing is, and what is added begins a line.
///
/// # Errors
/// When it can't be written, or a pipe has no reader.
pub fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    unwaiting(options.append(true).create(true));
    let bytes = if ends_within_a_line(path) { [b"\n", bytes].concat() } else { bytes.to_owned() };
    wrap("write", path, options.open(path).and_then(|mut file| put(&mut file, &bytes)))
}

/// Whether a file has a last line without an end, to which what is added would be glued.
fn ends_within_a_line(path: &Path) -> bool {
    let last = || -> io::Result<u8> {
        let (mut file, _) = super::open_regular(path)?;
        file.seek(io::SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last[0])
    };
    // Where there is no last byte, or none that can be read, there is no such line.
    last().is_ok_and(|last| last != b'\n')
}

/// Opening a pipe that nobody reads would wait for ever.
fn unwaiting(options: &mut fs::OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        options,
        rustix::fs::OFlags::NONBLOCK.union(rustix::fs::OFlags::NOCTTY).bits().cast_signed(),
    );
    #[cfg(not(unix))]
    let _ = options;
}

fn put(file: &mut fs::File, mut bytes: &[u8]) -> io::Result<()> {
    let began = Instant::now();
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
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

/// Gives a program another name: a link to it, on Windows a second name of the same file or a copy.
///
/// # Errors
/// When it can't be made.
pub fn link_program(program: &Path, name: &Path) -> Result<()> {
    if fs::read_link(name).is_ok_and(|to| to == program) {
        return Ok(());
    }
    let inner = || -> io::Result<()> {
        let folder = name.parent().unwrap_or(Path::new("."));
        let aside = tempfile::Builder::new().prefix(".wick-").tempdir_in(folder)?;
        let new = aside.path().join("new");
        #[cfg(unix)]
        std::os::unix::fs::symlink(program, &new)?;
        #[cfg(not(unix))]
        if fs::hard_link(program, &new).is_err() {
            fs::copy(program, &new)?;
        }
        fs::rename(&new, name)
    };
    match inner() {
        // Who runs it now keeps it open there, and it does.
        Err(_) if cfg!(windows) && name.exists() => Ok(()),
        other => wrap("link a program as", name, other),
    }
}

/// Moves a file to another name of the same file system, in the place of whatever stands there.
///
/// # Errors
/// When it can't be moved.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    wrap("move a file to", to, fs::rename(from, to))
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
    #[cfg(target_os = "linux")]
    fn a_users_file_stays_theirs() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
        let dir = Scratch::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        let set = |name: &str, mode: u32| {
            fs::write(at(name), "old").unwrap();
            fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        set("plain", 0o600);
        set("behind", 0o640);
        set("twin", 0o604);
        fs::hard_link(at("twin"), at("other")).unwrap();
        symlink("behind", at("link")).unwrap();
        symlink(at("link"), at("far")).unwrap();
        symlink("later", at("dangling")).unwrap();
        symlink("circle", at("circle")).unwrap();
        for name in ["plain", "far", "twin", "dangling", "new"] {
            write_users(&at(name), b"new").unwrap();
        }
        for (name, mode) in [
            ("plain", 0o600),
            ("behind", 0o640),
            ("twin", 0o604),
            ("other", 0o604),
            ("later", 0o644),
            ("new", 0o644),
        ] {
            assert_eq!(fs::read(at(name)).unwrap(), b"new", "{name}");
            assert_eq!(super::super::mode(&at(name)), Some(mode), "{name}");
        }
        for name in ["link", "far", "dangling"] {
            assert!(super::super::is_link(&at(name)), "{name}");
        }
        assert!(write_users(&at("circle"), b"new").is_err());
        assert!(write_users(&at("no/such"), b"new").is_err());
        write_users(Path::new("/dev/null"), b"new").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        assert!(write_users(Path::new("/dev/full"), b"new").is_err());
        // Root can keep another's ownership; who can't, writes in place.
        if std::os::unix::fs::chown(at("plain"), Some(12345), Some(12345)).is_ok() {
            write_users(&at("plain"), b"again").unwrap();
            assert_eq!(fs::metadata(at("plain")).unwrap().uid(), 12345);
        }
        assert!(!list(dir.path()).unwrap().iter().any(|name| name.starts_with(".wick-")));
    }

    #[test]
    #[cfg(unix)]
    fn outputs_replace_links_and_stay_in_their_folder() {
        let dir = Scratch::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["out/inner", "out/.wick", "elsewhere"] {
            create_folder(&at(name)).unwrap();
        }
        fs::write(at("elsewhere/x"), "old").unwrap();
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, at(name)).unwrap();
        link("../elsewhere/x", "out/x.zip");
        link("../../elsewhere", "out/.wick/receipts");
        link("../inner", "out/.wick/build");
        link("out", "named");
        link("/no/such", "out/nowhere");
        let cases = [
            ("out", "x.zip", true),
            ("named", "x.zip", true),
            ("out", ".wick/build/b", true),
            ("named", ".wick/build/b", true),
            ("out", ".wick/made/too", true),
            ("out", ".wick/receipts/x", false),
            ("named", ".wick/receipts/x", false),
            ("out", ".wick/receipts/deeper/x", false),
            ("out", "nowhere/x", false),
        ];
        for (output, inner, fine) in cases {
            let path = at(output).join(inner);
            let result = write_output(&at(output), &path, b"new", 0o644);
            assert_eq!(result.is_ok(), fine, "{output} {inner}: {result:?}");
            assert!(!fine || !super::super::is_link(&path), "{output} {inner}");
        }
        assert_eq!(fs::read(at("elsewhere/x")).unwrap(), b"old");
        assert_eq!(list(&at("elsewhere")).unwrap(), ["x"]);
    }

    #[test]
    // Pipes are made by a call that not every Unix has, and so is /dev/full.
    #[cfg(target_os = "linux")]
    fn what_is_appended_to_stays_what_it_is() {
        use std::io::Read as _;
        let dir = Scratch::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("plain"), "one\n").unwrap();
        std::os::unix::fs::symlink("plain", at("link")).unwrap();
        std::os::unix::fs::symlink("later", at("dangling")).unwrap();
        for name in ["plain", "link", "dangling", "new"] {
            append(&at(name), b"two\n").unwrap();
        }
        let text = |name: &str| fs::read_to_string(at(name)).unwrap();
        assert_eq!(
            (text("plain"), text("later"), text("new")),
            ("one\ntwo\ntwo\n".into(), "two\n".into(), "two\n".into())
        );
        assert!(super::super::is_link(&at("link")) && super::super::is_link(&at("dangling")));
        for (before, after) in [("", "two\n"), ("one", "one\ntwo\n"), ("\n", "\ntwo\n")] {
            fs::write(at("glued"), before).unwrap();
            append(&at("glued"), b"two\n").unwrap();
            assert_eq!(text("glued"), after);
        }
        append(Path::new("/dev/null"), b"x").unwrap();
        assert!(append(Path::new("/dev/full"), b"x").is_err());
        assert!(append(&at("no/such"), b"x").is_err());
        let pipe = at("pipe");
        let made = rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0);
        made.unwrap();
        assert!(append(&pipe, b"x").is_err(), "nobody reads");
        assert!(write_users(&pipe, b"x").is_err(), "nobody reads");
        let reader = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        append(&pipe, b"through").unwrap();
        let mut got = [0; 7];
        (&reader).read_exact(&mut got).unwrap();
        assert_eq!(&got, b"through");
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
