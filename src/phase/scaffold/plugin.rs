//! `wick plugin new`: a plugin's folder and what it joins, decided first, written whole or not at all.

use std::path::{Path, PathBuf};

use super::{Piece, Standing, cargo, files_of, gomod, repository, rust_sdk, sdk};
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::{PluginKey, PluginKind};
use crate::model::project::Language;
use crate::project::Survey;
use crate::sys::files;

/// The plugin that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its key.
    pub key: PluginKey,
    /// Its kind.
    pub kind: PluginKind,
    /// The language it is written in.
    pub language: Language,
    /// The name of a new Go module, if one has to be made.
    pub module: Option<String>,
}

/// Everything that will be written.
#[derive(Clone, Debug)]
pub struct Draft {
    /// `connector/weather`.
    pub place: String,
    /// The plugin's folder, which isn't there.
    pub dir: PathBuf,
    /// Its files, by their place in it.
    pub files: Vec<(&'static str, String)>,
    /// What its language needs in the repository and isn't there.
    pub pieces: Vec<Piece>,
    /// Files of the author's that are added to.
    pub edits: Vec<Edit>,
}

/// A file that is added to.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Where.
    pub path: PathBuf,
    before: String,
    after: String,
    /// What was added, for people.
    pub what: &'static str,
}

/// Decides what is written for a new plugin.
///
/// # Errors
/// When the folder is no repository of plugins, its place or key is taken, or it can't join what is there.
pub fn draft(survey: &Survey, wanted: &Wanted) -> Result<Draft, Failure> {
    let root = &survey.layout.root;
    is_free(survey, wanted)?;
    let place = format!("{}/{}", wanted.kind, wanted.key);
    let dir = root.join(&place);
    let mut pieces: Vec<Piece>;
    let (mut edits, mut module) = (Vec::new(), String::new());
    match wanted.language {
        Language::Rust => match cargo::find(root)? {
            Some(workspace) => {
                pieces = sdk::bring(root, Language::Rust, "")?;
                let new = (!pieces.is_empty()).then(|| root.join(rust_sdk::FOLDER));
                let after = workspace.join(&dir, new.as_deref())?;
                edits.extend(
                    after.map(|after| Edit::new(&workspace.path, &workspace.text, after, "its members")),
                );
            }
            None => pieces = repository::workspace(&survey.layout, Some(&place))?,
        },
        Language::Go => match gomod::find(root)? {
            Some(found) => {
                module = found.import_root(root);
                pieces = sdk::bring(root, Language::Go, &module)?;
                edits = go_edits(&found)?;
            }
            None => (pieces, module) = repository::go_module(root, wanted.module.as_deref())?,
        },
    }
    pieces.retain(|piece| piece.standing == Standing::Missing);
    let edited = edits.iter().map(|edit| &*edit.path);
    let written = pieces.iter().map(|piece| &*piece.path).chain(edited).chain([&*dir]);
    super::keep_to_repository(root, written)?;
    let files = files_of(wanted.language, &wanted.key, wanted.kind, &module);
    Ok(Draft { place, dir, files, pieces, edits })
}

fn is_free(survey: &Survey, wanted: &Wanted) -> Result<(), Failure> {
    let root = &survey.layout.root;
    if !survey.has_kinds && !files::is_file(&root.join(crate::project::CONFIG_NAME)) {
        let what = format!("{} is no repository of plugins", root.display());
        return Err(Failure::new(FailureKind::Project, what)
            .hint("make it one with `wick plugin init`, or name another folder with --dir"));
    }
    let taken = |what: String| Err(Failure::new(FailureKind::Conflict, what).hint("choose another name"));
    let place = format!("{}/{}", wanted.kind, wanted.key);
    if files::kind(&root.join(&place)) != files::Kind::Missing {
        return taken(format!("{place} is there already"));
    }
    match survey.layout.candidates.iter().find(|other| other.key == wanted.key) {
        Some(other) => taken(format!("{} has that key already", other.place)),
        None => Ok(()),
    }
}

fn go_edits(found: &gomod::GoMod) -> Result<Vec<Edit>, Failure> {
    let Some(after) = found.join() else { return Ok(Vec::new()) };
    let mut edits = vec![Edit::new(&found.path, &found.text, after, "what the SDK requires")];
    let sums = found.path.with_file_name("go.sum");
    let text = if files::is_file(&sums) { files::read_text(&sums)? } else { String::new() };
    edits.extend(gomod::join_sums(&text).map(|after| Edit::new(&sums, &text, after, "their digests")));
    Ok(edits)
}

impl Edit {
    fn new(path: &Path, before: &str, after: String, what: &'static str) -> Edit {
        Edit { path: path.to_owned(), before: before.to_owned(), after, what }
    }

    fn write(&self, text: &str) -> Result<(), Failure> {
        Ok(files::write_users(&self.path, text.as_bytes())?)
    }
}

impl Draft {
    /// Writes everything, or leaves everything as it was. The plugin's folder appears in one step.
    ///
    /// # Errors
    /// When something can't be written.
    pub fn write(&self) -> Result<(), Failure> {
        let mut made: Vec<PathBuf> = Vec::new();
        let mut edited: Vec<&Edit> = Vec::new();
        let result = self.try_write(&mut made, &mut edited);
        if result.is_err() {
            // What can't be undone is no worse than what has just failed, which is what is told.
            for edit in edited {
                let _ = if edit.before.is_empty() {
                    files::remove(&edit.path).map_err(Failure::from)
                } else {
                    edit.write(&edit.before)
                };
            }
            for path in made.iter().rev() {
                let _ = files::remove(path);
            }
        }
        result
    }

    fn try_write<'a>(&'a self, made: &mut Vec<PathBuf>, edited: &mut Vec<&'a Edit>) -> Result<(), Failure> {
        let folder = self.dir.parent().unwrap_or(&self.dir);
        let scratch = files::Scratch::beside(folder)?;
        let inner = scratch.path().join("plugin");
        for (place, text) in &self.files {
            let path = inner.join(place);
            files::create_folder(path.parent().unwrap_or(&inner))?;
            files::write_new(&path, text.as_bytes())?;
        }
        for piece in &self.pieces {
            // A folder that comes with it goes with it.
            let new = |path: &&Path| files::kind(path) == files::Kind::Missing;
            let first = piece.path.ancestors().skip(1).take_while(new).last();
            made.extend(first.map(Path::to_owned));
            piece.write()?;
            made.push(piece.path.clone());
        }
        files::move_new(&inner, &self.dir)?;
        made.push(self.dir.clone());
        for edit in &self.edits {
            edit.write(&edit.after)?;
            edited.push(edit);
        }
        Ok(())
    }
}

impl Piece {
    /// Writes a piece that is missing.
    ///
    /// # Errors
    /// When it can't be written, or something stands there meanwhile.
    pub fn write(&self) -> Result<(), Failure> {
        if let Some(folder) = self.path.parent() {
            files::create_folder(folder)?;
        }
        Ok(files::write_new(&self.path, self.text.as_bytes())?)
    }
}
