//! Rust: cargo for this machine, cargo-zigbuild or cross for others. One run per plugin and target, because cargo
//! unifies the features of packages built together and the binary would depend on its company.

mod config;
mod crates;
mod says;

pub use config::reaches_binaries;
pub use crates::composition;
pub use says::{build_script_deps, channel, dep_info, env_deps, executable, out_dirs};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Closure, Order, SourcePath, Toolchain, ToolchainError, veiled};
use crate::model::command::CommandLine;
use crate::model::plan::{Outputs, Step};
use crate::model::project::{Language, Plugin, RustSource, Source};
use crate::model::target::{Arch, Os, Target};
use crate::model::tools::{CargoTool, Missing, Tools};

/// The Rust toolchain.
pub struct Cargo;

/// The program that links for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Builder {
    Cargo,
    Zigbuild,
    Cross,
}

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

/// Of those, what can't change a binary, is recorded otherwise, or leaks in from a cargo that runs wick itself.
const NOT_READ: [&str; 15] = [
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
    "RUSTUP_",
    "RUST_",
    "CARGO_MAKEFLAGS",
];

/// The oldest macOS that binaries run on unless the user says otherwise: the first for both architectures.
const MACOS_FLOOR: (&str, &str) = ("MACOSX_DEPLOYMENT_TARGET", "11.0");

/// The time that linkers and C compilers write into binaries unless the user names one: the zip format's first day.
const EPOCH: (&str, &str) = ("SOURCE_DATE_EPOCH", "315532800");

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
        let Some(triple) = triple(tools, plugin, target) else {
            return Err(vec![missing(
                &format!("a Rust target triple for {target}"),
                &format!("name one in wick.toml: [rust.triples] \"{target}\" = \"…\""),
            )]);
        };
        let mut lacking = Vec::new();
        let builder = builder(tools, cargo, &triple, target);
        if builder != Some(Builder::Cross) && !cargo.triples.contains(&triple) {
            let install = if cargo.rustup {
                format!("rustup target add {triple}")
            } else {
                format!("install Rust with rustup, then `rustup target add {triple}`")
            };
            lacking.push(missing(&format!("the Rust target {triple}"), &install));
        }
        if builder.is_none() {
            let (what, install) = match (&tools.zigbuild, &tools.zig) {
                (None, Some(_)) => ("cargo-zigbuild", "pip install cargo-zigbuild"),
                (Some(_), None) => ("zig, which links for cargo-zigbuild", "pip install ziglang"),
                _ => (
                    "cargo-zigbuild and zig, which link for other systems",
                    "pip install cargo-zigbuild ziglang",
                ),
            };
            lacking.push(missing(what, install));
        }
        match builder {
            Some(builder) if lacking.is_empty() => Ok(format!("{} --target {triple}", builder.command())),
            _ => Err(lacking),
        }
    }

    fn steps(&self, order: &Order<'_>) -> Vec<Step> {
        order.units.iter().filter_map(|(at, unit, plugin)| step(order, *at, unit.target, plugin)).collect()
    }

    fn conditions(&self, order: &Order<'_>, plugin: &Plugin, target: Target) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let read = |name: &str| {
            READ.iter().any(|start| name.starts_with(start))
                && !NOT_READ.iter().any(|start| name.starts_with(start))
                && !["TOKEN", "PASSWORD", "SECRET"].iter().any(|word| name.contains(word))
        };
        for (name, value) in order.environment.iter().filter(|(name, _)| read(name)) {
            all.insert(format!("env {name}"), veiled(value));
        }
        if let Some(line) = command(order, plugin, target) {
            all.insert("command".to_owned(), line.args[..].join(" "));
            for (name, value) in line.env {
                all.insert(format!("env {name}"), veiled(&value));
            }
        }
        if let Some(cargo) = &order.tools.cargo {
            all.insert("cargo".to_owned(), cargo.version.clone());
            all.insert("rustc".to_owned(), cargo.rustc.replace('\n', "; "));
            let triple = triple(order.tools, Some(plugin), target).unwrap_or_default();
            if builder(order.tools, cargo, &triple, target) == Some(Builder::Zigbuild) {
                let of = |tool: &Option<crate::model::tools::ToolVersion>| {
                    tool.as_ref().map_or_else(String::new, |tool| tool.version.clone())
                };
                all.insert("cargo-zigbuild".to_owned(), of(&order.tools.zigbuild));
                all.insert("zig".to_owned(), of(&order.tools.zig));
            }
        }
        all
    }

    fn untraceable(&self, order: &Order<'_>, plugin: &Plugin) -> Option<String> {
        let _ = plugin;
        let wrapper = ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"];
        let set = wrapper.iter().find(|name| order.environment.get(**name).is_some_and(|v| !v.is_empty()))?;
        // sccache and its kin only cache; anything else may do what it likes.
        let known = order.environment[*set].contains("sccache");
        (!known).then(|| format!("{set} is set: what it does can't be listed"))
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

impl Builder {
    fn command(self) -> &'static str {
        match self {
            Builder::Cargo => "cargo build",
            Builder::Zigbuild => "cargo zigbuild",
            Builder::Cross => "cross build",
        }
    }
}

/// The triple a target is built as. Linux is musl: only that gives a static binary, which Termux and every
/// distribution run.
#[must_use]
pub fn triple(tools: &Tools, plugin: Option<&Plugin>, target: Target) -> Option<String> {
    if let Some(own) = plugin.and_then(|plugin| source(plugin).triples.get(&target)) {
        return Some(own.clone());
    }
    // A Windows machine links with what it has.
    let here =
        tools.cargo.as_ref().filter(|_| tools.this_machine == Some(target) && target.os == Os::Windows);
    if let Some(cargo) = here {
        return Some(cargo.host_triple.clone());
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

/// Plain cargo where this machine's linker does, else zig, else a container. Rust alone links against musl with what
/// rustc brings; C in a crate (ring, and with it all TLS) takes a C compiler for musl, which few machines have and zig is.
fn builder(tools: &Tools, cargo: &CargoTool, triple: &str, target: Target) -> Option<Builder> {
    let here = tools.this_machine.is_some_and(|this| {
        triple == cargo.host_triple
            || (this.os == target.os && (this.arch == target.arch || this.os == Os::Darwin))
    });
    let zig = tools.zigbuild.is_some() && tools.zig.is_some();
    let musl = triple.contains("-musl") && triple != cargo.host_triple;
    if here && !(musl && zig) {
        Some(Builder::Cargo)
    } else if zig {
        Some(Builder::Zigbuild)
    } else {
        tools.cross.is_some().then_some(Builder::Cross)
    }
}

fn command(order: &Order<'_>, plugin: &Plugin, target: Target) -> Option<CommandLine> {
    let (tools, rust) = (order.tools, source(plugin));
    let cargo = tools.cargo.as_ref()?;
    let triple = triple(tools, Some(plugin), target)?;
    let builder = builder(tools, cargo, &triple, target)?;
    let mut line = match (builder, &tools.cross) {
        (Builder::Cross, Some(cross)) => CommandLine::new(cross.path.to_string_lossy(), &rust.workspace_root),
        _ => CommandLine::new(program(tools), &rust.workspace_root),
    };
    line = line.arg(if builder == Builder::Zigbuild { "zigbuild" } else { "build" }).arg("--release");
    if rust.has_lock {
        line = line.arg("--locked");
    }
    line = line.args(["--package", &rust.package, "--bin", &rust.binary, "--target", &triple]);
    if !rust.default_features {
        line = line.arg("--no-default-features");
    }
    if !rust.features.is_empty() {
        line = line.arg("--features").arg(rust.features.join(","));
    }
    line = line.arg("--message-format=json-render-diagnostics");
    line.env = rust.env.clone();
    line.env.insert("WICK_PLUGIN_VERSION".to_owned(), plugin.version.to_string());
    if target.os == Os::Darwin && !order.environment.contains_key(MACOS_FLOOR.0) {
        // Without it the linker stamps its own SDK's version, and zig's is newer than most Macs.
        line.env.entry(MACOS_FLOOR.0.to_owned()).or_insert_with(|| MACOS_FLOOR.1.to_owned());
    }
    let named = order.environment.get(EPOCH.0).or(rust.env.get(EPOCH.0)).filter(|value| !value.is_empty());
    let epoch = named.cloned().unwrap_or_else(|| EPOCH.1.to_owned());
    let mut flags = tools.rustflags.get(&(rust.workspace_root.clone(), triple)).cloned().unwrap_or_default();
    flags.extend(remaps(order, cargo, rust));
    flags.extend(sameness(builder, target, &epoch));
    line.env.insert(EPOCH.0.to_owned(), epoch);
    // The encoded form, because paths may hold spaces.
    line.env.insert("CARGO_ENCODED_RUSTFLAGS".to_owned(), flags.join("\u{1f}"));
    Some(line)
}

/// Keeps the moment and the place of a build out of what linkers write.
fn sameness(builder: Builder, target: Target, epoch: &str) -> Option<String> {
    match target.os {
        // The header holds a time. Cargo doesn't know that the linker reads the variable: with another time, the
        // flag makes it link anew.
        Os::Windows => Some(format!("--cfg=source_date_epoch=\"{epoch}\"")),
        // Zig takes the binary's UUID over paths and times of object files, which are stripped only afterwards.
        Os::Darwin if builder == Builder::Zigbuild => Some("-Clink-arg=-Wl,-S".to_owned()),
        _ => None,
    }
}

/// Keeps this machine's folders out of panic messages. The last match wins in rustc, so the widest comes first.
fn remaps(order: &Order<'_>, cargo: &CargoTool, rust: &RustSource) -> Vec<String> {
    let home = ["HOME", "USERPROFILE"].iter().find_map(|name| order.environment.get(*name));
    let outside = rust.outside.iter().map(|(name, path)| (Some(path.clone()), format!("/path/{name}")));
    let pairs = [
        (home.map(PathBuf::from), "/home"),
        (Some(cargo.sysroot.clone()), "/rust"),
        (Some(cargo.home.clone()), "/cargo"),
    ];
    let inner = [(Some(rust.workspace_root.clone()), "/src"), (Some(rust.target_dir.clone()), "/target")];
    let named = |(path, name): (Option<PathBuf>, &str)| (path, name.to_owned());
    let pairs = pairs.map(named).into_iter().chain(outside).chain(inner.map(named));
    let real = pairs.filter_map(|(path, name)| Some((path.filter(|p| p.parent().is_some())?, name)));
    real.map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display())).collect()
}

fn step(order: &Order<'_>, at: usize, target: Target, plugin: &Plugin) -> Option<Step> {
    let mut line = command(order, plugin, target)?;
    line = line.arg(format!("--jobs={}", order.cpus.max(1)));
    Some(Step {
        language: Language::Rust,
        target,
        units: vec![at],
        command: line,
        outputs: Outputs::CargoMessages,
        locks: Some(source(plugin).target_dir.clone()),
    })
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
