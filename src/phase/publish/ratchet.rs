//! The ratchet: a release may not vouch for less than the plugin's previous one did. What users could rely on yesterday
//! (a target, a signature, a bundle, an attestation, the SBOM, who signed) is there today, or somebody says that it goes.
//!
//! The previous release is the highest published version below; drafts never count, and a stable version follows a stable
//! one where there is one. Most is told by the names in the list of releases, which is there anyway; besides that one
//! manifest is read by ranges and one bundle of each sort.

use std::collections::BTreeSet;

use super::local::Set;
use crate::forge::github::{GitHub, Piece};
use crate::model::bundle::{ATTESTATION_SUFFIX, BUNDLE_MAX, BUNDLE_SUFFIX, Bundle, Identity};
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::finding::{Finding, Severity};
use crate::model::manifest::Manifest;
use crate::model::package::PackageName;
use crate::model::release::{Asset, Release, ReleaseTag};
use crate::model::sbom::SBOM_SUFFIX;
use crate::model::signature::PublicKey;
use crate::model::target::Target;
use crate::phase::far::{self, FarError};
use crate::signer::names;
use crate::sys::files;

/// What can be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// A target.
    Target,
    /// The signature in the manifests.
    Signature,
    /// The bundle over a zip.
    Bundle,
    /// The attestation of a zip.
    Attestation,
    /// The SBOM.
    Sbom,
    /// Who signs.
    Signer,
}

impl Loss {
    /// All of them.
    pub const ALL: [Loss; 6] =
        [Loss::Target, Loss::Signature, Loss::Bundle, Loss::Attestation, Loss::Sbom, Loss::Signer];

    /// As it is typed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Loss::Target => "target",
            Loss::Signature => "signature",
            Loss::Bundle => "bundle",
            Loss::Attestation => "attestation",
            Loss::Sbom => "sbom",
            Loss::Signer => "signer",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Loss::Target => "lost-target",
            Loss::Signature => "lost-signature",
            Loss::Bundle => "lost-bundle",
            Loss::Attestation => "lost-attestation",
            Loss::Sbom => "lost-sbom",
            Loss::Signer => "lost-signer",
        }
    }
}

/// The release that this version is held against.
#[must_use]
pub fn previous<'a>(tag: &ReleaseTag, releases: &'a [Release]) -> Option<(ReleaseTag, &'a Release)> {
    let ours = tag.version.semver()?;
    let is_stable = |tag: &ReleaseTag, release: &Release| {
        !release.prerelease && tag.version.semver().is_some_and(|one| one.pre.is_empty())
    };
    let below: Vec<(ReleaseTag, &Release)> = releases
        .iter()
        .filter(|release| !release.draft)
        .filter_map(|release| Some((ReleaseTag::parse(&release.tag)?, release)))
        .filter(|(one, _)| one.key == tag.key && one.version.semver().is_some_and(|version| version < ours))
        .collect();
    let highest = |stable_only: bool| {
        let fits = below.iter().filter(|(tag, release)| !stable_only || is_stable(tag, release));
        fits.max_by(|(a, _), (b, _)| a.version.semver().cmp(&b.version.semver())).cloned()
    };
    if ours.pre.is_empty() { highest(true).or_else(|| highest(false)) } else { highest(false) }
}

/// Everything that a set lacks and the previous release has. What is accepted is a warning.
///
/// # Errors
/// When the previous release can't be asked.
pub(super) fn losses(
    forge: &GitHub,
    set: &Set,
    releases: &[Release],
    accepted: &[Loss],
) -> Result<Vec<Finding>, Failure> {
    let Some((tag, release)) = previous(&set.tag, releases) else { return Ok(Vec::new()) };
    let before = Before::of(&tag, release);
    let mut lost = before.by_name(set);
    before.by_manifest(forge, set, &mut lost)?;
    before.by_bundles(forge, set, &mut lost)?;
    let finding = |(loss, message): (Loss, String)| {
        if accepted.contains(&loss) {
            return Finding::warning(loss.code(), format!("{message} (accepted)"));
        }
        let hint = format!("add what is missing, or give it up with --accept-regression={}", loss.as_str());
        Finding { severity: Severity::Error, ..Finding::error(loss.code(), message) }.hint(hint)
    };
    Ok(lost.into_iter().map(finding).collect())
}

type Lost = Vec<(Loss, String)>;

/// The previous release, by what counts in it.
struct Before<'a> {
    tag: &'a ReleaseTag,
    assets: Vec<&'a Asset>,
    /// Its packages, by target.
    packages: Vec<(Target, &'a Asset)>,
}

impl<'a> Before<'a> {
    fn of(tag: &'a ReleaseTag, release: &'a Release) -> Before<'a> {
        let assets: Vec<&Asset> = release.assets.iter().filter(|asset| asset.complete).collect();
        let target = |asset: &&'a Asset| {
            let name = PackageName::parse(&asset.name)?;
            (name.key == tag.key && name.version.bare() == tag.version.bare())
                .then_some((name.target, *asset))
        };
        let mut packages: Vec<(Target, &Asset)> = assets.iter().filter_map(target).collect();
        let order = |target: Target| Target::ALL.iter().position(|one| *one == target).unwrap_or(usize::MAX);
        packages.sort_by_key(|(target, asset)| (order(*target), *target, asset.name.clone()));
        Before { tag, assets, packages }
    }

    fn asset(&self, name: &str) -> Option<&'a Asset> {
        self.assets.iter().find(|asset| asset.name == name).copied()
    }

    /// The packages whose companion with that ending was published.
    fn with(&self, suffix: &str) -> impl Iterator<Item = (Target, &'a Asset)> {
        self.packages
            .iter()
            .filter_map(move |(target, zip)| Some((*target, self.asset(&format!("{}{suffix}", zip.name))?)))
    }

    fn by_name(&self, set: &Set) -> Lost {
        let tag = self.tag;
        let ours: BTreeSet<Target> = set.packages.iter().map(|kept| kept.receipt.target).collect();
        let mut lost = Lost::new();
        let gone: Vec<String> = self
            .packages
            .iter()
            .filter(|(target, _)| !ours.contains(target))
            .map(|(target, _)| target.to_string())
            .collect();
        if !gone.is_empty() {
            lost.push((
                Loss::Target,
                format!("{tag} was for {} too, and this release isn't", gone.join(", ")),
            ));
        }
        for (loss, suffix, what) in [
            (Loss::Bundle, BUNDLE_SUFFIX, "a signature bundle"),
            (Loss::Attestation, ATTESTATION_SUFFIX, "an attestation"),
        ] {
            let lacks = |target: &Target| {
                let kept = set.packages.iter().find(|kept| kept.receipt.target == *target);
                kept.is_some_and(|kept| !has(set, &format!("{}{suffix}", kept.receipt.package)))
            };
            let gone: Vec<String> = self
                .with(suffix)
                .map(|(target, _)| target)
                .filter(lacks)
                .map(|target| target.to_string())
                .collect();
            if !gone.is_empty() {
                lost.push((
                    loss,
                    format!("{tag} had {what} for {}, and this release has none", gone.join(", ")),
                ));
            }
        }
        let is_sbom = |name: &str| name.ends_with(SBOM_SUFFIX);
        if self.assets.iter().any(|asset| is_sbom(&asset.name))
            && !set.files.iter().any(|file| is_sbom(&file.name))
        {
            lost.push((Loss::Sbom, format!("{tag} had an SBOM, and this release has none")));
        }
        lost
    }

    /// One package speaks for its siblings: all of a release are signed alike.
    fn by_manifest(&self, forge: &GitHub, set: &Set, lost: &mut Lost) -> Result<(), Failure> {
        let tag = self.tag;
        let Some((_, zip)) = self.packages.first() else { return Ok(()) };
        let text = match far::manifest(zip, |range| forge.read(zip, Some(range))) {
            Ok(text) => text,
            Err(FarError::Unreadable(why)) => {
                lost.push((Loss::Signature, format!("whether {tag} was signed can't be told: {why}")));
                return Ok(());
            }
            Err(FarError::Forge(error)) => return Err(error.into()),
        };
        let manifest = std::str::from_utf8(&text).ok().and_then(|text| Manifest::read(text).ok());
        let Some(manifest) = manifest else {
            lost.push((
                Loss::Signature,
                format!("whether {tag} was signed can't be told: its manifest can't be read"),
            ));
            return Ok(());
        };
        if manifest.signature.is_empty() {
            return Ok(());
        }
        match &set.signer {
            None => {
                lost.push((Loss::Signature, format!("the manifests of {tag} are signed, and these aren't")))
            }
            Some(signer) => {
                let digest = manifest.sha256.parse::<Sha256>().ok();
                let key = signer.parse::<PublicKey>().ok();
                let same =
                    key.zip(digest).is_some_and(|(key, digest)| key.verifies(&digest, &manifest.signature));
                if !same {
                    let message =
                        format!("the manifests of {tag} are signed by another key than these ({signer})");
                    lost.push((Loss::Signer, message));
                }
            }
        }
        Ok(())
    }

    fn by_bundles(&self, forge: &GitHub, set: &Set, lost: &mut Lost) -> Result<(), Failure> {
        for (suffix, what) in [(BUNDLE_SUFFIX, "bundles"), (ATTESTATION_SUFFIX, "attestations")] {
            let here = set.files.iter().filter(|file| is_plain(&file.name, suffix));
            let (Some((_, theirs)), Some(ours)) =
                (self.with(suffix).next(), here.min_by_key(|file| &file.name))
            else {
                continue;
            };
            let ours = Bundle::read(&files::read_capped(&ours.path, BUNDLE_MAX)?).ok();
            let ours = ours.as_ref().and_then(names::named);
            let before = if theirs.size > BUNDLE_MAX {
                None
            } else {
                let (Piece::Part { bytes, .. } | Piece::Whole(bytes)) = forge.read(theirs, None)?;
                Bundle::read(&bytes).ok().as_ref().and_then(names::named)
            };
            let shown = |identity: &Option<Identity>| match identity {
                // A hint doesn't say which kind of key it is.
                Some(Identity::Cosign { hint }) => format!("the key {}", hint.escape_debug()),
                Some(other) => other.to_string().escape_debug().to_string(),
                None => "somebody who can't be read".to_owned(),
            };
            let same = matches!((&before, &ours), (Some(a), Some(b)) if names::is_same(a, b));
            if !same {
                let message = format!(
                    "the {what} of {} are by {}, and these are by {}",
                    self.tag,
                    shown(&before),
                    shown(&ours)
                );
                lost.push((Loss::Signer, message));
            }
        }
        Ok(())
    }
}

fn has(set: &Set, name: &str) -> bool {
    set.files.iter().any(|file| file.name == name)
}

/// Whether a file is a companion of that very kind: an attestation's name ends as a bundle's does.
fn is_plain(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|zip| zip.ends_with(".zip"))
}
