//! One build of a Rust plugin for a target, decided: who links, with which flags, in which environment.

use std::path::{Path, PathBuf};

use super::super::Order;
use super::{kit, program, settings, source, triple};
use crate::model::command::CommandLine;
use crate::model::plan::{Kit, Outputs, Step};
use crate::model::project::{Language, Plugin, RustSource};
use crate::model::target::{Os, Target};
use crate::model::tools::{CargoTool, Missing, ToolVersion, Tools};

/// Who links for a target, and compiles C. Never what happens to be there: the choice hangs on the triple alone, so the
/// same sources give the same bytes on every machine that can build them at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builder {
    /// zig, by cargo-zigbuild.
    Zig,
    /// Microsoft's linker, which only Windows has.
    Msvc,
}

/// The oldest macOS that binaries run on unless the user says otherwise: the first for both architectures.
const MACOS_FLOOR: (&str, &str) = ("MACOSX_DEPLOYMENT_TARGET", "11.0");

/// The time that linkers and C compilers write into binaries unless the user names one: the zip format's first day.
const EPOCH: (&str, &str) = ("SOURCE_DATE_EPOCH", "315532800");

/// By the triple alone: what else is on a machine would be in the bytes otherwise.
pub(super) fn builder(triple: &str) -> Builder {
    if triple.ends_with("-msvc") { Builder::Msvc } else { Builder::Zig }
}

/// Variables of a build's command that say where something is on this machine.
pub(super) const IS_PLACE: [&str; 6] = [
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
pub(super) struct Build {
    pub(super) line: CommandLine,
    pub(super) folder: PathBuf,
    pub(super) kit: kit::Settings,
    pub(super) settings: String,
    /// The flags that the repository asks for.
    pub(super) flags: Vec<String>,
}

/// The flags for rustc that the repository, or wick.toml, asks for.
pub(super) fn flags(tools: &Tools, rust: &RustSource, triple: &str) -> Vec<String> {
    let of_cargo = || tools.cargo_settings.get(&(rust.workspace_root.clone(), triple.to_owned()));
    let own = settings::own_flags(&rust.env, triple);
    own.unwrap_or_else(|| of_cargo().map(|one| one.rustflags.clone()).unwrap_or_default())
}

/// The program that is to be called in the place of rustc. As with flags, wick.toml's word is the last; an empty one means none.
pub(super) fn wrapper(tools: &Tools, rust: &RustSource, triple: &str) -> Option<String> {
    let of_cargo = || tools.cargo_settings.get(&(rust.workspace_root.clone(), triple.to_owned()));
    let own =
        settings::WRAPPERS.iter().find_map(|name| rust.env.get(*name)).map(|own| match Path::new(own) {
            // From where cargo is started.
            path if path.components().count() > 1 => {
                rust.workspace_root.join(path).to_string_lossy().into_owned()
            }
            _ => own.clone(),
        });
    let configured = || Some(of_cargo()?.wrapper.as_ref()?.to_string_lossy().into_owned());
    own.or_else(configured).filter(|wrapper| !wrapper.is_empty())
}

pub(super) fn build(order: &Order<'_>, plugin: &Plugin, target: Target) -> Option<Build> {
    let (tools, rust) = (order.tools, source(plugin));
    let cargo = tools.cargo.as_ref()?;
    let triple = triple(Some(plugin), target)?;
    let builder = builder(&triple);
    let is_gnu = triple.contains("-windows-gnu");
    let mut kit = kit::Settings {
        cargo: program(tools),
        triple: triple.clone(),
        workspace: rust.workspace_root.to_string_lossy().into_owned(),
        places: places(order, cargo, rust),
        wrapper: wrapper(tools, rust, &triple),
        dlltool: None,
    };
    // What lies in the folder is told only afterwards.
    let folder = kit::folder(&rust.target_dir, &kit);
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
    // Whoever links: what reaches no build is in no receipt.
    line.without = settings::taken_out(order.environment);
    if builder == Builder::Zig {
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

pub(super) fn step(order: &Order<'_>, at: usize, target: Target, plugin: &Plugin) -> Option<Step> {
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

impl Builder {
    pub(super) fn command(self) -> &'static str {
        match self {
            Builder::Zig => "cargo zigbuild",
            Builder::Msvc => "cargo build",
        }
    }

    /// What it compiles and links with, for receipts.
    pub(super) fn tools(self) -> &'static str {
        match self {
            Builder::Zig => "linker, C and C++ compiler, assembler, archiver and dlltool are zig's",
            Builder::Msvc => "linker, C and C++ compiler and archiver are this machine's own",
        }
    }
}

pub(super) fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What zig lacks on this machine.
pub(super) fn no_zig(tools: &Tools) -> Option<Missing> {
    let (what, install) = match (&tools.zigbuild, &tools.zig) {
        (Some(_), Some(_)) => return None,
        (None, Some(_)) => ("cargo-zigbuild", "pip install cargo-zigbuild"),
        (Some(_), None) => ("zig, which links and compiles C for every target", "pip install ziglang"),
        (None, None) => (
            "cargo-zigbuild and zig, which link and compile C for every target",
            "pip install cargo-zigbuild ziglang",
        ),
    };
    Some(Missing { what: what.to_owned(), install: install.to_owned() })
}
