//! Trust: signatures against the implementations that others use, and against whoever alters them.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "the walls are for the program; its tests act as users and say what they skip"
)]

#[cfg(feature = "keyless")]
mod keyless;
#[cfg(feature = "keyless")]
#[path = "../it/repo.rs"]
#[allow(dead_code, reason = "shared with the integration tests, which use all of it")]
mod repo;
