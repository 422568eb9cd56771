//! wick.toml as written. What it means once defaults are applied is `resolve`'s business.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ProjectError;
use super::layout::{Layout, near};
use crate::model::names::PluginKey;
use crate::model::target::Target;
use crate::sys::files;

/// The configuration's file name, in the project's folder.
pub const CONFIG_NAME: &str = "wick.toml";

/// The whole file. All of it is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Where it was read from.
    #[serde(skip)]
    pub(super) path: Option<PathBuf>,
    #[serde(default)]
    pub(super) build: Build,
    #[serde(default)]
    pub(super) go: Go,
    #[serde(default)]
    pub(super) rust: Rust,
    #[serde(default)]
    pub(super) plugin: BTreeMap<PluginKey, Plugin>,
}

/// What holds for every plugin.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Build {
    /// The targets of a complete release, built when none is named.
    pub(super) targets: Option<Vec<Target>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Go {
    pub(super) tags: Option<Vec<String>>,
    pub(super) ldflags: Option<Vec<String>>,
    pub(super) version_symbols: Option<Vec<String>>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rust {
    pub(super) features: Option<Vec<String>>,
    pub(super) default_features: Option<bool>,
    #[serde(default)]
    pub(super) triples: BTreeMap<Target, String>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// The binary, for packages with several.
    pub(super) binary: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plugin {
    pub(super) targets: Option<Vec<Target>>,
    #[serde(default)]
    pub(super) files: Vec<String>,
    #[serde(default)]
    pub(super) go: Go,
    #[serde(default)]
    pub(super) rust: Rust,
}

/// Variables that wick itself sets per target; setting them for all would build lies.
const RESERVED: [&str; 5] = ["GOOS", "GOARCH", "GOFLAGS", "CARGO_BUILD_TARGET", "WICK_PLUGIN_VERSION"];

/// Reads wick.toml as far as it is about `chosen`, with what is wrong in tables of others; without a file every default
/// holds. Whoever names one plugin isn't kept from it by another one's table.
pub(super) fn read(root: &Path, chosen: Chosen<'_>) -> Result<(Config, Option<ProjectError>), ProjectError> {
    let path = root.join(CONFIG_NAME);
    if files::kind(&path) == files::Kind::Missing {
        return Ok((Config::default(), None));
    }
    let (mut config, stranger) = parse_for(&files::read_text(&path)?, chosen)?;
    config.path = Some(path);
    Ok((config, stranger))
}

/// The plugins that a configuration is read for.
#[derive(Clone, Copy)]
pub(super) enum Chosen<'a> {
    /// Every one.
    All,
    /// These.
    Named(&'a [&'a PluginKey]),
}

fn parse_for(text: &str, chosen: Chosen<'_>) -> Result<(Config, Option<ProjectError>), ProjectError> {
    match (parse(text), chosen) {
        (Ok(config), _) => Ok((config, None)),
        (Err(error), Chosen::All) => Err(error),
        (Err(error), Chosen::Named(keys)) => match without_others(text, keys) {
            Some(config) => Ok((config, Some(error))),
            None => Err(error),
        },
    }
}

/// The configuration without the tables of other plugins, if that is a good one.
fn without_others(text: &str, keys: &[&PluginKey]) -> Option<Config> {
    let mut all: toml::Table = text.parse().ok()?;
    if let Some(plugins) = all.get_mut("plugin").and_then(toml::Value::as_table_mut) {
        plugins.retain(|name, _| keys.iter().any(|key| key.as_str() == name));
    }
    let config: Config = toml::Value::Table(all).try_into().ok()?;
    checked(config).ok()
}

fn parse(text: &str) -> Result<Config, ProjectError> {
    let config: Config = toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| position(text, span.start));
        let message = error.message().trim_end();
        ProjectError::Config {
            message: format!("{CONFIG_NAME}{place}: {message}"),
            hint: suggestion(message),
        }
    })?;
    checked(config)
}

fn checked(config: Config) -> Result<Config, ProjectError> {
    let per_plugin = config.plugin.values().flat_map(|plugin| [&plugin.go.env, &plugin.rust.env]);
    for env in [&config.go.env, &config.rust.env].into_iter().chain(per_plugin) {
        if let Some(name) = RESERVED.iter().find(|name| env.contains_key(**name)) {
            return Err(ProjectError::Config {
                message: format!("{CONFIG_NAME}: `{name}` can't be set in an env table; wick sets it itself"),
                hint: (*name == "GOFLAGS").then(|| "use the `tags` and `ldflags` keys of [go]".to_owned()),
            });
        }
    }
    let lists = config.plugin.values().filter_map(|plugin| plugin.targets.as_ref());
    if lists.chain(&config.build.targets).any(Vec::is_empty) {
        return Err(ProjectError::Config {
            message: format!("{CONFIG_NAME}: a `targets` list is empty, so nothing could ever be built"),
            hint: Some("remove the key, or list targets such as \"linux/arm64\"".to_owned()),
        });
    }
    Ok(config)
}

impl Config {
    /// `[plugin.x]` for an x that doesn't exist is a typo, not a wish: an error where `chosen` may have been meant, else
    /// something to say.
    pub(super) fn check_plugin_names(
        &self,
        layout: &Layout,
        chosen: Chosen<'_>,
    ) -> Result<Vec<ProjectError>, ProjectError> {
        let known = || layout.candidates.iter().map(|c| c.key.as_str());
        let mut strangers = Vec::new();
        for key in self.plugin.keys().filter(|key| !known().any(|k| k == key.as_str())) {
            let near = near(key.as_str(), known());
            let error = ProjectError::Config {
                message: format!("{CONFIG_NAME}: [plugin.{key}] is for a plugin that doesn't exist"),
                hint: near.first().map(|name| format!("did you mean {name}?")),
            };
            match chosen {
                Chosen::Named(keys) if !keys.iter().any(|key| near.contains(&format!("`{key}`"))) => {
                    strangers.push(error);
                }
                _ => return Err(error),
            }
        }
        Ok(strangers)
    }
}

/// `:3:7`, line and column counted from 1.
fn position(text: &str, offset: usize) -> String {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    format!(":{line}:{column}")
}

/// serde lists the fields it knows; the nearest is the hint.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wanted = message.starts_with("unknown field").then(|| quoted.next()).flatten()?;
    let known: Vec<&str> = quoted.collect();
    match near(wanted, known.iter().copied()).first() {
        Some(name) => Some(format!("did you mean {name}?")),
        None => Some(format!("known here: {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, Option<String>) {
        match parse(text).unwrap_err() {
            ProjectError::Config { message, hint } => (message, hint),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn unknown_keys_are_errors_with_a_suggestion() {
        let (message, hint) = refused("[go]\ntag = [\"x\"]\n");
        assert!(message.starts_with("wick.toml:2:1: unknown field `tag`"), "{message}");
        assert_eq!(hint.as_deref(), Some("did you mean `tags`?"));
        let (_, hint) = refused("[zig]\n");
        assert_eq!(hint.as_deref(), Some("known here: build, go, rust, plugin"));
    }

    #[test]
    fn values_are_checked_where_they_stand() {
        let (message, _) = refused("[build]\ntargets = [\"linux/x86_64\"]\n");
        assert!(message.contains("unknown architecture `x86_64`"), "{message}");
        let (message, _) = refused("[plugin.\"a-b\"]\nfiles = []\n");
        assert!(message.contains("contains `-`"), "{message}");
        let (message, hint) = refused("[go.env]\nGOFLAGS = \"-mod=mod\"\n");
        assert!(message.contains("`GOFLAGS` can't be set"), "{message}");
        assert!(hint.is_some());
        assert!(refused("[build]\ntargets = []\n").0.contains("empty"));
    }

    #[test]
    fn a_table_of_another_plugin_is_in_nobodys_way() {
        let (slack, mail): (PluginKey, PluginKey) = ("slack".parse().unwrap(), "mail".parse().unwrap());
        for stranger in [
            "[plugin.mail]\nfile = []\n",
            "[plugin.mail]\ntargets = [\"linux/x\"]\n",
            "[plugin.mail]\ntargets = []\n",
            "[plugin.mail]\ngo = { env = { GOOS = \"plan9\" } }\n",
            "[plugin.\"My-Mail\"]\nfiles = []\n",
        ] {
            let text = format!("[go]\ntags = [\"a\"]\n{stranger}[plugin.slack]\nfiles = [\"b\"]\n");
            let (config, error) = parse_for(&text, Chosen::Named(&[&slack])).unwrap();
            assert!(error.is_some(), "{stranger}");
            assert_eq!((config.plugin[&slack].files.len(), config.go.tags), (1, Some(vec!["a".to_owned()])));
            assert!(parse_for(&text, Chosen::All).is_err(), "{stranger}");
            let own =
                text.replace("My-Mail", "slack2").replace("[plugin.slack]\nfiles", "[plugin.slack]\nfile");
            assert!(parse_for(&own, Chosen::Named(&[&slack])).is_err(), "{own}");
            let named = parse_for(&text, Chosen::Named(&[&mail]));
            assert_eq!(named.is_err(), !stranger.contains("My-Mail"), "{stranger}");
        }
        for all in ["[go]\ntag = []\n", "[plugin.mail\n"] {
            assert!(parse_for(all, Chosen::Named(&[&slack])).is_err(), "{all}");
        }
    }

    #[test]
    fn a_full_file_reads() {
        let config = parse(
            "[build]\ntargets = [\"linux/arm64\"]\n[go]\ntags = [\"netgo\"]\nldflags = [\"-X=a.b=c\"]\n\
             version_symbols = [\"a.V\"]\nenv = { CGO_ENABLED = \"1\" }\n[rust]\nfeatures = [\"x\"]\n\
             default_features = false\ntriples = { \"linux/amd64\" = \"x86_64-unknown-linux-gnu\" }\n\
             [plugin.slack]\ntargets = [\"linux/amd64\"]\nfiles = [\"LICENSE\"]\ngo = { tags = [] }\n\
             rust = { binary = \"b\" }\n",
        )
        .unwrap();
        assert_eq!(config.plugin.len(), 1);
        assert_eq!(config.rust.triples.len(), 1);
    }
}
