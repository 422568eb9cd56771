//! Package: from a binary and what was learned of it to the zip a user installs. The signature is made on the way,
//! because hosts read it from the manifest inside; every zip is judged by a host's rules before it gets its name.

pub mod checksums;
pub(in crate::phase) mod marks;
pub mod source;
pub mod zip;

use std::collections::BTreeMap;

use super::build::BuildState;
use super::interrogate::Answers;
use super::verify;
use super::verify::sidecars::SIGNATURE_SUFFIX;
use super::{Freshness, Run, parallel, plan};
use crate::inspect;
use crate::model::digest::Sha256;
use crate::model::failure::{Explain, Failure, FailureKind};
use crate::model::finding::Severity;
use crate::model::manifest::{Manifest, SCHEMA_VERSION};
use crate::model::package::{MANIFEST_NAME, PACKAGE_MAX, PackageEntry};
use crate::model::plan::{Role, Route, Unit};
use crate::model::project::Plugin;
use crate::model::receipt::{BuildReceipt, Learned, PackageReceipt, RECEIPT_SCHEMA};
use crate::model::signature::SignaturePolicy;
use crate::signer::Signer;
use crate::signer::cosign::Cosign;
use crate::signer::ed25519::Ed25519;
use crate::sys::files::{self, Inside};
use crate::sys::git::WorkingTree;

/// Where a unit's package stands once its binary is ready.
#[derive(Clone, Debug)]
pub enum Standing {
    /// The zip is there and is what would be made again.
    UpToDate(Box<PackageReceipt>),
    /// It has to be made.
    Due {
        /// Everything that decides its bytes.
        conditions: BTreeMap<String, String>,
        /// Why.
        reasons: Vec<String>,
    },
    /// No package: a helper, or the binary isn't ready.
    None,
}

/// Decides which packages have to be made, for every unit of the plan.
#[must_use]
pub fn judge(run: &Run<'_>, states: &[BuildState]) -> Vec<Standing> {
    run.plan.units.iter().zip(states).map(|(unit, state)| standing(run, unit, state, states)).collect()
}

fn standing(run: &Run<'_>, unit: &Unit, state: &BuildState, states: &[BuildState]) -> Standing {
    let (Role::Package(name), BuildState::Ready { receipt, .. }) = (&unit.role, state) else {
        return Standing::None;
    };
    let speaker = match unit.route {
        Route::SameSource(at) => match &states[at] {
            BuildState::Ready { receipt, .. } => Some(receipt.sha256),
            // Interrogation reports why it can't be known.
            _ => None,
        },
        _ => None,
    };
    let conditions = conditions(run, unit, receipt, speaker);
    let due = |reasons: Vec<String>| Standing::Due { conditions: conditions.clone(), reasons };
    if run.freshness == Freshness::Ignore {
        return due(Vec::new());
    }
    let Some(before) = run.store.package_receipt(unit) else {
        return due(vec!["not packed before".to_owned()]);
    };
    let changed: Vec<String> = conditions
        .iter()
        .filter(|(name, now)| before.conditions.get(*name) != Some(now))
        .map(|(name, _)| name.clone())
        .chain(before.conditions.keys().filter(|name| !conditions.contains_key(*name)).cloned())
        .map(|name| format!("{name} changed"))
        .collect();
    if !changed.is_empty() {
        return due(changed);
    }
    let path = run.plan.output.join(name);
    if before.package != *name || run.fingerprints.file(&path) != Some(before.sha256) {
        return due(vec!["the package is gone or was altered".to_owned()]);
    }
    Standing::UpToDate(Box::new(before))
}

fn conditions(
    run: &Run<'_>,
    unit: &Unit,
    receipt: &BuildReceipt,
    speaker: Option<Sha256>,
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::from([
        ("binary".to_owned(), receipt.sha256.to_string()),
        ("version".to_owned(), unit.version.to_string()),
        ("file times".to_owned(), run.plan.epoch.to_string()),
        ("archive format".to_owned(), zip::FORMAT.to_owned()),
        ("wick".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        (
            "signer".to_owned(),
            run.signers.ed25519.as_ref().map_or_else(|| "none".to_owned(), |key| key.public().to_string()),
        ),
    ]);
    // Only where there is one, so that packages made before it could be said stay as they are.
    if let Some(key) = &run.signers.cosign {
        all.insert("cosign key".to_owned(), key.public().hint().to_owned());
    }
    let route = match &unit.route {
        Route::Execute => "execute".to_owned(),
        Route::Emulate(name) => format!("emulate with {name}"),
        Route::SameSource(_) => "same source".to_owned(),
        Route::Section => "section".to_owned(),
    };
    all.insert("way of learning the manifest".to_owned(), route);
    if let Some(speaker) = speaker {
        all.insert("binary that speaks for it".to_owned(), speaker.to_string());
    }
    let plugin = plan::plugin_of(unit, run.project);
    for name in &plugin.files {
        let path = plugin.dir.join(name);
        let digest = run.fingerprints.file(&path).map_or_else(|| "missing".to_owned(), |d| d.to_string());
        all.insert(
            format!("file {name}"),
            format!("{digest}{}", if is_program(&path) { " executable" } else { "" }),
        );
    }
    all
}

fn is_program(path: &std::path::Path) -> bool {
    files::mode(path).is_some_and(|mode| mode & 0o100 != 0)
}

/// Makes the due packages; gives each one's receipt or failure.
#[must_use]
pub fn package(
    run: &Run<'_>,
    states: &[BuildState],
    standings: &[Standing],
    answers: &Answers,
    tree: Option<&WorkingTree>,
) -> BTreeMap<usize, Result<PackageReceipt, Failure>> {
    let due: Vec<usize> = (0..standings.len())
        .filter(|at| matches!(standings[*at], Standing::Due { .. }) && matches!(answers.get(at), Some(Ok(_))))
        .collect();
    let results = parallel::each(
        "package",
        &due,
        run.plan.jobs,
        run.on_failure,
        run.listener,
        |at| run.plan.units[*at].label(),
        |at| {
            let result = match (&standings[*at], &states[*at], answers.get(at)) {
                (Standing::Due { conditions, .. }, BuildState::Ready { receipt, .. }, Some(Ok(learned))) => {
                    let unit = &run.plan.units[*at];
                    let plugin = plan::plugin_of(unit, run.project);
                    let source = source::state(tree, &run.project.root, plugin, &receipt.inputs);
                    pack(run, unit, receipt, conditions, learned).and_then(|made| {
                        let made = PackageReceipt { source, ..made };
                        run.store.keep_package(unit, &made).map(|()| made)
                    })
                }
                _ => Err(Failure::new(FailureKind::Bug, "a package was due without a binary")),
            };
            let outcome = parallel::outcome(&result, |receipt| receipt.package.clone());
            (result, outcome)
        },
    );
    due.into_iter().zip(results).filter_map(|(at, result)| Some((at, result?))).collect()
}

fn pack(
    run: &Run<'_>,
    unit: &Unit,
    receipt: &BuildReceipt,
    conditions: &BTreeMap<String, String>,
    learned: &Learned,
) -> Result<PackageReceipt, Failure> {
    let label = unit.label();
    let Role::Package(name) = &unit.role else {
        return Err(Failure::new(FailureKind::Bug, format!("{label}: a helper was to be packed")));
    };
    let binary = files::read_capped(&unit.binary, PACKAGE_MAX)?;
    if Sha256::of(&binary) != receipt.sha256 {
        run.store.forget_build(unit)?;
        return Err(Failure::new(
            FailureKind::Step,
            format!("{label}: {} was altered after it was built", unit.binary.display()),
        )
        .hint("run again: it will be built anew"));
    }
    let signature = run.signers.ed25519.as_ref().map(|key| key.sign(&receipt.sha256)).unwrap_or_default();
    let mut manifest = Manifest {
        schema_version: SCHEMA_VERSION,
        kind: String::new(),
        version: String::new(),
        proto_version: learned.proto_version,
        entry: String::new(),
        os_arch: Vec::new(),
        sha256: receipt.sha256.to_string(),
        signature,
        module: learned.module.clone(),
    };
    manifest.settle(unit.kind, &unit.plugin, unit.version.as_str(), unit.target);
    let plugin = plan::plugin_of(unit, run.project);
    let entries = entries(unit, plugin, binary, &manifest, run.signers.cosign.as_ref())?;
    let bytes = zip::write(&entries, run.plan.epoch)
        .map_err(|error| Failure::new(FailureKind::Step, format!("{label}: {error}")))?;
    judge_as_host(run, name, &bytes).map_err(|failure| failure.context(&label))?;
    files::write_atomic(&run.plan.output.join(name), &bytes, 0o644)?;
    Ok(PackageReceipt {
        schema: RECEIPT_SCHEMA,
        plugin: unit.plugin.clone(),
        kind: unit.kind,
        version: unit.version.clone(),
        target: unit.target,
        conditions: conditions.clone(),
        binary: receipt.sha256,
        package: name.clone(),
        sha256: Sha256::of(&bytes),
        size: bytes.len() as u64,
        signed_by: run.signers.ed25519.as_ref().map(|key| key.public().to_string()),
        cosigned_by: run.signers.cosign.as_ref().map(|key| key.public().hint().to_owned()),
        learned: learned.clone(),
        source: None,
    })
}

fn entries(
    unit: &Unit,
    plugin: &Plugin,
    binary: Vec<u8>,
    manifest: &Manifest,
    cosign: Option<&Cosign>,
) -> Result<Vec<PackageEntry>, Failure> {
    // What `cosign sign-blob --output-signature` writes; hosts leave it alone.
    let signature = cosign.map(|key| PackageEntry {
        name: format!("{}{SIGNATURE_SUFFIX}", unit.entry),
        bytes: key.sign(&binary).into_bytes(),
        executable: false,
    });
    let mut entries = vec![
        PackageEntry { name: unit.entry.clone(), bytes: binary, executable: true },
        PackageEntry {
            name: MANIFEST_NAME.to_owned(),
            bytes: manifest.to_json().into_bytes(),
            executable: false,
        },
    ];
    entries.extend(signature);
    for name in &plugin.files {
        // Again, and on what is then read: a link may lead elsewhere by now.
        let file = Inside::open(&plugin.dir, name).map_err(|why| {
            Failure::new(FailureKind::Project, format!("`{name}` of {} can't be packed: {why}", plugin.place))
        })?;
        let executable = file.executable();
        entries.push(PackageEntry { name: name.clone(), bytes: file.read(PACKAGE_MAX)?, executable });
    }
    Ok(entries)
}

/// A zip that a host would refuse never gets its name; with signers, their signatures must verify too.
fn judge_as_host(run: &Run<'_>, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let keys: Vec<_> = run.signers.ed25519.iter().map(Ed25519::public).collect();
    let policy = SignaturePolicy { required: !keys.is_empty(), keys };
    let trust = run.signers.cosign.as_ref().map(Signer::trust).unwrap_or_default();
    let look = |binary: &[u8]| inspect::inspect(binary).map_err(|error| error.to_string());
    let expected = verify::Expectation { policy, trust, ..Default::default() };
    let verdict = verify::verify_bytes(name, bytes, &expected, look);
    if run.signers.cosign.is_some() && verdict.binary_signed_by.is_none() && verdict.is_accepted() {
        return Err(Failure::new(FailureKind::Bug, "the binary's cosign signature is not in the package"));
    }
    if verdict.is_accepted() {
        return Ok(());
    }
    let refused = verdict.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let why: Vec<String> = refused.map(|finding| finding.message.clone()).collect();
    Err(Failure::new(FailureKind::Step, format!("a host would refuse the package: {}", why.join("; "))))
}

impl Explain for zip::ZipError {
    fn kind(&self) -> FailureKind {
        FailureKind::Step
    }
}
