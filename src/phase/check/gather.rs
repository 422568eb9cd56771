//! Reads what the rules on folders look at: files, locks, tags.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::crates;
use super::folder::Folder;
use crate::model::failure::Failure;
use crate::model::project::Language;
use crate::model::release::ReleaseTag;
use crate::phase::scaffold;
use crate::project::{Candidate, Survey};
use crate::sys::{files, git};

/// Larger files say nothing that a rule asks for.
const FILE_MAX: u64 = 256 << 10;
/// More files than a plugin written by people has.
const FILES_MAX: usize = 2000;
/// Folders of what others made.
const PASSED: &[&str] = &["target", "bin", "node_modules", "vendor"];

/// The versions that have tags in this clone, by key, or why that can't be told. Nothing outside a git repository.
pub(super) type Released = Result<BTreeMap<String, Vec<semver::Version>>, String>;

pub(super) fn released(root: &Path) -> Released {
    let told =
        git::head(root).and_then(|head| head.map_or(Ok(Vec::new()), |_| git::tags(root, "*/v*", "HEAD")));
    let mut released: BTreeMap<String, Vec<semver::Version>> = BTreeMap::new();
    for tag in told.map_err(|error| error.to_string())? {
        if let Some(tag) = ReleaseTag::parse(&tag) {
            released.entry(tag.key.to_string()).or_default().extend(tag.version.semver().cloned());
        }
    }
    Ok(released)
}

pub(super) fn folder<'a>(
    survey: &'a Survey,
    candidate: &'a Candidate,
    released: &Released,
) -> Result<Folder<'a>, Failure> {
    let mut texts = Vec::new();
    walk(&candidate.dir, "", &mut texts)?;
    let text = |name: &str| texts.iter().find(|(place, _)| place == name).map(|(_, text)| text.clone());
    let manifest = text("Cargo.toml").filter(|_| candidate.language == Some(Language::Rust));
    let package = manifest.and_then(|text| text.parse::<toml::Table>().ok());
    let field = |name: &str| Some(package.as_ref()?.get("package")?.get(name)?.as_str()?.to_owned());
    let above =
        |name: &str| candidate.dir.ancestors().map(|dir| dir.join(name)).find(|path| files::is_file(path));
    let (mut lacks_lock, mut crates, mut outside) = (None, BTreeSet::new(), Vec::new());
    let go_mod = above("go.mod");
    match candidate.language {
        Some(Language::Rust) => match above("Cargo.lock") {
            Some(lock) => {
                let name = field("name").unwrap_or_else(|| candidate.key.to_string());
                crates = crates::closure(&files::read_text(&lock)?, &name);
                let workspace = lock.with_file_name("Cargo.toml");
                let root = files::read_text(&workspace).ok().and_then(|text| text.parse().ok());
                if let (Some(package), Some(root), Some(folder)) = (&package, &root, lock.parent()) {
                    outside = crates::outside(&candidate.dir, package, folder, root);
                }
            }
            None => lacks_lock = Some("Cargo.lock"),
        },
        Some(Language::Go) => {
            if let Some(go_mod) = &go_mod {
                // A module that requires nothing has no sums.
                let requires = files::read_text(go_mod)?.lines().any(|line| line.starts_with("require"));
                let sums = files::is_file(&go_mod.with_file_name("go.sum"));
                lacks_lock = (requires && !sums).then_some("go.sum");
            }
        }
        None => {}
    }
    let twin = survey.layout.candidates.iter().find(|other| {
        other.key == candidate.key && other.place != candidate.place && other.language.is_some()
    });
    let mut folder = Folder {
        key: &candidate.key,
        language: candidate.language,
        ambiguous: candidate.ambiguous,
        twin: twin.map(|twin| twin.place.as_str()),
        scaffold: scaffold_of(survey, candidate),
        version: text("VERSION"),
        crate_version: field("version"),
        released: released
            .iter()
            .find_map(|all| all.get(candidate.key.as_str()).cloned())
            .unwrap_or_default(),
        untold: released.as_ref().err().cloned(),
        changed: Vec::new(),
        lacks_lock,
        in_go_module: go_mod.is_some(),
        crates,
        outside,
        files: texts,
    };
    folder.changed = changed(candidate, &folder);
    Ok(folder)
}

/// Files that are text, small and the author's.
fn walk(folder: &Path, prefix: &str, texts: &mut Vec<(String, String)>) -> Result<(), Failure> {
    for name in files::list(folder)? {
        let path = folder.join(&name);
        let own = !name.starts_with('.') && !files::is_link(&path) && texts.len() < FILES_MAX;
        match files::kind(&path) {
            files::Kind::Folder if own && !PASSED.contains(&name.as_str()) => {
                walk(&path, &format!("{prefix}{name}/"), texts)?;
            }
            files::Kind::File if own && files::size(&path).is_some_and(|size| size <= FILE_MAX) => {
                if let Ok(text) = String::from_utf8(files::read(&path)?) {
                    texts.push((format!("{prefix}{name}"), text));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn scaffold_of(survey: &Survey, candidate: &Candidate) -> Vec<(&'static str, String)> {
    let Some(language) = candidate.language else { return Vec::new() };
    let module = scaffold::go_module(&survey.layout.root).unwrap_or_default();
    scaffold::files_of(language, &candidate.key, candidate.kind, &module)
}

/// What differs from the tag of the folder's own version. What git can't tell is no finding.
fn changed(candidate: &Candidate, folder: &Folder<'_>) -> Vec<String> {
    let own = folder.version.as_deref().or(folder.crate_version.as_deref()).unwrap_or_default();
    let own = own.trim().trim_start_matches('v');
    if !folder.released.iter().any(|version| version.to_string() == own) {
        return Vec::new();
    }
    let tag = format!("refs/tags/{}/v{own}", candidate.key);
    let all = git::changed_below(&candidate.dir, &tag).unwrap_or_default();
    let inside = all.iter().filter_map(|path| path.strip_prefix(&candidate.dir).ok());
    inside.map(|path| path.to_string_lossy().replace('\\', "/")).collect()
}
