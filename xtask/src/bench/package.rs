//! What packaging costs: hash the binary, zip it, hash the zip; ours in one process against the tools one would use.

use std::path::{Path, PathBuf};

use super::measure::{measured, median};
use super::table::{self, Goal, Row};
use super::{Options, scratch};
use crate::Result;
use crate::command::Cmd;

/// A large Go plugin.
const SIZE: usize = 40 << 20;
const SITUATION: &str = "package";
const OURS: &str = "wick";
const TOOLS: &str = "sha256sum + zip";

pub(super) fn run(options: &Options) -> Result<()> {
    if Cmd::line("zip --version").output().is_err() {
        return Err("this bench compares with `zip`: apt-get install zip".to_owned());
    }
    let folder = scratch("package")?;
    let input = input(&folder, if options.smoke { SIZE / 10 } else { SIZE })?;
    let [input, theirs, ours] = [input, folder.join("tools.zip"), folder.join("wick.zip")];
    // A program of its own: a measurement of this process would be one of xtask's dev profile.
    let program = options.built(&["--package", "xtask", "--features", "packing", "--bin", "pack"], "pack")?;
    let pack = Cmd::new(text(&program)).args([text(&input), text(&ours)]);
    let tools = [
        Cmd::new("sha256sum").args([text(&input)]),
        Cmd::new("zip").args(["-6", "-q", "-j", "-X", &text(&theirs), &text(&input)]),
        Cmd::new("sha256sum").args([text(&theirs)]),
    ];

    let mut costs: [Vec<_>; 2] = Default::default();
    for _ in 0..options.rounds.unwrap_or(if options.smoke { 1 } else { 9 }) {
        costs[0].push(measured(|| pack.output())?.1);
        // zip would update what is there.
        let _ = std::fs::remove_file(&theirs);
        costs[1].push(measured(|| tools.iter().try_for_each(|tool| tool.output().map(drop)))?.1);
    }
    let row = |way, index: usize, zip: &Path| {
        let size = std::fs::metadata(zip).map_or(0, |file| file.len());
        Row { situation: SITUATION, way, cost: median(&costs[index]), note: format!("{size} bytes") }
    };
    let rows = [row(OURS, 0, &ours), row(TOOLS, 1, &theirs)];
    let goal = Goal { situation: SITUATION, way: OURS, against: TOOLS, at_most: Some(0.30) };
    table::print("package", options, &rows, &[goal]);
    Ok(())
}

/// Real machine code of the right size: Go's own tools, one after the other.
fn input(folder: &Path, size: usize) -> Result<PathBuf> {
    let goroot = Cmd::line("go env GOROOT").output()?;
    let tools = Cmd::line("go env GOTOOLDIR").output()?;
    let (goroot, tools) = (Path::new(goroot.trim()), Path::new(tools.trim()));
    let exe = |path: PathBuf| path.with_extension(std::env::consts::EXE_EXTENSION);
    let sources =
        [goroot.join("bin/go"), tools.join("compile"), tools.join("link"), tools.join("asm")].map(exe);
    let mut bytes = Vec::with_capacity(size);
    for source in sources.iter().cycle().take(100) {
        let part = std::fs::read(source).map_err(|error| format!("read {}: {error}", source.display()))?;
        bytes.extend_from_slice(&part[..part.len().min(size - bytes.len())]);
        if bytes.len() == size {
            break;
        }
    }
    let path = folder.join("plugin");
    std::fs::write(&path, bytes).map_err(|error| format!("write {}: {error}", path.display()))?;
    Ok(path)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
