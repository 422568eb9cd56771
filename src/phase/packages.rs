//! The packages of an output folder as their receipts tell them, and whether the files still agree. Reads only:
//! what release and merge have in common.

use std::path::{Path, PathBuf};

use super::verify::attestation::{self, Attested};
use super::verify::{self, Sidecars};
use crate::inspect;
use crate::inspect::archive::{locate_package, read_archive};
use crate::model::bundle::{ATTESTATION_SUFFIX, BUNDLE_SUFFIX, Bundle};
use crate::model::digest::Sha256;
use crate::model::finding::{Finding, Severity};
use crate::model::names::PluginKey;
use crate::model::package::{PACKAGE_MAX, PackageName, beside};
use crate::model::receipt::{BuildReceipt, PackageReceipt, RECEIPT_SCHEMA};
use crate::model::signature::{PublicKey, SignaturePolicy};
use crate::signer::names;
use crate::sys::files::{self, FileError};

/// Where receipts lie in an output folder.
pub const RECEIPTS: &str = ".wick/receipts";

/// What ends the names of files that belong to a package: bundles and detached signatures.
const SIDECARS: [&str; 3] = [BUNDLE_SUFFIX, ATTESTATION_SUFFIX, ".sig"];

/// A package and the receipt that says what it is.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What it was made from.
    pub receipt: PackageReceipt,
    /// The output folder.
    pub folder: PathBuf,
    /// The name its receipts begin with.
    pub id: String,
}

impl Kept {
    /// The zip.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.receipt.package)
    }

    /// Its receipt's file.
    #[must_use]
    pub fn receipt_path(&self) -> PathBuf {
        self.folder.join(RECEIPTS).join(format!("{}.package.json", self.id))
    }

    /// The file of its binary's receipt, which may be missing.
    #[must_use]
    pub fn build_receipt_path(&self) -> PathBuf {
        self.folder.join(RECEIPTS).join(format!("{}.build.json", self.id))
    }

    /// What its binary was made from, where that is known.
    #[must_use]
    pub fn build_receipt(&self) -> Option<BuildReceipt> {
        let text = files::read(&self.build_receipt_path()).ok()?;
        serde_json::from_slice(&text).ok().filter(|receipt: &BuildReceipt| {
            receipt.schema == RECEIPT_SCHEMA && receipt.sha256 == self.receipt.binary
        })
    }

    /// The files that lie beside the zip and belong to it.
    #[must_use]
    pub fn sidecars(&self) -> Vec<PathBuf> {
        SIDECARS.iter().map(|end| beside(&self.path(), end)).filter(|path| files::is_file(path)).collect()
    }

    /// Its bundle as the file says it, where there is one; or why it isn't one over this package.
    #[must_use]
    pub fn bundle(&self) -> Option<Result<Bundle, String>> {
        let text = Sidecars::of(&self.path()).bundle?;
        Some(text.and_then(|text| verify::sidecars::is_over(&text, &self.receipt.sha256)))
    }

    /// Who its attestation says has signed it.
    fn attested_by(&self) -> String {
        match Sidecars::of(&self.path()).attestation {
            None => "not attested".to_owned(),
            Some(text) => {
                match text.and_then(|text| Bundle::read(&text).map_err(|error| error.to_string())) {
                    Ok(bundle) => names::says_signer(&bundle),
                    Err(_) => "none that can be read".to_owned(),
                }
            }
        }
    }

    /// `slack linux/amd64`, for people.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.receipt.plugin, self.receipt.target)
    }
}

/// A receipt that can't be read.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// The plugin it is of, by its file name.
    pub plugin: Option<PluginKey>,
    /// Why.
    pub finding: Finding,
}

/// The packages that receipts of this folder tell of, and what is wrong with receipts. Folders without receipts have
/// none.
///
/// # Errors
/// When the folder is missing or can't be read.
pub fn read(folder: &Path) -> Result<(Vec<Kept>, Vec<Unreadable>), FileError> {
    // A folder that isn't there is an error; one that nothing was built into is not.
    files::list(folder)?;
    let receipts = folder.join(RECEIPTS);
    let names =
        if files::kind(&receipts) == files::Kind::Folder { files::list(&receipts)? } else { Vec::new() };
    let (mut kept, mut unreadable) = (Vec::new(), Vec::new());
    for name in names {
        let Some(id) = name.strip_suffix(".package.json") else { continue };
        match read_one(folder, id) {
            Ok(one) => kept.push(one),
            Err(why) => {
                let finding = Finding::error(
                    "receipt-unreadable",
                    format!("{}: {why}", receipts.join(&name).display()),
                )
                .hint("build that plugin again with this wick");
                // Neither kinds nor keys have a dash.
                let plugin = id.split('-').nth(1).and_then(|key| key.parse().ok());
                unreadable.push(Unreadable { plugin, finding });
            }
        }
    }
    kept.sort_by_key(|one| (one.receipt.kind, one.receipt.plugin.clone(), order(one)));
    Ok((kept, unreadable))
}

/// Targets in the order of a complete release, others behind them.
pub(super) fn order(kept: &Kept) -> (usize, crate::model::target::Target) {
    let all = crate::model::target::Target::ALL;
    (all.iter().position(|one| *one == kept.receipt.target).unwrap_or(all.len()), kept.receipt.target)
}

/// A receipt that may come from another machine: what it says of names is held against its own name.
fn read_one(folder: &Path, id: &str) -> Result<Kept, String> {
    let path = folder.join(RECEIPTS).join(format!("{id}.package.json"));
    let text = files::read(&path).map_err(|error| error.to_string())?;
    let receipt: PackageReceipt = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    if receipt.schema != RECEIPT_SCHEMA {
        return Err(format!("it has schema {}, and this wick reads {RECEIPT_SCHEMA}", receipt.schema));
    }
    let name =
        PackageName { key: receipt.plugin.clone(), version: receipt.version.clone(), target: receipt.target };
    if receipt.package != name.to_string() {
        return Err(format!("it names `{}` where `{name}` is meant", receipt.package.escape_debug()));
    }
    if id != format!("{}-{}-{}", receipt.kind, receipt.plugin, receipt.target.dashed()) {
        return Err(format!("it is the receipt of {} {}", receipt.plugin, receipt.target));
    }
    Ok(Kept { receipt, folder: folder.to_owned(), id: id.to_owned() })
}

/// Whether a package is what its receipt says, what its attestation says, and what a host accepts: every reason
/// against it.
#[must_use]
pub fn examine(kept: &Kept) -> Vec<Finding> {
    match open(kept) {
        Ok(bytes) => {
            let mut findings = judge(kept, &bytes);
            findings.extend(misfits(kept, &bytes));
            findings
        }
        Err(finding) => vec![finding],
    }
}

const AGAIN: &str = "build it again; a package is never changed after it is made";

/// A package's bytes, which are those of its receipt.
///
/// # Errors
/// With a finding when it is gone or was altered.
pub fn open(kept: &Kept) -> Result<Vec<u8>, Finding> {
    let receipt = &kept.receipt;
    let bytes = files::read_capped(&kept.path(), PACKAGE_MAX).map_err(|error| {
        let missing = if error.is_missing() { "is gone" } else { "can't be read" };
        let message = format!("{} {missing}; its receipt is there", receipt.package);
        Finding::error("package-missing", message).hint("build it again")
    })?;
    let digest = Sha256::of(&bytes);
    if digest != receipt.sha256 || bytes.len() as u64 != receipt.size {
        let message =
            format!("{} has the digest {digest}; its receipt says {}", receipt.package, receipt.sha256);
        return Err(Finding::error("package-altered", message).hint(AGAIN));
    }
    Ok(bytes)
}

/// Whether a host accepts a package, signed as its receipt says: every reason against it.
#[must_use]
pub fn judge(kept: &Kept, bytes: &[u8]) -> Vec<Finding> {
    let receipt = &kept.receipt;
    let keys: Vec<PublicKey> = match receipt.signed_by.as_deref().map(str::parse).transpose() {
        Ok(key) => key.into_iter().collect(),
        Err(error) => {
            let message = format!("{}: its receipt's signer: {error}", receipt.package);
            return vec![Finding::error("signer-unreadable", message).hint(AGAIN)];
        }
    };
    let policy = SignaturePolicy { required: !keys.is_empty(), keys };
    let expected = verify::Expectation { policy, ..Default::default() };
    let look = |binary: &[u8]| inspect::inspect(binary).map_err(|error| error.to_string());
    let verdict = verify::verify_bytes(&receipt.package, bytes, &expected, look);
    let refused = verdict.findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    refused
        .map(|finding| Finding { message: format!("{}: {}", receipt.package, finding.message), ..finding })
        .collect()
}

/// What lies beside a package and isn't of it. Who signed is not asked here.
fn misfits(kept: &Kept, bytes: &[u8]) -> Vec<Finding> {
    let package = &kept.receipt.package;
    let bundle = kept.bundle().and_then(Result::err).map(|why| {
        Finding::error("bundle-mismatch", format!("{package}{BUNDLE_SUFFIX}: {why}"))
            .hint("build again with the key that is to sign: bundles that don't fit are replaced")
    });
    let attestation = Sidecars::of(&kept.path()).attestation;
    let contents = read_archive(package, bytes);
    let wrong = match locate_package(&contents) {
        Ok(located) if attestation.is_some() => {
            let attested = Attested { archive: Sha256::of(bytes), located: &located };
            attestation::judge(&attestation, &attested, &verify::Expectation::default()).findings
        }
        _ => Vec::new(),
    };
    let wrong = wrong.into_iter().filter(|finding| finding.severity == Severity::Error);
    let named = wrong.map(|finding| {
        let message = format!("{package}: {}", finding.message);
        Finding { message, ..finding }
            .hint("run `wick plugin attest` again: attestations that don't fit are replaced")
    });
    bundle.into_iter().chain(named).collect()
}

/// What must be the same in all packages of one release, and isn't.
#[must_use]
pub fn disagreements(set: &[&Kept]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut compare = |code: &'static str, what: &str, hint: &str, of: &dyn Fn(&Kept) -> String| {
        let Some(first) = set.first() else { return };
        if let Some(other) = set.iter().find(|one| of(one) != of(first)) {
            let message = format!(
                "{what}: {} for {}, {} for {}",
                of(first),
                first.receipt.target,
                of(other),
                other.receipt.target
            );
            findings.push(Finding::error(code, message).hint(hint));
        }
    };
    let build = "build all targets of the plugin from the same commit";
    compare("versions-differ", "the packages have different versions", build, &|one| {
        one.receipt.version.to_string()
    });
    compare("commits-differ", "the packages are from different commits", build, &|one| {
        one.receipt.source.as_ref().map_or_else(|| "no commit".to_owned(), |source| short(&source.commit))
    });
    compare(
        "signers-differ",
        "the packages are signed by different keys",
        "build all targets with the same --sign-key",
        &|one| one.receipt.signed_by.clone().unwrap_or_else(|| "no signature".to_owned()),
    );
    compare(
        "cosigners-differ",
        "the binaries are signed by different cosign keys",
        "build all targets with the same --cosign-key",
        &|one| one.receipt.cosigned_by.clone().unwrap_or_else(|| "no signature".to_owned()),
    );
    compare(
        "bundles-differ",
        "the packages' bundles are by different signers",
        "build all targets with the same --cosign-key; a release has bundles for all of its packages, or for none",
        &|one| match one.bundle() {
            None => "no bundle".to_owned(),
            Some(Ok(bundle)) => names::says_signer(&bundle),
            Some(Err(_)) => "none that fits".to_owned(),
        },
    );
    compare(
        "attestations-differ",
        "not all packages are attested by the same",
        "run `wick plugin attest` over all of them with one key; a release has attestations for all of its packages, or for none",
        &Kept::attested_by,
    );
    findings
}

/// A commit as people name it.
#[must_use]
pub fn short(commit: &str) -> String {
    commit.chars().take(12).collect()
}
