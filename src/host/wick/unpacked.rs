//! A package taken apart once, so that each rule only compares values.

use super::manifest;
use crate::model::artifact::BinaryFacts;
use crate::model::digest::Sha256;
use crate::model::finding::Finding;
use crate::model::manifest::Manifest;
use crate::model::names::PluginKey;
use crate::model::package::{PackageEntry, PackageName};
use crate::model::target::Target;
use crate::model::version::PluginVersion;

/// A package as it was found.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The name of the archive, where it should say what is inside; nothing for folders.
    pub file_name: Option<&'a str>,
    /// The bytes of `plugin.json`.
    pub manifest: &'a [u8],
    /// The files beside the manifest, by their names relative to it.
    pub files: &'a [(&'a str, &'a PackageEntry)],
}

/// The program that the manifest names.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its digest.
    pub sha256: Sha256,
    /// Whether the archive keeps it executable for everybody.
    pub executable: bool,
    /// What its headers say, or why they can't be read.
    pub facts: Result<BinaryFacts, String>,
}

/// A package taken apart.
#[derive(Debug)]
pub struct Unpacked<'a> {
    /// The name of the archive, if there is one.
    pub file_name: Option<&'a str>,
    /// The bytes of `plugin.json`.
    pub manifest_text: &'a [u8],
    /// The manifest, if it can be read.
    pub manifest: Option<Manifest>,
    /// What was found while reading it.
    pub reading: Vec<Finding>,
    /// The program, if the manifest names one that is there.
    pub program: Option<Program>,
    /// The names of all files but the manifest.
    pub files: Vec<&'a str>,
}

impl<'a> Unpacked<'a> {
    /// Takes a package apart. `inspect` reads the headers of the program; it is asked at most once.
    pub fn open(
        source: Source<'a>,
        inspect: impl FnOnce(&[u8]) -> Result<BinaryFacts, String>,
    ) -> Unpacked<'a> {
        let (manifest, reading) = manifest::read(source.manifest);
        let entry = manifest.as_ref().map(|manifest| manifest.entry.as_str());
        let found = source.files.iter().find(|(name, _)| Some(*name) == entry);
        let program = found.map(|(_, file)| Program {
            sha256: Sha256::of(&file.bytes),
            executable: file.executable,
            facts: inspect(&file.bytes),
        });
        let files = source.files.iter().map(|(name, _)| *name).collect();
        Unpacked {
            file_name: source.file_name,
            manifest_text: source.manifest,
            manifest,
            reading,
            program,
            files,
        }
    }

    /// What the archive's name says, if it is the name of a package.
    #[must_use]
    pub fn name(&self) -> Option<PackageName> {
        let name = self.file_name?;
        match name.strip_suffix(".tgz") {
            Some(stem) => PackageName::parse(&format!("{stem}.tar.gz")),
            None => PackageName::parse(name),
        }
    }

    /// The plugin's key as its module declares it, if it is valid.
    #[must_use]
    pub fn key(&self) -> Option<PluginKey> {
        self.manifest.as_ref()?.module.meta().ok()?.key.parse().ok()
    }

    /// The version the manifest states, if it is one.
    #[must_use]
    pub fn version(&self) -> Option<PluginVersion> {
        self.manifest.as_ref()?.version.parse().ok()
    }

    /// The target the manifest states, if it is exactly one and known.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match self.manifest.as_ref()?.os_arch.as_slice() {
            [one] => one.parse().ok(),
            _ => None,
        }
    }
}
