//! The law of GitHub's answers, over real connections on loopback: whatever a server says, the client comes to an end
//! after a bounded number of requests, believes no bytes it didn't ask for, and repeats its token to nobody.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use wick::forge::error::ForgeError;
use wick::forge::github::{Access, GitHub, Manner, Pace, Piece};
use wick::model::failure::Explain as _;
use wick::model::release::Asset;
use wick::sys::secret::Secret;

const TOKEN: &str = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

/// What stands between two answers.
const BREAK: &[u8] = b"\n====\n";

/// The most answers of one input.
const ANSWERS_MAX: usize = 6;

/// What the server says next, and how often it was asked.
#[derive(Default)]
struct Script {
    answers: Vec<Vec<u8>>,
    asked: usize,
}

static SCRIPT: Mutex<Script> = Mutex::new(Script { answers: Vec::new(), asked: 0 });

/// The first byte says what is asked for; then come answers: a status, header lines, an empty line, a body.
pub(super) fn github(data: &[u8]) {
    let Some((verb, rest)) = data.split_first() else { return };
    let mut answers = Vec::new();
    let mut rest = rest;
    while answers.len() < ANSWERS_MAX {
        let end = rest.windows(BREAK.len()).position(|window| window == BREAK);
        answers.push(answer(&rest[..end.unwrap_or(rest.len())]));
        let Some(end) = end else { break };
        rest = &rest[end + BREAK.len()..];
    }
    *script() = Script { answers, asked: 0 };
    let github = GitHub::with(access(), manner());
    let outcome = match verb % 6 {
        0 => github.releases().map(|releases| {
            for release in &releases {
                assert!(!release.upload_url.contains('{'));
            }
            let ids: std::collections::BTreeSet<u64> = releases.iter().map(|release| release.id).collect();
            assert_eq!(ids.len(), releases.len(), "a release is listed twice");
        }),
        1 => github.release(7).map(drop),
        2 => github.facts().map(drop),
        3 => github.tag("hello/v1.0.0").map(|commit| {
            assert!(commit.unwrap_or_default().chars().all(|c| c.is_ascii_hexdigit()));
        }),
        4 => github.read(&asset(), Some(2..9)).map(|piece| match piece {
            Piece::Part { bytes, total } => assert_eq!((bytes.len(), total), (7, 64)),
            Piece::Whole(bytes) => assert_eq!(bytes.len(), 64),
        }),
        _ => github.read(&asset(), None).map(|piece| match piece {
            Piece::Part { .. } => panic!("a part of what was asked for as a whole"),
            Piece::Whole(bytes) => assert_eq!(bytes.len(), 64),
        }),
    };
    if let Err(error) = outcome {
        quiet(&error);
    }
    // Every answer may be repeated, redirected and looked up; nothing goes on for ever.
    let asked = script().asked;
    assert!(asked <= 100, "{asked} requests");
}

/// An error with all its causes tells neither the token nor a terminal anything.
fn quiet(error: &ForgeError) {
    let mut texts = error.hints();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(known) = cause {
        texts.push(known.to_string());
        cause = known.source();
    }
    for text in texts {
        assert!(!text.contains(TOKEN), "the token is told");
        assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
    }
}

fn script() -> std::sync::MutexGuard<'static, Script> {
    SCRIPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer in the form of HTTP. Lines that would end the headers early are the input's own business.
fn answer(text: &[u8]) -> Vec<u8> {
    let split = text.windows(2).position(|window| window == b"\n\n");
    let (head, body) = split.map_or((text, &[][..]), |at| (&text[..at], &text[at + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut bytes = [b"HTTP/1.1 ", lines.next().unwrap_or_default(), b" Said\r\n"].concat();
    for line in lines {
        bytes.extend(line);
        bytes.extend(b"\r\n");
    }
    bytes.extend(format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).into_bytes());
    bytes.extend(body);
    bytes
}

fn access() -> Access {
    let api_url = format!("http://127.0.0.1:{}", port());
    Access { api_url, repository: "octo/plugins".to_owned(), token: Some(Secret::new(TOKEN.to_owned())) }
}

/// No wait is really waited, and the clock stands still.
fn manner() -> Manner {
    let now = || Duration::from_secs(1_795_177_845);
    let mut pace = Pace::default().on(now, |_| {});
    pace.tries = 3;
    Manner { pace, most: 1 << 20, ..Manner::default() }
}

fn asset() -> Asset {
    let url = format!("http://127.0.0.1:{}/asset", port());
    Asset {
        id: 1,
        name: "hello-1.0.0-linux-amd64.zip".to_owned(),
        size: 64,
        complete: true,
        digest: None,
        api_url: url.clone(),
        download_url: url,
    }
}

/// The server's port; it is started once and serves one connection after the other.
fn port() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let port = listener.local_addr().expect("it is bound").port();
        std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
        port
    })
}

fn serve(mut stream: TcpStream) {
    let mut request: Vec<u8> = Vec::new();
    let mut chunk = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend(&chunk[..count]),
        }
    }
    let said = {
        let mut script = script();
        script.asked += 1;
        // Who has nothing more to say repeats itself.
        let at = (script.asked - 1).min(script.answers.len().saturating_sub(1));
        script.answers.get(at).cloned().unwrap_or_default()
    };
    // A client that has heard enough hangs up.
    let _ = stream.write_all(&said);
}
