//! The reference tool's way, as its contract describes it: one plugin and one target after the other, for every foreign
//! target a helper for this machine with other flags, every binary linked anew, nothing kept but the compilers' own caches.

use std::path::{Path, PathBuf};

use super::copy::Copy;
use super::{REFERENCE, Scope, Subject, Way, bare};
use crate::Result;
use crate::bench::measure::{Cost, measured};
use crate::command::Cmd;

/// `--all`, in the contract's order.
pub(super) const ALL_TARGETS: &str = "linux/arm64,linux/amd64,darwin/arm64,darwin/amd64,windows/amd64";

pub(super) struct Reference<'a> {
    copy: Copy,
    subject: &'a Subject,
    plugins: Vec<Plugin>,
}

struct Plugin {
    key: String,
    folder: PathBuf,
    rust: bool,
    version: String,
}

impl<'a> Reference<'a> {
    pub(super) fn new(copy: Copy, subject: &'a Subject) -> Result<Reference<'a>> {
        let plugins = plugins(&copy.repo())?;
        Ok(Reference { copy, subject, plugins })
    }

    fn build_plugin(&self, plugin: &Plugin) -> Result<()> {
        for target in &self.subject.targets {
            let binary = self.compile(plugin, Some(target))?;
            // A binary for this machine answers for itself, all others have a helper that does.
            let asked = if *target == this_machine() { binary.clone() } else { self.compile(plugin, None)? };
            Cmd::new(asked.display().to_string()).args(["--dump-manifest"]).output()?;
            bare::zipped(&binary, &self.copy.out())?;
        }
        Ok(())
    }

    /// For a target, or the helper for this machine.
    fn compile(&self, plugin: &Plugin, target: Option<&str>) -> Result<PathBuf> {
        if plugin.rust { self.cargo(plugin, target) } else { self.go(plugin, target) }
    }

    fn go(&self, plugin: &Plugin, target: Option<&str>) -> Result<PathBuf> {
        let binary = self.copy.out().join(if target.is_some() { "binary" } else { "helper" });
        // A new temporary folder each time: the linker always runs.
        let _ = std::fs::remove_file(&binary);
        let flags = format!("-ldflags=-s -w -X github.com/yogasw/wick/pkg/plugin.Version={}", plugin.version);
        let (out, folder) = (binary.display().to_string(), format!("./{}", plugin.folder.display()));
        let mut cmd = Cmd::new("go").args(["build", &flags, "-o", &out, &folder]).dir(self.copy.repo());
        if let Some((os, arch)) = target.and_then(|target| target.split_once('/')) {
            cmd = cmd.env("GOOS", os).env("GOARCH", arch).env("CGO_ENABLED", "0");
        }
        self.copy.with_caches(cmd).output()?;
        Ok(binary)
    }

    fn cargo(&self, plugin: &Plugin, target: Option<&str>) -> Result<PathBuf> {
        let here = this_machine();
        let target = target.unwrap_or(&here);
        let verb = if target == here { "build" } else { "zigbuild" };
        let triple = triple(target);
        let args = [verb, "--release", "--locked", "--package", &plugin.key, "--target", &triple];
        self.copy.with_caches(Cmd::new("cargo").args(args).dir(self.copy.repo())).output()?;
        let extension = if triple.contains("windows") { "exe" } else { "" };
        let folder = self.copy.cargo_target().join(triple).join("release");
        Ok(folder.join(&plugin.key).with_extension(extension))
    }
}

impl Way for Reference<'_> {
    fn copy(&self) -> &Copy {
        &self.copy
    }

    fn build(&self, scope: Scope) -> Result<Vec<(&'static str, Cost, String)>> {
        let plugins: Vec<&Plugin> =
            self.plugins.iter().filter(|plugin| self.subject.includes(&plugin.key, scope)).collect();
        let ((), cost) = measured(|| plugins.iter().try_for_each(|plugin| self.build_plugin(plugin)))?;
        let note = format!(
            "{} plugins × {} targets, one after the other",
            plugins.len(),
            self.subject.targets.len()
        );
        Ok(vec![(REFERENCE, cost, note)])
    }
}

/// This machine, in Go's spelling.
pub(super) fn this_machine() -> String {
    let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{os}/{arch}")
}

fn triple(target: &str) -> String {
    let (os, arch) = target.split_once('/').unwrap_or((target, ""));
    let arch = if arch == "arm64" { "aarch64" } else { "x86_64" };
    let system = match os {
        "darwin" => "apple-darwin",
        "windows" => "pc-windows-gnu",
        _ => "unknown-linux-musl",
    };
    format!("{arch}-{system}")
}

/// The plugins by layout, scaffolds left out.
fn plugins(repo: &Path) -> Result<Vec<Plugin>> {
    let mut found = Vec::new();
    for kind in ["connector", "tool", "job"] {
        let Ok(entries) = std::fs::read_dir(repo.join(kind)) else { continue };
        for entry in entries.flatten() {
            let key = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if key.starts_with('_') || !path.is_dir() {
                continue;
            }
            let version = std::fs::read_to_string(path.join("VERSION")).unwrap_or_else(|_| "dev".to_owned());
            let rust = path.join("Cargo.toml").is_file();
            found.push(Plugin {
                folder: Path::new(kind).join(&key),
                key,
                rust,
                version: version.trim().to_owned(),
            });
        }
    }
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    if found.is_empty() { Err(format!("no plugins in {}", repo.display())) } else { Ok(found) }
}
