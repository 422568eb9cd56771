//! What wick signs is accepted by everybody for the right file and signer, and refused by everybody for others.

use std::path::Path;
use std::sync::Arc;

use wick::model::bundle::{ATTESTATION_SUFFIX, BUNDLE_SUFFIX, Bundle, Identity};
use wick::signer::check::{self, Trust};
use wick::signer::instance::{RootSource, Wish};
use wick::signer::keyless::Keyless;
use wick::signer::keyless::check::{Certificates, Named};
use wick::signer::{self, Signer};

use super::double::Double;
use super::oracles::{self, Case};
use crate::support::need;

const FILE: &[u8] = b"a package";

fn statement() -> String {
    let digest = wick::model::digest::Sha256::of(FILE);
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"a.zip","digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{{"buildDefinition":{{}},"runDetails":{{}}}}}}"#
    )
}

fn trust(root: &Path, subject: &str, issuer: &str) -> Trust {
    let certificates =
        Arc::new(Certificates::open(&RootSource::File(root.to_owned()), &Default::default()).unwrap());
    let named = Named { certificates, subjects: vec![subject.to_owned()], issuer: issuer.to_owned() };
    Trust { certificates: Some(Arc::new(named)), ..Trust::default() }
}

/// Signs both kinds and lets everybody judge them, right and wrong.
fn judged(double: &Double, signer: &Keyless) {
    let (subject, issuer) = (double.fact("subject"), double.fact("issuer"));
    let expected = Identity::Certificate { subject: subject.to_owned(), issuer: issuer.to_owned() };
    assert_eq!(signer.identity().as_ref(), Some(&expected), "the token's claims tell it before");

    let file = double.file("a.zip", FILE);
    let other = double.file("b.zip", b"another package");
    let blob = signer::sign_blob(signer, FILE).unwrap();
    let attested = signer::sign_statement(signer, &statement()).unwrap();
    assert_eq!((&blob.identity, &attested.identity), (&expected, &expected));
    assert_eq!(double.asked("fulcio"), 1, "one certificate serves both");

    let blob_path = double.file(&format!("a.zip{BUNDLE_SUFFIX}"), blob.bundle.to_json());
    let statement_path = double.file(&format!("a.zip{ATTESTATION_SUFFIX}"), attested.bundle.to_json());
    let stranger = Double::start();
    let (root, strange_root) =
        (Path::new(double.fact("trustedRoot")), Path::new(stranger.fact("trustedRoot")));
    for (is_statement, bundle) in [(false, &blob_path), (true, &statement_path)] {
        let good = Case { double, bundle, file: &file, is_statement, subject, issuer, root };
        let bad = [
            ("the wrong file", Case { file: &other, ..good }),
            (
                "the wrong signer",
                Case { subject: "https://github.com/octo/other/x.yml@refs/heads/main", ..good },
            ),
            ("the wrong issuer", Case { issuer: "https://accounts.example", ..good }),
            ("another root", Case { root: strange_root, ..good }),
        ];
        wick_agrees(&good, &bad);
        for (name, command) in oracles::ALL {
            let output = command(&good).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{name} refuses (statement: {is_statement}): {said}");
            for (what, case) in &bad {
                // npm is given no file for a statement: it judges the envelope. PyPI's takes seconds to start.
                let passed_over = match name {
                    "npm" => is_statement && *what == "the wrong file",
                    "PyPI's sigstore" => *what != "the wrong signer",
                    _ => false,
                };
                if passed_over {
                    continue;
                }
                let output = command(case).output().unwrap();
                assert!(!output.status.success(), "{name} accepts {what} (statement: {is_statement})");
            }
        }
    }
}

fn wick_agrees(good: &Case<'_>, bad: &[(&str, Case<'_>)]) {
    let judge = |case: &Case<'_>| {
        let bundle = Bundle::read(&std::fs::read(case.bundle).unwrap()).unwrap();
        let trust = trust(case.root, case.subject, case.issuer);
        if case.is_statement {
            check::statement(&trust, &bundle).map(|(_, text)| assert_eq!(text, statement()))
        } else {
            check::blob(&trust, &bundle, &std::fs::read(case.file).unwrap()).map(drop)
        }
    };
    judge(good).unwrap();
    for (what, case) in bad {
        // Which file a statement is about is asked elsewhere.
        if case.is_statement && *what == "the wrong file" {
            continue;
        }
        let why = judge(case).unwrap_err().to_string();
        let reason = match *what {
            "the wrong file" => "it is over a file with sha256",
            "another root" => "invalid",
            _ => "it is signed by https://github.com/octo/plugins/",
        };
        assert!(why.contains(reason), "{what}: {why}");
    }
}

#[test]
fn everybody_accepts_what_is_signed_and_nobody_anything_else() {
    need!(&oracles::NEEDED);
    let double = Double::start();
    judged(&double, &double.signer().unwrap());
}

#[test]
fn rekors_second_version_and_timestamps_do_too() {
    need!(&oracles::NEEDED);
    let double = Double::start();
    let wish = Wish {
        fulcio_url: None,
        rekor_url: None,
        signing_config: Some(double.fact("signingConfig").into()),
        ..double.wish()
    };
    judged(&double, &double.signer_by(&wish, &double.job()).unwrap());
}
