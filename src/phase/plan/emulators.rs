//! Whether a program that is called an emulator runs anything here: it is tried with a program of wick's own, a few bytes
//! that end with a number of wick's choosing. One that can't run even that is none, and no plugin is blamed for it.

pub mod tiny;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::model::failure::Failure;
use crate::model::finding::Finding;
use crate::model::target::Target;
use crate::model::tools::{Emulator, Tools};
use crate::phase::launch::suspect::{is_wine, suspect};
use crate::sys::files::{self, Scratch};
use crate::sys::process::Limits;
use crate::sys::sandbox::{self, Reach};

const LIMIT: Duration = Duration::from_secs(20);
/// wine builds a whole Windows home first.
const WINE_LIMIT: Duration = Duration::from_secs(90);

/// Where an output folder remembers which emulators have run something.
const PROVED: &str = ".wick/emulators.json";

/// Tries the emulators that these targets need, and leaves out those that are none; gives what there is to say of them.
/// What has worked isn't tried again by later runs into the same output folder, as long as the program is the same;
/// without one nothing is remembered.
///
/// # Errors
/// When the user interrupts.
pub fn prove(tools: &mut Tools, targets: &[Target], output: Option<&Path>) -> Result<Vec<Finding>, Failure> {
    let mut known = output.map(remembered).unwrap_or_default();
    let before = known.clone();
    let mut findings = Vec::new();
    for target in targets {
        let Some(emulator) = tools.emulators.get(target) else { continue };
        let (name, stamp) = (emulator.path.to_string_lossy().into_owned(), files::stamp(&emulator.path));
        if stamp.is_some() && known.get(&name) == stamp.as_ref() {
            continue;
        }
        let tried = run(emulator, *target);
        if crate::sys::interrupt::requested() {
            return Err(crate::phase::parallel::interrupted());
        }
        match (tried, stamp) {
            (Ok(()), Some(stamp)) => drop(known.insert(name, stamp)),
            (Ok(()), None) => {}
            (Err(why), _) => {
                let message =
                    format!("{} can't run a program for {target}, so it is left out: {why}", emulator.name);
                let hint = "set it right, or leave emulators out with --emulate off";
                findings.push(Finding::warning("emulator-unfit", message).hint(hint));
                tools.emulators.remove(target);
            }
        }
    }
    // Remembering is a kindness: nothing is made for it, and a run that can't write ends elsewhere.
    let inner = |output: &Path| output.join(PROVED).parent().map(files::kind);
    if let Some(output) =
        output.filter(|output| known != before && inner(output) == Some(files::Kind::Folder))
    {
        let place = output.join(PROVED);
        let text = serde_json::to_string_pretty(&known).unwrap_or_default();
        let _ = files::write_output(output, &place, text.as_bytes(), 0o644);
    }
    Ok(findings)
}

fn remembered(output: &Path) -> BTreeMap<String, String> {
    let text = files::read(&output.join(PROVED)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Runs wick's own program, held as a plugin is.
fn run(emulator: &Emulator, target: Target) -> Result<(), String> {
    // No program of ours for it: then a plugin will tell.
    let Some(program) = tiny::program(target) else { return Ok(()) };
    let words = |failure: Failure| failure.message;
    let folder = Scratch::new().map_err(|error| words(error.into()))?;
    let path = folder.path().join(format!("wick-proof{}", target.exe_suffix()));
    files::write_atomic(&path, &program, 0o755).map_err(|error| words(error.into()))?;
    let path = files::canonical(&path).map_err(|error| words(error.into()))?;
    let suspect = suspect(&path, Some(emulator), &[], Reach::Nothing);
    let time = Some(if is_wine(Some(emulator)) { WINE_LIMIT } else { LIMIT });
    let verdict = sandbox::run(&suspect, Limits { time, output: 1 << 20 })
        .map_err(|error| words(Failure::from(error)))?;
    let finished = verdict.finished;
    if finished.code == Some(tiny::CODE) {
        return Ok(());
    }
    let said = finished.complaint().lines().last().unwrap_or_default().trim().to_owned();
    let said = if said.is_empty() { said } else { format!(" ({said})") };
    Err(format!("wick's own ended with {} instead of exit code {}{said}", finished.ending(), tiny::CODE))
}
