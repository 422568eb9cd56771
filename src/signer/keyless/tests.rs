//! The way to the public instance's trusted root, over a repository of our own: what verifies is taken, the rest is
//! refused with its reason. And tokens: which are refused before anybody is asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sigstore_tuf::Key;
use sigstore_tuf::canonical_json::to_canonical_bytes;
use sigstore_verify::crypto::KeyPair;

use super::call::Client;
use super::token::Source;
use super::tuf::{self, Place};
use super::{Keyless, KeylessError};
use crate::model::bundle::Identity;
use crate::model::digest::Sha256;
use crate::model::failure::{Explain as _, FailureKind};
use crate::signer::instance::{RootSource, Wish};
use crate::sys::secret::{Secret, Withheld};

const LATER: &str = "2999-01-01T00:00:00Z";

/// A repository's files by name. The second root has another key than the first, which vouches for it.
struct Repository {
    root: Vec<u8>,
    files: BTreeMap<String, Vec<u8>>,
}

struct Signs {
    pair: KeyPair,
    id: String,
    key: Value,
}

impl Signs {
    fn new() -> Signs {
        let pair = KeyPair::generate_ecdsa_p256().unwrap();
        let pem = pair.public_key_der().unwrap().to_pem();
        let key = json!({ "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": { "public": pem } });
        let id = serde_json::from_value::<Key>(key.clone()).unwrap().key_id().unwrap();
        Signs { pair, id, key }
    }

    fn signature(&self, signed: &Value) -> Value {
        let bytes = self.pair.sign(&to_canonical_bytes(signed).unwrap()).unwrap();
        let hex: String = bytes.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        json!({ "keyid": self.id, "sig": hex })
    }
}

fn envelope(signed: &Value, by: &[&Signs]) -> Vec<u8> {
    let signatures: Vec<Value> = by.iter().map(|one| one.signature(signed)).collect();
    serde_json::to_vec(&json!({ "signed": signed, "signatures": signatures })).unwrap()
}

fn repository(target: &[u8], expires: &str) -> Repository {
    let (first, second) = (Signs::new(), Signs::new());
    let root = |version: u32, who: &Signs| {
        let role = json!({ "keyids": [who.id], "threshold": 1 });
        let roles = json!({ "root": role, "timestamp": role, "snapshot": role, "targets": role });
        let mut keys = serde_json::Map::new();
        keys.insert(who.id.clone(), who.key.clone());
        json!({ "_type": "root", "spec_version": "1.0.0", "version": version, "expires": LATER,
                "consistent_snapshot": true, "keys": keys, "roles": roles })
    };
    let pinned = |bytes: &[u8]| json!({ "version": 1, "length": bytes.len(), "hashes": { "sha256": Sha256::of(bytes).to_string() } });
    let role = |kind: &str, expires: &str, key: &str, value: Value| {
        let mut signed = json!({ "_type": kind, "spec_version": "1.0.0", "version": 1, "expires": expires });
        signed[key] = value;
        envelope(&signed, &[&second])
    };
    let digest = Sha256::of(target).to_string();
    let listed = json!({ "trusted_root.json": { "length": target.len(), "hashes": { "sha256": digest } } });
    let targets = role("targets", LATER, "targets", listed);
    let snapshot = role("snapshot", LATER, "meta", json!({ "targets.json": pinned(&targets) }));
    let timestamp = role("timestamp", expires, "meta", json!({ "snapshot.json": pinned(&snapshot) }));
    let files = [
        ("2.root.json".to_owned(), envelope(&root(2, &second), &[&first, &second])),
        ("timestamp.json".to_owned(), timestamp),
        ("1.snapshot.json".to_owned(), snapshot),
        ("1.targets.json".to_owned(), targets),
        (format!("targets/{digest}.trusted_root.json"), target.to_vec()),
    ];
    Repository { root: envelope(&root(1, &first), &[&first]), files: BTreeMap::from(files) }
}

/// Serves the files until the process ends; what isn't there is 404.
fn serve(files: BTreeMap<String, Vec<u8>>) -> &'static str {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let path = line.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
            while reader.read_line(&mut line).unwrap() > 2 {}
            let (status, body) = files.get(&path).map_or(("404 Not Found", &[][..]), |body| ("200 OK", body));
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            reader.get_mut().write_all(&[head.as_bytes(), body].concat()).unwrap();
        }
    });
    url.leak()
}

fn fetch(repository: Repository) -> Result<Vec<u8>, KeylessError> {
    let place = Place { url: serve(repository.files), root: repository.root.leak() };
    let [file] = tuf::fetch(&Client::new(&BTreeMap::new()), &place, ["trusted_root.json"])?;
    Ok(file)
}

#[test]
fn a_trusted_root_comes_through_rotated_keys() {
    assert_eq!(fetch(repository(b"the root", LATER)).unwrap(), b"the root");
}

#[test]
fn what_does_not_verify_is_no_trusted_root() {
    let target = |files: &BTreeMap<String, Vec<u8>>| {
        files.keys().find(|name| name.starts_with("targets/")).unwrap().clone()
    };
    let mut altered = repository(b"the root", LATER);
    altered.files.insert(target(&altered.files), b"the r00t".to_vec());
    let mut gone = repository(b"the root", LATER);
    gone.files.remove(&target(&gone.files));
    let mut stranger = repository(b"the root", LATER);
    stranger.root = repository(b"the root", LATER).root;
    let expired = repository(b"the root", "2020-01-01T00:00:00Z");
    for (bad, why) in
        [(altered, "integrity"), (gone, "not found"), (stranger, "threshold"), (expired, "expired")]
    {
        let error = fetch(bad).unwrap_err();
        assert_eq!(error.kind(), FailureKind::Remote);
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_repository_that_is_not_there_is_said_so() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place { url: format!("http://127.0.0.1:{port}").leak(), root: tuf::PUBLIC.root };
    let error = tuf::fetch(&Client::new(&BTreeMap::new()), &place, ["trusted_root.json"]).unwrap_err();
    assert!(matches!(error, KeylessError::Unanswered { .. }), "{error}");
    assert!(error.hints()[0].contains("--trusted-root"));
}

fn withheld(pairs: &[(&str, &str)]) -> Withheld {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), Secret::new((*v).to_owned()))).collect()
}

fn token(claims: &Value) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

#[test]
fn without_somebody_who_vouches_nothing_is_asked() {
    let wish = Wish { trusted_root: RootSource::Embedded, ..Wish::default() };
    let refused = |job: bool, pairs: &[(&str, &str)]| {
        let variable = ("GITHUB_ACTIONS".to_owned(), "true".to_owned());
        let environment = job.then_some(variable).into_iter().collect();
        match Keyless::open(&wish, &environment, &withheld(pairs)) {
            Ok(_) => panic!("{pairs:?} is enough?"),
            Err(error) => error,
        }
    };
    let error = refused(false, &[]);
    assert!(matches!(error, KeylessError::NoToken) && error.kind() == FailureKind::Missing);
    let error = refused(true, &[("ACTIONS_ID_TOKEN_REQUEST_URL", "")]);
    assert!(matches!(error, KeylessError::NoPermission), "{error}");
    assert!(error.hints()[0].contains("`permissions: { contents: read, id-token: write }`"));
    let error = refused(
        true,
        &[
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "http://tokens.example/?x=secret"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2"),
        ],
    );
    assert!(matches!(error, KeylessError::Address { .. }) && !format!("{error}{error:?}").contains("secret"));
}

#[test]
fn a_token_says_whom_the_certificate_will_name() {
    let claims = |more: Value| {
        let mut all = json!({ "iss": "https://issuer.example", "sub": "s", "aud": "sigstore", "exp": 4_000_000_000_u64 });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let identity = |more: Value| {
        let Ok(Source::Given(token)) =
            Source::find(&BTreeMap::new(), &withheld(&[("SIGSTORE_ID_TOKEN", &token(&claims(more)))]))
        else {
            panic!("it is a token");
        };
        token.identity()
    };
    let named = |subject: &str, issuer: &str| {
        Some(Identity::Certificate { subject: subject.to_owned(), issuer: issuer.to_owned() })
    };
    let github = "https://token.actions.githubusercontent.com";
    assert_eq!(
        identity(json!({ "iss": github, "job_workflow_ref": "o/r/.github/workflows/w.yml@refs/heads/main" })),
        named("https://github.com/o/r/.github/workflows/w.yml@refs/heads/main", github)
    );
    assert_eq!(
        identity(json!({ "email": "a@b.c", "aud": ["x", "sigstore"] })),
        named("a@b.c", "https://issuer.example")
    );
    assert_eq!(identity(json!({ "job_workflow_ref": "o/r/w@x" })), None, "another issuer's word for it");
}

#[test]
fn what_is_no_token_is_refused_without_being_shown() {
    let lacking = token(&json!({ "iss": "hunter2" }));
    let another = token(&json!({ "iss": "hunter2", "sub": "s", "aud": "other", "exp": 4_000_000_000_u64 }));
    for bad in ["hunter2", "hunter2.b", "a.hunter2!.c", "a.b.c.hunter2", "hunter2 .b.c", &lacking, &another] {
        let Err(error) = Source::find(&BTreeMap::new(), &withheld(&[("SIGSTORE_ID_TOKEN", bad)])) else {
            panic!("{bad} is a token?");
        };
        assert_eq!(error.kind(), FailureKind::Missing);
        assert!(!format!("{error} {error:?} {:?}", error.hints()).contains("hunter2"), "{error}");
    }
}
