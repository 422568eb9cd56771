//! Why two packages of the same plugin, version and target differ: their entries, modes and times, the manifest field by
//! field, the binary by its own rules, and how they are packed. Pure.

use std::path::Path;

use serde_json::Value;

use super::{binary, text};
use crate::inspect::archive::{Contents, Listed, listing, read_archive};
use crate::model::finding::{Finding, Severity};
use crate::model::package::{MANIFEST_NAME, PackageEntry};

/// The most fields of a manifest that are told.
const MOST_FIELDS: usize = 12;

/// Everything that differs; never empty for different bytes. `place` is where the second one was built; `packers` are
/// the programs that packed them, where they are known.
pub(super) fn differences(
    name: &str,
    published: &[u8],
    rebuilt: &[u8],
    place: &Path,
    packers: Option<&(String, String)>,
) -> Vec<Finding> {
    let there = read_archive(name, published);
    let here = read_archive(name, rebuilt);
    if !there.is_sound() {
        let errors = there.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let why: Vec<&str> = errors.map(|finding| finding.message.as_str()).collect();
        let message = format!("the published package can't be read: {}", why.join("; "));
        return vec![Finding::error("package-unreadable", message)];
    }
    let mut findings = contents(&there, &here, place);
    findings.extend(dress(&listing(published).unwrap_or_default(), &listing(rebuilt).unwrap_or_default()));
    if findings.is_empty() {
        findings.push(packing(published, rebuilt, packers));
    }
    findings
}

fn contents(there: &Contents, here: &Contents, place: &Path) -> Vec<Finding> {
    let find =
        |contents: &Contents, name: &str| contents.entries.iter().find(|entry| entry.name == name).cloned();
    let mut findings = Vec::new();
    for entry in &there.entries {
        match find(here, &entry.name) {
            None => {
                let message = format!("`{}` is in the published package only", text::printable(&entry.name));
                findings.push(Finding::error("entry-missing", message));
            }
            Some(ours) if ours.bytes != entry.bytes => findings.extend(content(entry, &ours, place)),
            Some(_) => {}
        }
    }
    for entry in here.entries.iter().filter(|entry| find(there, &entry.name).is_none()) {
        let message = format!("`{}` is not in the published package", text::printable(&entry.name));
        findings.push(Finding::error("entry-extra", message));
    }
    // A manifest names the binary's digest: with another binary it has to be another.
    let binary =
        findings.iter().any(|one| one.code != "manifest-field-differs" && one.severity == Severity::Error);
    for one in findings.iter_mut().filter(|one| binary && one.message.starts_with("plugin.json: sha256:")) {
        one.severity = Severity::Note;
    }
    findings
}

fn content(there: &PackageEntry, here: &PackageEntry, place: &Path) -> Vec<Finding> {
    if there.name == MANIFEST_NAME {
        return manifest(&there.bytes, &here.bytes);
    }
    if here.executable && crate::inspect::inspect(&here.bytes).is_ok() {
        return binary::explain(&there.bytes, &here.bytes, place);
    }
    let at = there.bytes.iter().zip(&here.bytes).position(|(a, b)| a != b);
    let at = at.unwrap_or(there.bytes.len().min(here.bytes.len()));
    let message = format!("`{}` has another content, from byte {at} on", text::printable(&there.name));
    vec![Finding::error("file-differs", message)]
}

fn manifest(there: &[u8], here: &[u8]) -> Vec<Finding> {
    let (Ok(a), Ok(b)) = (serde_json::from_slice::<Value>(there), serde_json::from_slice::<Value>(here))
    else {
        return vec![Finding::error("manifest-unreadable", "the published plugin.json is no JSON")];
    };
    let mut fields = Vec::new();
    walk("", &a, &b, &mut fields);
    if fields.is_empty() {
        let message = "plugin.json says the same in other words: its order, spaces or escapes differ";
        return vec![Finding::error("manifest-form-differs", message)];
    }
    let more = fields.len().saturating_sub(MOST_FIELDS);
    let told = fields.into_iter().take(MOST_FIELDS);
    let mut findings: Vec<Finding> =
        told.map(|field| Finding::error("manifest-field-differs", format!("plugin.json: {field}"))).collect();
    if more > 0 {
        findings
            .push(Finding::note("manifest-field-differs", format!("plugin.json: and {more} more fields")));
    }
    findings
}

/// Adds a line for each value that differs: `module.Operations[0].Ops[1].Destructive: true there, false here`.
fn walk(path: &str, there: &Value, here: &Value, out: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (there, here) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, value) in a {
                walk(&below(&text::printable(name)), value, b.get(name).unwrap_or(&Value::Null), out);
            }
            for (name, value) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
                walk(&below(&text::printable(name)), &Value::Null, value, out);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for at in 0..a.len().max(b.len()) {
                let value = |all: &[Value]| all.get(at).cloned().unwrap_or(Value::Null);
                walk(&format!("{path}[{at}]"), &value(a), &value(b), out);
            }
        }
        (a, b) if a != b => {
            let shown = |value: &Value| match value {
                Value::Null => "nothing".to_owned(),
                value => text::printable(&value.to_string()),
            };
            out.push(format!("{path}: {} there, {} here", shown(a), shown(b)));
        }
        _ => {}
    }
}

/// What the zips say of entries that both have, beside their contents.
fn dress(there: &[Listed], here: &[Listed]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for theirs in there {
        let Some(ours) = here.iter().find(|one| one.name == theirs.name) else { continue };
        if theirs.mode != ours.mode {
            let message =
                format!("the mode of `{}`: {:o} there, {:o} here", theirs.name, theirs.mode, ours.mode);
            findings.push(Finding::error("mode-differs", message));
        }
    }
    let times = |all: &[Listed]| all.iter().map(|one| one.time).collect::<std::collections::BTreeSet<_>>();
    let (a, b) = (times(there), times(here));
    if a != b {
        let shown = |times: &std::collections::BTreeSet<_>| {
            times.first().map_or("none".to_owned(), ToString::to_string)
        };
        let finding = Finding::error(
            "time-differs",
            format!("the files' time: {} there, {} here", shown(&a), shown(&b)),
        );
        let only = a.first().filter(|_| a.len() == 1).and_then(|time| time.epoch());
        findings.push(match only {
            Some(epoch) => finding.hint(format!("rebuild with SOURCE_DATE_EPOCH={epoch}")),
            None => finding,
        });
    }
    let order = |all: &[Listed]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let (mut a, mut b) = (order(there), order(here));
    if a != b {
        a.sort();
        b.sort();
        if a == b {
            findings.push(Finding::error("order-differs", "the files have another order in the zip"));
        }
    }
    findings
}

/// All that is in them is the same; the zips are packed by different programs.
fn packing(published: &[u8], rebuilt: &[u8], packers: Option<&(String, String)>) -> Finding {
    let at =
        published.iter().zip(rebuilt).position(|(a, b)| a != b).unwrap_or(published.len().min(rebuilt.len()));
    let who = packers.filter(|(a, b)| a != b).map(|(a, b)| format!(": {a} there, {b} here"));
    let message = format!(
        "all files are the same and the zips are packed differently{}; the first difference is at byte {at}",
        who.unwrap_or_default()
    );
    Finding::error("packing-differs", message).hint("rebuild with the wick that made the release")
}
