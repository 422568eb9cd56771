//! Runs code that nobody vouches for: clean environment, scratch folder, deadline, capped output, and no process
//! of it left afterwards. On Linux inside Landlock, by two hidden roles of our own program (see `linux`):
//! wick → supervisor (ends every descendant, even those that left their group) → confined (locks itself in, then
//! becomes the plugin). What only has to say what it is has no network either (see `network`). Elsewhere a process group or job object is all there is, and the result says so.

use std::collections::BTreeMap;
#[cfg(not(target_os = "linux"))]
use std::path::Path;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::files::{self, Scratch};
use super::process::{Finished, Limits, ProcessError};
use crate::model::failure::{Explain, FailureKind};

#[cfg(target_os = "linux")]
mod filter;
mod held;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod network;

pub use held::{Ending, FirstLine, Held};

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
    /// Whether processes that it leaves behind are normal (wine keeps a server for a while, and talks to it by a
    /// socket) rather than an offence.
    pub may_linger: bool,
    /// What it may reach.
    pub reach: Reach,
}

/// What a program may reach beyond its own folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Nothing: it only has to say what it is.
    Nothing,
    /// The network, with what name resolution and TLS read for it. No files of a user.
    Network,
    /// Everything that its user may: it isn't sandboxed.
    Everything,
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
    Files(#[from] files::FileError),
    /// Starting, deadline, output, interrupt.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The program itself could not be started.
    #[error("{} can't be started{}", files::shown(program), if *noexec { ": its file system is mounted noexec" } else { "" })]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
        /// Whether it lies where nothing may be started.
        noexec: bool,
    },
    /// The hidden roles didn't do their part.
    #[error("the sandbox failed: {0}")]
    Broken(String),
}

impl Explain for SandboxError {
    fn kind(&self) -> FailureKind {
        match self {
            SandboxError::Files(error) => error.kind(),
            SandboxError::Process(error) => error.kind(),
            SandboxError::Start { .. } | SandboxError::Broken(_) => FailureKind::Step,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            SandboxError::Files(error) => error.hints(),
            SandboxError::Process(error) => error.hints(),
            SandboxError::Start { noexec: true, .. } => {
                vec![
                    "put it where programs may be started: name another folder with -o (or TMPDIR)"
                        .to_owned(),
                ]
            }
            SandboxError::Start { .. } | SandboxError::Broken(_) => Vec::new(),
        }
    }
}

/// Runs `suspect` in a fresh scratch folder.
///
/// # Errors
/// When it can't be started, or breaks a limit. A non-zero exit is no error here.
pub fn run(suspect: &Suspect, limits: Limits) -> Result<Verdict, SandboxError> {
    let (scratch, home) = place()?;
    let mut suspect = suspect.clone();
    suspect.env.extend(homes(&home));
    confine(&suspect, scratch.path(), &home, limits)
}

/// Starts a program that is talked to while it runs, in a fresh scratch folder. `complete` gets that folder and adds
/// what only then can be known. Its first line may have `line_max` bytes; what it prints later is drained, and its end
/// kept.
///
/// # Errors
/// When it can't be started.
pub fn start(
    suspect: &Suspect,
    complete: impl FnOnce(&std::path::Path, &mut BTreeMap<String, String>),
    line_max: usize,
) -> Result<Held, SandboxError> {
    let (scratch, home) = place()?;
    let mut suspect = suspect.clone();
    if suspect.reach == Reach::Everything {
        let temp = home.to_string_lossy().into_owned();
        suspect.env.extend(["TMPDIR", "TEMP", "TMP"].map(|name| (name.to_owned(), temp.clone())));
    } else {
        suspect.env.extend(homes(&home));
    }
    complete(&home, &mut suspect.env);
    let program = suspect.program.display().to_string();
    let (command, order) = command(&suspect, scratch.path(), &home)?;
    Held::spawn(&program, command, order, line_max, (scratch, home))
}

/// A program that the system refuses to start, and why as far as that can be seen.
fn start_error(program: &std::path::Path, code: i32) -> SandboxError {
    let source = std::io::Error::from_raw_os_error(code);
    let noexec = source.kind() == std::io::ErrorKind::PermissionDenied && files::is_noexec(program);
    SandboxError::Start { program: program.to_owned(), source, noexec }
}

fn place() -> Result<(Scratch, PathBuf), SandboxError> {
    let scratch = Scratch::for_sockets()?;
    let home = files::canonical(scratch.path())?.join("home");
    files::create_folder(&home)?;
    Ok((scratch, home))
}

/// Everything that names a user's folders names this one.
fn homes(home: &std::path::Path) -> impl Iterator<Item = (String, String)> {
    let home = home.to_string_lossy().into_owned();
    ["HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"]
        .into_iter()
        .map(move |name| (name.to_owned(), home.clone()))
}

/// The second line on a supervisor's stdin.
const ASK_TO_END: &[u8] = b"end\n";

#[cfg(target_os = "linux")]
use linux::{command, confine, confinement, ending};

#[cfg(not(target_os = "linux"))]
fn confine(suspect: &Suspect, _: &Path, home: &Path, limits: Limits) -> Result<Verdict, SandboxError> {
    let line =
        crate::model::command::CommandLine::new(suspect.program.to_string_lossy(), home).args(&suspect.args);
    let finished = super::process::run_clean(&line, &suspect.env, limits)?;
    Ok(Verdict { finished, confinement: confinement(home), left_behind: 0 })
}

#[cfg(not(target_os = "linux"))]
fn command(
    suspect: &Suspect,
    _: &Path,
    home: &Path,
) -> Result<(std::process::Command, Option<Vec<u8>>), SandboxError> {
    let mut command = std::process::Command::new(&suspect.program);
    command.args(&suspect.args).env_clear().envs(&suspect.env).current_dir(home);
    Ok((command, None))
}

#[cfg(not(target_os = "linux"))]
fn confinement(_: &Path) -> Confinement {
    Confinement::GroupOnly(format!("{} has no sandbox that needs no privileges", std::env::consts::OS))
}

#[cfg(not(target_os = "linux"))]
fn ending(_: &Path, how: Option<String>) -> Ending {
    Ending { how, left_behind: 0, not_started: None }
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
