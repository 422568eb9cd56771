//! The one loop of every phase: independent steps, at most so many at once, told about as they go.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use crate::model::event::{Event, Listener, StepOutcome};
use crate::model::failure::{Failure, FailureKind};
use crate::sys::interrupt;

/// Whether a phase goes on after a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Steps that run are finished; no new one begins.
    Stop,
    /// Every step is tried.
    KeepGoing,
}

/// Runs `step` for every item, at most `jobs` at once. The results are in the items' order; nothing where a step
/// was not tried.
pub fn each<I: Sync, T: Send>(
    name: &'static str,
    items: &[I],
    jobs: usize,
    on_failure: OnFailure,
    listener: Listener<'_>,
    label: impl Fn(&I) -> String + Sync,
    step: impl Fn(&I) -> (T, StepOutcome) + Sync,
) -> Vec<Option<T>> {
    if items.is_empty() {
        return Vec::new();
    }
    listener(Event::Phase { name, steps: items.len() });
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let results: Vec<Mutex<Option<T>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while !stop.load(Ordering::SeqCst) && !interrupt::requested() {
            let at = next.fetch_add(1, Ordering::SeqCst);
            let Some(item) = items.get(at) else { break };
            let label = label(item);
            listener(Event::Started { label: label.clone() });
            let began = Instant::now();
            let (result, outcome) = step(item);
            if outcome == StepOutcome::Failed && on_failure == OnFailure::Stop {
                stop.store(true, Ordering::SeqCst);
            }
            // What the user stopped has not failed.
            if outcome != StepOutcome::Failed || !interrupt::requested() {
                listener(Event::Finished { label, outcome, elapsed: began.elapsed() });
            }
            if let Ok(mut slot) = results[at].lock() {
                *slot = Some(result);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.min(items.len()).max(1) {
            scope.spawn(work);
        }
        work();
    });
    listener(Event::PhaseDone);
    results.into_iter().map(|slot| slot.into_inner().unwrap_or(None)).collect()
}

/// How a step went, by its result.
pub fn outcome<T>(result: &Result<T, Failure>, detail: impl FnOnce(&T) -> String) -> StepOutcome {
    match result {
        Ok(value) => StepOutcome::Done(detail(value)),
        Err(_) => StepOutcome::Failed,
    }
}

/// The failure of a run that the user stopped.
#[must_use]
pub fn interrupted() -> Failure {
    Failure::new(
        FailureKind::Interrupted,
        "interrupted; what was finished is kept, and the next run goes on from there",
    )
}
