//! What wick makes today, as digests: `baseline write` before a change of structure, `baseline compare` after each step of
//! it. Equal digests say that nothing a user gets has changed; the transcripts' own tests say that they still hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::command::{Cmd, say};
use crate::{Result, root};

const USAGE: &str = "baseline write|compare [FILE]   (FILE: target/baseline.txt)";

/// Digests by the name of what they are of.
type Digests = BTreeMap<String, String>;

pub(crate) fn run(args: &[String]) -> Result<()> {
    let (verb, file) = match args {
        [verb] => (verb.as_str(), root().join("target/baseline.txt")),
        [verb, file] => (verb.as_str(), PathBuf::from(file)),
        _ => return Err(USAGE.to_owned()),
    };
    match verb {
        "write" => {
            let text: String = taken()?.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
            std::fs::write(&file, text).map_err(|error| format!("write {}: {error}", file.display()))?;
            say(&format!("wrote {}", file.display()));
            Ok(())
        }
        "compare" => {
            let text = std::fs::read_to_string(&file).map_err(|error| {
                format!("read {}: {error}; `cargo xtask baseline write` makes it", file.display())
            })?;
            let before = read(&text);
            conclude(&differences(&before, &taken()?), before.len())
        }
        _ => Err(USAGE.to_owned()),
    }
}

fn conclude(differing: &[String], count: usize) -> Result<()> {
    differing.iter().for_each(|line| say(line));
    if differing.is_empty() {
        say(&format!("all {count} as in the baseline"));
        Ok(())
    } else {
        Err(format!("{} of {count} differ from the baseline", differing.len()))
    }
}

/// Builds the examples for all targets, and digests what came and what the transcripts promise to programs.
fn taken() -> Result<Digests> {
    Cmd::line("cargo build --package wick --package github-double").run()?;
    let scratch = root().join("target/baseline");
    let _ = std::fs::remove_dir_all(&scratch);
    let bin = scratch.join("bin");
    let wick = program("wick");
    let build = Cmd::new(&wick).dir(root().join("examples/plugins")).args([
        "plugin",
        "build",
        "--all-plugins",
        "--all",
        "--force",
        "--output",
        &bin.to_string_lossy(),
    ]);
    build.run()?;
    let mut digests = Digests::new();
    for zip in names(&bin)?.iter().filter(|name| name.ends_with(".zip")) {
        let path = bin.join(zip);
        digests.insert(zip.clone(), digest(&path)?);
        let inner = scratch.join(zip);
        let unpack =
            ["-m", "zipfile", "-e", &path.to_string_lossy(), &inner.to_string_lossy()].map(str::to_owned);
        Cmd::new("python3").args(unpack).output()?;
        digests.insert(format!("{zip}/plugin.json"), digest(&inner.join("plugin.json"))?);
    }
    digests.insert("plugins.json".to_owned(), catalog(&wick, &bin, &scratch)?);
    transcripts(&root().join("tests/cli"), &mut digests)?;
    Ok(digests)
}

/// Releases the packages to GitHub's double and digests the catalog of them, its port left out.
fn catalog(wick: &str, bin: &Path, scratch: &Path) -> Result<String> {
    let double = std::process::Command::new(program("github-double"))
        .stdout(std::process::Stdio::piped())
        .stdin(std::process::Stdio::null())
        .spawn();
    let mut double = double.map_err(|error| format!("start github-double: {error}"))?;
    let made = catalog_from(&mut double, wick, bin, scratch);
    let _ = double.kill().and_then(|()| double.wait());
    made
}

fn catalog_from(double: &mut std::process::Child, wick: &str, bin: &Path, scratch: &Path) -> Result<String> {
    use std::io::BufRead as _;
    let mut api = String::new();
    let out = double.stdout.take().ok_or("github-double has no output")?;
    std::io::BufReader::new(out)
        .read_line(&mut api)
        .map_err(|error| format!("read github-double: {error}"))?;
    let api = api.trim();
    let ask = |args: &[&str]| {
        let cmd = Cmd::new(wick).dir(root().join("examples/plugins")).args(args.iter().copied());
        cmd.env("GITHUB_API_URL", api).env("WICK_GITHUB_TOKEN", "ghp_write")
    };
    let bin = bin.to_string_lossy();
    // What is compared is the catalog; whether this checkout is clean isn't its matter.
    ask(&["plugin", "release", "--all-plugins", "--repo", "octo/plugins", "--output", &bin, "--allow-dirty"])
        .run()?;
    let file = scratch.join("plugins.json");
    ask(&["plugin", "catalog", "--repo", "octo/plugins", "--out", &file.to_string_lossy()]).run()?;
    let text = std::fs::read_to_string(&file).map_err(|error| format!("read {}: {error}", file.display()))?;
    std::fs::write(&file, without_ports(&text))
        .map_err(|error| format!("write {}: {error}", file.display()))?;
    digest(&file)
}

/// The origins of the double are other ones in each run.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("http://127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        all + "http://double" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

/// The expectations of the transcripts that programs read.
fn transcripts(folder: &Path, digests: &mut Digests) -> Result<()> {
    for name in names(folder)? {
        let path = folder.join(&name);
        if !path.is_dir() {
            continue;
        }
        let typed = std::fs::read_to_string(path.join("cmd")).unwrap_or_default();
        let stdout = path.join("stdout");
        if typed.contains("--format json") && stdout.is_file() {
            let place = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            digests.insert(place, digest(&stdout)?);
        }
        transcripts(&path, digests)?;
    }
    Ok(())
}

fn digest(file: &Path) -> Result<String> {
    let said = Cmd::new("sha256sum").args([file.to_string_lossy()]).output()?;
    Ok(said.split_whitespace().next().unwrap_or_default().to_owned())
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("read {}: {error}", folder.display()))?;
    let mut all: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    all.sort();
    Ok(all)
}

fn program(name: &str) -> String {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    root().join("target/debug").join(file).to_string_lossy().into_owned()
}

fn read(text: &str) -> Digests {
    let pairs = text.lines().filter_map(|line| line.split_once("  "));
    pairs.map(|(digest, name)| (name.to_owned(), digest.to_owned())).collect()
}

/// One line per name that has another digest, is gone or is new.
fn differences(before: &Digests, now: &Digests) -> Vec<String> {
    let mut all: Vec<&String> = before.keys().chain(now.keys()).collect();
    all.sort();
    all.dedup();
    let say = |name: &String| match (before.get(name), now.get(name)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(_), Some(_)) => Some(format!("differs: {name}")),
        (Some(_), None) => Some(format!("gone: {name}")),
        _ => Some(format!("new: {name}")),
    };
    all.into_iter().filter_map(say).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_named() {
        let before = read("aa  same\nbb  other\ncc  gone\n");
        let now = read("aa  same\nbx  other\ndd  new one\n");
        assert_eq!(differences(&before, &now), ["gone: gone", "new: new one", "differs: other"]);
        assert_eq!(differences(&before, &before), Vec::<String>::new());
    }

    #[test]
    fn ports_are_no_part_of_a_catalog() {
        assert_eq!(
            without_ports("\"http://127.0.0.1:40123/a\", http://127.0.0.1:5/b"),
            "\"http://double/a\", http://double/b"
        );
    }
}
