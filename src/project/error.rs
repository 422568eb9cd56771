//! What can be wrong with a project.

use std::path::PathBuf;

use crate::model::failure::{Explain, FailureKind};
use crate::model::names::{KeyError, PluginKind};
use crate::model::version::VersionError;
use crate::sys::files::FileError;

/// A project that can't be built as it is.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// No kind folder.
    #[error("{} holds no plugins: there is no connector/, tool/ or job/ folder in it", root.display())]
    NoPlugins {
        /// Where was looked.
        root: PathBuf,
        /// A folder below that would do.
        better: Option<String>,
    },
    /// A folder name that is no key.
    #[error("{place} can't be a plugin")]
    Key {
        /// `connector/my-plugin`.
        place: String,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// A name nobody has.
    #[error("there is no plugin `{name}` in {}", root.display())]
    Unknown {
        /// The name asked for.
        name: String,
        /// Where was looked.
        root: PathBuf,
        /// Near names.
        near: Vec<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A name that a plugin of another kind has.
    #[error("there is no {kind} `{name}`; {place} has another kind")]
    OtherKind {
        /// The name asked for.
        name: String,
        /// The kind asked for.
        kind: PluginKind,
        /// `connector/slack`.
        place: String,
    },
    /// A folder without source.
    #[error("{place} has neither main.go nor Cargo.toml")]
    NoSource {
        /// `connector/slack`.
        place: String,
    },
    /// Both languages.
    #[error("{place} has both main.go and Cargo.toml; which one is the plugin?")]
    TwoSources {
        /// `connector/slack`.
        place: String,
    },
    /// Two plugins whose packages would have the same names.
    #[error("{first} and {second} would be packed under the same names")]
    SameKey {
        /// One place.
        first: String,
        /// The other.
        second: String,
    },
    /// A version that is none.
    #[error("{place}")]
    Version {
        /// The file, `connector/slack/VERSION`.
        place: String,
        /// Why.
        #[source]
        source: VersionError,
    },
    /// wick.toml or Cargo.toml doesn't say what it should.
    #[error("{message}")]
    Config {
        /// File, line, column and what is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// cargo could not be asked about a Rust plugin.
    #[error("can't ask cargo about {place}")]
    Cargo {
        /// `connector/weather`.
        place: String,
        /// Why.
        #[source]
        source: cargo_metadata::Error,
    },
    /// A file to be packed that only says where Git LFS has the content.
    #[error("{place} is to be packed, and it is a Git LFS pointer: the file itself isn't here")]
    Pointer {
        /// The file, `connector/slack/logo.png`.
        place: String,
    },
    /// A file.
    #[error(transparent)]
    Files(#[from] FileError),
}

impl Explain for ProjectError {
    fn kind(&self) -> FailureKind {
        match self {
            ProjectError::Cargo { source: cargo_metadata::Error::Io(_), .. }
            | ProjectError::Pointer { .. } => FailureKind::Missing,
            ProjectError::Unknown { .. } | ProjectError::OtherKind { .. } => FailureKind::Usage,
            _ => FailureKind::Project,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            ProjectError::NoPlugins { better: Some(better), .. } => vec![format!("use --dir {better}")],
            ProjectError::NoPlugins { .. } => {
                vec!["run wick in the repository of plugins, or name it with --dir".to_owned()]
            }
            ProjectError::Key { .. } => {
                vec!["rename the folder; keys are 1 to 64 of a-z, 0-9 and _".to_owned()]
            }
            ProjectError::Unknown { near, .. } if !near.is_empty() => {
                vec![format!("did you mean {}?", near.join(" or "))]
            }
            ProjectError::OtherKind { .. } => vec!["leave out --kind".to_owned()],
            ProjectError::Unknown { known, .. } if !known.is_empty() => {
                let shown = known.iter().take(12).map(String::as_str).collect::<Vec<_>>().join(", ");
                let more = if known.len() > 12 { ", …" } else { "" };
                vec![format!("its plugins are {shown}{more}")]
            }
            ProjectError::NoSource { .. } => {
                vec!["a Go plugin has a main.go in its folder, a Rust plugin a Cargo.toml".to_owned()]
            }
            ProjectError::TwoSources { .. } => vec!["move one of them into a folder of its own".to_owned()],
            ProjectError::SameKey { .. } => {
                vec!["rename one of them, or build one kind at a time with --kind".to_owned()]
            }
            ProjectError::Pointer { .. } => vec!["run `git lfs pull`".to_owned()],
            ProjectError::Version { .. } => vec!["write a version such as 0.2.0 into that file".to_owned()],
            ProjectError::Config { hint: Some(hint), .. } => vec![hint.clone()],
            ProjectError::Cargo { source: cargo_metadata::Error::Io(_), .. } => {
                vec!["install Rust with rustup".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}
