//! Laws of plugin.json and plugins.json: what is read is written in one form, which reads as the same again.

use wick::host::wick::{Source, Unpacked, judge};
use wick::model::catalog::{Catalog, CatalogDiff, size_finding};
use wick::model::manifest::Manifest;
use wick::model::signature::SignaturePolicy;

use super::is_speakable;

/// serde_json's limit on nesting, which bounds how far lines are indented.
const DEPTH_MAX: usize = 128;

pub(super) fn manifest(data: &[u8]) {
    let package = Unpacked::open(Source { file_name: None, manifest: data, files: &[] }, |_| {
        Err("there is no program".to_owned())
    });
    let findings = judge(&package, &SignaturePolicy::default(), None);
    for finding in &findings {
        assert!(is_speakable(&finding.message), "{finding:?}");
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return assert!(package.manifest.is_none(), "a host reads what is no text");
    };
    let read = Manifest::read(text);
    let Ok(manifest) = read else {
        return assert!(package.manifest.is_none(), "a host reads what wick can't");
    };
    let written = manifest.to_json();
    bounded(&written, text);
    let again = Manifest::read(&written).expect("what wick writes it reads");
    assert_eq!(again.to_json(), written);
    assert_eq!(again.module.canonical(), manifest.module.canonical());
    assert_eq!(again.module.operations(), manifest.module.operations());
    let (meta, meta_again) = (manifest.module.meta().ok(), again.module.meta().ok());
    assert_eq!(meta.map(|meta| meta.key), meta_again.map(|meta| meta.key));
    assert_eq!(manifest.module.default_tags().is_ok(), again.module.default_tags().is_ok());
    if let Some(seen) = &package.manifest {
        assert_eq!(seen.to_json(), written, "two readers of ours see two manifests");
    }
    let refused = findings.iter().any(|finding| finding.code.starts_with("manifest-"));
    if package.manifest.is_some() && !refused {
        seen_by_another(text, &manifest);
    }
}

/// Where a host has nothing to say of the text, a reader of another make sees the same fields.
fn seen_by_another(text: &str, manifest: &Manifest) {
    let value: serde_json::Value = serde_json::from_str(text).expect("it was read twice");
    let text_of = |name: &str| value.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    assert_eq!(text_of("entry"), manifest.entry);
    assert_eq!(text_of("sha256"), manifest.sha256);
    assert_eq!(text_of("signature"), manifest.signature);
    assert_eq!(text_of("version"), manifest.version);
}

pub(super) fn catalog(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let catalog = match Catalog::parse(text) {
        Ok(catalog) => catalog,
        Err(error) => return assert!(is_speakable(&error.to_string()), "{error:?}"),
    };
    let written = catalog.to_json();
    bounded(&written, text);
    let again = Catalog::parse(&written).expect("what wick writes it reads");
    assert_eq!(again, catalog);
    assert_eq!(again.to_json(), written);
    assert!(CatalogDiff::between(Some(&catalog), &again).is_empty());
    assert!(catalog.entries().windows(2).all(|pair| pair[0].key < pair[1].key), "sorted, each key once");
    for entry in catalog.entries() {
        assert_eq!(catalog.get(&entry.key), Some(entry));
    }
    let size = size_finding(written.len());
    for finding in catalog.findings().iter().chain(&size) {
        assert!(is_speakable(&finding.message), "{finding:?}");
    }
}

/// Each character may become an escape, and each bracket or comma a line with its indent.
fn bounded(written: &str, text: &str) {
    let most = 6 * text.len() + (text.len() + 64) * (2 * DEPTH_MAX + 8);
    assert!(written.len() <= most, "{} bytes became {}", text.len(), written.len());
}
