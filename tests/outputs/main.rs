//! Where answers go and whose files are written: stdout that can't be written, files that a CI service or a user owns,
//! outputs behind links; and what is said when something lacks.
// They stand on links, devices and mounts; Windows gets the unit tests' type check.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "the walls are for the program; its tests act as users and say what they skip"
)]

mod owners;
#[path = "../it/repo/mod.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod repo;
#[cfg(target_os = "linux")]
mod unwritten;
mod words;
