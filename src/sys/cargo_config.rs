//! What cargo's configuration says of a workspace: environment and files, merged by cargo's own rules, and which of it is
//! said by files outside the repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_config2::{Config, ResolveOptions};
use toml::Value;

use super::files;
use crate::model::tools::{CargoKey, CargoSettings};

/// The settings for a triple, for a workspace. `repository` is the folder whose files are part of the sources, `home`
/// cargo's own; `environment` goes before files. Nothing on broken config files: cargo itself will say so better.
#[must_use]
pub fn settings(
    workspace: &Path,
    triple: &str,
    repository: &Path,
    home: &Path,
    environment: &BTreeMap<String, String>,
) -> CargoSettings {
    let options = ResolveOptions::default().env(environment).cargo_home(Some(home.to_owned()));
    let Ok(config) = Config::load_with_options(workspace, options) else { return CargoSettings::default() };
    let rustflags = match config.rustflags(triple) {
        Ok(Some(flags)) => flags.flags,
        _ => Vec::new(),
    };
    CargoSettings {
        rustflags,
        wrapper: config.build.rustc_wrapper.clone().filter(|path| !path.as_os_str().is_empty()),
        elsewhere: elsewhere(workspace, repository, home),
    }
}

/// Every key that a configuration file outside the repository sets.
/// <https://doc.rust-lang.org/cargo/reference/config.html#hierarchical-structure>
fn elsewhere(workspace: &Path, repository: &Path, home: &Path) -> Vec<CargoKey> {
    let above = workspace.ancestors().filter(|folder| !folder.starts_with(repository));
    let mut folders: Vec<PathBuf> = above.map(|folder| folder.join(".cargo")).collect();
    if !folders.iter().any(|folder| folder == home) {
        folders.push(home.to_owned());
    }
    let mut found = Vec::new();
    for folder in folders {
        // Of two, cargo reads the one without an ending.
        let names = ["config", "config.toml"].map(|name| folder.join(name));
        let Some(path) = names.into_iter().find(|path| files::is_file(path)) else { continue };
        found.extend(keys(&path).unwrap_or_default());
    }
    found
}

/// Every key that a configuration file sets; nothing when it can't be read.
#[must_use]
pub fn keys(file: &Path) -> Option<Vec<CargoKey>> {
    let table = files::read_text(file).ok()?.parse::<toml::Table>().ok()?;
    let mut keys = Vec::new();
    leaves("", &Value::Table(table), &mut keys);
    let named = keys.into_iter().map(|(key, values)| CargoKey { key, file: file.to_owned(), values });
    Some(named.collect())
}

fn leaves(prefix: &str, value: &Value, out: &mut Vec<(String, Vec<String>)>) {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        other => format!("{other:?}"),
    };
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                leaves(&key, value, out);
            }
        }
        Value::Array(items) => out.push((prefix.to_owned(), items.iter().map(text).collect())),
        // Flags may be one text.
        value if prefix.ends_with("rustflags") => {
            out.push((prefix.to_owned(), text(value).split_whitespace().map(str::to_owned).collect()));
        }
        value => out.push((prefix.to_owned(), vec![text(value)])),
    }
}
