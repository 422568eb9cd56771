//! Builds plugins for this machine and asks them what they are. What is up to date isn't compiled again.

use super::Answer;
use crate::model::failure::Failure;
use crate::phase::build::{self, BuildState};
use crate::phase::{Run, interrogate, stop_if_interrupted};

/// What was learned of a plugin.
pub struct Told {
    /// `connector/slack`.
    pub place: String,
    /// What it declares, or the rule it breaks.
    pub answer: Answer,
    /// Folders of this machine that its binary names.
    pub places: Vec<String>,
}

/// What each unit of the plan declares, by the plugin's place. A plugin that doesn't compile or doesn't answer has
/// the rule it breaks.
///
/// # Errors
/// When nothing can go on, or the user interrupts.
pub fn learn(run: &Run<'_>) -> Result<Vec<Told>, Failure> {
    let built = build::build(run)?;
    stop_if_interrupted()?;
    let every: Vec<usize> = (0..run.plan.units.len()).collect();
    let mut answers = interrogate::hear(run, &built.states, &every);
    stop_if_interrupted()?;
    let one = |(at, state): (usize, &BuildState)| {
        let plugin = crate::phase::plan::plugin_of(&run.plan.units[at], run.project);
        let places = match state {
            BuildState::Ready { receipt, .. } => receipt.places.clone(),
            _ => Vec::new(),
        };
        let answer = match state {
            BuildState::Failed { failure, .. } => Err(("does-not-build", failure.clone())),
            BuildState::NotTried { .. } => return None,
            BuildState::Ready { .. } => answers.remove(&at)?.map_err(|failure| ("does-not-answer", failure)),
        };
        Some(Told { place: plugin.place.clone(), answer, places })
    };
    Ok(built.states.iter().enumerate().filter_map(one).collect())
}
