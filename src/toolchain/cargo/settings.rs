//! Settings of this machine that would decide what is compiled. What the repository says (wick.toml, its own
//! .cargo/config.toml) is part of the sources and holds everywhere; what one machine's environment or configuration says
//! would give other bytes than the same commit gives elsewhere, so it is refused by name or doesn't reach the build.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Foreign;
use super::config;
use crate::model::tools::{CargoKey, CargoSettings};

/// Names that any C project reads and that machines set for all of them: wick chooses compilers and flags, so these
/// reach no build. The last ones are cargo-zigbuild's and zig's own; which zig is used is wick's to say.
const TAKEN_OUT: [&str; 30] = [
    "AR",
    "AS",
    "BINDGEN_EXTRA_CLANG_ARGS",
    "CARGO_BUILD_INCREMENTAL",
    "CARGO_INCREMENTAL",
    "CC",
    "CCC_OVERRIDE_OPTIONS",
    "CFLAGS",
    "CMAKE_GENERATOR",
    "CMAKE_TOOLCHAIN_FILE",
    "COMPILER_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "C_INCLUDE_PATH",
    "GCC_EXEC_PREFIX",
    "LD",
    "LDFLAGS",
    "LIBRARY_PATH",
    "NM",
    "RANLIB",
    "STRIP",
    "ZIG_LIBC",
    "ZIG_LIB_DIR",
    "CARGO_ZIGBUILD_PYTHON_PATH",
    "CARGO_ZIGBUILD_ZIG_COMMAND",
    "CARGO_ZIGBUILD_ZIG_COMMAND_ARGS",
    "CARGO_ZIGBUILD_ZIG_PATH",
];

/// More that is taken out: what wick or cargo-zigbuild say of a build themselves, as they do of flags.
const TAKEN_OUT_TOO: [&str; 4] = [
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_ZIGBUILD_ZIG_VERSION",
    "CARGO_ZIGBUILD_RUSTC_VERSION",
    "RUSTC_WRAPPER",
];

/// Names that mean cargo's builds and nothing else: a wish that can't be fulfilled here.
const REFUSED: [&str; 3] = ["RUSTC", "CARGO_BUILD_RUSTC", "RUSTDOC"];
/// The same, by their start.
const REFUSED_FROM: [&str; 2] = ["CARGO_PROFILE_RELEASE_", "CARGO_UNSTABLE_"];
/// The same, with a triple or TARGET: of the `cc` crate and its kin.
const TOOLS: [&str; 11] = [
    "AR",
    "ARFLAGS",
    "BINDGEN_EXTRA_CLANG_ARGS",
    "CC",
    "CFLAGS",
    "CMAKE_TOOLCHAIN_FILE",
    "CXX",
    "CXXFLAGS",
    "CPPFLAGS",
    "RANLIB",
    "RANLIBFLAGS",
];
/// Where a program in the place of rustc is named, the first that is set by cargo's order.
pub(super) const WRAPPERS: [&str; 2] = ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"];

/// Whether a variable sets flags for rustc. Each replaces all that configuration files say, the repository's own too.
#[must_use]
pub fn is_flags(name: &str) -> bool {
    ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"].contains(&name)
        || name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS")
}

/// Whether a variable reaches no build.
#[must_use]
pub fn is_taken_out(name: &str) -> bool {
    TAKEN_OUT.contains(&name) || TAKEN_OUT_TOO.contains(&name) || is_flags(name)
}

/// Of an environment, what reaches no build.
pub(super) fn taken_out(environment: &BTreeMap<String, String>) -> BTreeSet<String> {
    environment.keys().filter(|name| is_taken_out(name)).cloned().collect()
}

/// Flags that say what the compiler complains about, and nothing about what it makes.
fn is_lint(flags: &[String], at: usize) -> bool {
    const LINTS: [&str; 12] = [
        "-A",
        "-W",
        "-D",
        "-F",
        "--allow",
        "--warn",
        "--deny",
        "--forbid",
        "--cap-lints",
        "--color",
        "--error-format",
        "--diagnostic-width",
    ];
    let flag = flags[at].as_str();
    let attached = LINTS.iter().any(|lint| match flag.strip_prefix(lint) {
        Some(rest) if lint.starts_with("--") => rest.is_empty() || rest.starts_with('='),
        Some(_) => true,
        None => false,
    });
    attached || at > 0 && LINTS.contains(&flags[at - 1].as_str())
}

/// The flags that decide what is compiled.
pub(super) fn telling(flags: &[String]) -> Vec<String> {
    (0..flags.len()).filter(|at| !is_lint(flags, *at)).map(|at| flags[at].clone()).collect()
}

fn split(name: &str, value: &str) -> Vec<String> {
    let by = if name == "CARGO_ENCODED_RUSTFLAGS" { '\u{1f}' } else { ' ' };
    value.split(by).filter(|flag| !flag.is_empty()).map(str::to_owned).collect()
}

/// The flags that variables of an `env` table mean, by cargo's order.
pub(super) fn own_flags(env: &BTreeMap<String, String>, triple: &str) -> Option<Vec<String>> {
    let own = format!("CARGO_TARGET_{}_RUSTFLAGS", shout(triple));
    let names = ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", &own, "CARGO_BUILD_RUSTFLAGS"];
    names.iter().find_map(|name| Some(split(name, env.get(*name)?)))
}

fn shout(triple: &str) -> String {
    triple.replace(['-', '.'], "_").to_uppercase()
}

/// The processor of the machine that compiles, if flags ask for it.
pub(super) fn native(flags: &[String]) -> bool {
    flags.iter().any(|flag| {
        let option = flag.strip_prefix("-C").or_else(|| flag.strip_prefix("--codegen=")).unwrap_or(flag);
        option.replace('_', "-") == "target-cpu=native" || option.replace('_', "-") == "tune-cpu=native"
    })
}

/// Whatever of this machine would decide what is compiled for a triple. `own` is what wick.toml sets.
pub(super) fn foreign(
    environment: &BTreeMap<String, String>,
    own: &BTreeMap<String, String>,
    settings: &CargoSettings,
    triple: &str,
) -> Vec<Foreign> {
    let mut found = Vec::new();
    let ours = format!("CARGO_TARGET_{}_RUSTFLAGS", shout(triple));
    let is_meant = |name: &str| !name.starts_with("CARGO_TARGET_") || name == ours;
    let unset = |name: &str| {
        format!(
            "unset {name}; if it is meant for every build of these plugins, set it in `env` of [rust] in wick.toml"
        )
    };
    for (name, value) in
        environment.iter().filter(|(name, value)| !value.is_empty() && !own.contains_key(*name))
    {
        if is_flags(name) && is_meant(name) {
            let telling = telling(&split(name, value));
            if !telling.is_empty() {
                found.push(Foreign {
                    what: format!("${name} has `{}`", telling.join(" ")),
                    hint: unset(name),
                });
            }
        } else if is_refused(name, triple) {
            found.push(Foreign { what: format!("${name} is set"), hint: unset(name) });
        }
    }
    let about = config::About { triple, rustflags: &settings.rustflags };
    for CargoKey { key, file, values } in &settings.elsewhere {
        if config::reaches(key, values, Some(about)) {
            let (said, file) = (values.join(" "), file.display());
            found.push(Foreign {
                what: format!("{key} is `{said}` in {file}, which is not of this repository"),
                hint: format!("take it out of {file}; if it is meant for every build of these plugins, put it into the repository's .cargo/config.toml"),
            });
        }
    }
    found
}

fn is_refused(name: &str, triple: &str) -> bool {
    let (upper, lower) = (shout(triple), triple.replace('-', "_"));
    let ours = |tool: &str| {
        [triple, &lower].iter().any(|triple| name == format!("{tool}_{triple}"))
            || name == format!("TARGET_{tool}")
    };
    REFUSED.contains(&name)
        || REFUSED_FROM.iter().any(|start| name.starts_with(start))
        || ["LINKER", "AR"].iter().any(|tool| name == format!("CARGO_TARGET_{upper}_{tool}"))
        || TOOLS.iter().any(|tool| ours(tool))
        // The SDK of a Mac that is brought to another system: no other machine has it.
        || name == "SDKROOT" && triple.contains("-apple-") && !cfg!(target_os = "macos")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIPLE: &str = "x86_64-unknown-linux-musl";

    fn said(environment: &[(&str, &str)], elsewhere: &[(&str, &str)], effective: &[&str]) -> Vec<String> {
        let map =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
        let settings = CargoSettings {
            rustflags: effective.iter().map(ToString::to_string).collect(),
            wrapper: None,
            elsewhere: elsewhere
                .iter()
                .map(|(key, value)| CargoKey {
                    key: key.to_string(),
                    file: "/a folder in here/.cargo/config.toml".into(),
                    values: value.split(' ').map(str::to_owned).collect(),
                })
                .collect(),
        };
        let found = foreign(&map(environment), &BTreeMap::new(), &settings, TRIPLE);
        found.into_iter().map(|one| one.what).collect()
    }

    #[test]
    fn what_only_this_machine_says_is_refused_by_name() {
        for (name, value) in [
            ("RUSTFLAGS", "-C target-cpu=native"),
            ("RUSTFLAGS", "-Dwarnings --cfg tokio_unstable"),
            ("CARGO_ENCODED_RUSTFLAGS", "-C\u{1f}target-feature=+avx2"),
            ("CARGO_BUILD_RUSTFLAGS", "-Copt-level=0"),
            ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS", "-C target-cpu=x86-64-v3"),
            ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER", "musl-gcc"),
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("CARGO_UNSTABLE_BUILD_STD", "std"),
            ("CC_x86_64_unknown_linux_musl", "cc"),
            ("CC_x86_64-unknown-linux-musl", "cc"),
            ("CFLAGS_x86_64_unknown_linux_musl", "-march=native"),
            ("AR_x86_64_unknown_linux_musl", "ar"),
            ("TARGET_CXX", "clang++"),
            ("RUSTC", "/opt/rustc"),
        ] {
            let found = said(&[(name, value)], &[], &[]);
            assert!(found.len() == 1 && found[0].starts_with(&format!("${name} ")), "{name}: {found:?}");
        }
    }

    #[test]
    fn what_decides_nothing_is_let_be() {
        for (name, value) in [
            ("RUSTFLAGS", "-D warnings"),
            ("RUSTFLAGS", "-Dwarnings -A unused --cap-lints warn --cap-lints=allow"),
            ("RUSTFLAGS", ""),
            ("CC", "clang"),
            ("CFLAGS", "-O0"),
            ("CARGO_INCREMENTAL", "0"),
            ("CARGO_PROFILE_DEV_DEBUG", "0"),
            ("CARGO_TARGET_AARCH64_APPLE_DARWIN_LINKER", "ld"),
            ("CC_aarch64_apple_darwin", "cc"),
            ("HOST_CC", "gcc"),
            ("CARGO_TARGET_DIR", "/t"),
            ("CARGO_BUILD_JOBS", "1"),
            ("RUSTC_WRAPPER", "sccache"),
            ("RUST_LOG", "x"),
        ] {
            assert!(said(&[(name, value)], &[], &[]).is_empty(), "{name}={value}");
        }
    }

    #[test]
    fn so_is_a_configuration_outside_the_repository() {
        let said = |key: &str, value: &str| said(&[], &[(key, value)], &["-C", "target-cpu=native"]);
        assert_eq!(
            said("build.rustflags", "-C target-cpu=native"),
            [
                "build.rustflags is `-C target-cpu=native` in /a folder in here/.cargo/config.toml, which is not of this repository"
            ]
        );
        assert!(said("build.jobs", "2").is_empty());
    }

    #[test]
    fn the_machines_own_processor_is_no_target() {
        let flags = |text: &str| split("RUSTFLAGS", text);
        for text in [
            "-C target-cpu=native",
            "-Ctarget-cpu=native",
            "--codegen=target_cpu=native",
            "-C tune-cpu=native",
        ] {
            assert!(native(&flags(text)), "{text}");
        }
        assert!(!native(&flags("-C target-cpu=x86-64-v3 --cfg native")));
    }
}
