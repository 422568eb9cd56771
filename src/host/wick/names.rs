//! Do the names agree: key, kind, version and target, in the manifest and in the archive's name.

use super::Case;
use crate::model::finding::Finding;
use crate::model::names::{PluginKey, PluginKind};
use crate::model::target::Target;
use crate::model::version::PluginVersion;

/// The key becomes a directory name on the host.
pub(super) fn key_is_valid(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let meta = match case.manifest.module.meta() {
        Ok(meta) => meta,
        Err(_) => {
            return findings
                .push(Finding::error("key-missing", "plugin.json has no readable module.Meta.Key"));
        }
    };
    if let Err(error) = meta.key.parse::<PluginKey>() {
        findings.push(
            Finding::error("key-invalid", format!("module.Meta.Key is refused: {error}"))
                .hint("rename the plugin's folder and its declared key"),
        );
    }
}

pub(super) fn kind_is_known(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let kind = &case.manifest.kind;
    let known = PluginKind::ALL.map(PluginKind::as_str);
    if kind.is_empty() {
        let message = format!("plugin.json names no kind; hosts take it for a {}", known[0]);
        findings.push(Finding::warning("kind-missing", message));
    } else if !known.contains(&kind.as_str()) {
        let message = format!("kind is `{}`; hosts know {}", kind.escape_debug(), known.join(", "));
        findings.push(Finding::error("kind-unknown", message));
    }
}

pub(super) fn version_is_semver(case: &Case<'_>, findings: &mut Vec<Finding>) {
    match case.manifest.version.parse::<PluginVersion>() {
        Err(error) => findings.push(Finding::error("version-invalid", format!("plugin.json: {error}"))),
        Ok(version) if version.semver().is_none() => {
            let message = format!("the version is `{version}`, which can be installed but not released");
            findings.push(Finding::note("version-dev", message).hint("write a VERSION file"));
        }
        Ok(version) if version.as_str() != case.manifest.version => {
            let message =
                format!("the version `{}` has white space around it", case.manifest.version.escape_debug());
            findings.push(Finding::error("version-invalid", message));
        }
        Ok(_) => {}
    }
}

pub(super) fn target_is_one_and_known(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let [text] = case.manifest.os_arch.as_slice() else {
        let all: Vec<String> =
            case.manifest.os_arch.iter().take(8).map(|text| text.escape_debug().to_string()).collect();
        let message = format!("os_arch must name exactly one target and names [{}]", all.join(", "));
        return findings.push(Finding::error("os-arch-count", message));
    };
    match (text.parse::<Target>(), case.this_machine) {
        (Err(error), _) => {
            let message = format!("os_arch: {}", error.to_string().escape_debug());
            findings.push(Finding::error("os-arch-unknown", message));
        }
        (Ok(target), Some(machine)) if target != machine => findings.push(
            Finding::error(
                "wrong-machine",
                format!("the package is for {target}; this machine is {machine}"),
            )
            .hint(format!("take the package for {machine}")),
        ),
        _ => {}
    }
}

/// The archive's name is what catalogs and updaters go by (contract wick 5 and 6).
pub(super) fn file_name_says_the_same(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Some(file_name) = case.package.file_name else { return };
    let shown = file_name.escape_debug();
    let Some(name) = case.package.name() else {
        findings.push(
            Finding::warning("name-form", format!("`{shown}` is not the name of a release package"))
                .hint("name it <key>-<version>-<os>-<arch>.zip"),
        );
        return;
    };
    let canonical = name.to_string();
    let stem = canonical.strip_suffix(".zip").unwrap_or(&canonical);
    let extension = file_name.strip_prefix(stem);
    if !extension.is_some_and(|extension| matches!(extension, ".zip" | ".tar.gz" | ".tgz")) {
        let message = format!("`{shown}` should be named `{canonical}`");
        findings.push(Finding::warning("name-form", message));
    }
    let mut compare = |code, what: &str, inside: String, outside: String| {
        if inside != outside {
            let message =
                format!("the {what} is `{outside}` in the archive's name and `{inside}` in plugin.json");
            findings.push(Finding::error(code, message).hint("don't rename packages; build them again"));
        }
    };
    // What is unreadable inside has its own finding.
    if let Some(key) = case.package.key() {
        compare("name-key", "key", key.to_string(), name.key.to_string());
    }
    if let Some(version) = case.package.version() {
        compare("name-version", "version", version.bare().to_owned(), name.version.bare().to_owned());
    }
    if let Some(target) = case.package.target() {
        compare("name-target", "target", target.to_string(), name.target.to_string());
    }
}
