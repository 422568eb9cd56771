//! `cargo xtask setup`: finds out which tools the tests lack and gets them from the ordinary package clients.
//! It changes nothing outside rustup, apt and `.cache/tools`, and nothing at all when everything is there.

mod get;
mod sigstore;

use std::path::PathBuf;

use crate::command::{Cmd, say};
use crate::{Result, flags, root};

/// A tool: how to see that it works, and how to get it.
struct Tool {
    name: &'static str,
    /// What was found, or why that won't do. A tool that is on PATH and doesn't work is missing.
    check: fn() -> Result<String>,
    get: fn() -> Result<()>,
}

const TOOLS: &[Tool] = &[
    Tool { name: "rustfmt", check: rustfmt, get: get::rustfmt },
    Tool { name: "clippy", check: clippy, get: get::clippy },
    Tool { name: "Rust targets", check: rust_targets, get: get::rust_targets },
    Tool { name: "second Rust", check: second_rust, get: get::second_rust },
    Tool { name: "go", check: go, get: get::go },
    Tool { name: "zig", check: zig, get: get::zig },
    Tool { name: "cargo-zigbuild", check: zigbuild, get: get::zigbuild },
    Tool { name: "qemu-user", check: qemu, get: get::qemu },
    Tool { name: "CycloneDX schema", check: cyclonedx, get: get::cyclonedx },
    Tool { name: "cosign", check: cosign, get: get::cosign },
    Tool { name: "openssl", check: openssl, get: get::openssl },
    Tool { name: "node", check: sigstore::node, get: sigstore::get_node },
    Tool { name: "sigstore-js", check: sigstore::packages, get: sigstore::get_packages },
    Tool { name: "PyPI sigstore", check: sigstore::pypi, get: sigstore::get_pypi },
    Tool { name: "C++ compiler", check: cxx, get: get::cxx },
    Tool { name: "cargo-fuzz", check: cargo_fuzz, get: get::cargo_fuzz },
];

/// The targets of the contract, in Rust's spelling; `wick` itself is type-checked for some of them too.
const TRIPLES: &[&str] = &[
    "aarch64-unknown-linux-musl",
    "x86_64-unknown-linux-musl",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-gnu",
];

/// Oldest versions that will do.
const GO: Version = (1, 26);
/// 0.15 can't compile libdeflate's AVX-512 paths.
const ZIG: Version = (0, 16);
const ZIGBUILD: Version = (0, 22);
/// What the flags of `cargo xtask fuzz` were tried with.
const CARGO_FUZZ: Version = (0, 13);

/// What wick's signatures are tried against, exactly: other versions need other flags.
const COSIGN: &str = "v3.1.3";

type Version = (u32, u32);

/// Gets what is missing; with `--check` only tells.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let only_check = !flags(args, &["--check"])?.is_empty();
    ensure(&TOOLS.iter().collect::<Vec<_>>(), only_check)
}

/// Gets those of the tools that plugins in Rust are built with.
pub(crate) fn linkers() -> Result<()> {
    let wanted: Vec<&Tool> =
        TOOLS.iter().filter(|tool| ["zig", "cargo-zigbuild"].contains(&tool.name)).collect();
    ensure(&wanted, false)
}

fn ensure(tools: &[&Tool], only_check: bool) -> Result<()> {
    let mut missing = Vec::new();
    for tool in tools {
        let why = match (tool.check)() {
            Ok(found) => {
                say(&format!("{:<16} {found}", tool.name));
                continue;
            }
            Err(why) => why,
        };
        say(&format!("{:<16} missing: {}", tool.name, why.lines().next().unwrap_or_default()));
        if only_check {
            missing.push(tool.name.to_owned());
            continue;
        }
        match (tool.get)().and_then(|()| (tool.check)()) {
            Ok(found) => say(&format!("{:<16} {found}", tool.name)),
            Err(why) => missing.push(format!("{} ({why})", tool.name)),
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("missing: {}", missing.join(", "))) }
}

/// Where programs from PyPI are put: a virtual environment, as most systems protect their own Python.
pub(crate) fn tools_bin() -> PathBuf {
    tools().join(if cfg!(windows) { "Scripts" } else { "bin" })
}

fn tools() -> PathBuf {
    root().join(".cache/tools")
}

fn rustfmt() -> Result<String> {
    first_line(&Cmd::line("cargo fmt --version"))
}

fn clippy() -> Result<String> {
    first_line(&Cmd::line("cargo clippy --version"))
}

fn rust_targets() -> Result<String> {
    let missing = missing_triples()?;
    if missing.is_empty() { Ok(TRIPLES.join(" ")) } else { Err(missing.join(" ")) }
}

fn missing_triples() -> Result<Vec<&'static str>> {
    let installed = Cmd::line("rustup target list --installed").output()?;
    Ok(TRIPLES.iter().copied().filter(|triple| !installed.lines().any(|line| line == *triple)).collect())
}

fn go() -> Result<String> {
    at_least(GO, first_line(&Cmd::line("go version"))?)
}

fn zig() -> Result<String> {
    // In the order in which wick looks for it. On Windows a virtual environment has no `python3`.
    let module = |python: &str| {
        let cmd = Cmd::new(python).args(["-m", "ziglang", "version"]);
        first_line(&cmd).and_then(|line| at_least(ZIG, line))
    };
    let module = module("python3").or_else(|_| module("python"));
    module.or_else(|_| at_least(ZIG, first_line(&Cmd::line("zig version"))?))
}

fn zigbuild() -> Result<String> {
    at_least(ZIGBUILD, first_line(&Cmd::line("cargo-zigbuild --version"))?)
}

/// libFuzzer is written in C++.
fn cxx() -> Result<String> {
    first_line(&Cmd::line("c++ --version"))
}

fn cargo_fuzz() -> Result<String> {
    at_least(CARGO_FUZZ, first_line(&Cmd::line("cargo-fuzz --version"))?)
}

/// A release is rebuilt with the toolchain that made it, whichever is in force: that takes two of them.
fn second_rust() -> Result<String> {
    first_line(&Cmd::line("rustup run stable rustc --version"))?;
    first_line(&Cmd::line("rustup run nightly rustc --version"))
}

/// Runs the Linux binaries of the other architecture; there is none for other systems.
fn qemu() -> Result<String> {
    let other = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "aarch64") => "x86_64",
        ("linux", _) => "aarch64",
        (os, _) => return Ok(format!("not for {os}")),
    };
    let with = |suffix: &str| first_line(&Cmd::new(format!("qemu-{other}{suffix}")).args(["--version"]));
    with("-static").or_else(|_| with(""))
}

/// The official JSON schema and a validator, in Python: the tests hold bills of materials against it.
fn cyclonedx() -> Result<String> {
    let script = "import cyclonedx.validation.json, jsonschema, importlib.metadata as m; print('cyclonedx-python-lib', m.version('cyclonedx-python-lib'))";
    first_line(&Cmd::new("python3").args(["-c", script]))
}

fn cosign() -> Result<String> {
    let said = Cmd::line("cosign version --json").output()?;
    if said.contains(&format!("\"gitVersion\": \"{COSIGN}\"")) {
        Ok(COSIGN.to_owned())
    } else {
        Err(format!("it is not {COSIGN}"))
    }
}

/// Makes keys of the kinds that wick must refuse.
fn openssl() -> Result<String> {
    first_line(&Cmd::line("openssl version"))
}

fn first_line(cmd: &Cmd) -> Result<String> {
    Ok(cmd.output()?.lines().next().unwrap_or_default().trim().to_owned())
}

fn at_least(wanted: Version, line: String) -> Result<String> {
    match version(&line) {
        Some(found) if found >= wanted => Ok(line),
        _ => Err(format!("`{line}` is not {}.{} or newer", wanted.0, wanted.1)),
    }
}

/// The first `N.N` of a line: `go version go1.26.8 linux/amd64` is (1, 26).
fn version(line: &str) -> Option<Version> {
    line.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let mut parts = word.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        assert_eq!(version("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(version("cargo-zigbuild 0.24.1"), Some((0, 24)));
        assert_eq!(version("0.17.1"), Some((0, 17)));
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert_eq!(version("go version devel"), None);
        assert!(at_least((1, 26), "go1.9".into()).is_err());
    }
}
