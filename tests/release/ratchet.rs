//! The ratchet: what the previous release had and this one hasn't, all of it at once, before anything is written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use github_double::{Content, Double, Place};
use wick::model::bundle::{
    ATTESTATION_SUFFIX, BUNDLE_SUFFIX, Bundle, Certificate, Content as Inside, Envelope, EnvelopeSignature,
    KeyHint, Material, MessageDigest, MessageSignature, STATEMENT_TYPE,
};
use wick::model::digest::Sha256;
use wick::model::failure::FailureKind;
use wick::model::finding::{Finding, Severity};
use wick::model::publish::{ReleaseOutcome, ReleaseReport};
use wick::model::receipt::{PackageReceipt, SourceState};
use wick::phase::publish::ratchet::Loss;
use wick::signer::ed25519::Ed25519;
use wick::sys::files::{self, Scratch};

use super::support::*;

/// Who signs a companion file: a key, by its hint; a workflow, by its place on GitHub; nobody who can be read.
#[derive(Clone, Debug)]
enum By {
    Key(&'static str),
    Workflow(String),
    Nonsense,
}

impl By {
    fn material(&self) -> Material {
        match self {
            By::Key(hint) => {
                Material { public_key: Some(KeyHint { hint: (*hint).to_owned() }), ..Material::default() }
            }
            By::Workflow(place) => {
                let certificate = Some(Certificate { raw_bytes: STANDARD.encode(certificate(place)) });
                Material { certificate, ..Material::default() }
            }
            By::Nonsense => Material::default(),
        }
    }

    /// The file beside a package: about it, and signed with nothing.
    fn beside(&self, suffix: &str, receipt: &PackageReceipt, zip: &[u8]) -> Vec<u8> {
        let content = if suffix == ATTESTATION_SUFFIX {
            let payload = STANDARD.encode(statement(receipt, zip));
            let signatures = vec![EnvelopeSignature { sig: "AA==".to_owned(), keyid: String::new() }];
            Inside::DsseEnvelope(Envelope { payload, payload_type: STATEMENT_TYPE.to_owned(), signatures })
        } else {
            let message_digest = Some(MessageDigest::of(&receipt.sha256));
            Inside::MessageSignature(MessageSignature { message_digest, signature: "AA==".to_owned() })
        };
        let made = Bundle::with_key(String::new(), content);
        Bundle { verification_material: self.material(), ..made }.to_json().into_bytes()
    }
}

/// A certificate in which nothing but the two names is right.
fn certificate(place: &str) -> Vec<u8> {
    let field = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    };
    let extension =
        |id: &[u8], content: &[u8]| field(0x30, &[field(0x06, id), field(0x04, content)].concat());
    let names = field(0x30, &field(0x86, format!("https://github.com/octo/{place}").as_bytes()));
    let issuer = field(0x0c, b"https://token.actions.githubusercontent.com");
    let all = [
        extension(&[0x55, 0x1d, 0x11], &names),
        extension(&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, 0x08], &issuer),
    ];
    field(0x30, &field(0x30, &field(0xa3, &field(0x30, &all.concat()))))
}

/// The golden statement, about this package.
fn statement(receipt: &PackageReceipt, zip: &[u8]) -> String {
    let mut all: serde_json::Value =
        serde_json::from_str(include_str!("../golden/wick/statement.json")).unwrap();
    let parameters = &mut all["predicate"]["buildDefinition"]["externalParameters"];
    parameters["version"] = receipt.version.as_str().into();
    parameters["target"] = receipt.target.to_string().into();
    let inside = wick::inspect::archive::read_archive(&receipt.package, zip).entries;
    let files = inside.iter().map(|entry| (entry.name.clone(), Sha256::of(&entry.bytes)));
    let subjects = [(receipt.package.clone(), receipt.sha256)].into_iter().chain(files);
    all["subject"] = subjects
        .map(|(name, digest)| serde_json::json!({ "name": name, "digest": { "sha256": digest.to_string() } }))
        .collect();
    all.to_string()
}

/// The packages of slack 0.2.0, signed or not, each with these files beside it.
fn pack(repository: &Repository, signer: Option<&Ed25519>, beside: &[(&str, By)]) {
    for target in TARGETS {
        let receipt = package(&repository.bin(), "slack", "0.2.0", target.parse().unwrap(), signer);
        let zip = files::read(&repository.bin().join(&receipt.package)).unwrap();
        for (suffix, by) in beside {
            let text = by.beside(suffix, &receipt, &zip);
            write(&repository.bin().join(format!("{}{suffix}", receipt.package)), &text);
        }
        let source = Some(SourceState::of(repository.head(), Vec::new()));
        keep(&repository.bin(), &PackageReceipt { source, ..receipt });
    }
}

/// Publishes slack 0.1.0 on a double, each package with these files beside it, and more files.
fn published(signer: Option<&Ed25519>, beside: &[(&str, By)], more: &[&str]) -> Double {
    let (double, dir) = (start(false), Scratch::new().unwrap());
    let mut assets: Vec<(String, Content)> = Vec::new();
    for target in TARGETS {
        let receipt = package(dir.path(), "slack", "0.1.0", target.parse().unwrap(), signer);
        let bytes = files::read(&dir.path().join(&receipt.package)).unwrap();
        assets.push((receipt.package.clone(), Content::bytes(bytes.clone())));
        for (suffix, by) in beside {
            let text = by.beside(suffix, &receipt, &bytes);
            assets.push((format!("{}{suffix}", receipt.package), Content::bytes(text)));
        }
    }
    assets.extend(more.iter().map(|name| ((*name).to_owned(), Content::bytes(b"x".to_vec()))));
    let assets: Vec<(&str, Content)> =
        assets.iter().map(|(name, content)| (name.as_str(), content.clone())).collect();
    double.seed_release("slack/v0.1.0", false, &assets);
    double
}

/// What is said of losses; packages made by hand have no bill of materials, which is said, too.
fn losses(report: &ReleaseReport) -> Vec<&Finding> {
    report.findings.iter().map(|one| &one.finding).filter(|one| one.code.starts_with("lost-")).collect()
}

fn codes(report: &ReleaseReport, severity: Severity) -> Vec<&'static str> {
    losses(report).iter().filter(|one| one.severity == severity).map(|one| one.code).collect()
}

fn run(repository: &Repository, double: &Double, accepted: &'static [Loss]) -> ReleaseReport {
    release(repository, &client(double, 1), &How { accepted, ..PLAIN }).unwrap()
}

/// Refused for these reasons, and nothing was written.
#[track_caller]
fn refused(
    repository: &Repository,
    double: &Double,
    accepted: &'static [Loss],
    expected: &[&str],
) -> ReleaseReport {
    double.clear_log();
    let report = run(repository, double, accepted);
    assert_eq!(codes(&report, Severity::Error), expected, "{report:#?}");
    assert_eq!(report.refusal, Some(FailureKind::Conflict));
    assert!(double.log().iter().all(|entry| entry.method == "GET"), "{:#?}", double.log());
    assert_eq!(double.snapshot().releases.len(), 1);
    report
}

/// aquaproj/aqua-registry#49004: a new way of publishing made no attestations, and nobody noticed.
#[test]
fn a_dropped_attestation_is_noticed() {
    let repository = Repository::new();
    let attestation = (ATTESTATION_SUFFIX, By::Key("key"));
    let double = published(None, &[attestation], &[]);
    pack(&repository, None, &[]);
    let report = refused(&repository, &double, &[], &["lost-attestation"]);
    let finding = losses(&report)[0];
    assert_eq!(
        finding.message,
        "slack/v0.1.0 had an attestation for linux/arm64, linux/amd64, windows/amd64, and this release has none"
    );
    assert!(finding.hint.as_ref().unwrap().contains("--accept-regression=attestation"), "{finding:?}");
    refused(&repository, &double, &[Loss::Sbom, Loss::Signer], &["lost-attestation"]);
    let report = run(&repository, &double, &[Loss::Attestation]);
    assert!(matches!(report.plugins[0].outcome, ReleaseOutcome::Released { .. }), "{report:#?}");
    assert_eq!(codes(&report, Severity::Warning), ["lost-attestation"], "it stays in the report");
    // What was accepted once is the new measure.
    assert!(run(&repository, &double, &[]).complete);
}

#[test]
fn all_that_is_lost_is_told_at_once() {
    let repository = Repository::new();
    let dir = Scratch::new().unwrap();
    let key = Ed25519::generate(&dir.path().join("key")).unwrap();
    let beside = [(BUNDLE_SUFFIX, By::Key("key")), (ATTESTATION_SUFFIX, By::Key("key"))];
    let double = published(Some(&key), &beside, &["slack-0.1.0-darwin-arm64.zip", "slack-0.1.0.cdx.json"]);
    pack(&repository, None, &[]);
    let all = ["lost-target", "lost-bundle", "lost-attestation", "lost-sbom", "lost-signature"];
    let report = refused(&repository, &double, &[], &all);
    assert_eq!(losses(&report)[0].message, "slack/v0.1.0 was for darwin/arm64 too, and this release isn't");
    let accepted = &[Loss::Target, Loss::Bundle, Loss::Signature];
    let report = refused(&repository, &double, accepted, &["lost-attestation", "lost-sbom"]);
    assert_eq!(codes(&report, Severity::Warning), ["lost-target", "lost-bundle", "lost-signature"]);
    assert!(run(&repository, &double, &Loss::ALL).complete);
}

#[test]
fn another_signer_is_noticed_and_the_same_one_is_not() {
    let dir = Scratch::new().unwrap();
    let [one, two] = ["one", "two"].map(|name| Ed25519::generate(&dir.path().join(name)).unwrap());
    let repository = Repository::new();
    pack(&repository, Some(&two), &[]);
    let report = refused(&repository, &published(Some(&one), &[], &[]), &[], &["lost-signer"]);
    assert!(losses(&report)[0].message.contains(&two.public().to_string()), "{report:#?}");
    let same = published(Some(&two), &[], &[]);
    let report = run(&repository, &same, &[]);
    assert!(report.complete && losses(&report).is_empty(), "{report:#?}");
    // One manifest by ranges.
    let reads = same.log().iter().filter(|entry| entry.place == Place::Storage).count();
    assert_eq!(reads, 1, "{:#?}", same.log());
    // Who signs more than before loses nothing.
    assert!(run(&repository, &published(None, &[], &[]), &[]).complete);
}

#[test]
fn the_signers_of_bundles_are_compared_by_who_they_are() {
    let at = |place: &str| By::Workflow(place.to_owned());
    let (tag, branch) = (
        "plugins/.github/workflows/p.yml@refs/tags/slack/v0.1.0",
        "plugins/.github/workflows/p.yml@refs/heads/main",
    );
    let cases: [(By, By, &[&str]); 6] = [
        (By::Key("a"), By::Key("a"), &[]),
        (By::Key("a"), By::Key("b"), &["lost-signer"]),
        (at(tag), at(branch), &[]),
        (at(tag), at(&branch.replace("plugins/", "fork/")), &["lost-signer"]),
        (at(tag), By::Key("a"), &["lost-signer"]),
        (By::Nonsense, By::Key("a"), &["lost-signer"]),
    ];
    for (there, here, expected) in cases {
        for suffix in [BUNDLE_SUFFIX, ATTESTATION_SUFFIX] {
            let repository = Repository::new();
            let double = published(None, &[(suffix, there.clone())], &[]);
            pack(&repository, None, &[(suffix, here.clone())]);
            if expected.is_empty() {
                let report = run(&repository, &double, &[]);
                assert!(report.complete && losses(&report).is_empty(), "{there:?} {here:?}: {report:#?}");
            } else {
                refused(&repository, &double, &[], expected);
            }
        }
    }
}

/// What can't be read is no reason to believe that nothing was lost.
#[test]
fn a_previous_release_that_cant_be_read_is_said() {
    let repository = Repository::packed();
    let double = start(false);
    double.seed_release(
        "slack/v0.1.0",
        false,
        &[("slack-0.1.0-linux-arm64.zip", Content::bytes(b"no zip".to_vec()))],
    );
    let report = refused(&repository, &double, &[], &["lost-signature"]);
    assert!(losses(&report)[0].message.starts_with("whether slack/v0.1.0 was signed can't be told: "));
    assert!(run(&repository, &double, &[Loss::Signature]).complete);
}
