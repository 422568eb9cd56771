//! `wick plugin verify`: a host's judgement over any number of packages.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::args::{Require, TrustArgs, VerifyArgs};
use crate::cli::failure;
use crate::cli::render::{Console, verdict};
use crate::cli::session::{Opened, Session};
use crate::model::failure::{Failure, FailureKind};
use crate::model::signature::{PublicKey, SignaturePolicy};
use crate::model::target::Target;
use crate::phase::verify::{self, Expectation, Required, Verdict};

pub(in crate::cli) fn run(args: &VerifyArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let required = args.require_signature || args.require.contains(&Require::Signature);
    let policy = policy(&args.trust, required, session)?;
    let trust = session.trust(&args.trust, &policy.keys)?;
    let required = Required {
        bundle: args.require.contains(&Require::Bundle),
        attestation: args.require.contains(&Require::Attestation),
    };
    let expected = Expectation { policy, this_machine: this_machine(args)?, trust, required };
    let mut verdicts: Vec<Verdict> = Vec::new();
    for path in paths(args, session)? {
        verdicts.push(judge(&path, session, &expected)?);
    }
    let accepted = verdicts.iter().filter(|verdict| verdict.is_accepted()).count();
    if console.is_json() {
        let all = accepted == verdicts.len();
        console.json(&json!({ "schema": 1, "accepted": all, "packages": verdicts }));
    } else {
        for one in &verdicts {
            let lines = verdict::lines(one, console.is_verbose());
            if one.is_accepted() {
                console.outcome(&lines);
            } else {
                console.data(&lines);
            }
        }
        let by = if asks_more(args) { "pass" } else { "would be accepted by a host" };
        console.summary(&format!("{accepted} of {} {by}", verdicts.len()));
    }
    console.annotate_verdicts(&verdicts);
    if accepted == verdicts.len() { Ok(failure::DONE) } else { Ok(failure::exit_code(FailureKind::Findings)) }
}

/// Whether more is asked than hosts ask.
fn asks_more(args: &VerifyArgs) -> bool {
    let trust = &args.trust;
    !trust.cosign_pub.is_empty()
        || trust.certificate_oidc_issuer.is_some()
        || args.require.iter().any(|what| *what != Require::Signature)
}

fn paths(args: &VerifyArgs, session: &Session) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in &args.paths {
        match session.packages_in(path)? {
            Some(inside) => all.extend(inside),
            None => all.push(path.clone()),
        }
    }
    Ok(all)
}

fn judge(path: &Path, session: &Session, expected: &Expectation) -> Result<Verdict, Failure> {
    let shown = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    Ok(match session.open(path)? {
        Opened::File(bytes) => {
            verify::verify_archive(&shown, &bytes, &session.sidecars(path), expected, Session::facts)
        }
        Opened::Folder(entries) => verify::verify_folder(&shown, entries, expected, Session::facts),
    })
}

fn this_machine(args: &VerifyArgs) -> Result<Option<Target>, Failure> {
    if !args.here {
        return Ok(None);
    }
    Target::this_machine()
        .map(Some)
        .ok_or_else(|| Failure::new(FailureKind::Usage, "--here: wick doesn't know this machine's target"))
}

/// A key is given as such, or as a file that holds one.
pub(in crate::cli) fn policy(
    trust: &TrustArgs,
    required: bool,
    session: &Session,
) -> Result<SignaturePolicy, Failure> {
    let mut keys: Vec<PublicKey> = Vec::new();
    for given in trust.pubkey.iter().map(|key| key.trim()).filter(|key| !key.is_empty()) {
        let text = session.small_text(given).unwrap_or_else(|| given.to_owned());
        let key = text.parse().map_err(|error| {
            Failure::new(FailureKind::Usage, format!("{error}"))
                .hint("give what `wick plugin keygen` printed, or the name of its .pub file")
        })?;
        keys.push(key);
    }
    let by_variable = session.variable("WICK_PLUGIN_REQUIRE_SIGNATURE").is_some_and(|value| value == "1");
    Ok(SignaturePolicy { required: required || by_variable, keys })
}
