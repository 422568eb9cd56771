//! A connector to a weather service with the API of Open-Meteo: places by name, the weather there, and what it feels like.

mod air;
mod client;
#[cfg(test)]
mod tests;

use serde::Serialize;
use wick_plugin::{Choice, Config, Error, Input, Permissions, Result, Secret, Stream, plugin};

use client::Client;

#[derive(Config)]
struct Weather {
    /// Address of the weather service, without a path
    #[wick(url, default = "https://api.open-meteo.com")]
    base_url: String,
    /// Address of the service that knows where places are
    #[wick(url, default = "https://geocoding-api.open-meteo.com", group = "Advanced")]
    places_url: String,
    /// Key of a paying customer; without one the free service is used
    api_key: Option<Secret>,
    /// Seconds to wait for an answer (1 to 60)
    #[wick(default = 10, group = "Advanced")]
    timeout: u64,
}

#[derive(Choice, Clone, Copy)]
enum Unit {
    Celsius,
    Fahrenheit,
}

#[derive(Input)]
struct Place {
    /// City or postcode, e.g. Oslo
    city: String,
    /// Unit of the temperatures
    #[wick(default = Unit::Celsius)]
    unit: Unit,
}

#[derive(Input)]
struct Days {
    /// City or postcode, e.g. Oslo
    city: String,
    /// How many days, today included (1 to 16)
    #[wick(default = 3)]
    days: u8,
    /// Unit of the temperatures
    #[wick(default = Unit::Celsius)]
    unit: Unit,
}

#[derive(Input)]
struct Places {
    /// The cities to compare, one per line
    #[wick(required)]
    cities: Vec<String>,
    /// Unit of the temperatures
    #[wick(default = Unit::Celsius)]
    unit: Unit,
}

#[derive(Input)]
struct Air {
    /// Air temperature in °C (-80 to 60)
    temperature_c: f64,
    /// Relative humidity in percent (1 to 100)
    humidity: f64,
}

/// The weather at a place.
#[derive(Debug, PartialEq, Serialize)]
struct Now {
    place: String,
    time: String,
    temperature: f64,
    unit: &'static str,
    humidity: f64,
    wind_kmh: f64,
}

/// A day to come.
#[derive(Debug, PartialEq, Serialize)]
struct Day {
    date: String,
    low: f64,
    high: f64,
    rain_mm: f64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Forecast {
    place: String,
    unit: &'static str,
    days: Vec<Day>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Felt {
    dew_point_c: f64,
    heat_index_c: f64,
}

/// The weather of any place, now & in the days to come: dew point < temperature
#[plugin(
    icon = "⛅",
    allow_session_config,
    tag(name = "Science", description = "Figures & formulas", group, order = 30),
    category(title = "Weather", description = "What the service knows"),
    category(title = "Air", description = "Figures of damp air, without the service")
)]
impl Weather {
    /// What the weather is like at a place right now
    #[operation(category = "Weather", output(humidity = "percent"), pair_with = "weather.forecast")]
    fn now(&self, place: Place) -> Result<Now> {
        self.client()?.now(&place.city, place.unit)
    }

    /// What the weather will be like at a place, day by day
    #[operation(category = "Weather")]
    fn forecast(&self, days: Days) -> Result<Forecast> {
        if !(1..=16).contains(&days.days) {
            return Err(Error::bad_arguments("`days` must be between 1 and 16"));
        }
        self.client()?.forecast(&days.city, days.days, days.unit)
    }

    /// The weather of many places right now, one after the other as the answers come in
    #[operation(category = "Weather")]
    fn compare(&self, places: Places, out: Stream) -> Result<()> {
        let client = self.client()?;
        let total = places.cities.len() as i32;
        for (at, city) in (0..).zip(&places.cities) {
            out.progress_blocking(at, total, city.as_str())?;
            out.send_blocking(&client.now(city, places.unit)?)?;
        }
        out.progress_blocking(total, total, "done")
    }

    /// What damp air feels like: where water starts to condense, and how hot it seems, in °C
    #[operation(category = "Air")]
    async fn felt(air: Air) -> Result<Felt> {
        if !(-80.0..=60.0).contains(&air.temperature_c) {
            return Err(Error::bad_arguments("`temperature_c` must be between -80 and 60"));
        }
        if !(1.0..=100.0).contains(&air.humidity) {
            return Err(Error::bad_arguments("`humidity` must be between 1 and 100"));
        }
        let tenths = |value: f64| (value * 10.0).round() / 10.0;
        Ok(Felt {
            dew_point_c: tenths(air::dew_point(air.temperature_c, air.humidity)),
            heat_index_c: tenths(air::heat_index(air.temperature_c, air.humidity)),
        })
    }

    /// A request for a place that is known costs the service nothing and needs what all others need.
    #[permissions]
    fn permissions(&self) -> Result<Permissions> {
        self.client()?.now("Oslo", Unit::Celsius).map(|_| Permissions::all())
    }
}

impl Weather {
    fn client(&self) -> Result<Client<'_>> {
        Client::new(&self.base_url, &self.places_url, self.api_key.as_ref(), self.timeout)
    }
}

wick_plugin::main!(Weather);
