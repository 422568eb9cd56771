//! Whether what a plugin is made from is the commit's. A source is the commit's when its bytes hash to the blob that
//! the commit's tree has there, and nothing else counts: not the index, not ignore rules, not the user's
//! configuration, not what a filter would make of it. Every input of the receipt is held against one listing of the tree.
//!
//! What counts without being in the tree: what go.sum or Cargo.lock pins, the toolchain's own files, a file of Git LFS
//! whose digest and size are its pointer's, and what a declared generator wrote.

mod place;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::model::lfs;
use crate::model::object_id::ObjectFormat;
use crate::model::project::{Language, Plugin};
use crate::model::receipt::{Input, InputState};
use crate::model::source::{SourceState, Uncommitted, Why};
use crate::model::tools::{CargoKey, Tools};
use crate::phase::generate::Files;
use crate::sys::cargo_config;
use crate::sys::files::{self, Kind};
use crate::sys::fingerprint::{Content, Depth, Fingerprints, Found};
use crate::sys::git::{self, Checkout, Tree, TreeEntry, TreeMode};
use crate::toolchain::{self, go::embeds::Embeds};
use place::{Places, Spot, link_of};

/// The commit that is checked out, and what of a run's sources is its.
pub struct Committed<'a> {
    head: Checkout,
    root: &'a Path,
    fingerprints: &'a Fingerprints,
    /// Folders of what lock files pin, and of the toolchains themselves.
    pinned: Vec<PathBuf>,
    tools: &'a Tools,
    /// What generators wrote, by the place of their plugin.
    generated: BTreeMap<String, Files>,
    places: OnceLock<Option<Places>>,
    /// Files that were looked at already, most of them in their folder.
    files: Mutex<HashMap<PathBuf, Option<Why>>>,
    /// Folders that several packages are made from are looked at once.
    folders: Mutex<HashMap<Folder, Arc<Vec<Loose>>>>,
}

/// A file that isn't the commit's, whoever wrote it, and what to say of it.
type Loose = (PathBuf, Uncommitted);

/// A folder of sources, and how a compiler reads it.
type Folder = (PathBuf, Depth, Language);

/// What is asked of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is compiled in, or decides what is.
    Read,
    /// It is packed as it is, with its mode.
    Packed,
}

impl<'a> Committed<'a> {
    /// Judges by the commit that `head` is at. Nothing is read before there is something to prove.
    #[must_use]
    pub fn new(
        head: Checkout,
        root: &'a Path,
        tools: &'a Tools,
        fingerprints: &'a Fingerprints,
    ) -> Committed<'a> {
        if let Some(format) = ObjectFormat::of(&head.commit) {
            fingerprints.name_blobs(format);
        }
        let mut pinned = Vec::new();
        if let Some(go) = &tools.go {
            pinned.extend([go.module_cache.clone(), go.root.clone()]);
        }
        if let Some(cargo) = &tools.cargo {
            let home = &cargo.home;
            // The sysroot of a distribution's rustc is `/usr`, where not all is the toolchain's.
            pinned.extend([home.join("registry"), home.join("git"), cargo.sysroot.join("lib/rustlib")]);
        }
        pinned.retain(|folder| folder.is_absolute() && folder.parent().is_some());
        Committed {
            head,
            root,
            fingerprints,
            pinned,
            tools,
            generated: BTreeMap::new(),
            places: OnceLock::new(),
            files: Mutex::default(),
            folders: Mutex::default(),
        }
    }

    /// Lets files count that a declared generator wrote, for the plugin that declares it (nobody asks of another what its
    /// generators read): each as long as it has the bytes that were written, and no commit has other ones.
    #[must_use]
    pub fn with_generated(mut self, generated: BTreeMap<String, Files>) -> Committed<'a> {
        self.generated = generated;
        self
    }

    /// Where a plugin's sources are from, by what its builds read.
    #[must_use]
    pub fn state(&self, plugin: &Plugin, inputs: &[&Input]) -> SourceState {
        let commit = self.head.commit.clone();
        let unlisted = |path: &str| Uncommitted { path: path.to_owned(), why: Why::Unlisted };
        let Some(places) = self.places() else { return SourceState::of(commit, vec![unlisted(".")]) };
        // A build that couldn't be traced keeps none; to say nothing of it would be to vouch for it.
        let mut all =
            if inputs.is_empty() { vec![(plugin.dir.clone(), unlisted(&plugin.place))] } else { Vec::new() };
        all.extend(self.file(places, &self.root.join(crate::project::CONFIG_NAME), Use::Read));
        // Folders first: files that lie in one of them are looked at there.
        let is_folder = |input: &&&Input| matches!(input.state, InputState::Package(_) | InputState::Tree(_));
        let files = inputs.iter().filter(|input| !is_folder(input));
        for input in inputs.iter().filter(is_folder).chain(files) {
            let path = if input.path.is_empty() { self.root.to_owned() } else { self.root.join(&input.path) };
            let depth = match input.state {
                InputState::File(_) | InputState::Absent => {
                    all.extend(self.file(places, &path, Use::Read));
                    continue;
                }
                InputState::Package(_) => Depth::Package,
                InputState::Tree(_) => Depth::Tree,
            };
            all.extend(self.folder(places, &path, depth, plugin.language()).iter().cloned());
        }
        for name in &plugin.files {
            all.extend(self.file(places, &plugin.dir.join(name), Use::Packed));
        }
        all.retain(|(path, one)| !self.is_generated(plugin, path, one.why));
        SourceState::of(commit, all.into_iter().map(|(_, one)| one).collect())
    }

    /// Whether the plugin's own generators wrote it. What the commit has is judged by the commit alone.
    fn is_generated(&self, plugin: &Plugin, path: &Path, why: Why) -> bool {
        let wrote = self.generated.get(&plugin.place).and_then(|files| files.get(path));
        matches!(why, Why::NotInCommit | Why::Outside)
            && wrote.is_some_and(|digest| {
                self.fingerprints.source(path).is_some_and(|content| content.sha256 == *digest)
            })
    }

    fn places(&self) -> Option<&Places> {
        let read = || {
            Some(Places::new(&self.head.top, self.root, Tree::read(&self.head.top, &self.head.commit).ok()?))
        };
        self.places.get_or_init(read).as_ref()
    }

    fn file(&self, places: &Places, path: &Path, used: Use) -> Option<Loose> {
        let known = self.files.lock().ok().and_then(|all| all.get(path).copied());
        let why = match known.filter(|_| used == Use::Read) {
            Some(why) => why,
            None => {
                let why = self.why(path, places.file(path, None), used);
                if let (Use::Read, Ok(mut all)) = (used, self.files.lock()) {
                    all.insert(path.to_owned(), why);
                }
                why
            }
        }?;
        Some((path.to_owned(), Uncommitted { path: self.shown(places, path), why }))
    }

    /// Why a file isn't the commit's, or nothing when it is.
    fn why(&self, path: &Path, spot: Result<Spot, Why>, used: Use) -> Option<Why> {
        let Some(content) = self.fingerprints.source(path) else {
            return match spot {
                Ok(spot) => spot.entry().map(|_| Why::Missing),
                // What isn't there, and nowhere in the repository either.
                Err(Why::Outside | Why::NotInCommit) => None,
                Err(why) => Some(why),
            };
        };
        let why = match spot.map(|spot| spot.entry().ok_or(Why::NotInCommit)) {
            Ok(Ok(entry)) => return differs(path, &content, entry, used),
            Ok(Err(why)) | Err(why) => why,
        };
        let excused = match why {
            Why::Outside => {
                self.is_pinned(path) || self.is_harmless(path) || picks_toolchain(path) || names_commit(path)
            }
            Why::NotInCommit => self.is_pinned(path) || self.is_harmless(path) || names_commit(path),
            _ => false,
        };
        (!excused).then_some(why)
    }

    /// The same for a plain file in the place of a plain file.
    fn differs(&self, path: &Path, entry: TreeEntry) -> Option<Why> {
        differs(path, &self.fingerprints.source(path)?, entry, Use::Read)
    }

    fn is_pinned(&self, path: &Path) -> bool {
        self.pinned.iter().any(|folder| path.starts_with(folder))
    }

    /// Whether it is a configuration of cargo that says nothing of what is built: the mirrors and proxies of this
    /// machine, which ordinary people have in their home, and which what Cargo.lock pins doesn't depend on.
    fn is_harmless(&self, path: &Path) -> bool {
        let named = path.file_name().is_some_and(|name| name == "config.toml" || name == "config");
        let Some(folder) = path.parent().filter(|_| named) else { return false };
        let is_home = self.tools.cargo.as_ref().is_some_and(|cargo| cargo.home == folder);
        let of_cargo = folder.file_name().is_some_and(|name| name == ".cargo") || is_home;
        let built = &self.tools.cargo_settings;
        let reaches = |keys: Vec<CargoKey>| toolchain::cargo::reaches_binaries(&keys, built);
        of_cargo && cargo_config::keys(path).is_some_and(|keys| !reaches(keys))
    }

    fn folder(&self, places: &Places, path: &Path, depth: Depth, language: Language) -> Arc<Vec<Loose>> {
        let id = (path.to_owned(), depth, language);
        let known = self.folders.lock().ok().and_then(|all| all.get(&id).cloned());
        known.unwrap_or_else(|| {
            let judged = Arc::new(self.judge_folder(places, path, depth, language));
            if let Ok(mut all) = self.folders.lock() {
                all.insert(id, judged.clone());
            }
            judged
        })
    }

    fn judge_folder(&self, places: &Places, path: &Path, depth: Depth, language: Language) -> Vec<Loose> {
        let one = |path: &Path, why| (path.to_owned(), Uncommitted { path: self.shown(places, path), why });
        let Some(found) = self.fingerprints.found(path, depth) else { return vec![one(path, Why::Unlisted)] };
        // A file that the commit doesn't have counts where the compiler would take it by its name. Others that were
        // read are inputs of their own.
        let may_read = |inside: &Path| toolchain::of(language).takes(inside);
        let inside = |file: &Path| file.strip_prefix(path).map(Path::to_owned).unwrap_or_default();
        let top = match places.folder(path) {
            Ok(top) => top,
            Err(_) if self.is_pinned(path) => return Vec::new(),
            Err(why) => {
                let files = found.iter().filter(|one| may_read(&inside(&one.path)));
                let named: Vec<Loose> = files.map(|file| one(&file.path, why)).collect();
                return if named.is_empty() { vec![one(path, why)] } else { named };
            }
        };
        let (mut wrong, mut looked, mut seen) = (Vec::new(), Vec::new(), Seen::new());
        let mut last: Option<(&Path, Result<Spot, Why>)> = None;
        for file in found.iter() {
            let (Some(parent), Some(name)) = (file.path.parent(), file.path.file_name()) else { continue };
            // Files of one folder come together.
            if last.as_ref().is_none_or(|(known, _)| *known != parent) {
                last = Some((parent, places.folder(parent)));
            }
            let why = match &last {
                Some((_, Ok(parent))) => {
                    let (here, entry) = parent.look(name);
                    let why = match (file.kind, entry) {
                        // What nearly every file is: no link here, none there.
                        (Kind::File, Some(entry)) if !file.link && entry.is_file() => {
                            self.differs(&file.path, entry)
                        }
                        (Kind::File, _) => {
                            self.why(&file.path, places.step(parent, name, Some(file.link), 0), Use::Read)
                        }
                        _ => of_link(file, entry),
                    };
                    seen.entry(parent.repository_id()).or_default().insert(here);
                    why
                }
                Some((_, Err(why))) => Some(*why),
                None => None,
            };
            if file.kind == Kind::File {
                looked.push((file.path.clone(), why));
            }
            match why {
                Some(Why::NotInCommit | Why::Outside) if !may_read(&inside(&file.path)) => {}
                // One that is embedded is an input of its own.
                Some(Why::Differs | Why::LineEnds) if language == Language::Go && is_go_test(&file.path) => {}
                Some(why) => wrong.push(one(&file.path, why)),
                None => {}
            }
        }
        if let Ok(mut files) = self.files.lock() {
            files.extend(looked);
        }
        let mut gone = |inside: &Path, why| wrong.push(one(&path.join(inside), why));
        // It may have been embedded: by what Go's own files say, where they say it.
        let embeds = if language == Language::Go { embeds(path) } else { None };
        let first = |inside: &Path| {
            inside.iter().next().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let may_embed = |inside: &Path| embeds.as_ref().is_none_or(|embeds| embeds.may_take(&first(inside)));
        let counts = |inside: &Path| may_read(inside) || depth == Depth::Tree && may_embed(inside);
        missing(places, &top, Path::new(""), depth, &seen, &counts, &mut gone);
        wrong
    }

    /// A path for people and for statements that everybody may read: from the project's folder.
    fn shown(&self, places: &Places, path: &Path) -> String {
        let path = files::without_dots(path);
        let inner = [self.root, places.root()].into_iter().find_map(|root| path.strip_prefix(root).ok());
        let above = || {
            let (up, common) =
                places.root().ancestors().enumerate().find(|(_, above)| path.starts_with(above))?;
            // Nothing in common but the file system.
            common.parent()?;
            Some(PathBuf::from("../".repeat(up)).join(path.strip_prefix(common).ok()?))
        };
        let shown = inner.map(Path::to_owned).or_else(above).unwrap_or(path.clone());
        let text = shown.to_string_lossy().replace('\\', "/");
        let plain = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
        if text.is_empty() { ".".to_owned() } else { text.chars().map(plain).collect() }
    }
}

/// The entries of trees that were found in the working tree.
type Seen = HashMap<usize, HashSet<Vec<u8>>>;

/// What the commit has in a folder, and the working tree hasn't: the build would see it in another checkout.
fn missing(
    places: &Places,
    folder: &Spot,
    inside: &Path,
    depth: Depth,
    seen: &Seen,
    counts: &dyn Fn(&Path) -> bool,
    gone: &mut dyn FnMut(&Path, Why),
) {
    let seen_here = seen.get(&folder.repository_id());
    for (name, entry) in folder.repository.tree.below(&folder.name) {
        if seen_here.is_some_and(|seen| seen.contains(name)) {
            continue;
        }
        let rest = name.get(folder.name.len()..).unwrap_or_default();
        let below = git::path_of(rest.strip_prefix(b"/").unwrap_or(rest));
        let place = inside.join(&below);
        if !depth.counts(&place) {
            continue;
        }
        if entry.mode == TreeMode::Submodule {
            let top = folder.real.join(&below);
            match places.submodule(&top, entry.id) {
                _ if depth == Depth::Package => {}
                None => gone(&place, Why::Submodule),
                Some(repository) => {
                    let top = Spot { repository, name: Vec::new(), real: top };
                    missing(places, &top, &place, depth, seen, counts, gone);
                }
            }
        } else if counts(&place) {
            gone(&place, Why::Missing);
        }
    }
}

/// What the Go files of a folder embed; nothing where they say nothing of it.
fn embeds(folder: &Path) -> Option<Embeds> {
    let mut embeds = Embeds::default();
    for name in files::list(folder).ok()?.iter().filter(|name| name.ends_with(".go")) {
        embeds.add(&files::read_text(&folder.join(name)).ok()?);
    }
    (!embeds.is_empty()).then_some(embeds)
}

fn is_go_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("_test.go"))
}

/// A link to a folder, or to nothing: what is used through it is asked where it is used.
fn of_link(file: &Found, entry: Option<TreeEntry>) -> Option<Why> {
    match entry {
        None => Some(Why::NotInCommit),
        Some(entry) if entry.mode == TreeMode::Link && file.link => link_of(&file.path, entry.id).err(),
        Some(_) => Some(Why::Kind),
    }
}

/// In which way a file isn't what the commit has in its place.
fn differs(path: &Path, content: &Content, entry: TreeEntry, used: Use) -> Option<Why> {
    let format = entry.id.format();
    let reread = || files::read(path).unwrap_or_default();
    let blob = content.blob.filter(|blob| blob.format() == format).unwrap_or_else(|| format.blob(&reread()));
    if blob != entry.id {
        let pointer = lfs::pointer(&content.sha256, content.size);
        if format.blob(pointer.as_bytes()) == entry.id {
            return None;
        }
        let same_text = other_line_ends(&reread()).iter().any(|text| format.blob(text) == entry.id);
        return Some(if same_text { Why::LineEnds } else { Why::Differs });
    }
    // Asked of the file system, so only where it matters.
    let is_program = || files::mode(path).is_some_and(|mode| mode & 0o100 != 0);
    (used == Use::Packed && is_program() != (entry.mode == TreeMode::Program)).then_some(Why::Mode)
}

/// The text as checkouts with other settings have it: with LF, with CRLF.
fn other_line_ends(bytes: &[u8]) -> [Vec<u8>; 2] {
    let (mut unix, mut dos) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => {}
            b'\n' => {
                unix.push(b'\n');
                dos.extend_from_slice(b"\r\n");
            }
            other => {
                unix.push(*other);
                dos.push(*other);
            }
        }
    }
    [unix, dos]
}

/// The file by which rustup knows which toolchain is meant: which one it was is a condition of the build.
fn picks_toolchain(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "rust-toolchain.toml" || name == "rust-toolchain")
}

/// What git itself keeps to say which commit is checked out; build scripts that stamp it into binaries read it.
fn names_commit(path: &Path) -> bool {
    let mut parts = path.iter().skip_while(|part| *part != ".git").skip(1);
    let named = ["HEAD", "refs", "packed-refs", "logs", "index", "worktrees"];
    parts.next().is_some_and(|part| named.iter().any(|name| part == *name))
}
