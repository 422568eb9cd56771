//! Where a path lies in a commit: links and submodules are followed, each one proven on the way. What the file there
//! holds is not asked.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::model::object_id::{ObjectFormat, ObjectId};
use crate::model::source::Why;
use crate::sys::files;
use crate::sys::git::{self, Tree, TreeEntry, TreeMode};

/// More links in a row than any path has; the kernel's own limit.
const MOST_LINKS: usize = 40;

/// A repository: its folder, and the files that the commit has.
#[derive(Debug)]
pub(super) struct Repository {
    /// Without links.
    pub(super) top: PathBuf,
    pub(super) tree: Tree,
}

/// A path, free of links, and its name in the repository it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) repository: Arc<Repository>,
    pub(super) name: Vec<u8>,
    pub(super) real: PathBuf,
}

impl Spot {
    /// What the commit has there.
    pub(super) fn entry(&self) -> Option<TreeEntry> {
        self.repository.tree.get(&self.name)
    }

    /// Tells repositories apart.
    pub(super) fn repository_id(&self) -> usize {
        Arc::as_ptr(&self.repository) as usize
    }

    /// The name that something in the folder has, and what the commit has there.
    pub(super) fn look(&self, name: &OsStr) -> (Vec<u8>, Option<TreeEntry>) {
        let mut inner = Vec::with_capacity(self.name.len() + 1 + name.len());
        inner.extend_from_slice(&self.name);
        if !inner.is_empty() {
            inner.push(b'/');
        }
        inner.extend_from_slice(name.as_encoded_bytes());
        let entry = self.repository.tree.get(&inner);
        (inner, entry)
    }
}

/// Finds places, each folder once.
pub(super) struct Places {
    repository: Arc<Repository>,
    /// The project's folder as it is spelled, and without links.
    root: (PathBuf, PathBuf),
    folders: Mutex<HashMap<PathBuf, Result<Spot, Why>>>,
    submodules: Mutex<HashMap<PathBuf, Option<Arc<Repository>>>>,
}

impl Places {
    pub(super) fn new(top: &Path, root: &Path, tree: Tree) -> Places {
        let real = |path: &Path| files::canonical(path).unwrap_or_else(|_| path.to_owned());
        Places {
            repository: Arc::new(Repository { top: real(top), tree }),
            root: (root.to_owned(), real(root)),
            folders: Mutex::default(),
            submodules: Mutex::default(),
        }
    }

    /// The place of a file. `link` says whether a link stands there, where that is known.
    pub(super) fn file(&self, path: &Path, link: Option<bool>) -> Result<Spot, Why> {
        let path = self.respelled(path)?;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(Why::Outside) };
        self.step(&self.spelled(folder)?, name, link, 0)
    }

    /// The place of a folder.
    pub(super) fn folder(&self, path: &Path) -> Result<Spot, Why> {
        self.spelled(&self.respelled(path)?)
    }

    /// `..` leads up from where a link has led to, not from where it stands (`src/../docs`, as compilers spell it).
    fn spelled(&self, folder: &Path) -> Result<Spot, Why> {
        let top = &self.repository.top;
        if folder.components().any(|part| part == Component::ParentDir) {
            let inner = folder.strip_prefix(top).map_err(|_| Why::Outside)?;
            return self.walk(&self.known(top, 0)?, inner, 0);
        }
        self.known(folder, 0)
    }

    /// Spelled from the repository's own folder. The way there may lead over links (`/tmp` on macOS); the way inside
    /// stays as it is, so that the links on it are proven.
    fn respelled(&self, path: &Path) -> Result<PathBuf, Why> {
        let path = match path.strip_prefix(&self.root.0) {
            Ok(inner) => self.root.1.join(inner),
            Err(_) => path.to_owned(),
        };
        if path.starts_with(&self.repository.top) {
            return Ok(path);
        }
        // What doesn't exist lies where its folder does.
        let real = path.ancestors().find_map(|above| {
            let rest = path.strip_prefix(above).ok()?;
            files::canonical(above).ok().map(|real| real.join(rest))
        });
        real.filter(|path| path.starts_with(&self.repository.top)).ok_or(Why::Outside)
    }

    fn known(&self, folder: &Path, links: usize) -> Result<Spot, Why> {
        if folder == self.repository.top {
            let top = folder.to_owned();
            return Ok(Spot { repository: self.repository.clone(), name: Vec::new(), real: top });
        }
        if !folder.starts_with(&self.repository.top) {
            return Err(Why::Outside);
        }
        if let Some(known) = self.folders.lock().ok().and_then(|all| all.get(folder).cloned()) {
            return known;
        }
        let spot = match (folder.parent(), folder.file_name()) {
            (Some(above), Some(name)) => {
                self.known(above, links).and_then(|above| self.step(&above, name, None, links))
            }
            _ => Err(Why::Outside),
        };
        if let Ok(mut all) = self.folders.lock() {
            all.insert(folder.to_owned(), spot.clone());
        }
        spot
    }

    /// One name further: through a link that is as the commit has it, into a submodule.
    pub(super) fn step(
        &self,
        from: &Spot,
        name: &OsStr,
        link: Option<bool>,
        links: usize,
    ) -> Result<Spot, Why> {
        let (inner, entry) = from.look(name);
        let real = from.real.join(name);
        let spot = Spot { repository: from.repository.clone(), name: inner, real };
        let is_link = link.unwrap_or_else(|| files::is_link(&spot.real));
        match entry.map(|entry| (entry.mode, entry.id)) {
            Some((TreeMode::Link, id)) if is_link => {
                let target = link_of(&spot.real, id)?;
                if links >= MOST_LINKS {
                    return Err(Why::Kind);
                }
                self.walk(from, &target, links + 1)
            }
            // A checkout with core.symlinks=false has a file with the link's text instead.
            Some((TreeMode::Link, _)) if files::kind(&spot.real) != files::Kind::Missing => Err(Why::Kind),
            Some(_) if is_link => Err(Why::Kind),
            None if is_link => Err(Why::NotInCommit),
            Some((TreeMode::Submodule, id)) => {
                let repository = self.submodule(&spot.real, id).ok_or(Why::Submodule)?;
                Ok(Spot { repository, name: Vec::new(), real: spot.real })
            }
            _ => Ok(spot),
        }
    }

    /// Where a link in the folder `from` leads.
    fn walk(&self, from: &Spot, target: &Path, links: usize) -> Result<Spot, Why> {
        let mut spot = from.clone();
        for part in target.components() {
            spot = match part {
                Component::Normal(name) => self.step(&spot, name, None, links)?,
                Component::ParentDir => self.known(spot.real.parent().ok_or(Why::Outside)?, links)?,
                Component::CurDir => spot,
                // An absolute link leads elsewhere in every other checkout.
                Component::RootDir | Component::Prefix(_) => return Err(Why::Outside),
            };
        }
        Ok(spot)
    }

    /// The repository of a submodule, with the files of the commit that the superproject names: what is checked out
    /// there doesn't matter, only whether the bytes are that commit's.
    pub(super) fn submodule(&self, top: &Path, commit: ObjectId) -> Option<Arc<Repository>> {
        if let Some(known) = self.submodules.lock().ok()?.get(top) {
            return known.clone();
        }
        // An empty folder would be answered for by the repository around it.
        let own = git::top(top).ok().flatten().is_some_and(|found| found == *top);
        let tree = if own { Tree::read(top, &commit.to_string()).ok() } else { None };
        let repository = tree.map(|tree| Arc::new(Repository { top: top.to_owned(), tree }));
        self.submodules.lock().ok()?.insert(top.to_owned(), repository.clone());
        repository
    }

    /// The project's folder without links.
    pub(super) fn root(&self) -> &Path {
        &self.root.1
    }
}

/// Where the link at `path` leads, when the commit has the same.
pub(super) fn link_of(path: &Path, id: ObjectId) -> Result<PathBuf, Why> {
    let target = files::link_target(path).ok_or(Why::Kind)?;
    let text = target.as_os_str().as_encoded_bytes();
    let format: ObjectFormat = id.format();
    // Windows spells it its own way.
    let slashed = || target.to_str().map(|text| text.replace('\\', "/"));
    let same = format.blob(text) == id
        || (cfg!(windows) && slashed().is_some_and(|text| format.blob(text.as_bytes()) == id));
    if same { Ok(target) } else { Err(Why::Differs) }
}
