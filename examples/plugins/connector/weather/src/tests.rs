//! The operations against a weather service on this machine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use crate::{Air, Day, Days, Felt, Forecast, Now, Place, Unit, Weather};
use wick_plugin::{Permissions, Secret};

/// A service that knows Oslo, and the requests it got.
struct Service {
    url: String,
    asked: Receiver<String>,
}

fn service() -> Service {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, asked) = channel();
    std::thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            let line = BufReader::new(&visitor).lines().next().unwrap().unwrap();
            let path = line.split(' ').nth(1).unwrap().to_owned();
            answer(visitor, &path);
            let _ = tell.send(path);
        }
    });
    Service { url, asked }
}

fn answer(mut visitor: TcpStream, path: &str) {
    let (status, body) = match path {
        _ if path.contains("apikey=expired") => {
            ("401 Unauthorized", r#"{"error": true, "reason": "the key is over"}"#)
        }
        _ if path.contains("name=Oslo") => (
            "200 OK",
            r#"{"results": [{"name": "Oslo", "country": "Norway", "latitude": 59.91, "longitude": 10.75}]}"#,
        ),
        _ if path.starts_with("/v1/search") => ("200 OK", "{}"),
        _ if path.contains("daily=") => (
            "200 OK",
            r#"{"daily": {"time": ["2026-11-21", "2026-11-22"], "temperature_2m_min": [-3.5, -1], "temperature_2m_max": [1, 2.5],
                "precipitation_sum": [0, 4.2]}}"#,
        ),
        _ => (
            "200 OK",
            r#"{"current": {"time": "2026-11-21T15:00", "temperature_2m": -2.4, "relative_humidity_2m": 81, "wind_speed_10m": 9.7}}"#,
        ),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}"
    );
    visitor.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
}

fn weather(service: &Service, key: Option<&str>) -> Weather {
    let url = service.url.clone();
    Weather { base_url: url.clone(), places_url: url, api_key: key.map(Secret::new), timeout: 5 }
}

fn place(city: &str) -> Place {
    Place { city: city.to_owned(), unit: Unit::Celsius }
}

#[test]
fn tells_the_weather_of_a_place() {
    let service = service();
    let now = weather(&service, Some("k1")).now(place("Oslo")).unwrap();
    let expected = Now {
        place: "Oslo, Norway".to_owned(),
        time: "2026-11-21T15:00".to_owned(),
        temperature: -2.4,
        unit: "celsius",
        humidity: 81.0,
        wind_kmh: 9.7,
    };
    assert_eq!(now, expected);
    let asked: Vec<String> = service.asked.try_iter().collect();
    assert_eq!(asked[0], "/v1/search?name=Oslo&count=1&apikey=k1");
    assert!(
        asked[1].starts_with("/v1/forecast?latitude=59.91&longitude=10.75&temperature_unit=celsius&current="),
        "{asked:?}"
    );
}

#[test]
fn tells_the_days_to_come() {
    let service = service();
    let days = Days { city: "Oslo".to_owned(), days: 2, unit: Unit::Fahrenheit };
    let Forecast { unit, days, .. } = weather(&service, None).forecast(days).unwrap();
    assert_eq!(unit, "fahrenheit");
    assert_eq!(days[1], Day { date: "2026-11-22".to_owned(), low: -1.0, high: 2.5, rain_mm: 4.2 });
    let too_many = Days { city: "Oslo".to_owned(), days: 17, unit: Unit::Celsius };
    assert_eq!(weather(&service, None).forecast(too_many).unwrap_err().code(), "bad_arguments");
}

#[test]
fn says_what_went_wrong() {
    let service = service();
    let nowhere = weather(&service, None).now(place("Nowhere")).unwrap_err();
    assert_eq!((nowhere.code(), nowhere.message()), ("not_found", "no place is called `Nowhere`"));
    let refused = weather(&service, Some("expired")).now(place("Oslo")).unwrap_err();
    assert_eq!(refused.code(), "unauthorized");
    assert!(refused.message().ends_with("401 Unauthorized: the key is over"), "{refused:?}");
    let gone = Weather { places_url: "http://127.0.0.1:1".to_owned(), ..weather(&service, None) };
    assert_eq!(gone.now(place("Oslo")).unwrap_err().code(), "unreachable");
}

#[test]
fn knows_what_a_key_allows() {
    let service = service();
    assert_eq!(weather(&service, None).permissions(), Ok(Permissions::all()));
    assert_eq!(weather(&service, Some("expired")).permissions().unwrap_err().code(), "unauthorized");
}

#[test]
fn works_out_what_air_feels_like() {
    let felt = |temperature_c, humidity| {
        let mut work = std::pin::pin!(Weather::felt(Air { temperature_c, humidity }));
        match work.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(felt) => felt,
            std::task::Poll::Pending => panic!("it waits for nothing"),
        }
    };
    assert_eq!(felt(32.2, 70.0), Ok(Felt { dew_point_c: 26.0, heat_index_c: 41.0 }));
    assert_eq!(felt(99.0, 70.0).unwrap_err().code(), "bad_arguments");
}
