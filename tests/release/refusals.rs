//! What is never released, and what is told about it: all reasons at once, before anything is written.

use github_double::{Content, Double};
use wick::model::failure::FailureKind;
use wick::model::finding::Severity;
use wick::model::publish::{AssetStep, ReleaseOutcome, ReleaseReport};
use wick::model::receipt::SourceState;
use wick::model::release::NewRelease;
use wick::phase::publish::local::Dirt;
use wick::phase::publish::{Choice, Mode};
use wick::signer::ed25519::Ed25519;
use wick::sys::files;

use super::support::*;

fn codes(report: &ReleaseReport, least: Severity) -> Vec<&'static str> {
    report.findings.iter().filter(|one| one.finding.severity >= least).map(|one| one.finding.code).collect()
}

fn run(repository: &Repository, double: &Double, how: &How) -> ReleaseReport {
    release(repository, &client(double, 1), how).unwrap()
}

/// The errors of a release that never asks the forge.
#[track_caller]
fn refused(repository: &Repository) -> Vec<&'static str> {
    let double = start(false);
    let report = run(repository, &double, &PLAIN);
    assert!(!report.complete && report.refusal == Some(FailureKind::Findings), "{report:#?}");
    assert!(report.findings.iter().all(|one| one.finding.hint.is_some()), "{report:#?}");
    assert_eq!(double.counters().requests, 0);
    codes(&report, Severity::Error)
}

#[test]
fn a_version_an_incomplete_set_or_another_file_forbids_a_release() {
    let repository = Repository::new();
    assert_eq!(refused(&repository), ["target-missing"], "nothing was built");
    repository.pack_all("slack", "0.2.0");
    let name = "bin/slack-0.2.0-linux-amd64.zip";

    files::remove(&repository.root().join(name)).unwrap();
    assert_eq!(refused(&repository), ["package-missing"]);
    repository.write(name, "something else");
    assert_eq!(refused(&repository), ["package-altered"]);
    repository.pack_all("slack", "0.2.0");

    repository.write("bin/.wick/receipts/connector-slack-linux-amd64.package.json", "{}");
    assert_eq!(refused(&repository), ["receipt-unreadable", "target-missing"]);
    repository.pack_all("slack", "0.2.0");

    repository.write("connector/slack/VERSION", "0.3.0");
    repository.commit("Raise");
    assert_eq!(refused(&repository), ["version-differs"]);
    files::remove(&repository.root().join("connector/slack/VERSION")).unwrap();
    assert_eq!(refused(&repository), ["version-dev", "version-differs"], "all reasons at once");
}

#[test]
fn a_set_is_of_one_commit_and_one_signer_and_a_host_takes_it() {
    let repository = Repository::packed();
    repository.write("connector/slack/more.go", "package main\n");
    repository.commit("More");
    repository.pack(&repository.bin(), "slack", "0.2.0", "linux/amd64");
    assert_eq!(refused(&repository), ["commits-differ"]);
    repository.pack_all("slack", "0.2.0");

    let signer = Ed25519::generate(&repository.root().join("bin/key")).unwrap();
    let source = Some(SourceState::of(repository.head(), Vec::new()));
    let target = "linux/amd64".parse().unwrap();
    let signed = package(&repository.bin(), "slack", "0.2.0", target, Some(&signer));
    keep(
        &repository.bin(),
        &wick::model::receipt::PackageReceipt { source: source.clone(), ..signed.clone() },
    );
    assert_eq!(refused(&repository), ["signers-differ"]);

    // Signed by another key than the receipt says.
    let unsigned = package(&repository.bin(), "slack", "0.2.0", target, None);
    let lying = wick::model::receipt::PackageReceipt { source, signed_by: signed.signed_by, ..unsigned };
    keep(&repository.bin(), &lying);
    assert_eq!(refused(&repository), ["signers-differ", "signature-missing"]);
}

#[test]
fn a_set_has_bundles_by_one_signer_for_all_packages_or_for_none() {
    let repository = Repository::packed();
    let (one, other) = (cosign(&repository, "one"), cosign(&repository, "other"));
    let zip = |target: &str| repository.bin().join(zip_of(target));
    bundle(&zip(TARGETS[0]), &one);
    assert_eq!(refused(&repository), ["bundles-differ"]);
    bundle(&zip(TARGETS[1]), &one);
    bundle(&zip(TARGETS[2]), &other);
    assert_eq!(refused(&repository), ["bundles-differ"]);
    // One over another zip, and one that is none.
    let of_another = files::read(&wick::model::package::beside(&zip(TARGETS[0]), ".sigstore.json")).unwrap();
    for wrong in [of_another.as_slice(), b"{}"] {
        write(&wick::model::package::beside(&zip(TARGETS[2]), ".sigstore.json"), wrong);
        assert_eq!(refused(&repository), ["bundles-differ", "bundle-mismatch"]);
    }
    bundle(&zip(TARGETS[2]), &one);
    let double = start(false);
    let report = run(&repository, &double, &PLAIN);
    assert!(report.complete, "{report:#?}");
    let state = double.snapshot();
    assert_eq!(
        state.releases[0].assets.len(),
        8,
        "three zips, three bundles, what they consist of, the checksums"
    );
    let zip = zip_of(TARGETS[0]);
    let command = format!(
        "    cosign verify-blob --key cosign.pub --bundle {zip}.sigstore.json --insecure-ignore-tlog {zip}\n"
    );
    assert!(state.releases[0].notes.contains(&command), "{}", state.releases[0].notes);

    // Binaries that were signed inside by different cosign keys.
    let receipt = repository.pack(&repository.bin(), "slack", "0.2.0", TARGETS[1]);
    keep(
        &repository.bin(),
        &wick::model::receipt::PackageReceipt { cosigned_by: Some("key".to_owned()), ..receipt },
    );
    assert_eq!(refused(&repository), ["cosigners-differ"]);
}

#[test]
fn a_set_is_attested_by_one_signer_or_not_at_all() {
    let repository = Repository::packed();
    let bin = repository.bin();
    let (one, other) = (cosign(&repository, "one"), cosign(&repository, "other"));
    let place =
        |target: &str| wick::model::package::beside(&bin.join(zip_of(target)), ".intoto.sigstore.json");
    repository.attest(&bin, TARGETS[0], &one);
    assert_eq!(refused(&repository), ["attestations-differ"]);
    repository.attest(&bin, TARGETS[1], &one);
    repository.attest(&bin, TARGETS[2], &other);
    assert_eq!(refused(&repository), ["attestations-differ"]);
    // One of another package, and one that is none.
    let of_another = files::read(&place(TARGETS[0])).unwrap();
    write(&place(TARGETS[2]), &of_another);
    let codes = refused(&repository);
    assert!(
        codes.contains(&"attestation-mismatch") && codes.contains(&"attestation-contradicts"),
        "{codes:?}"
    );
    write(&place(TARGETS[2]), b"{}");
    assert_eq!(refused(&repository), ["attestations-differ", "attestation-unreadable"]);
    repository.attest(&bin, TARGETS[2], &one);
    let double = start(false);
    let report = run(&repository, &double, &PLAIN);
    assert!(report.complete, "{report:#?}");
    let state = double.snapshot();
    for target in TARGETS {
        let asset = state.releases[0].asset(&format!("{}.intoto.sigstore.json", zip_of(target))).unwrap();
        assert_eq!(asset.content.to_vec(), files::read(&place(target)).unwrap());
    }
    assert!(state.releases[0].notes.contains("--require attestation"), "{}", state.releases[0].notes);

    // Somebody signs the same packages again, or a later commit is named: the release is what it was.
    for target in TARGETS {
        repository.attest(&bin, target, &other);
    }
    double.clear_log();
    let report = run(&repository, &double, &PLAIN);
    assert!(matches!(report.plugins[0].outcome, ReleaseOutcome::AlreadyOut { .. }), "{report:#?}");
    assert_eq!(report.findings.iter().filter(|one| one.finding.code == "signature-other").count(), 3);
    assert!(double.log().iter().all(|entry| entry.method == "GET"));
}

#[test]
fn a_release_without_receipts_of_its_builds_says_what_it_lacks() {
    let repository = Repository::packed();
    files::remove(&repository.bin().join(".wick/receipts/connector-slack-linux-amd64.build.json")).unwrap();
    let double = start(false);
    let report = run(&repository, &double, &PLAIN);
    assert_eq!((report.complete, codes(&report, Severity::Warning)), (true, vec!["sbom-missing"]));
    assert!(double.snapshot().releases[0].asset("slack-0.2.0.cdx.json").is_none());
}

#[test]
fn sources_that_are_in_no_commit_need_a_word() {
    let repository = Repository::packed();
    let dirty = |source: Option<SourceState>| {
        for target in TARGETS {
            let receipt = repository.pack(&repository.bin(), "slack", "0.2.0", target);
            keep(
                &repository.bin(),
                &wick::model::receipt::PackageReceipt { source: source.clone(), ..receipt },
            );
        }
    };
    let cases = [
        (
            Some(SourceState { commit: repository.head(), dirty: true, uncommitted: Vec::new() }),
            "commit-dirty",
        ),
        (None, "commit-unknown"),
    ];
    for (source, code) in cases {
        dirty(source);
        assert_eq!(refused(&repository), [code]);
        let double = start(false);
        let report = run(&repository, &double, &How { dirt: Dirt::Allow, ..PLAIN });
        assert!(report.complete, "{report:#?}");
        assert_eq!(codes(&report, Severity::Warning), [code]);
        // Where nothing else is known, the tag is made at what is checked out.
        check_out(&double, &repository, code);
    }
}

/// Publishes some of a release's files as somebody else would, the first one with other bytes where wanted.
fn publish_some(repository: &Repository, double: &Double, alter: bool) {
    let forge = client(double, 1);
    let new = NewRelease {
        tag: "slack/v0.2.0".to_owned(),
        commit: repository.head(),
        title: "by hand".to_owned(),
        notes: String::new(),
        prerelease: false,
    };
    let draft = forge.create_draft(&new).unwrap();
    for (name, mut bytes) in repository.expected().into_iter().skip(2) {
        bytes[40] ^= u8::from(alter);
        let path = repository.root().join("upload");
        write(&path, &bytes);
        forge.upload(&draft, &name, &path, &|_| {}).unwrap();
    }
    forge.publish(draft.id, &new).unwrap();
    double.clear_log();
}

#[test]
fn what_is_published_is_never_changed() {
    let repository = Repository::packed();
    for (immutable, hint) in [(false, "or delete http"), (true, "it is immutable")] {
        for (alter, expected) in [
            (false, &["published-incomplete"][..]),
            (true, &["published-differs", "published-differs", "published-differs", "published-incomplete"]),
        ] {
            let double = start(immutable);
            publish_some(&repository, &double, alter);
            let report = run(&repository, &double, &PLAIN);
            assert_eq!(report.refusal, Some(FailureKind::Conflict));
            assert_eq!(codes(&report, Severity::Error), expected);
            let told = report.findings.last().unwrap().finding.hint.clone().unwrap();
            assert!(told.contains(hint), "{told}");
            assert!(double.log().iter().all(|entry| entry.method == "GET"));
        }
    }
}

#[test]
fn a_tag_elsewhere_or_a_weak_token_is_told_before_anything_is_written() {
    let repository = Repository::packed();
    let double = start(false);
    double.seed_tag("slack/v0.2.0", "2222222222222222222222222222222222222222", true);
    let report = run(&repository, &double, &PLAIN);
    assert_eq!(
        (report.refusal, codes(&report, Severity::Error)),
        (Some(FailureKind::Conflict), vec!["tag-elsewhere"])
    );
    let double = start(false);
    double.seed_tag("slack/v0.2.0", &repository.head(), true);
    assert!(run(&repository, &double, &PLAIN).complete, "an annotated tag at the commit is fine");

    let double = start(false);
    let report = release(&repository, &client_of(&double, "ghp_read", 1), &PLAIN).unwrap();
    assert_eq!(
        (report.refusal, codes(&report, Severity::Error)),
        (Some(FailureKind::Remote), vec!["token-weak"])
    );
    assert!(double.snapshot().releases.is_empty());
}

#[test]
fn a_dry_run_says_what_would_happen_and_touches_nothing() {
    let repository = Repository::packed();
    let dry = How { mode: Mode::DryRun, ..PLAIN };
    let double = start(true);
    let (name, bytes) = repository.expected().into_iter().nth(1).unwrap();
    let draft = double.seed_release("slack/v0.2.0", true, &[(&name, Content::bytes(bytes))]);
    double.seed_starter(draft, "checksums.txt");
    let report = run(&repository, &double, &dry);
    assert!(
        report.complete && matches!(report.plugins[0].outcome, ReleaseOutcome::WouldRelease),
        "{report:#?}"
    );
    let steps: Vec<AssetStep> = report.plugins[0].assets.iter().map(|asset| asset.step).collect();
    let upload = AssetStep::Upload;
    assert_eq!(steps, [AssetStep::Replace, AssetStep::There, upload, upload, upload]);
    assert_eq!(codes(&report, Severity::Note), ["immutable"]);
    assert!(double.log().iter().all(|entry| entry.method == "GET"));

    // What forbids it here is told together with what forbids it there.
    files::remove(&repository.bin().join("slack-0.2.0-linux-amd64.zip")).unwrap();
    let report = release(&repository, &client_of(&double, "ghp_read", 1), &dry).unwrap();
    assert_eq!(codes(&report, Severity::Error), ["package-missing", "token-weak"]);
}

#[test]
fn a_draft_of_other_bytes_is_replaced_and_a_second_draft_is_named() {
    let repository = Repository::packed();
    let double = start(false);
    double.seed_release(
        "slack/v0.2.0",
        true,
        &[("checksums.txt", Content::bytes("old")), ("x", Content::bytes("y"))],
    );
    let report = run(&repository, &double, &PLAIN);
    assert!(report.complete, "{report:#?}");
    check_out(&double, &repository, "replaced");

    let double = start(false);
    double.seed_release("slack/v0.2.0", true, &[]);
    double.seed_release("slack/v0.2.0", true, &[]);
    let report = run(&repository, &double, &PLAIN);
    assert_eq!((report.complete, codes(&report, Severity::Warning)), (true, vec!["draft-extra"]));
}

#[test]
fn all_plugins_are_those_that_are_not_out() {
    let repository = Repository::packed();
    let double = start(false);
    assert!(run(&repository, &double, &PLAIN).complete);
    repository.plugin("zulip", "1.0.0-rc.1");
    repository.plugin("draft_only", "dev");
    repository.pack_all("zulip", "1.0.0-rc.1");
    // slack changed, and nobody raised its version.
    repository.write("bin/slack-0.2.0-linux-amd64.zip", "other bytes");
    let receipt = repository.pack(&repository.bin(), "slack", "0.2.0", "linux/amd64");
    let other = wick::model::digest::Sha256::of(b"other bytes");
    keep(&repository.bin(), &wick::model::receipt::PackageReceipt { sha256: other, ..receipt });

    let all = How { choice: Choice::Unreleased, ..PLAIN };
    let report = run(&repository, &double, &all);
    assert!(report.complete, "{report:#?}");
    let words: Vec<(String, bool)> = report
        .plugins
        .iter()
        .map(|one| (one.plugin.to_string(), matches!(one.outcome, ReleaseOutcome::Released { .. })))
        .collect();
    assert_eq!(words, [("slack".to_owned(), false), ("zulip".to_owned(), true)]);
    assert_eq!(codes(&report, Severity::Warning), ["version-dev", "published-differs"]);
    let state = double.snapshot();
    let zulip = state.releases.iter().find(|release| release.tag == "zulip/v1.0.0-rc.1").unwrap();
    assert!(zulip.prerelease && !zulip.draft && state.latest.is_none());
    assert!(zulip.notes.starts_with("First release.\n\nBuilt from "), "{}", zulip.notes);

    double.clear_log();
    assert!(run(&repository, &double, &all).complete);
    assert_eq!(double.counters().requests, 1, "everything is out: one page of releases");
}

#[test]
fn notes_tell_what_touched_the_plugin_since_its_previous_release() {
    let repository = Repository::packed();
    repository.git(&["tag", "slack/v0.2.0"]);
    repository.plugin("zulip", "0.1.0");
    repository.write("connector/slack/more.go", "package main\n");
    repository.commit("Do more, for @everyone");
    repository.write("connector/slack/VERSION", "0.3.0");
    repository.commit("Raise slack");
    repository.pack_all("slack", "0.3.0");
    repository.pack_all("zulip", "0.1.0");
    let double = start(false);
    let report = run(&repository, &double, &PLAIN);
    assert!(report.complete, "{report:#?}");
    let state = double.snapshot();
    let slack = state.releases.iter().find(|release| release.tag == "slack/v0.3.0").unwrap();
    let head = repository.head();
    let start =
        format!("Changes since slack/v0.2.0:\n\n- Raise slack ({head})\n- Do more, for @\u{200b}everyone (");
    assert!(slack.notes.starts_with(&start), "{}", slack.notes);
    assert!(!slack.notes.contains("zulip"), "{}", slack.notes);
    assert!(slack.notes.contains("    wick plugin verify slack-0.3.0-linux-arm64.zip\n"), "{}", slack.notes);
}
