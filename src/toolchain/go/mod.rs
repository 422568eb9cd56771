//! Go: `go build` with everything that would make two builds differ turned off.
//! All plugins of one target share one run where their flags allow it, so the module graph is loaded once.

mod assembly;
mod cgo;
pub mod embeds;
mod modules;
mod settings;

pub use assembly::included;
pub use cgo::{imports_c, needs_only_c};
pub use modules::composition;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Closure, Order, SourcePath, Toolchain, ToolchainError, veiled};
use crate::model::command::CommandLine;
use crate::model::finding::Finding;
use crate::model::plan::{Outputs, Step};
use crate::model::project::{GoSource, Language, Plugin, Source};
use crate::model::target::Target;
use crate::model::tools::{GoTool, Missing, Tools};
use settings::{IRRELEVANT, environment, in_force, taken_out};

/// The Go toolchain.
pub struct Go;

/// Extensions of what the go command compiles, assembles, includes or links.
const TAKEN: [&str; 18] = [
    "go", "s", "sx", "h", "hh", "hpp", "hxx", "c", "cc", "cpp", "cxx", "m", "f", "for", "f90", "swig",
    "swigcxx", "syso",
];

impl Toolchain for Go {
    fn language(&self) -> Language {
        Language::Go
    }

    fn ability(&self, tools: &Tools, _: Option<&Plugin>, _: Target) -> Result<String, Vec<Missing>> {
        match (&tools.go, &tools.go_trouble) {
            (Some(go), _) => Ok(format!("{} build", go.version)),
            (None, None) => Err(vec![Missing {
                what: "Go (the `go` command)".to_owned(),
                install: "install Go from https://go.dev/dl".to_owned(),
            }]),
            (None, Some(said)) => Err(vec![Missing {
                what: format!("a `go` command that works; it says `{said}`"),
                install: "set right what `go env` complains about".to_owned(),
            }]),
        }
    }

    fn steps(&self, order: &Order<'_>) -> Vec<Step> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (at, (_, unit, plugin)) in order.units.iter().enumerate() {
            let shares = |group: &&mut Vec<usize>| {
                let (_, first, other) = order.units[group[0]];
                first.target == unit.target
                    && can_share(source(plugin), source(other))
                    && named_as_folder(plugin)
                    && named_as_folder(other)
            };
            match groups.iter_mut().find(shares) {
                Some(group) => group.push(at),
                None => groups.push(vec![at]),
            }
        }
        groups.iter().enumerate().map(|(n, group)| step(order, group, n)).collect()
    }

    fn conditions(&self, order: &Order<'_>, plugin: &Plugin, target: Target) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        all.insert("flags".to_owned(), flags(plugin).join(" "));
        for (name, value) in in_force(source(plugin), target) {
            all.insert(format!("env {name}"), veiled(&value));
        }
        if let Some(go) = &order.tools.go {
            all.insert("go version".to_owned(), go.version.clone());
            all.insert("go tools".to_owned(), go.identity.clone());
            all.insert("go workspace".to_owned(), workspace(go, &source(plugin).module_root));
            for (name, value) in &go.settings {
                if !IRRELEVANT.contains(&name.as_str()) && !all.contains_key(&format!("env {name}")) {
                    all.insert(format!("env {name}"), veiled(value));
                }
            }
        }
        all
    }

    fn untraceable(&self, order: &Order<'_>, plugin: &Plugin) -> Option<String> {
        let env = environment(order, source(plugin), Target::ALL[0]);
        if env.get("CGO_ENABLED").is_some_and(|value| value != "0") {
            return Some("cgo is on: what the C compiler reads can't be listed".to_owned());
        }
        let setting = |name: &str| order.tools.go.as_ref()?.settings.get(name);
        let goflags = env.get("GOFLAGS").or_else(|| setting("GOFLAGS"))?;
        settings::unlisted(goflags)
            .map(|flag| format!("GOFLAGS has {flag}: what it brings in can't be listed"))
    }

    fn remarks(&self, order: &Order<'_>, plugin: &Plugin, target: Target) -> Vec<Finding> {
        settings::remarks(order, source(plugin), target)
    }

    fn questions<'a>(
        &self,
        order: &Order<'_>,
        plugins: &[&'a Plugin],
        target: Target,
    ) -> Vec<(CommandLine, Vec<&'a Plugin>)> {
        let mut groups: Vec<Vec<&'a Plugin>> = Vec::new();
        for plugin in plugins {
            match groups.iter_mut().find(|group| can_share(source(plugin), source(group[0]))) {
                Some(group) => group.push(plugin),
                None => groups.push(vec![plugin]),
            }
        }
        let ask = |group: Vec<&'a Plugin>| {
            let go = source(group[0]);
            let mut line = CommandLine::new(program(order.tools), &go.module_root)
                .args([
                    "list",
                    "-e",
                    "-deps",
                    "-json=Dir,ImportPath,Standard,Module,GoFiles,IgnoredGoFiles,SFiles,EmbedPatterns,EmbedFiles,Imports,Deps,Error",
                ])
                .args(tags(go));
            line.env = environment(order, go, target);
            line.without = taken_out(order.environment);
            (line.args(group.iter().map(|plugin| pattern(plugin))), group)
        };
        groups.into_iter().map(ask).collect()
    }

    /// `go help packages` and go/build: by extension, directly in the folder; names that begin with `_` or `.` are passed
    /// over. Embedded files are listed one by one.
    fn takes(&self, inside: &Path) -> bool {
        let name = inside.to_string_lossy();
        let extension = inside.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        !name.starts_with(['_', '.'])
            && inside.components().count() == 1
            && !name.ends_with("_test.go")
            && extension.is_some_and(|extension| TAKEN.contains(&&*extension))
    }

    fn closures(
        &self,
        tools: &Tools,
        answer: &str,
        plugins: &[&Plugin],
    ) -> Result<Vec<Closure>, ToolchainError> {
        let packages: Vec<Package> = serde_json::Deserializer::from_str(answer)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|source| ToolchainError::Answer { command: "go list", source })?;
        let by_path: BTreeMap<&str, &Package> =
            packages.iter().map(|p| (p.import_path.as_str(), p)).collect();
        let module_cache = tools.go.as_ref().map(|go| go.module_cache.as_path());
        let settings = tools.go.as_ref().map(|go| &go.settings);
        plugins.iter().map(|plugin| closure(plugin, &packages, &by_path, module_cache, settings)).collect()
    }
}

fn source(plugin: &Plugin) -> &GoSource {
    match &plugin.source {
        Source::Go(go) => go,
        Source::Rust(_) => unreachable!("bug: a Rust plugin was handed to the Go toolchain"),
    }
}

/// Which go.work holds, by its place relative to the module, so that the answer is the same in every checkout.
/// What it says is watched as a source.
fn workspace(go: &GoTool, module_root: &Path) -> String {
    let file = match go.settings.get("GOWORK").map(String::as_str) {
        None | Some("") => return "none".to_owned(),
        Some("off") => return "off".to_owned(),
        Some(file) => Path::new(file),
    };
    match module_root.ancestors().position(|folder| file.parent() == Some(folder)) {
        Some(levels) => {
            format!("{}{}", "../".repeat(levels), file.file_name().unwrap_or_default().to_string_lossy())
        }
        None => file.to_string_lossy().into_owned(),
    }
}

fn program(tools: &Tools) -> String {
    tools.go.as_ref().map_or_else(|| "go".to_owned(), |go: &GoTool| go.path.to_string_lossy().into_owned())
}

/// Whether two plugins can be built by one command: linker flags go by package, the rest doesn't.
fn can_share(a: &GoSource, b: &GoSource) -> bool {
    (&a.module_root, &a.tags, &a.env) == (&b.module_root, &b.tags, &b.env)
}

/// `go build -o folder/` names binaries after the last element of the import path; not after a module's root or
/// after what looks like a major version.
fn named_as_folder(plugin: &Plugin) -> bool {
    let version_like =
        plugin.key.as_str().strip_prefix('v').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    !version_like && source(plugin).module_root != plugin.dir
}

/// The plugin's folder as a pattern relative to its module's root.
fn pattern(plugin: &Plugin) -> String {
    match plugin.dir.strip_prefix(&source(plugin).module_root) {
        Ok(inner) if inner.as_os_str().is_empty() => ".".to_owned(),
        Ok(inner) => format!("./{}", inner.to_string_lossy().replace('\\', "/")),
        Err(_) => plugin.dir.to_string_lossy().into_owned(),
    }
}

fn tags(go: &GoSource) -> Option<String> {
    (!go.tags.is_empty()).then(|| format!("-tags={}", go.tags.join(",")))
}

/// The flags that decide one plugin's binary. `-buildvcs=false`: otherwise every commit changes every binary.
fn flags(plugin: &Plugin) -> Vec<String> {
    let go = source(plugin);
    let mut linker = vec!["-s".to_owned(), "-w".to_owned()];
    linker.extend(go.version_symbols.iter().map(|symbol| format!("-X {symbol}={}", plugin.version)));
    linker.extend(go.ldflags.iter().cloned());
    let mut flags = vec!["-trimpath".to_owned(), "-buildvcs=false".to_owned()];
    flags.extend(tags(go));
    flags.push(format!("-ldflags={}={}", pattern(plugin), linker.join(" ")));
    flags
}

fn step(order: &Order<'_>, group: &[usize], number: usize) -> Step {
    let (_, first, plugin) = order.units[group[0]];
    let go = source(plugin);
    let mut line = CommandLine::new(program(order.tools), &go.module_root).args([
        "build",
        "-trimpath",
        "-buildvcs=false",
    ]);
    line = line.arg(format!("-p={}", order.cpus.max(1))).args(tags(go));
    for at in group {
        let own = flags(order.units[*at].2);
        line = line.args(own.into_iter().filter(|flag| flag.starts_with("-ldflags=")));
    }
    let place = order.scratch.join(format!("go-{}-{number}", first.target.dashed()));
    let outputs = if group.len() == 1 {
        let file = place.join(&first.entry);
        line = line.arg("-o").arg(file.to_string_lossy());
        Outputs::File(file)
    } else {
        line = line.arg("-o").arg(format!("{}/", place.to_string_lossy()));
        Outputs::Folder(place)
    };
    line = line.args(group.iter().map(|at| pattern(order.units[*at].2)));
    line.env = environment(order, go, first.target);
    line.without = taken_out(order.environment);
    Step {
        language: Language::Go,
        target: first.target,
        units: group.iter().map(|at| order.units[*at].0).collect(),
        command: line,
        outputs,
        locks: None,
        kit: None,
    }
}

/// One package of `go list -json` (go help list).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Package {
    dir: PathBuf,
    import_path: String,
    standard: bool,
    module: Option<Module>,
    go_files: Vec<String>,
    ignored_go_files: Vec<String>,
    #[serde(rename = "SFiles")]
    s_files: Vec<String>,
    embed_patterns: Vec<String>,
    embed_files: Vec<String>,
    imports: Vec<String>,
    deps: Vec<String>,
    error: Option<PackageError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Module {
    #[serde(default)]
    path: String,
    replace: Option<Replacement>,
    go_mod: Option<PathBuf>,
    dir: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Replacement {
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PackageError {
    err: String,
}

fn closure(
    plugin: &Plugin,
    packages: &[Package],
    by_path: &BTreeMap<&str, &Package>,
    module_cache: Option<&Path>,
    settings: Option<&BTreeMap<String, String>>,
) -> Result<Closure, ToolchainError> {
    let named = settings.and_then(|all| all.get("GOWORK"));
    let (is_off, work) =
        (named.is_some_and(|value| value == "off"), named.filter(|path| path.ends_with(".work")));
    let silent = || ToolchainError::Silent { command: "go list", place: plugin.place.clone() };
    let root = packages.iter().find(|p| p.dir == plugin.dir).ok_or_else(silent)?;
    let deps: Vec<&Package> =
        root.deps.iter().filter_map(|path| by_path.get(path.as_str()).copied()).collect();
    let closure = || std::iter::once(root).chain(deps.iter().copied());
    let (mut sources, mut files, mut ignored) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut add = |path: PathBuf| sources.insert(SourcePath::File(path));
    add(plugin.dir.join("VERSION"));
    // The profile that go optimizes a program by unless it is told otherwise.
    add(plugin.dir.join("default.pgo"));
    add(source(plugin).module_root.join("vendor/modules.txt"));
    if let Some(work) = work {
        add(PathBuf::from(work));
        add(PathBuf::from(format!("{work}.sum")));
    }
    // One that is gone, or that appears, in any folder above; the nearest is the one that is read.
    for folder in source(plugin).module_root.ancestors() {
        let file = folder.join("go.work");
        let is_read = work.is_some_and(|work| Path::new(work) == file);
        if !is_off {
            add(file);
        }
        if is_read {
            break;
        }
    }
    for package in closure() {
        // What its generators write may not be there yet; when it ought to be, the compiler says what is wrong.
        if let Some(error) = package.error.as_ref().filter(|_| plugin.generate.is_empty()) {
            return Err(ToolchainError::Broken { place: plugin.place.clone(), said: error.err.clone() });
        }
        // The standard library is the toolchain's; downloaded modules are pinned by go.sum.
        if package.dir.as_os_str().is_empty()
            || package.standard
            || module_cache.is_some_and(|cache| package.dir.starts_with(cache))
        {
            continue;
        }
        let names = package.go_files.iter().chain(&package.s_files).chain(&package.embed_files);
        files.extend(names.map(|name| package.dir.join(name)));
        ignored.extend(package.ignored_go_files.iter().map(|name| package.dir.join(name)));
        sources.extend(package.embed_files.iter().map(|name| SourcePath::File(package.dir.join(name))));
        // A new file that an embed pattern matches may appear anywhere below.
        sources.insert(if package.embed_patterns.is_empty() {
            SourcePath::Package(package.dir.clone())
        } else {
            SourcePath::Tree(package.dir.clone())
        });
        if let Some(module) = &package.module {
            if let Some(go_mod) = &module.go_mod {
                sources.insert(SourcePath::File(go_mod.clone()));
                sources.insert(SourcePath::File(go_mod.with_file_name("go.sum")));
            }
            // A go.mod that appears between a package and its module's root takes the package away.
            let root = module.dir.clone().unwrap_or_default();
            let between = package.dir.ancestors().take_while(|dir| dir.starts_with(&root) && *dir != root);
            sources.extend(between.map(|dir| SourcePath::File(dir.join("go.mod"))));
        }
    }
    let parts = modules::parts(root, closure(), by_path);
    let (sources, files) = (sources.into_iter().collect(), files.into_iter().collect());
    Ok(Closure { sources, files, ignored, whole: Vec::new(), parts })
}
