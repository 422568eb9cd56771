//! A credential that would be printed with the struct.
use wick_plugin::Config;

#[derive(Config)]
struct Weather {
    /// Key of the service
    #[wick(secret)]
    api_key: String,
}

fn main() {}
