//! Collects entries under the limits, whatever format they come from. Refused entries leave a finding, not a file.

use std::collections::BTreeMap;

use super::Contents;
use super::limits::{CONTENT_MAX, ENTRIES_MAX};
use super::names::{check, fold, shown};
use crate::model::finding::{Finding, Severity};
use crate::model::package::PackageEntry;

/// What lies under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
}

struct Node {
    spelling: String,
    kind: Kind,
    /// Has an entry of its own, rather than only being part of another's name.
    listed: bool,
}

/// The contents in the making.
pub(super) struct Gather {
    entries: Vec<PackageEntry>,
    findings: Vec<Finding>,
    nodes: BTreeMap<String, Node>,
    claimed: usize,
    /// Bytes of content that may still come.
    room: u64,
}

impl Gather {
    /// Collects at most `room` bytes; [`CONTENT_MAX`] outside tests.
    pub(super) fn new(room: u64) -> Gather {
        Gather { entries: Vec::new(), findings: Vec::new(), nodes: BTreeMap::new(), claimed: 0, room }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>) {
        self.add(Finding::error(code, message));
    }

    pub(super) fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }

    pub(super) fn entries(&self) -> &[PackageEntry] {
        &self.entries
    }

    /// Whether `count` entries are allowed.
    pub(super) fn allows(&mut self, count: usize) -> bool {
        if count > ENTRIES_MAX {
            self.error(
                "too-many-entries",
                format!("the archive has {count} or more entries; at most {ENTRIES_MAX} are read"),
            );
        }
        count <= ENTRIES_MAX
    }

    /// Takes a name for an entry; nothing when the name or the place it wants is refused.
    pub(super) fn claim(&mut self, raw: &[u8], kind: Kind) -> Option<String> {
        self.claimed += 1;
        if kind == Kind::Directory && matches!(raw, b"." | b"./") {
            return None; // the archive's own root, as `tar -c .` lists it
        }
        let path = match check(raw) {
            Ok(path) => path,
            Err(found) => {
                self.findings.extend(found);
                return None;
            }
        };
        if !path.is_ascii() {
            self.add(Finding::warning(
                "name-not-ascii",
                format!("entry `{}` has a name that file systems spell differently", shown(raw)),
            ));
        }
        for (at, _) in path.match_indices('/') {
            self.place(&path[..at], Kind::Directory, false)?;
        }
        self.place(&path, kind, true)?;
        Some(path)
    }

    fn place(&mut self, path: &str, kind: Kind, listed: bool) -> Option<()> {
        let Some(node) = self.nodes.get_mut(&fold(path)) else {
            let node = Node { spelling: path.to_owned(), kind, listed };
            self.nodes.insert(fold(path), node);
            return Some(());
        };
        let (here, there) = (shown(path.as_bytes()), shown(node.spelling.as_bytes()));
        let finding = if node.spelling != path {
            let message = format!(
                "`{there}` and `{here}` are one file on systems that don't look at upper and lower case"
            );
            Finding::error("entry-case-duplicate", message)
        } else if node.kind != kind {
            Finding::error("entry-file-and-directory", format!("`{here}` is both a file and a directory"))
        } else if node.listed && listed {
            Finding::error(
                "entry-duplicate",
                format!("`{here}` is there twice, and programs disagree about which counts"),
            )
        } else {
            node.listed |= listed;
            return Some(());
        };
        self.findings.push(finding);
        None
    }

    /// How many bytes of content may still come.
    pub(super) fn room(&self) -> u64 {
        self.room
    }

    /// Takes `size` bytes of the room for an entry, or says that they aren't there. They stay taken when the entry
    /// turns out to be broken, so that broken entries can't cost work without end.
    pub(super) fn reserve(&mut self, name: &str, size: u64) -> bool {
        let who = shown(name.as_bytes());
        match self.room.checked_sub(size) {
            Some(room) => self.room = room,
            None => {
                let message = format!(
                    "entry `{who}` has {size} bytes where {} are left; an archive may unpack to {CONTENT_MAX} bytes",
                    self.room
                );
                self.error("content-too-large", message);
                return false;
            }
        }
        true
    }

    /// Keeps a file whose name was claimed and whose size was reserved.
    pub(super) fn keep(&mut self, name: String, bytes: Vec<u8>, executable: bool) {
        self.entries.push(PackageEntry { name, bytes, executable });
    }

    pub(super) fn finish(mut self) -> Contents {
        // Where entries were refused, the reasons are already there.
        if self.entries.is_empty() && self.is_clean() {
            self.error("archive-empty", format!("the archive holds no files ({} entries)", self.claimed));
        }
        Contents { entries: self.entries, findings: self.findings }
    }
}
