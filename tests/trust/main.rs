//! Trust, tried against the programs of others: cosign and sigstore-js take what wick signs, wick takes what cosign
//! signs, and all of them refuse what was altered. And what wick is trusted with stays with wick.
// They stand on modes, signals and shell scripts; Windows gets the unit tests' type check.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "the walls are for the program; its tests act as users and say what they skip"
)]

mod alter;
mod attest;
mod bundles;
mod hygiene;
mod interop;
#[cfg(feature = "keyless")]
mod keyless;
mod keys;
#[allow(dead_code, reason = "shared with tests/it, which uses more of it")]
#[path = "../it/repo/mod.rs"]
mod repo;
mod sbom;
mod sources;
mod support;
mod tamper;
mod whole;
