//! Ctrl-C: remembers that the user wants to stop and ends the children, so that the run can unwind in order.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

static REQUESTS: AtomicUsize = AtomicUsize::new(0);
static CHILDREN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Starts listening for Ctrl-C, SIGTERM and SIGHUP. The first ends the children and lets the run unwind; the third
/// ends wick at once, for a user who has lost patience.
pub fn listen() {
    // A second handler (tests, embedding) is not worth failing for: the default action still ends the process.
    let _ = ctrlc::set_handler(|| {
        let before = REQUESTS.fetch_add(1, Ordering::SeqCst);
        if before >= 2 {
            std::process::exit(130);
        }
        let children = CHILDREN.lock().map(|set| set.clone()).unwrap_or_default();
        for child in children {
            super::group::end_group(child, before == 0);
        }
    });
}

/// Whether the user asked to stop.
#[must_use]
pub fn requested() -> bool {
    REQUESTS.load(Ordering::SeqCst) > 0
}

/// Keeps a child's group on the list of those to end, until dropped.
pub(super) struct Registered(u32);

impl Registered {
    pub(super) fn new(pid: u32) -> Registered {
        if let Ok(mut set) = CHILDREN.lock() {
            set.insert(pid);
        }
        // The request may have come between the spawn and the line above.
        if requested() {
            super::group::end_group(pid, true);
        }
        Registered(pid)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Ok(mut set) = CHILDREN.lock() {
            set.remove(&self.0);
        }
    }
}
