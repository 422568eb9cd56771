//! Plugins that break the contract (tests/fixtures/probe/odd): each ends in a clear error, within its time, and nothing
//! of it is left.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{nothing_is_left, odd, temp, wick_in};
use crate::support::{self, Ended, need, run};

/// Calls a program that is named so, and sees that nothing of it is left.
fn call(mode: &str, args: &[&str]) -> Ended {
    let (_folder, path) = odd(mode);
    let temp = temp();
    let mut command = wick_in(temp.path());
    command.env("PLANTED", "planted").args(["plugin", "call"]).arg(&path).args(args);
    let ended = run(&mut command);
    nothing_is_left(temp.path());
    ended
}

/// Conformance 2, 4 to 7, 9, 10, 12, 18, 19: what a host refuses, and why it says so.
#[test]
fn plugins_that_break_the_contract_are_refused() {
    need!(["go"]);
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("three", &[], &["3 of at least 4 fields"]),
        ("core", &[], &["speaks version 2 of go-plugin's own protocol"]),
        ("noise", &[], &["`connecting to the database…`", "logs belong on stderr"]),
        ("nine", &[], &["serves version 9 of the plugin interface; offered: 1"]),
        ("netrpc", &[], &["it speaks `netrpc`; hosts speak grpc"]),
        ("anywhere", &["--no-mtls"], &["`0.0.0.0:1`, which is not a loopback address"]),
        ("foreign", &["--no-mtls"], &["`192.0.2.1:80`, which is not a loopback address"]),
        ("outside", &["--no-mtls"], &["`/tmp/outside.sock`, which is outside the folder"]),
        ("nobody", &["--no-mtls"], &["can't connect to", "nobody"]),
        ("endless", &[], &["its first line has more than 64 KiB: `xxx"]),
        (
            "quits",
            &[],
            &["ended with exit code 1 before it said where it listens", "| odd: a plugin, to be started"],
        ),
        ("silent", &["--timeout", "1"], &["didn't say where it listens within 1 s"]),
        ("plain", &[], &["AutoMTLS is not honoured", "`--no-mtls` calls it anyway"]),
        ("tcp", &[], &["AutoMTLS is not honoured"]),
        ("impostor", &[], &["can't connect to", "TLS: "]),
        ("forger", &[], &["can't connect to", "TLS: "]),
        ("sick", &[], &["doesn't say that it serves `plugin`"]),
    ];
    for (mode, args, parts) in cases {
        let ended = call(mode, &[&["--health"], *args].concat());
        assert_eq!(ended.code, Some(5), "{mode}: {ended:?}");
        assert!(ended.stdout.is_empty(), "{mode}: {ended:?}");
        for part in *parts {
            assert!(ended.stderr.contains(part), "{mode}: {part}: {}", ended.stderr);
        }
    }
}

/// Conformance 8, 9, 11, 12, 15 and 18: servers without go-plugin's own services, in every curve, over TCP, with a lot to
/// say. The connector itself has no Health, which is an answer too.
#[test]
fn plugins_of_other_makes_are_called() {
    need!(["go"]);
    for (mode, args) in [
        ("other", &[][..]),
        ("other", &["--no-mtls"]),
        ("p256", &[]),
        ("p384", &[]),
        ("chatty", &[]),
        ("tcp", &["--no-mtls"]),
        ("linger", &[]),
    ] {
        let ended = call(mode, &[&["--list", "-v"], args].concat());
        assert_eq!(ended.code, Some(0), "{mode} {args:?}: {ended:?}");
        assert!(ended.stdout.contains("toobig"), "{mode} {args:?}: {ended:?}");
        // It doesn't know Shutdown, so it gets SIGTERM, on which it ends with 7.
        assert!(
            ended.stderr.contains("ended when it was asked to (exit code 7)"),
            "{mode} {args:?}: {ended:?}"
        );
        let tls = if args.is_empty() { "AutoMTLS" } else { "without TLS" };
        assert!(ended.stderr.contains(&format!("launched as by a host, {tls}, ")), "{mode}: {ended:?}");
        assert_eq!(ended.stderr.contains("left 1 process(es) running"), mode == "linger", "{ended:?}");
        assert_eq!(ended.stderr.contains("a line of a log"), mode == "chatty", "{}", ended.stderr.len());
    }
    let unimplemented = call("other", &["--health"]);
    assert_eq!(unimplemented.code, Some(5), "{unimplemented:?}");
    assert!(unimplemented.stderr.contains("Health: UNIMPLEMENTED (12)"), "{unimplemented:?}");
}

/// Conformance 13: a plugin that ignores every request to end is killed.
#[test]
fn a_plugin_that_will_not_end_is_killed() {
    need!(["go"]);
    let ended = call("stubborn", &["--list", "-v"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("didn't end within 2 s of being asked and was killed"), "{ended:?}");
}

/// Conformance 16, and what no host takes for an answer.
#[test]
fn answers_are_judged() {
    need!(["go"]);
    let large = call("large", &["big"]);
    assert_eq!((large.code, large.stdout.len()), (Some(0), (20 << 20) + 3), "{}", large.stderr);
    let cases: &[(&[&str], &[&str])] = &[
        (&["toobig"], &["Execute: a message has more than 64 MiB"]),
        (&["nojson"], &["Execute: its result is no JSON"]),
        (&["status"], &["Execute: PERMISSION_DENIED (7): not today: \\u{1b}[31m ö"]),
        (&["die"], &["Execute: ", "| odd: out of memory"]),
        (&["noeof", "--stream"], &["ended without a last piece"]),
        (&["big", "--stream"], &["sent a piece after its last one"]),
        (&["hang", "--timeout", "1"], &["Execute: no answer within 1 s"]),
        (&["lok"], &["has no operation `lok`", "did you mean `look`?"]),
    ];
    for (args, parts) in cases {
        let ended = call("answers", args);
        let code = if args[0] == "lok" { 2 } else { 5 };
        assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
        for part in *parts {
            assert!(ended.stderr.contains(part), "{args:?}: {part}: {}", ended.stderr);
        }
    }
    let gibberish = call("gibberish", &["--list"]);
    assert_eq!(gibberish.code, Some(5), "{gibberish:?}");
    assert!(gibberish.stderr.contains("Schema: it answers no module"), "{gibberish:?}");
}

/// Conformance 17, and what a called plugin may see: the network, and nothing of its user.
#[test]
fn a_called_plugin_is_held() {
    need!(["go"]);
    let env = call("env", &["env"]);
    let names: Vec<String> = support::json(&env.stdout)
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap().split('=').next().unwrap().to_owned())
        .collect();
    let known = [
        "HOME",
        "LANG",
        "PATH",
        "TEMP",
        "TMP",
        "TMPDIR",
        "TZ",
        "USERPROFILE",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "PLUGIN_CLIENT_CERT",
        "PLUGIN_MAX_PORT",
        "PLUGIN_MIN_PORT",
        "PLUGIN_PROTOCOL_VERSIONS",
        "PLUGIN_UNIX_SOCKET_DIR",
        "WICK_CONNECTOR_PLUGIN",
        "SSL_CERT_FILE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
    let look = support::json(&call("look", &["look"]).stdout);
    let Value::Object(seen) = &look else { panic!("{look}") };
    let verbose = call("look", &["look", "-v"]);
    if !verbose.stderr.contains("held by Landlock") {
        crate::repo::skip("a_called_plugin_is_held", "this kernel has no Landlock");
        return;
    }
    assert!(verbose.stderr.contains("the network is open"), "{verbose:?}");
    for (what, seen) in seen {
        assert_eq!(seen, &Value::Bool(what == "network"), "{what}: {look}");
    }
    let open = support::json(&call("look", &["look", "--no-sandbox"]).stdout);
    assert_eq!(open["/etc/passwd"], true, "{open}");
}

/// Conformance 20, and packages that a host refuses: none is run.
#[test]
fn what_can_not_or_must_not_run_is_not_run() {
    need!(["go"]);
    let temp = temp();
    let binaries = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/binaries");
    let ask = |path: &Path| run(wick_in(temp.path()).args(["plugin", "call", "--health"]).arg(path));
    for (name, part) in [
        ("linux-arm64-static", "this machine is linux/amd64"),
        ("windows-amd64.exe", "this machine is linux/amd64"),
    ] {
        let ended = ask(&binaries.join(name));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(part) && ended.stderr.contains("can't run here"), "{ended:?}");
    }
    let text = temp.path().join("x.txt");
    fs::write(&text, "text").unwrap();
    let ended = ask(&text);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("was not run: a host would refuse it"), "{ended:?}");
    fs::remove_file(&text).unwrap();
    let missing = ask(&temp.path().join("missing.zip"));
    assert_eq!(missing.code, Some(4), "{missing:?}");
    nothing_is_left(temp.path());
}
