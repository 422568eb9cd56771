//! What is claimed of a package: from its two receipts to a statement. Pure; the same receipts give the same text.

use std::collections::BTreeMap;

use crate::model::package::MANIFEST_NAME;
use crate::model::purl::purl;
use crate::model::receipt::{BuildReceipt, Origin, PackageReceipt, SourceState};
use crate::model::statement::{
    BUILD_TYPE, BuildDefinition, Builder, Internals, ManifestEvidence, Metadata, Parameters, Provenance,
    Resource, RunDetails, Statement, Subject,
};
use crate::toolchain::parts;

/// The files that a statement is about.
pub struct Files<'a> {
    /// The package's bytes.
    pub package: &'a [u8],
    /// The binary's name inside, and its bytes.
    pub binary: (&'a str, &'a [u8]),
    /// The manifest's bytes.
    pub manifest: &'a [u8],
}

/// The statement about a package.
#[must_use]
pub fn statement(
    package: &PackageReceipt,
    build: &BuildReceipt,
    origin: &Origin,
    files: &Files<'_>,
) -> Statement {
    let subject = vec![
        Subject::of(&package.package, files.package),
        Subject::of(files.binary.0, files.binary.1),
        Subject::of(MANIFEST_NAME, files.manifest),
    ];
    let folder = format!("{}/{}", package.kind, package.plugin);
    let parameters = Parameters {
        plugin: package.plugin.clone(),
        kind: package.kind,
        version: package.version.clone(),
        target: package.target,
        source: if origin.folder.is_empty() { folder } else { format!("{}/{folder}", origin.folder) },
    };
    let internals = Internals {
        build: build.conditions.iter().map(shown).collect(),
        package: package.conditions.clone(),
        manifest: ManifestEvidence {
            evidence: package.learned.evidence.as_str().to_owned(),
            how: package.learned.how.clone(),
        },
        uncommitted: package.source.iter().flat_map(|source| source.uncommitted.clone()).collect(),
    };
    let mut resolved: Vec<Resource> = package.source.iter().map(|source| sources(source, origin)).collect();
    resolved.extend(parts::tools(&build.conditions).into_iter().map(|(name, version)| Resource {
        name: name.to_owned(),
        uri: purl("generic", name, &version),
        ..Resource::default()
    }));
    resolved.extend(build.composition.iter().flat_map(|composition| &composition.dependencies).filter_map(
        |dependency| {
            let sha256 = dependency.sha256.map(|sum| ("sha256".to_owned(), sum.to_string()));
            let folder = dependency.h1.as_deref().and_then(Resource::dir_hash);
            let digest = sha256.into_iter().chain(folder.map(|hash| ("dirHash".to_owned(), hash)));
            Some(Resource {
                name: dependency.name.clone(),
                uri: dependency.purl()?.to_owned(),
                digest: digest.collect(),
                ..Resource::default()
            })
        },
    ));
    let wick = package.conditions.get("wick").map(|version| ("wick".to_owned(), version.clone()));
    Statement::new(
        subject,
        Provenance {
            build_definition: BuildDefinition {
                build_type: BUILD_TYPE.to_owned(),
                external_parameters: parameters,
                internal_parameters: internals,
                resolved_dependencies: resolved,
            },
            run_details: RunDetails {
                builder: Builder { id: origin.builder.clone(), version: wick.into_iter().collect() },
                metadata: origin.invocation.clone().map(|invocation_id| Metadata { invocation_id }),
            },
        },
    )
}

/// Conditions as everybody may read them. Receipts hold short digests of variables; of those that only some build
/// script read, which may be somebody's password, a statement says whether they were set.
fn shown((name, value): (&String, &String)) -> (String, String) {
    let is_private = name.starts_with("read ") && value != "unset";
    (name.clone(), if is_private { "set".to_owned() } else { value.clone() })
}

fn sources(source: &SourceState, origin: &Origin) -> Resource {
    Resource {
        name: "sources".to_owned(),
        uri: origin.repository.as_ref().map(|repository| format!("git+{repository}")).unwrap_or_default(),
        digest: BTreeMap::from([("gitCommit".to_owned(), source.commit.clone())]),
        annotations: if source.dirty {
            BTreeMap::from([("dirty".to_owned(), true)])
        } else {
            BTreeMap::new()
        },
    }
}
