//! The `wick` program: collects the arguments, runs, ends with the exit code.
fn main() {}
