//! A child and all it starts, as one thing to end: a process group on Unix, a job object on Windows. Here, and nowhere
//! else, is an end waited for; and never for ever. A process can stand still inside the kernel, and the message by which
//! Windows tells of a job's end comes once: who has asked before waits for it in vain.

use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

/// How long a child may take to be gone once it was killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks until the answer is there, at most that long.
pub(super) fn until<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let (began, mut nap) = (Instant::now(), Duration::from_micros(200));
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if began.elapsed() >= limit {
            return None;
        }
        std::thread::sleep(nap.min(limit));
        nap = (nap * 2).min(Duration::from_millis(10));
    }
}

/// Waits for a program in whose place wick stands, as long as it takes: whoever started wick there (cargo, for rustc) has
/// the limit, and ends wick and all that it started.
pub(super) fn stand_for(command: &mut std::process::Command) -> std::io::Result<std::process::ExitStatus> {
    command.status()
}

/// The pipes of a child: stdin, stdout, stderr.
pub(super) type Pipes = (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>);

#[cfg(unix)]
pub(super) use unix::{Group, end_group};
#[cfg(windows)]
pub(super) use windows::{Group, end_group};

#[cfg(unix)]
mod unix {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command, ExitStatus};

    use rustix::process::{Pid, Signal, kill_process_group};

    /// A child with a group of its own; ended when dropped.
    pub(in crate::sys) struct Group(Child);

    impl Group {
        pub(in crate::sys) fn spawn(mut command: Command) -> std::io::Result<Group> {
            command.process_group(0).spawn().map(Group)
        }

        pub(in crate::sys) fn pipes(&mut self) -> super::Pipes {
            (self.0.stdin.take(), self.0.stdout.take(), self.0.stderr.take())
        }

        pub(in crate::sys) fn try_wait(&mut self) -> std::io::Result<Option<ExitStatus>> {
            self.0.try_wait()
        }

        pub(in crate::sys) fn id(&self) -> u32 {
            self.0.id()
        }

        pub(in crate::sys) fn end(&mut self) {
            end_group(self.0.id(), false);
            // An error is an end as well: nobody else will hear of it.
            super::until(super::PATIENCE, || self.0.try_wait().map_or(Some(()), |status| status.map(drop)));
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            self.end();
        }
    }

    /// Ends every process of a group: politely (SIGTERM) or at once.
    pub(in crate::sys) fn end_group(leader: u32, politely: bool) {
        if let Some(pid) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
            // Already gone is what we want.
            let _ = kill_process_group(pid, if politely { Signal::TERM } else { Signal::KILL });
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::process::{Command, ExitStatus};

    use process_wrap::std::{ChildWrapper, CommandWrap, JobObject};

    /// A child in a job object; ended, with all it started, when dropped.
    pub(in crate::sys) struct Group(Box<dyn ChildWrapper>);

    impl Group {
        pub(in crate::sys) fn spawn(command: Command) -> std::io::Result<Group> {
            CommandWrap::from(command).wrap(JobObject).spawn().map(Group)
        }

        pub(in crate::sys) fn pipes(&mut self) -> super::Pipes {
            (self.0.stdin().take(), self.0.stdout().take(), self.0.stderr().take())
        }

        pub(in crate::sys) fn try_wait(&mut self) -> std::io::Result<Option<ExitStatus>> {
            self.0.try_wait()
        }

        pub(in crate::sys) fn id(&self) -> u32 {
            self.0.id()
        }

        pub(in crate::sys) fn end(&mut self) {
            let _ = self.0.start_kill();
            super::until(super::PATIENCE, || self.0.try_wait().map_or(Some(()), |status| status.map(drop)));
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            self.end();
        }
    }

    /// The console hands Ctrl-C to every child itself, and the job object ends what ignores it.
    pub(in crate::sys) fn end_group(_leader: u32, _politely: bool) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_given_up() {
        let mut asked = 0;
        let mut ask = || {
            asked += 1;
            None::<()>
        };
        assert_eq!(until(Duration::from_millis(20), &mut ask), None);
        assert_eq!(until(Duration::ZERO, &mut ask), None);
        assert!(asked >= 3, "{asked}");
        let mut left = 3;
        let third = || {
            left -= 1;
            (left == 0).then_some("gone")
        };
        assert_eq!(until(Duration::from_secs(60), third), Some("gone"));
    }

    /// As a job that is polled after its end: the second answer comes at once, too.
    #[test]
    fn an_end_that_was_heard_of_is_no_reason_to_wait() {
        let mut group = Group::spawn(child()).unwrap();
        assert!(until(Duration::from_secs(60), || group.try_wait().ok().flatten()).is_some());
        let _ = group.try_wait();
        group.end();
        group.end();
    }

    fn child() -> std::process::Command {
        let (program, args): (_, &[&str]) =
            if cfg!(windows) { ("cmd", &["/c", "exit 0"]) } else { ("sh", &["-c", "exit 0"]) };
        let mut command = std::process::Command::new(program);
        command.args(args);
        command
    }
}
