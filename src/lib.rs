//! wick (crate docs follow).
pub mod cli;
pub mod host;
pub mod inspect;
pub mod model;
pub mod phase;
pub mod project;
pub mod signer;
pub mod sys;
pub mod toolchain;
