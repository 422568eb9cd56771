//! From folders and wick.toml to plugins as they are meant. Defaults are applied here, once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ProjectError;
use super::config::{self, CONFIG_NAME, Config};
use super::layout::{Candidate, Layout};
use crate::model::package::{ENTRIES_MAX, PACKAGE_MAX};
use crate::model::project::{GoSource, Language, Plugin, RustSource, Source, Targets};
use crate::model::target::Target;
use crate::model::version::PluginVersion;
use crate::model::{file_names, lfs};
use crate::sys::files::{self, Inside, NotInside};

/// The symbol that the reference's own SDK reads its version from (contract wick 3).
const VERSION_SYMBOL: &str = "github.com/yogasw/wick/pkg/plugin.Version";

/// Resolves `chosen`. With `lenient`, a cargo package without a binary is no plugin rather than an error:
/// `--all-plugins` meets libraries that live beside plugins. What keeps a plugin from being packed, but not from being
/// built and asked, goes to `told` where there is one.
pub(super) fn resolve(
    layout: &Layout,
    chosen: &[&Candidate],
    config: &Config,
    lenient: bool,
    mut told: Option<&mut Vec<ProjectError>>,
) -> Result<Vec<Plugin>, ProjectError> {
    let mut or_told = |error: ProjectError| match &mut told {
        Some(told) => {
            told.push(error);
            Ok(())
        }
        None => Err(error),
    };
    let mut cargo = CargoAnswers::default();
    let none = config::Plugin::default();
    let mut plugins = Vec::new();
    for candidate in chosen {
        let own = config.plugin.get(&candidate.key).unwrap_or(&none);
        let (source, cargo_version) = match candidate.language {
            Some(Language::Go) => {
                let source = go(layout, candidate, config, own);
                has_go_version(layout, &source.module_root.join("go.mod"))?;
                (Source::Go(source), None)
            }
            _ => match cargo.rust(candidate, config, own)? {
                Some((source, version)) => (Source::Rust(source), Some(version)),
                None if lenient => continue,
                None => return Err(no_binary(candidate)),
            },
        };
        let version = match version(candidate, cargo_version) {
            Ok(version) => version,
            Err(error) => or_told(error).map(|()| PluginVersion::dev())?,
        };
        let files = match extra_files(candidate, &own.files, !own.generate.is_empty()) {
            Ok(files) => files,
            Err(error) => or_told(error).map(|()| Vec::new())?,
        };
        plugins.push(Plugin {
            key: candidate.key.clone(),
            kind: candidate.kind,
            dir: candidate.dir.clone(),
            place: candidate.place.clone(),
            version,
            source,
            targets: targets(config, own),
            files,
            generate: own.generate.clone(),
        });
    }
    Ok(plugins)
}

/// What is packed beside the binary, and for which targets.
pub(super) fn packed(candidate: &Candidate, config: &Config) -> Result<(Vec<String>, Targets), ProjectError> {
    let none = config::Plugin::default();
    let own = config.plugin.get(&candidate.key).unwrap_or(&none);
    let files = extra_files(candidate, &own.files, !own.generate.is_empty())?;
    Ok((files, targets(config, own)))
}

fn targets(config: &Config, own: &config::Plugin) -> Targets {
    own.targets.clone().or_else(|| config.build.targets.clone()).map_or(Targets::Contract, unique)
}

fn unique(mut targets: Vec<Target>) -> Targets {
    let mut seen = std::collections::BTreeSet::new();
    targets.retain(|target| seen.insert(*target));
    Targets::Configured(targets)
}

/// VERSION wins; a cargo plugin without one has its crate's version; neither is `dev`.
fn version(candidate: &Candidate, cargo: Option<String>) -> Result<PluginVersion, ProjectError> {
    let file = candidate.dir.join("VERSION");
    let (text, place) = if files::kind(&file) == files::Kind::Missing {
        match cargo {
            Some(text) => (text, format!("{}/Cargo.toml", candidate.place)),
            None => return Ok(PluginVersion::dev()),
        }
    } else if !files::is_file(&file) {
        // Reading a pipe would wait for whoever writes into it.
        return Err(ProjectError::Config {
            message: format!("{}/VERSION is not a regular file", candidate.place),
            hint: Some("write a version such as 0.2.0 into a file of that name".to_owned()),
        });
    } else {
        // What isn't UTF-8 is no version, and told as such.
        (String::from_utf8_lossy(&files::read(&file)?).into_owned(), format!("{}/VERSION", candidate.place))
    };
    text.parse().map_err(|source| ProjectError::Version { place, source })
}

/// The files that are packed beside the binary: each a regular file of the plugin's folder, under a name that packages
/// can have. What is asked of one target only is the plan's business. It must be there, unless there is something that may
/// make it first.
fn extra_files(
    candidate: &Candidate,
    written: &[String],
    is_generated: bool,
) -> Result<Vec<String>, ProjectError> {
    let wrong = |what: String, hint: Option<&str>| ProjectError::Config {
        message: format!("{CONFIG_NAME}: [plugin.{}] files: {what}", candidate.key),
        hint: hint.map(ToOwned::to_owned),
    };
    let mut size = 0;
    for name in written {
        if let Some(why) = file_names::refusal(&candidate.key, name) {
            return Err(wrong(format!("`{}` {why}", name.escape_debug()), None));
        }
        match Inside::open(&candidate.dir, name) {
            Ok(file) => size += file.size(),
            Err(NotInside::Missing) if is_generated => {}
            Err(NotInside::Missing) => {
                return Err(wrong(format!("`{name}` is not a file in {}", candidate.place), None));
            }
            Err(why) => {
                let hint = matches!(why, NotInside::Leaves(_) | NotInside::NotRegular(_))
                    .then_some("put a copy of what is meant into the plugin's folder");
                return Err(wrong(format!("`{name}` of {} can't be packed: {why}", candidate.place), hint));
            }
        }
        let path = candidate.dir.join(name);
        if files::size(&path).is_some_and(|size| size < lfs::MOST)
            && files::read(&path).is_ok_and(|bytes| lfs::is_pointer(&bytes))
        {
            return Err(ProjectError::Pointer { place: format!("{}/{name}", candidate.place) });
        }
    }
    let mut sorted = written.to_vec();
    sorted.sort();
    sorted.dedup();
    if let Some((one, other)) = file_names::collision(&sorted) {
        let what =
            format!("`{one}` and `{other}` are one name where case doesn't count, as on Windows and macOS");
        return Err(wrong(what, Some("rename one of them")));
    }
    // The binary, the manifest and a signature come to them.
    if sorted.len() + 3 > ENTRIES_MAX {
        return Err(wrong(
            format!("{} are listed; a package holds at most {ENTRIES_MAX}", sorted.len()),
            None,
        ));
    }
    if size > PACKAGE_MAX {
        return Err(wrong(format!("they have more than {} MiB together", PACKAGE_MAX >> 20), None));
    }
    Ok(sorted)
}

fn go(layout: &Layout, candidate: &Candidate, config: &Config, own: &config::Plugin) -> GoSource {
    // The nearest go.mod governs; without any, go itself will say so in its own words.
    let module_root = candidate
        .dir
        .ancestors()
        .find(|dir| files::is_file(&dir.join("go.mod")))
        .unwrap_or(&layout.root)
        .to_owned();
    let mut version_symbols = vec![VERSION_SYMBOL.to_owned()];
    for list in [&config.go.version_symbols, &own.go.version_symbols].into_iter().flatten() {
        version_symbols
            .extend(list.iter().filter(|s| !version_symbols.contains(s)).cloned().collect::<Vec<_>>());
    }
    let pick = |own: &Option<Vec<String>>, all: &Option<Vec<String>>| {
        own.clone().or_else(|| all.clone()).unwrap_or_default()
    };
    GoSource {
        module_root,
        tags: pick(&own.go.tags, &config.go.tags),
        ldflags: pick(&own.go.ldflags, &config.go.ldflags),
        version_symbols,
        env: merged(&config.go.env, &own.go.env),
    }
}

/// Go takes no module whose `go` line isn't a version: known before it is started.
fn has_go_version(layout: &Layout, file: &Path) -> Result<(), ProjectError> {
    let text = files::read_text(file).unwrap_or_default();
    let version = text.lines().enumerate().find_map(|(at, line)| {
        let mut words = line.split("//").next()?.split_whitespace();
        (words.next()? == "go").then(|| Some((at + 1, words.next()?)))?
    });
    let Some((line, odd)) = version.filter(|(_, version)| !is_go_version(version)) else { return Ok(()) };
    let shown = file.strip_prefix(&layout.root).unwrap_or(file).to_string_lossy().replace('\\', "/");
    Err(ProjectError::Config {
        message: format!("{shown}:{line}: `{}` is not a version of Go", odd.escape_debug()),
        hint: Some("write it as in `go 1.24.0`".to_owned()),
    })
}

/// `1.24`, `1.24.0`, `1.24rc1`. <https://go.dev/ref/mod#go-mod-file-go>
fn is_go_version(text: &str) -> bool {
    let number = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'))
    };
    let end = text.find(|c: char| c.is_ascii_lowercase()).unwrap_or(text.len());
    let (numbers, pre) = text.split_at(end);
    let parts: Vec<&str> = numbers.split('.').collect();
    let pre_number = pre.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let pre_fits = pre.is_empty() || !pre_number.is_empty() && pre_number.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.len(), 2 | 3) && parts[0] != "0" && parts.iter().all(|part| number(part)) && pre_fits
}

fn merged<K: Ord + Clone>(all: &BTreeMap<K, String>, own: &BTreeMap<K, String>) -> BTreeMap<K, String> {
    let mut env = all.clone();
    env.extend(own.iter().map(|(k, v)| (k.clone(), v.clone())));
    env
}

/// What cargo said, asked once per workspace.
#[derive(Default)]
struct CargoAnswers(Vec<cargo_metadata::Metadata>);

impl CargoAnswers {
    /// The Rust plugin in that folder and its crate's version; nothing when the package has no binary.
    fn rust(
        &mut self,
        candidate: &Candidate,
        config: &Config,
        own: &config::Plugin,
    ) -> Result<Option<(RustSource, String)>, ProjectError> {
        let manifest = candidate.dir.join("Cargo.toml");
        let metadata = self.about(candidate, &manifest)?;
        let Some(package) = metadata.packages.iter().find(|p| p.manifest_path.as_std_path() == manifest)
        else {
            return Ok(None);
        };
        let binaries: Vec<&str> =
            package.targets.iter().filter(|t| t.is_bin()).map(|t| t.name.as_str()).collect();
        let Some(binary) = pick_binary(candidate, package, &binaries, own.rust.binary.as_deref())? else {
            return Ok(None);
        };
        let workspace_root = PathBuf::from(metadata.workspace_root.as_std_path());
        let source = RustSource {
            repository: repository(candidate, &workspace_root),
            // Newer cargos always name one.
            build_dir: metadata
                .build_directory
                .clone()
                .filter(|folder| *folder != metadata.target_directory)
                .map(Into::into),
            has_lock: files::is_file(&workspace_root.join("Cargo.lock")),
            workspace_root,
            target_dir: metadata.target_directory.clone().into_std_path_buf(),
            package: package.name.to_string(),
            binary,
            features: own.rust.features.clone().or_else(|| config.rust.features.clone()).unwrap_or_default(),
            default_features: own.rust.default_features.or(config.rust.default_features).unwrap_or(true),
            triples: merged(&config.rust.triples, &own.rust.triples),
            env: merged(&config.rust.env, &own.rust.env),
        };
        Ok(Some((source, package.version.to_string())))
    }

    fn about(
        &mut self,
        candidate: &Candidate,
        manifest: &Path,
    ) -> Result<&cargo_metadata::Metadata, ProjectError> {
        let has = |m: &cargo_metadata::Metadata| {
            m.packages.iter().any(|p| p.manifest_path.as_std_path() == manifest)
        };
        if let Some(at) = self.0.iter().position(has) {
            return Ok(&self.0[at]);
        }
        let metadata = cargo_metadata::MetadataCommand::new()
            .manifest_path(manifest)
            .current_dir(&candidate.dir)
            .no_deps()
            .exec()
            .map_err(|source| ProjectError::Cargo { place: candidate.place.clone(), source })?;
        self.0.push(metadata);
        Ok(&self.0[self.0.len() - 1])
    }
}

/// The repository that holds a plugin and its workspace: the nearest folder above both that git has. Only where a
/// configuration lies is asked by it, so nothing is asked of git.
fn repository(candidate: &Candidate, workspace: &Path) -> PathBuf {
    let depth = Path::new(&candidate.place).components().count();
    let project = candidate.dir.ancestors().nth(depth).unwrap_or(&candidate.dir);
    let both = if project.starts_with(workspace) { workspace } else { project };
    let top = both.ancestors().find(|folder| files::kind(&folder.join(".git")) != files::Kind::Missing);
    top.unwrap_or(both).to_owned()
}

fn pick_binary(
    candidate: &Candidate,
    package: &cargo_metadata::Package,
    binaries: &[&str],
    asked: Option<&str>,
) -> Result<Option<String>, ProjectError> {
    let has = |name: &str| binaries.contains(&name);
    match (asked, binaries) {
        (Some(name), _) if has(name) => Ok(Some(name.to_owned())),
        (Some(name), _) => Err(ProjectError::Config {
            message: format!(
                "{CONFIG_NAME}: [plugin.{}.rust] binary: {} has no binary `{name}`",
                candidate.key, candidate.place
            ),
            hint: Some(format!("it has {}", binaries.join(", "))),
        }),
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some((*only).to_owned())),
        (None, _) => {
            let default = package.default_run.as_deref().filter(|name| has(name));
            match default.or_else(|| Some(candidate.key.as_str()).filter(|name| has(name))) {
                Some(name) => Ok(Some(name.to_owned())),
                None => Err(ProjectError::Config {
                    message: format!("{} has several binaries: {}", candidate.place, binaries.join(", ")),
                    hint: Some(format!(
                        "name the plugin's with `binary` in [plugin.{}.rust] of {CONFIG_NAME}",
                        candidate.key
                    )),
                }),
            }
        }
    }
}

fn no_binary(candidate: &Candidate) -> ProjectError {
    ProjectError::Config {
        message: format!("{} is a cargo package without a binary, so it is no plugin", candidate.place),
        hint: Some("add a src/main.rs".to_owned()),
    }
}
