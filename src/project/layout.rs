//! The layout of a plugin repository (contract wick 1): a folder per kind, in it a folder per plugin.

use std::path::{Path, PathBuf};

use super::{ProjectError, Selection};
use crate::model::names::{KeyError, PluginKey, PluginKind};
use crate::model::project::Language;
use crate::sys::files;

/// A folder that looks like a plugin.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its key.
    pub key: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// `connector/slack`.
    pub place: String,
    /// Absolute.
    pub dir: PathBuf,
    /// Its language, or why it has none.
    pub language: Option<Language>,
    /// Whether it has the files of both languages.
    pub ambiguous: bool,
}

impl Candidate {
    /// Names that start with `_` are scaffolds: built only when named.
    #[must_use]
    pub fn is_scaffold(&self) -> bool {
        self.key.as_str().starts_with('_')
    }
}

/// What lies where in a repository.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The project's folder, absolute.
    pub root: PathBuf,
    /// Every plugin folder, sorted by kind and key.
    pub candidates: Vec<Candidate>,
    /// Folders with sources whose names are no keys: `connector/my-plugin`, and why.
    pub odd: Vec<(String, KeyError)>,
}

impl Layout {
    /// The folder that was meant by `slack`, `connector/slack`, `./connector/slack/` or an absolute path: what a shell
    /// completes names the plugin too. Without a kind the first kind that has the key wins; connector is the default
    /// kind and comes first.
    #[must_use]
    pub fn find(&self, typed: &str, kind: Option<PluginKind>) -> Option<&Candidate> {
        let name = spelled(&self.root, typed);
        let of_kind = |c: &&Candidate| kind.is_none_or(|kind| c.kind == kind);
        self.candidates.iter().filter(of_kind).find(|c| c.key.as_str() == name || c.place == name)
    }

    /// Refuses folders whose names are no keys, where every plugin is meant.
    ///
    /// # Errors
    /// The first such folder.
    pub fn refuse_odd(&self, kind: Option<PluginKind>) -> Result<(), ProjectError> {
        let of_kind = |place: &str| kind.is_none_or(|kind| place.starts_with(&format!("{kind}/")));
        match self.odd.iter().find(|(place, _)| of_kind(place)) {
            Some((place, why)) => Err(ProjectError::Key { place: place.clone(), source: why.clone() }),
            None => Ok(()),
        }
    }
}

/// A plugin's name as typed, spelled as `connector/slack` where it is the path of a folder in the repository.
#[must_use]
pub fn spelled(root: &Path, typed: &str) -> String {
    let typed = if cfg!(windows) { typed.replace('\\', "/") } else { typed.to_owned() };
    if !typed.contains('/') && !typed.starts_with('.') {
        return typed;
    }
    let inside = |path: &Path| {
        let inner = path.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
        (!inner.is_empty()).then_some(inner)
    };
    let there = files::without_dots(&root.join(&typed));
    let real = |path: &Path| inside(&files::canonical(path).ok()?);
    // By text first, so that a link to a plugin's folder is the plugin of that name; last from where the user stands.
    let by_text = || inside(&there).filter(|_| files::kind(&there) == files::Kind::Folder);
    let found = by_text().or_else(|| real(&there)).or_else(|| real(Path::new(&typed)));
    found.unwrap_or_else(|| typed.trim_end_matches('/').to_owned())
}

/// What lies in a folder that may not be a repository of plugins yet.
#[derive(Clone, Debug)]
pub struct Survey {
    /// What can be a plugin.
    pub layout: Layout,
    /// Whether there is a folder of any kind.
    pub has_kinds: bool,
}

pub(super) fn look(root: &Path) -> Result<Layout, ProjectError> {
    let survey = survey(root)?;
    if !survey.has_kinds {
        let root = survey.layout.root;
        let better = has_kind(&root.join("plugins")).then(|| "plugins".to_owned());
        return Err(ProjectError::NoPlugins { root, better });
    }
    Ok(survey.layout)
}

pub(super) fn survey(root: &Path) -> Result<Survey, ProjectError> {
    let root = files::canonical(root)?;
    let (mut candidates, mut odd) = (Vec::new(), Vec::new());
    for kind in PluginKind::ALL {
        let folder = root.join(kind.as_str());
        if files::kind(&folder) != files::Kind::Folder {
            continue;
        }
        for name in files::list(&folder)? {
            match candidate(kind, &folder, &name) {
                Ok(found) => candidates.extend(found),
                Err(why) => odd.push((format!("{kind}/{name}"), why)),
            }
        }
    }
    Ok(Survey { has_kinds: has_kind(&root), layout: Layout { root, candidates, odd } })
}

fn has_kind(dir: &Path) -> bool {
    PluginKind::ALL.iter().any(|kind| files::kind(&dir.join(kind.as_str())) == files::Kind::Folder)
}

fn candidate(kind: PluginKind, folder: &Path, name: &str) -> Result<Option<Candidate>, KeyError> {
    let dir = folder.join(name);
    if name.starts_with('.') || files::kind(&dir) != files::Kind::Folder {
        return Ok(None);
    }
    let place = format!("{kind}/{name}");
    let go = files::is_file(&dir.join("main.go"));
    let rust = files::is_file(&dir.join("Cargo.toml"));
    let language = match (go, rust) {
        (true, false) => Some(Language::Go),
        (false, true) => Some(Language::Rust),
        _ => None,
    };
    match name.parse::<PluginKey>() {
        Ok(key) => Ok(Some(Candidate { key, kind, place, dir, language, ambiguous: go && rust })),
        // A folder without source under an odd name is somebody's documentation, not a plugin.
        Err(_) if !go && !rust => Ok(None),
        Err(why) => Err(why),
    }
}

pub(super) fn choose<'a>(
    layout: &'a Layout,
    selection: &Selection,
    kind: Option<PluginKind>,
) -> Result<Vec<&'a Candidate>, ProjectError> {
    let of_kind = |c: &&Candidate| kind.is_none_or(|kind| c.kind == kind);
    let chosen: Vec<&Candidate> = match selection {
        Selection::All => {
            layout.refuse_odd(kind)?;
            let all = layout.candidates.iter().filter(of_kind).filter(|c| !c.is_scaffold());
            all.filter(|c| c.language.is_some() || c.ambiguous).collect()
        }
        Selection::Named(names) => {
            let mut chosen: Vec<&Candidate> = Vec::new();
            for name in names {
                let candidate = named(layout, name, kind)?;
                if !chosen.iter().any(|c| c.place == candidate.place) {
                    chosen.push(candidate);
                }
            }
            chosen.sort_by_key(|c| (c.kind, c.key.clone()));
            chosen
        }
    };
    for (at, candidate) in chosen.iter().enumerate() {
        if candidate.ambiguous {
            return Err(ProjectError::TwoSources { place: candidate.place.clone() });
        }
        if let Some(twin) = chosen[..at].iter().find(|c| c.key == candidate.key) {
            return Err(ProjectError::SameKey { first: twin.place.clone(), second: candidate.place.clone() });
        }
    }
    Ok(chosen)
}

fn named<'a>(
    layout: &'a Layout,
    name: &str,
    kind: Option<PluginKind>,
) -> Result<&'a Candidate, ProjectError> {
    match layout.find(name, kind) {
        Some(c) if c.language.is_none() && !c.ambiguous => {
            Err(ProjectError::NoSource { place: c.place.clone() })
        }
        Some(candidate) => Ok(candidate),
        None => {
            let wanted = spelled(&layout.root, name);
            if let Some((place, why)) = layout.odd.iter().find(|(place, _)| {
                *place == wanted || place.split_once('/').is_some_and(|(_, folder)| folder == wanted)
            }) {
                return Err(ProjectError::Key { place: place.clone(), source: why.clone() });
            }
            if let (Some(kind), Some(other)) = (kind, layout.find(name, None)) {
                let place = other.place.clone();
                return Err(ProjectError::OtherKind { name: name.to_owned(), kind, place });
            }
            let of_kind = |c: &&Candidate| kind.is_none_or(|kind| c.kind == kind);
            let with_source = layout.candidates.iter().filter(of_kind).filter(|c| c.language.is_some());
            let known: Vec<&str> = with_source.map(|c| c.key.as_str()).collect();
            Err(ProjectError::Unknown {
                name: name.to_owned(),
                root: layout.root.clone(),
                near: near(&wanted, known.iter().copied()),
                known: known.into_iter().map(ToOwned::to_owned).collect(),
            })
        }
    }
}

/// Names that are likely meant, best first.
pub(super) fn near<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut scored: Vec<(f64, &str)> =
        known.map(|name| (strsim::jaro_winkler(wanted, name), name)).filter(|(s, _)| *s > 0.78).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(2).map(|(_, name)| format!("`{name}`")).collect()
}
