//! Two operations that a host couldn't tell apart.
use wick_plugin::{Config, Result, plugin};

#[derive(Config)]
struct Weather;

/// The weather
#[plugin(key = "weather")]
impl Weather {
    /// Right now
    #[operation]
    fn now() -> Result<f64> {
        Ok(20.0)
    }

    /// Right now, in detail
    #[operation(key = "now")]
    fn now_in_detail() -> Result<f64> {
        Ok(20.04)
    }
}

fn main() {}
