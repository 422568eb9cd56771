//! The one loop of every phase: independent steps, at most so many at once, told about as they go.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

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
    each_with_locks(name, items, jobs, on_failure, listener, label, |_| None, step)
}

/// [`each`], for steps some of which lock a folder: of those with the same one, one runs at a time, and they begin
/// first, as they take the longest to get through.
#[expect(clippy::too_many_arguments, reason = "each of them is another part of the loop")]
pub fn each_with_locks<I: Sync, T: Send>(
    name: &'static str,
    items: &[I],
    jobs: usize,
    on_failure: OnFailure,
    listener: Listener<'_>,
    label: impl Fn(&I) -> String + Sync,
    locks: impl Fn(&I) -> Option<&Path>,
    step: impl Fn(&I) -> (T, StepOutcome) + Sync,
) -> Vec<Option<T>> {
    if items.is_empty() {
        return Vec::new();
    }
    listener(Event::Phase { name, steps: items.len() });
    let queue = Queue::new(items.iter().map(locks));
    let stop = AtomicBool::new(false);
    let results: Vec<Mutex<Option<T>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        let over = || stop.load(Ordering::SeqCst) || interrupt::requested();
        while !over() {
            let Some(turn) = queue.next() else { break };
            // The wait for a folder may have been long.
            if over() {
                break;
            }
            let item = &items[turn.at];
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
            if let Ok(mut slot) = results[turn.at].lock() {
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

/// The steps that wait, and the folders that running ones lock.
struct Queue {
    state: Mutex<QueueState>,
    freed: Condvar,
}

struct QueueState {
    waiting: VecDeque<Waiting>,
    locked: Vec<PathBuf>,
}

struct Waiting {
    at: usize,
    lock: Option<PathBuf>,
}

/// A step that may run now; its folder is free again when this is dropped, however the step ended.
struct Turn<'a> {
    at: usize,
    lock: Option<PathBuf>,
    queue: &'a Queue,
}

impl Queue {
    fn new<'a>(locks: impl Iterator<Item = Option<&'a Path>>) -> Self {
        let waiting = locks.enumerate().map(|(at, lock)| Waiting { at, lock: lock.map(Path::to_owned) });
        let (first, rest): (Vec<_>, Vec<_>) = waiting.partition(|step| step.lock.is_some());
        let waiting = first.into_iter().chain(rest).collect();
        Self { state: Mutex::new(QueueState { waiting, locked: Vec::new() }), freed: Condvar::new() }
    }

    /// The next step whose folder is free, waiting for one where needed; nothing when none is left.
    fn next(&self) -> Option<Turn<'_>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let QueueState { waiting, locked } = &mut *state;
            if waiting.is_empty() {
                return None;
            }
            let is_free = |step: &Waiting| step.lock.as_ref().is_none_or(|lock| !locked.contains(lock));
            let free = waiting.iter().position(is_free);
            if let Some(Waiting { at, lock }) = free.and_then(|place| waiting.remove(place)) {
                locked.extend(lock.clone());
                return Some(Turn { at, lock, queue: self });
            }
            // A limit, should ever nobody tell that it is free: then it is looked again.
            let waited = self.freed.wait_timeout(state, Duration::from_secs(1));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.locked.retain(|folder| self.lock.as_ref() != Some(folder));
        self.queue.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_lock_the_same_folder_take_turns() {
        let queue = Queue::new([Some(Path::new("a")), Some(Path::new("a")), None].into_iter());
        let (first, free) = (queue.next().unwrap(), queue.next().unwrap());
        assert_eq!((first.at, free.at), (0, 2), "the second has to wait, the third has not");
        std::thread::scope(|scope| {
            let second = scope.spawn(|| queue.next().map(|turn| turn.at));
            assert!(!second.is_finished());
            drop(first);
            assert_eq!(second.join().unwrap(), Some(1));
        });
    }

    #[test]
    fn results_are_in_the_items_order() {
        let locks = [None, Some("a"), None, Some("a"), Some("b"), Some("a")];
        let done = each_with_locks(
            "test",
            &locks,
            3,
            OnFailure::KeepGoing,
            &|_| {},
            |_| String::new(),
            |lock| lock.map(Path::new),
            |lock| (*lock, StepOutcome::Done(String::new())),
        );
        assert_eq!(done, locks.map(Some));
    }

    #[test]
    fn a_step_that_fails_hard_leaves_its_folder_free() {
        let queue = Queue::new([Some(Path::new("a")), Some(Path::new("a"))].into_iter());
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _turn = queue.next();
            panic!("of the step");
        }));
        assert!(caught.is_err());
        assert_eq!(queue.next().map(|turn| turn.at), Some(1));
        assert!(queue.next().is_none());
    }

    #[test]
    fn steps_that_lock_begin_first() {
        let queue = Queue::new([None, Some(Path::new("a")), None, Some(Path::new("b"))].into_iter());
        let turns: Vec<_> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(turns.iter().map(|turn| turn.at).collect::<Vec<_>>(), [1, 3, 0, 2]);
    }
}
