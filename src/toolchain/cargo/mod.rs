//! Rust: cargo, with zig as the linker, C compiler, archiver and dlltool of every target, whatever machine it is built
//! on. One run per plugin and target, because cargo unifies the features of packages built together and the binary
//! would depend on its company.

mod crates;
pub mod kit;
mod says;
mod settings;

pub use crates::composition;
pub use says::{build_script_deps, dep_info, env_deps, executable};
pub use settings::is_taken_out;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Closure, Foreign, Order, SourcePath, Toolchain, ToolchainError, veiled};
use crate::model::command::CommandLine;
use crate::model::plan::{Kit, Outputs, Step};
use crate::model::project::{Language, Plugin, RustSource, Source};
use crate::model::target::{Arch, Os, Target};
use crate::model::tools::{CargoSettings, CargoTool, Missing, ToolVersion, Tools};

/// The Rust toolchain.
pub struct Cargo;

/// Who links for a target, and compiles C. Never what happens to be there: the choice hangs on the triple alone, so the
/// same sources give the same bytes on every machine that can build them at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Builder {
    /// zig, by cargo-zigbuild.
    Zig,
    /// Microsoft's linker, which only Windows has.
    Msvc,
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
            return Err(vec![missing("Rust (the `cargo` command)", "install Rust from https://rustup.rs")]);
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
        let workspaces = |(root, _): &&(PathBuf, String)| *root == source(plugin).workspace_root;
        let settings = order.tools.cargo_settings.iter().filter(|(id, _)| workspaces(id)).map(|(_, one)| one);
        let configured =
            settings.filter_map(|one| one.wrapper.as_ref()).map(|path| path.to_string_lossy().into_owned());
        let of_members = order.environment.get("RUSTC_WORKSPACE_WRAPPER").filter(|value| !value.is_empty());
        // sccache and its kin only cache; anything else may do what it likes.
        let unknown =
            configured.chain(of_members.cloned()).find(|wrapper| !file_name(wrapper).contains("sccache"))?;
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
            Builder::Zig => "cargo zigbuild",
            Builder::Msvc => "cargo build",
        }
    }

    /// What it compiles and links with, for receipts.
    fn tools(self) -> &'static str {
        match self {
            Builder::Zig => "linker, C and C++ compiler, assembler, archiver and dlltool are zig's",
            Builder::Msvc => "linker, C and C++ compiler and archiver are this machine's own",
        }
    }
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What zig lacks on this machine.
fn no_zig(tools: &Tools) -> Option<Missing> {
    let (what, install) = match (&tools.zigbuild, &tools.zig) {
        (Some(_), Some(_)) => return None,
        (None, Some(_)) => ("cargo-zigbuild", "pip install cargo-zigbuild"),
        (Some(_), None) => ("zig, which links and compiles C for every target", "pip install ziglang"),
        (None, None) => (
            "cargo-zigbuild and zig, which link and compile C for every target",
            "pip install cargo-zigbuild ziglang",
        ),
    };
    Some(missing(what, install))
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

/// By the triple alone: what else is on a machine would be in the bytes otherwise.
fn builder(triple: &str) -> Builder {
    if triple.ends_with("-msvc") { Builder::Msvc } else { Builder::Zig }
}

/// Variables of a build's command that say where something is on this machine.
const IS_PLACE: [&str; 6] = [
    "CARGO",
    "CARGO_ZIGBUILD_PYTHON_PATH",
    "CARGO_ZIGBUILD_ZIG_COMMAND",
    "CARGO_ZIGBUILD_ZIG_PATH",
    "RUSTC_WRAPPER",
    "CARGO_TARGET_DIR",
];

/// The condition that says by which rules the place of a build and this machine's tools are kept out of the bytes.
pub const SAMENESS: &str = "sameness";

/// The condition that says which flags for rustc the repository asks for.
pub const FLAGS: &str = "rustflags";

/// A build of one plugin for one target, decided.
struct Build {
    line: CommandLine,
    folder: PathBuf,
    kit: kit::Settings,
    settings: String,
    /// The flags that the repository asks for.
    flags: Vec<String>,
}

/// The flags for rustc that the repository, or wick.toml, asks for.
fn flags(tools: &Tools, rust: &RustSource, triple: &str) -> Vec<String> {
    let of_cargo = || tools.cargo_settings.get(&(rust.workspace_root.clone(), triple.to_owned()));
    let own = settings::own_flags(&rust.env, triple);
    own.unwrap_or_else(|| of_cargo().map(|one| one.rustflags.clone()).unwrap_or_default())
}

fn build(order: &Order<'_>, plugin: &Plugin, target: Target) -> Option<Build> {
    let (tools, rust) = (order.tools, source(plugin));
    let cargo = tools.cargo.as_ref()?;
    let triple = triple(Some(plugin), target)?;
    let builder = builder(&triple);
    let wrapper = tools.cargo_settings.get(&(rust.workspace_root.clone(), triple.clone()));
    let wrapper = wrapper.and_then(|settings| settings.wrapper.as_ref());
    let is_gnu = triple.contains("-windows-gnu");
    let mut kit = kit::Settings {
        cargo: program(tools),
        triple: triple.clone(),
        workspace: rust.workspace_root.to_string_lossy().into_owned(),
        places: places(order, cargo, rust),
        wrapper: wrapper.map(|path| path.to_string_lossy().into_owned()),
        dlltool: None,
    };
    let (folder, _) = kit::folder(&rust.target_dir, &kit);
    kit.dlltool = is_gnu.then(|| folder.join(DLLTOOL).to_string_lossy().into_owned());
    let text = serde_json::to_string(&kit).unwrap_or_default();

    let mut line = match (builder, &tools.zigbuild) {
        (Builder::Zig, Some(zigbuild)) => {
            CommandLine::new(zigbuild.path.to_string_lossy(), &rust.workspace_root).arg("zigbuild")
        }
        _ => CommandLine::new(program(tools), &rust.workspace_root).arg("build"),
    };
    line = line.arg("--release");
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
    if builder == Builder::Zig {
        line.without = settings::taken_out(order.environment);
        line.env.insert("CARGO".to_owned(), kit::cargo_of(&folder));
        line.env.extend(zig(tools));
    } else {
        line.env.insert("RUSTC_WRAPPER".to_owned(), kit::rustc_of(&folder));
    }
    // How crates are cut into pieces would depend on what was compiled before.
    line.env.insert("CARGO_INCREMENTAL".to_owned(), "0".to_owned());
    line.env.insert("WICK_PLUGIN_VERSION".to_owned(), plugin.version.to_string());
    if target.os == Os::Darwin && !order.environment.contains_key(MACOS_FLOOR.0) {
        // Without it the linker stamps its own SDK's version, and zig's is newer than most Macs.
        line.env.entry(MACOS_FLOOR.0.to_owned()).or_insert_with(|| MACOS_FLOOR.1.to_owned());
    }
    let named = order.environment.get(EPOCH.0).or(rust.env.get(EPOCH.0)).filter(|value| !value.is_empty());
    let epoch = named.cloned().unwrap_or_else(|| EPOCH.1.to_owned());
    let own = flags(tools, rust, &triple);
    let mut all = own.clone();
    let version =
        |tool: &Option<ToolVersion>| tool.as_ref().map_or_else(String::new, |one| one.version.clone());
    let versions = [version(&tools.zigbuild), version(&tools.zig)];
    all.push(kit::mark(&versions.each_ref().map(String::as_str)));
    all.extend(sameness(builder, target, &epoch));
    line.env.insert(EPOCH.0.to_owned(), epoch);
    // No folder is in here: cargo names folders after a hash over it. The encoded form, because flags may hold spaces.
    line.env.remove("RUSTFLAGS");
    line.env.insert("CARGO_ENCODED_RUSTFLAGS".to_owned(), all.join("\u{1f}"));
    Some(Build { line, folder, kit, settings: text, flags: settings::telling(&own) })
}

/// cargo-zigbuild plays dlltool under any name that ends so.
const DLLTOOL: &str = if cfg!(windows) { "dlltool.exe" } else { "dlltool" };

/// Says which zig it is: the one whose version is on record.
fn zig(tools: &Tools) -> Vec<(String, String)> {
    let Some(zig) = &tools.zig else { return Vec::new() };
    let path = zig.path.to_string_lossy().into_owned();
    let is_python = file_name(&path).starts_with("python");
    let mut all = vec![("CARGO_ZIGBUILD_ZIG_COMMAND".to_owned(), path.clone())];
    if is_python {
        all.push(("CARGO_ZIGBUILD_ZIG_COMMAND_ARGS".to_owned(), "-m ziglang".to_owned()));
        all.push(("CARGO_ZIGBUILD_PYTHON_PATH".to_owned(), path));
    } else {
        all.push(("CARGO_ZIGBUILD_ZIG_PATH".to_owned(), path));
    }
    all
}

/// Keeps the moment of a build out of what linkers write.
fn sameness(builder: Builder, target: Target, epoch: &str) -> Option<String> {
    match target.os {
        // The header holds a time. Cargo doesn't know that the linker reads the variable: with another time, the
        // flag makes it link anew.
        Os::Windows => Some(format!("--cfg=source_date_epoch=\"{epoch}\"")),
        // Zig takes the binary's UUID over paths and times of object files, which are stripped only afterwards.
        Os::Darwin if builder == Builder::Zig => Some("-Clink-arg=-Wl,-S".to_owned()),
        _ => None,
    }
}

/// This machine's folders by names that are the same on every machine.
fn places(order: &Order<'_>, cargo: &CargoTool, rust: &RustSource) -> Vec<(String, String)> {
    let home = ["HOME", "USERPROFILE"].iter().find_map(|name| order.environment.get(*name));
    let pairs = [
        (home.map(PathBuf::from), "/home"),
        (Some(cargo.sysroot.clone()), "/rust"),
        (Some(cargo.home.clone()), "/cargo"),
        (Some(rust.repository.clone()), "/repository"),
        (Some(rust.workspace_root.clone()), "/src"),
        (rust.build_dir.clone(), "/build"),
        (Some(rust.target_dir.clone()), "/target"),
    ];
    kit::places(&pairs.into_iter().filter_map(|(path, name)| Some((path?, name))).collect::<Vec<_>>())
}

fn step(order: &Order<'_>, at: usize, target: Target, plugin: &Plugin) -> Option<Step> {
    let Build { mut line, folder, settings, kit, .. } = build(order, plugin, target)?;
    line = line.arg(format!("--jobs={}", order.cpus.max(1)));
    let own = kit::Role::ALL.map(|role| (role.name().to_owned(), order.tools.own.clone()));
    let zigbuild = order.tools.zigbuild.as_ref().filter(|_| kit.dlltool.is_some());
    let dlltool = zigbuild.map(|zigbuild| ("dlltool".to_owned(), zigbuild.path.clone()));
    Some(Step {
        language: Language::Rust,
        target,
        units: vec![at],
        command: line,
        outputs: Outputs::CargoMessages,
        locks: Some(source(plugin).target_dir.clone()),
        kit: Some(Kit {
            folder,
            programs: own.into_iter().chain(dlltool).collect(),
            settings: (kit::SETTINGS.to_owned(), settings),
        }),
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
    for package in metadata.packages.iter().filter(|p| p.source.is_none() && reached.contains(&p.id.repr)) {
        if let Some(dir) = package.manifest_path.parent() {
            sources.insert(SourcePath::Tree(dir.as_std_path().to_owned()));
        }
    }
    let parts = crates::parts(metadata, &root.id);
    Ok(Closure { sources: sources.into_iter().collect(), files: Vec::new(), parts })
}
