//! Kinds of failure to exit codes, and nowhere else. Documented in `wick --help` and the README.

use crate::model::failure::FailureKind;

/// Done.
pub(super) const DONE: u8 = 0;

/// Whether a run ended with an answer, yes or no.
pub(super) fn is_answer(code: u8) -> bool {
    code == DONE || code == exit_code(FailureKind::Findings)
}

/// The exit code of a kind.
pub(super) fn exit_code(kind: FailureKind) -> u8 {
    match kind {
        FailureKind::Findings => 1,
        FailureKind::Usage => 2,
        FailureKind::Project => 3,
        FailureKind::Missing => 4,
        FailureKind::Step => 5,
        FailureKind::Remote => 6,
        FailureKind::Conflict => 7,
        FailureKind::Bug => 70,
        FailureKind::Interrupted => 130,
    }
}
