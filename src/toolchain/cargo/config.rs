//! What a configuration file of cargo can do to a binary. Which settings there are: cargo's reference, "Configuration".
//! One judgement for all who ask: what a build lets be, a release doesn't refuse, and the other way round.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::settings::telling;
use crate::model::tools::{CargoKey, CargoSettings};

/// Tables that say how cargo talks, downloads and asks; a mirror brings what Cargo.lock pins, or nothing.
const HARMLESS: [&str; 14] = [
    "alias",
    "cache",
    "cargo-new",
    "credential-alias",
    "doc",
    "future-incompat-report",
    "http",
    "install",
    "net",
    "registries",
    "registry",
    "resolver",
    "source",
    "term",
];

/// Keys of `[build]` that say where and how fast, and those that wick sets itself.
const HARMLESS_OF_BUILD: [&str; 9] = [
    "build-dir",
    "dep-info-basedir",
    "incremental",
    "jobs",
    "rustdoc",
    "rustdocflags",
    "target",
    "target-dir",
    "warnings",
];

/// The build that is asked about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    /// What is built.
    pub(super) triple: &'a str,
    /// The flags that all files add up to.
    pub(super) rustflags: &'a [String],
}

/// Whether a key may change what is built; any build's when none is given. In doubt, it may.
pub(super) fn reaches(key: &str, values: &[String], about: Option<About<'_>>) -> bool {
    let (table, rest) = key.split_once('.').unwrap_or((key, ""));
    // Flags of a list that is another target's, or that other flags take the place of, aren't used.
    let used = || about.is_none_or(|about| values.iter().all(|flag| about.rustflags.contains(flag)));
    match table {
        "build" if rest == "rustflags" => !telling(values).is_empty() && used(),
        "build" if ["rustc-wrapper", "rustc-workspace-wrapper"].contains(&rest) => {
            !values.iter().all(|wrapper| is_cache(wrapper))
        }
        "build" => !HARMLESS_OF_BUILD.contains(&rest),
        // The one that plugins are built with.
        "profile" => rest == "release" || rest.starts_with("release."),
        // What runs programs doesn't make them.
        "target" if rest.ends_with(".runner") || rest.ends_with(".rustdocflags") => false,
        "target" => {
            let named = |about: About<'_>| rest.strip_prefix(about.triple)?.strip_prefix('.');
            let fits = rest.starts_with("cfg(") || about.is_none_or(|about| named(about).is_some());
            // Even lints: they take the place of the repository's [build] rustflags.
            fits && (!rest.ends_with(".rustflags") || !values.is_empty() && used())
        }
        table => !HARMLESS.contains(&table),
    }
}

/// Whether something in a file may change what is built, for what is built: by workspace and triple.
#[must_use]
pub fn reaches_binaries(keys: &[CargoKey], built: &BTreeMap<(PathBuf, String), CargoSettings>) -> bool {
    let abouts = built.iter().map(|((_, triple), one)| Some(About { triple, rustflags: &one.rustflags }));
    let abouts: Vec<_> = if built.is_empty() { vec![None] } else { abouts.collect() };
    keys.iter().any(|one| abouts.iter().any(|about| reaches(&one.key, &one.values, *about)))
}

/// Whether a program in the place of rustc is none, or sccache, which only caches; another may do what it likes.
pub(super) fn is_cache(wrapper: &str) -> bool {
    let name = wrapper.rsplit(['/', '\\']).next().unwrap_or(wrapper);
    ["", "sccache", "sccache.exe"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIPLE: &str = "x86_64-unknown-linux-musl";

    /// What a build refuses a release refuses, and what a build lets be isn't refused after it.
    #[test]
    fn mirrors_and_manners_are_harmless_and_flags_are_not() {
        let effective = ["-C", "target-cpu=native", "-Dwarnings"].map(str::to_owned);
        let about = About { triple: TRIPLE, rustflags: &effective };
        let settings = CargoSettings { rustflags: effective.to_vec(), ..CargoSettings::default() };
        let built = BTreeMap::from([((PathBuf::from("/w"), TRIPLE.to_owned()), settings)]);
        for (key, value, counts) in [
            ("source.crates-io.replace-with", "m", false),
            ("registries.ours.index", "x", false),
            ("net.git-fetch-with-cli", "true", false),
            ("alias.b", "build", false),
            ("build.jobs", "2", false),
            ("build.target-dir", "/t", false),
            ("build.rustflags", "-C target-cpu=native", true),
            ("build.rustflags", "-Dwarnings", false),
            ("build.rustflags", "-Copt-level=0", false),
            ("build.rustc-wrapper", "sccache", false),
            ("build.rustc-wrapper", "/usr/bin/sccache", false),
            ("build.rustc-wrapper", "C:\\b\\sccache.exe", false),
            ("build.rustc-wrapper", "/home/me/wrap", true),
            ("build.rustc-wrapper", "/home/me/not-sccache", true),
            ("build.rustc-wrapper", "sccache-dist-wrapper", true),
            ("build.rustc-workspace-wrapper", "sccache", false),
            ("build.rustc-workspace-wrapper", "clippy-driver", true),
            ("build.rustc", "/opt/rustc", true),
            ("target.cfg(unix).rustflags", "-C target-cpu=native", true),
            ("target.cfg(windows).rustflags", "-C target-feature=+crt-static", false),
            // It would take the place of what [build] of the repository says.
            ("target.cfg(unix).rustflags", "-Dwarnings", true),
            ("target.x86_64-unknown-linux-musl.rustflags", "-Dwarnings", true),
            ("target.x86_64-unknown-linux-gnu.rustflags", "-C target-cpu=native", false),
            ("target.x86_64-unknown-linux-musl.linker", "musl-gcc", true),
            ("target.x86_64-unknown-linux-gnu.linker", "clang", false),
            ("target.cfg(unix).linker", "clang", true),
            ("target.x86_64-unknown-linux-musl.runner", "qemu", false),
            ("profile.release.lto", "false", true),
            ("profile.release.package.ring.opt-level", "0", true),
            ("profile.dev.debug", "0", false),
            ("env.X", "1", true),
            ("env.CC_x86_64_unknown_linux_musl", "cc", true),
            ("patch.crates-io.serde.path", "/s", true),
            ("paths", "/s", true),
            ("include", "more.toml", true),
            ("unstable.build-std", "std", true),
            ("unheard-of.x", "1", true),
        ] {
            let values: Vec<String> = value.split(' ').map(str::to_owned).collect();
            assert_eq!(reaches(key, &values, Some(about)), counts, "{key} {value}");
            let one = CargoKey { key: key.to_owned(), file: PathBuf::from("/c"), values };
            assert_eq!(reaches_binaries(std::slice::from_ref(&one), &built), counts, "{key} {value}");
            assert!(
                !counts || reaches_binaries(&[one], &BTreeMap::new()),
                "{key} {value}: of no build known"
            );
        }
    }
}
