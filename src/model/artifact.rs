//! Facts about a binary, read from its bytes without running it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::target::{Arch, Os, Target};

/// The container format of a binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Linux, FreeBSD.
    Elf,
    /// macOS.
    MachO,
    /// Windows.
    Pe,
    /// WebAssembly.
    Wasm,
}

/// What a binary needs from the machine it runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Linkage {
    /// Nothing.
    Static,
    /// Shared libraries.
    Dynamic {
        /// The ELF interpreter or Mach-O dynamic linker, where the file names one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        interpreter: Option<String>,
        /// The libraries the file names, in its order.
        libraries: Vec<String>,
    },
}

/// What Go's linker wrote into a binary (`go version -m` shows the same).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoBuildInfo {
    /// The Go version, such as `go1.26.8`.
    pub go_version: String,
    /// The import path of the main package.
    pub main_package: String,
    /// The module the main package belongs to: path, version, sum.
    pub main_module: Option<GoModule>,
    /// Modules that provide packages of this binary, by path.
    pub modules: Vec<GoModule>,
    /// Build settings, such as `GOOS`, `CGO_ENABLED`, `-trimpath`.
    pub settings: BTreeMap<String, String>,
}

/// One module in a Go binary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoModule {
    /// The module path; of the replacement, where one is in force.
    pub path: String,
    /// The version; `(devel)` for the main module.
    pub version: String,
    /// The `h1:` sum; empty for local modules.
    pub sum: String,
}

/// What a binary is, as its headers tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryFacts {
    /// The container format.
    pub format: Format,
    /// The operating systems the file can be for. Several, because an ELF without notes doesn't say;
    /// empty when wick has no name for it.
    #[serde(skip)]
    pub systems: Vec<Os>,
    /// The architectures the file carries code for: more than one in a universal Mach-O.
    #[serde(skip)]
    pub architectures: Vec<Arch>,
    /// The machine as the header spells it, for messages: `x86-64`, `aarch64`…
    pub machine: String,
    /// Whether the file is a program (rather than a library or an object).
    pub executable: bool,
    /// What it needs at run time.
    pub linkage: Linkage,
    /// The highest glibc symbol version it asks for, such as `2.17`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub glibc_floor: Option<String>,
    /// The oldest macOS it says it runs on, such as `12.0`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub macos_floor: Option<String>,
    /// Present in binaries made by Go.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub go: Option<GoBuildInfo>,
    /// The text of the manifest section (`.wick`, `__DATA,__wick`), unparsed.
    #[serde(skip)]
    pub manifest_section: Option<String>,
}

impl BinaryFacts {
    /// Everything that contradicts `target`, as fragments such as `it is for x86-64, not arm64`.
    #[must_use]
    pub fn contradictions(&self, target: Target) -> Vec<String> {
        let mut found = Vec::new();
        let expected = match target.os {
            Os::Linux | Os::Freebsd => Format::Elf,
            Os::Darwin => Format::MachO,
            Os::Windows => Format::Pe,
        };
        if self.format != expected {
            found.push(format!("its format is {:?}, not {expected:?}", self.format));
        } else if !self.systems.contains(&target.os) {
            let names: Vec<&str> = self.systems.iter().map(|os| os.as_str()).collect();
            found.push(format!("it is for {}, not {}", names.join(" or "), target.os.as_str()));
        }
        // A universal binary is refused too: a host compares the one `os_arch` with its own, and half of the
        // file would be dead weight that no check has looked at.
        if self.architectures != [target.arch] {
            found.push(format!("its machine is {}, not {}", self.machine, target.arch.as_str()));
        }
        if !self.executable {
            found.push("it is not an executable".to_owned());
        }
        if let Some(go) = &self.go {
            for (setting, wanted) in [("GOOS", target.os.as_str()), ("GOARCH", target.arch.as_str())] {
                match go.settings.get(setting) {
                    Some(value) if value != wanted => {
                        found.push(format!("its Go build info says {setting}={value}, not {wanted}"));
                    }
                    _ => {}
                }
            }
        }
        found
    }
}
