//! The struct lacks its derive.
use wick_plugin::{Result, plugin};

struct Weather;

/// The weather
#[plugin(key = "weather")]
impl Weather {
    /// Right now
    #[operation]
    fn now(&self) -> Result<f64> {
        Ok(20.0)
    }
}

fn main() {}
