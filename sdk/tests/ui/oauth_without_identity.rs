//! A sign-in whose user nobody can name.
use wick_plugin::{Config, Result, plugin};

#[derive(Config)]
struct Weather;

/// The weather
#[plugin(
    key = "weather",
    oauth(authorize_url = "https://example.com/authorize", token_url = "https://example.com/token", scopes = ["read"])
)]
impl Weather {
    /// Right now
    #[operation]
    fn now() -> Result<f64> {
        Ok(20.0)
    }
}

fn main() {}
