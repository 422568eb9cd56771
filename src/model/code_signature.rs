//! How the code of a Mach-O file is signed. What that means for a target is [`super::artifact::BinaryFacts`]' business.

use serde::{Deserialize, Serialize};

/// The code signature of a Mach-O file, as the kernel of macOS reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum CodeSignature {
    /// There is none.
    Missing,
    /// There is one that the kernel doesn't accept, or that isn't of these bytes.
    Broken {
        /// What is wrong, such as `page 3 of the file isn't what was signed`.
        why: String,
    },
    /// It is over every byte that is loaded, and each of them is what was signed.
    Whole {
        /// What it calls the program.
        identifier: String,
        /// Made without a certificate, as linkers do.
        ad_hoc: bool,
        /// Made by a linker rather than by `codesign`.
        linker_signed: bool,
    },
}

impl CodeSignature {
    /// What is wrong with it, going on from "the file": `its code isn't signed`.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        match self {
            CodeSignature::Missing => Some("its code isn't signed".to_owned()),
            CodeSignature::Broken { why } => Some(format!("its code signature doesn't hold: {why}")),
            CodeSignature::Whole { .. } => None,
        }
    }
}
