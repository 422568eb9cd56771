//! The double by itself, over a bare socket: what GitHub does that wick doesn't depend on today.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use github_double::{Config, Content, Double, Fault};
use serde_json::{Value, json};

struct Got {
    status: u16,
    head: String,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

fn ask(double: &Double, method: &str, path: &str, headers: &str, body: &str) -> Got {
    let address = double.api_url().trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nuser-agent: test\r\nconnection: close\r\ncontent-length: {length}\r\n\
         {headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Got { status, head: head.to_owned(), body: body.to_owned() }
}

const WRITER: &str = "authorization: Bearer ghp_write\r\n";
const RELEASES: &str = "/repos/octo/plugins/releases";

#[test]
fn drafts_are_not_found_by_tag_and_two_may_have_one_tag() {
    let double = Double::start(Config::default());
    let new = json!({ "tag_name": "x/v1.0.0", "draft": true }).to_string();
    let id = ask(&double, "POST", RELEASES, WRITER, &new).json()["id"].clone();
    assert_eq!(ask(&double, "POST", RELEASES, WRITER, &new).status, 201);
    let by_tag = format!("{RELEASES}/tags/x/v1.0.0");
    assert_eq!(ask(&double, "GET", &by_tag, WRITER, "").status, 404);
    let published = ask(&double, "PATCH", &format!("{RELEASES}/{id}"), WRITER, r#"{"draft":false}"#);
    assert_eq!((published.status, published.json()["draft"].clone()), (200, json!(false)));
    assert_eq!(ask(&double, "GET", &by_tag, "", "").json()["id"], id);
    // Without make_latest it becomes the latest; a third draft is refused now.
    assert_eq!(ask(&double, "GET", &format!("{RELEASES}/latest"), "", "").json()["id"], id);
    assert_eq!(ask(&double, "POST", RELEASES, WRITER, &new).status, 422);
    assert_eq!(ask(&double, "DELETE", &format!("{RELEASES}/{id}"), WRITER, "").status, 204);
    assert_eq!(double.snapshot().tags.len(), 1, "the tag stays");
}

#[test]
fn pages_are_of_thirty_and_linked() {
    let double = Double::start(Config::default());
    (0..65).for_each(|index| {
        double.seed_release(&format!("p{index}/v1.0.0"), false, &[]);
    });
    let second = ask(&double, "GET", &format!("{RELEASES}?page=2"), "", "");
    assert_eq!(second.json().as_array().unwrap().len(), 30);
    let link = second.header("link").unwrap();
    for (rel, page) in [("prev", 1), ("first", 1), ("next", 3), ("last", 3)] {
        assert!(
            link.contains(&format!("/repositories/4242/releases?per_page=30&page={page}>; rel=\"{rel}\"")),
            "{link}"
        );
    }
    let beyond = ask(&double, "GET", &format!("{RELEASES}?page=99"), "", "");
    assert_eq!((beyond.status, beyond.body.as_str()), (200, "[]"));
}

#[test]
fn etags_save_the_body_and_the_limit_but_not_for_another_token() {
    let double = Double::start(Config::default());
    double.seed_release("x/v1.0.0", false, &[]);
    let first = ask(&double, "GET", RELEASES, WRITER, "");
    let with =
        |etag: &str, who: &str| ask(&double, "GET", RELEASES, &format!("if-none-match: {etag}\r\n{who}"), "");
    let etag = first.header("etag").unwrap();
    let again = with(&etag, WRITER);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(first.header("x-ratelimit-remaining"), again.header("x-ratelimit-remaining"));
    assert_eq!(with(&etag, "authorization: Bearer ghp_read\r\n").status, 200);
}

#[test]
fn immutable_releases_keep_their_tag_and_assets() {
    let double = Double::start(Config { immutable: true, ..Config::default() });
    let new = json!({ "tag_name": "x/v1.0.0" }).to_string();
    let made = ask(&double, "POST", RELEASES, WRITER, &new).json();
    assert_eq!((made["immutable"].clone(), made["draft"].clone()), (json!(true), json!(false)));
    let one = format!("{RELEASES}/{}", made["id"]);
    assert_eq!(ask(&double, "DELETE", "/repos/octo/plugins/git/refs/tags/x/v1.0.0", WRITER, "").status, 422);
    assert_eq!(ask(&double, "PATCH", &one, WRITER, r#"{"tag_name":"y"}"#).status, 422);
    assert_eq!(ask(&double, "PATCH", &one, WRITER, r#"{"body":"notes may change"}"#).status, 200);
    // Deleted with its tag, the name is spent all the same.
    assert_eq!(ask(&double, "DELETE", &one, WRITER, "").status, 204);
    assert_eq!(ask(&double, "DELETE", "/repos/octo/plugins/git/refs/tags/x/v1.0.0", WRITER, "").status, 204);
    let refused = ask(&double, "POST", RELEASES, WRITER, &new);
    assert!(refused.body.contains("tag_name was used by an immutable release"));
}

#[test]
fn the_storage_does_ranges_and_refuses_tokens_and_unsigned_addresses() {
    let double = Double::start(Config { enterprise: true, ..Config::default() });
    double.seed_release("x/v1.0.0", false, &[("a b.zip", Content::bytes(*b"0123456789"))]);
    let found = ask(&double, "GET", "/octo/plugins/releases/download/x%2Fv1.0.0/a%20b.zip", "", "");
    assert_eq!(found.status, 302);
    let location = found.header("location").unwrap();
    let (host, path) = location.trim_start_matches("http://").split_once('/').unwrap();
    let get = |path: &str, headers: &str| {
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET /{path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    for (range, status, body) in [
        ("bytes=2-4", "206", "234"),
        ("bytes=-3", "206", "789"),
        ("bytes=8-", "206", "89"),
        ("bytes=8-99", "206", "89"),
        ("bytes=10-", "416", ""),
        ("lines=1-2", "200", "0123456789"),
    ] {
        let text = get(path, &format!("range: {range}\r\n"));
        assert!(
            text.starts_with(&format!("HTTP/1.1 {status}")) && text.ends_with(&format!("\r\n\r\n{body}")),
            "{text}"
        );
    }
    assert!(get(path, "authorization: Bearer x\r\n").starts_with("HTTP/1.1 400"));
    assert!(get(path.split('?').next().unwrap(), "").starts_with("HTTP/1.1 404"));
    assert_eq!(double.counters().tokens_leaked, 1);
}

#[test]
fn who_asks_from_another_process_sees_the_log() {
    let double = Double::start(Config::default());
    double.fail_at(1, Fault::Status(503));
    assert_eq!(ask(&double, "GET", RELEASES, "", "").status, 503);
    let log = ask(&double, "GET", "/_double/log", "", "").json();
    assert_eq!(log, json!(["GET /repos/octo/plugins/releases 503"]));
    assert_eq!(ask(&double, "GET", "/_double/counters", "", "").json()["requests"], json!(1));
    ask(&double, "GET", "/_double/clear", "", "");
    assert!(double.log().is_empty());
}

/// What GitHub refuses by a limit or a rule, with the words it uses.
#[test]
fn limits_and_rules_are_refused_in_githubs_words() {
    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    let commit = || [COMMIT.to_owned()].into_iter().collect();
    let plain = Config::default;
    let drifted = || Config { drifted: commit(), ..plain() };
    let release = |more: Value| {
        let mut all = json!({ "tag_name": "x/v1.0.0", "draft": true });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        (RELEASES, all)
    };
    let reference =
        || ("/repos/octo/plugins/git/refs", json!({ "ref": "refs/tags/x/v1.0.0", "sha": COMMIT }));
    let long = |name: &str, count: usize| release(json!({ name: "é".repeat(count) }));
    let target = || release(json!({ "target_commitish": COMMIT }));
    let job = "authorization: Bearer ghs_write\r\n";
    type Case<'a> = (Config, &'a str, (&'a str, Value), u16, &'a str);
    let cases: Vec<Case<'_>> = vec![
        (plain(), WRITER, long("body", 125_000), 201, ""),
        (plain(), WRITER, long("body", 125_001), 422, "body is too long (maximum is 125000 characters)"),
        (plain(), WRITER, long("name", 257), 422, "name is too long (maximum is 256 characters)"),
        (
            plain(),
            WRITER,
            release(json!({ "tag_name": "x/v1.0.0-a.lock" })),
            422,
            "tag_name is not well-formed",
        ),
        (plain(), WRITER, release(json!({ "tag_name": "x v1" })), 422, "tag_name is not well-formed"),
        (Config { archived: true, ..plain() }, WRITER, release(json!({})), 403, "archived so is read-only"),
        (Config { unpushed: commit(), ..plain() }, WRITER, target(), 422, "target_commitish"),
        (Config { unpushed: commit(), ..plain() }, WRITER, reference(), 422, "Object does not exist"),
        // Only tokens that aren't a person's, only where the commit is named, only on such a commit.
        (drifted(), job, target(), 403, "Resource not accessible by integration"),
        (drifted(), "authorization: Bearer github_pat_write\r\n", target(), 403, "personal access token"),
        (drifted(), WRITER, target(), 201, ""),
        (plain(), job, target(), 201, ""),
        (drifted(), job, release(json!({})), 201, ""),
        (drifted(), job, reference(), 201, ""),
        (Config { refs_guarded: true, ..drifted() }, job, reference(), 403, "not accessible by integration"),
        (Config { tags_restricted: true, ..plain() }, WRITER, reference(), 422, "creations being restricted"),
        (
            Config { tags_restricted: true, ..plain() },
            WRITER,
            release(json!({ "draft": false })),
            422,
            "pre_receive",
        ),
    ];
    for (config, who, (path, body), status, words) in cases {
        let double = Double::start(config);
        let got = ask(&double, "POST", path, who, &body.to_string());
        let text: String = got.body.chars().take(300).collect();
        assert_eq!(got.status, status, "{path} {who} {words}: {text}");
        assert!(got.body.contains(words), "{words}: {text}");
    }
    // A ref that is there is not made again, and a commit with a ref may be named.
    let double = Double::start(drifted());
    assert_eq!(ask(&double, "POST", reference().0, job, &reference().1.to_string()).status, 201);
    let again = ask(&double, "POST", reference().0, job, &reference().1.to_string());
    assert!(again.status == 422 && again.body.contains("Reference already exists"), "{}", again.body);
    assert_eq!(ask(&double, "POST", RELEASES, job, &target().1.to_string()).status, 201);
    assert_eq!(ask(&double, "GET", &format!("/repos/octo/plugins/git/commits/{COMMIT}"), "", "").status, 200);
}
