//! Which commit a package's sources are from: learned once per run, kept in the receipt, part of no package's bytes.

use std::path::Path;

use super::Standing;
use crate::model::failure::Failure;
use crate::model::finding::Finding;
use crate::model::plan::Route;
use crate::model::receipt::{Input, SourceState};
use crate::model::source::{Uncommitted, Why};
use crate::phase::build::BuildState;
use crate::phase::committed::Committed;
use crate::phase::{Run, plan};
use crate::sys::git::{Checkout, Repository};
use crate::toolchain::{self, Order};

/// What a project has checked out; nothing outside a git repository. Who has no git can build, and where git can't tell
/// the packages know no commit: a finding says so. What needs the commit fails then.
///
/// # Errors
/// When the user interrupts.
pub fn head(root: &Path) -> Result<(Option<Checkout>, Option<Finding>), Failure> {
    match Repository::of(root)?.checkout() {
        Ok(checkout) => Ok((checkout, None)),
        Err(error) => {
            let failure = Failure::from(error);
            let message = format!("what is built here is of no commit: {}", failure.message);
            let finding = Finding::warning("commit-unknown", message);
            Ok((None, Some(failure.hints.into_iter().fold(finding, Finding::hint))))
        }
    }
}

/// Where a unit's sources are from, by what its build read, and the build that speaks for it.
pub(super) fn state(
    run: &Run<'_>,
    states: &[BuildState],
    at: usize,
    committed: Option<&Committed<'_>>,
) -> Option<SourceState> {
    let unit = &run.plan.units[at];
    let inputs = |at: usize| match &states[at] {
        BuildState::Ready { receipt, .. } => receipt.inputs.as_slice(),
        _ => &[],
    };
    let mut all: Vec<&Input> = inputs(at).iter().collect();
    // The manifest in the package is the speaker's.
    if let (Route::SameSource(speaker), false) = (&unit.route, all.is_empty()) {
        let more = inputs(*speaker).iter().filter(|input| !all.contains(input));
        all.extend(more.collect::<Vec<_>>());
    }
    let plugin = plan::plugin_of(unit, run.project);
    let mut state = committed?.state(plugin, &all);
    // Whatever is listed, it isn't all.
    let order =
        Order { units: &[], scratch: Path::new(""), tools: run.tools, environment: run.environment, cpus: 1 };
    if toolchain::of(unit.language).untraceable(&order, plugin).is_some() {
        state.uncommitted.push(Uncommitted { path: plugin.place.clone(), why: Why::Unlisted });
        state = SourceState::of(state.commit, state.uncommitted);
    }
    Some(state)
}

/// Brings the receipts of up-to-date packages to the commit that is checked out now. The packages stay untouched.
///
/// # Errors
/// When a receipt can't be written.
pub fn refresh(
    run: &Run<'_>,
    states: &[BuildState],
    standings: &mut [Standing],
    committed: Option<&Committed<'_>>,
) -> Result<(), Failure> {
    for (at, standing) in standings.iter_mut().enumerate() {
        let (Standing::UpToDate(package), BuildState::Ready { .. }) = (standing, &states[at]) else {
            continue;
        };
        let now = state(run, states, at, committed);
        if package.source != now {
            package.source = now;
            run.store.keep_package(run.store.output(), &run.plan.units[at], package)?;
        }
    }
    Ok(())
}
