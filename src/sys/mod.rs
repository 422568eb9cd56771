//! The only door to the world: files, processes, the network, the clock, the environment, git, the terminal's
//! interrupt.
//! Knows no plugin, no toolchain and no forge; everything above decides, this acts.
#![allow(clippy::disallowed_methods, reason = "this is the door the rule speaks of")]

pub mod cargo_config;
pub mod clock;
pub mod env;
pub mod files;
pub mod fingerprint;
pub mod git;
mod group;
pub mod grpc;
pub mod http;
pub mod interrupt;
pub mod process;
pub mod sandbox;
pub mod secret;
#[cfg(unix)]
pub mod stdout;
