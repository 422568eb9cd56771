//! Rehearsals: what makes releases fail after the tag was set is found before it, all at once, and nothing is published.

use std::path::{Path, PathBuf};

use github_double::{Config, Double};

use crate::repo::{self, Folder, Ran, Repo};
use crate::support::keygen;

struct Stage {
    repo: Repo,
    double: Double,
    aside: Folder,
}

impl Stage {
    /// `alpha` for this machine and Windows, committed, built, nothing of it released.
    fn new() -> Stage {
        let repo = Repo::go();
        let targets = format!("\n[build]\ntargets = [\"{}\", \"windows/amd64\"]\n", repo::this_machine());
        repo.append("wick.toml", &targets);
        let repo = repo.committed();
        let head = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
        let double = Double::start(Config { head, ..Config::default() });
        Stage { repo, double, aside: Folder::new() }
    }

    fn build(&self, more: &[&str]) {
        self.repo
            .wick(&[&["plugin", "build", "alpha", "--all", "-q"][..], more].concat())
            .run()
            .expect_code(0);
    }

    fn ed25519(&self) -> PathBuf {
        let key = self.aside.path().join("signing.key");
        keygen(&key);
        key
    }

    fn cosign(&self) -> PathBuf {
        let key = self.aside.path().join("cosign.key");
        let args = ["plugin", "keygen", "--cosign", "-o", key.to_str().unwrap(), "-q"];
        self.repo.wick(&args).env("COSIGN_PASSWORD", "open sesame").run().expect_code(0);
        key
    }

    /// Rehearses; whatever comes of it, nothing is written, here or there, and nothing is left.
    #[track_caller]
    fn rehearse(&self, token: &str, more: &[&str], environment: &[(&str, &str)]) -> Ran {
        let (before, there) = (self.repo.files(), self.double.snapshot());
        let scratch = Folder::new();
        self.double.clear_log();
        let github = ["--repo", self.double.repository(), "--api-url", self.double.api_url(), "--rehearse"];
        let run = self.repo.wick(&[&["plugin", "release", "alpha"][..], &github, more].concat());
        let run = environment.iter().fold(run, |run, (name, value)| run.env(name, *value));
        let ran = run.env("WICK_GITHUB_TOKEN", token).env("TMPDIR", scratch.path()).run();
        let after = self.double.snapshot();
        assert_eq!(
            (after.releases.len(), after.tags.len()),
            (there.releases.len(), there.tags.len()),
            "{ran}"
        );
        let log = self.double.log();
        let writes = log.iter().filter(|entry| entry.method != "GET").map(github_double::Entry::line);
        let writes: Vec<String> = writes.filter(|line| !line.contains("/releases/generate-notes ")).collect();
        assert!(writes.is_empty(), "{writes:?}\n{ran}");
        assert!(self.repo.files() == before, "files were touched\n{ran}");
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "scratch is left\n{ran}");
        ran.never_says(&[token, "open sesame"])
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_rehearsal_signs_installs_and_starts_and_publishes_nothing() {
    if repo::lacks("a_rehearsal_signs_installs_and_starts", &["go", "git"]) {
        return;
    }
    let stage = Stage::new();
    let (ed25519, cosign) = (stage.ed25519(), stage.cosign());
    stage.build(&["--sign-key", text(&ed25519)]);
    let keys = ["--sign-key", text(&ed25519), "--cosign-key", text(&cosign), "--format", "json"];
    // The tokens of jobs, of which only asking tells what they may do.
    let ran = stage.rehearse("ghs_write", &keys, &[("COSIGN_PASSWORD", "open sesame")]).expect_code(0);
    let report = ran.json();
    assert_eq!((&report["complete"], &report["dry_run"]), (&true.into(), &true.into()), "{ran}");
    assert_eq!(report["plugins"][0]["status"], "would-release", "{ran}");
    let rehearsal = report["rehearsal"].as_array().unwrap();
    assert_eq!(rehearsal.len(), 2, "{ran}");
    for package in rehearsal {
        let signed: Vec<&str> =
            package["signed"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        let kinds: Vec<&str> = signed.iter().map(|one| one.split(" by ").next().unwrap()).collect();
        let program = if package["target"] == "windows/amd64" { "alpha.exe.sig" } else { "alpha.sig" };
        assert_eq!(kinds, ["manifest", program, "bundle"], "{ran}");
    }
    let ours = rehearsal.iter().find(|one| one["target"] == repo::this_machine()).unwrap();
    assert!(ours["started"].as_str().unwrap().starts_with("ran it on this machine"), "{ran}");
    let asked = stage.double.log().iter().filter(|entry| entry.method == "POST").count();
    assert_eq!(asked, 1, "whether the token may write is asked once");
    let people = stage.rehearse("ghs_write", &["--sign-key", text(&ed25519)], &[]).expect_code(0);
    assert!(people.stdout.contains("alpha/v0.1.0  would be released"), "{people}");
    assert!(people.stderr.contains("(rehearsal: nothing was published)"), "{people}");
    // Signed packages, and no key to try it with.
    let without = stage.rehearse("ghp_write", &[], &[]).expect_code(0);
    assert!(without.stderr.contains("no --sign-key is given to rehearse that with"), "{without}");
}

/// The two classics: the signing key's password is not in the job's environment; the job has no `contents: write`.
#[test]
fn a_missing_password_and_a_token_without_rights_are_found_at_once() {
    if repo::lacks("a_missing_password_and_a_token_without_rights", &["go", "git"]) {
        return;
    }
    let stage = Stage::new();
    let cosign = stage.cosign();
    stage.build(&[]);
    let key = ["--cosign-key", text(&cosign)];
    for token in ["ghs_read", "github_pat_read", "ghp_read"] {
        let ran = stage.rehearse(token, &key, &[]);
        assert!(ran.code.is_some_and(|code| code != 0), "{ran}");
        let ran = ran.says(&[
            "COSIGN_PASSWORD",
            "the token may not write releases to octo/plugins",
            "contents: write",
        ]);
        assert!(ran.stdout.contains("alpha/v0.1.0  not tried"), "{ran}");
    }
    // Each alone has its exit code: something is missing; something remote refuses.
    stage.rehearse("ghs_write", &key, &[]).expect_code(4).says(&["COSIGN_PASSWORD"]);
    stage
        .rehearse("ghs_read", &key, &[("COSIGN_PASSWORD", "open sesame")])
        .expect_code(6)
        .says(&["contents: write"]);
    stage.rehearse("ghs_write", &key, &[("COSIGN_PASSWORD", "a wrong one")]).expect_code(5);
    stage.rehearse("github_pat_write", &key, &[("COSIGN_PASSWORD", "open sesame")]).expect_code(0);
}

/// What lies in the output folder isn't what a host would run.
#[test]
fn a_plugin_that_says_something_else_once_installed_is_found() {
    if repo::lacks("a_plugin_that_says_something_else", &["go", "git"]) {
        return;
    }
    let stage = Stage::new();
    // It declares less wherever a host installs plugins: beside a plugin.json.
    let main = stage.repo.read("connector/alpha/main.go");
    let fickle = main.replace(
        "func main() {",
        "func main() {\n\tif path, err := os.Executable(); err == nil {\n\t\tif _, err := os.Stat(path[:len(path)-5] + \
         \"plugin.json\"); err == nil {\n\t\t\tos.Exit(3)\n\t\t}\n\t}",
    );
    stage.repo.write("connector/alpha/main.go", &fickle);
    stage.repo.commit("fickle");
    stage.build(&[]);
    let ran = stage.rehearse("ghp_write", &[], &[]);
    ran.expect_code(5).says(&["asked with --dump-manifest, it ended with exit code 3"]);
}
