//! Integration tests: the wick program against real compilers, real emulators, a host written in Go, real git and
//! plugins that misbehave. No mocks.
// They stand on umask, modes, signals and wrapper scripts; Windows gets the unit tests' type check.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "the walls are for the program; its tests act as users and say what they skip"
)]

mod changed;
mod cli;
mod conformance;
mod evidence;
mod host;
mod plugin;
mod receipts;
mod repo;
mod reproducible;
mod road;
mod sandbox;
mod support;
