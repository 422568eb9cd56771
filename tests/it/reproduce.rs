//! Releases that are built again: real compilers, real git, a double of GitHub. What comes out the same is called so, and
//! what doesn't is named by its cause; the user's repository is never touched.

use std::fs;
use std::path::Path;
use std::time::Duration;

use github_double::{Config, Content, Double};
use serde_json::Value;
use wick::model::package::PackageEntry;
use wick::phase::package::zip;

use crate::repo::{self, Folder, Ran, Repo};
use crate::support::{json, keygen, sha256, unzip};

/// `alpha` (Go) and `rho` (Rust) for this machine and, Go, for another one; committed and tagged.
fn repository() -> Repo {
    let repo = Repo::go().with_rust();
    repo.append(
        "wick.toml",
        &format!("\n[build]\ntargets = [\"{}\", \"windows/amd64\"]\n", repo::this_machine()),
    );
    let repo = repo.committed();
    repo.git(&["tag", "alpha/v0.1.0"]);
    repo.git(&["tag", "-a", "-m", "rho", "rho/v0.1.0"]);
    repo
}

fn zip_of(key: &str) -> String {
    format!("{key}-0.1.0-{}.zip", repo::this_machine().replace('/', "-"))
}

/// Builds this machine's package of what lies in the working tree now; gives its folder.
fn built(repo: &Repo, key: &str, environment: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    let output = folder.path().to_str().unwrap();
    let args = ["plugin", "build", key, "--target", repo::this_machine(), "-q", "-o", output];
    let run = environment.iter().fold(repo.wick(&args), |run, (name, value)| run.env(name, *value));
    run.run().expect_code(0);
    folder
}

/// Rebuilds and compares with a folder; the repository is as before.
#[track_caller]
fn against(repo: &Repo, key: &str, folder: &Path, environment: &[(&str, &str)]) -> Ran {
    let before = (repo.files(), repo.git(&["status", "--porcelain"]), repo.git(&["worktree", "list"]));
    let scratch = Folder::new();
    let release = format!("{key}@0.1.0");
    let args = ["plugin", "reproduce", &release, "--format", "json", "--against", folder.to_str().unwrap()];
    let run = environment.iter().fold(repo.wick(&args), |run, (name, value)| run.env(name, *value));
    let ran = run.env("TMPDIR", scratch.path()).run();
    let after = (repo.files(), repo.git(&["status", "--porcelain"]), repo.git(&["worktree", "list"]));
    assert!(before == after, "the repository was touched\n{ran}");
    assert!(!repo.exists(".git/worktrees"), "{ran}");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "scratch folders are left\n{ran}");
    ran
}

/// `code: message` of what differs in the first package, of this severity.
fn told(report: &Value, severity: &str) -> Vec<String> {
    let differences = report["packages"][0]["differences"].as_array().cloned().unwrap_or_default();
    differences
        .iter()
        .filter(|one| one["severity"] == severity)
        .map(|one| format!("{}: {}", one["code"].as_str().unwrap(), one["message"].as_str().unwrap()))
        .collect()
}

#[track_caller]
fn differs(ran: Ran) -> Value {
    let ran = ran.expect_code(1);
    let report = ran.json();
    assert_eq!((&report["schema"], &report["identical"]), (&1.into(), &false.into()), "{ran}");
    assert_eq!(report["packages"][0]["status"], "different", "{ran}");
    report
}

#[test]
fn a_release_comes_out_the_same_with_its_signatures_taken_over() {
    if repo::lacks("a_release_comes_out_the_same", &["go", "git"]) {
        return;
    }
    let repo = repository();
    let head = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let double = Double::start(Config { head: head.clone(), ..Config::default() });
    let aside = Folder::new();
    let key = aside.path().join("signing.key");
    keygen(&key);
    repo.wick(&["plugin", "build", "alpha", "--all", "-q", "--sign-key", key.to_str().unwrap()])
        .run()
        .expect_code(0);
    let github = ["--repo", double.repository(), "--api-url", double.api_url()];
    let release = repo.wick(&[&["plugin", "release", "alpha"][..], &github].concat());
    release.env("WICK_GITHUB_TOKEN", "ghp_write").run().expect_code(0);
    double.clear_log();
    // What the user is working on is neither built nor lost.
    repo.append("connector/alpha/main.go", "this doesn't compile\n");
    repo.write("shared/words/new.txt", "not in any commit\n");
    let before = repo.files();
    let keep = aside.path().join("rebuilt");
    let args = ["plugin", "reproduce", "alpha@0.1.0", "--format", "json", "-o", keep.to_str().unwrap()];
    let ran = repo.wick(&[&args[..], &github].concat()).run().expect_code(0);
    assert!(repo.files() == before && !repo.exists(".git/worktrees"), "{ran}");
    let report = ran.json();
    assert_eq!(
        (&report["schema"], &report["identical"], &report["tag"], &report["commit"], &report["against"]),
        (&1.into(), &true.into(), &"alpha/v0.1.0".into(), &head.into(), &double.repository().into())
    );
    let packages = report["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 2);
    for package in packages {
        assert_eq!(package["status"], "identical");
        assert_eq!(package["carried_over"], serde_json::json!(["the manifest's signature"]));
        let name = package["package"].as_str().unwrap();
        assert_eq!(sha256(&fs::read(keep.join(name)).unwrap()), package["published"].as_str().unwrap());
        assert_eq!(repo.read_bytes(&format!("bin/{name}")), fs::read(keep.join(name)).unwrap());
    }
    // The release, its tag, and a piece of each signed package: digests say the rest.
    let counters = double.counters();
    let writes = double.log().iter().filter(|entry| entry.method != "GET").count();
    assert_eq!((counters.api_requests, writes, counters.tokens_leaked), (2, 0, 0), "{:#?}", double.log());
    assert!(counters.asset_bytes_out <= 2 * (16 << 10), "{counters:?}");

    // A tag that was moved in the clone is another release's.
    repo.commit("later");
    repo.git(&["tag", "--force", "alpha/v0.1.0"]);
    let moved = repo.wick(&[&["plugin", "reproduce", "alpha@0.1.0"][..], &github].concat()).run();
    moved.expect_code(7).says(&[
        "in this clone and",
        "git fetch --force origin refs/tags/alpha/v0.1.0:refs/tags/alpha/v0.1.0",
    ]);
    repo.git(&["tag", "--delete", "alpha/v0.1.0"]);
    let missing = repo.wick(&[&["plugin", "reproduce", "alpha@0.1.0"][..], &github].concat()).run();
    missing.expect_code(4).says(&[
        "this clone has no tag alpha/v0.1.0",
        "`git fetch origin refs/tags/alpha/v0.1.0:refs/tags/alpha/v0.1.0`",
    ]);
}

#[test]
fn a_rust_release_without_signatures_costs_two_requests() {
    if repo::lacks("a_rust_release_without_signatures", &["cargo", "git"]) {
        return;
    }
    let repo = repository();
    let head = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let double = Double::start(Config { head, ..Config::default() });
    let there = built(&repo, "rho", &[]);
    let bytes = fs::read(there.path().join(zip_of("rho"))).unwrap();
    double.seed_release("rho/v0.1.0", false, &[(&zip_of("rho"), Content::bytes(bytes))]);
    let github = ["--repo", double.repository(), "--api-url", double.api_url()];
    let ran = repo.wick(&[&["plugin", "reproduce", "rho@0.1.0"][..], &github].concat()).run().expect_code(0);
    assert!(
        ran.stdout.contains(&format!("{}  identical", zip_of("rho"))) && !ran.stdout.contains("taken over"),
        "{ran}"
    );
    assert_eq!(
        (double.counters().requests, double.counters().asset_bytes_out),
        (2, 0),
        "{:#?}",
        double.log()
    );
    let other = repo
        .wick(&[&["plugin", "reproduce", "rho@0.1.0", "--target", "linux/riscv64"][..], &github].concat());
    other.run().expect_code(4).says(&["rho/v0.1.0 is not published for linux/riscv64"]);
    let none = repo.wick(&[&["plugin", "reproduce", "alpha@0.1.0"][..], &github].concat()).run();
    none.expect_code(4).says(&["octo/plugins has no published release alpha/v0.1.0", "--against DIR"]);
}

#[test]
fn what_was_compiled_in_from_outside_the_commit_is_named() {
    if repo::lacks("what_was_compiled_in_from_outside_the_commit", &["go", "git"]) {
        return;
    }
    let repo = repository();
    let main = repo.read("connector/alpha/main.go");
    let with_time = main
        .replace(
            "var Version = \"dev\"",
            "var Version = \"dev\"\n\n// Built is set by the linker.\nvar Built = \"at some time\"",
        )
        .replace("func main() {", "func main() {\n\tos.Stderr.WriteString(Built)");
    repo.write("connector/alpha/main.go", &with_time);
    repo.write("shared/words/greeting.txt", "generated by machine number one\n");
    let config = repo.read("wick.toml");
    repo.write(
        "wick.toml",
        &config.replace("[go]", "[go]\nldflags = [\"-X main.Built=2026-11-21T10:00:00Z\"]"),
    );
    repo.commit("second");
    repo.git(&["tag", "--force", "alpha/v0.1.0"]);

    // A generated file that wasn't committed.
    repo.write("shared/words/greeting.txt", "generated by machine number two\n");
    let report = differs(against(&repo, "alpha", built(&repo, "alpha", &[]).path(), &[]));
    let errors = told(&report, "error");
    assert!(errors[0].starts_with("section-differs: its section"), "{errors:?}");
    let text =
        errors.iter().find(|one| one.starts_with("text-differs")).unwrap_or_else(|| panic!("{errors:?}"));
    assert!(text.contains("number two") && text.contains("number one"), "{text}");
    assert!(told(&report, "note").iter().any(|one| one.contains("plugin.json: sha256")), "{report}");
    repo.git(&["checkout", "--quiet", "."]);

    // A moment, by the linker's flags.
    repo.replace("wick.toml", "10:00:00Z", "10:00:01Z");
    let report = differs(against(&repo, "alpha", built(&repo, "alpha", &[]).path(), &[]));
    let errors = told(&report, "error");
    let time =
        errors.iter().find(|one| one.starts_with("time-embedded")).unwrap_or_else(|| panic!("{errors:?}"));
    assert!(time.contains("2026-11-21T10:00:01Z") && time.contains("2026-11-21T10:00:00Z"), "{time}");
    repo.git(&["checkout", "--quiet", "."]);
    assert_eq!(
        against(&repo, "alpha", built(&repo, "alpha", &[]).path(), &[]).expect_code(0).json()["identical"],
        true
    );
}

#[test]
fn a_time_and_a_path_in_a_rust_binary_are_named() {
    if repo::lacks("a_time_and_a_path_in_a_rust_binary", &["cargo", "git"]) {
        return;
    }
    let repo = repository();
    // A moment that the environment brings in; here it is in what the plugin says of itself, too.
    let there = built(&repo, "rho", &[("RHO_FLAVOUR", "2026-11-21T10:00:00Z")]);
    let report = differs(against(&repo, "rho", there.path(), &[("RHO_FLAVOUR", "2026-11-22T11:00:00Z")]));
    let errors = told(&report, "error");
    assert!(
        errors
            .iter()
            .any(|one| one.starts_with("time-embedded") && one.contains("2026-11-22T11:00:00Z here")
                || one.starts_with("time-embedded") && one.contains("2026-11-22T11:00:00Z")),
        "{errors:?}"
    );
    assert!(
        errors
            .iter()
            .any(|one| one.starts_with("manifest-field-differs: plugin.json: module.Meta.Description:")),
        "{errors:?}"
    );

    // The folder of the build.
    repo.replace(
        "connector/rho/src/main.rs",
        "let about",
        "eprintln!(\"{}\", env!(\"CARGO_MANIFEST_DIR\"));\n    let about",
    );
    repo.commit("leak");
    repo.git(&["tag", "--force", "rho/v0.1.0"]);
    let report = differs(against(&repo, "rho", built(&repo, "rho", &[]).path(), &[]));
    let errors = told(&report, "error");
    let place = repo.path("connector/rho");
    assert_eq!(errors.len(), 1, "the rest follows from it: {errors:?}");
    let expected = format!(
        "source-path-leaked: the folder it was built in is in the binary: {} there, /",
        place.display()
    );
    assert!(
        errors[0].starts_with(&expected) && errors[0].ends_with("/source/connector/rho here"),
        "{errors:?}"
    );
    assert!(!told(&report, "note").is_empty(), "{report}");
}

/// A published binary that another toolchain made.
#[test]
fn another_compiler_is_named_and_the_recorded_one_is_taken_where_it_is() {
    if repo::lacks("another_compiler_is_named", &["go", "git"]) {
        return;
    }
    let repo = repository();
    let there = built(&repo, "alpha", &[]);
    let path = there.path().join(zip_of("alpha"));
    let here = repo::go_env("GOVERSION");
    // As long as the real one, so that nothing else moves, and one that was never released.
    let other = format!("{}0", &here[..here.len() - 1]).replacen("go1.", "go0.", 1);
    let mut entries = entries(&path);
    let binary = entries.iter_mut().find(|entry| entry.executable).unwrap();
    binary.bytes = replaced(&binary.bytes, here.as_bytes(), other.as_bytes());
    let digest = sha256(&binary.bytes);
    let manifest = entries.iter_mut().find(|entry| entry.name == "plugin.json").unwrap();
    let mut said = json(std::str::from_utf8(&manifest.bytes).unwrap());
    let before = said["sha256"].as_str().unwrap().to_owned();
    manifest.bytes = replaced(&manifest.bytes, before.as_bytes(), digest.as_bytes());
    said["sha256"] = digest.into();
    fs::write(&path, zip::write(&entries, 0).unwrap()).unwrap();
    let ran = against(&repo, "alpha", there.path(), &[]);
    let report = differs(ran);
    assert_eq!(
        told(&report, "error"),
        [format!("toolchain-differs: its Go: {other} there, {here} here")],
        "{report}"
    );
    assert_eq!(
        report["tools"],
        serde_json::json!([{ "tool": "go", "recorded": other, "known_from": "binary", "used": here }])
    );
    let finding = &report["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&"toolchain-missing".into(), &"warning".into()));
    assert!(finding["hint"].as_str().unwrap().contains("--fetch-toolchains"), "{finding}");
}

/// Built by the one toolchain, rebuilt on a machine whose usual one is another.
#[test]
fn an_installed_toolchain_is_used_again() {
    let rustc = |name: &str| {
        let said =
            std::process::Command::new("rustup").args(["run", name, "rustc", "--version"]).output().ok()?;
        said.status.success().then(|| String::from_utf8(said.stdout).unwrap())
    };
    let names = ["stable", "nightly"].map(rustc);
    if names.iter().any(Option::is_none) || names[0] == names[1] {
        return repo::skip(
            "an_installed_toolchain_is_used_again",
            "rustup has no stable and nightly toolchain",
        );
    }
    let repo = Repo::go().with_rust();
    // A target that every toolchain has.
    repo.append("wick.toml", "\n[rust]\ntriples = { \"linux/amd64\" = \"x86_64-unknown-linux-gnu\" }\n");
    let repo = repo.committed();
    repo.git(&["tag", "rho/v0.1.0"]);
    let there = built(&repo, "rho", &[("RUSTUP_TOOLCHAIN", "stable")]);
    let ran = against(&repo, "rho", there.path(), &[("RUSTUP_TOOLCHAIN", "nightly")]).expect_code(0);
    let report = ran.json();
    let version = names[0].as_deref().unwrap().trim().strip_prefix("rustc ").unwrap();
    assert_eq!(
        report["tools"],
        serde_json::json!([{ "tool": "rustc", "recorded": version, "known_from": "binary", "used": version }]),
        "{ran}"
    );
    assert_eq!((&report["identical"], &report["findings"]), (&true.into(), &serde_json::json!([])), "{ran}");
}

#[test]
fn altered_packages_are_named_by_what_was_altered() {
    if repo::lacks("altered_packages_are_named", &["go", "git"]) {
        return;
    }
    let repo = repository();
    let there = built(&repo, "alpha", &[]);
    let path = there.path().join(zip_of("alpha"));
    let good = fs::read(&path).unwrap();
    let of = |change: &dyn Fn(&mut Vec<PackageEntry>)| {
        let mut entries = entries(&path);
        change(&mut entries);
        zip::write(&entries, 0).unwrap()
    };
    let manifest = |entries: &mut Vec<PackageEntry>, from: &str, to: &str| {
        let entry = entries.iter_mut().find(|entry| entry.name == "plugin.json").unwrap();
        let text = String::from_utf8(entry.bytes.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        entry.bytes = text.replacen(from, to, 1).into_bytes();
    };
    let cases: [(&str, Vec<u8>); 2] = [
        (
            "manifest-field-differs: plugin.json: module.Operations[0].Ops[0].Destructive: true there, false here",
            of(&|entries| manifest(entries, "\"Destructive\": false", "\"Destructive\": true")),
        ),
        (
            "mode-differs: the mode of `plugin.json`: 100755 there, 100644 here",
            of(&|entries| entries.iter_mut().for_each(|entry| entry.executable = true)),
        ),
    ];
    for (expected, bytes) in cases {
        fs::write(&path, bytes).unwrap();
        let report = differs(against(&repo, "alpha", there.path(), &[]));
        assert_eq!(told(&report, "error"), [expected], "{report}");
        fs::write(&path, &good).unwrap();
    }
    // The hint is an instruction that works.
    fs::write(&path, zip::write(&entries(&path), 1_700_000_000).unwrap()).unwrap();
    let report = differs(against(&repo, "alpha", there.path(), &[]));
    let difference = &report["packages"][0]["differences"][0];
    assert_eq!(
        (&difference["code"], &difference["hint"]),
        (&"time-differs".into(), &"rebuild with SOURCE_DATE_EPOCH=1700000000".into())
    );
    against(&repo, "alpha", there.path(), &[("SOURCE_DATE_EPOCH", "1700000000")]).expect_code(0);
}

#[test]
fn an_interrupted_rebuild_leaves_nothing() {
    if repo::lacks("an_interrupted_rebuild", &["go", "git"]) {
        return;
    }
    let repo = repository();
    let there = built(&repo, "alpha", &[]);
    let before = (repo.files(), repo.git(&["worktree", "list"]));
    // Early, while the commit is checked out or tools are asked, and late, while a compiler runs.
    for compiling in [false, true] {
        let scratch = Folder::new();
        let args = ["plugin", "reproduce", "alpha@0.1.0", "--against", there.path().to_str().unwrap()];
        // Without a cache the compiler takes its time.
        let cache = Folder::new();
        let run = repo.wick(&args).env("TMPDIR", scratch.path()).env("GOCACHE", cache.path());
        let mut running = run.start();
        let reached = repo::wait_until(Duration::from_secs(60), || {
            let marks = repo.list(".git/worktrees");
            let cached = fs::read_dir(cache.path()).map_or(0, Iterator::count) > 2;
            !marks.is_empty() && (cached || !compiling)
        });
        assert!(reached && !running.has_ended(), "it never came so far");
        let group = rustix::process::Pid::from_raw(i32::try_from(running.id()).unwrap()).unwrap();
        rustix::process::kill_process(group, rustix::process::Signal::INT).unwrap();
        let ran = running.end().expect_code(130).says(&["interrupted"]);
        assert_eq!((repo.files(), repo.git(&["worktree", "list"])), before, "{ran}");
        assert!(!repo.exists(".git/worktrees"), "{ran}");
        let left: Vec<_> =
            fs::read_dir(scratch.path()).unwrap().flatten().map(|entry| entry.path()).collect();
        assert!(left.is_empty(), "{left:?}\n{ran}");
    }
}

#[test]
fn sources_that_dont_build_or_are_another_version_are_no_release() {
    if repo::lacks("sources_that_dont_build", &["go", "git"]) {
        return;
    }
    let repo = repository();
    let there = built(&repo, "alpha", &[]);
    repo.write("connector/alpha/VERSION", "0.2.0\n");
    repo.commit("raise");
    repo.git(&["tag", "--force", "alpha/v0.1.0"]);
    against(&repo, "alpha", there.path(), &[])
        .expect_code(1)
        .says(&["the sources at alpha/v0.1.0 call themselves 0.2.0"]);
    repo.write("connector/alpha/VERSION", "0.1.0\n");
    repo.append("connector/alpha/main.go", "\nthis doesn't compile\n");
    repo.commit("break");
    repo.git(&["tag", "--force", "alpha/v0.1.0"]);
    let ran = against(&repo, "alpha", there.path(), &[]).expect_code(5).says(&["alpha", "does not compile"]);
    let report = ran.json();
    assert_eq!((&report["identical"], &report["packages"][0]["status"]), (&false.into(), &"failed".into()));
    let outside = Folder::new();
    let args = ["plugin", "reproduce", "alpha@0.1.0", "--against", there.path().to_str().unwrap()];
    repo.wick(&args).folder(outside.path()).run().expect_code(2).says(&["is in no git repository"]);
}

fn entries(path: &Path) -> Vec<PackageEntry> {
    let entry = |one: crate::support::Entry| PackageEntry {
        name: one.name,
        bytes: one.bytes,
        executable: one.mode & 0o111 != 0,
    };
    unzip(path).into_iter().map(entry).collect()
}

/// All of `from` replaced by as many bytes; there is at least one.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    let places: Vec<usize> = wick::inspect::layout::find_all(bytes, from).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| out[at..at + to.len()].copy_from_slice(to));
    out
}
