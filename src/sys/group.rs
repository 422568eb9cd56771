//! A child and all it starts, as one thing to end: a process group on Unix, a job object on Windows.

use std::process::{ChildStderr, ChildStdin, ChildStdout};

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
            let _ = self.0.wait();
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
            let _ = self.0.wait();
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
