//! `wick plugin attest`: signed statements about packages that are there already.

use crate::cli::args::AttestArgs;
use crate::cli::failure;
use crate::cli::render::{Console, attest as render};
use crate::cli::session::{self, Session};
use crate::model::attest::AttestReport;
use crate::model::failure::{Failure, FailureKind};
use crate::phase::attest::{self, Request};
use crate::phase::packages::{self, Kept, Unreadable};
use crate::phase::parallel::OnFailure;

pub(in crate::cli) fn run(args: &AttestArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    if args.plugins.is_empty() && !args.all_plugins {
        return Err(Failure::new(FailureKind::Usage, "which plugin? none is named")
            .hint("name one, or use --all-plugins; `wick plugin attest --help` has examples"));
    }
    let names: Vec<String> = args.plugins.iter().map(|name| session.spelled(name)).collect();
    let signers = session.signers(&args.signing)?;
    let signer = session::attester(&signers, "wick plugin attest")?;
    let output = session.root().join(&args.output);
    let shown = session.shown(&output);
    let _store = session.store_if_there(&output, || {
        console.note(&format!("waiting for another wick that is building into {shown}"));
    })?;
    let (kept, unreadable) = packages::read(&output)?;
    // A receipt that can't be read may be of a package that was meant.
    let meant = |one: &&Unreadable| {
        let named = |name: &String| one.plugin.as_ref().is_some_and(|key| key_of(name) == key.as_str());
        args.all_plugins || names.iter().any(named)
    };
    if let Some(one) = unreadable.iter().find(meant) {
        return Err(Failure::new(FailureKind::Findings, one.finding.message.clone())
            .hint("build that plugin again with this wick"));
    }
    let chosen = choose(args.all_plugins, &names, &kept, &shown)?;
    let progress = console.progress();
    let listener = |event| progress.on(event);
    let report = attest::attest(&Request {
        packages: &chosen,
        output: &output,
        signer,
        jobs: session.cpus(),
        on_failure: if args.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop },
        listener: &listener,
    });
    progress.finish();
    Ok(conclude(&report?, &shown, console))
}

/// The packages that are meant. A plugin without any is missing, not attested.
fn choose<'a>(all: bool, names: &[String], kept: &'a [Kept], shown: &str) -> Result<Vec<&'a Kept>, Failure> {
    let is_meant = |name: &String, one: &Kept| {
        let receipt = &one.receipt;
        *name == receipt.plugin.as_str() || *name == format!("{}/{}", receipt.kind, receipt.plugin)
    };
    let missing = names.iter().find(|name| !kept.iter().any(|one| is_meant(name, one)));
    if let Some(name) = missing {
        return Err(Failure::new(
            FailureKind::Missing,
            format!("{shown} holds no package of {name} that wick has built"),
        )
        .hint(format!("build it first: `wick plugin build {}`", key_of(name))));
    }
    let chosen: Vec<&Kept> =
        kept.iter().filter(|one| all || names.iter().any(|name| is_meant(name, one))).collect();
    if chosen.is_empty() {
        return Err(Failure::new(
            FailureKind::Missing,
            format!("{shown} holds no packages that wick has built"),
        )
        .hint("receipts are in a hidden folder: upload artifacts with `include-hidden-files: true`"));
    }
    Ok(chosen)
}

/// `connector/slack` is slack.
fn key_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn conclude(report: &AttestReport, shown: &str, console: &Console) -> u8 {
    if console.is_json() {
        console.json(report);
    } else {
        console.outcome(&render::table(report));
    }
    console.plugin_findings(&report.findings);
    let failures: Vec<&Failure> = render::failures(&report.packages).collect();
    for failure in &failures {
        console.failure(failure);
    }
    console.summary(&render::summary(report, shown));
    match failures.first() {
        _ if report.complete => failure::DONE,
        Some(failure) => failure::exit_code(failure.kind),
        None => failure::exit_code(FailureKind::Findings),
    }
}
