//! Building plugins that only serve: what they are is asked as a host asks, and where there are two answers they agree.

use super::fixtures;
use crate::support::{self, need, run, scratch, wick};

#[test]
fn a_plugin_without_the_flag_is_asked_for_its_schema() {
    need!(["go"]);
    let bin = scratch();
    let mut build = wick(&fixtures());
    build.args(["plugin", "build", "no_dump", "--format", "json", "-o"]).arg(bin.path());
    let ended = run(&mut build);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let package = &support::json(&ended.stdout)["packages"][0];
    assert_eq!(
        (&package["status"], &package["evidence"]),
        (&"built".into(), &"executed".into()),
        "{package}"
    );
    let how = package["evidence_detail"].as_str().unwrap();
    assert!(how.starts_with("asked for its Schema as by a host: ran it on this machine (held by"), "{how}");
    assert!(how.ends_with("; it doesn't know --dump-manifest"), "{how}");
    let manifest = support::manifest(&bin.path().join("no_dump-0.1.0-linux-amd64.zip"));
    assert_eq!(support::operations(&manifest), ["nothing"]);
    assert_eq!((&manifest["proto_version"], &manifest["version"]), (&1.into(), &"0.1.0".into()));
}

#[test]
fn a_plugin_that_answers_two_things_is_refused() {
    need!(["go"]);
    let bin = scratch();
    let ended = run(wick(&fixtures()).args(["plugin", "build", "two_tongues", "-o"]).arg(bin.path()));
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let said = "what it answers to --dump-manifest is not what it answers to Schema";
    assert!(ended.stderr.contains(said), "{ended:?}");
    assert!(ended.stderr.contains("hint: make both from one declaration"), "{ended:?}");
}
