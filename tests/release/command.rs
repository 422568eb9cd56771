//! The commands themselves: exit codes, what goes to stdout, what GitHub Actions is told.

use std::process::Output;

use serde_json::Value;

use super::kill::wick;
use super::support::*;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn ends(output: &Output, code: i32) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout: {out}\nstderr: {err}");
    assert!(!out.contains("ghp_") && !err.contains("ghp_"), "a token was printed: {out}{err}");
    if output.stdout.is_empty() { err } else { out }
}

#[test]
fn release_tells_github_actions_and_programs_what_is_out() {
    let (double, repository) = (start(false), Repository::packed());
    let run = |args: &[&str]| {
        let mut command = wick(&double, &repository, args);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", repository.root().join("out"));
        command.env("GITHUB_STEP_SUMMARY", repository.root().join("summary")).output().unwrap()
    };
    let report: Value =
        serde_json::from_str(&ends(&run(&["plugin", "release", "slack", "--format", "json"]), 0)).unwrap();
    assert_eq!((&report["schema"], &report["complete"]), (&1.into(), &true.into()));
    assert_eq!(report["plugins"][0]["status"], "released");
    assert_eq!(report["plugins"][0]["assets"][0]["step"], "upload");
    check_out(&double, &repository, "by the command");
    let again = ends(&run(&["plugin", "release", "--all-plugins"]), 0);
    assert!(again.contains("slack/v0.2.0  already out"), "{again}");
    let told = wick::sys::files::read_text(&repository.root().join("out")).unwrap();
    assert_eq!(told, "released=[\"slack/v0.2.0\"]\nreleased=[]\n");
    let summary = wick::sys::files::read_text(&repository.root().join("summary")).unwrap();
    assert!(summary.contains("[`slack/v0.2.0`](http") && summary.contains("| released | 5 |"), "{summary}");
}

#[test]
fn exit_codes_say_why_not() {
    let (double, repository) = (start(false), Repository::packed());
    let release = ["plugin", "release", "slack"];
    let without = wick(&double, &repository, &release).env_remove("WICK_GITHUB_TOKEN").output().unwrap();
    assert!(ends(&without, 4).contains("gh auth token"));
    let dry = ["plugin", "release", "slack", "--dry-run"];
    let without = wick(&double, &repository, &dry).env_remove("WICK_GITHUB_TOKEN").output().unwrap();
    assert!(ends(&without, 4).contains("slack/v0.2.0  not tried"), "{without:?}");
    let stranger =
        wick(&double, &repository, &release).env("WICK_GITHUB_TOKEN", "ghp_unknown").output().unwrap();
    ends(&stranger, 6);
    double.seed_tag("slack/v0.2.0", "2222222222222222222222222222222222222222", false);
    ends(&wick(&double, &repository, &release).output().unwrap(), 7);
    wick::sys::files::remove(&repository.bin()).unwrap();
    assert!(ends(&wick(&double, &repository, &release).output().unwrap(), 1).contains("refused"));
    ends(&wick(&double, &repository, &["plugin", "release"]).output().unwrap(), 2);
}

#[test]
fn plan_is_a_matrix_of_what_is_not_released() {
    let (double, repository) = (start(false), Repository::packed());
    repository.plugin("zulip", "0.1.0");
    ends(&wick(&double, &repository, &["plugin", "release", "slack"]).output().unwrap(), 0);
    let plan = ["plugin", "plan", "--all-plugins", "--unreleased", "--format", "json"];
    let run = |args: &[&str]| -> Value {
        let mut command = wick(&double, &repository, args);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", repository.root().join("out"));
        serde_json::from_str(&ends(&command.output().unwrap(), 0)).unwrap()
    };
    let matrix = run(&plan);
    assert_eq!(matrix["schema"], 1);
    let jobs = matrix["include"].as_array().unwrap();
    let plugins: Vec<&str> = jobs.iter().map(|job| job["plugin"].as_str().unwrap()).collect();
    assert_eq!(plugins, ["zulip"; 3]);
    assert_eq!((&jobs[0]["target"], &jobs[0]["runner"]), (&"linux/arm64".into(), &"ubuntu-24.04-arm".into()));
    // This clone's tags don't know what was released from elsewhere.
    let offline = run(&["plugin", "plan", "--all-plugins", "--unreleased", "--offline", "--format", "json"]);
    assert_eq!(offline["include"].as_array().unwrap().len(), 6);
    let told = wick::sys::files::read_text(&repository.root().join("out")).unwrap();
    let first = told.lines().next().unwrap().strip_prefix("matrix=").unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!(first.as_object().unwrap().keys().collect::<Vec<_>>(), ["include"], "no scalar in a strategy");
    assert!(told.lines().nth(1) == Some("any=true"), "{told}");
}

#[test]
fn init_writes_the_workflow_once_and_sees_when_it_drifts() {
    let (double, repository) = (start(false), Repository::new());
    let run = |args: &[&str]| {
        let all: Vec<&str> = ["plugin", "init"].iter().chain(args).copied().collect();
        wick(&double, &repository, &all).output().unwrap()
    };
    let path = repository.root().join(wick::phase::workflow::PATH);
    let source = "git:https://example.com/wick@0123456789abcdef0123456789abcdef01234567";
    assert!(ends(&run(&["--check", "--wick", source]), 1).contains("+ name: plugins"));
    ends(&run(&["--branch", "trunk", "--wick", source]), 0);
    ends(&run(&["--check"]), 0);
    let written = wick::sys::files::read_text(&path).unwrap();
    assert!(written.contains("branches: [\"trunk\"]") && written.contains("go-version-file: \"go.mod\""));
    repository
        .write(wick::phase::workflow::PATH, &written.replace("timeout-minutes: 60", "timeout-minutes: 61"));
    let drift = ends(&run(&["--check"]), 1);
    assert!(drift.contains("-     timeout-minutes: 61\n+     timeout-minutes: 60\n"), "{drift}");
    ends(&run(&[]), 7);
    ends(&run(&["--force"]), 0);
    assert_eq!(wick::sys::files::read_text(&path).unwrap(), written);
    // Another branch is another wish, not a change by hand.
    ends(&run(&["--branch", "main"]), 0);
    assert_eq!(double.counters().requests, 0);
}
