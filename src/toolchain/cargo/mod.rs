//! Rust: cargo, with zig as the linker, C compiler, archiver and dlltool of every target, whatever machine it is built
//! on. One run per plugin and target, because cargo unifies the features of packages built together and the binary
//! would depend on its company.

mod build;
mod config;
mod crates;
pub mod kit;
mod says;
mod settings;

pub use build::{FLAGS, SAMENESS};
pub use config::reaches_binaries;
pub use crates::composition;
pub use says::{build_script_deps, channel, dep_info, env_deps, executable, out_dirs};
pub use settings::{is_flags, is_taken_out};

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Closure, Foreign, Order, SourcePath, Toolchain, ToolchainError, veiled};
use crate::model::command::CommandLine;
use crate::model::plan::Step;
use crate::model::project::{Language, Plugin, RustSource, Source};
use crate::model::target::{Arch, Os, Target};
use crate::model::tools::{CargoSettings, CargoTool, Missing, ToolVersion, Tools};

use build::{Build, Builder, IS_PLACE, build, builder, file_name, flags, no_zig, step, wrapper};

/// The Rust toolchain.
pub struct Cargo;

/// Variables that cargo, rustc and the C compilers behind build scripts read, by the start of their names.
const READ: [&str; 18] = [
    "AR",
    "BINDGEN_",
    "CARGO_",
    "CC",
    "CFLAGS",
    "CMAKE_",
    "CPPFLAGS",
    "CROSS_",
    "CXX",
    "HOST_",
    "LDFLAGS",
    "MACOSX_DEPLOYMENT_TARGET",
    "PKG_CONFIG",
    "RUST",
    "SDKROOT",
    "SOURCE_DATE_EPOCH",
    "TARGET_",
    "ZIG",
];

/// The program that cargo calls in the place of rustc for the workspace's own packages.
const OF_MEMBERS: &str = "RUSTC_WORKSPACE_WRAPPER";

/// Of those, what can't change a binary, is recorded otherwise, or leaks in from a cargo that runs wick itself.
const NOT_READ: [&str; 19] = [
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_BUILD_JOBS",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BIN_",
    "CARGO_CRATE_NAME",
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_MANIFEST_",
    "CARGO_NET_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_",
    "CARGO_REGISTR",
    "CARGO_TARGET_DIR",
    "CARGO_TARGET_TMPDIR",
    "CARGO_TERM_",
    "CARGO_ZIGBUILD_CACHE_DIR",
    "RUSTUP_",
    "RUST_",
    "CARGO_MAKEFLAGS",
];

impl Toolchain for Cargo {
    fn language(&self) -> Language {
        Language::Rust
    }

    fn ability(
        &self,
        tools: &Tools,
        plugin: Option<&Plugin>,
        target: Target,
    ) -> Result<String, Vec<Missing>> {
        let Some(cargo) = &tools.cargo else {
            let none = || missing("Rust (the `cargo` command)", "install Rust from https://rustup.rs");
            return Err(vec![tools.cargo_trouble.clone().unwrap_or_else(none)]);
        };
        let Some(triple) = triple(plugin, target) else {
            return Err(vec![missing(
                &format!("a Rust target triple for {target}"),
                &format!("name one in wick.toml: [rust.triples] \"{target}\" = \"…\""),
            )]);
        };
        let mut lacking = Vec::new();
        if !cargo.triples.contains(&triple) {
            let install = if cargo.rustup {
                format!("rustup target add {triple}")
            } else {
                format!("install Rust with rustup, then `rustup target add {triple}`")
            };
            lacking.push(missing(&format!("the Rust target {triple}"), &install));
        }
        let builder = builder(&triple);
        match builder {
            Builder::Zig => lacking.extend(no_zig(tools)),
            Builder::Msvc if tools.this_machine.is_none_or(|this| this.os != Os::Windows) => {
                let what = format!("Microsoft's linker for {triple}, which only Windows has");
                lacking
                    .push(missing(&what, &format!("build {target} on Windows, or as x86_64-pc-windows-gnu")));
            }
            Builder::Msvc => {}
        }
        if tools.lacks_linker {
            // Whatever is built, build scripts and macros are linked for this machine.
            lacking.push(missing(
                "a C compiler for this machine (`cc`), with which rustc links build scripts and macros",
                "install gcc or clang with this system's package manager",
            ));
        }
        if lacking.is_empty() { Ok(format!("{} --target {triple}", builder.command())) } else { Err(lacking) }
    }

    fn steps(&self, order: &Order<'_>) -> Vec<Step> {
        order.units.iter().filter_map(|(at, unit, plugin)| step(order, *at, unit.target, plugin)).collect()
    }

    fn conditions(&self, order: &Order<'_>, plugin: &Plugin, target: Target) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let read = |name: &str| {
            READ.iter().any(|start| name.starts_with(start))
                && !NOT_READ.iter().any(|start| name.starts_with(start))
                && !settings::is_taken_out(name)
                && !["TOKEN", "PASSWORD", "SECRET"].iter().any(|word| name.contains(word))
        };
        for (name, value) in order.environment.iter().filter(|(name, _)| read(name)) {
            all.insert(format!("env {name}"), veiled(value));
        }
        let Some(Build { line, kit, flags, .. }) = build(order, plugin, target) else { return all };
        all.insert("command".to_owned(), line.args[..].join(" "));
        for (name, value) in line.env.into_iter().filter(|(name, _)| !IS_PLACE.contains(&name.as_str())) {
            all.insert(format!("env {name}"), veiled(&value));
        }
        if !flags.is_empty() {
            all.insert(FLAGS.to_owned(), flags.join(" "));
        }
        // That the place of the build isn't in the bytes, nor a stranger's tool: an older wick has no such line.
        all.insert(SAMENESS.to_owned(), format!("{}; {}", kit::scheme(), builder(&kit.triple).tools()));
        if let Some(wrapper) = &kit.wrapper {
            all.insert("rustc wrapper".to_owned(), file_name(wrapper));
        }
        if let Some(cargo) = &order.tools.cargo {
            all.insert("cargo".to_owned(), cargo.version.clone());
            all.insert("rustc".to_owned(), cargo.rustc.replace('\n', "; "));
        }
        if builder(&kit.triple) == Builder::Zig {
            let of = |tool: &Option<ToolVersion>| {
                tool.as_ref().map_or_else(String::new, |tool| tool.version.clone())
            };
            all.insert("cargo-zigbuild".to_owned(), of(&order.tools.zigbuild));
            all.insert("zig".to_owned(), of(&order.tools.zig));
        }
        all
    }

    fn foreign(&self, order: &Order<'_>, plugin: &Plugin, target: Target) -> Vec<Foreign> {
        let (rust, Some(triple)) = (source(plugin), triple(Some(plugin), target)) else { return Vec::new() };
        let none = CargoSettings::default();
        let found =
            order.tools.cargo_settings.get(&(rust.workspace_root.clone(), triple.clone())).unwrap_or(&none);
        let mut all = settings::foreign(order.environment, &rust.env, found, &triple);
        if all.is_empty() && settings::native(&flags(order.tools, rust, &triple)) {
            all.push(Foreign {
                what: "the rustflags ask for the processor of whatever machine builds (`target-cpu=native`)"
                    .to_owned(),
                hint: "name a level that every machine knows, such as `-C target-cpu=x86-64-v2`, or none"
                    .to_owned(),
            });
        }
        all
    }

    fn untraceable(&self, order: &Order<'_>, plugin: &Plugin) -> Option<String> {
        let rust = source(plugin);
        let triples = order.tools.cargo_settings.keys().filter(|(root, _)| *root == rust.workspace_root);
        let configured = triples.filter_map(|(_, triple)| wrapper(order.tools, rust, triple));
        let of_members =
            [&rust.env, order.environment].into_iter().find_map(|env| env.get(OF_MEMBERS)).cloned();
        let unknown = configured.chain(of_members).find(|wrapper| !config::is_cache(wrapper))?;
        Some(format!(
            "cargo calls {} in the place of rustc: what it does can't be listed",
            file_name(&unknown)
        ))
    }

    fn questions<'a>(
        &self,
        order: &Order<'_>,
        plugins: &[&'a Plugin],
        _target: Target,
    ) -> Vec<(CommandLine, Vec<&'a Plugin>)> {
        let mut groups: BTreeMap<&Path, Vec<&'a Plugin>> = BTreeMap::new();
        for plugin in plugins {
            groups.entry(&source(plugin).workspace_root).or_default().push(plugin);
        }
        let ask = |(root, group): (&Path, Vec<&'a Plugin>)| {
            let mut line =
                CommandLine::new(program(order.tools), root).args(["metadata", "--format-version=1"]);
            if source(group[0]).has_lock {
                line = line.arg("--locked");
            }
            // All features: more sources than needed never make a stale build look fresh.
            (line.arg("--all-features"), group)
        };
        groups.into_iter().map(ask).collect()
    }

    /// rustc reads what it is told to (`mod`, `include_str!`), and says so: each file is an input of its own.
    fn takes(&self, _inside: &Path) -> bool {
        false
    }

    fn closures(
        &self,
        tools: &Tools,
        answer: &str,
        plugins: &[&Plugin],
    ) -> Result<Vec<Closure>, ToolchainError> {
        let metadata: cargo_metadata::Metadata = serde_json::from_str(answer)
            .map_err(|source| ToolchainError::Answer { command: "cargo metadata", source })?;
        let home = tools.cargo.as_ref().map(|cargo| cargo.home.as_path());
        plugins.iter().map(|plugin| closure(plugin, &metadata, home)).collect()
    }
}

fn missing(what: &str, install: &str) -> Missing {
    Missing { what: what.to_owned(), install: install.to_owned() }
}

fn source(plugin: &Plugin) -> &RustSource {
    match &plugin.source {
        Source::Rust(rust) => rust,
        Source::Go(_) => unreachable!("bug: a Go plugin was handed to the Rust toolchain"),
    }
}

fn program(tools: &Tools) -> String {
    tools
        .cargo
        .as_ref()
        .map_or_else(|| "cargo".to_owned(), |c: &CargoTool| c.path.to_string_lossy().into_owned())
}

/// The triple a target is built as. Linux is musl: only that gives a static binary, which Termux and every
/// distribution run.
#[must_use]
pub fn triple(plugin: Option<&Plugin>, target: Target) -> Option<String> {
    if let Some(own) = plugin.and_then(|plugin| source(plugin).triples.get(&target)) {
        return Some(own.clone());
    }
    let known = match (target.os, target.arch) {
        (Os::Linux, Arch::Amd64) => "x86_64-unknown-linux-musl",
        (Os::Linux, Arch::Arm64) => "aarch64-unknown-linux-musl",
        (Os::Linux, Arch::X86) => "i686-unknown-linux-musl",
        (Os::Linux, Arch::Arm) => "armv7-unknown-linux-musleabihf",
        (Os::Darwin, Arch::Amd64) => "x86_64-apple-darwin",
        (Os::Darwin, Arch::Arm64) => "aarch64-apple-darwin",
        (Os::Windows, Arch::Amd64) => "x86_64-pc-windows-gnu",
        (Os::Windows, Arch::Arm64) => "aarch64-pc-windows-gnullvm",
        (Os::Freebsd, Arch::Amd64) => "x86_64-unknown-freebsd",
        _ => return None,
    };
    Some(known.to_owned())
}

fn closure(
    plugin: &Plugin,
    metadata: &cargo_metadata::Metadata,
    home: Option<&Path>,
) -> Result<Closure, ToolchainError> {
    let silent = || ToolchainError::Silent { command: "cargo metadata", place: plugin.place.clone() };
    let manifest = plugin.dir.join("Cargo.toml");
    let root =
        metadata.packages.iter().find(|p| p.manifest_path.as_std_path() == manifest).ok_or_else(silent)?;
    let resolve = metadata.resolve.as_ref().ok_or_else(silent)?;
    let (mut reached, mut open) = (BTreeSet::new(), vec![&root.id]);
    while let Some(id) = open.pop() {
        if !reached.insert(&id.repr) {
            continue;
        }
        if let Some(node) = resolve.nodes.iter().find(|node| node.id == *id) {
            open.extend(node.deps.iter().map(|dep| &dep.pkg));
        }
    }
    let workspace = metadata.workspace_root.as_std_path();
    let mut sources = BTreeSet::from([
        SourcePath::File(workspace.join("Cargo.toml")),
        SourcePath::File(workspace.join("Cargo.lock")),
        SourcePath::File(plugin.dir.join("VERSION")),
    ]);
    for dir in plugin.dir.ancestors() {
        for name in [".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain"] {
            sources.insert(SourcePath::File(dir.join(name)));
        }
    }
    // cargo's own folder is searched last, wherever it is.
    for name in ["config.toml", "config"] {
        sources.extend(home.map(|home| SourcePath::File(home.join(name))));
    }
    let mut whole = Vec::new();
    for package in metadata.packages.iter().filter(|p| reached.contains(&p.id.repr)) {
        let Some(dir) = package.manifest_path.parent().map(|dir| dir.as_std_path()) else { continue };
        // What cargo unpacked in its own folder is pinned by Cargo.lock. A vendored crate is not: its list of digests
        // lies beside it, and whoever changes the one can change the other.
        if package.source.is_some() && home.is_none_or(|home| dir.starts_with(home)) {
            continue;
        }
        sources.insert(SourcePath::Tree(dir.to_owned()));
        if package.source.is_some() || package.targets.iter().any(|target| target.is_custom_build()) {
            whole.push(dir.to_owned());
        }
    }
    let parts = crates::parts(metadata, &root.id);
    let sources = sources.into_iter().collect();
    Ok(Closure { sources, files: Vec::new(), ignored: Vec::new(), whole, parts })
}

#[cfg(test)]
mod tests;
