//! Runs commands: own process group, output captured and capped, deadlines, nothing left behind.
//! What a command means is its owner's business.

use std::collections::BTreeMap;
use std::io::{Read, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::env;
use super::files;
use super::group::{self, Group};
use super::interrupt;
use crate::model::command::CommandLine;
use crate::model::failure::{Explain, FailureKind};

/// How far a command may go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest run; nothing means no limit.
    pub time: Option<Duration>,
    /// Most bytes read from stdout. A command that writes more is ended, and one that writes more than that and more than
    /// a MiB of words to stderr.
    pub output: usize,
}

/// What every command may write to stderr, however short its answer must be: a warning is no answer.
const WORDS: usize = 1 << 20;

impl Limits {
    /// For tools that the user trusts: no deadline, 64 MiB of output.
    pub const TOOL: Limits = Limits { time: None, output: 64 << 20 };
}

/// What a finished command left.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The exit code; nothing when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, on Unix.
    pub signal: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
    /// Wall time.
    pub elapsed: Duration,
}

impl Finished {
    /// Whether it ended with exit code 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// How it ended, in words: `exit code 2`, `signal 9`.
    #[must_use]
    pub fn ending(&self) -> String {
        ending(self.code, self.signal)
    }

    /// stdout as text, invalid bytes replaced.
    #[must_use]
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// stderr, then stdout when there is nothing on stderr: what to show of a failed tool.
    #[must_use]
    pub fn complaint(&self) -> String {
        let text = if self.stderr.iter().all(u8::is_ascii_whitespace) { &self.stdout } else { &self.stderr };
        String::from_utf8_lossy(text).trim_end().to_owned()
    }
}

/// A command that didn't get to its own end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("can't start `{program}`")]
    Start {
        /// The program's name or path.
        program: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It ran past its deadline and was ended.
    #[error("`{program}` was ended after {} s", limit.as_secs())]
    Deadline {
        /// The program's name or path.
        program: String,
        /// The deadline.
        limit: Duration,
    },
    /// It wrote more than it may and was ended.
    #[error("`{program}` wrote more than {} and was ended", amount(*limit))]
    TooMuchOutput {
        /// The program's name or path.
        program: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The user stopped the run.
    #[error("interrupted")]
    Interrupted,
}

impl Explain for ProcessError {
    fn kind(&self) -> FailureKind {
        match self {
            ProcessError::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                FailureKind::Missing
            }
            ProcessError::Interrupted => FailureKind::Interrupted,
            _ => FailureKind::Step,
        }
    }
}

/// A command in its folder, which PWD names as well. A shell leaves the way by which it got somewhere in PWD, links and
/// all, and go and others name their files by that for as long as it leads to the folder they are in: what they say of
/// files would then hang on how somebody typed `cd`.
fn at_place(line: &CommandLine) -> Command {
    let mut command = Command::new(&line.program);
    command.args(&line.args).current_dir(&line.cwd);
    // Windows' shells have no such variable.
    if cfg!(unix) {
        command.env("PWD", files::canonical(&line.cwd).unwrap_or_else(|_| line.cwd.clone()));
    }
    command
}

/// Runs a trusted tool in the inherited environment, without stdin.
///
/// # Errors
/// When it can't be started, breaks a limit or the user interrupts. A non-zero exit is no error here.
pub fn run(line: &CommandLine, limits: Limits) -> Result<Finished, ProcessError> {
    let mut command = at_place(line);
    command.stdin(Stdio::null());
    for name in &line.without {
        command.env_remove(name);
    }
    command.envs(&line.env);
    run_prepared(&line.program, command, limits)
}

/// As [`run`], with only those of the inherited variables whose name `is_kept` lets through; with `stdin` fed to it.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    line: &CommandLine,
    is_kept: impl Fn(&str) -> bool,
    stdin: Option<Vec<u8>>,
    limits: Limits,
) -> Result<Finished, ProcessError> {
    let mut command = at_place(line);
    command.stdin(Stdio::null());
    for name in env::names().iter().filter(|name| !is_kept(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command.envs(&line.env);
    let input = match stdin {
        Some(bytes) => {
            command.stdin(Stdio::piped());
            Input::All(bytes)
        }
        None => Input::None,
    };
    run_piped(&line.program, command, input, limits)
}

/// Stands for another program until it ends: streams and working folder are its own. Gives its exit code.
///
/// # Errors
/// When it can't be started.
pub fn stand_for(line: &CommandLine) -> Result<u8, ProcessError> {
    let mut command = at_place(line);
    for name in &line.without {
        command.env_remove(name);
    }
    let status = group::stand_for(command.envs(&line.env));
    let status = status.map_err(|source| ProcessError::Start { program: line.program.clone(), source })?;
    // Who was ended by a signal hasn't succeeded.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(101))
}

/// Runs a program with exactly the given environment and nothing else.
///
/// # Errors
/// As [`run`].
pub fn run_clean(
    line: &CommandLine,
    environment: &BTreeMap<String, String>,
    limits: Limits,
) -> Result<Finished, ProcessError> {
    let mut command = Command::new(&line.program);
    command.args(&line.args).env_clear().envs(environment).current_dir(&line.cwd).stdin(Stdio::null());
    run_prepared(&line.program, command, limits)
}

/// Runs a supervisor: `first_line` goes to its stdin, which stays open for as long as it shall live; when it closes,
/// the supervisor ends what it watches and then itself.
#[cfg(target_os = "linux")]
pub(super) fn run_supervised(
    program: &str,
    mut command: Command,
    first_line: Vec<u8>,
    limits: Limits,
) -> Result<Finished, ProcessError> {
    command.stdin(Stdio::piped());
    run_piped(program, command, Input::Lifeline(first_line), limits)
}

fn run_prepared(program: &str, command: Command, limits: Limits) -> Result<Finished, ProcessError> {
    run_piped(program, command, Input::None, limits)
}

/// What goes to a child's stdin.
enum Input {
    /// Nothing.
    None,
    /// All of this; then it is closed.
    All(Vec<u8>),
    /// This; it stays open for as long as the child shall live.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux has supervisors"))]
    Lifeline(Vec<u8>),
}

fn run_piped(
    program: &str,
    mut command: Command,
    input: Input,
    limits: Limits,
) -> Result<Finished, ProcessError> {
    let began = Instant::now();
    let failed = |source| ProcessError::Start { program: program.to_owned(), source };
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group::spawn(command).map_err(failed)?;
    // A supervisor is ended by closing its stdin; a signal could end it before it has ended what it watches.
    let is_supervised = matches!(input, Input::Lifeline(_));
    let _registered = (!is_supervised).then(|| interrupt::Registered::new(group.id()));
    let (sender, events) = mpsc::channel();
    let (mut stdin, stdout, stderr) = group.pipes();
    let mut lifeline = None;
    match (stdin.take(), input) {
        (Some(mut pipe), Input::Lifeline(line)) => {
            pipe.write_all(&line).map_err(failed)?;
            lifeline = Some(pipe);
        }
        (Some(mut pipe), Input::All(bytes)) => {
            // Who stops reading has said why, or says so by how it ends.
            std::thread::spawn(move || pipe.write_all(&bytes));
        }
        _ => {}
    }
    let out = drain(stdout, limits.output, &sender);
    let err = drain(stderr, limits.output.max(WORDS), &sender);
    let ended = wait(&mut group, &events, limits, began, lifeline.is_some());
    if lifeline.take().is_some() {
        group::until(Duration::from_secs(8), || (!matches!(group.try_wait(), Ok(None))).then_some(()));
    }
    // A child that left children of its own behind must not outlive its step, nor keep our pipes open.
    group.end();
    let status = match ended {
        Ended::Normally(status) => status,
        Ended::Deadline(limit) => return Err(ProcessError::Deadline { program: program.to_owned(), limit }),
        Ended::TooMuch => {
            return Err(ProcessError::TooMuchOutput { program: program.to_owned(), limit: limits.output });
        }
        Ended::Interrupted => return Err(ProcessError::Interrupted),
    };
    let (stdout, stderr) = (collect(&out), collect(&err));
    Ok(Finished { code: status.code(), signal: signal_of(status), stdout, stderr, elapsed: began.elapsed() })
}

enum Ended {
    Normally(std::process::ExitStatus),
    Deadline(Duration),
    TooMuch,
    Interrupted,
}

fn wait(
    group: &mut Group,
    events: &mpsc::Receiver<()>,
    limits: Limits,
    began: Instant,
    supervised: bool,
) -> Ended {
    let mut nap = Duration::from_millis(1);
    let mut overflow = false;
    loop {
        match group.try_wait() {
            // An overflow is judged before a normal end: a flood that fitted the pipe is still a flood.
            Ok(Some(status)) if !overflow && events.try_recv().is_err() => {
                return if interrupt::requested() { Ended::Interrupted } else { Ended::Normally(status) };
            }
            Ok(None) if !overflow => {}
            _ => return Ended::TooMuch,
        }
        if interrupt::requested() {
            // The polite signal is on its way; compilers remove their temp files when they get the time.
            let patience = Duration::from_secs(if supervised { 0 } else { 3 });
            group::until(patience, || (!matches!(group.try_wait(), Ok(None))).then_some(()));
            return Ended::Interrupted;
        }
        if let Some(limit) = limits.time.filter(|limit| began.elapsed() > *limit) {
            return Ended::Deadline(limit);
        }
        overflow = events.recv_timeout(nap).is_ok();
        nap = (nap * 2).min(Duration::from_millis(15));
    }
}

type Collected = mpsc::Receiver<Vec<u8>>;

/// Reads a pipe to its end on a thread; says so on `overflow` when there is more than `most`.
fn drain(pipe: Option<impl Read + Send + 'static>, most: usize, overflow: &mpsc::Sender<()>) -> Collected {
    let (done, result) = mpsc::channel();
    let overflow = overflow.clone();
    std::thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            let mut chunk = vec![0; 64 << 10];
            while let Ok(n @ 1..) = pipe.read(&mut chunk) {
                all.extend_from_slice(&chunk[..n]);
                if all.len() > most {
                    let _ = overflow.send(());
                    break;
                }
            }
        }
        // The receiver is gone when the run already failed.
        let _ = done.send(all);
    });
    result
}

fn collect(pipe: &Collected) -> Vec<u8> {
    // A process that escaped its group can hold the pipe open; what it writes from now on is nobody's business.
    pipe.recv_timeout(Duration::from_secs(2)).unwrap_or_default()
}

fn amount(bytes: usize) -> String {
    if bytes < 1 << 20 { format!("{bytes} bytes") } else { format!("{} MiB", bytes >> 20) }
}

/// `exit code 2`, `signal 9`.
pub(super) fn ending(code: Option<i32>, signal: Option<i32>) -> String {
    match (code, signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}

#[cfg(unix)]
pub(super) fn signal_of(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
pub(super) fn signal_of(_: std::process::ExitStatus) -> Option<i32> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::sys::files::Scratch;

    /// What a shell that came through a link would leave can't be set in a test; what this test itself has isn't the
    /// folder either.
    #[test]
    fn every_child_is_told_the_folder_it_is_in() {
        let scratch = Scratch::new().unwrap();
        let folder = files::canonical(scratch.path()).unwrap().join("real");
        files::create_folder(&folder).unwrap();
        let link = folder.with_file_name("link");
        std::os::unix::fs::symlink("real", &link).unwrap();
        for cwd in [&folder, &link] {
            let line = CommandLine::new("printenv", cwd).arg("PWD");
            let kept = |name: &str| name == "PATH" || name == "PWD";
            for told in [run(&line, Limits::TOOL), run_with(&line, kept, None, Limits::TOOL)] {
                assert_eq!(told.unwrap().stdout_text().trim_end(), folder.to_string_lossy());
            }
        }
    }

    #[test]
    fn words_on_stderr_are_no_part_of_an_answer() {
        let limits = |output| Limits { time: None, output };
        let run = |script: &str, output| {
            run(&CommandLine::new("sh", "/").args(["-c", script]), limits(output)).map(|done| done.success())
        };
        assert!(run("echo 'warning: something of the user' >&2", 0).unwrap());
        assert!(run("echo answer >&2; echo ab", 3).unwrap());
        let error = run("echo abc", 3).unwrap_err().to_string();
        assert_eq!(error, "`sh` wrote more than 3 bytes and was ended");
        assert!(run("head -c 1200000 /dev/zero >&2", 3).is_err());
    }
}
