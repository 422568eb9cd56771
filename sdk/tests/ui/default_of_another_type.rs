//! A default that can't be the field's value.
use wick_plugin::{Choice, Input};

#[derive(Choice)]
enum Unit {
    Celsius,
    Fahrenheit,
}

#[derive(Input)]
struct Query {
    /// How many days
    #[wick(default = "three")]
    days: u8,
    /// The unit
    #[wick(default = "celsius")]
    unit: Unit,
}

fn main() {}
