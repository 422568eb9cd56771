//! Why a file can't be taken for what it should be: empty, cut short, something else, damaged.
//! Not whether it fits a target: that is asked of the facts.

use crate::model::failure::{Explain, FailureKind};

/// Why there are no facts about a file. Each message goes on from "the file": `it is empty`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// No bytes at all.
    #[error("it is empty")]
    Empty,
    /// Its own headers speak of bytes that aren't there.
    #[error("it is cut short: its {part} ends at byte {end}, the file at byte {length}")]
    Truncated {
        /// The part that is missing, at least in part.
        part: &'static str,
        /// Where the part should end.
        end: u64,
        /// Where the file ends.
        length: u64,
    },
    /// Not a binary that a linker made for loading.
    #[error("it is {0}, not a program")]
    NotABinary(String),
    /// A binary whose parts contradict each other.
    #[error("its {part} can't be read: {reason}")]
    Malformed {
        /// The part.
        part: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The manifest inside is more than wick reads.
    #[error("its manifest section holds {size} bytes, more than the {limit} that wick reads")]
    ManifestTooLarge {
        /// The size of the section.
        size: u64,
        /// The limit.
        limit: usize,
    },
    /// The manifest inside is no text.
    #[error("its manifest section is not UTF-8 text: byte {0} of it is part of no character")]
    ManifestNotText(usize),
    /// Two manifests inside, with different texts.
    #[error("its manifest sections contradict each other: {0}")]
    ManifestsDiffer(&'static str),
}

impl InspectError {
    /// A part that can't be read, for the reason `object` or a parser of ours gives.
    pub(super) fn malformed(part: &'static str, reason: impl ToString) -> InspectError {
        InspectError::Malformed { part, reason: reason.to_string() }
    }
}

impl Explain for InspectError {
    fn kind(&self) -> FailureKind {
        FailureKind::Step
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            InspectError::Empty | InspectError::Truncated { .. } => {
                "build it again; a full disk or an interrupted copy leaves files like this"
            }
            InspectError::NotABinary(what) if what.contains("Git LFS") => {
                "fetch the file with `git lfs pull`"
            }
            InspectError::NotABinary(what) if what.contains("script") => {
                "name the program that was built, not the script that starts it"
            }
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}
