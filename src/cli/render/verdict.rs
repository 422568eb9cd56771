//! Packages and binaries, for people.

use std::fmt::Write as _;

use super::{ERROR, GOOD, bytes, style_of};
use crate::model::artifact::{BinaryFacts, Linkage};
use crate::model::code_signature::CodeSignature;
use crate::model::finding::{Finding, Severity};
use crate::model::manifest::Manifest;
use crate::phase::verify::Verdict;

/// A verdict: one line, then its findings. Notes only on request.
pub(in crate::cli) fn lines(verdict: &Verdict, verbose: bool) -> String {
    let mut out = String::new();
    let word = if verdict.is_accepted() {
        format!("{GOOD}ok{GOOD:#}     ")
    } else {
        format!("{ERROR}refused{ERROR:#}")
    };
    let signed = verdict.signed_by.as_ref().map_or_else(String::new, |key| format!("  signed by {key}"));
    let _ = write!(out, "{word} {}{signed}", verdict.package);
    if let Some(identity) = &verdict.bundle_signed_by {
        let _ = write!(out, "  bundle by {identity}");
    }
    if let Some(identity) = &verdict.attested_by {
        let _ = write!(out, "  attested by {identity}");
    }
    for finding in &verdict.findings {
        if finding.severity == Severity::Note && !verbose {
            continue;
        }
        let (style, name) = style_of(finding.severity);
        let _ = write!(out, "\n  {style}{name}{style:#}[{}]: {}", finding.code, finding.message);
        if let Some(hint) = &finding.hint {
            let _ = write!(out, "\n    hint: {hint}");
        }
    }
    out
}

/// All about a package.
pub(in crate::cli) fn package(verdict: &Verdict, manifest: Option<&Manifest>) -> String {
    let mut out = format!("{} ({})\n", verdict.package, bytes(verdict.size));
    if let Some(digest) = &verdict.sha256 {
        let _ = writeln!(out, "  sha256     {digest}");
    }
    if let Some(manifest) = manifest {
        describe(&mut out, manifest);
    }
    if let Some(facts) = &verdict.facts {
        headers(&mut out, facts);
    }
    for finding in &verdict.findings {
        let (style, name) = style_of(finding.severity);
        let _ = writeln!(out, "  {style}{name}{style:#}[{}]: {}", finding.code, finding.message);
    }
    out.trim_end().to_owned()
}

/// All about a bare binary.
pub(in crate::cli) fn binary(
    name: &str,
    size: u64,
    facts: &BinaryFacts,
    flaws: &[Finding],
    manifest: Option<&Manifest>,
) -> String {
    let mut out = format!("{name} ({})\n", bytes(size));
    headers(&mut out, facts);
    for finding in flaws {
        let (style, name) = style_of(finding.severity);
        let _ = writeln!(out, "  {style}{name}{style:#}[{}]: {}", finding.code, finding.message);
    }
    match manifest {
        Some(manifest) => describe(&mut out, manifest),
        None => out.push_str("  manifest   no manifest section; run it with --dump-manifest to ask it\n"),
    }
    out.trim_end().to_owned()
}

fn describe(out: &mut String, manifest: &Manifest) {
    if let Ok(meta) = manifest.module.meta() {
        let [key, version, name] = [&meta.key, &manifest.version, &meta.name].map(|text| one_line(text));
        let _ = writeln!(out, "  plugin     {key} {version} — {name}");
        let _ = writeln!(out, "  about      {}", one_line(&meta.description));
    }
    let kind = if manifest.kind.is_empty() { "not said" } else { &manifest.kind };
    let (kind, targets) = (one_line(kind), one_line(&manifest.os_arch.join(", ")));
    let _ = writeln!(out, "  kind       {kind}, protocol {}, for {targets}", manifest.proto_version);
    let signature = if manifest.signature.is_empty() { "none" } else { &manifest.signature };
    let _ = writeln!(out, "  signature  {}", one_line(signature));
    let _ = writeln!(out, "  operations {}", one_line(&manifest.module.operations().join(", ")));
}

fn headers(out: &mut String, facts: &BinaryFacts) {
    let linkage = match &facts.linkage {
        Linkage::Static => "static".to_owned(),
        Linkage::Dynamic { libraries, .. } => format!("needs {}", libraries.join(", ")),
    };
    let _ = writeln!(out, "  binary     {} {}, {linkage}", facts.format.as_str(), facts.machine);
    if let Some(floor) = &facts.glibc_floor {
        let _ = writeln!(out, "  glibc      {floor} or newer");
    }
    if let Some(floor) = &facts.macos_floor {
        let _ = writeln!(out, "  macOS      {floor} or newer");
    }
    if let Some(CodeSignature::Whole { identifier, ad_hoc, linker_signed }) = &facts.code_signature {
        let how = if *ad_hoc { "ad hoc" } else { "with a certificate" };
        let who = if *linker_signed { ", by the linker" } else { "" };
        let _ = writeln!(out, "  code       signed {how}{who}, as `{}`", one_line(identifier));
    }
    let levels = facts.raised_levels();
    if !levels.is_empty() {
        let _ = writeln!(out, "  cpu        needs {}", one_line(&levels.join(", ")));
    }
    if let Some(go) = &facts.go {
        let _ =
            writeln!(out, "  go         {} {}, {} modules", go.go_version, go.main_package, go.modules.len());
    }
}

/// Plugins write these texts; a terminal must not obey them.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_manifest_cannot_steer_the_terminal() {
        let text = r#"{"schema_version":1,"kind":"a\u001bb","version":"\u001b[2J","proto_version":1,
            "os_arch":["\n"],"signature":"\u001b","module":{"Meta":{"Key":"\u001b]0;x\u0007","Name":"\r",
            "Description":"\u009b"},"Operations":[{"Ops":[{"Key":"\u001b[1A"}]}]}}"#;
        let mut out = String::new();
        describe(&mut out, &Manifest::read(text).unwrap());
        assert!(out.chars().all(|c| c == '\n' || !c.is_control()), "{out:?}");
        assert_eq!(out.lines().count(), 5, "{out}");
    }
}
