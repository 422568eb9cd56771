//! The HTTP side: three requests, read into what the operations answer with.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use wick_plugin::{Error, Result, Secret};

use crate::{Day, Forecast, Now, Unit};

/// A weather service, for one call.
pub(crate) struct Client<'a> {
    agent: Agent,
    base: &'a str,
    places: &'a str,
    key: Option<&'a Secret>,
}

#[derive(Deserialize)]
struct Found {
    results: Option<Vec<Location>>,
}

#[derive(Deserialize)]
struct Location {
    name: String,
    country: Option<String>,
    latitude: f64,
    longitude: f64,
}

#[derive(Deserialize)]
struct Current {
    current: Reading,
}

#[derive(Deserialize)]
struct Reading {
    time: String,
    temperature_2m: f64,
    relative_humidity_2m: f64,
    wind_speed_10m: f64,
}

#[derive(Deserialize)]
struct Daily {
    daily: Columns,
}

#[derive(Deserialize)]
struct Columns {
    time: Vec<String>,
    temperature_2m_min: Vec<f64>,
    temperature_2m_max: Vec<f64>,
    precipitation_sum: Vec<f64>,
}

/// How the service says no.
#[derive(Deserialize)]
struct Refusal {
    reason: String,
}

impl<'a> Client<'a> {
    pub(crate) fn new(
        base: &'a str,
        places: &'a str,
        key: Option<&'a Secret>,
        seconds: u64,
    ) -> Result<Client<'a>> {
        if !(1..=60).contains(&seconds) {
            return Err(Error::new("bad_config", "`timeout` must be between 1 and 60"));
        }
        let config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(seconds)))
            .http_status_as_error(false)
            .user_agent("wick-weather")
            .build();
        let trim = |url: &'a str| url.trim_end_matches('/');
        Ok(Client { agent: config.into(), base: trim(base), places: trim(places), key })
    }

    pub(crate) fn now(&self, city: &str, unit: Unit) -> Result<Now> {
        let location = self.find(city)?;
        let figures = ("current", "temperature_2m,relative_humidity_2m,wind_speed_10m");
        let Current { current } = self.weather(&location, unit, &[figures])?;
        Ok(Now {
            place: location.label(),
            time: current.time,
            temperature: current.temperature_2m,
            unit: unit.as_str(),
            humidity: current.relative_humidity_2m,
            wind_kmh: current.wind_speed_10m,
        })
    }

    pub(crate) fn forecast(&self, city: &str, days: u8, unit: Unit) -> Result<Forecast> {
        let location = self.find(city)?;
        let figures = ("daily", "temperature_2m_min,temperature_2m_max,precipitation_sum");
        let count = days.to_string();
        let Daily { daily } = self.weather(&location, unit, &[figures, ("forecast_days", &count)])?;
        let rows = daily.time.into_iter().zip(daily.temperature_2m_min).zip(daily.temperature_2m_max);
        let days = rows.zip(daily.precipitation_sum);
        let days = days.map(|(((date, low), high), rain_mm)| Day { date, low, high, rain_mm }).collect();
        Ok(Forecast { place: location.label(), unit: unit.as_str(), days })
    }

    fn find(&self, city: &str) -> Result<Location> {
        let url = format!("{}/v1/search", self.places);
        let found: Found = self.get(&url, &[("name", city), ("count", "1")])?;
        let first = found.results.unwrap_or_default().into_iter().next();
        first.ok_or_else(|| Error::new("not_found", format!("no place is called `{city}`")))
    }

    fn weather<T: DeserializeOwned>(&self, at: &Location, unit: Unit, more: &[(&str, &str)]) -> Result<T> {
        let (latitude, longitude) = (at.latitude.to_string(), at.longitude.to_string());
        let place =
            [("latitude", &*latitude), ("longitude", &*longitude), ("temperature_unit", unit.as_str())];
        self.get(&format!("{}/v1/forecast", self.base), &[&place[..], more].concat())
    }

    fn get<T: DeserializeOwned>(&self, url: &str, query: &[(&str, &str)]) -> Result<T> {
        let mut request = self.agent.get(url).query_pairs(query.iter().copied());
        if let Some(key) = self.key {
            request = request.query("apikey", key.expose());
        }
        let failed = |error: ureq::Error| Error::new("unreachable", format!("GET {url}: {error}"));
        let mut response = request.call().map_err(failed)?;
        let status = response.status();
        let body = response.body_mut();
        if status.is_success() {
            return body.read_json().map_err(|error| Error::new("bad_answer", format!("GET {url}: {error}")));
        }
        let reason = body
            .read_json::<Refusal>()
            .map_or_else(|_| String::new(), |refusal| format!(": {}", refusal.reason));
        let code = match status.as_u16() {
            401 | 403 => "unauthorized",
            429 => "rate_limited",
            _ => "service_failed",
        };
        Err(Error::new(code, format!("GET {url}: {status}{reason}")))
    }
}

impl Location {
    fn label(&self) -> String {
        match &self.country {
            Some(country) => format!("{}, {country}", self.name),
            None => self.name.clone(),
        }
    }
}
