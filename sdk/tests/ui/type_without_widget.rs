//! A type that no form can ask for.
use std::collections::HashMap;
use wick_plugin::Input;

#[derive(Input)]
struct Query {
    /// Headers to send
    headers: HashMap<String, String>,
}

fn main() {}
