//! A typing error in the brackets.
use wick_plugin::Input;

#[derive(Input)]
struct Query {
    /// How many days
    #[wick(defualt = 3)]
    days: u8,
}

fn main() {}
