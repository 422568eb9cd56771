//! The only door to the world: files, processes, the environment, git, the terminal's interrupt.
//! Knows no plugin and no toolchain; everything above decides, this acts.
#![allow(clippy::disallowed_methods, reason = "this is the door the rule speaks of")]

pub mod cargo_config;
pub mod env;
pub mod files;
pub mod fingerprint;
pub mod git;
mod group;
pub mod interrupt;
pub mod process;
pub mod sandbox;
