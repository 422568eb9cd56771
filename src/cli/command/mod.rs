//! One file per verb: from typed arguments to a call of a phase and a rendered answer.

pub(super) mod attest;
pub(super) mod build;
pub(super) mod call;
pub(super) mod catalog;
pub(super) mod check;
pub(super) mod completions;
pub(super) mod doctor;
pub(super) mod init;
pub(super) mod inspect;
pub(super) mod keygen;
pub(super) mod merge;
pub(super) mod new;
pub(super) mod plan;
pub(super) mod release;
pub(super) mod verify;
