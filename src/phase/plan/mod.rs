//! Plan: decides everything before anything is done. Pure, but for `tools`, `links` and `changed`, which read the facts.

pub mod changed;
pub mod emulators;
pub mod links;
pub mod names;
pub mod tools;
pub mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::model::failure::{Explain, FailureKind};
use crate::model::package::PackageName;
use crate::model::plan::{Generate, PLAN_SCHEMA, Plan, Role, Route, Step, Unit};
use crate::model::project::{Language, Plugin, Project, Targets};
use crate::model::target::Target;
use crate::model::tools::{Missing, Tools};
use crate::toolchain::{self, Foreign, Order};

/// Which targets are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetChoice {
    /// These.
    Named(Vec<Target>),
    /// All that a complete release has.
    All,
    /// What wick.toml says, else this machine.
    Default,
}

/// What a build is to be like.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Which targets.
    pub targets: TargetChoice,
    /// The output folder, absolute.
    pub output: PathBuf,
    /// File times in archives, seconds since 1970.
    pub epoch: u64,
    /// How many steps at once.
    pub jobs: usize,
}

/// A build that can't be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Tools or targets are missing.
    #[error("this machine can't build everything that was asked for; missing: {}", list(.0))]
    Missing(Vec<Missing>),
    /// The same commit would give other bytes here than elsewhere.
    #[error("settings of this machine would decide what is built: {}", told(.0))]
    Foreign(Vec<Foreign>),
    /// wick has no name for this machine.
    #[error("wick doesn't know this machine's target, so it can't be the default")]
    UnknownMachine,
    /// Names that packages can't have.
    #[error("{}", .0.join("; "))]
    Names(Vec<String>),
    /// Nothing selected.
    #[error("no plugin is selected")]
    Nothing,
}

fn list(missing: &[Missing]) -> String {
    missing.iter().map(|m| m.what.as_str()).collect::<Vec<_>>().join("; ")
}

fn told(foreign: &[Foreign]) -> String {
    foreign.iter().map(|one| one.what.as_str()).collect::<Vec<_>>().join("; ")
}

impl Explain for PlanError {
    fn kind(&self) -> FailureKind {
        match self {
            PlanError::Missing(_) => FailureKind::Missing,
            PlanError::Names(_) | PlanError::Foreign(_) => FailureKind::Project,
            _ => FailureKind::Usage,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            PlanError::Missing(missing) => {
                let mut hints: Vec<String> = missing.iter().map(|m| m.install.clone()).collect();
                hints.dedup();
                hints
            }
            PlanError::Foreign(foreign) => {
                let mut hints: Vec<String> = foreign.iter().map(|one| one.hint.clone()).collect();
                hints.dedup();
                hints
            }
            PlanError::UnknownMachine => {
                vec!["name targets with --target, for example --target linux/arm64".to_owned()]
            }
            PlanError::Names(_) => vec!["give it another name that its targets can have".to_owned()],
            PlanError::Nothing => vec!["name a plugin, or use --all-plugins".to_owned()],
        }
    }
}

/// The targets that this choice means for a plugin.
///
/// # Errors
/// When this machine is meant and has no name.
pub fn targets_of(plugin: &Plugin, choice: &TargetChoice) -> Result<Vec<Target>, PlanError> {
    match (choice, &plugin.targets) {
        (TargetChoice::Named(targets), _) => Ok(targets.clone()),
        (TargetChoice::All, targets) => Ok(targets.complete().to_vec()),
        (TargetChoice::Default, Targets::Configured(targets)) => Ok(targets.clone()),
        (TargetChoice::Default, Targets::Contract) => {
            Target::this_machine().map(|this| vec![this]).ok_or(PlanError::UnknownMachine)
        }
    }
}

/// Decides units, routes and compiler runs.
///
/// # Errors
/// When nothing is selected or something is missing: all of it is named, before anything is built.
pub fn plan(
    project: &Project,
    wish: &Wish,
    tools: &Tools,
    environment: &BTreeMap<String, String>,
) -> Result<Plan, PlanError> {
    if project.plugins.is_empty() {
        return Err(PlanError::Nothing);
    }
    let (mut units, mut refused) = (Vec::new(), Vec::new());
    for plugin in &project.plugins {
        let targets = targets_of(plugin, &wish.targets)?;
        let why = names::refusals(plugin, &targets).into_iter();
        refused.extend(why.map(|why| format!("{}: {why}", plugin.place)));
        units.extend(targets.into_iter().map(|target| unit(plugin, target, &wish.output, tools)));
    }
    if !refused.is_empty() {
        return Err(PlanError::Names(refused));
    }
    add_helpers(&mut units, project, wish, tools);
    check_tools(&units, project, tools)?;
    check_settings(&units, project, tools, environment)?;
    let scratch = wish.output.join(".wick/tmp/run");
    let all: Vec<usize> = (0..units.len()).collect();
    let steps = steps(&units, &all, project, tools, environment, &scratch, wish.jobs);
    Ok(Plan {
        schema: PLAN_SCHEMA,
        root: project.root.clone(),
        output: wish.output.clone(),
        epoch: wish.epoch,
        jobs: wish.jobs,
        generate: generators(project),
        units,
        steps,
    })
}

fn generators(project: &Project) -> Vec<Generate> {
    let of = |plugin: &Plugin| Generate {
        plugin: plugin.key.clone(),
        kind: plugin.kind,
        commands: super::generate::commands(plugin),
    };
    project.plugins.iter().map(of).filter(|one| !one.commands.is_empty()).collect()
}

fn unit(plugin: &Plugin, target: Target, output: &Path, tools: &Tools) -> Unit {
    let name = PackageName { key: plugin.key.clone(), version: plugin.version.clone(), target };
    let entry = format!("{}{}", plugin.key, target.exe_suffix());
    let route = if tools.this_machine == Some(target) {
        Route::Execute
    } else if let Some(emulator) = tools.emulators.get(&target) {
        Route::Emulate(emulator.name.clone())
    } else {
        Route::Section
    };
    Unit {
        plugin: plugin.key.clone(),
        kind: plugin.kind,
        version: plugin.version.clone(),
        target,
        language: plugin.language(),
        binary: output.join(".wick/build").join(target.dashed()).join(plugin.kind.as_str()).join(&entry),
        entry,
        role: Role::Package(name.to_string()),
        route,
    }
}

/// Go binaries carry no manifest section, so what can't run here asks a build of the same sources that can:
/// this machine's own package when it is among the units, else one helper per plugin.
fn add_helpers(units: &mut Vec<Unit>, project: &Project, wish: &Wish, tools: &Tools) {
    let Some(this) = tools.this_machine else { return };
    for plugin in project.plugins.iter().filter(|plugin| plugin.language() == Language::Go) {
        let ours = |unit: &Unit| unit.plugin == plugin.key && unit.kind == plugin.kind;
        let mute: Vec<usize> =
            (0..units.len()).filter(|at| ours(&units[*at]) && units[*at].route == Route::Section).collect();
        if mute.is_empty() {
            continue;
        }
        let speaker = units.iter().position(|unit| ours(unit) && unit.target == this).unwrap_or_else(|| {
            let helper = unit(plugin, this, &wish.output, tools);
            units.push(Unit { role: Role::Helper, ..helper });
            units.len() - 1
        });
        for at in mute {
            units[at].route = Route::SameSource(speaker);
        }
    }
}

fn check_tools(units: &[Unit], project: &Project, tools: &Tools) -> Result<(), PlanError> {
    let mut missing: BTreeMap<Missing, BTreeSet<String>> = BTreeMap::new();
    for unit in units {
        let plugin = plugin_of(unit, project);
        if let Err(lacking) = toolchain::of(unit.language).ability(tools, Some(plugin), unit.target) {
            for one in lacking {
                missing.entry(one).or_default().insert(unit.target.to_string());
            }
        }
    }
    if missing.is_empty() {
        return if tools.too_old.is_empty() {
            Ok(())
        } else {
            Err(PlanError::Missing(tools.too_old.clone()))
        };
    }
    let named = missing.into_iter().map(|(one, targets)| Missing {
        what: format!("{} (for {})", one.what, targets.into_iter().collect::<Vec<_>>().join(", ")),
        install: one.install,
    });
    Err(PlanError::Missing(named.chain(tools.too_old.iter().cloned()).collect()))
}

fn check_settings(
    units: &[Unit],
    project: &Project,
    tools: &Tools,
    environment: &BTreeMap<String, String>,
) -> Result<(), PlanError> {
    let order = Order { tools, environment, units: &[], scratch: Path::new(""), cpus: tools.cpus };
    let of =
        |unit: &Unit| toolchain::of(unit.language).foreign(&order, plugin_of(unit, project), unit.target);
    let found: BTreeSet<Foreign> = units.iter().flat_map(of).collect();
    if found.is_empty() { Ok(()) } else { Err(PlanError::Foreign(found.into_iter().collect())) }
}

/// The plugin that a unit belongs to.
#[must_use]
pub fn plugin_of<'a>(unit: &Unit, project: &'a Project) -> &'a Plugin {
    let ours = |plugin: &&Plugin| plugin.key == unit.plugin && plugin.kind == unit.kind;
    project.plugins.iter().find(ours).expect("units are made from the project's plugins")
}

/// The compiler runs for some of the units, in unit order.
#[must_use]
pub fn steps(
    units: &[Unit],
    wanted: &[usize],
    project: &Project,
    tools: &Tools,
    environment: &BTreeMap<String, String>,
    scratch: &Path,
    jobs: usize,
) -> Vec<Step> {
    let mut groups: Vec<(Language, Target)> = Vec::new();
    for at in wanted {
        let group = (units[*at].language, units[*at].target);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let make = |cpus: &dyn Fn(Language) -> usize| -> Vec<Step> {
        let of = |(language, target): &(Language, Target)| {
            let cpus = cpus(*language).max(1);
            let members: Vec<(usize, &Unit, &Plugin)> = wanted
                .iter()
                .filter(|at| (units[**at].language, units[**at].target) == (*language, *target))
                .map(|at| (*at, &units[*at], plugin_of(&units[*at], project)))
                .collect();
            let order = Order { tools, environment, units: &members, scratch, cpus };
            toolchain::of(*language).steps(&order)
        };
        groups.iter().flat_map(of).collect()
    };
    // Steps that run at the same time share the CPUs. Those that lock a folder take turns and outlast the others, so
    // each has all that no other such step has.
    let once = make(&|_| 1);
    let folders = once.iter().filter_map(|step| step.locks.as_ref()).collect::<BTreeSet<_>>().len();
    let free = once.iter().filter(|step| step.locks.is_none()).count();
    let share = |steps: usize| tools.cpus / steps.clamp(1, jobs.max(1));
    let locks = |language| once.iter().any(|step| step.language == language && step.locks.is_some());
    make(&|language| share(if locks(language) { folders } else { folders + free }))
}
