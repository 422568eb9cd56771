//! Rules on a plugin's folder, and the facts they look at. Nothing is built or run.

use std::collections::BTreeSet;

use super::crates;
use crate::model::names::PluginKey;
use crate::model::project::Language;
use crate::model::version::PluginVersion;

/// The facts of one folder.
pub(super) struct Folder<'a> {
    pub(super) key: &'a PluginKey,
    pub(super) language: Option<Language>,
    /// Whether it has the files of both languages.
    pub(super) ambiguous: bool,
    /// Another folder of the same key.
    pub(super) twin: Option<&'a str>,
    /// Its text files by their place in it.
    pub(super) files: Vec<(String, String)>,
    /// What `wick plugin new` would write there.
    pub(super) scaffold: Vec<(&'static str, String)>,
    /// VERSION as it is written.
    pub(super) version: Option<String>,
    /// The crate's version.
    pub(super) crate_version: Option<String>,
    /// The versions of this key that have a tag.
    pub(super) released: Vec<semver::Version>,
    /// What has changed in the folder since the tag of its version; nothing without such a tag.
    pub(super) changed: Vec<String>,
    /// The lock file that belongs there, such as `Cargo.lock`, when it is missing.
    pub(super) lacks_lock: Option<&'static str>,
    /// Whether a go.mod governs it.
    pub(super) in_go_module: bool,
    /// The crates it is made from.
    pub(super) crates: BTreeSet<String>,
    /// Those of them that lie outside the workspace's folder, as `name at path`.
    pub(super) outside: Vec<String>,
}

impl Folder<'_> {
    fn version(&self) -> Option<semver::Version> {
        let text = self.version.as_deref().or(self.crate_version.as_deref())?;
        text.parse::<PluginVersion>().ok()?.semver().cloned()
    }
}

fn when(holds: bool, say: impl FnOnce() -> String) -> Vec<String> {
    if holds { vec![say()] } else { Vec::new() }
}

pub(super) fn key_is_shared(folder: &Folder<'_>) -> Vec<String> {
    folder.twin.iter().map(|twin| format!("{twin} has the same key")).collect()
}

pub(super) fn has_two_sources(folder: &Folder<'_>) -> Vec<String> {
    when(folder.ambiguous, || "there are both main.go and Cargo.toml".to_owned())
}

pub(super) fn has_no_source(folder: &Folder<'_>) -> Vec<String> {
    let empty = folder.language.is_none() && !folder.ambiguous;
    when(empty, || "there is neither main.go nor Cargo.toml".to_owned())
}

pub(super) fn has_no_module(folder: &Folder<'_>) -> Vec<String> {
    let lost = folder.language == Some(Language::Go) && !folder.in_go_module;
    when(lost, || "there is no go.mod in this folder or above".to_owned())
}

pub(super) fn has_no_lock(folder: &Folder<'_>) -> Vec<String> {
    folder.lacks_lock.iter().map(|name| format!("there is no {name}")).collect()
}

pub(super) fn has_no_version(folder: &Folder<'_>) -> Vec<String> {
    let none = folder.language == Some(Language::Go) && folder.version.is_none();
    when(none, || "there is no VERSION".to_owned())
}

pub(super) fn version_is_odd(folder: &Folder<'_>) -> Vec<String> {
    let Some(text) = &folder.version else { return Vec::new() };
    match text.parse::<PluginVersion>() {
        Ok(version) if version.semver().is_some() => Vec::new(),
        Ok(_) => vec!["VERSION says `dev`, which is never released".to_owned()],
        Err(error) => vec![error.to_string()],
    }
}

pub(super) fn version_is_behind(folder: &Folder<'_>) -> Vec<String> {
    let (Some(own), Some(highest)) = (folder.version(), folder.released.iter().max()) else {
        return Vec::new();
    };
    let behind = own < *highest && !folder.released.contains(&own);
    when(behind, || format!("the version is {own}, and {}/v{highest} is tagged", folder.key))
}

pub(super) fn version_is_out(folder: &Folder<'_>) -> Vec<String> {
    let Some(own) = folder.version() else { return Vec::new() };
    when(!folder.changed.is_empty(), || {
        let more = folder.changed.len().saturating_sub(3);
        let names = folder.changed.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}/v{own} is tagged, and changed since: {names}{more}", folder.key)
    })
}

pub(super) fn has_no_readme(folder: &Folder<'_>) -> Vec<String> {
    let there = folder.files.iter().any(|(name, _)| name.eq_ignore_ascii_case("readme.md"));
    when(!there, || "there is no README.md".to_owned())
}

pub(super) fn is_scaffold(folder: &Folder<'_>) -> Vec<String> {
    let speaks = |name: &str| !matches!(name, "VERSION" | "Cargo.toml");
    let left = folder.files.iter().filter(|(name, text)| {
        speaks(name) && folder.scaffold.iter().any(|(place, written)| place == name && written == text)
    });
    left.map(|(name, _)| format!("{name} is as `wick plugin new` wrote it")).collect()
}

pub(super) fn uses_cgo(folder: &Folder<'_>) -> Vec<String> {
    let sources =
        folder.files.iter().filter(|(name, _)| name.ends_with(".go") && !name.ends_with("_test.go"));
    let imports = |text: &str| {
        let mut lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
        lines.any(|line| matches!(line, "import \"C\"" | "\"C\""))
    };
    sources.filter(|(_, text)| imports(text)).map(|(name, _)| format!("{name} imports \"C\"")).collect()
}

/// Crates that look for a library of the machine they are built on, unless told otherwise.
#[rustfmt::skip]
const LIBRARIES: &[&str] = &[
    "alsa-sys", "dbus", "expat-sys", "fontconfig-sys", "hidapi", "krb5-sys", "libdbus-sys", "libpulse-sys", "libudev-sys",
    "libusb1-sys", "mysqlclient-sys", "odbc-sys", "openssl-sys", "pcsc-sys", "pq-sys", "sasl2-sys", "smbclient-sys", "x11",
];

pub(super) fn links_a_library(folder: &Folder<'_>) -> Vec<String> {
    // Its feature `vendored` brings the library along, by this crate.
    let vendored = folder.crates.contains("openssl-src");
    let found = LIBRARIES.iter().filter(|name| folder.crates.contains(**name));
    found
        .filter(|name| **name != "openssl-sys" || !vendored)
        .map(|name| format!("it depends on {name}"))
        .collect()
}

pub(super) fn draws_on_elsewhere(folder: &Folder<'_>) -> Vec<String> {
    folder.outside.iter().map(|one| format!("it depends on {one}, outside the workspace's folder")).collect()
}

pub(super) fn takes_the_sdk_by_name(folder: &Folder<'_>) -> Vec<String> {
    let manifest = folder.files.iter().find(|(place, _)| place == "Cargo.toml");
    let found = manifest.map(|(_, text)| crates::by_name(text, "wick-plugin")).unwrap_or_default();
    found.into_iter().map(|name| format!("it depends on {name} without a path")).collect()
}

pub(super) fn holds_a_key(folder: &Folder<'_>) -> Vec<String> {
    let test = |name: &str| name.split('/').any(|part| matches!(part, "testdata" | "tests" | "fixtures"));
    let key = |text: &str| {
        let first = text.trim_start().lines().next().unwrap_or_default();
        first.starts_with("-----BEGIN") && first.trim_end().ends_with("PRIVATE KEY-----")
    };
    let found = folder.files.iter().filter(|(name, text)| !test(name) && key(text));
    found.map(|(name, _)| format!("{name} is a private key")).collect()
}
