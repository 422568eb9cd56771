//! A field nobody can know the meaning of.
use wick_plugin::Config;

#[derive(Config)]
struct Weather {
    /// Address of the service
    base_url: String,
    timeout: u64,
}

fn main() {}
