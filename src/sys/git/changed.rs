//! Which files differ from a point in history: bytes against what that commit holds, submodules entered. What an index
//! says of files (`assume-unchanged`, `skip-worktree`, times) and what a user's settings ignore isn't asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::door::{failed, git};
use super::history::is_shallow;
use super::repository::path_of;
use super::store::Store;
use super::tree::{Tree, TreeEntry, TreeMode};
use super::{GitError, Repository, head, top};
use crate::sys::files;

/// Files that differ between the point where `HEAD` left `since` and the working tree, untracked ones included and what
/// the repository's own `.gitignore` names not, as absolute paths. Deleted files are among them, and those of submodules.
///
/// # Errors
/// When there is no repository, no such reference, or history is missing: never a silent empty list.
pub fn changed_since(folder: &Path, since: &str) -> Result<Vec<PathBuf>, GitError> {
    changed(folder, since, None)
}

/// What differs from the commit that is checked out, as [`changed_since`] tells it; none in no repository and before the
/// first commit, where there is nothing to differ from.
///
/// # Errors
/// When it can't be told.
pub fn uncommitted(folder: &Path) -> Result<Vec<PathBuf>, GitError> {
    head(folder)?.map_or(Ok(Vec::new()), |head| changed_since(folder, &head.commit))
}

/// As [`changed_since`], of the files below the folder alone.
///
/// # Errors
/// As [`changed_since`].
pub fn changed_below(folder: &Path, since: &str) -> Result<Vec<PathBuf>, GitError> {
    changed(folder, since, Some(&files::canonical(folder).unwrap_or_else(|_| folder.to_owned())))
}

fn changed(folder: &Path, since: &str, below: Option<&Path>) -> Result<Vec<PathBuf>, GitError> {
    let Some(top) = top(folder)? else {
        return Err(GitError::NoRepository { folder: folder.to_owned(), since: since.to_owned() });
    };
    let base = base(folder, since)?;
    let store = Store::of(&top)?;
    let mut found = BTreeSet::new();
    compare(&top, &store, &store.list(&base)?, below, &mut found)?;
    Ok(found.into_iter().collect())
}

/// Every file that is in a commit that is checked out, `HEAD`'s or a submodule's, as absolute paths; none in no repository
/// and before the first commit.
///
/// # Errors
/// When it can't be told what is checked out.
pub fn committed(folder: &Path) -> Result<BTreeSet<PathBuf>, GitError> {
    let mut known = BTreeSet::new();
    if let Some(head) = head(folder)? {
        add_committed(&head.top, &Store::of(&head.top)?, &head.commit, &mut known)?;
    }
    Ok(known)
}

/// Files in no commit that this clone's or the user's own rules (`.git/info/exclude`, `core.excludesFile`) hide, as
/// absolute paths; those of submodules aren't among them.
///
/// # Errors
/// When git can't tell.
pub fn hidden(folder: &Path) -> Result<BTreeSet<PathBuf>, GitError> {
    let Some(top) = top(folder)? else { return Ok(BTreeSet::new()) };
    let exclude = git(&top, &["rev-parse", "--git-path", "info/exclude"])?;
    let mut rules = vec![top.join(exclude.stdout_text().trim_end())];
    // The last value is the door's own, and empty.
    let named = git(&top, &["config", "-z", "--type=path", "--get-all", "core.excludesFile"])?;
    let named = named.stdout.split(|byte| *byte == 0).rfind(|value| !value.is_empty()).map(path_of);
    rules.extend(named.map(|path| top.join(path)));
    let options = rules.iter().filter(|path| files::is_file(path));
    let options: Vec<String> =
        options.map(|path| format!("--exclude-from={}", path.to_string_lossy())).collect();
    if options.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut args = vec!["ls-files", "-z", "--others", "--ignored"];
    args.extend(options.iter().map(String::as_str));
    let answer = git(&top, &args)?;
    if !answer.success() {
        return Err(failed(&args, &answer));
    }
    let names = answer.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| top.join(path_of(name))).collect())
}

/// Every `.gitignore` that is in no commit and hides what the commit's own rules don't: one in a folder that isn't hidden
/// by the rules above it. It may hide itself, so that [`changed_since`] doesn't tell.
///
/// # Errors
/// When git can't tell.
pub fn loose_rules(folder: &Path) -> Result<Vec<PathBuf>, GitError> {
    let Some(top) = top(folder)? else { return Ok(Vec::new()) };
    let args = ["ls-files", "-z", "--others", "--", ":(glob)**/.gitignore"];
    let answer = git(&top, &args)?;
    if !answer.success() {
        return Err(failed(&args, &answer));
    }
    let mut loose = Vec::new();
    for name in answer.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let folder = path_of(name).parent().map(Path::to_owned).unwrap_or_default();
        let is_hidden = match folder.to_str() {
            // A name that is no text can't be asked for.
            Some("") | None => false,
            Some(folder) => git(&top, &["check-ignore", "--quiet", "--", folder])?.success(),
        };
        if !is_hidden {
            loose.push(top.join(path_of(name)));
        }
    }
    Ok(loose)
}

fn add_committed(
    top: &Path,
    store: &Store,
    commit: &str,
    known: &mut BTreeSet<PathBuf>,
) -> Result<(), GitError> {
    for (name, entry) in store.list(commit)?.below(b"") {
        let place = top.join(path_of(name));
        if entry.mode == TreeMode::Submodule {
            let id = entry.id.to_string();
            if let Some(inner) = submodule(&place)?
                && inner.has(&id)?
            {
                add_committed(&place, &inner, &id, known)?;
            }
        } else {
            known.insert(place);
        }
    }
    Ok(())
}

fn base(folder: &Path, since: &str) -> Result<String, GitError> {
    let shallow = || is_shallow(folder);
    // `--end-of-options` keeps a reference that starts with a dash from being an option.
    let spec = format!("{since}^{{commit}}");
    if !git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])?.success() {
        return Err(GitError::UnknownRef {
            folder: folder.to_owned(),
            since: since.to_owned(),
            shallow: shallow()?,
        });
    }
    let base = git(folder, &["merge-base", "--end-of-options", since, "HEAD"])?;
    if !base.success() {
        return Err(GitError::NoMergeBase {
            folder: folder.to_owned(),
            since: since.to_owned(),
            shallow: shallow()?,
        });
    }
    Ok(base.stdout_text().trim().to_owned())
}

/// The repository of a submodule that is checked out.
pub(super) fn submodule(place: &Path) -> Result<Option<Store>, GitError> {
    match Repository::of(place)? {
        Repository::At(head) if files::canonical(place).is_ok_and(|real| real == head.top) => {
            Store::of(place).map(Some)
        }
        _ => Ok(None),
    }
}

/// Adds what differs between a commit's files and a working tree; with `below`, only in that folder.
fn compare(
    top: &Path,
    store: &Store,
    base: &Tree,
    below: Option<&Path>,
    found: &mut BTreeSet<PathBuf>,
) -> Result<(), GitError> {
    let there = present(top)?;
    let concerns =
        |place: &Path| below.is_none_or(|below| place.starts_with(below) || below.starts_with(place));
    let mut links: Vec<(PathBuf, TreeEntry)> = Vec::new();
    let mut modes: Vec<(PathBuf, TreeEntry)> = Vec::new();
    for (name, entry) in base.below(b"") {
        let path = path_of(name);
        let place = top.join(&path);
        if !concerns(&place) {
            continue;
        }
        let is_link = files::is_link(&place);
        match entry.mode {
            TreeMode::Submodule => inside(&place, entry, below, found)?,
            TreeMode::Link if is_link => links.push((place, entry)),
            TreeMode::File | TreeMode::Program
                if !is_link && files::is_file(&place) && is_blob(&place, entry) =>
            {
                modes.push((place, entry));
            }
            // Where there are no links, git writes files that hold what the links say.
            TreeMode::Link if cfg!(windows) && is_blob(&place, entry) => {}
            // A sparse checkout leaves out whole folders. One file that isn't there is deleted, whatever the index says.
            _ if there.left_out.contains(&path) && !place.parent().is_some_and(files::is_folder) => {}
            _ => {
                found.insert(place);
            }
        }
    }
    // A file system that can't tell programs from other files says nothing by calling them so.
    let is_program = |place: &Path| files::mode(place).is_some_and(|mode| mode & 0o100 != 0);
    let tells =
        cfg!(unix) && modes.iter().any(|(place, entry)| entry.mode == TreeMode::File && !is_program(place));
    let other =
        |(place, entry): &(PathBuf, TreeEntry)| is_program(place) != (entry.mode == TreeMode::Program);
    found.extend(modes.into_iter().filter(|one| tells && other(one)).map(|(place, _)| place));
    let wanted: Vec<String> = links.iter().map(|(_, entry)| entry.id.to_string()).collect();
    store.blobs(&wanted, |at, bytes| {
        let place = &links[at].0;
        if files::link_target(place) != Some(path_of(bytes)) {
            found.insert(place.clone());
        }
        Ok::<_, GitError>(())
    })?;
    // What is there and wasn't: committed since, or in no commit.
    for (_, path) in there.listed.iter().filter(|(name, _)| base.get(name).is_none()) {
        let place = top.join(path);
        match files::kind(&place) {
            _ if !concerns(&place) => {}
            // A submodule that is new, or a repository that lies here.
            files::Kind::Folder if !files::is_link(&place) => files_below(&place, found),
            files::Kind::Missing => {}
            _ => {
                found.insert(place);
            }
        }
    }
    Ok(())
}

/// Whether a file's bytes are a blob's.
fn is_blob(place: &Path, entry: TreeEntry) -> bool {
    files::read(place).is_ok_and(|bytes| entry.id.format().blob(&bytes) == entry.id)
}

/// Adds what differs in a submodule from the commit that the base pointed to.
fn inside(
    place: &Path,
    entry: TreeEntry,
    below: Option<&Path>,
    found: &mut BTreeSet<PathBuf>,
) -> Result<(), GitError> {
    let commit = entry.id.to_string();
    match submodule(place)? {
        Some(store) if store.has(&commit)? => compare(place, &store, &store.list(&commit)?, below, found),
        // What it was can't be told any more: everything in it may have changed.
        Some(_) => {
            files_below(place, found);
            Ok(())
        }
        None if files::is_folder(place) && files::list(place).is_ok_and(|names| names.is_empty()) => {
            // Not checked out: there is nothing in it that a build could read.
            Ok(())
        }
        None => {
            found.insert(place.to_owned());
            files_below(place, found);
            Ok(())
        }
    }
}

fn files_below(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for name in files::list(folder).unwrap_or_default() {
        let path = folder.join(&name);
        match files::kind(&path) {
            files::Kind::Folder if name != ".git" && !files::is_link(&path) => files_below(&path, found),
            files::Kind::File if name != ".git" => {
                found.insert(path);
            }
            _ => {}
        }
    }
}

/// What a working tree holds beside what it ignores.
#[derive(Default)]
struct Present {
    /// By name in the repository.
    listed: BTreeMap<Vec<u8>, PathBuf>,
    /// What a sparse checkout leaves out.
    left_out: BTreeSet<PathBuf>,
}

fn present(top: &Path) -> Result<Present, GitError> {
    let mut all = Present::default();
    // Not `--exclude-standard`: what the user or this clone alone excludes is an input all the same.
    for args in [
        &["ls-files", "-z", "-t", "--cached"][..],
        &["ls-files", "-z", "-t", "--others", "--exclude-per-directory=.gitignore"],
    ] {
        let answer = git(top, args)?;
        if !answer.success() {
            return Err(failed(args, &answer));
        }
        // `<tag> <path>`; `S` is skip-worktree.
        for record in answer.stdout.split(|byte| *byte == 0) {
            let [tag, b' ', name @ ..] = record else { continue };
            let name = name.strip_suffix(b"/").unwrap_or(name);
            if *tag == b'S' {
                all.left_out.insert(path_of(name));
            }
            all.listed.insert(name.to_vec(), path_of(name));
        }
    }
    Ok(all)
}
