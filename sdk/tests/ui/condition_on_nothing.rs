//! A field that is shown for a value of a field that isn't there.
use wick_plugin::Config;

#[derive(Config)]
struct Weather {
    /// How to sign in
    method: String,
    /// The token
    #[wick(visible_when(methode = "token"))]
    token: Option<wick_plugin::Secret>,
}

fn main() {}
