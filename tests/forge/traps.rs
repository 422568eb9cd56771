//! The nine traps met with octocrab (crates.md §3), each with the proof that this client is not in it.

use std::time::{Duration, Instant};

use github_double::{Config, Double, Fault, Place};
use wick::forge::error::ForgeError;
use wick::forge::github::{GitHub, Manner};
use wick::sys::files::Scratch;
use wick::sys::http::Times;

use super::support::*;

/// O1: a base with a path (`/api/v3`) was put in front of the upload's address too.
#[test]
fn o1_uploads_to_enterprise_go_where_the_server_says() {
    let (double, dir) =
        (Double::start(Config { enterprise: true, ..Config::default() }), Scratch::new().unwrap());
    let (github, path) = (client(&double), file(&dir, "a.zip", 1000));
    assert!(double.api_url().ends_with("/api/v3"));
    let draft = github.create_draft(&new_release()).unwrap();
    let asset = github.upload(&draft, "a.zip", &path, &silent).unwrap();
    let published = github.publish(draft.id, &new_release()).unwrap();
    assert_eq!(published.assets[0].id, asset.id);
    let log = double.log();
    let upload = log.iter().find(|entry| entry.place == Place::Uploads).unwrap();
    let expected = format!("/api/uploads/repos/octo/plugins/releases/{}/assets?name=a.zip", draft.id);
    assert_eq!(upload.target, expected);
    assert_eq!(github.releases().unwrap().len(), 1);
}

/// O2: a retried stream sent nothing under the old length, and both sides hung.
#[test]
fn o2_a_retried_upload_sends_the_whole_file_again() {
    let (double, dir) = (start(), Scratch::new().unwrap());
    let (github, path) = (client(&double), file(&dir, "a.zip", 500_000));
    let draft = github.create_draft(&new_release()).unwrap();
    double.fail_next(Fault::Status(502));
    github.upload(&draft, "a.zip", &path, &silent).unwrap();
    let uploads: Vec<u64> = double
        .log()
        .iter()
        .filter(|entry| entry.place == Place::Uploads)
        .map(|entry| entry.bytes_in)
        .collect();
    assert_eq!(uploads, [500_000, 500_000]);
}

/// O3: a POST was repeated at once, three times, on 5xx.
#[test]
fn o3_a_post_is_not_repeated_without_looking() {
    let double = start();
    let (github, waits) = watched(&double);
    double.fail_at(1, Fault::StatusAfter(502));
    github.create_draft(&new_release()).unwrap();
    assert_eq!(lines(&double), ["POST releases 502", "GET releases?per_page=100 200"]);
    assert_eq!(waits.lock().unwrap().len(), 1, "and not at once");
}

/// O4: no timeouts, and those that could be set were multiplied by hidden retries.
#[test]
fn o4_every_wait_has_an_end() {
    let double = start();
    double.fail_from(1, Fault::Silence);
    let time = Duration::from_millis(100);
    let times = Times { connect: time, answer: time, stall: time };
    let begin = Instant::now();
    let error = GitHub::with(access(&double, None), Manner { times, ..manner() }).facts().unwrap_err();
    assert!(matches!(error, ForgeError::Unreachable { .. }));
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    assert_eq!(double.counters().requests, 5, "what is tried is what was asked for");
}

/// O5: names went out raw: `&` ended them, a space broke the request.
#[test]
fn o5_names_are_encoded_and_a_renamed_asset_is_noticed() {
    let (double, dir) = (start(), Scratch::new().unwrap());
    let (github, path) = (client(&double), file(&dir, "x", 10));
    let draft = github.create_draft(&new_release()).unwrap();
    for name in ["slack-1.0.0+build.5-linux-amd64.zip", "checksums.txt", "a@b_c-d.sigstore.json"] {
        assert_eq!(github.upload(&draft, name, &path, &silent).unwrap().name, name);
    }
    let error = github.upload(&draft, "a&b c+é.zip", &path, &silent).unwrap_err();
    assert!(error.to_string().contains("arrived altered: GitHub named it `a.b.c+.zip`"), "{error}");
    let log = double.log();
    let sent = log.iter().rfind(|entry| entry.place == Place::Uploads).unwrap();
    assert!(sent.target.ends_with("?name=a%26b%20c%2B%C3%A9.zip"), "{}", sent.target);
    assert_eq!(
        double.snapshot().releases[0].assets.len(),
        3,
        "under the wrong name it would never be found again"
    );
}

/// O6: an error said "GitHub" and nothing more.
#[test]
fn o6_errors_say_what_was_tried_and_what_github_said() {
    let double = start();
    let mut nameless = new_release();
    nameless.tag = String::new();
    let error = client(&double).create_draft(&nameless).unwrap_err();
    let expected = "can't make the draft release  in octo/plugins: GitHub answered 422: Validation Failed: \
                    Release.tag_name missing_field";
    assert_eq!(error.to_string(), expected);
}

/// O7: the whole file was held in memory, the release was fetched first, no progress.
#[test]
fn o7_an_upload_is_one_request_and_is_sent_as_it_is_read() {
    let (double, dir) = (start(), Scratch::new().unwrap());
    let (github, path) = (client(&double), file(&dir, "a.zip", 2 << 20));
    let draft = github.create_draft(&new_release()).unwrap();
    double.clear_log();
    let steps = std::sync::Mutex::new(Vec::new());
    github.upload(&draft, "a.zip", &path, &|sent| steps.lock().unwrap().push(sent)).unwrap();
    assert_eq!(double.counters().requests, 1);
    let steps = steps.into_inner().unwrap();
    let largest = steps.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(largest <= 256 << 10, "{largest}");
}

/// O8: two TLS providers in one program, which makes rustls panic where none is named. Only the feature `keyless` brings
/// another, and wick's own connections always name theirs.
#[test]
fn o8_there_is_one_tls_provider() {
    let args =
        ["tree", "--locked", "--offline", "--package", "wick", "--edges", "normal", "--prefix", "none"];
    let tree = std::process::Command::new(env!("CARGO")).args(args).output().unwrap();
    let text = String::from_utf8(tree.stdout).unwrap();
    let has = |name: &str| text.lines().any(|line| line.split(' ').next() == Some(name));
    assert!(has("ureq") && has("ring"), "{text}{}", String::from_utf8_lossy(&tree.stderr));
    for unwanted in ["aws-lc-rs", "octocrab", "openssl", "native-tls"] {
        assert!(!has(unwanted), "{unwanted}");
    }
}

/// O9: a bare 403 of the secondary limit was an error.
#[test]
fn o9_a_bare_secondary_limit_is_waited_out() {
    let double = start();
    let (github, waits) = watched(&double);
    double.fail_at(1, Fault::Secondary { status: 403, retry_after: None });
    github.releases().unwrap();
    assert_eq!(*waits.lock().unwrap(), [Duration::from_secs(60)]);
}
