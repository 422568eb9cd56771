//! A program that is held while somebody talks to it: its first line, what it says on its pipes, and its end. Whatever
//! becomes of the talk, dropping the value ends the program with all it started and removes its folder.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ChildStdin;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use super::{Confinement, SandboxError};
use crate::sys::files::Scratch;
use crate::sys::group::{self, Group, end_group};
use crate::sys::interrupt::{self, Registered};
use crate::sys::process::ProcessError;

/// How much of each pipe is kept: the end of it.
const KEPT: usize = 64 << 10;

/// How long the supervisor may take to end everything.
const PATIENCE: Duration = Duration::from_secs(8);

/// A running program.
pub struct Held {
    program: PathBuf,
    group: Group,
    /// Open while the program shall live; only where there is a supervisor.
    lifeline: Option<ChildStdin>,
    _registered: Option<Registered>,
    first: mpsc::Receiver<FirstLine>,
    stdout: Tail,
    stderr: Tail,
    readers: Vec<std::thread::JoinHandle<()>>,
    home: PathBuf,
    scratch: Scratch,
}

/// What came first on stdout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstLine {
    /// A line, without its end.
    Line(String),
    /// A line longer than it may be: its beginning.
    TooLong(String),
    /// stdout was closed before a line was whole: what there was of it.
    Ended(String),
    /// Nothing, for as long as it was waited.
    Late,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// `exit code 2`, `signal 9`; nothing when nobody knows.
    pub how: Option<String>,
    /// How many processes it left running; they are ended.
    pub left_behind: usize,
    /// The program could not be started: what the system said.
    pub not_started: Option<i32>,
}

impl Held {
    /// Takes over a child. With a supervisor, `order` is what it reads first; without, nothing.
    pub(super) fn spawn(
        program: &str,
        mut command: std::process::Command,
        order: Option<Vec<u8>>,
        line_max: usize,
        (scratch, home): (Scratch, PathBuf),
    ) -> Result<Held, SandboxError> {
        use std::process::Stdio;
        let failed = |source| ProcessError::Start { program: program.to_owned(), source };
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if order.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut group = Group::spawn(command).map_err(failed)?;
        // A supervisor ends when its stdin closes; a signal could end it before it has ended what it watches.
        let _registered = order.is_none().then(|| Registered::new(group.id()));
        let (mut lifeline, out, err) = group.pipes();
        if let (Some(pipe), Some(order)) = (&mut lifeline, &order) {
            pipe.write_all(order).map_err(failed)?;
        }
        let (stdout, stderr) = (Tail::default(), Tail::default());
        let (sender, first) = mpsc::channel();
        let mut readers = Vec::new();
        if let Some(pipe) = out {
            let tail = stdout.clone();
            readers.push(std::thread::spawn(move || read_stdout(pipe, line_max, &sender, &tail)));
        }
        if let Some(mut pipe) = err {
            let tail = stderr.clone();
            readers.push(std::thread::spawn(move || tail.drain(&mut pipe)));
        }
        let program = PathBuf::from(program);
        Ok(Held { program, group, lifeline, _registered, first, stdout, stderr, readers, home, scratch })
    }

    /// The first line it prints.
    ///
    /// # Errors
    /// When the user interrupts.
    pub fn first_line(&self, limit: Duration) -> Result<FirstLine, SandboxError> {
        let began = Instant::now();
        loop {
            match self.first.recv_timeout(Duration::from_millis(10)) {
                Ok(line) => return Ok(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(FirstLine::Ended(String::new())),
                Err(mpsc::RecvTimeoutError::Timeout) if interrupt::requested() => {
                    return Err(ProcessError::Interrupted.into());
                }
                Err(mpsc::RecvTimeoutError::Timeout) if began.elapsed() > limit => {
                    return Ok(FirstLine::Late);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Its folder: the only place where it may write.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The end of what it said: stderr, then stdout after the first line.
    #[must_use]
    pub fn said(&self) -> String {
        let mut text = self.stderr.text();
        let out = self.stdout.text();
        if !text.is_empty() && !text.ends_with('\n') && !out.is_empty() {
            text.push('\n');
        }
        text + &out
    }

    /// Waits until everything it said is here: the pipes close with the last process. What a runaway still holds open
    /// isn't waited for.
    pub fn hear_out(&self, limit: Duration) {
        let all_read = || self.readers.iter().all(std::thread::JoinHandle::is_finished).then_some(());
        group::until(limit, all_read);
    }

    /// Asks it to end: SIGTERM, where there is such a thing.
    pub fn ask_to_end(&mut self) {
        match &mut self.lifeline {
            Some(pipe) => {
                // It is gone already when nobody reads.
                let _ = pipe.write_all(super::ASK_TO_END);
            }
            None => end_group(self.group.id(), true),
        }
    }

    /// Waits until it has ended; false when it still runs after that time.
    pub fn wait(&mut self, limit: Duration) -> bool {
        let began = Instant::now();
        let mut nap = Duration::from_millis(1);
        while matches!(self.group.try_wait(), Ok(None)) {
            if began.elapsed() > limit || interrupt::requested() {
                return false;
            }
            std::thread::sleep(nap);
            nap = (nap * 2).min(Duration::from_millis(10));
        }
        true
    }

    /// Ends it, however it likes that, and says how it ended.
    pub fn end(&mut self) -> Ending {
        let code = self.finish();
        self.hear_out(Duration::from_millis(500));
        super::ending(self.scratch.path(), code)
    }

    /// The failure of a program that could not be started, if it is that.
    pub fn start_failure(&self, ending: &Ending) -> Option<SandboxError> {
        Some(super::start_error(&self.program, ending.not_started?))
    }

    /// How tightly it was held.
    #[must_use]
    pub fn confinement(&self) -> Confinement {
        super::confinement(self.scratch.path())
    }

    fn finish(&mut self) -> Option<String> {
        if self.lifeline.take().is_some() {
            group::until(PATIENCE, || (!matches!(self.group.try_wait(), Ok(None))).then_some(()));
        }
        let status = self.group.try_wait().ok().flatten();
        self.group.end();
        let status = status.or_else(|| self.group.try_wait().ok().flatten());
        status
            .map(|status| crate::sys::process::ending(status.code(), crate::sys::process::signal_of(status)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The end of a stream, shared with the thread that reads it.
#[derive(Clone, Default)]
struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    fn push(&self, bytes: &[u8]) {
        if let Ok(mut kept) = self.0.lock() {
            kept.extend(bytes);
            let over = kept.len().saturating_sub(KEPT);
            kept.drain(..over);
        }
    }

    fn drain(&self, pipe: &mut impl Read) {
        let mut chunk = vec![0; 16 << 10];
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            self.push(&chunk[..count]);
        }
    }

    fn text(&self) -> String {
        let bytes: Vec<u8> = self.0.lock().map(|kept| kept.iter().copied().collect()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn read_stdout(pipe: impl Read, line_max: usize, sender: &mpsc::Sender<FirstLine>, tail: &Tail) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    let most = line_max as u64 + 1;
    // Errors are an end like any other.
    let _ = (&mut pipe).take(most).read_until(b'\n', &mut line);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let first = match line.split_last() {
        Some((b'\n', line)) => FirstLine::Line(text(line)),
        _ if line.len() as u64 == most => FirstLine::TooLong(text(&line[..line.len().min(200)])),
        _ => FirstLine::Ended(text(&line)),
    };
    // Nobody waits for it when the launch has failed.
    let _ = sender.send(first);
    tail.drain(&mut pipe);
}
