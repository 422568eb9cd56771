//! A plugin that converts units.

mod convert;

use plugin_kit::Args;
use std::process::ExitCode;

plugin_kit::manifest! {
    kind: "tool",
    module: include_str!("../module.json"),
}

fn main() -> ExitCode {
    plugin_kit::run(&MANIFEST, &[("convert", convert), ("units", units)])
}

fn convert(args: &Args) -> Result<String, String> {
    let (value, from, to) = (args.value("value")?, args.text("from")?, args.text("to")?);
    let result = convert::convert(value, from, to)?;
    // JSON has no word for a number that is none.
    if !result.is_finite() {
        return Err(format!("{value} {from} is no finite number of {to}"));
    }
    Ok(format!("{{\"value\":{result},\"unit\":\"{to}\"}}"))
}

fn units(_: &Args) -> Result<String, String> {
    let names = convert::UNITS.iter().map(|unit| format!("\"{}\"", unit.name));
    Ok(format!("{{\"units\":[{}]}}", names.collect::<Vec<_>>().join(",")))
}
