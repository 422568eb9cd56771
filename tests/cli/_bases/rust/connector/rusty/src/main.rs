//! A plugin that no test compiles.

fn main() {}
