//! State in the configuration, which is another one in every call.
use wick_plugin::{Config, Result, plugin};

#[derive(Config)]
struct Weather {
    /// How often
    calls: u32,
}

/// The weather
#[plugin(key = "weather")]
impl Weather {
    /// Right now
    #[operation]
    fn now(&mut self) -> Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }
}

fn main() {}
