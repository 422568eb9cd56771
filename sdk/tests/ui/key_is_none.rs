//! A hyphen separates the parts of a zip's name.
use wick_plugin::{Config, Result, plugin};

#[derive(Config)]
struct Weather;

/// The weather
#[plugin(key = "my-weather")]
impl Weather {
    /// Right now
    #[operation]
    fn now() -> Result<f64> {
        Ok(20.0)
    }
}

fn main() {}
