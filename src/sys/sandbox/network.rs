//! What a program that only has to say what it is can reach of the network: nothing. Landlock knows TCP alone, so that a
//! name server could still be told everything by UDP. Two things hold back the rest, each as far as the kernel lets it:
//! a network namespace of its own, which has no way out, and a filter that lets no socket be made or connected but those
//! a plugin serves by. Neither changes what the other holds, so both are tried, and what took hold is told.

use std::fs::File;
use std::path::Path;

use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags, capabilities, set_capabilities};

use super::filter;

/// What took hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Network {
    /// A namespace of its own; or why not.
    namespace: Result<(), String>,
    /// The filter; or why not.
    filter: Result<(), String>,
}

impl Network {
    /// Whether there is no way out.
    pub(super) fn is_closed(&self) -> bool {
        self.namespace.is_ok() || self.filter.is_ok()
    }

    /// In words.
    pub(super) fn told(&self) -> String {
        match (&self.namespace, &self.filter) {
            (Ok(()), Ok(())) => "the network by a namespace of its own".to_owned(),
            (Ok(()), Err(filter)) => format!(
                "the network by a namespace of its own; local sockets are open: no seccomp filter ({filter})"
            ),
            (Err(_), Ok(())) => "the network by seccomp".to_owned(),
            (Err(namespace), Err(filter)) => {
                format!("UDP is open: no network namespace ({namespace}), no seccomp filter ({filter})")
            }
        }
    }
}

/// Moves this process, which must have one thread only, into a network namespace of its own and gives up what it may
/// beyond reading files. The namespace's only interface is a loopback that is down.
pub(super) fn leave(program: &Path) -> Result<(), String> {
    let left = unshare(program);
    // root's right to read every user's files stays: plugins are built in folders of others, too. All else goes: raw
    // sockets, mounts, other namespaces.
    let keep = |set: CapabilitySet| set & CapabilitySet::DAC_OVERRIDE;
    if let Ok(now) = capabilities(None) {
        let fewer = CapabilitySets {
            effective: keep(now.effective),
            permitted: keep(now.permitted),
            inheritable: CapabilitySet::empty(),
        };
        // Who has none can't give up any.
        let _ = set_capabilities(None, fewer);
    }
    left
}

fn unshare(program: &Path) -> Result<(), String> {
    // Shared memory, semaphores and message queues reach other programs as well, and outlive who made them. A kernel
    // may have no namespaces for those; the filter holds them back too.
    let own = |more| {
        apart(more | UnshareFlags::NEWNET | UnshareFlags::NEWIPC)
            .or_else(|_| apart(more | UnshareFlags::NEWNET))
    };
    // Who may, needs no user namespace, and stays who they are.
    if own(UnshareFlags::empty()).is_ok() {
        return Ok(());
    }
    if !is_readable_for_anybody(program) {
        return Err("only root can read the program".to_owned());
    }
    let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    own(UnshareFlags::NEWUSER).map_err(|error| error.to_string())?;
    // Where the names can't be kept (AppArmor), the program is nobody, and may still do all it needs.
    let _ = write("/proc/self/setgroups", "deny");
    let _ = write("/proc/self/uid_map", &format!("{user} {user} 1"));
    let _ = write("/proc/self/gid_map", &format!("{group} {group} 1"));
    Ok(())
}

fn apart(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: unsafe for FILES alone, which can close another thread's files; no flag here does.
    #[allow(unsafe_code, reason = "rustix has no safe form for the flags that are")]
    unsafe {
        rustix::thread::unshare_unsafe(flags)
    }
}

fn write(path: &str, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    // In one write, as the kernel wants it; nothing is replaced here.
    std::fs::OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes())
}

/// Whether the program is readable without root's right to read everything, which ends with a user namespace.
fn is_readable_for_anybody(program: &Path) -> bool {
    let Ok(now) = capabilities(None) else { return true };
    let reads = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    if !now.effective.intersects(reads) {
        return true;
    }
    if set_capabilities(None, CapabilitySets { effective: now.effective - reads, ..now }).is_err() {
        return false;
    }
    let readable = File::open(program).is_ok();
    // What may be raised stays permitted, so this can't fail.
    set_capabilities(None, now).is_ok() && readable
}

/// Puts the filter in place, for good. `served` is whether it talks to a server that it starts itself.
pub(super) fn hold_back(namespace: Result<(), String>, served: filter::Server) -> Network {
    let filter = filter::install(served).map_err(|error| error.to_string());
    Network { namespace, filter }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_hold_is_told() {
        let no = |why: &str| Err(why.to_owned());
        let cases = [
            (Ok(()), Ok(()), true, "the network by a namespace of its own"),
            (
                Ok(()),
                no("b"),
                true,
                "the network by a namespace of its own; local sockets are open: no seccomp filter (b)",
            ),
            (no("a"), Ok(()), true, "the network by seccomp"),
            (no("a"), no("b"), false, "UDP is open: no network namespace (a), no seccomp filter (b)"),
        ];
        for (namespace, filter, closed, told) in cases {
            let network = Network { namespace, filter };
            assert_eq!((network.is_closed(), &*network.told()), (closed, told));
        }
    }
}
