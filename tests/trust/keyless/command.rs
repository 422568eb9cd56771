//! `--keyless` and `--certificate-identity` as typed: what is signed, kept, refused and never seen by children.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::double::Double;
use crate::repo::{self, Folder, Ran, Repo, Wick};
use crate::support::need;

/// A repository with one plugin in Go, and services that sign.
struct Job {
    repo: Repo,
    double: Double,
}

impl Job {
    fn new() -> Job {
        let repo = Repo::empty();
        repo.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
        repo.write("wick.toml", "[go]\nversion_symbols = [\"main.Version\"]\n");
        repo.go_plugin("connector", "alpha", None);
        Job { repo: repo.committed(), double: Double::start() }
    }

    /// wick in a job that may ask for tokens.
    fn wick(&self, args: &[&str]) -> Wick {
        self.double.job().iter().fold(self.repo.wick(args), |wick, (name, value)| wick.env(name, *value))
    }

    fn build(&self, more: &[&str]) -> Wick {
        let build = ["plugin", "build", "alpha", "--target", repo::this_machine()];
        self.keyless(&[&build[..], more].concat())
    }

    /// A verb that signs, by the double's services.
    fn keyless(&self, args: &[&str]) -> Wick {
        let fact = |name| self.double.fact(name);
        let services = ["--keyless", "--fulcio-url", fact("fulcio"), "--rekor-url", fact("rekor")];
        self.wick(&[args, &services, &["--trusted-root", fact("trustedRoot")]].concat())
    }

    fn verify(&self, subject: &str) -> Ran {
        self.verify_with(subject, "bundle")
    }

    fn verify_with(&self, subject: &str, required: &str) -> Ran {
        let (issuer, root) = (self.double.fact("issuer"), self.double.fact("trustedRoot"));
        let by = ["--certificate-identity", subject, "--certificate-oidc-issuer", issuer];
        let args = [&["plugin", "verify", "bin", "--require", required, "--trusted-root", root][..], &by];
        self.repo.wick(&args.concat()).run()
    }

    fn bundle(&self) -> PathBuf {
        let zip = format!("alpha-0.1.0-{}.zip", repo::this_machine().replace('/', "-"));
        self.repo.path(&format!("bin/{zip}.sigstore.json"))
    }
}

#[test]
fn a_build_signs_once_and_verify_agrees() {
    need!(&["sigstore-js", "go", "git"]);
    let job = Job::new();
    let subject = job.double.fact("subject");
    job.build(&[]).run().expect_code(0).says(&[subject]);
    let first = std::fs::read(job.bundle()).unwrap();
    job.verify(subject).expect_code(0);
    let refused = job.verify("https://github.com/octo/plugins/.github/workflows/other.yml@refs/heads/main");
    assert!(refused.expect_code(1).stdout.contains(&format!("it is signed by {subject}")));

    job.build(&[]).run().expect_code(0);
    assert_eq!(std::fs::read(job.bundle()).unwrap(), first, "what is signed by the same job stays");
    assert_eq!((job.double.asked("fulcio"), job.double.asked("rekor")), (1, 1));

    // One that doesn't verify is made anew.
    let text = String::from_utf8(first).unwrap();
    let altered = text.replace("\"signature\":\"M", "\"signature\":\"N");
    assert_ne!(altered, text);
    std::fs::write(job.bundle(), altered).unwrap();
    job.verify(subject).expect_code(1);
    job.build(&[]).run().expect_code(0);
    assert_eq!(job.double.asked("rekor"), 2);
    job.verify(subject).expect_code(0);
}

/// As the workflow that `wick plugin init` writes does it: built without a token, attested elsewhere.
#[test]
fn packages_of_another_job_are_attested() {
    need!(&["sigstore-js", "go", "git"]);
    let job = Job::new();
    let subject = job.double.fact("subject");
    job.repo.wick(&["plugin", "build", "alpha", "--target", repo::this_machine()]).run().expect_code(0);
    let attest = ["plugin", "attest", "--all-plugins"];
    job.verify_with(subject, "attestation").expect_code(1);
    job.keyless(&attest).run().expect_code(0);
    job.verify_with(subject, "attestation").expect_code(0);
    job.verify_with("https://github.com/octo/other/w.yml@refs/heads/main", "attestation").expect_code(1);
    job.keyless(&attest).run().expect_code(0);
    assert_eq!((job.double.asked("fulcio"), job.double.asked("rekor")), (1, 1), "what is attested stays");
}

#[test]
fn who_may_not_sign_hears_it_before_anything_is_built() {
    need!(&["sigstore-js", "go", "git"]);
    let job = Job::new();
    let plain = ["plugin", "build", "alpha", "--keyless", "--trusted-root", "embedded"];
    let ran = job.repo.wick(&plain).run();
    ran.expect_code(4).says(&["nothing here gives one", "hint: run it in a GitHub Actions job"]);
    let ran = job.repo.wick(&plain).env("GITHUB_ACTIONS", "true").run();
    ran.expect_code(4).says(&["`permissions: { contents: read, id-token: write }`"]);
    job.double.plan("tokens", &json!([{ "status": 403 }]));
    job.build(&[]).run().expect_code(4).says(&["GitHub's token endpoint answered 403", "id-token: write"]);
    let ran = job.wick(&["plugin", "build", "alpha", "--keyless", "--fulcio-url", "https://f.example"]).run();
    ran.expect_code(2).says(&["--trusted-root FILE"]);
    let ran = job.wick(&["plugin", "build", "alpha", "--fulcio-url", "https://f.example"]).run();
    ran.expect_code(2).says(&["--keyless"]);
    let ran = job.wick(&["plugin", "build", "alpha", "--keyless", "--cosign-key", "k"]).run();
    ran.expect_code(2).says(&["cannot be used with"]);
    assert!(!job.repo.exists("bin"), "nothing was built");
}

#[test]
fn a_refusal_leaves_no_bundle_and_ends_with_6() {
    need!(&["sigstore-js", "go", "git"]);
    let job = Job::new();
    job.double.plan("fulcio", &json!([{ "status": 403, "says": "unknown issuer" }]));
    job.build(&[]).run().expect_code(6).says(&["Fulcio answered 403", "unknown issuer", "hint:"]);
    assert!(!job.bundle().exists());
    job.double.plan("rekor", &json!([{ "other": true }]));
    job.build(&[]).run().expect_code(5).says(&["doesn't verify"]);
    assert!(!job.bundle().exists());
    // The variables name services too; what was typed wins.
    let ran = job.build(&[]).env("SIGSTORE_FULCIO_URL", "https://f.example").run();
    ran.expect_code(0);
    assert!(job.bundle().exists());
}

/// Whatever fails on the way to a signature, and whatever lay there before: no archive has its name without its bundle
/// (and attestation, where one is asked for), nothing half-signed is taken for a release, and the next run puts it right.
#[test]
fn what_is_not_signed_has_no_name() {
    need!(&["sigstore-js", "go", "git"]);
    let job = Job::new();
    let zip = format!("alpha-0.1.0-{}.zip", repo::this_machine().replace('/', "-"));
    let named = || job.repo.list("bin").into_iter().filter(|name| name.contains(".zip")).collect::<Vec<_>>();
    let down = || json!([{ "status": 500 }, { "status": 500 }, { "status": 500 }, { "status": 500 }]);
    // A status that isn't asked for again, so that the test doesn't wait.
    let no = |first: &[serde_json::Value]| json!([first, &[json!({ "status": 400 })]].concat());
    let plain = || {
        let args = ["plugin", "build", "alpha", "--target", repo::this_machine()];
        job.repo.wick(&args).run().expect_code(0);
    };
    let source = |text: &str| {
        let main = job.repo.read("connector/alpha/main.go");
        job.repo.write("connector/alpha/main.go", &format!("{main}\n// {text}\nvar _ = {text:?}\n"));
    };
    let attest: &[&str] = &["--attest"];
    for (what, service, answers, more) in [
        ("Fulcio is down", "fulcio", down(), &[][..]),
        ("Rekor refuses", "rekor", no(&[]), &[]),
        ("Rekor answers something else", "rekor", json!([{ "other": true }]), &[]),
        ("Rekor refuses the attestation", "rekor", no(&[json!({})]), attest),
    ] {
        for before in ["nothing", "an unsigned one", "a signed one", "a stale one", "a stale and signed one"]
        {
            if before == "a signed one" && more.is_empty() {
                // Nothing is lacking.
                continue;
            }
            let _ = std::fs::remove_dir_all(job.repo.path("bin"));
            match before {
                "nothing" => {}
                "a signed one" => drop(job.build(&[]).run().expect_code(0)),
                "a stale and signed one" => drop(job.build(more).run().expect_code(0)),
                _ => plain(),
            }
            if before.contains("stale") {
                source(&format!("{what} {before}"));
            }
            // With a bundle there, the attestation is the first that Rekor is asked for.
            let answers = if before == "a signed one" { no(&[]) } else { answers.clone() };
            job.double.plan(service, &answers);
            let ran = job.build(more).run();
            assert!(matches!(ran.code, Some(5 | 6)), "{what}, {before}\n{ran}");
            let (left, receipts) = (named(), job.repo.list("bin/.wick/receipts"));
            assert_eq!(left, Vec::<String>::new(), "{what}, {before}\n{ran}");
            assert!(!receipts.iter().any(|name| name.ends_with(".package.json")), "{what}, {before}");
            let sums = std::fs::read_to_string(job.repo.path("bin/checksums.txt")).unwrap_or_default();
            assert!(!sums.contains(&zip), "{what}, {before}: {sums}");
            assert_eq!(job.repo.list("bin/.wick/tmp"), Vec::<String>::new(), "{what}, {before}");
            // The next run needs no flag, and what it makes is whole.
            job.double.plan(service, &json!([]));
            job.build(more).run().expect_code(0);
            let mut whole = vec![zip.clone(), format!("{zip}.sigstore.json")];
            if !more.is_empty() {
                whole.insert(1, format!("{zip}.intoto.sigstore.json"));
            }
            assert_eq!(named(), whole, "{what}, {before}");
            job.verify(job.double.fact("subject")).expect_code(0);
        }
    }
}

#[test]
fn no_child_and_no_text_ever_has_a_token() {
    need!(&["sigstore-js", "go", "git"]);
    let job = Job::new();
    // A compiler that writes down what it is given, and what it was started by.
    let (spy, go) = (Folder::new(), repo::find_program("go").unwrap());
    let script = format!(
        "#!/bin/sh\n{{ env; tr '\\0' '\\n' < /proc/$PPID/cmdline; echo \"$@\"; }} \
         >> {}/seen 2>/dev/null\nexec {} \"$@\"\n",
        spy.path().display(),
        go.display()
    );
    let wrapper = spy.path().join("go");
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", spy.path().display(), std::env::var("PATH").unwrap());
    let (permission, token) = (job.double.fact("permission"), job.double.fact("token"));
    job.double.plan("fulcio", &json!([{ "status": 400, "says": format!("what is {token}?") }]));
    for (round, code) in [(0, 6), (1, 0)] {
        let wick = job.build(&["--verbose", "--format", "json"]).env("PATH", &path);
        let wick = if round == 0 { wick.env("SIGSTORE_ID_TOKEN", token) } else { wick };
        wick.run().expect_code(code).never_says(&[permission, token, "eyJ"]);
    }
    let seen = std::fs::read_to_string(spy.path().join("seen")).unwrap();
    assert!(seen.contains("build") && seen.contains("PATH="), "{seen}");
    for secret in [permission, token, "ACTIONS_ID_TOKEN", "SIGSTORE_ID_TOKEN"] {
        assert!(!seen.contains(secret), "a compiler sees {secret}");
    }
    for (path, bytes) in job.repo.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(permission) && !text.contains(token), "{} has a token", path.display());
    }
}

#[test]
fn ctrl_c_ends_a_log_that_does_not_answer() {
    need!(&["sigstore-js", "go", "git"]);
    let job = Job::new();
    job.double.plan("rekor", &json!([{ "hang": true }]));
    let running = job.build(&[]).start();
    assert!(
        repo::wait_until(Duration::from_secs(120), || job.double.asked("rekor") == 1),
        "Rekor isn't asked"
    );
    let status =
        std::process::Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(status.success());
    running.end().expect_code(130);
    assert!(!job.bundle().exists());
}
