//! A typing error in a category, which would make a second one.
use wick_plugin::{Config, Result, plugin};

#[derive(Config)]
struct Weather;

/// The weather
#[plugin(key = "weather", category(title = "Forecasts", description = "What is to come"))]
impl Weather {
    /// Tomorrow
    #[operation(category = "Forecast")]
    fn tomorrow() -> Result<f64> {
        Ok(20.0)
    }
}

fn main() {}
