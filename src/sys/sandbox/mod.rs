//! Runs code that nobody vouches for: clean environment, scratch folder, deadline, capped output, and no process
//! of it left afterwards. On Linux inside Landlock, by two hidden roles of our own program (see `linux`):
//! wick → supervisor (ends every descendant, even those that left their group) → confined (locks itself in, then
//! becomes the plugin). Elsewhere a process group or job object is all there is, and the result says so.

use std::collections::BTreeMap;
#[cfg(not(target_os = "linux"))]
use std::path::Path;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::files::Scratch;
use super::process::{Finished, Limits, ProcessError};
use crate::model::failure::{Explain, FailureKind};

#[cfg(target_os = "linux")]
mod linux;

/// A program to run without trust.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Suspect {
    /// The program itself.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment, but for HOME, TMPDIR and the like, which point into the scratch folder.
    pub env: BTreeMap<String, String>,
    /// Files and folders it may read and execute besides the system's libraries.
    pub readable: Vec<PathBuf>,
    /// Whether processes that it leaves behind are normal (wine keeps a server for a while) rather than an offence.
    pub may_linger: bool,
}

/// How tightly the program was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confinement {
    /// Landlock: files outside the scratch folder and the system's libraries unreadable; the text lists what else.
    Landlock(String),
    /// Clean environment, scratch folder, own group; the text says why no more.
    GroupOnly(String),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How the program ended and what it wrote.
    pub finished: Finished,
    /// How tightly it was held.
    pub confinement: Confinement,
    /// How many processes it left running; they are ended.
    pub left_behind: usize,
}

/// A sandbox that could not be set up, or a program that broke a limit.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The scratch folder or a status file.
    #[error("can't set up the sandbox")]
    Files(#[from] super::files::FileError),
    /// Starting, deadline, output, interrupt.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The hidden roles didn't do their part.
    #[error("the sandbox failed: {0}")]
    Broken(String),
}

impl Explain for SandboxError {
    fn kind(&self) -> FailureKind {
        match self {
            SandboxError::Files(error) => error.kind(),
            SandboxError::Process(error) => error.kind(),
            SandboxError::Broken(_) => FailureKind::Step,
        }
    }
}

/// Runs `suspect` in a fresh scratch folder.
///
/// # Errors
/// When it can't be started, or breaks a limit. A non-zero exit is no error here.
pub fn run(suspect: &Suspect, limits: Limits) -> Result<Verdict, SandboxError> {
    let scratch = Scratch::new()?;
    let place = scratch.path().join("home");
    super::files::create_folder(&place)?;
    let mut suspect = suspect.clone();
    for name in ["HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
        suspect.env.insert(name.to_owned(), place.to_string_lossy().into_owned());
    }
    confine(&suspect, scratch.path(), &place, limits)
}

#[cfg(target_os = "linux")]
use linux::confine;

#[cfg(not(target_os = "linux"))]
fn confine(suspect: &Suspect, _: &Path, home: &Path, limits: Limits) -> Result<Verdict, SandboxError> {
    let line =
        crate::model::command::CommandLine::new(suspect.program.to_string_lossy(), home).args(&suspect.args);
    let finished = super::process::run_clean(&line, &suspect.env, limits)?;
    let why = format!("{} has no sandbox that needs no privileges", std::env::consts::OS);
    Ok(Verdict { finished, confinement: Confinement::GroupOnly(why), left_behind: 0 })
}

/// Plays a hidden role of the sandbox when the arguments (without the program's name) ask for one, and gives the
/// exit code to end with.
#[must_use]
pub fn hidden_role(args: &[String]) -> Option<u8> {
    #[cfg(target_os = "linux")]
    return linux::hidden_role(args);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = args;
        None
    }
}
