//! The network itself: nobody there, silence, slowness, proxies.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use github_double::Fault;
use wick::forge::error::ForgeError;
use wick::forge::github::{Access, GitHub, Manner};
use wick::model::failure::{Explain as _, FailureKind};
use wick::sys::http::{Proxies, Times};

use super::support::*;

fn times(milliseconds: u64) -> Times {
    let time = Duration::from_millis(milliseconds);
    Times { connect: time, answer: time, stall: time }
}

#[test]
fn nobody_there_is_said_after_some_tries() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let access = Access { api_url: format!("http://{free}"), repository: "o/r".to_owned(), token: None };
    let error = GitHub::with(access, manner()).releases().unwrap_err();
    assert!(
        error.to_string().starts_with("can't list the releases of o/r: can't connect to 127.0.0.1: "),
        "{error}"
    );
    assert_eq!(error.kind(), FailureKind::Remote);
    assert!(error.hints()[0].contains("HTTPS_PROXY"));
}

#[test]
fn silence_ends() {
    let double = start();
    double.fail_from(1, Fault::Silence);
    let begin = Instant::now();
    let github = GitHub::with(access(&double, None), Manner { times: times(200), ..manner() });
    let error = github.releases().unwrap_err();
    assert!(error.to_string().contains("was silent for"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(double.counters().requests, 5);
}

#[test]
fn a_slow_answer_is_waited_for_as_long_as_it_moves() {
    let double = start();
    (0..3).for_each(|index| {
        double.seed_release(&format!("p{index}/v1.0.0"), false, &[]);
    });
    double.fail_at(1, Fault::Slow { piece: 200, pause: 60 });
    let github = GitHub::with(access(&double, None), Manner { times: times(400), ..manner() });
    let begin = Instant::now();
    assert_eq!(github.releases().unwrap().len(), 3);
    assert!(begin.elapsed() > Duration::from_millis(400), "longer than any single wait may be");
    assert_eq!(double.counters().requests, 1);
}

/// One byte after the other was never silent, and the run took for ever.
#[test]
fn a_drip_ends() {
    let double = start();
    (0..3).for_each(|index| {
        double.seed_release(&format!("p{index}/v1.0.0"), false, &[]);
    });
    double.fail_from(1, Fault::Slow { piece: 1, pause: 20 });
    let mut pace = hurried().0;
    pace.tries = 2;
    let github = GitHub::with(access(&double, None), Manner { times: times(300), pace, ..manner() });
    let error = github.releases().unwrap_err();
    assert!(error.to_string().contains("is too slow: "), "{error}");
    assert_eq!(error.kind(), FailureKind::Remote);
    assert_eq!(double.counters().requests, 2);
}

/// A page that stalls was waited for five times a minute.
#[test]
fn silence_is_borne_for_a_minute_in_all() {
    let double = start();
    double.fail_from(1, Fault::Silence);
    let mut pace = hurried().0;
    pace.silence = Duration::from_millis(350);
    let github = GitHub::with(access(&double, None), Manner { times: times(200), pace, ..manner() });
    let error = github.releases().unwrap_err();
    assert!(error.to_string().contains("was silent for"), "{error}");
    assert_eq!(double.counters().requests, 2, "two times 200 ms are more than 350");
    let usual = Manner::default();
    let longest = usual.times.answer.max(usual.times.stall);
    assert!(longest * 2 <= usual.pace.silence && usual.pace.silence <= Duration::from_secs(60));
}

#[test]
fn addresses_that_are_none_are_refused_before_anything_is_sent() {
    for api_url in ["", "api.github.com", "ftp://x", "https://user:hunter2@api.github.com"] {
        let access = Access { api_url: api_url.to_owned(), repository: "o/r".to_owned(), token: None };
        let error = GitHub::with(access, manner()).releases().unwrap_err();
        assert!(
            matches!(&error, ForgeError::Unreachable { why, .. } if why.contains("no address")),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

/// A proxy that knows one host: it answers CONNECT and passes everything on to `to`.
fn proxy(to: String) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, seen) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut client = stream.unwrap();
            let mut reader = BufReader::new(client.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap() == 0 {
                    return;
                }
            }
            asked.send(head).unwrap();
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
            let server = TcpStream::connect(&to).unwrap();
            let (mut from, mut back) = (server.try_clone().unwrap(), client);
            std::thread::spawn(move || std::io::copy(&mut from, &mut back));
            let mut server = server;
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = reader.read(&mut buffer) {
                    server.write_all(&buffer[..count]).unwrap();
                }
            });
        }
    });
    (format!("http://user:hunter2@{address}"), seen)
}

#[test]
fn a_proxy_of_the_environment_is_taken() {
    let double = start();
    let (url, seen) = proxy(double.api_url().trim_start_matches("http://").to_owned());
    let environment = BTreeMap::from([("HTTP_PROXY".to_owned(), url)]);
    let proxies = Proxies::from_environment(&environment);
    let access = Access { api_url: "http://ghe.invalid".to_owned(), ..access(&double, Some("ghp_write")) };
    let github = GitHub::with(access, Manner { proxies, ..manner() });
    assert_eq!(github.facts().unwrap().full_name, "octo/plugins");
    let head = seen.recv().unwrap();
    assert!(
        head.starts_with("CONNECT ghe.invalid:80 ")
            && head.to_lowercase().contains("proxy-authorization: basic")
    );
    assert!(!head.contains("ghp_write"), "the proxy sees no token");
}

/// "can't connect to api.github.com", said where the proxy was down, sent people to the wrong place.
#[test]
fn a_proxy_that_is_down_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let environment = BTreeMap::from([("https_proxy".to_owned(), format!("http://me:hunter2@{free}"))]);
    let proxies = Proxies::from_environment(&environment);
    let access =
        Access { api_url: "https://api.github.com".to_owned(), repository: "o/r".to_owned(), token: None };
    let error = GitHub::with(access, Manner { proxies, ..manner() }).releases().unwrap_err().to_string();
    assert!(
        error.contains("can't connect to api.github.com through the proxy that https_proxy names"),
        "{error}"
    );
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_proxy_that_is_none_is_named_without_its_password() {
    let environment = BTreeMap::from([("HTTPS_PROXY".to_owned(), "gopher://user:hunter2@x".to_owned())]);
    let proxies = Proxies::from_environment(&environment);
    let access =
        Access { api_url: "https://x.invalid".to_owned(), repository: "o/r".to_owned(), token: None };
    let error = GitHub::with(access, Manner { proxies, ..manner() }).releases().unwrap_err();
    let text = format!("{error:?} {error}");
    assert!(text.contains("HTTPS_PROXY names a proxy") && !text.contains("hunter2"), "{text}");
}
