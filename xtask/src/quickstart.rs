//! README's first command: from a fresh clone to a verified plugin package, with rustup's cargo and Python's pip. wick is
//! run as anybody would run it: in an environment that holds the tools and no other word.

use crate::command::{Cmd, say};
use crate::{Result, flags, root};

/// Builds wick, then the Rust example plugin for this machine, then checks it as a host would.
pub(crate) fn run(args: &[String]) -> Result<()> {
    flags(args, &[])?;
    add_target()?;
    crate::setup::linkers()?;
    // The dev profile: a release build takes minutes and this is about the first impression.
    Cmd::line("cargo build --package wick").run()?;

    let wick = sibling("wick")?;
    let plugins = root().join("examples/plugins");
    say("$ cd examples/plugins");
    shown_as(&wick, &plugins, &["plugin", "build", "weather"], "wick plugin build weather")?;
    let packages = packages(&plugins.join("bin"))?;
    let mut verify = vec!["plugin", "verify"];
    verify.extend(packages.iter().map(String::as_str));
    shown_as(&wick, &plugins, &verify, "wick plugin verify bin/weather-*.zip")?;
    say(&format!("\nwick is {wick}; `cargo install --locked --path .` puts it on your PATH."));
    Ok(())
}

/// What plugins for a machine are built as, where that isn't what its rustc is for: for Linux static, for Windows with
/// zig instead of Microsoft's linker.
fn plugin_triple(os: &str, arch: &str) -> Option<&'static str> {
    Some(match (os, arch) {
        ("linux", "x86_64") => "x86_64-unknown-linux-musl",
        ("linux", "aarch64") => "aarch64-unknown-linux-musl",
        ("linux", "x86") => "i686-unknown-linux-musl",
        ("linux", "arm") => "armv7-unknown-linux-musleabihf",
        ("windows", "x86_64") => "x86_64-pc-windows-gnu",
        ("windows", "aarch64") => "aarch64-pc-windows-gnullvm",
        _ => return None,
    })
}

fn add_target() -> Result<()> {
    let Some(triple) = plugin_triple(std::env::consts::OS, std::env::consts::ARCH) else { return Ok(()) };
    let Ok(installed) = Cmd::line("rustup target list --installed").output() else {
        say(&format!("note: rustup is not here; rustc has to know the target {triple} by other means"));
        return Ok(());
    };
    if installed.lines().any(|line| line == triple) {
        return Ok(());
    }
    Cmd::line("rustup target add").args([triple]).run()
}

/// A program that cargo built beside this one.
fn sibling(name: &str) -> Result<String> {
    let own = std::env::current_exe().map_err(|error| format!("find this program's folder: {error}"))?;
    let path = own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Ok(path.display().to_string())
}

fn shown_as(wick: &str, dir: &std::path::Path, args: &[&str], typed: &str) -> Result<()> {
    say(&format!("$ {typed}"));
    let result = Cmd::new(wick).args(args.iter().copied()).dir(dir).run_unshown();
    result.map_err(|status| format!("`{typed}` failed: {status}"))
}

fn packages(bin: &std::path::Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(bin).map_err(|error| format!("read {}: {error}", bin.display()))?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut found: Vec<String> = names
        .filter(|name| name.starts_with("weather-") && name.ends_with(".zip"))
        .map(|name| format!("bin/{name}"))
        .collect();
    found.sort();
    if found.is_empty() { Err(format!("no weather-*.zip in {}", bin.display())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of wick itself, which xtask can't name.
    #[test]
    fn the_target_is_what_wick_builds_for() {
        let text = std::fs::read_to_string(root().join("src/toolchain/cargo/mod.rs")).unwrap();
        for (os, arch, line) in [
            ("linux", "x86_64", "(Os::Linux, Arch::Amd64)"),
            ("linux", "aarch64", "(Os::Linux, Arch::Arm64)"),
            ("linux", "x86", "(Os::Linux, Arch::X86)"),
            ("linux", "arm", "(Os::Linux, Arch::Arm)"),
            ("windows", "x86_64", "(Os::Windows, Arch::Amd64)"),
            ("windows", "aarch64", "(Os::Windows, Arch::Arm64)"),
        ] {
            let triple = plugin_triple(os, arch).unwrap();
            assert!(text.contains(&format!("{line} => \"{triple}\"")), "{os} {arch}: {triple}");
        }
        assert_eq!(plugin_triple("macos", "aarch64"), None, "its rustc is for it");
    }
}
