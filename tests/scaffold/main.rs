//! Scaffolds, from an empty folder, with real compilers: what `init` and `new` write, the commands that their READMEs and
//! docs/first-connector.md print, and what `check` says of plugins.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "the walls are for the program; its tests act as users and say what they skip"
)]

mod check;
mod files;
mod names;
mod new;
#[path = "../it/repo/mod.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod repo;
mod typed;
