//! What cargo, rustc and build scripts say of a finished build: where the binary is, what was read. Only reading of
//! their text; the files are opened by `phase/build`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::source;
use crate::model::project::Plugin;

/// The executable that cargo's JSON messages name for the plugin.
#[must_use]
pub fn executable(messages: &str, plugin: &Plugin) -> Option<PathBuf> {
    let rust = source(plugin);
    let lines = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut ours = lines.filter(|message| {
        message["reason"] == "compiler-artifact"
            && message["target"]["name"] == rust.binary.as_str()
            && message["executable"].is_string()
    });
    ours.next_back().and_then(|message| message["executable"].as_str().map(PathBuf::from))
}

/// The folders that the build scripts of this build wrote to, by cargo's JSON messages.
#[must_use]
pub fn out_dirs(messages: &str) -> Vec<PathBuf> {
    let lines = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let ran = lines.filter(|message| message["reason"] == "build-script-executed");
    ran.filter_map(|message| message["out_dir"].as_str().map(PathBuf::from)).collect()
}

/// The toolchain that a `rust-toolchain` file names: as TOML, or as its only line.
#[must_use]
pub fn channel(text: &str) -> Option<String> {
    if let Ok(table) = text.parse::<toml::Table>() {
        return Some(table.get("toolchain")?.get("channel")?.as_str()?.to_owned());
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next().filter(|_| lines.next().is_none()).map(str::to_owned)
}

/// The files that a make-style dependency list (cargo's `<binary>.d`) names: spaces are escaped with `\`.
#[must_use]
pub fn dep_info(text: &str) -> Vec<PathBuf> {
    let mut paths = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((_, list)) = line.split_once(": ") else { continue };
        let marked = list.replace("\\ ", "\u{0}");
        paths.extend(
            marked.split(' ').filter(|p| !p.is_empty()).map(|p| PathBuf::from(p.replace('\u{0}', " "))),
        );
    }
    paths.into_iter().collect()
}

/// The variables that rustc's own dependency list says were read by `env!` and its kin.
#[must_use]
pub fn env_deps(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| line.strip_prefix("# env-dep:"));
    names.map(|rest| rest.split('=').next().unwrap_or(rest).to_owned()).collect()
}

/// What a build script's output says it depends on: paths and variables.
#[must_use]
pub fn build_script_deps(output: &str) -> (Vec<PathBuf>, Vec<String>) {
    let (mut paths, mut variables) = (Vec::new(), Vec::new());
    for line in output.lines() {
        let Some(directive) = line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:")) else {
            continue;
        };
        if let Some(path) = directive.strip_prefix("rerun-if-changed=") {
            paths.push(PathBuf::from(path));
        } else if let Some(name) = directive.strip_prefix("rerun-if-env-changed=") {
            variables.push(name.to_owned());
        }
    }
    (paths, variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependency_lists_are_read_with_their_escapes() {
        let text = "/t/release/w: /a/src/main.rs /a/with\\ space.txt\n\n# env-dep:FOO=bar\n# env-dep:BAZ\n";
        assert_eq!(dep_info(text), [PathBuf::from("/a/src/main.rs"), PathBuf::from("/a/with space.txt")]);
        assert_eq!(env_deps(text), ["FOO", "BAZ"]);
    }

    #[test]
    fn build_scripts_name_their_folder() {
        let messages = "{\"reason\":\"build-script-executed\",\"package_id\":\"p\",\"out_dir\":\"/t/build/p-1/out\"}\n\
                        {\"reason\":\"build-finished\",\"success\":true}\nnoise\n";
        assert_eq!(out_dirs(messages), [PathBuf::from("/t/build/p-1/out")]);
    }

    #[test]
    fn both_spellings_of_build_script_directives_count() {
        let output = "cargo:rerun-if-changed=wrapper.h\ncargo::rerun-if-env-changed=LIBZ_SYS_STATIC\nnoise\n";
        let (paths, variables) = build_script_deps(output);
        assert_eq!(
            (paths, variables),
            (vec![PathBuf::from("wrapper.h")], vec!["LIBZ_SYS_STATIC".to_owned()])
        );
    }
}
