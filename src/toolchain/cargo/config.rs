//! What a configuration file of cargo can do to a binary. Which settings there are: cargo's reference, "Configuration".

use toml::{Table, Value};

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
const HARMLESS_OF_BUILD: [&str; 10] = [
    "build-dir",
    "dep-info-basedir",
    "incremental",
    "jobs",
    "rustdoc",
    "rustdocflags",
    "target",
    "target-dir",
    "warnings",
    "rustc-wrapper",
];

/// Whether something in it may change what is built. In doubt, it may.
#[must_use]
pub fn reaches_binaries(text: &str) -> bool {
    let Ok(config) = text.parse::<Table>() else { return true };
    config.iter().any(|(name, value)| match (name.as_str(), value) {
        ("build", Value::Table(build)) => build.iter().any(|(name, value)| match name.as_str() {
            // sccache only caches; another wrapper may do what it likes.
            "rustc-wrapper" => !value.as_str().is_some_and(is_cache),
            name => !HARMLESS_OF_BUILD.contains(&name),
        }),
        // What runs programs doesn't make them.
        ("target", Value::Table(targets)) => targets
            .values()
            .any(|target| target.as_table().is_none_or(|target| target.keys().any(|name| name != "runner"))),
        (name, _) => !HARMLESS.contains(&name),
    })
}

fn is_cache(wrapper: &str) -> bool {
    let name = wrapper.rsplit(['/', '\\']).next().unwrap_or(wrapper);
    ["", "sccache", "sccache.exe"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_and_manners_are_harmless_and_flags_are_not() {
        for (text, reaches) in [
            ("", false),
            ("[source.crates-io]\nreplace-with = \"m\"\n[source.m]\nregistry = \"sparse+https://m/\"", false),
            ("[net]\ngit-fetch-with-cli = true\n[http]\nproxy = \"x\"\n[term]\nquiet = true", false),
            ("[registries.ours]\nindex = \"x\"\n[alias]\nb = \"build\"", false),
            ("[build]\njobs = 2\ntarget-dir = \"/t\"\nrustc-wrapper = \"/usr/bin/sccache\"", false),
            ("[target.x86_64-unknown-linux-gnu]\nrunner = \"qemu\"", false),
            ("[target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"", true),
            ("[build]\nrustflags = [\"-C\", \"target-cpu=native\"]", true),
            ("[build]\nrustc-wrapper = \"/home/me/wrap\"", true),
            ("build.rustflags = \"-g\"", true),
            ("[env]\nX = \"1\"", true),
            ("[profile.release]\nlto = true", true),
            ("[patch.crates-io]\nserde = { path = \"/s\" }", true),
            ("paths = [\"/s\"]", true),
            ("include = [\"more.toml\"]", true),
            ("[unheard-of]\nx = 1", true),
            ("not toml [", true),
        ] {
            assert_eq!(reaches_binaries(text), reaches, "{text}");
        }
    }
}
