//! Who else has to agree: cosign, npm's @sigstore/verify, PyPI's sigstore.

use std::path::Path;
use std::process::Command;

use super::double::{self, Double};
use crate::support;

/// A bundle on disk, what it is over, and who should have signed it.
pub(crate) struct Case<'a> {
    pub(crate) double: &'a Double,
    pub(crate) bundle: &'a Path,
    pub(crate) file: &'a Path,
    pub(crate) is_statement: bool,
    pub(crate) subject: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) root: &'a Path,
}

type Oracle = (&'static str, fn(&Case<'_>) -> Command);

/// All of them; a test that asks them needs [`NEEDED`].
pub(crate) const ALL: [Oracle; 3] = [("cosign", cosign), ("npm", npm), ("PyPI's sigstore", pypi)];

/// What they take.
pub(crate) const NEEDED: [&str; 3] = ["cosign", "sigstore-js", "PyPI's sigstore"];

fn cosign(case: &Case<'_>) -> Command {
    let mut command = Command::new(support::program("cosign").unwrap());
    command.arg(if case.is_statement { "verify-blob-attestation" } else { "verify-blob" });
    if case.is_statement {
        command.args(["--type", "slsaprovenance1"]);
    }
    command
        .arg("--trusted-root")
        .arg(case.root)
        .args(["--certificate-identity", case.subject, "--certificate-oidc-issuer", case.issuer])
        .arg("--bundle")
        .arg(case.bundle)
        .arg(case.file)
        .env("HOME", case.double.dir.path());
    command
}

fn npm(case: &Case<'_>) -> Command {
    let mut command = double::node("verify.mjs");
    command.arg(case.root).arg(case.bundle).args([case.subject, case.issuer]);
    if !case.is_statement {
        command.arg(case.file);
    }
    command
}

fn pypi(case: &Case<'_>) -> Command {
    let mut command = Command::new(support::python().unwrap());
    command
        .args(["-m", "sigstore", "--trust-config"])
        .arg(case.root.with_file_name("trust_config.json"))
        .args(["verify", "identity", "--cert-identity", case.subject, "--cert-oidc-issuer", case.issuer])
        .arg("--bundle")
        .arg(case.bundle)
        .arg(case.file)
        .env("HOME", case.double.dir.path());
    command
}
