//! A model decides by the description whether to call an operation.
use wick_plugin::{Config, Result, plugin};

#[derive(Config)]
struct Weather;

/// The weather
#[plugin(key = "weather")]
impl Weather {
    #[operation]
    fn now() -> Result<f64> {
        Ok(20.0)
    }
}

fn main() {}
