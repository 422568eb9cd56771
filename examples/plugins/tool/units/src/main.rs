//! A plugin that converts units. It has nothing to configure, and all it does is arithmetic.

mod convert;

use serde::Serialize;
use wick_plugin::{Config, Error, Input, Result, plugin};

#[derive(Config)]
struct Units;

#[derive(Input)]
struct Quantity {
    /// How many
    value: f64,
    /// Unit of the value
    from: String,
    /// Unit of the answer
    to: String,
}

#[derive(Serialize)]
struct Converted {
    value: f64,
    unit: String,
}

#[derive(Serialize)]
struct Known {
    units: Vec<&'static str>,
}

/// Converts lengths, masses, temperatures & amounts of data: 1 mi -> 1.609344 km
#[plugin(kind = "tool", icon = "📏")]
impl Units {
    /// A value in another unit of the same quantity
    #[operation(category = "Convert")]
    async fn convert(quantity: Quantity) -> Result<Converted> {
        let Quantity { value, from, to } = quantity;
        let result = convert::convert(value, &from, &to).map_err(Error::bad_arguments)?;
        // JSON has no word for a number that is none.
        if !result.is_finite() {
            return Err(Error::bad_arguments(format!("{value} {from} is no finite number of {to}")));
        }
        Ok(Converted { value: result, unit: to })
    }

    /// Every unit there is
    #[operation(category = "Convert")]
    async fn units() -> Result<Known> {
        Ok(Known { units: convert::UNITS.iter().map(|unit| unit.name).collect() })
    }
}

wick_plugin::main!(Units);
