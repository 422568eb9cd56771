//! Targets: an operating system and an architecture, in Go's spelling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An operating system, by its GOOS name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Os {
    /// Linux; Termux on Android runs these too, so the binaries are static.
    Linux,
    /// macOS.
    Darwin,
    /// Windows.
    Windows,
    /// FreeBSD.
    Freebsd,
}

/// A CPU architecture, by its GOARCH name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// x86, 64 bit.
    Amd64,
    /// ARM, 64 bit.
    Arm64,
    /// x86, 32 bit.
    X86,
    /// ARM, 32 bit.
    Arm,
    /// RISC-V, 64 bit.
    Riscv64,
}

/// What one build is for. Written `os/arch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target {
    /// The operating system.
    pub os: Os,
    /// The architecture.
    pub arch: Arch,
}

impl Os {
    const ALL: [Os; 4] = [Os::Linux, Os::Darwin, Os::Windows, Os::Freebsd];

    /// The GOOS name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Os::Linux => "linux",
            Os::Darwin => "darwin",
            Os::Windows => "windows",
            Os::Freebsd => "freebsd",
        }
    }

    /// Reads a GOOS name.
    #[must_use]
    pub fn from_go(name: &str) -> Option<Os> {
        Os::ALL.into_iter().find(|os| os.as_str() == name)
    }
}

impl Arch {
    const ALL: [Arch; 5] = [Arch::Amd64, Arch::Arm64, Arch::X86, Arch::Arm, Arch::Riscv64];

    /// The GOARCH name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Arch::Amd64 => "amd64",
            Arch::Arm64 => "arm64",
            Arch::X86 => "386",
            Arch::Arm => "arm",
            Arch::Riscv64 => "riscv64",
        }
    }

    /// Reads a GOARCH name.
    #[must_use]
    pub fn from_go(name: &str) -> Option<Arch> {
        Arch::ALL.into_iter().find(|arch| arch.as_str() == name)
    }
}

impl Target {
    /// A target from its parts.
    #[must_use]
    pub const fn new(os: Os, arch: Arch) -> Target {
        Target { os, arch }
    }

    /// What `--all` means, in the order of contract wick 2: linux/arm64 comes first because it is mandatory.
    pub const ALL: [Target; 5] = [
        Target::new(Os::Linux, Arch::Arm64),
        Target::new(Os::Linux, Arch::Amd64),
        Target::new(Os::Darwin, Arch::Arm64),
        Target::new(Os::Darwin, Arch::Amd64),
        Target::new(Os::Windows, Arch::Amd64),
    ];

    /// The target of this machine, or nothing when wick has no name for it.
    #[must_use]
    pub fn this_machine() -> Option<Target> {
        let os = match std::env::consts::OS {
            "macos" => Os::Darwin,
            other => Os::from_go(other)?,
        };
        let arch = match std::env::consts::ARCH {
            "x86_64" => Arch::Amd64,
            "aarch64" => Arch::Arm64,
            "x86" => Arch::X86,
            other => Arch::from_go(other)?,
        };
        Some(Target { os, arch })
    }

    /// `.exe` where executables are named so, else nothing.
    #[must_use]
    pub fn exe_suffix(self) -> &'static str {
        if self.os == Os::Windows { ".exe" } else { "" }
    }

    /// `os-arch`, as the names of packages and folders spell it.
    #[must_use]
    pub fn dashed(self) -> String {
        format!("{}-{}", self.os.as_str(), self.arch.as_str())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` so that tables can align targets.
        f.pad(&format!("{}/{}", self.os.as_str(), self.arch.as_str()))
    }
}

/// Why a text is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not of the form `os/arch`.
    #[error("target `{0}` is not of the form os/arch, for example linux/arm64")]
    Form(String),
    /// An operating system wick doesn't know.
    #[error("target `{0}` names an unknown operating system `{1}`; known: linux, darwin, windows, freebsd")]
    Os(String, String),
    /// An architecture wick doesn't know.
    #[error("target `{0}` names an unknown architecture `{1}`; known: amd64, arm64, 386, arm, riscv64")]
    Arch(String, String),
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (os, arch) = text.split_once('/').ok_or_else(|| TargetError::Form(text.to_owned()))?;
        let os = Os::from_go(os).ok_or_else(|| TargetError::Os(text.to_owned(), os.to_owned()))?;
        let arch = Arch::from_go(arch).ok_or_else(|| TargetError::Arch(text.to_owned(), arch.to_owned()))?;
        Ok(Target { os, arch })
    }
}

impl TryFrom<String> for Target {
    type Error = TargetError;
    fn try_from(text: String) -> Result<Self, TargetError> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> String {
        target.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance 3 of contract wick: order of `--all`, `.exe`.
    #[test]
    fn all_is_the_contracts_list_in_its_order() {
        let names: Vec<String> = Target::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["linux/arm64", "linux/amd64", "darwin/arm64", "darwin/amd64", "windows/amd64"]);
        let exe: Vec<&str> = Target::ALL.iter().map(|t| t.exe_suffix()).collect();
        assert_eq!(exe, ["", "", "", "", ".exe"]);
    }

    #[test]
    fn targets_round_trip_and_name_what_is_wrong() {
        for target in Target::ALL {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
        assert!(matches!("linux".parse::<Target>(), Err(TargetError::Form(_))));
        assert!(matches!("plan9/amd64".parse::<Target>(), Err(TargetError::Os(..))));
        assert!(matches!("linux/x86_64".parse::<Target>(), Err(TargetError::Arch(..))));
    }
}
