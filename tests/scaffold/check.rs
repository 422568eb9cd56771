//! What `wick plugin check` says of real plugins: rules that other parts tell, tags, formats, exit codes.

use serde_json::Value;

use crate::repo::{self, Repo};

/// The codes found in a folder, in order.
fn codes(report: &Value, place: &str) -> Vec<String> {
    let plugins = report["plugins"].as_array().unwrap();
    let plugin =
        plugins.iter().find(|one| one["place"] == place).unwrap_or_else(|| panic!("{place} in {report}"));
    let findings = plugin["findings"].as_array().unwrap();
    findings.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

fn check(repo: &Repo, args: &[&str], code: i32) -> Value {
    let line: Vec<&str> = ["plugin", "check", "--format", "json"].iter().chain(args).copied().collect();
    repo.wick(&line).run().expect_code(code).json()
}

#[test]
fn what_is_met_on_the_way_is_told_and_the_rest_goes_on() {
    if repo::lacks("what_is_met_on_the_way_is_told_and_the_rest_goes_on", &["go"]) {
        return;
    }
    let repo = Repo::go();
    repo.write("connector/broken/main.go", "package main\n\nfunc main() {\n\tnonsense()\n}\n");
    repo.write("connector/mute/main.go", "package main\n\nfunc main() {}\n");
    repo.replace("connector/beta/main.go", "\"Key\":\"beta\"", "\"Key\":\"better\"");
    repo.write("connector/My-Plugin/main.go", "package main\n");
    repo.write("connector/both/main.go", "package main\n");
    repo.write("connector/both/Cargo.toml", "");
    repo.write("tool/alpha/main.go", "package main\n\nfunc main() {}\n");
    let report = check(&repo, &["--all-plugins"], 1);
    let has = |place: &str, code: &str| codes(&report, place).iter().any(|one| one == code);
    for (place, code) in [
        ("connector/broken", "does-not-build"),
        ("connector/mute", "does-not-answer"),
        ("connector/beta", "key-mismatch"),
        ("connector/beta", "description-missing"),
        ("connector/My-Plugin", "folder-name"),
        ("connector/both", "two-sources"),
        ("connector/alpha", "key-shared"),
        ("tool/alpha", "key-shared"),
        ("tool/gamma", "description-missing"),
    ] {
        assert!(has(place, code), "{place} {code}\n{report:#}");
    }
    assert!(
        !has("connector/alpha", "key-mismatch") && !report.to_string().contains("_template"),
        "{report:#}"
    );
    let broken = report["plugins"].as_array().unwrap().iter().find(|one| one["plugin"] == "broken").unwrap();
    assert!(broken["findings"].to_string().contains("nonsense"), "the compiler is quoted: {broken:#}");
    // A version that is none hides neither the others nor what the plugin declares.
    let repo = Repo::go();
    repo.write("tool/gamma/VERSION", "1.x\n");
    let report = check(&repo, &["gamma", "alpha"], 1);
    let gamma = codes(&report, "tool/gamma");
    let has = |code: &str| gamma.iter().any(|one| one == code);
    assert!(has("version-not-semver") && has("description-missing") && !has("unresolved"), "{gamma:?}");
    assert!(codes(&report, "connector/alpha").contains(&"description-missing".to_owned()));
}

#[test]
fn a_second_check_compiles_nothing_and_no_build_nothing_at_all() {
    if repo::lacks("a_second_check_compiles_nothing_and_no_build_nothing_at_all", &["go"]) {
        return;
    }
    let repo = Repo::go();
    let static_only = check(&repo, &["gamma", "--no-build"], 0);
    assert_eq!(static_only["plugins"][0]["asked"], false);
    assert!(!repo.exists("bin"), "something was built");
    let first = check(&repo, &["gamma", "--allow", "description-missing"], 0);
    assert_eq!(first["plugins"][0]["asked"], true);
    let stamp =
        || repo.read_bytes(&format!("bin/.wick/build/{}/tool/gamma", repo::this_machine().replace('/', "-")));
    let time = |place: &str| std::fs::metadata(repo.path(place)).unwrap().modified().unwrap();
    let place = format!("bin/.wick/build/{}/tool/gamma", repo::this_machine().replace('/', "-"));
    let (bytes, at) = (stamp(), time(&place));
    let again =
        repo.wick(&["plugin", "check", "gamma", "--allow", "description-missing"]).run().expect_code(0);
    assert!(!again.stderr.contains("build gamma"), "{again}");
    assert_eq!((stamp(), time(&place)), (bytes, at));
    // Warnings count on request only.
    repo.wick(&["plugin", "check", "gamma", "--allow", "description-missing", "--strict"])
        .run()
        .expect_code(1);
    // The build is the one that `build` uses.
    assert_eq!(repo.build(&["gamma"]).compiler_runs(), 0);
}

#[test]
fn tags_say_what_is_out() {
    if repo::lacks("tags_say_what_is_out", &["git"]) {
        return;
    }
    let repo = Repo::go().committed();
    let version = |text: &str| repo.write("tool/gamma/VERSION", text);
    let found = |code| codes(&check(&repo, &["gamma", "--no-build"], code), "tool/gamma");
    let silent = found(0);
    repo.git(&["tag", "gamma/v0.1.0"]);
    repo.git(&["tag", "gamma/vnext"]);
    assert_eq!(found(0), silent, "what is out and unchanged is fine");
    repo.append("tool/gamma/main.go", "\n// More.\n");
    repo.write("tool/gamma/new.txt", "new\n");
    assert_eq!(found(0), [&["version-released".to_owned()], &silent[..]].concat());
    version("0.2.0\n");
    assert_eq!(found(0), silent);
    version("0.0.9\n");
    assert_eq!(found(1), [&["version-behind".to_owned()], &silent[..]].concat());
}

#[test]
fn annotations_stand_at_the_file() {
    let repo = Repo::empty();
    repo.write("plugins/connector/x/main.go", "package main\n\nfunc main() {}\n");
    repo.write("plugins/connector/x/VERSION", "one\n");
    repo.write("plugins/go.mod", "module example.com/x\n");
    let line = ["plugin", "check", "x", "--no-build"];
    let ran = repo
        .wick(&line)
        .folder(&repo.path("plugins"))
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", repo.root())
        .run()
        .expect_code(1);
    let ran = ran.says(&[
        "::error file=plugins/connector/x/VERSION,title=wick::connector/x: version `one` is not semver",
        "::warning file=plugins/connector/x,title=wick::connector/x: there is no README.md [readme-missing]\n",
    ]);
    assert!(!ran.stdout.contains("::"), "{ran}");
}

/// The plugins that this repository shows to others.
#[test]
fn the_examples_have_no_errors_in_their_folders() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/plugins");
    let ran =
        repo::Wick::new(&examples, &["plugin", "check", "--all-plugins", "--no-build", "--format", "json"])
            .run();
    assert_eq!(ran.json()["errors"], 0, "{ran}");
}
