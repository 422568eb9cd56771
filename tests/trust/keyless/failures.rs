//! What services refuse, what they fail at for a while, what they answer wrongly: each ends in a signature that verifies
//! or in an error with its reason, and no token is ever in it.

use serde_json::{Value, json};
use wick::model::bundle::Bundle;
use wick::model::failure::{Failure, FailureKind};
use wick::signer::{self, Signer as _, check};

use super::double::Double;
use crate::support::need;

fn signed(double: &Double) -> Result<Bundle, Failure> {
    let signer = double.signer()?;
    signer::sign_blob(&signer, b"a file").map(|signed| signed.bundle)
}

#[test]
fn what_passes_by_itself_is_waited_for() {
    need!(&["sigstore-js"]);
    let double = Double::start();
    double.plan("tokens", &json!([{ "status": 503 }, { "delay": 200 }]));
    double.plan("fulcio", &json!([{ "status": 500 }, { "status": 429, "retryAfter": 1 }, { "delay": 200 }]));
    double.plan("rekor", &json!([{ "status": 500 }, { "status": 502 }]));
    signed(&double).unwrap();
    for (service, times) in [("tokens", 2), ("fulcio", 3), ("rekor", 3)] {
        assert_eq!(double.asked(service), times, "{service}: {:?}", double.log());
    }
}

#[test]
fn what_does_not_pass_ends_with_its_reason() {
    need!(&["sigstore-js"]);
    let double = Double::start();
    let refusal = |status: u64, says: &str| json!({ "status": status, "says": says });
    let down = || json!([{ "status": 500 }, { "status": 500 }, { "status": 500 }, { "status": 500 }]);
    let cases: [(&str, Value, FailureKind, usize, &str, &str); 8] = [
        ("tokens", json!([refusal(401, "no")]), FailureKind::Missing, 1, "answered 401", "id-token: write"),
        ("tokens", json!([refusal(403, "no")]), FailureKind::Missing, 1, "answered 403", "id-token: write"),
        ("tokens", down(), FailureKind::Remote, 4, "answered 500", "run the same command again"),
        ("fulcio", json!([refusal(403, "who?")]), FailureKind::Remote, 1, "who?", "an issuer it knows"),
        ("fulcio", json!([{ "status": 429, "retryAfter": 9000 }]), FailureKind::Remote, 1, "429", "wait"),
        ("fulcio", down(), FailureKind::Remote, 4, "Fulcio answered 500", "run the same command again"),
        ("rekor", json!([refusal(400, "bad entry")]), FailureKind::Remote, 1, "bad entry", ""),
        ("rekor", down(), FailureKind::Remote, 4, "Rekor answered 500", "run the same command again"),
    ];
    for (service, answers, kind, times, reason, hint) in cases {
        let before = double.asked(service);
        double.plan(service, &answers);
        let failure = signed(&double).unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(reason), "{failure}");
        assert!(hint.is_empty() || failure.hints.iter().any(|one| one.contains(hint)), "{:?}", failure.hints);
        assert_eq!(double.asked(service) - before, times, "{service}: {failure}");
    }
}

#[test]
fn an_entry_of_something_else_is_refused_at_once() {
    need!(&["sigstore-js"]);
    let double = Double::start();
    let signer = double.signer().unwrap();
    let statement = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}}],"predicateType":"p","predicate":{}}"#;
    for statement in [None, Some(statement)] {
        double.plan("rekor", &json!([{ "other": true }]));
        let made = match statement {
            None => signer::sign_blob(&signer, b"a file"),
            Some(text) => signer::sign_statement(&signer, text),
        };
        let failure = made.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Step, "{failure}");
        assert!(failure.message.contains("doesn't verify"), "{failure}");
    }
    assert_eq!(double.asked("rekor"), 2, "a wrong answer is not asked for again");
}

#[test]
fn a_token_is_taken_from_the_variable_and_shown_by_nobody() {
    need!(&["sigstore-js"]);
    let double = Double::start();
    let open = |token: &str| double.signer_by(&double.wish(), &[("SIGSTORE_ID_TOKEN", double.fact(token))]);
    let signer = open("token").unwrap();
    // A service that repeats what it was sent.
    double.plan("fulcio", &json!([{ "status": 400, "says": format!("bad token {}", double.fact("token")) }]));
    let failure = signer::sign_blob(&signer, b"a file").unwrap_err();
    assert!(failure.message.contains("bad token ***"), "{failure}");
    signer::sign_blob(&signer, b"a file").unwrap();
    assert_eq!(double.asked("tokens"), 0);
    for (token, reason) in [("expired", "it has expired"), ("forAnother", "its audience isn't `sigstore`")] {
        let Err(error) = open(token) else { panic!("{token} is taken") };
        assert!(error.to_string().contains(reason), "{error}");
        assert!(!format!("{error:?}").contains(double.fact(token)));
    }
}

/// Every text and number of a bundle, altered: none may pass, but for what nothing rests on.
#[test]
fn no_altered_bundle_is_accepted() {
    need!(&["sigstore-js"]);
    let double = Double::start();
    let signer = double.signer().unwrap();
    let statement = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"}}],"predicateType":"p","predicate":{}}"#;
    let blob = signer::sign_blob(&signer, b"a file").unwrap().bundle;
    let attested = signer::sign_statement(&signer, statement).unwrap().bundle;
    let trust = signer.trust();
    for (is_statement, bundle) in [(false, blob), (true, attested)] {
        let good: Value = serde_json::from_str(&bundle.to_json()).unwrap();
        let accepts = |value: &Value| {
            let Ok(bundle) = Bundle::read(value.to_string().as_bytes()) else { return false };
            if is_statement {
                check::statement(&trust, &bundle).is_ok()
            } else {
                check::blob(&trust, &bundle, b"a file").is_ok()
            }
        };
        assert!(accepts(&good));
        let leaves = leaves(&good, String::new());
        assert!(leaves.len() > 12, "{leaves:?}");
        for leaf in leaves {
            let mut bad = good.clone();
            alter(bad.pointer_mut(&leaf).unwrap());
            assert!(!accepts(&bad), "{leaf} altered from {}", good.pointer(&leaf).unwrap());
        }
        for part in ["tlogEntries", "certificate"] {
            let mut bad = good.clone();
            bad["verificationMaterial"].as_object_mut().unwrap().remove(part);
            assert!(!accepts(&bad), "without {part}");
        }
        for part in ["inclusionProof", "inclusionPromise", "canonicalizedBody"] {
            let mut bad = good.clone();
            bad["verificationMaterial"]["tlogEntries"][0].as_object_mut().unwrap().remove(part);
            assert!(!accepts(&bad), "without {part}");
        }
    }
}

fn leaves(value: &Value, place: String) -> Vec<String> {
    match value {
        Value::Object(map) => map.iter().flat_map(|(k, v)| leaves(v, format!("{place}/{k}"))).collect(),
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(at, v)| leaves(v, format!("{place}/{at}"))).collect()
        }
        _ => vec![place],
    }
}

/// One character, still of the same kind. A third in: a checkpoint's second half has the name of who signed, which no
/// signature covers.
fn alter(value: &mut Value) {
    let Value::String(text) = value else { panic!("only texts are in a bundle: {value}") };
    let at = text.len() / 3;
    let new = match text.as_bytes().get(at) {
        Some(b'1') => "2",
        Some(b'0'..=b'9') => "1",
        Some(b'A') => "B",
        _ => "A",
    };
    text.replace_range(at..text.len().min(at + 1), new);
}
