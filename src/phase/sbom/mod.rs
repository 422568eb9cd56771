//! Bill of materials: what a version of a plugin consists of, over all its targets, by the receipts of their builds.
//! Written beside the packages; a release gets one of exactly its packages.

#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::packages::{self, Kept};
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::finding::Finding;
use crate::model::names::PluginKey;
use crate::model::purl::purl;
use crate::model::receipt::{BuildReceipt, Composition, Dependency};
use crate::model::report::PluginFinding;
use crate::model::sbom::{Bom, Component, Edges, Hash, Licence, Metadata, Property, Tools, file_name};
use crate::sys::files;
use crate::toolchain::parts;

/// What was written: names and digests, and which plugins can't be described.
#[derive(Debug, Default)]
pub struct Written {
    /// The files, for `checksums.txt`.
    pub digests: BTreeMap<String, Sha256>,
    /// Plugins whose receipts don't say what they consist of.
    pub findings: Vec<PluginFinding>,
}

/// Writes the bill of materials of each version of these plugins that the folder holds packages of.
///
/// # Errors
/// When receipts can't be read or a file can't be written.
pub fn update(output: &Path, plugins: &BTreeSet<&PluginKey>) -> Result<Written, Failure> {
    let mut written = Written::default();
    if plugins.is_empty() {
        return Ok(written);
    }
    let (kept, _) = packages::read(output)?;
    let mut sets: BTreeMap<String, Vec<&Kept>> = BTreeMap::new();
    for one in kept.iter().filter(|one| plugins.contains(&one.receipt.plugin) && files::is_file(&one.path()))
    {
        sets.entry(file_name(&one.receipt.plugin, &one.receipt.version)).or_default().push(one);
    }
    for (name, set) in sets {
        let path = output.join(&name);
        match describe(&set) {
            Ok(bom) => {
                let text = bom.to_json();
                if !files::read(&path).is_ok_and(|there| there == text.as_bytes()) {
                    // Were the disk full now, an old one would stay and be believed.
                    files::remove(&path)?;
                    files::write_output(output, &path, text.as_bytes(), 0o644)?;
                }
                written.digests.insert(name, Sha256::of(text.as_bytes()));
            }
            Err(finding) => {
                // One that is there describes other packages.
                files::remove(&path)?;
                let plugin = set[0].receipt.plugin.clone();
                written.findings.push(PluginFinding { plugin, finding });
            }
        }
    }
    Ok(written)
}

/// The bill of materials of packages of one version of one plugin.
///
/// # Errors
/// With a finding when the receipt of a build is gone or doesn't say what it consists of.
pub fn describe(set: &[&Kept]) -> Result<Bom, Finding> {
    let mut builds: Vec<(BuildReceipt, Composition)> = Vec::new();
    for kept in set {
        let build = kept.build_receipt();
        let known = build.and_then(|build| build.composition.clone().map(|composition| (build, composition)));
        builds.push(known.ok_or_else(|| {
            let message = format!("what {} consists of isn't on record", kept.receipt.package);
            Finding::warning("sbom-missing", message).hint("build it again with --force")
        })?);
    }
    Ok(bom(&builds))
}

/// What is known of one component over all targets.
struct Merged<'a> {
    dependency: &'a Dependency,
    targets: BTreeSet<String>,
    needs: BTreeSet<&'a str>,
}

fn bom(builds: &[(BuildReceipt, Composition)]) -> Bom {
    let mut merged: BTreeMap<&str, Merged<'_>> = BTreeMap::new();
    for (build, composition) in builds {
        for dependency in &composition.dependencies {
            let one = merged.entry(&dependency.id).or_insert_with(|| Merged {
                dependency,
                targets: BTreeSet::new(),
                needs: BTreeSet::new(),
            });
            one.targets.insert(build.target.to_string());
            one.needs.extend(dependency.needs.iter().map(String::as_str));
        }
    }
    let main = plugin(builds);
    let direct = builds.iter().flat_map(|(_, composition)| &composition.direct).cloned();
    let own = Edges {
        reference: main.reference.clone().unwrap_or_default(),
        depends_on: direct.collect::<BTreeSet<String>>().into_iter().collect(),
    };
    let edges = merged.iter().map(|(id, one)| Edges {
        reference: (*id).to_owned(),
        depends_on: one.needs.iter().map(ToString::to_string).collect(),
    });
    let dependencies = std::iter::once(own).chain(edges).collect();
    let components = merged.values().map(|one| component(one, builds.len())).collect();
    let tools =
        Tools { components: vec![Component::named("application", "wick", env!("CARGO_PKG_VERSION"))] };
    Bom::new(Metadata { tools, component: main }, components, dependencies)
}

/// The plugin itself, with a component for each target's binary.
fn plugin(builds: &[(BuildReceipt, Composition)]) -> Component {
    let first = &builds[0].0;
    let (name, version) = (first.plugin.as_str(), first.version.bare());
    let address = purl("generic", name, version);
    let binary = |(build, _): &(BuildReceipt, Composition)| Component {
        reference: Some(format!("{address}#{}", build.target)),
        hashes: vec![Hash { alg: "SHA-256", content: build.sha256 }],
        properties: vec![property("wick:target", &build.target.to_string())],
        ..Component::named("application", name, version)
    };
    let components = builds.iter().map(binary).collect();
    let mut properties = vec![property("wick:kind", first.kind.as_str())];
    let tools: BTreeSet<String> = builds
        .iter()
        .flat_map(|(build, _)| parts::tools(&build.conditions))
        .map(|(tool, version)| format!("{tool} {version}"))
        .collect();
    properties.extend(tools.iter().map(|tool| property("wick:tool", tool)));
    Component {
        reference: Some(address.clone()),
        purl: Some(address),
        components,
        properties,
        ..Component::named("application", name, version)
    }
}

fn component(one: &Merged<'_>, targets: usize) -> Component {
    let dependency = one.dependency;
    let mut properties = Vec::new();
    if dependency.purl().is_none() {
        properties.push(property("wick:source", "the plugin's own repository"));
    }
    // A digest of the folder, not of a file: the format's hashes are of files.
    properties.extend(dependency.h1.as_deref().map(|sum| property("wick:go-sum", sum)));
    if one.targets.len() < targets {
        properties.extend(one.targets.iter().map(|target| property("wick:target", target)));
    }
    Component {
        reference: Some(dependency.id.clone()),
        hashes: dependency.sha256.iter().map(|sum| Hash { alg: "SHA-256", content: *sum }).collect(),
        licenses: dependency.licence.iter().map(|text| Licence::declared(text)).collect(),
        purl: dependency.purl().map(ToOwned::to_owned),
        properties,
        ..Component::named("library", &dependency.name, &dependency.version)
    }
}

fn property(name: &'static str, value: &str) -> Property {
    Property { name, value: value.to_owned() }
}
