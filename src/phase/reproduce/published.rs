//! What is published of one version: the zips of its release, or those of a folder. Digests first; bytes only when
//! somebody asks for them.

use std::path::{Path, PathBuf};

use crate::forge::github::{GitHub, Piece};
use crate::inspect::archive::read_archive;
use crate::model::bundle::{ATTESTATION_SUFFIX, BUNDLE_MAX};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, FailureKind};
use crate::model::manifest::Manifest;
use crate::model::package::{PACKAGE_MAX, PackageName};
use crate::model::release::{Asset, Release, ReleaseTag};
use crate::model::target::Target;
use crate::phase::far;
use crate::phase::package::marks::Marks;
use crate::sys::files;

/// What a rebuilt release is compared with.
#[derive(Clone, Copy)]
pub enum Against<'a> {
    /// The release of that tag.
    Forge(&'a GitHub),
    /// The packages in a folder.
    Folder(&'a Path),
}

/// A published package.
pub(super) struct Published<'a> {
    pub(super) target: Target,
    pub(super) name: String,
    pub(super) sha256: Sha256,
    from: From<'a>,
    /// Bytes that had to be read already, to know the digest.
    known: Option<Vec<u8>>,
    /// Its attestation, where the forge has one.
    attestation: Option<Asset>,
}

enum From<'a> {
    Asset(&'a GitHub, Box<Asset>),
    File(PathBuf),
}

/// The published packages of a version, in the order of targets; never none.
pub(super) struct Shelf<'a> {
    pub(super) packages: Vec<Published<'a>>,
}

/// Looks for the packages of `tag`.
pub(super) fn find<'a>(against: Against<'a>, tag: &ReleaseTag) -> Result<Shelf<'a>, Failure> {
    let mut packages = match against {
        Against::Forge(forge) => {
            let release = forge.published(&tag.to_string())?.ok_or_else(|| {
                Failure::new(
                    FailureKind::Missing,
                    format!("{} has no published release {tag}", forge.repository()),
                )
                .hint("compare with a folder of its zips by --against DIR")
            })?;
            assets(forge, &release, tag)?
        }
        Against::Folder(folder) => in_folder(folder, tag)?,
    };
    if packages.is_empty() {
        let place = match against {
            Against::Forge(forge) => format!("the release {tag} of {}", forge.repository()),
            Against::Folder(folder) => folder.display().to_string(),
        };
        return Err(Failure::new(
            FailureKind::Missing,
            format!("{place} has no package of {} {}", tag.key, tag.version.bare()),
        ));
    }
    let order =
        |target: Target| (Target::ALL.iter().position(|one| *one == target).unwrap_or(usize::MAX), target);
    packages.sort_by_key(|one| order(one.target));
    Ok(Shelf { packages })
}

/// The target of a package of that version; tarballs are not ours.
fn target_of(name: &str, tag: &ReleaseTag) -> Option<Target> {
    let parsed = PackageName::parse(name).filter(|_| name.ends_with(".zip"))?;
    (parsed.key == tag.key && parsed.version.bare() == tag.version.bare()).then_some(parsed.target)
}

fn assets<'a>(forge: &'a GitHub, release: &Release, tag: &ReleaseTag) -> Result<Vec<Published<'a>>, Failure> {
    let mut packages = Vec::new();
    for asset in release.assets.iter().filter(|asset| asset.complete) {
        let Some(target) = target_of(&asset.name, tag) else { continue };
        let (sha256, known) = match asset.digest {
            Some(digest) => (digest, None),
            None => {
                let bytes = download(forge, asset)?;
                (Sha256::of(&bytes), Some(bytes))
            }
        };
        let from = From::Asset(forge, Box::new(asset.clone()));
        let beside = format!("{}{ATTESTATION_SUFFIX}", asset.name);
        let attestation = release.assets.iter().find(|one| one.complete && one.name == beside).cloned();
        packages.push(Published { target, name: asset.name.clone(), sha256, from, known, attestation });
    }
    Ok(packages)
}

fn in_folder<'a>(folder: &Path, tag: &ReleaseTag) -> Result<Vec<Published<'a>>, Failure> {
    let mut packages = Vec::new();
    for name in files::list(folder)? {
        let Some(target) = target_of(&name, tag) else { continue };
        let path = folder.join(&name);
        let (_, sha256) = files::digest(&path)?;
        packages.push(Published {
            target,
            name,
            sha256,
            from: From::File(path),
            known: None,
            attestation: None,
        });
    }
    Ok(packages)
}

/// All bytes of an asset, checked against what the forge says of it.
pub(super) fn download(forge: &GitHub, asset: &Asset) -> Result<Vec<u8>, Failure> {
    let said = |why: String| Failure::new(FailureKind::Remote, format!("can't read {}: {why}", asset.name));
    if asset.size > PACKAGE_MAX {
        return Err(said(format!("it has {} bytes; at most {PACKAGE_MAX} are read", asset.size)));
    }
    let (Piece::Part { bytes, .. } | Piece::Whole(bytes)) = forge.read(asset, None)?;
    far::check_whole(asset, &bytes).map_err(said)?;
    Ok(bytes)
}

impl Published<'_> {
    /// All of it.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, Failure> {
        match (&self.known, &self.from) {
            (Some(bytes), _) => Ok(bytes.clone()),
            (None, From::Asset(forge, asset)) => download(forge, asset),
            (None, From::File(path)) => {
                let bytes = files::read_capped(path, PACKAGE_MAX)?;
                if Sha256::of(&bytes) != self.sha256 {
                    let message = format!("{} changed while it was compared", path.display());
                    return Err(Failure::new(FailureKind::Step, message).hint("run again"));
                }
                Ok(bytes)
            }
        }
    }

    /// Its attestation, unread, if there is one of a size to be read.
    pub(super) fn attestation(&self) -> Result<Option<Vec<u8>>, Failure> {
        match (&self.from, &self.attestation) {
            (From::Asset(forge, _), Some(asset)) if asset.size <= BUNDLE_MAX => {
                download(forge, asset).map(Some)
            }
            (From::Asset(..), _) => Ok(None),
            (From::File(path), _) => {
                let beside = path.with_file_name(format!("{}{ATTESTATION_SUFFIX}", self.name));
                if !files::is_file(&beside) {
                    return Ok(None);
                }
                Ok(Some(files::read_capped(&beside, BUNDLE_MAX)?))
            }
        }
    }

    /// What only the key's owner can make, as far as the manifest tells; read by ranges.
    pub(super) fn marks(&self) -> Result<Option<Marks>, Failure> {
        if let (None, From::Asset(forge, asset)) = (&self.known, &self.from) {
            let text = far::manifest(asset, |range| forge.read(asset, Some(range)))?;
            let manifest = std::str::from_utf8(&text).ok().and_then(|text| Manifest::read(text).ok());
            return Ok(manifest.as_ref().map(Marks::of_manifest));
        }
        Ok(Marks::of_package(&read_archive(&self.name, &self.bytes()?)))
    }
}
