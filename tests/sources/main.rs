//! "These sources are the commit's", from the build to the refusal: real builds in real repositories, one row of K1
//! each. The ways in which a file can differ are `phase/committed`'s tests.
// They stand on modes and links; Windows gets the unit tests' type check.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "the walls are for the program; its tests act as users and say what they skip"
)]

mod clean;
mod go;
mod pointers;
#[allow(dead_code, reason = "shared with tests/it, which uses more of it")]
#[path = "../it/repo/mod.rs"]
mod repo;
mod rust;
mod support;
