//! The rehearsal: everything that has made releases fail after the tag was set, tried before. Signatures are made with the
//! real keys and verified, the token is asked whether it may write, each package that this machine can run is installed by
//! a host's rules and started. All of it happens in a scratch folder; nothing of it is published or kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Candidate, Findings, Request, Token};
use crate::inspect;
use crate::inspect::archive::{listing, locate_package, read_archive};
use crate::model::attest::AttestOutcome;
use crate::model::bundle::{ATTESTATION_SUFFIX, Identity};
use crate::model::event::StepOutcome;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Finding, Severity};
use crate::model::manifest::Manifest;
use crate::model::package::{MANIFEST_NAME, PACKAGE_MAX, PackageEntry, beside};
use crate::model::project::Plugin;
use crate::model::publish::Rehearsed;
use crate::model::signature::SignaturePolicy;
use crate::model::target::Target;
use crate::model::tools::Tools;
use crate::phase::package::marks::{self, Marks};
use crate::phase::packages::{Kept, RECEIPTS};
use crate::phase::parallel::{self, OnFailure};
use crate::phase::plan::emulators;
use crate::phase::plan::tools::{self, Emulation};
use crate::phase::verify::{self, Expectation};
use crate::phase::{Freshness, attest, interrogate, sign};
use crate::signer::Signers;
use crate::signer::check::Trust;
use crate::sys::files;

/// What a rehearsal needs beside a dry run.
#[derive(Clone, Copy)]
pub struct Rehearsal<'a> {
    /// The keys that were given, or why they can't be used.
    pub signers: &'a Result<Signers, Failure>,
    /// The environment, to find emulators.
    pub environment: &'a BTreeMap<String, String>,
}

/// A package on the stage.
struct Actor<'a> {
    plugin: &'a Plugin,
    /// As it lies in the output folder.
    kept: &'a Kept,
    /// Its copy, which is signed.
    copy: Kept,
}

/// What came of one package.
#[derive(Default)]
struct Played {
    signed: Vec<String>,
    started: Option<String>,
    trouble: Vec<(FailureKind, Finding)>,
}

/// Tries everything; what goes wrong becomes findings, all of it.
///
/// # Errors
/// When scratch files can't be written, or the user stops the run.
pub(super) fn rehearse(
    request: &Request<'_>,
    how: &Rehearsal<'_>,
    candidates: &[Candidate<'_>],
    scratch: &Path,
    findings: &mut Findings,
) -> Result<Vec<Rehearsed>, Failure> {
    ask_token(request, candidates, findings)?;
    let stage = scratch.join("rehearsal");
    let none = Signers::default();
    let signers = match (how.signers, candidates.first()) {
        (Ok(signers), _) => signers,
        (Err(failure), Some(first)) => {
            findings.add(first.plugin, failure.kind, [troubled("signer-unusable", failure)]);
            &none
        }
        (Err(failure), None) => return Err(failure.clone()),
    };
    let mut actors = Vec::new();
    for candidate in candidates {
        for kept in candidate.set.iter().flat_map(|set| &set.packages) {
            actors.push(Actor { plugin: candidate.plugin, kept, copy: copy(kept, &stage)? });
        }
    }
    if how.signers.is_ok() {
        unrehearsed(signers, &actors, findings);
    }
    let mut played = bundles(request, signers, &actors)?;
    let mut found = tools::find(how.environment, request.root, &[], Emulation::Auto)?;
    let mut targets: Vec<Target> = actors.iter().map(|actor| actor.kept.receipt.target).collect();
    targets.sort();
    targets.dedup();
    // One that runs nothing is none: the row says that it was not started.
    emulators::prove(&mut found, &targets, Some(request.output))?;
    let results = parallel::each(
        "rehearse",
        &actors,
        request.jobs,
        OnFailure::KeepGoing,
        request.listener,
        |actor| actor.kept.label(),
        |actor| {
            let played = play(signers, actor, &found, &stage);
            let outcome = match (&played.started, played.trouble.is_empty()) {
                (_, false) => StepOutcome::Failed,
                (Some(how), true) => StepOutcome::Done(how.clone()),
                (None, true) => StepOutcome::Done("not for this machine".to_owned()),
            };
            (played, outcome)
        },
    );
    let mut rows = Vec::new();
    for (actor, result) in actors.iter().zip(results) {
        let result = result.ok_or_else(parallel::interrupted)?;
        let earlier = played.remove(&actor.kept.receipt.package).unwrap_or_default();
        for (kind, finding) in earlier.trouble.into_iter().chain(result.trouble) {
            findings.add(actor.plugin, kind, [finding]);
        }
        rows.push(Rehearsed {
            package: actor.kept.receipt.package.clone(),
            target: actor.kept.receipt.target,
            signed: result.signed.into_iter().chain(earlier.signed).collect(),
            started: result.started,
        });
    }
    Ok(rows)
}

fn troubled(code: &'static str, failure: &Failure) -> Finding {
    let finding = Finding::error(code, failure.message.clone());
    match failure.hints.first() {
        Some(hint) => finding.hint(hint),
        None => finding,
    }
}

/// What a dry run can't know of the tokens of jobs and of fine-grained ones.
fn ask_token(
    request: &Request<'_>,
    candidates: &[Candidate<'_>],
    findings: &mut Findings,
) -> Result<(), Failure> {
    let Some(first) = candidates.first() else { return Ok(()) };
    let known = findings.all.iter().any(|one| matches!(one.finding.code, "token-missing" | "token-weak"));
    let tag = super::local::tag(first.plugin).map(|tag| tag.to_string());
    if request.token == Token::Missing || known {
        return Ok(());
    }
    if !request.forge.may_release(tag.as_deref().unwrap_or("rehearsal"))? {
        let message = format!("the token may not write releases to {}", request.forge.repository());
        let finding = Finding::error("token-weak", message).hint(
            "the token needs `contents: write` on that repository; in a workflow say so under `permissions:`",
        );
        findings.add(first.plugin, FailureKind::Remote, [finding]);
    }
    Ok(())
}

/// Packages that are signed, and no key to try it with.
fn unrehearsed(signers: &Signers, actors: &[Actor<'_>], findings: &mut Findings) {
    for actor in actors {
        if actor.kept.receipt.signed_by.is_some() && signers.ed25519.is_none() {
            let message = "its packages are signed, and no --sign-key is given to rehearse that with";
            let finding = Finding::warning("signing-not-rehearsed", message);
            findings.add(actor.plugin, FailureKind::Findings, [finding]);
        }
    }
}

/// The package and its receipts in a folder where it can be signed.
fn copy(kept: &Kept, stage: &Path) -> Result<Kept, Failure> {
    let copy = Kept { folder: stage.join("bin"), ..kept.clone() };
    files::create_folder(&copy.folder.join(RECEIPTS))?;
    files::write_atomic(&copy.path(), &files::read_capped(&kept.path(), PACKAGE_MAX)?, 0o644)?;
    for (from, to) in
        [(kept.receipt_path(), copy.receipt_path()), (kept.build_receipt_path(), copy.build_receipt_path())]
    {
        if files::is_file(&from) {
            files::write_atomic(&to, &files::read(&from)?, 0o644)?;
        }
    }
    Ok(copy)
}

/// Bundles over the copies, and attestations of those that have one: by the very phases that make the real ones.
fn bundles(
    request: &Request<'_>,
    signers: &Signers,
    actors: &[Actor<'_>],
) -> Result<BTreeMap<String, Played>, Failure> {
    let mut all: BTreeMap<String, Played> = BTreeMap::new();
    let mut add = |package: &str, what: &str, result: Result<Identity, (FailureKind, Finding)>| {
        let played = all.entry(package.to_owned()).or_default();
        match result {
            Ok(identity) => played.signed.push(format!("{what} by {identity}")),
            Err(trouble) => played.trouble.push(trouble),
        }
    };
    if signers.of_zips().is_some() {
        let kept: Vec<Kept> = actors.iter().map(|actor| actor.copy.clone()).collect();
        let signed = sign::sign(&sign::Request {
            signer: signers.of_zips(),
            kept: &kept,
            freshness: Freshness::Ignore,
            jobs: request.jobs,
            on_failure: OnFailure::KeepGoing,
            listener: request.listener,
        });
        for (package, result) in signed {
            match result {
                Ok(Some(identity)) => add(&package, "bundle", Ok(identity)),
                Ok(None) => {}
                Err(failure) => {
                    add(&package, "bundle", Err((failure.kind, troubled("signing-fails", &failure))))
                }
            }
        }
    }
    let attested: Vec<&Kept> = actors
        .iter()
        .filter(|actor| files::is_file(&beside(&actor.kept.path(), ATTESTATION_SUFFIX)))
        .map(|actor| &actor.copy)
        .collect();
    if let (Some(signer), Some(first)) = (signers.of_statements(), attested.first()) {
        let report = attest::attest(&attest::Request {
            packages: &attested,
            output: &first.folder,
            signer,
            jobs: request.jobs,
            on_failure: OnFailure::KeepGoing,
            listener: request.listener,
        })?;
        for package in report.packages {
            match package.outcome {
                AttestOutcome::Attested(made) | AttestOutcome::UpToDate(made) => {
                    add(&package.package, "attestation", Ok(made.signed_by));
                }
                AttestOutcome::Failed { failure, .. } => {
                    let trouble = (failure.kind, troubled("attesting-fails", &failure));
                    add(&package.package, "attestation", Err(trouble));
                }
                AttestOutcome::Refused | AttestOutcome::NotTried => {}
            }
        }
        for one in report.findings {
            let finding = Finding { code: "attesting-fails", ..one.finding };
            if let Some(first) = attested.iter().find(|kept| kept.receipt.plugin == one.plugin) {
                add(&first.receipt.package, "attestation", Err((FailureKind::Findings, finding)));
            }
        }
    }
    Ok(all)
}

/// Signs a package anew, then does what a host does with it.
fn play(signers: &Signers, actor: &Actor<'_>, found: &Tools, stage: &Path) -> Played {
    let mut played = Played::default();
    let result = signed(signers, actor, &mut played).and_then(|zip| {
        let files = accepted(signers, actor, &zip)?;
        let runs = found.this_machine == Some(actor.kept.receipt.target)
            || found.emulators.contains_key(&actor.kept.receipt.target);
        if runs {
            played.started = Some(start(actor, &install(actor, &files, stage)?, found)?);
        }
        Ok(())
    });
    if let Err(failure) = result {
        let failure = failure.context(actor.kept.label());
        played.trouble.push((failure.kind, troubled("rehearsal-fails", &failure)));
    }
    played
}

/// The package as these keys would have signed it.
fn signed(signers: &Signers, actor: &Actor<'_>, played: &mut Played) -> Result<Vec<u8>, Failure> {
    let receipt = &actor.kept.receipt;
    let zip = files::read_capped(&actor.copy.path(), PACKAGE_MAX)?;
    let contents = read_archive(&receipt.package, &zip);
    let step = |why: &str| Failure::new(FailureKind::Step, format!("{} {why}", receipt.package));
    let manifest = marks::manifest_of(&contents).ok_or_else(|| step("has no manifest that can be read"))?;
    let program = contents.entries.iter().find(|entry| entry.name == manifest.entry);
    let program = program.ok_or_else(|| step("lacks the program that its manifest names"))?;
    let mut made = Marks { binary: receipt.binary.to_string(), ..Marks::default() };
    if let Some(key) = &signers.ed25519 {
        made.signature = key.sign(&receipt.binary);
        if !key.public().verifies(&receipt.binary, &made.signature) {
            return Err(step("got a signature that doesn't verify"));
        }
        played.signed.push(format!("manifest by ed25519 key {}", key.public()));
    }
    if let Some(key) = &signers.cosign {
        let name = format!("{}{}", manifest.entry, verify::sidecars::SIGNATURE_SUFFIX);
        let bytes = key.sign(&program.bytes).into_bytes();
        made.detached = Some(PackageEntry { name: name.clone(), bytes, executable: false });
        played.signed.push(format!("{name} by cosign key {}", key.public().hint()));
    }
    let epoch = listing(&zip).and_then(|all| all.first()?.time.epoch()).unwrap_or_default();
    let carried = marks::carry(&receipt.package, &zip, &made, epoch);
    Ok(carried.ok_or_else(|| step("can't be packed with new signatures"))?.bytes)
}

/// What a host would install, after it has accepted the package with the signatures it was given.
fn accepted(signers: &Signers, actor: &Actor<'_>, zip: &[u8]) -> Result<Vec<PackageEntry>, Failure> {
    let receipt = &actor.kept.receipt;
    let keys: Vec<_> = signers.ed25519.iter().map(crate::signer::ed25519::Ed25519::public).collect();
    let trust =
        Trust { cosign: signers.cosign.iter().map(|key| key.public().clone()).collect(), ..Trust::default() };
    let policy = SignaturePolicy { required: !keys.is_empty(), keys };
    let expected = Expectation { policy, trust, ..Expectation::default() };
    let look = |binary: &[u8]| inspect::inspect(binary).map_err(|error| error.to_string());
    let verdict = verify::verify_bytes(&receipt.package, zip, &expected, look);
    if !verdict.is_accepted() {
        let refused = verdict.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let why: Vec<&str> = refused.map(|finding| finding.message.as_str()).collect();
        let message = format!("a host would refuse it, signed with these keys: {}", why.join("; "));
        return Err(Failure::new(FailureKind::Step, message));
    }
    let contents = read_archive(&receipt.package, zip);
    let located =
        locate_package(&contents).map_err(|finding| Failure::new(FailureKind::Step, finding.message))?;
    let entry = marks::manifest_of(&contents).map(|manifest| manifest.entry).unwrap_or_default();
    let program = located.files.iter().find(|(name, _)| *name == entry).map(|(_, program)| *program);
    let named = |name: &str, entry: &PackageEntry| PackageEntry { name: name.to_owned(), ..entry.clone() };
    let mut wanted = vec![named(MANIFEST_NAME, located.manifest)];
    wanted.extend(program.map(|program| named(&entry, program)));
    Ok(wanted)
}

/// Puts program and manifest where a host has its plugins; gives the program's path.
fn install(actor: &Actor<'_>, entries: &[PackageEntry], stage: &Path) -> Result<PathBuf, Failure> {
    let receipt = &actor.kept.receipt;
    let place = stage
        .join("host")
        .join(receipt.target.dashed())
        .join(receipt.kind.as_str())
        .join(receipt.plugin.as_str());
    files::create_folder(&place)?;
    let mut program = place.clone();
    for entry in entries {
        let path = place.join(&entry.name);
        files::write_atomic(&path, &entry.bytes, if entry.executable { 0o755 } else { 0o644 })?;
        if entry.executable {
            program = path;
        }
    }
    let look = |binary: &[u8]| inspect::inspect(binary).map_err(|error| error.to_string());
    let there = files::read_tree(&place)?;
    let there = there.into_iter().map(|(name, bytes, executable)| PackageEntry { name, bytes, executable });
    let verdict =
        verify::verify_folder(receipt.plugin.as_str(), there.collect(), &Expectation::default(), look);
    match verdict.findings.iter().find(|finding| finding.severity == Severity::Error) {
        Some(finding) => {
            let message = format!("a host would refuse what was installed: {}", finding.message);
            Err(Failure::new(FailureKind::Step, message))
        }
        None => Ok(program),
    }
}

/// Starts what was installed and holds its answer against the manifest beside it; says how it was started.
fn start(actor: &Actor<'_>, program: &Path, found: &Tools) -> Result<String, Failure> {
    let answer = interrogate::installed(&actor.kept.receipt, program, found)?;
    let text = files::read_text(&program.with_file_name(MANIFEST_NAME))?;
    let manifest = Manifest::read(&text).map_err(|error| {
        Failure::new(FailureKind::Step, format!("its installed plugin.json can't be read: {error}"))
    })?;
    let same = answer.module.canonical() == manifest.module.canonical()
        && answer.proto_version == manifest.proto_version;
    if same {
        return Ok(answer.how);
    }
    Err(Failure::new(
        FailureKind::Step,
        "installed and started, it declares something else than its plugin.json says",
    )
    .hint("build it again with --force"))
}
