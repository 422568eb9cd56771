//! Finds the tools of this machine: once per run, only those the chosen languages need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::model::command::CommandLine;
use crate::model::failure::Failure;
use crate::model::project::{Language, Plugin, Source};
use crate::model::target::{Arch, Os, Target};
use crate::model::tools::{Ability, CargoTool, Emulator, GoTool, Missing, ToolVersion, Tools};
use crate::phase::plan::{PlanError, versions};
use crate::sys::process::{self, Limits};
use crate::sys::{cargo_config, env, files};
use crate::toolchain;

/// Whether foreign binaries are run in emulators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulation {
    /// Where an emulator is on PATH.
    Auto,
    /// Never.
    Off,
}

/// Looks for the tools of these languages, asking them in `folder` (their answer can depend on it).
///
/// # Errors
/// When the user interrupts. A tool that isn't there or doesn't answer is simply not found.
pub fn find(
    environment: &BTreeMap<String, String>,
    folder: &Path,
    languages: &[Language],
    emulation: Emulation,
) -> Result<Tools, Failure> {
    let mut tools = Tools { this_machine: Target::this_machine(), cpus: env::cpus(), ..Tools::default() };
    let seeker = Seeker { environment, folder };
    std::thread::scope(|scope| {
        let go = languages.contains(&Language::Go).then(|| scope.spawn(|| seeker.go()));
        if languages.contains(&Language::Rust) {
            let zig = scope.spawn(|| seeker.zig());
            let zigbuild = scope.spawn(|| seeker.version("cargo-zigbuild", &["--version"]));
            tools.cargo = seeker.cargo();
            tools.cargo_trouble = if tools.cargo.is_none() { seeker.cargo_trouble() } else { None };
            tools.zig = zig.join().ok().flatten();
            tools.zigbuild = zigbuild.join().ok().flatten();
            tools.lacks_linker =
                cfg!(unix) && seeker.program("cc").is_none() && !seeker.names_a_linker(&tools);
            tools.own = env::current_exe().unwrap_or_else(|_| PathBuf::from("wick"));
        }
        match go.and_then(|go| go.join().ok()) {
            Some(Ok(go)) => tools.go = go,
            Some(Err(said)) => tools.go_trouble = Some(said),
            None => {}
        }
    });
    if emulation == Emulation::Auto {
        tools.emulators = seeker.emulators(tools.this_machine);
    }
    if crate::sys::interrupt::requested() {
        return Err(process::ProcessError::Interrupted.into());
    }
    Ok(tools)
}

/// Whether there is a toolchain for each language at all: every one that is missing is named, before the first one is
/// asked anything.
///
/// # Errors
/// The missing ones.
pub fn check(tools: &Tools, languages: &BTreeSet<Language>) -> Result<(), PlanError> {
    let there = |language: &Language| match language {
        Language::Go => tools.go.is_some(),
        Language::Rust => tools.cargo.is_some(),
    };
    // The target doesn't matter where there is no toolchain.
    let lacking = |language: &Language| toolchain::of(*language).ability(tools, None, Target::ALL[0]).err();
    let missing: Vec<Missing> =
        languages.iter().filter(|language| !there(language)).filter_map(lacking).flatten().collect();
    if missing.is_empty() { Ok(()) } else { Err(PlanError::Missing(missing)) }
}

/// Reads what cargo's configuration says of each workspace and triple that the plugins are going to be built with, and
/// whether the toolchains are as new as the plugins ask.
pub fn add_cargo_settings(
    tools: &mut Tools,
    plugins: &[Plugin],
    targets: &[Target],
    environment: &BTreeMap<String, String>,
) {
    tools.too_old = versions::lacking(plugins, tools);
    let Some(home) = tools.cargo.as_ref().map(|cargo| cargo.home.clone()) else { return };
    // Of what this machine's environment says of flags, only lints are let be: they must not take the place of those
    // that the repository's configuration says.
    let mut environment = environment.clone();
    environment.retain(|name, _| !toolchain::cargo::is_flags(name));
    for plugin in plugins {
        let Source::Rust(rust) = &plugin.source else { continue };
        for target in targets {
            if let Some(triple) = toolchain::cargo::triple(Some(plugin), *target) {
                let id = (rust.workspace_root.clone(), triple);
                let settings = cargo_config::settings(&id.0, &id.1, &rust.repository, &home, &environment);
                tools.cargo_settings.insert(id, settings);
            }
        }
    }
}

/// How each language builds for each target on this machine, or what is missing.
#[must_use]
pub fn abilities(tools: &Tools, targets: &[Target]) -> Vec<Ability> {
    let one = |language: Language, target: &Target| Ability {
        language,
        target: *target,
        how: toolchain::of(language).ability(tools, None, *target),
    };
    toolchain::ALL.iter().flat_map(|t| targets.iter().map(move |target| one(t.language(), target))).collect()
}

/// Of an environment that may differ from the process's own: what tools must hear of. Which toolchain answers, and where
/// go puts what it leaves when it is stopped. <https://go.dev/doc/toolchain#select>,
/// <https://rust-lang.github.io/rustup/overrides.html>
pub(in crate::phase) fn told(environment: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let names = ["GOTMPDIR", "GOTOOLCHAIN", "RUSTUP_TOOLCHAIN"];
    names.iter().filter_map(|name| Some(((*name).to_owned(), environment.get(*name)?.clone()))).collect()
}

struct Seeker<'a> {
    environment: &'a BTreeMap<String, String>,
    folder: &'a Path,
}

impl Seeker<'_> {
    fn program(&self, name: &str) -> Option<PathBuf> {
        env::find_program(self.environment, name)
    }

    fn ask(&self, program: &Path, args: &[&str]) -> Option<String> {
        self.answer(program, args).ok()
    }

    /// What a program prints, or the complaint it has instead.
    fn answer(&self, program: &Path, args: &[&str]) -> Result<String, String> {
        let mut line = CommandLine::new(program.to_string_lossy(), self.folder).args(args.iter().copied());
        line.env = told(self.environment);
        // Every build is in module mode, and which go.work holds is only told there.
        if self.environment.contains_key("GO111MODULE") {
            line.env.insert("GO111MODULE".to_owned(), "on".to_owned());
        }
        let finished = process::run(&line, Limits::TOOL).map_err(|error| error.to_string())?;
        if finished.success() { Ok(finished.stdout_text()) } else { Err(finished.complaint()) }
    }

    /// A program that is on PATH and answers: a shim without a tool behind it counts as missing.
    fn version(&self, name: &str, args: &[&str]) -> Option<ToolVersion> {
        let path = self.program(name)?;
        let said = self.ask(&path, args)?;
        Some(ToolVersion { path, version: said.lines().next().unwrap_or_default().trim().to_owned() })
    }

    /// The go command; its complaint when it is there but can't say how it is set up (a wrong GOEXPERIMENT, say).
    fn go(&self) -> Result<Option<GoTool>, String> {
        let Some(path) = self.program("go") else { return Ok(None) };
        let said = self.answer(&path, &["env", "-json"])?;
        Ok(go_tool(path, &said))
    }

    fn cargo(&self) -> Option<CargoTool> {
        let path = self.program("cargo")?;
        let rustc = self.program("rustc")?;
        let (version, sysroot) = std::thread::scope(|scope| {
            let version = scope.spawn(|| self.ask(&path, &["--version"]));
            let sysroot = self.ask(&rustc, &["--print=sysroot"]);
            (version.join().ok().flatten(), sysroot)
        });
        let about = self.ask(&rustc, &["-vV"])?;
        let sysroot = PathBuf::from(sysroot?.trim());
        let host_triple = about.lines().find_map(|line| line.strip_prefix("host: "))?.to_owned();
        let libraries = sysroot.join("lib/rustlib");
        let installed =
            |triple: &String| files::kind(&libraries.join(triple).join("lib")) == files::Kind::Folder;
        let triples = files::list(&libraries).unwrap_or_default().into_iter().filter(installed).collect();
        let stamp = files::stamp(&sysroot.join(format!("bin/rustc{}", std::env::consts::EXE_SUFFIX)));
        let home = self.environment.get("CARGO_HOME").map(PathBuf::from);
        Some(CargoTool {
            path,
            version: version?.trim().to_owned(),
            rustc: format!("{}\n{}", about.trim(), stamp.unwrap_or_default()),
            host_triple,
            triples,
            rustup: self.program("rustup").is_some(),
            home: home.or_else(|| env::home(self.environment).map(|home| home.join(".cargo")))?,
            sysroot,
        })
    }

    /// What is missing where cargo is there but doesn't answer: nearly always the toolchain that this folder asks for.
    fn cargo_trouble(&self) -> Option<Missing> {
        let cargo = self.program("cargo")?;
        let said = match self.answer(&cargo, &["--version"]) {
            Ok(_) => "rustc doesn't answer".to_owned(),
            Err(said) => said,
        };
        if let (Some((name, by)), Some(_)) = (self.toolchain_asked_for(), self.program("rustup")) {
            return Some(Missing {
                what: format!("the Rust toolchain {name}, for which {by} asks"),
                install: format!("rustup toolchain install {name}"),
            });
        }
        let first = said.lines().next().unwrap_or_default().trim();
        Some(Missing {
            what: format!("a `cargo` command that works; it says `{first}`"),
            install: "set right what `cargo --version` complains about".to_owned(),
        })
    }

    /// The toolchain by name, and who names it, in rustup's order: <https://rust-lang.github.io/rustup/overrides.html>
    fn toolchain_asked_for(&self) -> Option<(String, String)> {
        if let Some(name) = self.environment.get("RUSTUP_TOOLCHAIN").filter(|name| !name.is_empty()) {
            return Some((name.clone(), "RUSTUP_TOOLCHAIN".to_owned()));
        }
        self.folder.ancestors().find_map(|folder| {
            let path = ["rust-toolchain", "rust-toolchain.toml"]
                .into_iter()
                .map(|name| folder.join(name))
                .find(|path| files::is_file(path))?;
            let name = toolchain::cargo::channel(&files::read_text(&path).ok()?)?;
            Some((name, path.display().to_string()))
        })
    }

    /// zig as cargo-zigbuild looks for it: the Python package first, then the program.
    fn zig(&self) -> Option<ToolVersion> {
        let package =
            ["python3", "python"].iter().find_map(|name| self.version(name, &["-m", "ziglang", "version"]));
        package.or_else(|| self.version("zig", &["version"]))
    }

    /// Whether a variable names who links for this machine.
    fn names_a_linker(&self, tools: &Tools) -> bool {
        let Some(cargo) = &tools.cargo else { return false };
        let triple = cargo.host_triple.replace('-', "_").to_uppercase();
        self.environment.contains_key(&format!("CARGO_TARGET_{triple}_LINKER"))
    }

    fn emulators(&self, this_machine: Option<Target>) -> BTreeMap<Target, Emulator> {
        let mut found = BTreeMap::new();
        let mut add = |target: Target, names: &[&str]| {
            if this_machine == Some(target) {
                return;
            }
            if let Some((name, path)) = names.iter().find_map(|name| Some((*name, self.program(name)?))) {
                found.insert(target, Emulator { path, name: name.to_owned() });
            }
        };
        // qemu-user runs Linux binaries on Linux only; static binaries need nothing else.
        if this_machine.is_some_and(|this| this.os == Os::Linux) {
            let qemu = [
                (Arch::Arm64, ["qemu-aarch64-static", "qemu-aarch64"]),
                (Arch::Amd64, ["qemu-x86_64-static", "qemu-x86_64"]),
                (Arch::Arm, ["qemu-arm-static", "qemu-arm"]),
                (Arch::X86, ["qemu-i386-static", "qemu-i386"]),
                (Arch::Riscv64, ["qemu-riscv64-static", "qemu-riscv64"]),
            ];
            for (arch, names) in qemu {
                add(Target::new(Os::Linux, arch), &names);
            }
        }
        add(Target::new(Os::Windows, Arch::Amd64), &["wine64", "wine"]);
        found
    }
}

fn go_tool(path: PathBuf, env: &str) -> Option<GoTool> {
    let mut settings: BTreeMap<String, String> = serde_json::from_str(env).ok()?;
    // `go env` is silent about the levels of other architectures, which a build for them reads from the file all the same.
    let file = settings.get("GOENV").filter(|file| *file != "off");
    let kept = file.and_then(|file| files::read_text(Path::new(file)).ok()).unwrap_or_default();
    for (name, value) in kept.lines().filter_map(|line| line.split_once('=')) {
        settings.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    let root = PathBuf::from(settings.get("GOROOT")?);
    let tools = PathBuf::from(settings.get("GOTOOLDIR")?);
    // A toolchain of the same version but other content (a patched one, a development build) is another one.
    let parts = ["compile", "link", "asm"].map(|name| {
        files::stamp(&tools.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))).unwrap_or_default()
    });
    let label = files::read_text(&root.join("VERSION")).unwrap_or_default();
    Some(GoTool {
        version: settings.get("GOVERSION")?.clone(),
        module_cache: PathBuf::from(settings.get("GOMODCACHE")?),
        identity: toolchain::veiled(&format!("{}\n{label}\n{}", root.display(), parts.join("\n"))),
        root,
        path,
        settings,
    })
}

#[cfg(test)]
mod tests;
