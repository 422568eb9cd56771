//! One list of cases, two languages, three callers: go-plugin's own Go client, wick with AutoMTLS, wick without.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Probe, nothing_is_left, probes, running_in, temp, wick_in};
use crate::repo::wait_until;
use crate::support::{self, BUILD_TOOLS, Ended, done, need, run, scratch, testhost};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Caller {
    GoPlugin,
    WickMutual,
    WickPlain,
}

const CALLERS: [Caller; 3] = [Caller::GoPlugin, Caller::WickMutual, Caller::WickPlain];

/// What is asked.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Execute(&'static str),
    Stream(&'static str),
    Permissions,
    Identity(&'static str),
    Health,
}

/// What came of it, whoever asked.
#[derive(Debug, Default, PartialEq)]
struct Said {
    result: Value,
    /// What the pieces of a stream say together, a JSON value per line.
    pieces: Vec<Value>,
    progress: Vec<Value>,
    /// The plugin's `code: message`.
    failed: Option<String>,
}

struct Case {
    name: &'static str,
    ask: Ask,
    args: &'static str,
    creds: &'static [(&'static str, &'static str)],
    check: fn(&Said, &Probe),
}

const fn case(name: &'static str, ask: Ask, args: &'static str, check: fn(&Said, &Probe)) -> Case {
    Case { name, ask, args, creds: &[], check }
}

const fn with(mut case: Case, creds: &'static [(&'static str, &'static str)]) -> Case {
    case.creds = creds;
    case
}

const CASES: &[Case] = &[
    case("text comes back", Ask::Execute("echo"), r#"{"text": "Größe <L>\n&\u2028"}"#, |said, _| {
        assert_eq!(said.result["text"], "Größe <L>\n&\u{2028}");
    }),
    with(
        case("settings arrive", Ask::Execute("greet"), r#"{"text": "Ada"}"#, |said, _| {
            assert_eq!(said.result, json!({ "greeting": "moin, Ada" }));
        }),
        &[("greeting", "moin")],
    ),
    case("10 MB", Ask::Execute("big"), r#"{"bytes": 10485760}"#, |said, _| {
        let text = said.result.as_str().unwrap();
        assert!(text.len() == 10 << 20 && text.bytes().all(|byte| byte == b'x'));
    }),
    case("an answer that takes a while", Ask::Execute("slow"), r#"{"ms": 300}"#, |said, _| {
        assert_eq!(said.result, 300);
    }),
    case("a megabyte is printed meanwhile", Ask::Execute("print"), "{}", |said, _| {
        assert_eq!(said.result, 1_051_000);
    }),
    case("pieces with progress", Ask::Stream("stream"), r#"{"pieces": 3, "ms": 1}"#, |said, _| {
        assert_eq!(said.pieces, [json!({"piece": 1}), json!({"piece": 2}), json!({"piece": 3})]);
        assert_eq!(
            said.progress,
            [json!([1, 3, "piece 1"]), json!([2, 3, "piece 2"]), json!([3, 3, "piece 3"])]
        );
    }),
    case("what doesn't stream comes in one piece", Ask::Stream("echo"), r#"{"text": "x"}"#, |said, _| {
        assert_eq!((said.pieces.len(), &said.pieces[0]["text"]), (1, &json!("x")));
    }),
    case("a stream that fails", Ask::Stream("stream_fails"), "{}", |said, _| {
        assert_eq!(said.failed.as_deref(), Some("broken_pipe: the source ran dry"));
        assert_eq!(said.pieces, ["before"]);
    }),
    case("a failure", Ask::Execute("fail"), r#"{"how": "plain"}"#, |said, _| {
        assert_eq!(said.failed.as_deref(), Some("operation_failed: it went wrong: <a> & b"));
    }),
    case("a failure with a code", Ask::Execute("fail"), r#"{"how": "coded"}"#, |said, _| {
        assert_eq!(said.failed.as_deref(), Some("rate_limited: ask again in 30 s"));
    }),
    case("a panic is the operation's", Ask::Execute("panic"), r#"{"text": "boom"}"#, |said, _| {
        let failed = said.failed.as_deref().unwrap();
        assert!(failed.starts_with("panic: ") && failed.contains("boom"), "{failed}");
    }),
    case("a panic of a destructive one too", Ask::Execute("panic_plain"), "{}", |said, _| {
        assert!(said.failed.as_deref().unwrap().starts_with("panic: "), "{said:?}");
    }),
    with(
        case("permissions", Ask::Permissions, "{}", |said, _| {
            let all = said.result.as_array().unwrap();
            assert!(all.len() >= 10 && all.iter().all(|op| op["ok"] == true), "{said:?}");
        }),
        &[("token", "right")],
    ),
    with(
        case("no permissions", Ask::Permissions, "{}", |said, _| {
            let all = said.result.as_array().unwrap();
            let denied =
                |op: &Value| op["ok"] == false && op["reason"].as_str().unwrap().contains("not welcome");
            assert!(all.len() >= 10 && all.iter().all(denied), "{said:?}");
        }),
        &[("token", "wrong")],
    ),
    case("whose token it is", Ask::Identity("ada-token"), "{}", |said, _| {
        assert_eq!((&said.result["user_id"], &said.result["display_name"]), (&json!("U1"), &json!("Ada")));
    }),
    case("nobody's token", Ask::Identity("other-token"), "{}", |said, _| {
        let failed = said.failed.as_deref().unwrap();
        assert!(failed.starts_with("unauthorized: nobody has"), "{failed}");
    }),
    case("health", Ask::Health, "{}", |said, probe| {
        assert_eq!(said.result, json!({ "healthy": true, "detail": format!("{} 0.1.0", probe.key) }));
    }),
];

#[test]
fn every_case_in_both_languages_by_every_caller() {
    need!(BUILD_TOOLS);
    let temp = temp();
    for probe in probes() {
        for caller in CALLERS {
            for case in CASES {
                println!("{} {caller:?}: {}", probe.key, case.name);
                let said = match caller {
                    Caller::GoPlugin => by_go_plugin(probe, case),
                    _ => by_wick(probe, case, caller, temp.path()),
                };
                (case.check)(&said, probe);
            }
        }
    }
    nothing_is_left(temp.path());
    assert_eq!(running_in(&[&probes()[0].home, &probes()[1].home]), Vec::<String>::new());
}

/// The host compares Schema's answer with plugin.json in every call.
fn by_go_plugin(probe: &Probe, case: &Case) -> Said {
    let creds: serde_json::Map<String, Value> =
        case.creds.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let mut command = testhost(&["call"]);
    command.arg(&probe.home).args(["-args", case.args, "-creds", &Value::Object(creds).to_string()]);
    match case.ask {
        Ask::Execute(op) => command.args(["-op", op]),
        Ask::Stream(op) => command.args(["-op", op, "-stream"]),
        Ask::Permissions => command.arg("-perms"),
        Ask::Identity(token) => command.args(["-token", token]),
        Ask::Health => &mut command,
    };
    let ended = run(&mut command);
    let lines: Vec<Value> = ended.stdout.lines().map(support::json).collect();
    let mut said = Said::default();
    if ended.code != Some(0) {
        let line = ended.stderr.lines().last().unwrap_or_default();
        said.failed = Some(line.split_once(": ").unwrap_or_else(|| panic!("{ended:?}")).1.to_owned());
    }
    if let Ask::Stream(_) = case.ask {
        streamed(&mut said, &lines);
    } else if let Some(first) = lines.into_iter().next() {
        said.result = first;
    }
    if let Ask::Health = case.ask {
        assert_eq!(said.result["schema"], "equal");
        said.result.as_object_mut().unwrap().remove("schema");
    }
    said
}

fn by_wick(probe: &Probe, case: &Case, caller: Caller, temp: &Path) -> Said {
    let folder = scratch();
    let args = folder.path().join("args.json");
    fs::write(&args, case.args).unwrap();
    let mut command = wick_in(temp);
    command.args(["plugin", "call", "--format", "json"]).arg(&probe.zip);
    if caller == Caller::WickPlain {
        command.arg("--no-mtls");
    }
    for (at, (name, value)) in case.creds.iter().enumerate() {
        command.env(format!("CRED_{at}"), value).arg("--cred").arg(format!("{name}=env:CRED_{at}"));
    }
    match case.ask {
        Ask::Execute(op) => command.args([op, "--yes", "--json"]).arg(&args),
        Ask::Stream(op) => command.args([op, "--stream", "--json"]).arg(&args),
        Ask::Permissions => command.arg("--check-permissions"),
        Ask::Identity(token) => command.env("TOKEN", token).args(["--identity", "env:TOKEN"]),
        Ask::Health => command.arg("--health"),
    };
    let ended = run(&mut command);
    assert!(!ended.stderr.contains("not what its plugin.json says"), "{}", ended.stderr);
    let mut said = Said::default();
    if ended.code == Some(5) {
        let line = ended.stderr.lines().find_map(|line| line.split_once(" failed with ")).unwrap();
        said.failed = Some(line.1.to_owned());
    }
    if let Ask::Stream(_) = case.ask {
        // Pieces are a line each; a refusal comes after them, in many.
        let lines = ended.stdout.lines().filter(|line| line.starts_with("{\""));
        streamed(&mut said, &lines.map(support::json).collect::<Vec<_>>());
        return said;
    }
    let denied = matches!(case.ask, Ask::Permissions) && ended.code == Some(1);
    assert!(matches!(ended.code, Some(0 | 5)) || denied, "{ended:?}");
    if ended.stdout.is_empty() {
        return said;
    }
    let mut report = support::json(&ended.stdout);
    assert_eq!(report["schema"], 1);
    said.result = match case.ask {
        Ask::Execute(_) => report["result"].take(),
        Ask::Permissions => report["operations"].take(),
        Ask::Health => json!({ "healthy": report["healthy"], "detail": report["detail"] }),
        _ => report,
    };
    said
}

fn streamed(said: &mut Said, lines: &[Value]) {
    let data: String = lines.iter().filter_map(|line| line["data"].as_str()).collect();
    said.pieces = data.lines().map(support::json).collect();
    let moved = lines.iter().filter(|line| line["total"].is_number());
    said.progress = moved.map(|line| json!([line["progress"], line["total"], line["message"]])).collect();
    assert!(said.failed.is_some() || lines.last().unwrap()["eof"] == true, "{lines:?}");
}

/// go-plugin's own client: 100 calls at once, 10 MB, a cancelled call, a stream that is left, and then one more.
#[test]
fn a_busy_host_written_in_go_is_served() {
    need!(BUILD_TOOLS);
    for probe in probes() {
        let ended = run(testhost(&["strain"]).arg(&probe.home));
        assert_eq!(ended.code, Some(0), "{}: {}", probe.key, ended.stderr);
        let answers = support::json(&ended.stdout);
        assert_eq!(answers["at_once"], 100, "{answers}");
        assert_eq!(answers["large"], (10 << 20) + 2, "{answers}");
        assert_eq!(
            (&answers["cancelled"], &answers["left_stream"]),
            (&json!("Canceled"), &json!("Canceled"))
        );
        assert_eq!(answers["afterwards"]["text"], "again", "{answers}");
        assert!(ended.stderr.contains("probe: slow was cancelled"), "{}: {}", probe.key, ended.stderr);
    }
}

/// Conformance 14: a host that is killed leaves no plugin behind. And one that is interrupted says so, and cleans up.
#[test]
fn no_plugin_outlives_its_host() {
    need!(BUILD_TOOLS);
    use rustix::process::Signal;
    for probe in probes() {
        let mut host = testhost(&["call"]);
        host.arg(&probe.home).args(["-op", "slow", "-args", r#"{"ms": 60000}"#]);
        let ended = signalled(&mut host, &probe.home, Signal::KILL);
        assert_eq!(ended.code, None, "{ended:?}");
        let gone = wait_until(Duration::from_secs(10), || running_in(&[&probe.home]).is_empty());
        assert!(gone, "{:?}", running_in(&[&probe.home]));

        for (signal, code) in [(Signal::KILL, None), (Signal::INT, Some(130)), (Signal::TERM, Some(130))] {
            let temp = temp();
            let mut host = wick_in(temp.path());
            host.args(["plugin", "call"]).arg(&probe.zip).args(["slow", "--arg", "ms=60000"]);
            let ended = signalled(&mut host, temp.path(), signal);
            assert_eq!(ended.code, code, "{signal:?} {ended:?}");
            assert!(code.is_none() || ended.stderr.contains("interrupted"), "{ended:?}");
            if code.is_some() {
                nothing_is_left(temp.path());
            } else {
                // The unpacked program stays where a killed wick can't remove it; the plugin's own folder doesn't.
                let gone = wait_until(Duration::from_secs(10), || running_in(&[temp.path()]).is_empty());
                assert!(gone, "{:?}", running_in(&[temp.path()]));
            }
        }
    }
}

/// Starts a host, waits until its plugin runs in that folder and serves, and sends the host a signal.
fn signalled(host: &mut Command, folder: &Path, signal: rustix::process::Signal) -> Ended {
    let host = host.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = wait_until(Duration::from_secs(30), || !running_in(&[folder]).is_empty());
    assert!(started, "no plugin was started");
    // In the middle of the call rather than before it; either way nothing may be left.
    std::thread::sleep(Duration::from_millis(300));
    let pid = rustix::process::Pid::from_raw(i32::try_from(host.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
    let output = host.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What people see: a result as the plugin wrote it, pieces live with progress on stderr, the plugin's no as exit code 5,
/// and secrets nowhere.
#[test]
fn people_get_answers_as_they_are() {
    need!(BUILD_TOOLS);
    let temp = temp();
    let ask = |probe: &Probe, args: &[&str]| {
        run(wick_in(temp.path())
            .env("TOKEN", "s3cret-value")
            .args(["plugin", "call"])
            .arg(&probe.zip)
            .args(args))
    };
    for probe in probes() {
        // It says that it streams only, so it is asked again as a stream.
        let streamed = ask(probe, &["stream", "--arg", "pieces=2"]);
        assert_eq!(
            (streamed.code, streamed.stdout.as_str()),
            (Some(0), "{\"piece\":1}\n{\"piece\":2}\n"),
            "{streamed:?}"
        );
        assert_eq!(streamed.stderr, "1/2 piece 1\n2/2 piece 2\n");
        let refused = ask(probe, &["fail", "--arg", "how=secret", "--cred", "token=env:TOKEN"]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(5), ""), "{refused:?}");
        assert!(refused.stderr.contains("GET https://example.com/?key=***: 401"), "{refused:?}");
        assert!(!refused.stderr.contains("s3cret"), "{refused:?}");
        let careful = ask(probe, &["panic_plain"]);
        assert_eq!(careful.code, Some(2), "{careful:?}");
        assert!(
            careful.stderr.contains("`panic_plain` is marked as destructive: nothing was done"),
            "{careful:?}"
        );
        let unknown = ask(probe, &["ecoh"]);
        assert_eq!(unknown.code, Some(2), "{unknown:?}");
        assert!(unknown.stderr.contains("did you mean `echo`"), "{unknown:?}");
        let wrong = ask(probe, &["slow", "--arg", "ms=long", "--arg", "mss=1"]);
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
        assert!(wrong.stderr.contains("`ms` must be a number, not `long`"), "{wrong:?}");
        let late = ask(probe, &["slow", "--arg", "ms=60000", "--timeout", "2"]);
        assert_eq!(late.code, Some(5), "{late:?}");
        assert!(
            late.stderr.contains("Execute: no answer within 2 s")
                || late.stderr.contains("DEADLINE_EXCEEDED"),
            "{late:?}"
        );
        let list = ask(probe, &["--list"]);
        assert!(list.stdout.contains("panic_plain  destructive, needs --yes"), "{list:?}");
        assert!(list.stdout.contains("--arg text  ") && list.stdout.contains("--cred token"), "{list:?}");
    }
    nothing_is_left(temp.path());
}

/// Conformance 21: many at once, none gets another's answer, all are cleaned up.
#[test]
fn eight_launches_at_once_do_not_disturb_each_other() {
    need!(BUILD_TOOLS);
    let temp = temp();
    std::thread::scope(|scope| {
        for at in 0..8 {
            let (probe, temp) = (&probes()[at % 2], temp.path());
            scope.spawn(move || {
                let text = format!("launch {at}");
                let mut command = wick_in(temp);
                command.args(["plugin", "call"]).arg(&probe.zip).args([
                    "echo",
                    "--arg",
                    &format!("text={text}"),
                ]);
                assert_eq!(support::json(&done(&mut command))["text"], text);
            });
        }
    });
    nothing_is_left(temp.path());
}
