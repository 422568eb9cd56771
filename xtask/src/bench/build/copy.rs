//! A copy of examples/plugins with caches of its own, so that no way of building lives off another's work.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::command::Cmd;
use crate::{Result, root};

/// What a developer's machine has beside the sources, and a copy must not.
const LEFT_OUT: &[&str] = &["bin", "target", ".wick", ".git"];

pub(super) struct Copy {
    folder: PathBuf,
}

impl Copy {
    /// Copies the example repository into `folder`.
    pub(super) fn make(folder: &Path) -> Result<Copy> {
        let copy = Copy { folder: folder.to_owned() };
        copy_folder(&root().join("examples/plugins"), &copy.repo())?;
        copy.bring_sdk()?;
        copy.forget()?;
        Ok(copy)
    }

    /// The SDK lies beside the examples; in a copy it lies within.
    fn bring_sdk(&self) -> Result<()> {
        copy_folder(&root().join("sdk"), &self.repo().join("wick-plugin"))?;
        let manifest = self.repo().join("Cargo.toml");
        let failed = |error| format!("point {} at the SDK: {error}", manifest.display());
        let text = std::fs::read_to_string(&manifest).map_err(failed)?;
        // Not a member of the workspace: its tests' dependencies are missing in Cargo.lock.
        let text = text.replace("path = \"../../sdk\"", "path = \"wick-plugin\"");
        let text = text.replacen("members = [", "exclude = [\"wick-plugin\"]\nmembers = [", 1);
        std::fs::write(&manifest, text).map_err(failed)
    }

    /// The plugin repository.
    pub(super) fn repo(&self) -> PathBuf {
        self.folder.join("repo")
    }

    /// Where packages go.
    pub(super) fn out(&self) -> PathBuf {
        self.folder.join("out")
    }

    /// cargo's target folder.
    pub(super) fn cargo_target(&self) -> PathBuf {
        self.folder.join("caches/cargo")
    }

    /// The command, with this copy's compiler caches. What is made once per machine is shared and stays warm, as no way of
    /// building plugins makes it: downloaded modules and crates, zig's C runtimes.
    pub(super) fn with_caches(&self, cmd: Cmd) -> Cmd {
        let go = self.folder.join("caches/go").display().to_string();
        cmd.env("GOCACHE", go).env("CARGO_TARGET_DIR", self.cargo_target().display().to_string())
    }

    /// Empties the caches and the output folder.
    pub(super) fn forget(&self) -> Result<()> {
        for folder in [self.folder.join("caches"), self.out()] {
            if folder.exists() {
                std::fs::remove_dir_all(&folder)
                    .map_err(|error| format!("empty {}: {error}", folder.display()))?;
            }
            std::fs::create_dir_all(&folder)
                .map_err(|error| format!("make {}: {error}", folder.display()))?;
        }
        Ok(())
    }

    /// Gives a source file a last line that changes what it compiles to; each round another one.
    pub(super) fn edit(&self, file: &str, round: usize) -> Result<()> {
        let original = root().join("examples/plugins").join(file);
        let text = std::fs::read_to_string(&original)
            .map_err(|error| format!("read {}: {error}", original.display()))?;
        let line = match original.extension().and_then(OsStr::to_str) {
            Some("rs") => format!("#[used]\nstatic BENCH: [u8; 8] = {round}_u64.to_le_bytes();\n"),
            _ => format!("\nvar benchRound = \"round {round}\"\n"),
        };
        let place = self.repo().join(file);
        std::fs::write(&place, text + &line).map_err(|error| format!("write {}: {error}", place.display()))
    }

    /// Downloads what the plugins depend on, so that no measurement waits for the network.
    pub(super) fn fetch(&self) -> Result<()> {
        Cmd::line("go mod download").dir(self.repo()).output()?;
        Cmd::line("cargo fetch --locked").dir(self.repo()).output().map(drop)
    }
}

/// A plugin's file that has its `main`.
pub(super) fn main_file(key: &str) -> Result<String> {
    let kinds = ["connector", "tool", "job"];
    let files =
        kinds.iter().flat_map(|kind| [format!("{kind}/{key}/main.go"), format!("{kind}/{key}/src/main.rs")]);
    let found = files.into_iter().find(|file| root().join("examples/plugins").join(file).is_file());
    found.ok_or_else(|| format!("examples/plugins has no plugin `{key}`"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let failed = |error: std::io::Error| format!("copy {} to {}: {error}", from.display(), to.display());
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            std::fs::copy(&path, to.join(name)).map_err(failed)?;
        }
    }
    Ok(())
}
