//! The catalog against the double: what it costs, what it loses when requests fail (nothing), what it says.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests")]

mod command;
mod cost;
mod faults;
mod servers;
mod support;
