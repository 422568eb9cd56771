//! wick's stand-ins between cargo and the compilers. Cargo tells crates apart by where they lie, and what it calls a
//! crate is in every symbol (cargo#7645, #13586, #15122); compilers write the places of files into what they make; zig takes
//! a macOS program's identifier from the linked file's name, which holds cargo's hash. No flag reaches all of that, so
//! whatever says a place to a compiler is put right here: the same sources give the same bytes in any folder.
//!
//! Pure: `phase/build/stand_in` is started under these names and acts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::command::CommandLine;
use crate::model::digest::Sha256;

/// The file beside the stand-ins that tells them what they stand for.
pub const SETTINGS: &str = "kit.json";
/// Raised when the same sources get other bytes than by the wick before: what cargo kept is then compiled anew.
const SCHEME: u32 = 1;
/// Where cargo-zigbuild's own compilers are told to the stand-ins.
const REAL: [(Role, &str, &str); 2] = [(Role::Cc, "CC", "WICK_CC"), (Role::Cxx, "CXX", "WICK_CXX")];
/// The flag by which cargo tells apart what other wicks, other tools or people's own builds left in the target folder. It goes
/// no further than the stand-in for rustc.
const MARK: &str = "--cfg=wick_kit=";

/// What is stood in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// cargo, started by cargo-zigbuild.
    Cargo,
    /// rustc, started by cargo.
    Rustc,
    /// The C compiler, started by build scripts.
    Cc,
    /// The C++ compiler.
    Cxx,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 4] = [Role::Cargo, Role::Rustc, Role::Cc, Role::Cxx];

    /// The program's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Cargo => "wick-cargo",
            Role::Rustc => "wick-rustc",
            Role::Cc => "wick-cc",
            Role::Cxx => "wick-c++",
        }
    }

    /// The role that a program was started for, by its own path. Only whole paths: it's a name that nobody types.
    #[must_use]
    pub fn of(program: &Path) -> Option<Role> {
        let name = program.file_name()?.to_str()?;
        let name = name.strip_suffix(".exe").unwrap_or(name);
        Role::ALL.into_iter().find(|role| role.name() == name).filter(|_| program.is_absolute())
    }
}

/// What the stand-ins have to know; the same for all builds of a workspace for a triple.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The real cargo.
    pub cargo: String,
    /// The triple that is built.
    pub triple: String,
    /// The workspace's folder.
    pub workspace: String,
    /// Folders and the names that stand for them, the widest first: the last that fits wins.
    pub places: Vec<(String, String)>,
    /// The user's own program in the place of rustc (sccache, say); it still is called.
    pub wrapper: Option<String>,
    /// The dlltool that rustc is to use; without, it takes whatever has the right name on PATH.
    pub dlltool: Option<String>,
}

/// What a stand-in does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What it starts.
    pub line: CommandLine,
    /// Files to be moved to the names that cargo waits for, once that ended well.
    pub rename: Option<Rename>,
}

/// Everything in `from` whose name begins with `stem` goes to `to`, with `suffix` behind the stem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// Made before, removed afterwards.
    pub from: PathBuf,
    /// Where it goes.
    pub to: PathBuf,
    /// The crate's name.
    pub stem: String,
    /// What cargo wants behind it.
    pub suffix: String,
}

/// The flag that keeps apart what was compiled by other means.
#[must_use]
pub(super) fn mark(tools: &[&str]) -> String {
    let text = format!("{SCHEME}\n{}", tools.join("\n"));
    format!("{MARK}\"{}\"", &Sha256::of(text.as_bytes()).to_string()[..16])
}

/// By which rules, for receipts.
#[must_use]
pub(super) fn scheme() -> String {
    format!("{SCHEME}: no place is in the bytes")
}

/// Looks something up by its name.
type Look<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a stand-in that was started with `args` does. `folder` is the kit's, `variable` reads the environment, `file`
/// the arguments that lie in a file, as it is written.
#[must_use]
pub fn act(
    role: Role,
    settings: &Settings,
    folder: &Path,
    args: &[String],
    variable: Look<'_>,
    file: Look<'_>,
) -> Act {
    match role {
        Role::Cargo => cargo(settings, folder, args, variable),
        Role::Rustc => rustc(settings, args, variable),
        Role::Cc | Role::Cxx => {
            Act { line: compiler(role, settings, folder, args, (variable, file)), rename: None }
        }
    }
}

fn program(folder: &Path, name: &str) -> String {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)).to_string_lossy().into_owned()
}

/// Where the stand-in for rustc lies.
pub(super) fn rustc_of(folder: &Path) -> String {
    program(folder, Role::Rustc.name())
}

/// Where the stand-in for cargo lies.
pub(super) fn cargo_of(folder: &Path) -> String {
    program(folder, Role::Cargo.name())
}

/// cargo-zigbuild has chosen linker, compilers and archiver by now: the compilers get their stand-ins.
fn cargo(settings: &Settings, folder: &Path, args: &[String], variable: Look<'_>) -> Act {
    let mut line = CommandLine::new(&settings.cargo, ".").args(args.iter().cloned());
    line.without.insert("CARGO".to_owned());
    line.env.insert("RUSTC_WRAPPER".to_owned(), rustc_of(folder));
    let triple = settings.triple.replace('-', "_");
    for (role, name, real) in REAL {
        let name = format!("{name}_{triple}");
        if let Some(value) = variable(&name) {
            line.env.insert(real.to_owned(), value);
            line.env.insert(name, program(folder, role.name()));
        }
    }
    Act { line, rename: None }
}

/// The package that cargo is at, for which rustc or a build script runs.
struct Package {
    name: String,
    version: String,
    /// Its own folders and their names, the widest first.
    places: Vec<(String, String)>,
}

fn package(settings: &Settings, variable: Look<'_>) -> Option<Package> {
    let (name, version) = (variable("CARGO_PKG_NAME")?, variable("CARGO_PKG_VERSION")?);
    let folder = variable("CARGO_MANIFEST_DIR")?;
    let mut places = Vec::new();
    // Whatever is outside the workspace goes by name and version, wherever cargo has it from: a registry, its mirror, a
    // git repository, another folder.
    if !Path::new(&folder).starts_with(&settings.workspace) {
        places.push((folder, format!("/crates/{name}-{version}")));
    }
    // Its folder's name holds a hash over places.
    if let Some(out) = variable("OUT_DIR") {
        places.push((out, format!("/out/{name}-{version}")));
    }
    Some(Package { name, version, places })
}

/// A path by the names of places; as it is where it is in none.
fn named(path: &str, places: &[(String, String)]) -> String {
    let found = places.iter().rev().find_map(|(folder, name)| {
        let rest = Path::new(path).strip_prefix(folder).ok()?;
        Some((name, rest.to_string_lossy().replace('\\', "/")))
    });
    match found {
        Some((name, rest)) if rest.is_empty() => name.clone(),
        Some((name, rest)) => format!("{name}/{rest}"),
        None => path.to_owned(),
    }
}

/// An argument of rustc: an option of `-C` in any spelling, or anything else.
enum Arg<'a> {
    Codegen(&'a str, &'a str),
    Other(&'a [String]),
}

fn read(args: &[String]) -> Vec<Arg<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < args.len() {
        let arg = args[at].as_str();
        let (option, taken) = match arg {
            "-C" | "--codegen" => (args.get(at + 1).map(String::as_str), 2),
            _ => (arg.strip_prefix("--codegen=").or_else(|| arg.strip_prefix("-C")), 1),
        };
        let end = (at + taken).min(args.len());
        found.push(match option {
            Some(option) => {
                let (name, value) = option.split_once('=').unwrap_or((option, ""));
                Arg::Codegen(name, value)
            }
            None => Arg::Other(&args[at..end]),
        });
        at = end;
    }
    found
}

/// The value of an option that is written `--name value` or `--name=value`.
fn value<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    args.iter().enumerate().find_map(|(at, arg)| {
        let rest = arg.strip_prefix(name)?;
        if rest.is_empty() { args.get(at + 1).map(String::as_str) } else { rest.strip_prefix('=') }
    })
}

fn values<'a>(args: &'a [String], name: &str) -> Vec<&'a str> {
    let starts = (0..args.len()).filter(|at| args[*at].starts_with(name));
    let mut found: Vec<&str> = starts.filter_map(|at| value(&args[at..], name)).collect();
    found.sort_unstable();
    found
}

/// Options that say where something is or how it is linked; nothing by which crates are told apart.
const PLACES: [&str; 7] =
    ["metadata", "extra-filename", "incremental", "linker", "dlltool", "link-arg", "link-args"];

/// What a crate is called in symbols: all by which cargo tells crates apart, with names for the places.
fn identity(settings: &Settings, package: &Package, args: &[String]) -> String {
    let places: Vec<_> = settings.places.iter().chain(&package.places).cloned().collect();
    let mut parts = vec![package.name.clone(), package.version.clone()];
    // Which machine runs build scripts and macros is nothing to the crates that they make.
    parts.push(value(args, "--target").unwrap_or("this machine").to_owned());
    for name in ["--crate-name", "--crate-type", "--edition"] {
        parts.extend(values(args, name).into_iter().map(|value| format!("{name} {value}")));
    }
    let cfgs = values(args, "--cfg").into_iter().filter(|value| !value.starts_with("wick_kit="));
    parts.extend(cfgs.map(|value| format!("--cfg {value}")));
    let crates = values(args, "--extern").into_iter().map(|one| one.split('=').next().unwrap_or(one));
    parts.extend(crates.map(|one| format!("--extern {one}")));
    parts.extend(args.iter().filter(|arg| *arg == "--test").cloned());
    let roots = args.iter().filter(|arg| arg.ends_with(".rs") && !arg.starts_with('-'));
    parts.extend(roots.map(|root| named(root, &places).replace('\\', "/")));
    for arg in read(args) {
        if let Arg::Codegen(name, value) = arg
            && !PLACES.contains(&name.replace('_', "-").as_str())
        {
            parts.push(format!("-C {name}={}", named(value, &places)));
        }
    }
    Sha256::of(parts.join("\n").as_bytes()).to_string()[..16].to_owned()
}

fn rustc(settings: &Settings, args: &[String], variable: Look<'_>) -> Act {
    let is_named = |args: &[String]| {
        read(args).iter().any(|arg| matches!(arg, Arg::Codegen("metadata", value) if !value.is_empty()))
    };
    // Cargo and build scripts also ask rustc what it is and can.
    let package = package(settings, variable).filter(|_| is_named(args));
    let start = |args: Vec<String>| {
        let words: Vec<String> = settings.wrapper.iter().cloned().chain(args).collect();
        let (program, args) = words.split_first().map_or(("rustc", &[][..]), |(first, rest)| (first, rest));
        CommandLine::new(program, ".").args(args.iter().cloned())
    };
    let Some(package) = package else { return Act { line: start(args.to_vec()), rename: None } };
    let target = value(args, "--target");
    let rename = target.and_then(|_| linked(args));
    let mut new = Vec::new();
    let mut out_dir = false;
    for arg in read(args) {
        match arg {
            Arg::Codegen("metadata", _) => {}
            Arg::Codegen("extra-filename", _) if rename.is_some() => {}
            Arg::Codegen(name, value) => {
                let option = if value.is_empty() { name.to_owned() } else { format!("{name}={value}") };
                new.extend(["-C".to_owned(), option]);
            }
            Arg::Other([one]) if one.starts_with(MARK) => {}
            Arg::Other([one]) if rename.is_some() && (out_dir || one == "--out-dir") => {
                out_dir = !out_dir;
            }
            Arg::Other([one]) if rename.is_some() && one.starts_with("--out-dir=") => {}
            Arg::Other(other) => new.extend(other.iter().cloned()),
        }
    }
    new.extend(["-C".to_owned(), format!("metadata={}", identity(settings, &package, args))]);
    if let Some(rename) = &rename {
        new.extend(["--out-dir".to_owned(), rename.from.to_string_lossy().into_owned()]);
    }
    // Build scripts and macros run on this machine and may look for their files.
    if let Some(target) = target {
        for (folder, name) in settings.places.iter().chain(&package.places) {
            new.push(format!("--remap-path-prefix={folder}={name}"));
        }
        if let Some(dlltool) = settings.dlltool.as_ref().filter(|_| target == settings.triple) {
            new.extend(["-C".to_owned(), format!("dlltool={dlltool}")]);
        }
    }
    Act { line: start(new), rename }
}

/// A program is linked under its crate's name: linkers write the name of the file that they make into it.
fn linked(args: &[String]) -> Option<Rename> {
    if values(args, "--crate-type") != ["bin"] {
        return None;
    }
    let suffix = read(args).into_iter().find_map(|arg| match arg {
        Arg::Codegen("extra-filename", value) => Some(value.to_owned()),
        _ => None,
    })?;
    let (stem, to) = (value(args, "--crate-name")?.to_owned(), PathBuf::from(value(args, "--out-dir")?));
    Some(Rename { from: to.join(format!("wick{suffix}")), to, stem, suffix })
}

/// Questions of build scripts to a compiler, by their start: no file is compiled.
const QUESTIONS: [&str; 7] =
    ["--version", "--help", "-?", "-dumpmachine", "-dumpversion", "-print-", "--print-"];

/// `__FILE__` and what a debugger reads, as for rustc. Only where something is compiled: linking takes no such flag.
fn compiler(
    role: Role,
    settings: &Settings,
    folder: &Path,
    args: &[String],
    (variable, file): (Look<'_>, Look<'_>),
) -> CommandLine {
    let real = REAL.iter().find(|(one, ..)| *one == role).and_then(|(.., name)| variable(name));
    // For a Mac, zig leaves an empty `a.o` where it is asked for its version, which is the package's folder.
    let asks = args.iter().any(|arg| QUESTIONS.iter().any(|question| arg.starts_with(question)));
    let place = if asks { folder } else { Path::new(".") };
    let mut line =
        CommandLine::new(real.unwrap_or_else(|| "cc".to_owned()), place).args(args.iter().cloned());
    // Files of arguments are the compiler's to read, by a shell's rules: here they are only looked through.
    let in_files: Vec<String> = args.iter().filter_map(|arg| file(arg.strip_prefix('@')?)).collect();
    let words = in_files.iter().flat_map(|text| text.split_whitespace());
    let is_compiled = |arg: &str| ["-c", "-S", "-E"].contains(&arg.trim_matches(['"', '\'']));
    if args.iter().map(String::as_str).chain(words).any(is_compiled) {
        let own = package(settings, variable).map(|package| package.places).unwrap_or_default();
        let maps = settings.places.iter().chain(&own);
        let maps = maps.map(|(folder, name)| format!("-ffile-prefix-map={folder}={name}"));
        // Behind `--` everything is a file.
        let end = line.args.iter().position(|arg| arg == "--").unwrap_or(line.args.len());
        line.args.splice(end..end, maps);
    }
    line
}

/// Where a kit lies. Its name is of its settings: other settings are another kit.
pub(super) fn folder(target_dir: &Path, settings: &Settings) -> PathBuf {
    let text = serde_json::to_string(settings).unwrap_or_default();
    target_dir.join("wick").join(&Sha256::of(text.as_bytes()).to_string()[..16])
}

/// Folders as they are named and as they are when links are followed, the widest first.
#[must_use]
pub fn places(pairs: &[(PathBuf, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(usize, String, String)> = pairs
        .iter()
        // A file system's top is no place, it is every place.
        .filter(|(folder, _)| folder.is_absolute() && folder.parent().is_some())
        .map(|(folder, name)| {
            (folder.components().count(), folder.to_string_lossy().into_owned(), (*name).to_owned())
        })
        .collect();
    all.sort_by_key(|(depth, ..)| *depth);
    let mut seen = BTreeMap::new();
    for (at, (_, folder, _)) in all.iter().enumerate() {
        seen.insert(folder.clone(), at);
    }
    let last = |at: usize, folder: &str| seen.get(folder) == Some(&at);
    let kept = all.iter().enumerate().filter(|(at, (_, folder, _))| last(*at, folder));
    kept.map(|(_, (_, folder, name))| (folder.clone(), name.clone())).collect()
}

#[cfg(test)]
mod tests;
