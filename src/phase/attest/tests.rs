//! Statements of made-up receipts, against a golden file.

use super::provenance::{Files, statement};
use crate::model::receipt::{BuildReceipt, PackageReceipt};
use crate::model::statement::Statement;
use crate::phase::sbom::tests::{LINUX, build_receipt, package_receipt};

const FILES: Files<'static> = Files { package: b"zip", binary: ("slack", b"binary"), manifest: b"{}" };

fn made(package: &PackageReceipt, build: &BuildReceipt) -> Statement {
    statement(package, build, build.origin.as_ref().unwrap(), &FILES)
}

#[test]
fn the_statement_is_the_golden_one() {
    let (package, build) = (package_receipt(LINUX, b"binary", b"zip"), build_receipt(LINUX, b"binary"));
    let statement = made(&package, &build);
    assert_eq!(statement, made(&package, &build));
    let text = serde_json::to_string_pretty(&statement).unwrap() + "\n";
    snapbox::assert_data_eq!(text, snapbox::file!["../../../tests/golden/wick/statement.json"].raw());
    assert_eq!(Statement::read(statement.to_json().as_bytes()), Ok(statement));
}

/// What a build script read may be a secret, and a short digest of a short secret can be guessed.
#[test]
fn digests_of_what_only_a_build_script_read_stay_here() {
    let build = build_receipt(LINUX, b"binary");
    let text = made(&package_receipt(LINUX, b"binary", b"zip"), &build).to_json();
    assert!(!text.contains(&build.conditions["read API_KEY"]), "{text}");
    assert!(text.contains("\"read API_KEY\":\"set\",\"read UNSET\":\"unset\""), "{text}");
}

/// A machine that nobody vouches for claims no workflow, no run, no repository.
#[test]
fn a_local_build_claims_little() {
    let build = build_receipt(LINUX, b"binary");
    let package = PackageReceipt { source: None, ..package_receipt(LINUX, b"binary", b"zip") };
    let local = crate::model::receipt::Origin::local();
    let statement = statement(&package, &build, &local, &FILES);
    let text = statement.to_json();
    assert!(text.contains(r#""builder":{"id":"wick:local","version":{"wick":"0.1.0"}}}"#), "{text}");
    assert!(
        !text.contains("invocationId") && !text.contains("gitCommit") && !text.contains("github.com/o/r")
    );
    assert_eq!(statement.parameters().source, "connector/slack");
}
