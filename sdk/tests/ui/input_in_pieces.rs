//! Arguments as parameters instead of a struct.
use wick_plugin::{Config, Result, plugin};

#[derive(Config)]
struct Weather;

/// The weather
#[plugin(key = "weather")]
impl Weather {
    /// At a place
    #[operation]
    fn at(latitude: f64, longitude: f64) -> Result<f64> {
        Ok(latitude + longitude)
    }

    /// In a city
    #[operation]
    fn in_city(city: String) -> Result<String> {
        Ok(city)
    }
}

fn main() {}
