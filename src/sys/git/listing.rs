//! What commits hold, and the bytes of it: `ls-tree` and `cat-file`, which know nothing of an index, of ignore rules, of
//! filters or of line ends.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::GitError;
use super::door::{failed, fed, git, said};
use super::repository::path_of;

/// The files of a repository on this machine, whoever's working tree is in it.
#[derive(Clone, Debug)]
pub(super) struct Store {
    git_dir: PathBuf,
}

/// What stands at one path of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mode: Mode,
    /// The hash of the blob, or of the submodule's commit.
    pub(super) id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    File,
    Program,
    Link,
    Submodule,
}

/// A commit's files by path, relative to the repository.
pub(super) type Listing = BTreeMap<PathBuf, Entry>;

/// Most bytes of blobs that are asked for at once, beside the largest alone.
const AT_ONCE: u64 = 32 << 20;

impl Store {
    /// The repository that `folder` is in.
    pub(super) fn of(folder: &Path) -> Result<Store, GitError> {
        let text = git(folder, &["rev-parse", "--absolute-git-dir"])?;
        if !text.success() {
            return Err(failed(&["rev-parse", "--absolute-git-dir"], &text));
        }
        let line = text.stdout.strip_suffix(b"\n").unwrap_or(&text.stdout);
        Ok(Store { git_dir: path_of(line.strip_suffix(b"\r").unwrap_or(line)) })
    }

    /// The repository in a folder of git's own, such as `.git/modules/lib`.
    pub(super) fn at(git_dir: PathBuf) -> Store {
        Store { git_dir }
    }

    /// Where it keeps what all its working trees share.
    pub(super) fn common(&self) -> Result<PathBuf, GitError> {
        let text = self.said(&["rev-parse", "--git-common-dir"])?;
        Ok(self.git_dir.join(text.trim_end_matches(['\r', '\n'])))
    }

    fn said(&self, args: &[&str]) -> Result<String, GitError> {
        let named = format!("--git-dir={}", self.git_dir.display());
        said(&self.git_dir, &[&[&*named], args].concat())
    }

    /// Whether a commit is there, whole enough to be listed.
    pub(super) fn has(&self, commit: &str) -> Result<bool, GitError> {
        let named = format!("--git-dir={}", self.git_dir.display());
        let spec = format!("{commit}^{{tree}}");
        Ok(git(&self.git_dir, &[&*named, "cat-file", "-e", &spec])?.success())
    }

    /// Everything in a commit.
    pub(super) fn list(&self, commit: &str) -> Result<Listing, GitError> {
        let named = format!("--git-dir={}", self.git_dir.display());
        let args = [&*named, "ls-tree", "-r", "-z", "--full-tree", commit];
        let answer = git(&self.git_dir, &args)?;
        if !answer.success() {
            return Err(failed(&args[1..], &answer));
        }
        Ok(answer.stdout.split(|byte| *byte == 0).filter_map(entry).collect())
    }

    /// The bytes of blobs, given to `take` one by one.
    pub(super) fn blobs<E: From<GitError>>(
        &self,
        ids: &[&str],
        mut take: impl FnMut(usize, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let sizes = self.sizes(ids)?;
        let mut from = 0;
        while from < ids.len() {
            let (mut to, mut sum) = (from + 1, sizes[from]);
            while to < ids.len() && sum + sizes[to] <= AT_ONCE {
                sum += sizes[to];
                to += 1;
            }
            let part = &ids[from..to];
            let text = self.batch("--batch", part, usize::try_from(sum).unwrap_or(usize::MAX))?;
            let mut rest = &text[..];
            for (at, (id, size)) in part.iter().zip(&sizes[from..to]).enumerate() {
                let (bytes, after) = object(rest, id, *size).ok_or_else(|| odd("--batch"))?;
                take(from + at, bytes)?;
                rest = after;
            }
            from = to;
        }
        Ok(())
    }

    fn sizes(&self, ids: &[&str]) -> Result<Vec<u64>, GitError> {
        let text = self.batch("--batch-check", ids, 0)?;
        let lines = String::from_utf8_lossy(&text);
        let size = |line: &str| {
            // `<id> blob <size>`; one that isn't there is `<id> missing`.
            let mut words = line.split(' ').skip(1);
            if words.next() != Some("blob") {
                return Err(GitError::Said {
                    command: "cat-file --batch-check".to_owned(),
                    said: line.to_owned(),
                });
            }
            words.next().and_then(|size| size.parse().ok()).ok_or_else(|| odd("--batch-check"))
        };
        let sizes: Vec<u64> = lines.lines().map(size).collect::<Result<_, _>>()?;
        if sizes.len() == ids.len() { Ok(sizes) } else { Err(odd("--batch-check")) }
    }

    fn batch(&self, how: &str, ids: &[&str], bytes: usize) -> Result<Vec<u8>, GitError> {
        let named = format!("--git-dir={}", self.git_dir.display());
        let asked: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let args = [&*named, "cat-file", how];
        let most = bytes.saturating_add(ids.len() * 256);
        let answer = fed(&self.git_dir, &args, asked.into_bytes(), most)?;
        if answer.success() { Ok(answer.stdout) } else { Err(failed(&args[1..], &answer)) }
    }

    /// The names of the submodules that a commit declares, by path.
    pub(super) fn submodule_names(&self, commit: &str) -> Result<BTreeMap<PathBuf, String>, GitError> {
        let named = format!("--git-dir={}", self.git_dir.display());
        let blob = format!("--blob={commit}:.gitmodules");
        let args = [&*named, "config", &blob, "-z", "--get-regexp", r"^submodule\..*\.path$"];
        let answer = git(&self.git_dir, &args)?;
        // Without that file, or without a path in it, there is no name.
        let text = if answer.success() { answer.stdout_text() } else { String::new() };
        let one = |record: &str| {
            let (key, path) = record.split_once('\n')?;
            Some((PathBuf::from(path), key.strip_prefix("submodule.")?.strip_suffix(".path")?.to_owned()))
        };
        Ok(text.split('\0').filter_map(one).collect())
    }
}

/// `<mode> <type> <id>\t<path>`. A path that leads out of the tree is none: git writes no such tree.
fn entry(record: &[u8]) -> Option<(PathBuf, Entry)> {
    let at = record.iter().position(|byte| *byte == b'\t')?;
    let head = std::str::from_utf8(&record[..at]).ok()?;
    let mut words = head.split(' ');
    let mode = match words.next()? {
        "120000" => Mode::Link,
        "160000" => Mode::Submodule,
        "100755" => Mode::Program,
        _ => Mode::File,
    };
    let id = words.nth(1)?.to_owned();
    let path = path_of(&record[at + 1..]);
    let is_inner = |part: Component<'_>| match part {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        _ => false,
    };
    path.components().all(is_inner).then_some((path, Entry { mode, id }))
}

/// `<id> blob <size>\n<bytes>\n` at the beginning of an answer, and what follows.
fn object<'a>(text: &'a [u8], id: &str, size: u64) -> Option<(&'a [u8], &'a [u8])> {
    let head = format!("{id} blob {size}\n");
    let rest = text.strip_prefix(head.as_bytes())?;
    let size = usize::try_from(size).ok()?;
    (rest.get(size) == Some(&b'\n')).then(|| (&rest[..size], &rest[size + 1..]))
}

fn odd(how: &str) -> GitError {
    GitError::Said {
        command: format!("cat-file {how}"),
        said: "its answer isn't what git documents".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stay_inside_the_tree() {
        let of = |text: &str| entry(text.as_bytes());
        let (path, found) = of("100755 blob 0123\ta b/c\td").unwrap();
        assert_eq!((path.to_str().unwrap(), found.mode, &*found.id), ("a b/c\td", Mode::Program, "0123"));
        assert_eq!(of("160000 commit 0123\tlib").unwrap().1.mode, Mode::Submodule);
        for path in ["../x", "a/../../x", "/etc/x", ".git/config", "a/.GIT/hooks/x"] {
            assert_eq!(of(&format!("100644 blob 0123\t{path}")), None, "{path}");
        }
    }

    #[test]
    fn an_object_ends_where_it_says() {
        let text = b"ab blob 3\nx\ny\ncd blob 0\n\n";
        let (bytes, rest) = object(text, "ab", 3).unwrap();
        assert_eq!((bytes, rest), (&b"x\ny"[..], &b"cd blob 0\n\n"[..]));
        assert_eq!(object(rest, "cd", 0), Some((&b""[..], &b""[..])));
        assert_eq!(object(rest, "cd", 1), None);
    }
}
