//! Ends the plugin when its host has died: a host that is killed can't say goodbye, and nobody else would.
//!
//! Not by `PR_SET_PDEATHSIG`, which fires when the *thread* ends that started the plugin, while its host lives on. Not by
//! the end of stdin, which hosts pass on from wherever they have it.

use std::path::{Path, PathBuf};

/// Watches the host from a thread of its own, as an operation may keep the others busy.
pub(super) fn watch(socket: Option<PathBuf>) {
    let Some(host) = Host::find() else { return };
    let _ = std::thread::Builder::new().name("host".to_owned()).stack_size(64 << 10).spawn(move || {
        host.wait();
        end(socket.as_deref());
    });
}

fn end(socket: Option<&Path>) -> ! {
    if let Some(socket) = socket {
        let _ = std::fs::remove_file(socket);
    }
    std::process::exit(1)
}

#[cfg(unix)]
struct Host(rustix::process::Pid);

#[cfg(unix)]
impl Host {
    fn find() -> Option<Host> {
        rustix::process::getppid().map(Host)
    }

    fn lives(&self) -> bool {
        rustix::process::getppid() == Some(self.0)
    }

    fn wait(&self) {
        #[cfg(target_os = "linux")]
        self.wait_for_end();
        // Where there is nothing to wait for, or it was no use.
        while self.lives() {
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
    }

    /// Sleeps until the process is over, where the kernel has pidfd_open (5.3) and allows it.
    #[cfg(target_os = "linux")]
    fn wait_for_end(&self) {
        use rustix::event::{PollFd, PollFlags, poll};
        let Ok(process) = rustix::process::pidfd_open(self.0, rustix::process::PidfdFlags::empty()) else {
            return;
        };
        // It may have ended before, and its number may be another's by now.
        while self.lives() {
            let mut ended = [PollFd::new(&process, PollFlags::IN)];
            if !matches!(poll(&mut ended, None), Ok(_) | Err(rustix::io::Errno::INTR)) {
                return;
            }
        }
    }
}

#[cfg(windows)]
struct Host(std::os::windows::io::OwnedHandle);

#[cfg(windows)]
impl Host {
    fn find() -> Option<Host> {
        use std::os::windows::io::{FromRawHandle as _, OwnedHandle};
        use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
        use windows_sys::Win32::System::Diagnostics::ToolHelp::{
            CreateToolhelp32Snapshot, PROCESSENTRY32, Process32First, Process32Next, TH32CS_SNAPPROCESS,
        };
        use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_SYNCHRONIZE};

        // SAFETY: plain calls; the snapshot is owned and closed, `entry` says its own size as the calls want it.
        unsafe {
            let snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
            if snapshot == INVALID_HANDLE_VALUE {
                return None;
            }
            let snapshot = OwnedHandle::from_raw_handle(snapshot);
            let mut entry: PROCESSENTRY32 = std::mem::zeroed();
            entry.dwSize = size_of::<PROCESSENTRY32>() as u32;
            let raw = std::os::windows::io::AsRawHandle::as_raw_handle(&snapshot);
            let mut found = Process32First(raw, &mut entry);
            while found != 0 && entry.th32ProcessID != std::process::id() {
                found = Process32Next(raw, &mut entry);
            }
            if found == 0 {
                return None;
            }
            let host = OpenProcess(PROCESS_SYNCHRONIZE, 0, entry.th32ParentProcessID);
            (!host.is_null()).then(|| Host(OwnedHandle::from_raw_handle(host)))
        }
    }

    fn wait(&self) {
        use std::os::windows::io::AsRawHandle as _;
        use windows_sys::Win32::System::Threading::{INFINITE, WaitForSingleObject};
        // SAFETY: the handle is owned and open.
        unsafe { WaitForSingleObject(self.0.as_raw_handle(), INFINITE) };
    }
}
