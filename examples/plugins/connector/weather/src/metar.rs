//! Airport weather reports. Only the groups that most people ask for are read; the rest is skipped.

/// What a report says.
#[derive(Debug, Default, PartialEq)]
pub struct Report {
    station: String,
    day: u8,
    hour: u8,
    minute: u8,
    wind: Option<Wind>,
    air: Option<(i8, i8)>,
    pressure_hpa: Option<u16>,
}

#[derive(Debug, PartialEq)]
struct Wind {
    /// No direction: it varies.
    from_degrees: Option<u16>,
    knots: u16,
    gusts: Option<u16>,
}

impl Report {
    /// Reads one report, with or without the word METAR in front.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut groups = text
            .trim_end_matches('=')
            .split_whitespace()
            .skip_while(|g| matches!(*g, "METAR" | "SPECI" | "COR"));
        let station = groups.next().filter(|s| s.len() == 4 && s.bytes().all(|b| b.is_ascii_alphanumeric()));
        let station = station.ok_or("the report doesn't start with a station of four letters")?.to_owned();
        let (day, hour, minute) =
            groups.next().and_then(time).ok_or("the station isn't followed by a time such as `051250Z`")?;
        let mut report = Self { station, day, hour, minute, ..Self::default() };
        // Behind these words stand forecasts and notes, whose groups look alike.
        for group in groups.take_while(|g| !matches!(*g, "RMK" | "TEMPO" | "BECMG")) {
            report.wind = report.wind.or_else(|| wind(group));
            report.air = report.air.or_else(|| air(group));
            report.pressure_hpa = report.pressure_hpa.or_else(|| pressure(group));
        }
        Ok(report)
    }

    /// The report as an operation's answer.
    pub fn to_json(&self) -> String {
        let number = |n: Option<i32>| n.map_or_else(|| "null".into(), |n| n.to_string());
        let wind = self.wind.as_ref();
        format!(
            "{{\"station\":\"{}\",\"day\":{},\"time_utc\":\"{:02}:{:02}\",\"wind_from_deg\":{},\"wind_kt\":{},\"gusts_kt\":{},\
             \"temperature_c\":{},\"dew_point_c\":{},\"pressure_hpa\":{}}}",
            self.station,
            self.day,
            self.hour,
            self.minute,
            number(wind.and_then(|w| w.from_degrees).map(i32::from)),
            number(wind.map(|w| w.knots.into())),
            number(wind.and_then(|w| w.gusts).map(i32::from)),
            number(self.air.map(|(t, _)| t.into())),
            number(self.air.map(|(_, d)| d.into())),
            number(self.pressure_hpa.map(i32::from)),
        )
    }
}

fn time(group: &str) -> Option<(u8, u8, u8)> {
    let digits = group.strip_suffix('Z').filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_digit()))?;
    let part = |at: usize| digits[at..at + 2].parse::<u8>().ok();
    let (day, hour, minute) = (part(0)?, part(2)?, part(4)?);
    ((1..=31).contains(&day) && hour < 24 && minute < 60).then_some((day, hour, minute))
}

/// `24015G25KT`, `VRB03KT`, `09004MPS`.
fn wind(group: &str) -> Option<Wind> {
    let (figures, knots_per_unit) = match group.strip_suffix("KT") {
        Some(figures) => (figures, 1.0),
        None => (group.strip_suffix("MPS")?, 1.943_84),
    };
    let (from, speed) = figures.split_at_checked(3)?;
    let (steady, gusts) =
        speed.split_once('G').map_or((speed, None), |(steady, gusts)| (steady, Some(gusts)));
    let knots = |text: &str| text.parse::<u16>().ok().map(|n| (f64::from(n) * knots_per_unit).round() as u16);
    let from_degrees = if from == "VRB" { None } else { Some(from.parse().ok().filter(|d| *d <= 360)?) };
    Some(Wind { from_degrees, knots: knots(steady)?, gusts: gusts.and_then(knots) })
}

/// `17/M02`: M means below zero.
fn air(group: &str) -> Option<(i8, i8)> {
    let (temperature, dew_point) = group.split_once('/')?;
    let degrees = |text: &str| {
        let (sign, digits) = text.strip_prefix('M').map_or((1, text), |digits| (-1, digits));
        (digits.len() == 2).then(|| digits.parse::<i8>().ok().map(|n| sign * n)).flatten()
    };
    Some((degrees(temperature)?, degrees(dew_point)?))
}

/// `Q1013` in hPa, `A2992` in hundredths of an inch of mercury.
fn pressure(group: &str) -> Option<u16> {
    let (unit, digits) = group.split_at_checked(1)?;
    let figure = (digits.len() == 4).then(|| digits.parse::<u16>().ok()).flatten()?;
    match unit {
        "Q" => Some(figure),
        "A" => Some((f64::from(figure) * 0.338_639).round() as u16),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_reports_of_both_worlds() {
        for (text, want) in [
            (
                "METAR EDDH 051250Z 24015G25KT 9999 BKN020 17/M02 Q1013 TEMPO 30040KT=",
                r#"{"station":"EDDH","day":5,"time_utc":"12:50","wind_from_deg":240,"wind_kt":15,"gusts_kt":25,"temperature_c":17,"dew_point_c":-2,"pressure_hpa":1013}"#,
            ),
            (
                "KJFK 312351Z VRB03KT 10SM FEW250 M01/M11 A2992 RMK AO2",
                r#"{"station":"KJFK","day":31,"time_utc":"23:51","wind_from_deg":null,"wind_kt":3,"gusts_kt":null,"temperature_c":-1,"dew_point_c":-11,"pressure_hpa":1013}"#,
            ),
        ] {
            assert_eq!(Report::parse(text).unwrap().to_json(), want);
        }
    }

    #[test]
    fn refuses_what_is_no_report() {
        for text in ["", "METAR", "hello world", "EDDH", "EDDH 995099Z", "EDDH 05ü250"] {
            assert!(Report::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn converts_metres_per_second() {
        assert_eq!(wind("09004MPS"), Some(Wind { from_degrees: Some(90), knots: 8, gusts: None }));
    }
}
