//! `wick plugin attest`, `build --attest` and what becomes of attestations afterwards.

use std::fs;

use serde_json::Value;
use wick::phase::verify::{Expectation, Required};
use wick::signer::check::Trust;

use super::support::{PASSWORD, need};
use super::whole::*;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

fn attestation() -> String {
    format!("{ZIP}.intoto.sigstore.json")
}

fn statement(repository: &Repository) -> Value {
    use base64::Engine as _;
    let bundle = json(&String::from_utf8(repository.read(&attestation())).unwrap());
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    json(&String::from_utf8(base64::engine::general_purpose::STANDARD.decode(payload).unwrap()).unwrap())
}

#[test]
fn a_statement_names_sources_tools_and_builder_and_no_secret() {
    need!(&["linux/amd64", "go"]);
    let repository = Repository::new();
    let build = |ci: bool| {
        let mut command =
            repository.wick(&["build", "hello", "--target=linux/amd64", "--force", "--attest", "--sign-key"]);
        command.arg(repository.key("ed.key"));
        if ci {
            command.envs([
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_SERVER_URL", "https://github.com"),
                ("GITHUB_REPOSITORY", "o/plugins"),
                ("GITHUB_WORKFLOW_REF", "o/plugins/.github/workflows/plugins.yml@refs/heads/main"),
                ("GITHUB_RUN_ID", "77"),
                ("GITHUB_RUN_ATTEMPT", "3"),
                ("GITHUB_TOKEN", "ghs_verysecret"),
            ]);
        }
        done(&mut command);
        statement(&repository)
    };
    let local = build(false);
    let definition = &local["predicate"]["buildDefinition"];
    let source = &definition["resolvedDependencies"][0];
    assert_eq!(source["uri"], "git+https://github.com/o/plugins");
    assert_eq!(source["digest"]["gitCommit"], repository.git(&["rev-parse", "HEAD"]).trim());
    assert_eq!(source["annotations"], Value::Null);
    assert_eq!(definition["resolvedDependencies"][1]["name"], "go");
    assert_eq!(definition["externalParameters"]["source"], "connector/hello");
    assert_eq!(definition["internalParameters"]["manifest"]["evidence"], "executed");
    assert_eq!(local["predicate"]["runDetails"]["builder"]["id"], "wick:local");
    assert_eq!(local["predicate"]["runDetails"]["metadata"], Value::Null);
    let there = build(true);
    let run = &there["predicate"]["runDetails"];
    assert_eq!(
        run["builder"]["id"],
        "https://github.com/o/plugins/.github/workflows/plugins.yml@refs/heads/main"
    );
    assert_eq!(run["metadata"]["invocationId"], "https://github.com/o/plugins/actions/runs/77/attempts/3");
    // The same package: where it was built is no part of it.
    assert_eq!(there["subject"], local["subject"]);
    for secret in ["secret", PASSWORD, "ed.key"] {
        assert!(!there.to_string().contains(secret), "{secret}: {there}");
    }
}

#[test]
fn attesting_again_changes_nothing_and_another_key_replaces() {
    need!(&["linux/amd64", "go"]);
    let repository = Repository::new();
    let (ed, co) = (repository.key("ed.key"), repository.key("co.key"));
    done(repository.wick(&["build", "hello", "--target=linux/amd64"]).args(["--sign-key", &ed]));
    let attest = |key: &[&str]| {
        let report = json(&done(repository.wick(&["attest", "hello", "--format=json"]).args(key)));
        assert_eq!((&report["schema"], &report["complete"]), (&Value::from(1), &Value::from(true)));
        report["packages"][0].clone()
    };
    let first = attest(&["--sign-key", &ed]);
    assert_eq!(
        (&first["status"], &first["attestation"]),
        (&Value::from("attested"), &Value::from(attestation()))
    );
    assert_eq!(first["signed_by"]["kind"], "ed25519");
    let before = repository.read(&attestation());
    assert_eq!(attest(&["--sign-key", &ed])["status"], "up-to-date");
    // With both keys it is the cosign key's.
    let other = attest(&["--sign-key", &ed, "--cosign-key", &co]);
    assert_eq!(
        (&other["status"], &other["signed_by"]["kind"]),
        (&Value::from("attested"), &Value::from("cosign"))
    );
    assert_ne!(repository.read(&attestation()), before);
    // The same key and the same receipts: the same bytes.
    attest(&["--sign-key", &ed]);
    assert_eq!(repository.read(&attestation()), before);
    // A commit that changes no source is another commit to name.
    repository.write("notes.txt", "nothing that is built");
    repository.commit("Take notes");
    let again = json(&done(
        repository
            .wick(&["build", "hello", "--target=linux/amd64", "--format=json", "--attest"])
            .args(["--sign-key", &ed]),
    ));
    assert_eq!(
        (&again["packages"][0]["status"], &again["attestations"][0]["status"]),
        (&Value::from("up-to-date"), &Value::from("attested"))
    );
}

#[test]
fn a_package_that_is_not_what_its_receipts_say_is_refused() {
    need!(&["linux/amd64", "go"]);
    let repository = Repository::new();
    let ed = repository.key("ed.key");
    done(repository.wick(&["build", "hello", "--target=linux/amd64"]).args(["--sign-key", &ed]));
    let refused = |code: &str, words: &str| {
        let ended = run(repository.wick(&["attest", "hello", "--sign-key"]).arg(&ed));
        assert_eq!(ended.code, Some(1), "{code}: {ended:?}");
        assert!(ended.stderr.contains(words), "{code}: {}", ended.stderr);
        let report = run(repository.wick(&["attest", "hello", "--format=json", "--sign-key"]).arg(&ed));
        let report = json(&report.stdout);
        assert_eq!(
            (&report["packages"][0]["status"], &report["findings"][0]["code"]),
            (&Value::from("refused"), &Value::from(code))
        );
        assert!(!repository.bin().join(attestation()).exists(), "{code}");
    };
    let receipts = repository.bin().join(".wick/receipts");
    let (build, package) = (
        receipts.join("connector-hello-linux-amd64.build.json"),
        receipts.join("connector-hello-linux-amd64.package.json"),
    );
    let (build_text, package_text) =
        (fs::read_to_string(&build).unwrap(), fs::read_to_string(&package).unwrap());
    let zip = repository.read(ZIP);

    fs::remove_file(&build).unwrap();
    refused(
        "receipt-missing",
        "the receipt of hello-1.2.0-linux-amd64.zip's build is gone, or is another binary's",
    );
    let mut other = json(&build_text);
    other["sha256"] = "0".repeat(64).into();
    fs::write(&build, other.to_string()).unwrap();
    refused("receipt-missing", "is another binary's");
    let mut silent = json(&build_text);
    silent.as_object_mut().unwrap().remove("origin");
    fs::write(&build, silent.to_string()).unwrap();
    refused("receipt-missing", "doesn't say where it was built");
    fs::write(&build, &build_text).unwrap();

    let mut other = json(&package_text);
    other["binary"] = "0".repeat(64).into();
    fs::write(&package, other.to_string()).unwrap();
    refused("receipt-missing", "is another binary's");
    fs::write(&package, &package_text).unwrap();

    fs::write(repository.bin().join(ZIP), [&zip[..], b"x"].concat()).unwrap();
    refused("package-altered", "its receipt says");
    fs::remove_file(repository.bin().join(ZIP)).unwrap();
    refused("package-missing", "is gone; its receipt is there");
}

/// Beside a package lies no statement about another.
#[test]
fn an_attestation_goes_with_the_package_it_is_of() {
    need!(&["linux/amd64", "go"]);
    let repository = Repository::new();
    let ed = repository.key("ed.key");
    let build = |more: &[&str]| {
        done(
            repository.wick(&["build", "hello", "--target=linux/amd64"]).args(["--sign-key", &ed]).args(more),
        );
    };
    build(&["--attest"]);
    build(&[]);
    assert!(repository.bin().join(attestation()).exists(), "it fits still");
    repository.write("connector/hello/README.md", "Says hello, louder.\n");
    build(&[]);
    assert!(!repository.bin().join(attestation()).exists(), "the package is another");
    fs::write(repository.bin().join(attestation()), "{}").unwrap();
    build(&[]);
    assert!(!repository.bin().join(attestation()).exists(), "it was none");
}

/// Who is trusted decides what an attestation is worth.
#[test]
fn attestations_count_by_who_signed_them() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    let of = |trust: Trust, required: bool| {
        let required = Required { attestation: required, ..Required::default() };
        let expected =
            Expectation { trust, required, policy: whole.expected.policy.clone(), this_machine: None };
        whole.verify_for(&whole.zip, None, Some(&whole.attestation), &expected)
    };
    let full = || whole.expected.trust.clone();
    let stranger = Repository::new().expected().trust;
    let none: [&str; 0] = [];
    assert_eq!(errors(&of(full(), true)), none);
    // A key of another kind says nothing of it; whoever demands one hears that.
    let hosts = || Trust { cosign: Vec::new(), ..full() };
    assert_eq!(errors(&of(hosts(), false)), none);
    assert!(messages(&of(hosts(), false), "attestation-not-checked").contains("no cosign key is trusted"));
    assert_eq!(errors(&of(hosts(), true)), ["attestation-not-trusted"]);
    assert_eq!(errors(&of(Trust::default(), false)), none);
    assert_eq!(errors(&of(stranger, false)), ["binary-signature", "attestation-signature"]);
    let absent = |required| {
        let required = Required { attestation: required, ..Required::default() };
        let expected = Expectation { required, ..whole.expected.clone() };
        errors(&whole.verify_for(&whole.zip, Some(&whole.bundle), None, &expected))
    };
    assert_eq!((absent(false), absent(true)), (vec![], vec!["attestation-missing"]));
    // The bundle over the zip is no attestation, and the attestation is no bundle over it.
    let swapped = whole.verify(&whole.zip, &whole.attestation, &whole.bundle);
    let codes = errors(&swapped);
    assert!(codes.contains(&"bundle-mismatch") && codes.contains(&"attestation-signature"), "{codes:?}");
}

/// A good statement of a trusted key about another package of the same plugin.
#[test]
fn a_statement_about_another_package_is_refused() {
    need!(&["linux/amd64", "go"]);
    let whole = whole();
    let repository = &whole.repository;
    let bin = tempfile::tempdir().unwrap();
    let out = bin.path().display().to_string();
    let keys = ["--cosign-key", &repository.key("co.key"), "--sign-key", &repository.key("ed.key")];
    done(repository.wick(&["build", "hello", "--target=linux/arm64", "--attest", "-o", &out]).args(keys));
    let other =
        fs::read_to_string(bin.path().join("hello-1.2.0-linux-arm64.zip.intoto.sigstore.json")).unwrap();
    let verdict = whole.verify(&whole.zip, &whole.bundle, &other);
    let codes = errors(&verdict);
    assert!(
        codes.contains(&"attestation-mismatch") && codes.contains(&"attestation-contradicts"),
        "{codes:?}"
    );
    assert!(messages(&verdict, "attestation-contradicts").contains("target linux/arm64"));
}
