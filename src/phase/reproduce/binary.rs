//! Why two binaries of the same sources differ: first what their makers say of themselves, then folders that got in, then
//! which sections, then the first byte. Pure.

use std::collections::BTreeSet;
use std::path::Path;

use super::text;
use crate::inspect;
use crate::inspect::layout::{self, Part, Rustc};
use crate::model::artifact::{BinaryFacts, GoBuildInfo, GoModule};
use crate::model::finding::{Finding, Severity};

/// Everything that explains the difference; never empty. `place` is the folder in which `rebuilt` was built.
pub(super) fn explain(published: &[u8], rebuilt: &[u8], place: &Path) -> Vec<Finding> {
    let mut causes = Vec::new();
    match (inspect::inspect(published), inspect::inspect(rebuilt)) {
        (Ok(there), Ok(here)) => causes.extend(makers(&there, &here)),
        (Err(error), _) => {
            let message = format!("the published binary can't be read: {error}");
            causes.push(Finding::error("binary-unreadable", message));
        }
        // The build has looked at it already.
        (_, Err(_)) => {}
    }
    causes.extend(compilers(published, rebuilt));
    causes.extend(older(published, rebuilt));
    causes.extend(leaked(published, rebuilt, place));
    let mut consequences = sections(published, rebuilt);
    if causes.is_empty() {
        return consequences;
    }
    for finding in &mut consequences {
        finding.severity = Severity::Note;
    }
    causes.extend(consequences);
    causes
}

fn differs(code: &'static str, what: &str, there: &str, here: &str) -> Finding {
    Finding::error(code, format!("{what}: {there} there, {here} here"))
}

/// What Go's linker wrote of the two builds.
fn makers(there: &BinaryFacts, here: &BinaryFacts) -> Vec<Finding> {
    let (Some(there), Some(here)) = (&there.go, &here.go) else { return Vec::new() };
    let mut findings = Vec::new();
    if there.go_version != here.go_version {
        findings.push(differs("toolchain-differs", "its Go", &there.go_version, &here.go_version));
    }
    if there.main_package != here.main_package {
        findings.push(differs("source-differs", "its package", &there.main_package, &here.main_package));
    }
    let names: BTreeSet<&String> = there.settings.keys().chain(here.settings.keys()).collect();
    for name in names {
        let value =
            |info: &GoBuildInfo| info.settings.get(name).map_or("unset".to_owned(), |v| format!("`{v}`"));
        if there.settings.get(name) != here.settings.get(name) {
            let what = format!("Go's build setting {}", text::printable(name));
            findings.push(differs("build-setting-differs", &what, &value(there), &value(here)));
        }
    }
    let version = |info: &GoBuildInfo, path: &str| {
        let of = |module: &GoModule| format!("{} {}", module.version, module.sum).trim().to_owned();
        info.modules.iter().find(|module| module.path == path).map_or("none".to_owned(), of)
    };
    let paths: BTreeSet<&String> =
        there.modules.iter().chain(&here.modules).map(|module| &module.path).collect();
    for path in paths {
        let (a, b) = (version(there, path), version(here, path));
        if a != b {
            findings.push(differs("dependency-differs", &format!("the module {path}"), &a, &b));
        }
    }
    findings
}

/// The rustc of either, as far as it left its name.
fn compilers(published: &[u8], rebuilt: &[u8]) -> Option<Finding> {
    let (there, here) = (layout::rustc(published)?, layout::rustc(rebuilt)?);
    let said = |rustc: &Rustc| match rustc {
        Rustc::Version(version) => text::printable(version),
        Rustc::Commit(commit) => format!("of commit {}", crate::phase::packages::short(commit)),
    };
    (there != here).then(|| differs("toolchain-differs", "its rustc", &said(&there), &said(&here)))
}

/// A release that can't be made again because of who made it; its sources may be what they are said to be.
pub(super) fn older_wick(who: &str) -> Finding {
    let message = format!(
        "it was built by {who}, which let the folder of the build and the tools that happened to be there into the bytes: \
         built in another folder, the same sources give others"
    );
    Finding::error("older-wick", message)
        .hint("the next version that is released with this wick can be reproduced")
}

/// Where nothing is attested, the places of crates tell: older wicks gave them other names.
fn older(published: &[u8], rebuilt: &[u8]) -> Option<Finding> {
    let has = |bytes: &[u8], mark: &[u8]| layout::find_all(bytes, mark).next().is_some();
    let marks: [&[u8]; 2] = [b"/cargo/registry/src/", b"/path/"];
    let is_older =
        marks.iter().any(|mark| has(published, mark) && !has(rebuilt, mark)) && has(rebuilt, b"/crates/");
    is_older.then(|| older_wick("an older wick"))
}

/// The folder of this build in the binary: where it was built decides its bytes.
fn leaked(published: &[u8], rebuilt: &[u8], place: &Path) -> Option<Finding> {
    let place = place.to_string_lossy();
    let at = layout::find_all(rebuilt, place.as_bytes()).next()?;
    let inner = text::path_from(&rebuilt[at + place.len()..]);
    let here = format!("{place}{inner}");
    let there = layout::find_all(published, inner.as_bytes())
        .filter(|_| inner.len() > 1)
        .map(|at| text::path_around(published, at, inner.len()))
        .find(|path| path.starts_with('/') && path.len() > inner.len());
    let message = match &there {
        Some(there) => format!("the folder it was built in is in the binary: {there} there, {here} here"),
        None => format!("the folder it is built in is in the binary: {here}"),
    };
    Some(Finding::error("source-path-leaked", message).hint(
        "keep the folder out: no `env!(\"CARGO_MANIFEST_DIR\")`, `file!()` of generated code or working directory in the \
         sources, no turned-off -trimpath",
    ))
}

/// Sections of these names hold a number over the rest and nothing else.
const IDS: [&str; 4] = [".note.go.buildid", ".note.gnu.build-id", "__LINKEDIT,", ".buildid"];
/// What holds texts, most telling first.
const DATA: [&str; 8] = [
    ".rodata",
    "__TEXT,__rodata",
    "__TEXT,__const",
    "__TEXT,__cstring",
    ".rdata",
    ".data",
    "__DATA,__data",
    ".noptrdata",
];

fn sections(published: &[u8], rebuilt: &[u8]) -> Vec<Finding> {
    let (there, here) = (without_go_id(published), without_go_id(rebuilt));
    let (parts_there, parts_here) = (layout::parts(&there), layout::parts(&here));
    let find = |parts: &[Part], name: &str| parts.iter().find(|part| part.name == name).cloned();
    let names: BTreeSet<&str> =
        parts_there.iter().chain(&parts_here).map(|part| part.name.as_str()).collect();
    let is_id = |name: &str| IDS.contains(&name);
    let mut differing: Vec<&str> = names
        .into_iter()
        .filter(|name| match (find(&parts_there, name), find(&parts_here, name)) {
            (Some(a), Some(b)) => there[a.range] != here[b.range],
            _ => true,
        })
        .collect();
    let rank = |name: &str| DATA.iter().position(|one| *one == name).unwrap_or(DATA.len());
    differing.sort_by_key(|name| (is_id(name), rank(name)));
    if !differing.is_empty() && differing.iter().all(|name| is_id(name))
        || differing.is_empty() && there == here
    {
        let message =
            "only its build id differs: a number over the build's inputs, and code and data are the same";
        return vec![Finding::error("build-id-differs", message)];
    }
    let mut findings = Vec::new();
    let told: Vec<&&str> = differing.iter().filter(|name| !is_id(name)).collect();
    if !told.is_empty() {
        let names: Vec<String> = told.iter().map(|name| text::printable(name)).collect();
        let what = if names.len() == 1 { "section" } else { "sections" };
        let sizes = if published.len() == rebuilt.len() {
            String::new()
        } else {
            format!("; {} bytes there, {} here", published.len(), rebuilt.len())
        };
        findings.push(Finding::error(
            "section-differs",
            format!("its {what} {} differ{sizes}", names.join(", ")),
        ));
    }
    for name in &told {
        let (Some(a), Some(b)) = (find(&parts_there, name), find(&parts_here, name)) else { continue };
        if let Some((a, b)) = text::first_difference(&there[a.range], &here[b.range]) {
            let code = if text::is_moment(&a, &b) { "time-embedded" } else { "text-differs" };
            let what = format!("a text in {}", text::printable(name));
            let finding = differs(code, &what, &format!("`{a}`"), &format!("`{b}`"));
            findings.push(match code {
                "time-embedded" => finding.hint("keep the moment of the build out of the sources and flags, or take it from SOURCE_DATE_EPOCH"),
                _ => finding,
            });
            break;
        }
    }
    let at = there.iter().zip(&*here).position(|(a, b)| a != b).unwrap_or(there.len().min(here.len()));
    let inside =
        parts_there.iter().find(|part| part.range.contains(&at)).map(|part| format!(", in {}", part.name));
    let message = format!("the first difference is at byte {at}{}", inside.unwrap_or_default());
    let severity = if findings.is_empty() { Severity::Error } else { Severity::Note };
    findings.push(Finding { severity, ..Finding::error("bytes-differ", message) });
    findings
}

/// Go writes an id over all of the build's inputs into the text segment too, so that one difference would look like
/// two. <https://go.dev/src/cmd/internal/buildid/note.go>
fn without_go_id(bytes: &[u8]) -> Vec<u8> {
    const BEGIN: &[u8] = b"\xff Go build ID: \"";
    const END: &[u8] = b"\"\n \xff";
    let mut out = bytes.to_vec();
    let Some(begin) = layout::find_all(bytes, BEGIN).next().map(|at| at + BEGIN.len()) else { return out };
    let window = &bytes[begin..bytes.len().min(begin + 256)];
    if let Some(length) = layout::find_all(window, END).next() {
        out[begin..begin + length].fill(b'.');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What older wicks called the places of crates tells them, where nothing is attested.
    #[test]
    fn a_release_of_an_older_wick_is_told_by_its_places() {
        let told = |there: &[u8], here: &[u8]| {
            explain(there, here, Path::new("/t")).iter().any(|one| one.code == "older-wick")
        };
        assert!(told(b"x/cargo/registry/src/index-1/a-1.0.0/lib.rs", b"x/crates/a-1.0.0/lib.rs"));
        assert!(told(b"x/path/util/src/lib.rs", b"x/crates/util-0.1.0/src/lib.rs"));
        assert!(!told(b"x/crates/a-1.0.0/lib.rs", b"y/crates/a-1.0.0/lib.rs"));
        assert!(!told(b"nothing", b"something"));
    }
}
