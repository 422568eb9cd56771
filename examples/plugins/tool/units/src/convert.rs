//! The table of units, and going from one to the other through the base unit of their quantity.

/// `base = value * factor + offset`.
pub struct Unit {
    pub name: &'static str,
    quantity: Quantity,
    factor: f64,
    offset: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Quantity {
    Length,
    Mass,
    Temperature,
    Data,
}

const fn unit(name: &'static str, quantity: Quantity, factor: f64, offset: f64) -> Unit {
    Unit { name, quantity, factor, offset }
}

/// Base units: metre, kilogram, kelvin, byte.
pub const UNITS: &[Unit] = &[
    unit("m", Quantity::Length, 1.0, 0.0),
    unit("km", Quantity::Length, 1000.0, 0.0),
    unit("cm", Quantity::Length, 0.01, 0.0),
    unit("in", Quantity::Length, 0.0254, 0.0),
    unit("ft", Quantity::Length, 0.3048, 0.0),
    unit("mi", Quantity::Length, 1609.344, 0.0),
    unit("kg", Quantity::Mass, 1.0, 0.0),
    unit("g", Quantity::Mass, 0.001, 0.0),
    unit("lb", Quantity::Mass, 0.453_592_37, 0.0),
    unit("K", Quantity::Temperature, 1.0, 0.0),
    unit("C", Quantity::Temperature, 1.0, 273.15),
    unit("F", Quantity::Temperature, 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    unit("B", Quantity::Data, 1.0, 0.0),
    unit("kB", Quantity::Data, 1000.0, 0.0),
    unit("KiB", Quantity::Data, 1024.0, 0.0),
    unit("MB", Quantity::Data, 1e6, 0.0),
    unit("MiB", Quantity::Data, 1_048_576.0, 0.0),
];

/// `value` of `from` in `to`, rounded to nine decimals: nobody wants to read 0.30000000000000004.
pub fn convert(value: f64, from: &str, to: &str) -> Result<f64, String> {
    let (from, to) = (find(from)?, find(to)?);
    if from.quantity != to.quantity {
        return Err(format!(
            "`{}` measures {:?}, `{}` measures {:?}",
            from.name, from.quantity, to.name, to.quantity
        ));
    }
    let result = (value * from.factor + from.offset - to.offset) / to.factor;
    Ok((result * 1e9).round() / 1e9)
}

fn find(name: &str) -> Result<&'static Unit, String> {
    UNITS.iter().find(|unit| unit.name == name).ok_or_else(|| format!("no unit `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts() {
        for (value, from, to, want) in [
            (1.0, "mi", "km", 1.609344),
            (100.0, "C", "F", 212.0),
            (-40.0, "F", "C", -40.0),
            (2.0, "MiB", "KiB", 2048.0),
            (1.0, "lb", "g", 453.59237),
        ] {
            assert_eq!(convert(value, from, to), Ok(want), "{value} {from} in {to}");
        }
    }

    #[test]
    fn refuses_what_has_no_meaning() {
        assert_eq!(convert(1.0, "m", "kg").unwrap_err(), "`m` measures Length, `kg` measures Mass");
        assert_eq!(convert(1.0, "m", "parsec").unwrap_err(), "no unit `parsec`");
    }
}
