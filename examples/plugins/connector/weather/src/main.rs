//! A plugin that works out weather from figures and airport reports. It doesn't fetch any: no network.

mod air;
mod metar;

use plugin_kit::Args;
use std::process::ExitCode;

plugin_kit::manifest! {
    kind: "connector",
    module: include_str!("../module.json"),
}

fn main() -> ExitCode {
    plugin_kit::run(&MANIFEST, &[("dew_point", dew_point), ("heat_index", heat_index), ("metar", metar)])
}

fn dew_point(args: &Args) -> Result<String, String> {
    let (temperature, humidity) = air(args)?;
    Ok(format!("{{\"dew_point_c\":{:.1}}}", air::dew_point(temperature, humidity)))
}

fn heat_index(args: &Args) -> Result<String, String> {
    let (temperature, humidity) = air(args)?;
    Ok(format!("{{\"heat_index_c\":{:.1}}}", air::heat_index(temperature, humidity)))
}

fn metar(args: &Args) -> Result<String, String> {
    metar::Report::parse(args.text("report")?).map(|report| report.to_json())
}

fn air(args: &Args) -> Result<(f64, f64), String> {
    let (temperature, humidity) = (args.value("temperature_c")?, args.value("humidity")?);
    if !(-80.0..=60.0).contains(&temperature) {
        return Err("`temperature_c` must be between -80 and 60".into());
    }
    if !(1.0..=100.0).contains(&humidity) {
        return Err("`humidity` must be between 1 and 100".into());
    }
    Ok((temperature, humidity))
}
