//! Whether two Go binaries were made from the same sources, as their build info tells, and what may still differ.

use std::collections::BTreeMap;

use crate::model::artifact::{GoBuildInfo, GoModule};
use crate::model::failure::{Failure, FailureKind};
use crate::model::receipt::BuildReceipt;

/// Settings that name the target itself; GOARM64 and its kin are there for one architecture only.
const OF_THE_TARGET: [&str; 11] = [
    "GOOS",
    "GOARCH",
    "GO386",
    "GOAMD64",
    "GOARM",
    "GOARM64",
    "GOMIPS",
    "GOMIPS64",
    "GOPPC64",
    "GORISCV64",
    "GOWASM",
];

/// Compares an artifact with the helper that speaks for it; gives what can't be known.
pub(super) fn check(
    label: &str,
    artifact: &BuildReceipt,
    helper: &BuildReceipt,
) -> Result<Vec<String>, Failure> {
    let wrong = |what: String| {
        Failure::new(
            FailureKind::Step,
            format!(
                "{label}: the build for {} that was to speak for it is not from the same sources: {what}",
                helper.target
            ),
        )
        .hint("run again with --force")
    };
    let (Some(a), Some(b)) = (&artifact.facts.go, &helper.facts.go) else {
        return Err(wrong("one of them has no Go build info".to_owned()));
    };
    let differing = differences(a, b);
    if !differing.is_empty() {
        return Err(wrong(differing.join("; ")));
    }
    Ok(caveats(artifact, helper))
}

fn differences(a: &GoBuildInfo, b: &GoBuildInfo) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, a: &str, b: &str| {
        if a != b {
            let [what, a, b] = [what, a, b].map(str::escape_debug);
            found.push(format!("{what} `{a}` and `{b}`"));
        }
    };
    compare("main packages", &a.main_package, &b.main_package);
    compare("Go versions", &a.go_version, &b.go_version);
    let settings = |info: &GoBuildInfo| -> BTreeMap<String, String> {
        let own = |name: &String| !OF_THE_TARGET.contains(&name.as_str());
        info.settings.iter().filter(|(name, _)| own(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    let (sa, sb) = (settings(a), settings(b));
    for name in sa.keys().chain(sb.keys().filter(|name| !sa.contains_key(*name))) {
        let value = |of: &BTreeMap<String, String>| of.get(name).cloned().unwrap_or_default();
        compare(name, &value(&sa), &value(&sb));
    }
    let shown = |module: &GoModule| format!("{} {} {}", module.path, module.version, module.sum);
    let main = |info: &GoBuildInfo| info.main_module.as_ref().map(shown).unwrap_or_default();
    compare("main modules", &main(a), &main(b));
    // A module may be needed for one operating system only; where both have it, it must be the same.
    for module in &a.modules {
        if let Some(other) = b.modules.iter().find(|other| other.path == module.path) {
            compare("modules", &shown(module), &shown(other));
        }
    }
    found
}

/// What makes "the same sources" not the whole truth: files and modules that only one of the two was made of.
fn caveats(artifact: &BuildReceipt, helper: &BuildReceipt) -> Vec<String> {
    let only = |a: &BuildReceipt, b: &BuildReceipt| -> String {
        let own: Vec<&str> =
            a.files.iter().filter(|file| !b.files.contains(file)).map(String::as_str).collect();
        own.join(", ")
    };
    // Worded without the artifact's own target, so that several targets share one line of the report.
    let but = match (only(helper, artifact), only(artifact, helper)) {
        (theirs, ours) if theirs.is_empty() && ours.is_empty() => return Vec::new(),
        (theirs, ours) if ours.is_empty() => format!("contains {theirs}, which this one lacks"),
        (theirs, ours) if theirs.is_empty() => format!("lacks {ours}"),
        (theirs, ours) => format!("contains {theirs} instead of {ours}"),
    };
    vec![format!(
        "what it declares is not certain: its manifest comes from the build for {}, which {but}",
        helper.target
    )]
}
