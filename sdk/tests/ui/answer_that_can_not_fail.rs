//! An operation without a `Result`.
use wick_plugin::{Config, plugin};

#[derive(Config)]
struct Weather;

/// The weather
#[plugin(key = "weather")]
impl Weather {
    /// Right now
    #[operation]
    fn now() -> f64 {
        20.0
    }

    /// Nothing
    #[operation]
    fn nothing() {}
}

fn main() {}
