//! The client against bare sockets: what a server may do that the double of GitHub doesn't.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;

/// A server that gives one answer to whoever connects, whatever was asked, and closes.
fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut seen = Vec::new();
            let mut chunk = [0; 1024];
            // A client that begins with TLS is answered at once.
            while seen.first() != Some(&0x16) && !seen.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut chunk) {
                    Ok(count @ 1..) => seen.extend_from_slice(&chunk[..count]),
                    _ => break,
                }
            }
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("127.0.0.1:{}", address.port())
}

fn get(url: String) -> Result<Response, HttpError> {
    let time = Duration::from_secs(10);
    let http = Http::new(Times { connect: time, answer: time, stall: time }, Proxies::default());
    let request =
        Request { method: Method::Get, url, headers: vec![], token: None, body: Body::Empty, most: 1000 };
    http.send(&request)
}

#[test]
fn every_way_of_delimiting_a_body_is_read() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nhello",
    ] {
        let response = get(format!("http://{}/", server(answer))).unwrap();
        assert_eq!((response.status, response.body.as_slice()), (200, &b"hello"[..]), "{answer}");
    }
}

#[test]
fn a_status_is_an_answer_and_headers_are_found_in_lower_case() {
    let response =
        get(format!("http://{}/", server("HTTP/1.1 418 No\r\nX-Kind: Tea\r\nContent-Length: 0\r\n\r\n")));
    let response = response.unwrap();
    assert_eq!(
        (response.status, response.header("x-kind"), response.header("x-none")),
        (418, Some("Tea"), None)
    );
}

#[test]
fn what_ends_early_or_is_no_http_is_broken_and_may_have_been_done() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        let error = get(format!("http://{}/", server(answer))).unwrap_err();
        assert!(matches!(error, HttpError::Broken { .. }), "{answer:?}: {error:?}");
        assert!(error.is_transient() && error.may_be_done());
    }
}

#[test]
fn who_speaks_no_tls_is_not_trusted() {
    let error = get(format!("https://{}/", server("HTTP/1.1 400 Bad Request\r\n\r\n"))).unwrap_err();
    assert!(matches!(error, HttpError::Trust { .. }), "{error:?}");
    assert!(!error.is_transient(), "the next try would meet the same server");
}

#[test]
fn who_is_not_there_has_seen_nothing() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in [format!("http://{free}/"), "http://no-such-host.invalid/".to_owned()] {
        let error = get(url).unwrap_err();
        assert!(matches!(error, HttpError::Connect { .. }), "{error:?}");
        assert!(error.is_transient() && !error.may_be_done());
    }
}
