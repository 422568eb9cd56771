//! Releases against the double of GitHub: every fault and every death at every request, refusals, merging, the CLI.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests")]

mod command;
mod faults;
mod kill;
mod merge;
mod ratchet;
mod refusals;
mod support;
