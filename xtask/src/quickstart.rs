//! README's first command: from a fresh clone to a verified plugin package, with rustup's cargo and Python's pip. wick is
//! run as anybody would run it: in an environment that holds the tools and no other word.

use crate::command::{Cmd, say};
use crate::{Result, flags, root};

/// Builds wick, then the Rust example plugin for this machine, then checks it as a host would.
pub(crate) fn run(args: &[String]) -> Result<()> {
    flags(args, &[])?;
    add_musl_target()?;
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

/// Plugins for Linux are static, so rustc needs the musl flavour of its standard library.
fn add_musl_target() -> Result<()> {
    if std::env::consts::OS != "linux" {
        return Ok(());
    }
    let triple = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
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
