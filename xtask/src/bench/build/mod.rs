//! What a build costs: ours, the bare compiler commands it needs, and the reference tool's way of doing it.
//! Three situations: with empty caches, with nothing changed, after one line of one plugin changed.

mod bare;
mod copy;
mod reference;

use super::measure::{Cost, measured, median};
use super::table::{self, Goal, Row};
use super::{Options, scratch};
use crate::Result;
use crate::command::Cmd;
use bare::Bare;
use copy::Copy;
use reference::Reference;

const WICK: &str = "wick";
const BARE: &str = "bare";
const BARE_ZIPPED: &str = "bare + zip";
const REFERENCE: &str = "reference";

const COLD: &str = "cold";
const SAME: &str = "same";
const EDIT: &str = "edit";

/// What the issue set as limits.
const GOALS: &[Goal] = &[
    Goal { situation: COLD, way: WICK, against: REFERENCE, at_most: Some(0.65) },
    Goal { situation: COLD, way: WICK, against: BARE, at_most: None },
    Goal { situation: SAME, way: WICK, against: REFERENCE, at_most: Some(0.02) },
    Goal { situation: EDIT, way: WICK, against: REFERENCE, at_most: Some(0.35) },
    Goal { situation: EDIT, way: WICK, against: BARE_ZIPPED, at_most: Some(1.05) },
    Goal { situation: EDIT, way: WICK, against: BARE, at_most: None },
];

/// Which plugins a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    All,
    /// The one that was edited: neither side may shine by what it skips or repeats of the others.
    Edited,
}

/// One way of building: does it, and says what each of its rows cost.
trait Way {
    fn copy(&self) -> &Copy;
    fn build(&self, scope: Scope) -> Result<Vec<(&'static str, Cost, String)>>;
}

/// What is built.
struct Subject {
    /// Keys; none for all.
    plugins: Option<Vec<String>>,
    /// `os/arch`.
    targets: Vec<String>,
    /// The file that gets another line, relative to the repository.
    edited: String,
    jobs: usize,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let subject = Subject::of(options)?;
    let wick = options.wick()?;
    let folder = scratch("build")?;
    let copies = [WICK, "bare", "reference"].map(|name| Copy::make(&folder.join(name)));
    let [for_wick, for_bare, for_reference] = copies;
    let ours = Wick { program: wick.clone(), copy: for_wick?, subject: &subject };
    ours.copy.fetch()?;
    let bare = Bare::new(&wick, for_bare?, &subject)?;
    let reference = Reference::new(for_reference?, &subject)?;
    let ways: [&dyn Way; 3] = [&ours, &bare, &reference];

    let mut rows = Vec::new();
    let only = options.only.as_deref().unwrap_or("cold,same,edit");
    let wanted = |situation: &str| only.split(',').any(|word| word == situation);
    let (rounds, cold_rounds) =
        (options.rounds.unwrap_or(if options.smoke { 1 } else { 3 }), options.cold_rounds.unwrap_or(1));
    if wanted(COLD) {
        rows.extend(situation(options, COLD, cold_rounds, &ways, Scope::All, |copy, _| copy.forget())?);
    } else {
        options.say("filling caches");
        ways.iter().try_for_each(|way| way.build(Scope::All).map(drop))?;
    }
    if wanted(SAME) {
        rows.extend(situation(options, SAME, rounds, &ways, Scope::All, |_, _| Ok(()))?);
    }
    if wanted(EDIT) {
        // Once before it counts: single plugins may be built with other commands than all of them.
        let edit = |copy: &Copy, round| copy.edit(&subject.edited, round);
        situation(options, "warm up", 1, &ways, Scope::Edited, |copy, _| edit(copy, usize::MAX))?;
        rows.extend(situation(options, EDIT, rounds, &ways, Scope::Edited, edit)?);
    }
    table::print("build", options, &rows, GOALS);
    Ok(())
}

/// Runs every way `rounds` times, in another order each round; the medians. Ours comes first in the first round: when
/// there is only one, what the disk costs is ours.
fn situation(
    options: &Options,
    name: &'static str,
    rounds: usize,
    ways: &[&dyn Way],
    scope: Scope,
    prepare: impl Fn(&Copy, usize) -> Result<()>,
) -> Result<Vec<Row>> {
    let mut found: Vec<(&'static str, Vec<Cost>, String)> = Vec::new();
    for round in 0..rounds {
        for index in 0..ways.len() {
            let way = ways[(index + round) % ways.len()];
            prepare(way.copy(), round)?;
            for (row, cost, note) in way.build(scope)? {
                options.say(&format!("{name} {}/{rounds}: {row} {:.2} s  {note}", round + 1, cost.wall));
                match found.iter_mut().find(|(name, ..)| *name == row) {
                    Some((_, costs, last)) => {
                        costs.push(cost);
                        *last = note;
                    }
                    None => found.push((row, vec![cost], note)),
                }
            }
        }
    }
    let rows =
        found.into_iter().map(|(way, costs, note)| Row { situation: name, way, cost: median(&costs), note });
    Ok(rows.collect())
}

/// Ours, as a user types it.
struct Wick<'a> {
    program: String,
    copy: Copy,
    subject: &'a Subject,
}

impl Way for Wick<'_> {
    fn copy(&self) -> &Copy {
        &self.copy
    }

    fn build(&self, scope: Scope) -> Result<Vec<(&'static str, Cost, String)>> {
        let cmd = self.subject.wick(&self.program, &self.copy, scope);
        let (text, cost) = measured(|| cmd.output())?;
        let report: serde_json::Value = serde_json::from_str(&text)
            .map_err(|error| format!("read the report of `{}`: {error}", cmd.shown()))?;
        if report["complete"] != true {
            return Err(format!("`{}` made less than everything:\n{text}", cmd.shown()));
        }
        let packages = report["packages"].as_array().map_or(0, Vec::len);
        let note = format!("{} compilers started, {packages} packages", report["compiler_runs"]);
        Ok(vec![(WICK, cost, note)])
    }
}

impl Subject {
    fn of(options: &Options) -> Result<Subject> {
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let mut plugins = options.plugins.as_deref().map(list);
        let mut targets = list(options.targets.as_deref().unwrap_or(reference::ALL_TARGETS));
        if options.smoke {
            plugins.get_or_insert_with(|| vec!["weather".to_owned()]);
            targets = vec![reference::this_machine()];
        }
        let edited = match &options.edit {
            Some(file) => file.clone(),
            None => {
                let first =
                    plugins.as_ref().and_then(|keys| keys.first()).map_or("statuspage", String::as_str);
                copy::main_file(first)?
            }
        };
        let cpus = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Subject { plugins, targets, edited, jobs: options.jobs.unwrap_or_else(cpus) })
    }

    /// The key of the plugin that the edited file belongs to: its second folder.
    fn edited_plugin(&self) -> &str {
        self.edited.split('/').nth(1).unwrap_or(&self.edited)
    }

    fn includes(&self, key: &str, scope: Scope) -> bool {
        match scope {
            Scope::Edited => key == self.edited_plugin(),
            Scope::All => self.plugins.as_ref().is_none_or(|keys| keys.iter().any(|wanted| wanted == key)),
        }
    }

    /// `wick plugin build …` in a copy.
    fn wick(&self, program: &str, copy: &Copy, scope: Scope) -> Cmd {
        let cmd = Cmd::new(program).args(["plugin", "build"]);
        let cmd = match (scope, &self.plugins) {
            (Scope::Edited, _) => cmd.args([self.edited_plugin()]),
            (Scope::All, Some(keys)) => cmd.args(keys),
            (Scope::All, None) => cmd.args(["--all-plugins"]),
        };
        let cmd = match self.targets.join(",") {
            all if all == reference::ALL_TARGETS => cmd.args(["--all"]),
            some => cmd.args(["--target".to_owned(), some]),
        };
        let (dir, out) = (copy.repo().display().to_string(), copy.out().display().to_string());
        let cmd = cmd.args(["--dir".to_owned(), dir, "-o".to_owned(), out]);
        copy.with_caches(cmd.args([
            "-j".to_owned(),
            self.jobs.to_string(),
            "--format".to_owned(),
            "json".to_owned(),
        ]))
    }
}
