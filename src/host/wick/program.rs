//! Is the program the one the manifest speaks of, and can it run where the manifest says.

use super::Case;
use crate::model::artifact::Linkage;
use crate::model::digest::Sha256;
use crate::model::file_names::SIDECARS;
use crate::model::finding::Finding;
use crate::model::manifest::PROTO_RANGE;
use crate::model::package::MANIFEST_NAME;
use crate::model::target::{Arch, Os, Target};

/// The target whose programs must bring everything along: Termux on Android runs them (contract wick 2).
const STATIC_ONLY: Target = Target::new(Os::Linux, Arch::Arm64);

pub(super) fn protocol_is_spoken(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let is = case.manifest.proto_version;
    if !PROTO_RANGE.contains(&is) {
        let (low, high) = (PROTO_RANGE.start(), PROTO_RANGE.end());
        let range = if low == high { format!("only {low}") } else { format!("{low} to {high}") };
        let message = format!("proto_version is {is}; hosts speak {range}");
        findings.push(Finding::error("proto-version", message).hint("build with an SDK that hosts know"));
    }
}

pub(super) fn entry_is_there(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let entry = case.manifest.entry.as_str();
    let shown = entry.escape_debug();
    let bare = !entry.is_empty()
        && !matches!(entry, "." | "..")
        && !entry.contains(['/', '\\', ':'])
        && !entry.chars().any(char::is_control)
        && !entry.eq_ignore_ascii_case(MANIFEST_NAME);
    if !bare {
        let message = format!("entry is `{shown}`, which is not the bare name of a program");
        return findings.push(Finding::error("entry-name", message));
    }
    if let (Some(key), Some(target)) = (case.package.key(), case.package.target()) {
        let expected = format!("{key}{}", target.exe_suffix());
        if entry != expected {
            let message = format!("entry is `{shown}`; for {key} on {target} it must be `{expected}`");
            findings.push(Finding::error("entry-name", message));
        }
    }
    let Some(program) = &case.package.program else {
        let message = format!("entry is `{shown}`, and there is no such file beside plugin.json");
        return findings.push(Finding::error("entry-missing", message));
    };
    let windows = case.package.target().is_some_and(|target| target.os == Os::Windows);
    if !windows && !program.executable {
        let message = format!("`{shown}` is not executable in the archive (its mode should be 0755)");
        findings.push(
            Finding::warning("entry-mode", message)
                .hint("hosts set the mode when they install; whoever unpacks by hand must run `chmod 0755`"),
        );
    }
}

pub(super) fn digest_is_the_binarys(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let written = &case.manifest.sha256;
    let said: Sha256 = match written.parse() {
        Ok(digest) => digest,
        Err(error) => {
            let said: String = error.to_string().chars().take(160).collect();
            return findings.push(Finding::error("sha256-invalid", format!("plugin.json: {said}")));
        }
    };
    if let Some(program) = &case.package.program
        && program.sha256 != said
    {
        let message = format!("the binary's sha256 is {}; plugin.json says {said}", program.sha256);
        findings.push(
            Finding::error("sha256-mismatch", message)
                .hint("the binary was changed after it was packed, or is another build's: build it again"),
        );
    }
}

pub(super) fn binary_is_for_the_target(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Some(program) = &case.package.program else { return };
    let entry = case.manifest.entry.escape_debug();
    let facts = match &program.facts {
        Ok(facts) => facts,
        Err(why) => {
            let message = format!("`{entry}` can't be recognised as a program: {why}");
            return findings.push(Finding::error("binary-unreadable", message));
        }
    };
    let Some(target) = case.package.target() else { return };
    for contradiction in facts.contradictions(target) {
        let message = format!("`{entry}` is not for {target}: {contradiction}");
        findings.push(Finding::error("binary-target", message));
    }
    for doubt in facts.doubts(target) {
        let message = format!("`{entry}` runs on {target} without being checked: {doubt}");
        findings.push(Finding::warning("code-signature", message));
    }
    let levels = facts.raised_levels();
    if !levels.is_empty() {
        let message =
            format!("`{entry}` is for fewer machines than {target} says: it needs {}", levels.join(", "));
        findings.push(
            Finding::warning("cpu-level", message).hint("it dies on older CPUs; build it without that level"),
        );
    }
    if target == STATIC_ONLY
        && let Linkage::Dynamic { interpreter, libraries } = &facts.linkage
    {
        let mut needs = libraries.clone();
        needs.extend(interpreter.clone());
        let message = format!("`{entry}` needs {}; a program for {target} must be static", needs.join(", "));
        findings.push(
            Finding::error("binary-not-static", message)
                .hint("build Go with CGO_ENABLED=0, Rust for a musl target"),
        );
    }
}

pub(super) fn no_other_files(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let entry = case.manifest.entry.as_str();
    for name in case.package.files.iter().copied().filter(|name| *name != entry) {
        let shown = name.escape_debug();
        let sidecar = name.strip_prefix(entry).is_some_and(|rest| SIDECARS.contains(&rest));
        findings.push(if sidecar && !entry.is_empty() {
            sidecar_not_checked(name)
        } else {
            Finding::note("extra-file", format!("`{shown}` is there; hosts don't install it"))
        });
    }
}

/// What is said of a signature beside the program: hosts don't look at it.
#[must_use]
pub fn sidecar_not_checked(name: &str) -> Finding {
    let shown = name.escape_debug();
    Finding::note("sidecar-not-checked", format!("`{shown}` is there; wick hosts don't check it"))
}
