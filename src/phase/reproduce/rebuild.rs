//! The build of a checked-out tag: the list of `phase`, in a folder of its own, without a key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::published::Shelf;
use super::toolchains::{self, Chosen, Recorded};
use super::{Request, stop_if_interrupted};
use crate::model::failure::{Failure, FailureKind};
use crate::model::names::PluginKind;
use crate::model::project::{Language, Project, Source};
use crate::model::receipt::Origin;
use crate::model::report::Outcome;
use crate::model::target::Target;
use crate::model::tools::Tools;
use crate::phase::packages::{self, Kept};
use crate::phase::parallel::OnFailure;
use crate::phase::plan::emulators;
use crate::phase::plan::tools::{self, Emulation};
use crate::phase::plan::{self, TargetChoice, Wish};
use crate::phase::store::Store;
use crate::phase::{self, Freshness, Run};
use crate::project::{self, Layout, Selection};
use crate::signer::Signers;
use crate::sys::files;
use crate::sys::git::{self, Worktree};
use crate::toolchain;

/// What a build of the tag gave.
pub(super) struct Rebuilt {
    pub(super) kind: PluginKind,
    /// The packages, or why there is none.
    pub(super) packages: BTreeMap<Target, Result<Kept, Failure>>,
    /// The toolchains of this build.
    pub(super) tools: Chosen,
    /// File times in its packages.
    pub(super) epoch: u64,
}

/// Chooses toolchains for what is in the tree.
pub(super) fn choose(request: &Request<'_>, tree: &Worktree, recorded: &Recorded) -> Result<Chosen, Failure> {
    let layout = project::look(&place(request, tree)?)?;
    let languages = project::languages(&layout, &selection(request), request.kind)?;
    toolchains::choose(recorded, &languages, &layout.root, request.fetch)
}

/// Builds every published package. `epoch`: the release's file times, where they are known.
pub(super) fn rebuild(
    request: &Request<'_>,
    tree: &Worktree,
    output: &Path,
    shelf: &Shelf<'_>,
    (chosen, epoch): (Chosen, Option<u64>),
) -> Result<Rebuilt, Failure> {
    let layout = project::look(&place(request, tree)?)?;
    let selection = selection(request);
    let languages = project::languages(&layout, &selection, request.kind)?;
    let targets: Vec<Target> = shelf.packages.iter().map(|one| one.target).collect();
    let mut environment = request.environment.clone();
    environment.extend(chosen.variables.clone());
    // A go command that is stopped leaves its work folder; this one goes with everything else.
    let work = tree.path().with_extension("work");
    files::create_folder(&work)?;
    environment.insert("GOTMPDIR".to_owned(), work.to_string_lossy().into_owned());
    if let Some(epoch) = epoch.filter(|epoch| *epoch != request.epoch) {
        // Rust's linkers write it too.
        environment.insert("SOURCE_DATE_EPOCH".to_owned(), epoch.to_string());
    }
    let epoch = epoch.unwrap_or(request.epoch);
    let mut found = tools(request, &layout, &languages, &environment, (&chosen, &targets))?;
    let mut project = project::resolve(&layout, &selection, request.kind)?;
    check_version(request, &project)?;
    own(&mut project, &environment, tree);
    tools::add_cargo_settings(&mut found, &project.plugins, &targets, &environment);
    let wish =
        Wish { targets: TargetChoice::Named(targets), output: output.to_owned(), epoch, jobs: request.jobs };
    let plan = plan::plan(&project, &wish, &found, &environment)?;
    let store = Store::open(output, || {})?;
    let made = phase::make(&Run {
        plan: &plan,
        project: &project,
        tools: &found,
        environment: &environment,
        origin: &Origin::local,
        store: &store,
        fingerprints: &phase::fingerprints(),
        signers: &Signers::default(),
        attester: None,
        freshness: Freshness::Ignore,
        on_failure: OnFailure::KeepGoing,
        listener: request.listener,
    });
    stop_if_interrupted()?;
    let (mut kept, _) = packages::read(output)?;
    let mut packages = BTreeMap::new();
    for package in made?.packages {
        // A helper that failed has no package; the packages that needed it say so.
        if package.package.is_empty() {
            continue;
        }
        let result = match package.outcome {
            Outcome::Built(_) | Outcome::UpToDate(_) => {
                let at = kept.iter().position(|one| one.receipt.package == package.package);
                at.map(|at| kept.swap_remove(at)).ok_or_else(|| {
                    Failure::new(FailureKind::Bug, format!("{} was built without a receipt", package.package))
                })
            }
            Outcome::Failed { failure, .. } => Err(failure),
            Outcome::NotTried => {
                Err(Failure::new(FailureKind::Step, format!("{} was not tried", package.package)))
            }
        };
        packages.insert(package.target, result);
    }
    let kind = project.plugins.first().map_or(PluginKind::Connector, |plugin| plugin.kind);
    Ok(Rebuilt { kind, packages, tools: chosen, epoch })
}

/// The project inside the checked-out tree: where it lies in the repository.
fn place(request: &Request<'_>, tree: &Worktree) -> Result<PathBuf, Failure> {
    let root = files::canonical(request.root)?;
    let top = match git::top(&root)? {
        Some(top) => files::canonical(&top)?,
        None => root.clone(),
    };
    let inner = root.strip_prefix(&top).unwrap_or(Path::new(""));
    Ok(if inner.as_os_str().is_empty() { tree.path().to_owned() } else { tree.path().join(inner) })
}

fn selection(request: &Request<'_>) -> Selection {
    Selection::Named(vec![request.tag.key.to_string()])
}

fn tools(
    request: &Request<'_>,
    layout: &Layout,
    languages: &BTreeSet<Language>,
    environment: &BTreeMap<String, String>,
    (chosen, targets): (&Chosen, &[Target]),
) -> Result<Tools, Failure> {
    let wanted: Vec<Language> = languages.iter().copied().collect();
    let find = || tools::find(environment, &layout.root, &wanted, Emulation::Auto);
    let mut found = find()?;
    if let (Some(name), toolchains::Fetch::Allow) = (chosen.variables.get("RUSTUP_TOOLCHAIN"), request.fetch)
        && let Some(cargo) = &found.cargo
    {
        let triple = |target: &Target| toolchain::cargo::triple(None, *target);
        let missing: Vec<String> =
            targets.iter().filter_map(triple).filter(|triple| !cargo.triples.contains(triple)).collect();
        if !missing.is_empty() {
            toolchains::add_targets(name, &missing, &layout.root)?;
            found = find()?;
        }
    }
    tools::check(&found, languages)?;
    emulators::prove(&mut found, targets, None)?;
    Ok(found)
}

/// Sources that call themselves by another version can't have made the release.
fn check_version(request: &Request<'_>, project: &Project) -> Result<(), Failure> {
    let tag = request.tag;
    match project.plugins.iter().find(|plugin| plugin.version.bare() != tag.version.bare()) {
        None => Ok(()),
        Some(plugin) => Err(Failure::new(
            FailureKind::Findings,
            format!(
                "the sources at {tag} call themselves {}: the release can't be made from them",
                plugin.version
            ),
        )),
    }
}

/// The chosen toolchains for every command of the build, and folders that are nobody else's.
fn own(project: &mut Project, environment: &BTreeMap<String, String>, tree: &Worktree) {
    let told: BTreeMap<String, String> = tools::told(environment);
    for plugin in &mut project.plugins {
        match &mut plugin.source {
            Source::Go(go) => go.env.extend(told.clone()),
            Source::Rust(rust) => {
                rust.env.extend(told.clone());
                rust.target_dir = tree.path().join("target/wick-reproduce");
                let place = rust.target_dir.to_string_lossy().into_owned();
                rust.env.insert("CARGO_TARGET_DIR".to_owned(), place);
            }
        }
    }
}
