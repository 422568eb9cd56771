//! Writes a commit's files into a folder as the blobs' own bytes: no line ends, filters, keywords, encodings, sparse patterns
//! or hooks of this clone or this user take part, so that the same commit is the same folder everywhere. Submodules are
//! brought along from what this clone has of them, files of Git LFS from its store; what isn't there is said.

use std::path::{Component, Path, PathBuf};

use super::GitError;
use super::changed::submodule;
use super::door::{failed, fed, said};
use super::repository::path_of;
use super::store::Store;
use super::tree::TreeMode;
use crate::model::digest::Sha256;
use crate::model::lfs;
use crate::sys::files::{self, Scratch};

/// Something of a commit that this clone doesn't have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// A submodule's commit.
    Submodule {
        /// Where, from the repository's folder.
        path: PathBuf,
        /// Which.
        commit: String,
    },
    /// The content of a file that Git LFS keeps.
    Lfs {
        /// Where, from the repository's folder.
        path: PathBuf,
    },
}

/// What is written where.
pub(super) struct Filling<'a> {
    /// The repository.
    pub(super) store: &'a Store,
    /// Its folder on this machine, where its submodules may be.
    pub(super) top: &'a Path,
    pub(super) commit: &'a str,
    /// The empty folder that is filled.
    pub(super) place: &'a Path,
}

impl Filling<'_> {
    /// Writes everything; gives what isn't there. Links come last, so that no file is written through one.
    pub(super) fn fill(&self) -> Result<Vec<Lack>, GitError> {
        let (mut lacks, mut links) = (Vec::new(), Vec::new());
        self.write(Path::new(""), &mut lacks, &mut links)?;
        for (path, target) in links {
            if let Some(folder) = path.parent() {
                files::create_folder(folder)?;
            }
            files::make_link(&target, &path)?;
        }
        lacks.sort();
        Ok(lacks)
    }

    fn write(
        &self,
        inner: &Path,
        lacks: &mut Vec<Lack>,
        links: &mut Vec<(PathBuf, PathBuf)>,
    ) -> Result<(), GitError> {
        let tree = self.store.list(self.commit)?;
        let (mut all, mut submodules) = (Vec::new(), Vec::<(PathBuf, String)>::new());
        for (name, entry) in tree.below(b"") {
            let path = checked(name)?;
            match entry.mode {
                TreeMode::Submodule => submodules.push((path, entry.id.to_string())),
                _ => all.push((path, entry)),
            }
        }
        let ids: Vec<String> = all.iter().map(|(_, entry)| entry.id.to_string()).collect();
        let mut pointers: Vec<(PathBuf, String)> = Vec::new();
        self.store.blobs(&ids, |at, bytes| {
            let (path, entry) = &all[at];
            let place = self.place.join(path);
            if entry.mode == TreeMode::Link {
                links.push((place, path_of(bytes)));
                return Ok(());
            }
            if lfs::is_pointer(bytes) {
                pointers.push((path.clone(), String::from_utf8_lossy(bytes).into_owned()));
            }
            if let Some(folder) = place.parent() {
                files::create_folder(folder)?;
            }
            files::write_scratch(&place, bytes, entry.mode == TreeMode::Program)?;
            Ok::<_, GitError>(())
        })?;
        self.unpoint(&pointers, inner, lacks)?;
        let names = if submodules.is_empty() {
            Default::default()
        } else {
            self.store.submodule_names(self.commit)?
        };
        for (path, commit) in submodules {
            let (top, place) = (self.top.join(&path), self.place.join(&path));
            files::create_folder(&place)?;
            let of_git = |name: &String| Store::at(self.store.common().join("modules").join(name));
            let mut known = vec![submodule(&top)?];
            known.push(names.get(&path).map(of_git));
            let mut with_it = None;
            for store in known.into_iter().flatten() {
                if with_it.is_none() && store.has(&commit)? {
                    with_it = Some(store);
                }
            }
            let path = inner.join(path);
            match with_it {
                Some(store) => {
                    Filling { store: &store, top: &top, commit: &commit, place: &place }
                        .write(&path, lacks, links)?;
                }
                None => lacks.push(Lack::Submodule { path, commit }),
            }
        }
        Ok(())
    }

    /// Puts the content in the place of pointers that a checkout of git's would replace by it.
    fn unpoint(
        &self,
        pointers: &[(PathBuf, String)],
        inner: &Path,
        lacks: &mut Vec<Lack>,
    ) -> Result<(), GitError> {
        if pointers.is_empty() {
            return Ok(());
        }
        let names: Vec<String> =
            pointers.iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect();
        // By a repository that has nothing, so that only what was written here counts: neither this clone's
        // `.git/info/attributes`, nor what the repository around a submodule says of it.
        let nothing = Scratch::new()?;
        said(nothing.path(), &["init", "--quiet", "--template="])?;
        let git_dir = format!("--git-dir={}", nothing.path().join(".git").display());
        let place = format!("--work-tree={}", self.place.display());
        let args = [&*git_dir, &*place, "check-attr", "-z", "--stdin", "filter"];
        let answer = fed(self.place, &args, names.join("\0").into_bytes(), 64 << 20)?;
        if !answer.success() {
            return Err(failed(&args[2..], &answer));
        }
        // `<path> NUL <attribute> NUL <value> NUL`.
        let text = answer.stdout_text();
        let values: Vec<&str> = text.split('\0').collect();
        let store = self.store.common().join("lfs/objects");
        for ((path, pointer), fields) in pointers.iter().zip(values.chunks(3)) {
            if fields.get(2) != Some(&"lfs") {
                continue;
            }
            let oid = pointer.lines().find_map(|line| line.strip_prefix("oid sha256:")).unwrap_or_default();
            let content = oid.parse::<Sha256>().ok().and_then(|digest| {
                let object = store.join(oid.get(..2)?).join(oid.get(2..4)?).join(oid);
                files::read(&object).ok().filter(|bytes| Sha256::of(bytes) == digest)
            });
            match content {
                Some(bytes) => {
                    let place = self.place.join(path);
                    let is_program = files::mode(&place).is_some_and(|mode| mode & 0o100 != 0);
                    files::write_scratch(&place, &bytes, is_program)?;
                }
                None => lacks.push(Lack::Lfs { path: inner.join(path) }),
            }
        }
        Ok(())
    }
}

/// A path of a tree, which must not lead out of it nor into what git keeps. git writes no such tree, others can.
fn checked(name: &[u8]) -> Result<PathBuf, GitError> {
    let path = path_of(name);
    let is_inner = |part: Component<'_>| match part {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        _ => false,
    };
    if !name.is_empty() && path.components().all(is_inner) {
        return Ok(path);
    }
    let said = format!("the commit has a file named {}, which is no place in a folder", path.display());
    Err(GitError::Said { command: "ls-tree".to_owned(), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trees_files_stay_inside() {
        for name in ["a b/c\td", "a/.github/x", ".gitignore"] {
            assert_eq!(checked(name.as_bytes()).unwrap(), Path::new(name));
        }
        for name in ["../x", "a/../../x", "/etc/x", ".git/config", "a/.GIT/hooks/x", ""] {
            assert!(checked(name.as_bytes()).is_err(), "{name}");
        }
    }
}
