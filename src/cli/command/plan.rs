//! `wick plugin plan`: the job matrix for CI.

use crate::cli::args::PlanArgs;
use crate::cli::failure;
use crate::cli::render::{Console, release as render};
use crate::cli::select;
use crate::cli::session::Session;
use crate::model::failure::Failure;
use crate::model::finding::Finding;
use crate::model::names::PluginKind;
use crate::model::project::{Plugin, Project};
use crate::phase::catalog::renamed;
use crate::phase::matrix;
use crate::phase::plan::tools::Emulation;
use crate::phase::plan::{self, TargetChoice, changed};
use crate::phase::publish::{local, published_tags};
use crate::project;

pub(in crate::cli) fn run(args: &PlanArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let all = args.all_plugins || args.changed;
    let selection = select::selection(
        &args.plugins,
        all,
        "--all-plugins or --changed; `wick plugin plan --help` has examples",
    )?;
    let kind = args.kind.map(PluginKind::from);
    let layout = project::look(session.root())?;
    // CI builds what the matrix says: a folder that it can never hold would stay unnoticed there.
    layout.refuse_odd(kind)?;
    let mut project = project::resolve(&layout, &selection, kind)?;
    console.findings(&project::strangers(&layout, &selection, kind));
    let refused = |plugin: &Plugin| {
        let why = plan::names::refusals(plugin, plugin.targets.complete());
        why.into_iter().map(|why| format!("{}: {why}", plugin.place)).collect::<Vec<String>>()
    };
    let refused: Vec<String> = project.plugins.iter().flat_map(refused).collect();
    if !refused.is_empty() {
        return Err(plan::PlanError::Names(refused).into());
    }
    if args.changed {
        let choice = TargetChoice::All;
        let languages = project::languages(&layout, &selection, kind)?;
        let mut tools = session.tools(&layout.root, &languages, Emulation::Off)?;
        session.add_cargo_settings(&mut tools, &project, &choice)?;
        let since = select::since(args.since.as_deref(), session);
        let selected = changed::select(&mut project, &since, &choice, &tools, session.environment())?;
        for one in selected {
            for reason in one.reasons.iter().take(4) {
                console.note(&format!("{}: {reason} since {since}", one.place));
            }
        }
    }
    if args.unreleased {
        keep_unreleased(&mut project, args, session, console)?;
    }
    let matrix = matrix::matrix(&project.plugins, &args.target);
    if console.is_json() {
        console.json(&matrix);
    } else {
        console.data(&render::matrix(&matrix));
    }
    if console.in_github_actions()
        && let Some(path) = session.variable("GITHUB_OUTPUT")
    {
        let any = !matrix.include.is_empty();
        console.told(session.append(path, &format!("matrix={}\nany={any}\n", matrix::for_strategy(&matrix))));
    }
    let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let (jobs, plugins) = (matrix.include.len(), project.plugins.len());
    console.summary(&format!("{} for {}", count(jobs, "job"), count(plugins, "plugin")));
    Ok(failure::DONE)
}

/// Leaves out what is out, and what has no version to be released under.
fn keep_unreleased(
    project: &mut Project,
    args: &PlanArgs,
    session: &Session,
    console: &Console,
) -> Result<(), Failure> {
    if project.plugins.is_empty() {
        return Ok(());
    }
    let out = if args.offline {
        // A part of the repository: "no tag here" isn't "not released".
        if session.is_shallow()? {
            let message =
                "this clone is shallow: tags may be missing, and what is released may be in the matrix";
            let hint = "check out with all history (`fetch-depth: 0`), or leave --offline out";
            console.findings(&[Finding::warning("clone-shallow", message).hint(hint)]);
        }
        session.tags()?
    } else {
        let forge = session.forge(&args.forge)?;
        let out = published_tags(&forge)?;
        if let Some(finding) = renamed(&forge)? {
            console.findings(&[finding]);
        }
        out
    };
    let unreleased = |plugin: &Plugin| match local::tag(plugin) {
        Ok(tag) if out.contains(&tag.to_string()) => {
            console.note(&format!("{tag} is out"));
            false
        }
        Ok(_) => true,
        Err(finding) => {
            console.note(&finding.message);
            false
        }
    };
    project.plugins.retain(unreleased);
    Ok(())
}
