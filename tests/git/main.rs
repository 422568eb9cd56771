//! wick in repositories that git itself has trouble with, in environments that speak of another one, and with sources that
//! are in no commit: real git, real compilers. What a user's settings do is tested where git is asked (`sys/git/tests.rs`).
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "the walls are for the program; its tests act as users and say what they skip"
)]

mod environment;
mod generate;
mod reach;
#[path = "../it/repo/mod.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod repo;
mod strange;
