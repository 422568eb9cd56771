//! Who else has to agree: cosign, npm's @sigstore/verify, PyPI's sigstore.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::double::{self, Double};

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

/// All that are on this machine. Under `WICK_TEST_REQUIRE_TOOLS` one that is missing is a failure.
pub(crate) fn all(test: &str) -> Vec<Oracle> {
    let candidates: [(Oracle, bool); 3] = [
        (("cosign", cosign), answers("cosign", &["version"])),
        (("npm", npm), double::is_there()),
        (("PyPI's sigstore", pypi), answers("python3", &["-m", "sigstore", "--version"])),
    ];
    candidates
        .into_iter()
        .filter(|((name, _), there)| *there || !lacks(test, name))
        .map(|(one, _)| one)
        .collect()
}

/// Says that a test can't run in full here; fails where everything must be there.
pub(crate) fn lacks(test: &str, what: &str) -> bool {
    assert!(
        std::env::var_os("WICK_TEST_REQUIRE_TOOLS").is_none_or(|v| v != "1"),
        "{test}: {what} is missing"
    );
    // Straight to stderr: libtest keeps what passing tests print.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {what} is missing");
    true
}

fn answers(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

fn cosign(case: &Case<'_>) -> Command {
    let mut command = Command::new("cosign");
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
    let mut command = Command::new("node");
    command
        .arg(double::home().join("verify.mjs"))
        .arg(case.root)
        .arg(case.bundle)
        .args([case.subject, case.issuer]);
    if !case.is_statement {
        command.arg(case.file);
    }
    command
}

fn pypi(case: &Case<'_>) -> Command {
    let mut command = Command::new("python3");
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
