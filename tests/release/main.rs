//! Releases against the double of GitHub: every fault and every death at every request, refusals, merging, the CLI.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests")]

mod bounds;
mod command;
mod faults;
mod kill;
mod merge;
mod outcome;
mod races;
mod ratchet;
mod refusals;
mod support;
