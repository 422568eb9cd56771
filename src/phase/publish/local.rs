//! The files of one plugin's release, from receipts and zips alone: everything that forbids it is found here, before
//! the forge is asked anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::finding::Finding;
use crate::model::package::PACKAGE_MAX;
use crate::model::project::{Language, Plugin};
use crate::model::release::ReleaseTag;
use crate::model::sbom::file_name;
use crate::model::source::{self, Uncommitted, Why};
use crate::phase::package::checksums;
use crate::phase::packages::{self, Kept};
use crate::phase::sbom;
use crate::sys::{files, git};

/// How many files a refusal names.
const MOST_NAMED: usize = 5;

/// Whether sources may differ from their commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dirt {
    /// A release is made of committed sources only.
    Refuse,
    /// `--allow-dirty`.
    Allow,
}

/// Everything one release consists of.
#[derive(Clone, Debug)]
pub struct Set {
    /// The tag it gets.
    pub tag: ReleaseTag,
    /// The commit it is made from, where it is known.
    pub commit: Option<String>,
    /// The public key its packages are signed for.
    pub signer: Option<String>,
    /// Its files, sorted by name.
    pub files: Vec<LocalFile>,
    /// The packages among them.
    pub packages: Vec<Kept>,
}

impl Set {
    /// Whether the version is a pre-release.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        self.tag.version.semver().is_some_and(|version| !version.pre.is_empty())
    }
}

/// A file to be released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    /// Its name, there and here.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// Where it lies.
    pub path: PathBuf,
}

/// The version that a release can be named after, or why there is none.
///
/// # Errors
/// With a finding for `dev`.
pub fn tag(plugin: &Plugin) -> Result<ReleaseTag, Finding> {
    if plugin.version.semver().is_some() {
        return Ok(ReleaseTag { key: plugin.key.clone(), version: plugin.version.clone() });
    }
    let message = format!("{} has no version, so its release would have no name", plugin.place);
    Err(Finding::error("version-dev", message).hint(format!("write {}/VERSION, such as 0.1.0", plugin.place)))
}

/// The packages of a plugin that belong to a release of it, and what is missing or doesn't fit. Their contents are not
/// looked at.
#[must_use]
pub fn choose<'a>(plugin: &Plugin, shelf: &'a [Kept], dirt: Dirt) -> (Vec<&'a Kept>, Vec<Finding>) {
    let wanted = plugin.targets.complete();
    let ours = |kept: &&Kept| kept.receipt.plugin == plugin.key && kept.receipt.kind == plugin.kind;
    let (set, others): (Vec<&Kept>, Vec<&Kept>) =
        shelf.iter().filter(ours).partition(|kept| wanted.contains(&kept.receipt.target));
    let mut findings = Vec::new();
    let rebuild = format!("wick plugin build {} --all", plugin.key);
    let missing: Vec<String> = wanted
        .iter()
        .filter(|target| !set.iter().any(|kept| kept.receipt.target == **target))
        .map(ToString::to_string)
        .collect();
    if !missing.is_empty() {
        let message = format!("no package of {} for {}", plugin.key, missing.join(", "));
        findings.push(
            Finding::error("target-missing", message)
                .hint(format!("build what is missing: `{rebuild}`, or merge it from other machines")),
        );
    }
    let stale: Vec<String> = set
        .iter()
        .filter(|kept| kept.receipt.version != plugin.version)
        .map(|kept| format!("{} is {}", kept.receipt.target, kept.receipt.version))
        .collect();
    if !stale.is_empty() {
        let message = format!("{} is {}; of its packages {}", plugin.key, plugin.version, stale.join(", "));
        findings.push(Finding::error("version-differs", message).hint(format!("build it: `{rebuild}`")));
    } else {
        findings.extend(packages::disagreements(&set));
    }
    findings.extend(commit_findings(plugin, &set, dirt));
    for other in others {
        let message = format!("{} stays here: the plugin's targets don't name it", other.receipt.package);
        findings.push(Finding::note("target-extra", message));
    }
    (set, findings)
}

fn commit_findings(plugin: &Plugin, set: &[&Kept], dirt: Dirt) -> Option<Finding> {
    let of = |wanted: fn(&Kept) -> bool| -> Vec<String> {
        set.iter().filter(|kept| wanted(kept)).map(|kept| kept.receipt.target.to_string()).collect()
    };
    let unknown = of(|kept| kept.receipt.source.is_none());
    let dirty = of(|kept| kept.receipt.source.as_ref().is_some_and(|source| source.dirty));
    let (code, message, hint) = if !unknown.is_empty() {
        (
            "commit-unknown",
            format!("the commit that {} was built from is unknown ({})", plugin.key, unknown.join(", ")),
            "build it inside its git repository, or say --allow-dirty".to_owned(),
        )
    } else if !dirty.is_empty() {
        let sources = set.iter().filter_map(|kept| kept.receipt.source.as_ref());
        let files: BTreeSet<&Uncommitted> = sources.flat_map(|source| &source.uncommitted).collect();
        let named = source::listed(files.iter().copied(), MOST_NAMED);
        let named = if named.is_empty() { named } else { format!(": {named}") };
        let key = &plugin.key;
        (
            "commit-dirty",
            format!("{key} was built from sources that are in no commit ({}){named}", dirty.join(", ")),
            hint(plugin, &files),
        )
    } else {
        return None;
    };
    Some(match dirt {
        Dirt::Refuse => Finding::error(code, message).hint(hint),
        Dirt::Allow => Finding::warning(code, message),
    })
}

/// How to go on, by what has to be done first.
fn hint(plugin: &Plugin, files: &BTreeSet<&Uncommitted>) -> String {
    let any = |why: Why| files.iter().any(|file| file.why == why);
    let all = |why: Why| !files.is_empty() && files.iter().all(|file| file.why == why);
    let first = if any(Why::NotInCommit) && !plugin.generate.is_empty() {
        "commit it, or name it in .gitignore; if it is what `generate` writes, remove it and build again, so that `generate` \
         writes it"
            .to_owned()
    } else if any(Why::NotInCommit) {
        let how = if plugin.language() == Language::Go {
            r#"["go", "generate", "./..."]"#
        } else {
            r#"["make", "generated"]"#
        };
        format!(
            "commit it, or declare `generate` if a command writes it ([plugin.{}] generate = [{how}] in wick.toml); then build \
             again",
            plugin.key
        )
    } else if any(Why::Outside) {
        "move it into the repository, or take it from a registry by its version; then build again".to_owned()
    } else if let Some(file) = all(Why::LineEnds).then(|| wants_crlf(plugin, files)).flatten() {
        // Elsewhere a checkout would have these bytes as well, and they would still not be the commit's.
        let pattern = match file.rsplit_once('.') {
            Some((_, extension)) if !extension.contains('/') => format!("*.{extension}"),
            _ => file.to_owned(),
        };
        format!(
            "write `{pattern} -text` into .gitattributes instead of `eol=crlf`, commit the file as it is here (`git add \
             --renormalize {file}`) and build again"
        )
    } else if all(Why::LineEnds) {
        "have git leave line ends alone (`* text=auto eol=lf` in .gitattributes, or core.autocrlf=false), check out anew and \
         build again"
            .to_owned()
    } else if any(Why::Submodule) {
        "run `git submodule update --init`, and build again".to_owned()
    } else if any(Why::Unlisted) {
        "see what `wick plugin build --explain` says of it".to_owned()
    } else {
        "commit and build again (nothing is compiled anew)".to_owned()
    };
    format!("{first}; or say --allow-dirty")
}

/// The first of these files that attributes give other line ends than the commit has, on every machine.
fn wants_crlf<'a>(plugin: &Plugin, files: &BTreeSet<&'a Uncommitted>) -> Option<&'a str> {
    // A plugin's place is a kind and a key.
    let root = plugin.dir.ancestors().nth(2)?;
    let wants = |path: &str| git::line_ends(root, path).is_some_and(|eol| eol == "crlf");
    files.iter().map(|file| file.path.as_str()).find(|path| wants(path))
}

/// The files of a release: the packages, what lies beside them, and, written to `scratch`, a bill of materials and a
/// `checksums.txt` of exactly these packages. Where receipts don't say what a package consists of, a finding does.
///
/// # Errors
/// When a file can't be read or written.
pub fn assemble(tag: ReleaseTag, set: &[&Kept], scratch: &Path) -> Result<(Set, Option<Finding>), Failure> {
    let mut files = Vec::new();
    let mut digests = BTreeMap::new();
    for kept in set {
        let receipt = &kept.receipt;
        digests.insert(receipt.package.clone(), receipt.sha256);
        files.push(LocalFile {
            name: receipt.package.clone(),
            size: receipt.size,
            sha256: receipt.sha256,
            path: kept.path(),
        });
        for path in kept.sidecars() {
            files.push(describe(path)?);
        }
    }
    let folder = scratch.join(tag.key.as_str());
    files::create_folder(&folder)?;
    let finding = match sbom::describe(set) {
        Ok(bom) => {
            let path = folder.join(file_name(&tag.key, &tag.version));
            files::write_atomic(&path, bom.to_json().as_bytes(), 0o644)?;
            let described = describe(path)?;
            digests.insert(described.name.clone(), described.sha256);
            files.push(described);
            None
        }
        Err(finding) => Some(finding),
    };
    let path = folder.join(checksums::NAME);
    files::write_atomic(&path, checksums::text(&digests).as_bytes(), 0o644)?;
    files.push(describe(path)?);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let first = set.first().map(|kept| &kept.receipt);
    let set = Set {
        tag,
        commit: first.and_then(|receipt| Some(receipt.source.as_ref()?.commit.clone())),
        signer: first.and_then(|receipt| receipt.signed_by.clone()),
        files,
        packages: set.iter().map(|kept| (*kept).clone()).collect(),
    };
    Ok((set, finding))
}

fn describe(path: PathBuf) -> Result<LocalFile, Failure> {
    let bytes = files::read_capped(&path, PACKAGE_MAX)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(LocalFile { name, size: bytes.len() as u64, sha256: Sha256::of(&bytes), path })
}

#[cfg(test)]
mod tests;
