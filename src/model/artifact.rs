//! Facts about a binary, read from its bytes without running it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::code_signature::CodeSignature;
use super::level;
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

impl Format {
    /// The name people use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Elf => "ELF",
            Format::MachO => "Mach-O",
            Format::Pe => "PE",
            Format::Wasm => "WebAssembly",
        }
    }
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
    /// The operating systems the file can be for; empty when wick has no name for it, or when the file
    /// contradicts itself (a FreeBSD header around a Linux program).
    #[serde(skip)]
    pub systems: Vec<Os>,
    /// The operating system as the file tells it, for messages: `linux`, `openbsd`,
    /// `freebsd (its header) and linux (its Go build info)`…
    pub system: String,
    /// The architectures the file carries code for: more than one in a universal Mach-O.
    #[serde(skip)]
    pub architectures: Vec<Arch>,
    /// Whether it is a Mach-O of several slices: what is true of one slice is not told of the file.
    #[serde(skip)]
    pub universal: bool,
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
    /// How a Mach-O file's code is signed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code_signature: Option<CodeSignature>,
    /// The x86 level that its property note asks for, where that is more than the lowest, such as `x86-64-v3`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub x86_level: Option<String>,
    /// What the system's loader would refuse or die of, as fragments such as `its entry is in no segment of code`.
    #[serde(skip)]
    pub unloadable: Vec<String>,
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
            found.push(format!("its format is {}, not {}", self.format.as_str(), expected.as_str()));
        } else if !self.systems.contains(&target.os) {
            found.push(format!("it is for {}, not {}", self.system, target.os.as_str()));
        }
        // A universal binary is refused too: a host compares the one `os_arch` with its own, and half of the
        // file would be dead weight that no check has looked at.
        if self.universal {
            found.push(format!("its machine is {}, not {}", self.machine, target.arch.as_str()));
            return found;
        }
        if self.architectures != [target.arch] {
            found.push(format!("its machine is {}, not {}", self.machine, target.arch.as_str()));
        }
        if !self.executable {
            found.push("it is not an executable".to_owned());
        }
        found.extend(self.unloadable.iter().cloned());
        if target.os == Os::Darwin && target.arch == Arch::Arm64 {
            let complaint = self.code_signature.as_ref().and_then(CodeSignature::complaint);
            found.extend(complaint.map(|why| format!("{why}, so macOS on arm64 kills it")));
        }
        if let Some(go) = &self.go {
            for (setting, wanted) in [("GOOS", target.os.as_str()), ("GOARCH", target.arch.as_str())] {
                match go.settings.get(setting) {
                    Some(value) if value != wanted => {
                        let value = value.escape_debug();
                        found.push(format!("its Go build info says {setting}={value}, not {wanted}"));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// What a user of `target` should know of it, though it runs, as fragments.
    ///
    /// macOS on Intel starts what isn't signed, and goes on over a page that isn't what was signed unless it was asked
    /// to be strict.
    #[must_use]
    pub fn doubts(&self, target: Target) -> Vec<String> {
        let lenient = target.os == Os::Darwin && target.arch != Arch::Arm64;
        let signature = self.code_signature.as_ref().filter(|_| lenient);
        signature.and_then(CodeSignature::complaint).into_iter().collect()
    }

    /// The CPU levels above the lowest of the architecture that the file needs, as it spells them: `GOAMD64=v3`.
    /// A target's name has no level, so whoever reads it expects the lowest.
    #[must_use]
    pub fn raised_levels(&self) -> Vec<String> {
        let settings = self.go.iter().flat_map(|go| &go.settings);
        let raised = settings.filter(|(name, value)| level::is_raised(name, value));
        let raised = raised.map(|(name, value)| format!("{name}={}", value.escape_debug()));
        raised.chain(self.x86_level.clone()).collect()
    }

    /// What `target` asks of binaries beyond being for it, and this one doesn't do, as fragments.
    ///
    /// From contract wick 2: linux/arm64 is what Termux on Android runs, where there is no glibc and no `/lib`, so it
    /// must be static. Elsewhere on Linux, a program of Go that was built without cgo needs no library either: one that
    /// does was linked by a C compiler that nobody asked for, against whatever C library this machine has.
    #[must_use]
    pub fn requirement_contradictions(&self, target: Target) -> Vec<String> {
        match &self.linkage {
            Linkage::Dynamic { interpreter, libraries } if target == Target::new(Os::Linux, Arch::Arm64) => {
                let needs: Vec<&str> = interpreter.iter().chain(libraries).map(String::as_str).collect();
                vec![format!(
                    "it must be static, because Termux on Android runs linux/arm64, but it needs {}",
                    needs.join(", ")
                )]
            }
            Linkage::Dynamic { libraries, .. }
                if target.os == Os::Linux && !libraries.is_empty() && self.is_without_cgo() =>
            {
                vec![format!(
                    "it was built without cgo, so it must be static, but it needs {}; what needs C is asked for in \
                     wick.toml: [go] env = {{ CGO_ENABLED = \"1\" }}",
                    libraries.join(", ")
                )]
            }
            _ => Vec::new(),
        }
    }

    /// Whether Go wrote into it that it was built without cgo.
    fn is_without_cgo(&self) -> bool {
        self.go.as_ref().and_then(|go| go.settings.get("CGO_ENABLED")).is_some_and(|value| value == "0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(target: Target) -> BinaryFacts {
        let (format, linkage) = match target.os {
            Os::Linux | Os::Freebsd => (Format::Elf, Linkage::Static),
            Os::Darwin => (Format::MachO, needs(Some("/usr/lib/dyld"), &["/usr/lib/libSystem.B.dylib"])),
            Os::Windows => (Format::Pe, needs(None, &["KERNEL32.dll"])),
        };
        BinaryFacts {
            format,
            systems: vec![target.os],
            system: target.os.as_str().to_owned(),
            architectures: vec![target.arch],
            machine: format!("a machine like {}", target.arch.as_str()),
            executable: true,
            linkage,
            glibc_floor: None,
            macos_floor: None,
            go: None,
            code_signature: None,
            x86_level: None,
            universal: false,
            unloadable: Vec::new(),
            manifest_section: None,
        }
    }

    fn needs(interpreter: Option<&str>, libraries: &[&str]) -> Linkage {
        Linkage::Dynamic {
            interpreter: interpreter.map(ToOwned::to_owned),
            libraries: libraries.iter().map(ToString::to_string).collect(),
        }
    }

    fn go(settings: &[(&str, &str)]) -> Option<GoBuildInfo> {
        Some(GoBuildInfo {
            go_version: "go1.26.8".to_owned(),
            main_package: "example.com/x".to_owned(),
            main_module: None,
            modules: Vec::new(),
            settings: settings.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        })
    }

    #[test]
    fn a_binary_fits_its_own_target_and_no_other() {
        for own in Target::ALL {
            for target in Target::ALL {
                let fragments = facts(own).contradictions(target);
                assert_eq!(fragments.is_empty(), own == target, "{own} for {target}: {fragments:?}");
            }
        }
    }

    #[test]
    fn each_contradiction_has_its_fragment() {
        let target = Target::new(Os::Linux, Arch::Amd64);
        let own = || facts(target);
        for (facts, fragment) in [
            (BinaryFacts { format: Format::Wasm, ..own() }, "its format is WebAssembly, not ELF"),
            (
                BinaryFacts { systems: vec![Os::Freebsd], system: "freebsd".to_owned(), ..own() },
                "it is for freebsd, not linux",
            ),
            (
                BinaryFacts { systems: Vec::new(), system: "openbsd".to_owned(), ..own() },
                "it is for openbsd, not linux",
            ),
            (
                BinaryFacts { architectures: Vec::new(), machine: "s390x".to_owned(), ..own() },
                "its machine is s390x, not amd64",
            ),
            (BinaryFacts { executable: false, ..own() }, "it is not an executable"),
            (
                BinaryFacts { go: go(&[("GOOS", "linux"), ("GOARCH", "arm64")]), ..own() },
                "its Go build info says GOARCH=arm64, not amd64",
            ),
        ] {
            assert_eq!(facts.contradictions(target), [fragment]);
        }
        let silent = BinaryFacts { go: go(&[("CGO_ENABLED", "0")]), ..own() };
        assert_eq!(silent.contradictions(target), [""; 0]);
        let agreeing = BinaryFacts { go: go(&[("GOOS", "linux"), ("GOARCH", "amd64")]), ..own() };
        assert_eq!(agreeing.contradictions(target), [""; 0]);
    }

    #[test]
    fn a_signature_that_does_not_hold_is_an_error_on_arm64_and_a_doubt_elsewhere() {
        let broken = || CodeSignature::Broken { why: "it is cut short".to_owned() };
        let whole = CodeSignature::Whole { identifier: String::new(), ad_hoc: true, linker_signed: true };
        for (signature, error, doubt) in [
            (
                CodeSignature::Missing,
                "its code isn't signed, so macOS on arm64 kills it",
                "its code isn't signed",
            ),
            (
                broken(),
                "its code signature doesn't hold: it is cut short, so macOS on arm64 kills it",
                "its code signature doesn't hold: it is cut short",
            ),
            (whole, "", ""),
        ] {
            for (arch, error, doubt) in [(Arch::Arm64, error, ""), (Arch::Amd64, "", doubt)] {
                let target = Target::new(Os::Darwin, arch);
                let facts = BinaryFacts { code_signature: Some(signature.clone()), ..facts(target) };
                assert_eq!(facts.contradictions(target).concat(), error, "{target}");
                assert_eq!(facts.doubts(target).concat(), doubt, "{target}");
            }
        }
    }

    #[test]
    fn a_level_above_the_lowest_is_named() {
        let linux = Target::new(Os::Linux, Arch::Amd64);
        for (settings, note, levels) in [
            (&[("GOAMD64", "v1")][..], None, &[][..]),
            (&[("GOAMD64", "v3")], None, &["GOAMD64=v3"]),
            (&[("GOARM64", "v8.0")], None, &[]),
            (&[("GOARM64", "v8.0,lse")], None, &["GOARM64=v8.0,lse"]),
            (&[("GOARM64", "v9.0")], None, &["GOARM64=v9.0"]),
            (&[("GOARM", "5")], None, &[]),
            (&[("GOARM", "7")], None, &[]),
            (&[("GO386", "sse2")], None, &[]),
            (&[("GORISCV64", "rva22u64")], None, &["GORISCV64=rva22u64"]),
            (&[("CGO_ENABLED", "1")], None, &[]),
            (&[], Some("x86-64-v2"), &["x86-64-v2"]),
        ] {
            let x86_level = note.map(ToOwned::to_owned);
            let facts = BinaryFacts { go: go(settings), x86_level, ..facts(linux) };
            assert_eq!(facts.raised_levels(), levels, "{settings:?}");
        }
    }

    #[test]
    fn linux_arm64_must_be_static_and_nothing_else_must() {
        let linkage = needs(Some("/lib/ld-linux-aarch64.so.1"), &["libc.so.6"]);
        for target in Target::ALL {
            let dynamic = BinaryFacts { linkage: linkage.clone(), ..facts(target) };
            let expected = (target.to_string() == "linux/arm64").then_some(
                "it must be static, because Termux on Android runs linux/arm64, \
                 but it needs /lib/ld-linux-aarch64.so.1, libc.so.6",
            );
            assert_eq!(dynamic.requirement_contradictions(target), Vec::from_iter(expected), "{target}");
            assert_eq!(facts(target).requirement_contradictions(target), [""; 0], "{target}");
        }
    }

    #[test]
    fn what_was_built_without_cgo_needs_no_c_library_on_linux() {
        let libc = needs(Some("/lib64/ld-linux-x86-64.so.2"), &["libc.so.6"]);
        let pie = needs(Some("/lib64/ld-linux-x86-64.so.2"), &[]);
        let (without, with): (&[_], &[_]) = (&[("CGO_ENABLED", "0")], &[("CGO_ENABLED", "1")]);
        let said = |target: &str, settings: &[(&str, &str)], linkage: &Linkage| {
            let target = target.parse().unwrap();
            let go = if settings.is_empty() { None } else { go(settings) };
            BinaryFacts { go, linkage: linkage.clone(), ..facts(target) }.requirement_contradictions(target)
        };
        let refused = said("linux/amd64", without, &libc);
        assert!(refused.len() == 1 && refused[0].contains("but it needs libc.so.6;"), "{refused:?}");
        for (target, settings, linkage) in [
            ("linux/amd64", with, &libc),
            ("linux/amd64", &[], &libc),
            ("linux/amd64", without, &pie),
            ("linux/amd64", without, &Linkage::Static),
            ("freebsd/amd64", without, &libc),
            ("windows/amd64", without, &needs(None, &["KERNEL32.dll"])),
        ] {
            assert_eq!(said(target, settings, linkage), [""; 0], "{target} {settings:?}");
        }
    }
}
