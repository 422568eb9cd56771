//! The forge against the double: every trap of GitHub's API and of HTTP clients that cost someone a release.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests")]

mod denied;
mod faults;
mod interrupt;
mod limits;
mod network;
mod reading;
mod secrets;
mod support;
mod tags;
mod traps;
mod uploads;
mod writing;
