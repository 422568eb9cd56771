//! Ctrl-C: remembers that the user wants to stop and ends the children, so that the run can unwind in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

static REQUESTS: AtomicUsize = AtomicUsize::new(0);
static CHILDREN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
static ACTIONS: Mutex<BTreeMap<usize, Action>> = Mutex::new(BTreeMap::new());
static NEXT_ACTION: AtomicUsize = AtomicUsize::new(0);

type Action = Box<dyn Fn() + Send>;

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
        if let Ok(actions) = ACTIONS.lock() {
            actions.values().for_each(|action| action());
        }
    });
}

/// Whether the user asked to stop.
#[must_use]
pub fn requested() -> bool {
    REQUESTS.load(Ordering::SeqCst) > 0
}

/// Something to do when the user asks to stop, such as cutting connections; forgotten when dropped. It must not
/// register or drop another.
pub(super) struct OnRequest(usize);

impl OnRequest {
    pub(super) fn new(action: impl Fn() + Send + 'static) -> OnRequest {
        let number = NEXT_ACTION.fetch_add(1, Ordering::SeqCst);
        if let Ok(mut actions) = ACTIONS.lock() {
            let action = actions.entry(number).or_insert(Box::new(action));
            // The request may have come just before.
            if requested() {
                action();
            }
        }
        OnRequest(number)
    }
}

impl Drop for OnRequest {
    fn drop(&mut self) {
        if let Ok(mut actions) = ACTIONS.lock() {
            actions.remove(&self.0);
        }
    }
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
