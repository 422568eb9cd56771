//! Which files differ from a point in history: bytes against what that commit holds, submodules entered. What an index
//! says of files (`assume-unchanged`, `skip-worktree`, times) and what a user's settings ignore isn't asked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::door::{failed, fed, git};
use super::listing::{Entry, Listing, Mode, Store};
use super::repository::path_of;
use super::{GitError, Repository, top};
use crate::sys::files;

/// Files that differ between the point where `HEAD` left `since` and the working tree, untracked ones included and what
/// the repository's own `.gitignore` names not, as absolute paths. Deleted files are among them, and those of submodules.
///
/// # Errors
/// When there is no repository, no such reference, or history is missing: never a silent empty list.
pub fn changed_since(folder: &Path, since: &str) -> Result<Vec<PathBuf>, GitError> {
    let Some(top) = top(folder)? else {
        return Err(GitError::NoRepository { folder: folder.to_owned(), since: since.to_owned() });
    };
    let base = base(folder, since)?;
    let store = Store::of(&top)?;
    let mut found = BTreeSet::new();
    let listing = store.list(&base)?;
    compare(&top, &store, &listing, &mut found)?;
    Ok(found.into_iter().collect())
}

/// Which of the files below a folder are in no commit that is checked out: not those of `HEAD`, nor of a submodule's.
///
/// # Errors
/// When it can't be told what is checked out.
pub fn uncommitted(folder: &Path, paths: &[PathBuf]) -> Result<Vec<PathBuf>, GitError> {
    let Some(checkout) = Repository::of(folder)?.checkout()? else { return Ok(paths.to_vec()) };
    let mut known = BTreeSet::new();
    committed(&checkout.top, &Store::of(&checkout.top)?, &checkout.commit, &mut known)?;
    Ok(paths.iter().filter(|path| !known.contains(*path)).cloned().collect())
}

fn committed(top: &Path, store: &Store, commit: &str, known: &mut BTreeSet<PathBuf>) -> Result<(), GitError> {
    for (path, entry) in store.list(commit)? {
        let place = top.join(&path);
        if entry.mode == Mode::Submodule {
            if let Some(inner) = submodule(&place)?
                && inner.has(&entry.id)?
            {
                committed(&place, &inner, &entry.id, known)?;
            }
        } else {
            known.insert(place);
        }
    }
    Ok(())
}

fn base(folder: &Path, since: &str) -> Result<String, GitError> {
    let shallow = || -> Result<bool, GitError> {
        Ok(git(folder, &["rev-parse", "--is-shallow-repository"])?.stdout_text().trim() == "true")
    };
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
fn submodule(place: &Path) -> Result<Option<Store>, GitError> {
    match Repository::of(place)? {
        Repository::At(checkout) if files::canonical(place).is_ok_and(|real| real == checkout.top) => {
            Store::of(place).map(Some)
        }
        _ => Ok(None),
    }
}

/// Adds what differs between a commit's files and a working tree.
fn compare(top: &Path, store: &Store, base: &Listing, found: &mut BTreeSet<PathBuf>) -> Result<(), GitError> {
    let there = present(top)?;
    let mut asked: Vec<(&PathBuf, &Entry)> = Vec::new();
    let mut links: Vec<(&PathBuf, &Entry)> = Vec::new();
    for (path, entry) in base {
        let place = top.join(path);
        match entry.mode {
            Mode::Submodule => inside(&place, entry, found)?,
            Mode::Link if files::is_link(&place) => links.push((path, entry)),
            Mode::File | Mode::Program if files::is_file(&place) && !files::is_link(&place) => {
                asked.push((path, entry));
            }
            // Where there are no links, git writes files that hold what the links say.
            Mode::Link if cfg!(windows) && files::is_file(&place) => asked.push((path, entry)),
            // A sparse checkout leaves out whole folders. One file that isn't there is deleted, whatever the index says.
            _ if there.left_out.contains(path) && !place.parent().is_some_and(files::is_folder) => {}
            _ => {
                found.insert(place);
            }
        }
    }
    // A file system that can't tell programs from other files says nothing by calling them so.
    let is_program = |path: &Path| files::mode(&top.join(path)).is_some_and(|mode| mode & 0o100 != 0);
    let tells = cfg!(unix) && asked.iter().any(|(path, entry)| entry.mode == Mode::File && !is_program(path));
    let ids = ids(top, &asked)?;
    for ((path, entry), id) in asked.iter().zip(ids) {
        let other_mode = tells && is_program(path) != (entry.mode == Mode::Program);
        if id.as_deref() != Some(&*entry.id) || other_mode {
            found.insert(top.join(path));
        }
    }
    let wanted: Vec<&str> = links.iter().map(|(_, entry)| &*entry.id).collect();
    store.blobs(&wanted, |at, bytes| {
        let place = top.join(links[at].0);
        if files::link_target(&place) != Some(path_of(bytes)) {
            found.insert(place);
        }
        Ok::<_, GitError>(())
    })?;
    // What is there and wasn't: committed since, or in no commit.
    for path in there.listed.iter().filter(|path| !base.contains_key(*path)) {
        let place = top.join(path);
        match files::kind(&place) {
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

/// Adds what differs in a submodule from the commit that the base pointed to.
fn inside(place: &Path, entry: &Entry, found: &mut BTreeSet<PathBuf>) -> Result<(), GitError> {
    match submodule(place)? {
        Some(store) if store.has(&entry.id)? => compare(place, &store, &store.list(&entry.id)?, found),
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
struct Present {
    listed: BTreeSet<PathBuf>,
    /// What a sparse checkout leaves out.
    left_out: BTreeSet<PathBuf>,
}

fn present(top: &Path) -> Result<Present, GitError> {
    let mut all = Present { listed: BTreeSet::new(), left_out: BTreeSet::new() };
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
            let [tag, b' ', path @ ..] = record else { continue };
            let path = path_of(path.strip_suffix(b"/").unwrap_or(path));
            if *tag == b'S' {
                all.left_out.insert(path.clone());
            }
            all.listed.insert(path);
        }
    }
    Ok(all)
}

/// The hashes that files' bytes have as blobs; nothing for one whose name a line can't hold.
fn ids(top: &Path, asked: &[(&PathBuf, &Entry)]) -> Result<Vec<Option<String>>, GitError> {
    let text =
        |path: &Path| path.to_str().filter(|text| !text.contains(['\n', '\r', '"'])).map(ToOwned::to_owned);
    let names: Vec<Option<String>> = asked.iter().map(|(path, _)| text(path)).collect();
    let lines: String = names.iter().flatten().map(|name| format!("{name}\n")).collect();
    if lines.is_empty() {
        return Ok(vec![None; names.len()]);
    }
    let args = ["hash-object", "--no-filters", "--stdin-paths"];
    let answer = fed(top, &args, lines.into_bytes(), names.len().saturating_mul(80))?;
    if !answer.success() {
        return Err(failed(&args, &answer));
    }
    let said = answer.stdout_text();
    let mut ids = said.lines().map(ToOwned::to_owned);
    Ok(names.iter().map(|name| name.as_ref().and_then(|_| ids.next())).collect())
}
