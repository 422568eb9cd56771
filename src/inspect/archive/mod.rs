//! What an archive really holds, read as if its maker were hostile: zip and tar.gz, over bytes, in bounded memory.
//! It knows no plugins and no hosts; refused things become findings and everything readable is still handed on.

mod gather;
pub mod limits;
mod locate;
mod names;
mod targz;
mod zip;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use locate::{Located, locate_package};
pub use zip::{DosTime, Listed, RemoteError, listing, read_remote_manifest};

use crate::model::finding::{Finding, Severity};
use crate::model::package::PackageEntry;
use gather::{Gather, Kind};

/// The files of an archive or a folder, and what is wrong with how they are packed. Names are relative, use `/`,
/// and are safe on every system; directories are not listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The files, in the archive's order.
    pub entries: Vec<PackageEntry>,
    /// What was found; an error means that hosts refuse the archive or disagree about it.
    pub findings: Vec<Finding>,
}

impl Contents {
    /// The contents of a folder, whose files somebody else has read. The rules for names are the archives', so
    /// that what passes as a folder can be packed.
    #[must_use]
    pub fn from_entries(entries: impl IntoIterator<Item = PackageEntry>) -> Contents {
        let mut gather = Gather::new(limits::CONTENT_MAX);
        for (index, entry) in entries.into_iter().enumerate() {
            if !gather.allows(index + 1) {
                break;
            }
            let Some(name) = gather.claim(entry.name.as_bytes(), Kind::File) else { continue };
            if gather.reserve(&name, entry.bytes.len() as u64) {
                gather.keep(name, entry.bytes, entry.executable);
            }
        }
        gather.finish()
    }

    /// Whether nothing speaks against the packing.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Zip,
    TarGz,
}

/// Reads a zip or tar.gz; which of them it is, the content tells and `file_name` only has to agree. Never panics,
/// and never holds more content than [`limits::CONTENT_MAX`] allows.
#[must_use]
pub fn read_archive(file_name: &str, bytes: &[u8]) -> Contents {
    let mut gather = Gather::new(limits::CONTENT_MAX);
    if bytes.len() as u64 > limits::ARCHIVE_MAX {
        let message =
            format!("the archive has {} bytes; at most {} are read", bytes.len(), limits::ARCHIVE_MAX);
        gather.error("archive-too-large", message);
        return gather.finish();
    }
    let form = if bytes.starts_with(&[0x1f, 0x8b]) {
        Some(Form::TarGz)
    } else if bytes.starts_with(b"PK") || zip::has_end(bytes) {
        Some(Form::Zip)
    } else {
        None
    };
    check_extension(file_name, form, &mut gather);
    match form {
        Some(Form::Zip) => zip::read(bytes, &mut gather),
        Some(Form::TarGz) => targz::read(bytes, &mut gather),
        None => {
            let first = names::shown(&bytes[..bytes.len().min(8)]);
            let message = format!("`{file_name}` is neither a zip nor a tar.gz; it starts with `{first}`");
            gather.error("archive-format", message);
        }
    }
    gather.finish()
}

fn check_extension(file_name: &str, form: Option<Form>, gather: &mut Gather) {
    let lower = file_name.to_ascii_lowercase();
    let named = if lower.ends_with(".zip") {
        Some(Form::Zip)
    } else if lower.ends_with(".tar.gz") || lower.ends_with(".tgz") {
        Some(Form::TarGz)
    } else {
        None
    };
    match (named, form) {
        (Some(named), Some(form)) if named != form => {
            let what = if form == Form::Zip { "a zip" } else { "a tar.gz" };
            gather.error(
                "archive-extension",
                format!("`{file_name}` is {what} by its content; hosts go by the extension"),
            );
        }
        (None, Some(form)) => {
            let extension = if form == Form::Zip { ".zip" } else { ".tar.gz" };
            let message = format!("`{file_name}` has no extension that tells hosts how to read it");
            gather.add(
                Finding::warning("archive-extension", message).hint(format!("name it with `{extension}`")),
            );
        }
        _ => {}
    }
}
