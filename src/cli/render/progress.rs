//! A run while it goes: a bar per phase on a terminal, a line per finished step elsewhere.

use std::io::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{ERROR, GOOD, bytes};
use crate::model::event::{Event, StepOutcome};

/// Shows events; one at a time, from any thread.
pub(in crate::cli) struct Progress {
    terminal: bool,
    quiet: bool,
    verbose: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    phase: &'static str,
    active: Vec<Active>,
}

/// A step that runs.
struct Active {
    label: String,
    moved: Option<(u64, u64)>,
}

impl Progress {
    pub(super) fn new(terminal: bool, quiet: bool, verbose: bool) -> Progress {
        Progress { terminal, quiet, verbose, state: Mutex::default() }
    }

    pub(in crate::cli) fn on(&self, event: Event) {
        if self.quiet {
            return;
        }
        let Ok(mut state) = self.state.lock() else { return };
        match event {
            Event::Phase { name, steps } => {
                state.phase = name;
                state.bar = self.terminal.then(|| bar(name, steps));
            }
            Event::Started { label } => {
                state.active.push(Active { label, moved: None });
                state.show();
            }
            Event::Moved { label, done, total } => {
                if let Some(active) = state.active.iter_mut().find(|active| active.label == label) {
                    active.moved = Some((done, total));
                    state.show();
                }
            }
            Event::Finished { label, outcome, elapsed } => {
                state.active.retain(|active| active.label != label);
                if let Some(bar) = &state.bar {
                    bar.inc(1);
                }
                state.show();
                if !self.terminal || self.verbose || outcome == StepOutcome::Failed {
                    state.line(&label, &outcome, elapsed);
                }
            }
            Event::PhaseDone => {
                if let Some(bar) = state.bar.take() {
                    bar.finish_and_clear();
                }
                state.active.clear();
            }
        }
    }

    /// Clears what is still drawn.
    pub(in crate::cli) fn finish(&self) {
        if let Ok(mut state) = self.state.lock()
            && let Some(bar) = state.bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

impl State {
    fn show(&self) {
        if let Some(bar) = &self.bar {
            let one = |active: &Active| match active.moved {
                None => active.label.clone(),
                Some((done, total)) => format!("{} {} of {}", active.label, bytes(done), bytes(total)),
            };
            bar.set_message(self.active.iter().map(one).collect::<Vec<_>>().join(" · "));
        }
    }

    fn line(&self, label: &str, outcome: &StepOutcome, elapsed: Duration) {
        let time = format!("{:.1} s", elapsed.as_secs_f64());
        let line = match outcome {
            StepOutcome::Done(detail) if detail.is_empty() => {
                format!("{GOOD}{:>12}{GOOD:#} {label} ({time})", self.phase)
            }
            StepOutcome::Done(detail) => {
                format!("{GOOD}{:>12}{GOOD:#} {label}: {detail} ({time})", self.phase)
            }
            StepOutcome::Failed => format!("{ERROR}{:>12}{ERROR:#} {label} failed ({time})", self.phase),
        };
        self.print(&line);
    }

    fn print(&self, line: &str) {
        let print = || {
            let _ = writeln!(anstream::stderr(), "{line}");
        };
        // Without the bar out of the way the line would be drawn into it.
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

fn bar(name: &'static str, steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>12.bold} [{bar:24}] {pos}/{len} {elapsed} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
    bar.set_style(style);
    bar.set_prefix(name);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
