//! What a release's attestations say of how it was made: tools, flags, times, the commit. Taken as a hint for the rebuild
//! and for naming causes, not as proof (`wick plugin verify` checks who signed): what decides is the bytes.

use std::collections::BTreeMap;

use super::published::Shelf;
use super::text;
use super::toolchains::Recorded;
use crate::model::bundle::{Bundle, Content};
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::finding::Finding;
use crate::model::reproduce::KnownFrom;
use crate::model::source::{self, Uncommitted};
use crate::model::statement::Statement;
use crate::model::target::Target;
use crate::phase::packages::{Kept, short};

/// What is said of each package, by target.
#[derive(Default)]
pub(super) struct Attested {
    statements: BTreeMap<Target, Statement>,
    /// What is wrong with attestations.
    pub(super) findings: Vec<Finding>,
}

/// What rebuilding says in other words or by another machine's names, or tells elsewhere: no cause.
const NO_CAUSE: [&str; 10] = [
    "cargo",
    "command",
    "env CARGO_ENCODED_RUSTFLAGS",
    "env CARGO_TARGET_DIR",
    "env GOTMPDIR",
    "env GOTOOLCHAIN",
    "env RUSTUP_TOOLCHAIN",
    "go tools",
    "go version",
    "rustc",
];

/// The most files of the sources that are named.
const MOST_NAMED: usize = 5;

/// Reads the attestations that lie beside the packages.
pub(super) fn read(shelf: &Shelf<'_>) -> Result<Attested, Failure> {
    let mut attested = Attested::default();
    for one in &shelf.packages {
        let Some(text) = one.attestation()? else { continue };
        match statement(&text, &one.name, one.sha256) {
            Ok(statement) => {
                attested.statements.insert(one.target, statement);
            }
            Err(why) => {
                let message = format!("the attestation of {} says nothing for the rebuild: {why}", one.name);
                attested.findings.push(Finding::warning("attestation-unusable", message));
            }
        }
    }
    Ok(attested)
}

fn statement(text: &[u8], name: &str, sha256: Sha256) -> Result<Statement, String> {
    let bundle = Bundle::read(text).map_err(|error| error.to_string())?;
    let Content::DsseEnvelope(envelope) = &bundle.content else {
        return Err("it is a signature over a file".to_owned());
    };
    let text = envelope.text().map_err(|error| error.to_string())?;
    let statement = Statement::read(&text).map_err(|error| error.to_string())?;
    match statement.digest_of(name) {
        Some(digest) if digest == sha256 => Ok(statement),
        _ => Err("it is about another file".to_owned()),
    }
}

impl Attested {
    /// The compilers, as their own version lines have them.
    pub(super) fn recorded(&self) -> Recorded {
        let mut versions = BTreeMap::new();
        let builds =
            self.statements.values().map(|one| &one.predicate.build_definition.internal_parameters.build);
        for (name, value) in builds.flatten() {
            let version = match name.as_str() {
                "go version" => Some(("go", value.clone())),
                "rustc" => {
                    let line = value.split(';').next().unwrap_or_default();
                    line.strip_prefix("rustc ").map(|version| ("rustc", version.trim().to_owned()))
                }
                _ => None,
            };
            if let Some((tool, version)) = version {
                versions.insert(tool.to_owned(), (version, KnownFrom::Attestation));
            }
        }
        Recorded { versions }
    }

    /// What a package's bytes depend on beside its binary, as it is said of any of them.
    fn packing(&self, name: &str) -> Option<&String> {
        self.statements
            .values()
            .find_map(|one| one.predicate.build_definition.internal_parameters.package.get(name))
    }

    /// The time of the files in the packages, seconds since 1970.
    pub(super) fn epoch(&self) -> Option<u64> {
        self.packing("file times")?.parse().ok()
    }

    /// Who packed then, and who packs now.
    pub(super) fn packers(&self) -> Option<(String, String)> {
        let there = (self.packing("wick")?, self.packing("archive format")?);
        let shown = |wick: &str, format: &str| {
            format!("wick {} ({})", text::printable(wick), text::printable(format))
        };
        let here = shown(env!("CARGO_PKG_VERSION"), crate::phase::package::zip::FORMAT);
        Some((shown(there.0, there.1), here))
    }

    /// What contradicts the tag: another commit, or sources that are in none.
    pub(super) fn sources(&self, tag: &str, commit: &str) -> Vec<Finding> {
        let resolved =
            self.statements.values().map(|one| &one.predicate.build_definition.resolved_dependencies);
        let mut findings: Vec<Finding> = Vec::new();
        for dependency in resolved.flatten() {
            let Some(said) = dependency.digest.get("gitCommit") else { continue };
            if said != commit {
                let message = format!(
                    "its attestation says it was made from the commit {}, and the tag {tag} is {}",
                    text::printable(&short(said)),
                    short(commit)
                );
                findings.push(Finding::error("commit-differs", message));
            }
            if dependency.annotations.get("dirty") == Some(&true) {
                let files = self
                    .statements
                    .values()
                    .flat_map(|one| &one.predicate.build_definition.internal_parameters.uncommitted);
                let files: std::collections::BTreeSet<&Uncommitted> = files.collect();
                let named = source::listed(files, MOST_NAMED);
                let named = if named.is_empty() { named } else { format!(": {}", text::printable(&named)) };
                let message = format!(
                    "its attestation says that its sources differed from the commit, so they can't be had again{named}"
                );
                findings.push(Finding::warning("commit-dirty", message));
            }
        }
        findings.dedup();
        findings
    }

    /// The conditions of a build that are others now.
    pub(super) fn conditions(&self, kept: &Kept) -> Vec<Finding> {
        let (Some(statement), Some(receipt)) =
            (self.statements.get(&kept.receipt.target), kept.build_receipt())
        else {
            return Vec::new();
        };
        let there = &statement.predicate.build_definition.internal_parameters.build;
        let names = there.keys().chain(receipt.conditions.keys()).collect::<std::collections::BTreeSet<_>>();
        let value = |all: &BTreeMap<String, String>, name: &String| {
            all.get(name).map_or("unset".to_owned(), |value| format!("`{}`", text::printable(value)))
        };
        names
            .into_iter()
            .filter(|name| !NO_CAUSE.contains(&name.as_str()) && !name.starts_with("read "))
            .filter(|name| there.get(*name) != receipt.conditions.get(*name))
            .map(|name| {
                let (a, b) = (value(there, name), value(&receipt.conditions, name));
                let (a, b) = if name.starts_with("env ") && a.starts_with('`') && b.starts_with('`') {
                    // Variables are told by short digests.
                    ("another value".to_owned(), "this one".to_owned())
                } else {
                    (a, b)
                };
                let message = format!("the build's {}: {a} there, {b} here", text::printable(name));
                Finding::error("condition-differs", message)
            })
            .collect()
    }
}
