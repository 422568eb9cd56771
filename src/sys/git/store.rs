//! What commits hold, and the bytes of it: `ls-tree` and `cat-file`, which know nothing of an index, of ignore rules, of
//! filters or of line ends.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::GitError;
use super::door::{failed, fed, git};
use super::repository::path_of;
use super::tree::Tree;
use crate::sys::files;

/// The files of a repository on this machine, whoever's working tree is in it.
#[derive(Clone, Debug)]
pub(super) struct Store {
    git_dir: PathBuf,
}

/// Most bytes of a listing: millions of files.
const MOST: usize = 1 << 30;

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
    pub(super) fn common(&self) -> PathBuf {
        // gitrepository-layout(5): "If this file exists, $GIT_COMMON_DIR will be set to the path specified in this file".
        match files::read_text(&self.git_dir.join("commondir")) {
            Ok(text) => self.git_dir.join(text.trim_end_matches(['\r', '\n'])),
            Err(_) => self.git_dir.clone(),
        }
    }

    /// The repository for git's command line, with a working tree that is there: a submodule's own may be gone, and git
    /// would go to it before it answers.
    fn named(&self) -> [String; 2] {
        let git_dir = self.git_dir.display();
        [format!("--git-dir={git_dir}"), format!("--work-tree={git_dir}")]
    }

    /// Whether a commit is there, whole enough to be listed.
    pub(super) fn has(&self, commit: &str) -> Result<bool, GitError> {
        if !files::is_folder(&self.git_dir) {
            return Ok(false);
        }
        let [named, place] = self.named();
        let spec = format!("{commit}^{{tree}}");
        Ok(git(&self.git_dir, &[&*named, &*place, "cat-file", "-e", &spec])?.success())
    }

    /// Everything in a commit.
    pub(super) fn list(&self, commit: &str) -> Result<Tree, GitError> {
        let [named, place] = self.named();
        let args = [&*named, &*place, "ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit];
        let answer = fed(&self.git_dir, &args, Vec::new(), MOST)?;
        if !answer.success() {
            return Err(failed(&args[2..], &answer));
        }
        Tree::parse(&answer.stdout).ok_or_else(|| odd("ls-tree"))
    }

    /// The bytes of blobs, given to `take` one by one.
    pub(super) fn blobs<E: From<GitError>>(
        &self,
        ids: &[String],
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
                let (bytes, after) = object(rest, id, *size).ok_or_else(|| odd("cat-file --batch"))?;
                take(from + at, bytes)?;
                rest = after;
            }
            from = to;
        }
        Ok(())
    }

    fn sizes(&self, ids: &[String]) -> Result<Vec<u64>, GitError> {
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
            words.next().and_then(|size| size.parse().ok()).ok_or_else(|| odd("cat-file --batch-check"))
        };
        let sizes: Vec<u64> = lines.lines().map(size).collect::<Result<_, _>>()?;
        if sizes.len() == ids.len() { Ok(sizes) } else { Err(odd("cat-file --batch-check")) }
    }

    fn batch(&self, how: &str, ids: &[String], bytes: usize) -> Result<Vec<u8>, GitError> {
        // Nothing is said of nothing.
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let [named, place] = self.named();
        let asked: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let args = [&*named, &*place, "cat-file", how];
        let most = bytes.saturating_add(ids.len() * 256);
        let answer = fed(&self.git_dir, &args, asked.into_bytes(), most)?;
        if answer.success() { Ok(answer.stdout) } else { Err(failed(&args[2..], &answer)) }
    }

    /// The names of the submodules that a commit declares, by path.
    pub(super) fn submodule_names(&self, commit: &str) -> Result<BTreeMap<PathBuf, String>, GitError> {
        let [named, place] = self.named();
        let blob = format!("--blob={commit}:.gitmodules");
        let args = [&*named, &*place, "config", &blob, "-z", "--get-regexp", r"^submodule\..*\.path$"];
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

/// `<id> blob <size>\n<bytes>\n` at the beginning of an answer, and what follows.
fn object<'a>(text: &'a [u8], id: &str, size: u64) -> Option<(&'a [u8], &'a [u8])> {
    let head = format!("{id} blob {size}\n");
    let rest = text.strip_prefix(head.as_bytes())?;
    let size = usize::try_from(size).ok()?;
    (rest.get(size) == Some(&b'\n')).then(|| (&rest[..size], &rest[size + 1..]))
}

fn odd(command: &str) -> GitError {
    GitError::Said { command: command.to_owned(), said: "its answer isn't what git documents".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_ends_where_it_says() {
        let text = b"ab blob 3\nx\ny\ncd blob 0\n\n";
        let (bytes, rest) = object(text, "ab", 3).unwrap();
        assert_eq!((bytes, rest), (&b"x\ny"[..], &b"cd blob 0\n\n"[..]));
        assert_eq!(object(rest, "cd", 0), Some((&b""[..], &b""[..])));
        assert_eq!(object(rest, "cd", 1), None);
    }
}
