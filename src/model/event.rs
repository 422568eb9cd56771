//! What a run tells while it goes: history as values. `cli/render` turns it into bars, lines or nothing.

use std::time::Duration;

/// One moment of a run.
#[derive(Clone, Debug)]
pub enum Event {
    /// A phase begins with so many steps.
    Phase {
        /// Its name: `build`, `interrogate`, `package`.
        name: &'static str,
        /// How many steps it has.
        steps: usize,
    },
    /// A step begins.
    Started {
        /// What is worked on.
        label: String,
    },
    /// A step that moves bytes got so far.
    Moved {
        /// What is worked on.
        label: String,
        /// Bytes that are through.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A step is over.
    Finished {
        /// What was worked on.
        label: String,
        /// How it went.
        outcome: StepOutcome,
        /// How long it took.
        elapsed: Duration,
    },
    /// The phase is over.
    PhaseDone,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// Done.
    Done(String),
    /// It failed; details follow in the report.
    Failed,
}

/// Takes events; called from many threads.
pub type Listener<'a> = &'a (dyn Fn(Event) + Sync);
