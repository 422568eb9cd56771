//! Links that `files` lists, and where they lead. A committed link to a file of no commit (an ignored `.env`) would publish
//! what nobody has seen under a name that everybody has: refused before anything is built, with the name of what it
//! leads to. Reads the file system, and git where there is such a link.

use std::path::{Path, PathBuf};

use crate::model::failure::{Failure, FailureKind};
use crate::model::project::{Plugin, Project};
use crate::sys::{files, git};

/// Which packed links of these plugins lead to what the commit doesn't have.
///
/// # Errors
/// With all of them.
pub fn refuse(project: &Project) -> Result<(), Failure> {
    // What a generator writes is in no commit: a release asks for its bytes.
    let asked = |plugin: &&Plugin| plugin.generate.is_empty();
    let of = |plugin: &Plugin| loose(&project.root, &plugin.dir, &plugin.place, &plugin.files);
    let mut found = project.plugins.iter().filter(asked).flat_map(of);
    let Some(first) = found.next() else { return Ok(()) };
    Err(found.fold(first, |mut all, next| {
        all.message = format!("{}; {}", all.message, next.message);
        next.hints.into_iter().fold(all, Failure::hint)
    }))
}

/// The links among `names`, files of the folder `dir`, that lead to what is in no commit, each as what is wrong with it.
/// None where there is no commit.
#[must_use]
pub fn loose(root: &Path, dir: &Path, place: &str, names: &[String]) -> Vec<Failure> {
    let Ok(real) = files::canonical(dir) else { return Vec::new() };
    // On the way to a file, a folder may be a link as well.
    let is_link = |name: &str| {
        let parts = Path::new(name).ancestors().filter(|part| !part.as_os_str().is_empty());
        parts.into_iter().any(|part| files::is_link(&real.join(part)))
    };
    let leads = |name: &String| Some((name.clone(), files::canonical(&real.join(name)).ok()?));
    let links: Vec<(String, PathBuf)> = names.iter().filter(|name| is_link(name)).filter_map(leads).collect();
    if links.is_empty() {
        return Vec::new();
    }
    // Where git can't tell, packages know no commit, and a finding of the build says so.
    let Ok(committed) = git::committed(&files::canonical(root).unwrap_or_else(|_| root.to_owned())) else {
        return Vec::new();
    };
    if committed.is_empty() {
        return Vec::new();
    }
    let refused = links.into_iter().filter(|(_, target)| !committed.contains(target));
    let told = refused.map(|(name, target)| {
        let target = files::shown(target.strip_prefix(&real).unwrap_or(&target)).replace('\\', "/");
        let message = format!(
            "`{name}` of {place} can't be packed: it is a link to {place}/{target}, which is not in the commit"
        );
        Failure::new(FailureKind::Project, message).hint(format!(
            "take `{name}` out of `files`, or commit {place}/{target} if everybody may read it"
        ))
    });
    told.collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
