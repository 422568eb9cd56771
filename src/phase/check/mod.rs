//! What a host or a reviewer would complain about, before anything is packed: all findings in one run. [`rules`] is the
//! table of everything that can be said; this file asks each rule and keeps the answers together.

mod crates;
mod declared;
mod fields;
mod folder;
mod gather;
mod learn;
mod module;
mod operations;
pub mod page;
pub mod rules;
mod texts;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Severity;
use crate::model::names::PluginKind;
use crate::model::project::{Language, Project};
use crate::model::receipt::Learned;
use crate::phase::plan::links;
use crate::phase::{build, plan};
use crate::project::{self, Candidate, ProjectError, Selection, Survey};
use declared::Declared;
pub use learn::{Told, learn};
use rules::{Look, RULES, Rule};

/// Schema number of the report.
pub const CHECK_SCHEMA: u32 = 1;

/// What `wick plugin check` has to say.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`CHECK_SCHEMA`].
    pub schema: u32,
    /// How many errors there are.
    pub errors: usize,
    /// How many warnings there are.
    pub warnings: usize,
    /// One per folder that was looked at.
    pub plugins: Vec<PluginReport>,
}

/// What was found in one folder.
#[derive(Clone, Debug, Serialize)]
pub struct PluginReport {
    /// The folder's name; the plugin's key where it can be one.
    pub plugin: String,
    /// The kind.
    pub kind: PluginKind,
    /// `connector/slack`.
    pub place: String,
    /// Whether the rules on what the plugin declares were asked too.
    pub asked: bool,
    /// All findings, in the order of the rules.
    pub findings: Vec<Found>,
}

/// A finding of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// How bad it is.
    pub severity: Severity,
    /// The rule's name.
    pub code: &'static str,
    /// The file or folder it is about, from the repository's folder.
    pub file: String,
    /// What is wrong, on what.
    pub message: String,
    /// One action.
    pub hint: String,
    /// What a compiler or plugin said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// What was learned of a plugin by building and asking it, or the rule that it broke on the way, and how.
pub type Answer = Result<Learned, (&'static str, Failure)>;

/// The folders that are meant: candidates for plugins, and with `all` also those that can be none.
///
/// # Errors
/// When a name is unknown.
pub fn choose<'a>(
    survey: &'a Survey,
    selection: &Selection,
    kind: Option<PluginKind>,
) -> Result<Vec<&'a Candidate>, Failure> {
    match selection {
        Selection::All => {
            let of_kind = |one: &&Candidate| kind.is_none_or(|kind| one.kind == kind);
            let candidates = survey.layout.candidates.iter().filter(of_kind);
            let has_version = |one: &Candidate| crate::sys::files::is_file(&one.dir.join("VERSION"));
            let plugin = |one: &&Candidate| one.language.is_some() || one.ambiguous || has_version(one);
            Ok(candidates.filter(|one| !one.is_scaffold()).filter(plugin).collect())
        }
        Selection::Named(names) => {
            let mut chosen: Vec<&Candidate> = Vec::new();
            for name in names {
                match survey.layout.find(name, kind) {
                    Some(one) if !chosen.iter().any(|there| there.place == one.place) => chosen.push(one),
                    Some(_) => {}
                    // It says so in its own words, with names that are near.
                    None => {
                        project::languages(&survey.layout, &Selection::Named(vec![name.clone()]), kind)?;
                    }
                }
            }
            chosen.sort_by_key(|one| (one.kind, one.key.clone()));
            Ok(chosen)
        }
    }
}

/// Asks the rules on folders.
///
/// # Errors
/// When a folder can't be read.
pub fn folders(survey: &Survey, chosen: &[&Candidate], selection: &Selection) -> Result<Report, Failure> {
    let released = gather::released(&survey.layout.root);
    let mut report = Report { schema: CHECK_SCHEMA, errors: 0, warnings: 0, plugins: Vec::new() };
    for candidate in chosen {
        let folder = gather::folder(survey, candidate, &released)?;
        let mut plugin = PluginReport {
            plugin: candidate.key.to_string(),
            kind: candidate.kind,
            place: candidate.place.clone(),
            asked: false,
            findings: Vec::new(),
        };
        for rule in RULES {
            if let Look::Folder(look) = rule.look {
                plugin.say(rule, look(&folder));
            }
        }
        report.plugins.push(plugin);
    }
    if *selection == Selection::All {
        report.plugins.extend(survey.layout.odd.iter().filter_map(|(place, why)| {
            let (kind, name) = place.split_once('/')?;
            let kind = PluginKind::ALL.into_iter().find(|one| one.as_str() == kind)?;
            let mut plugin = PluginReport {
                plugin: name.to_owned(),
                kind,
                place: place.clone(),
                asked: false,
                findings: Vec::new(),
            };
            plugin.say(by_code("folder-name"), vec![why.to_string()]);
            Some(plugin)
        }));
    }
    report.count();
    Ok(report)
}

/// Resolves the plugins that can be built; those that can't be resolved get a finding. What is wrong with one hides
/// nothing else that can be learned of it.
///
/// # Errors
/// When nothing can go on without the project's own configuration.
pub fn resolve(survey: &Survey, chosen: &[&Candidate], report: &mut Report) -> Result<Project, Failure> {
    let mut all = Project { root: survey.layout.root.clone(), config: None, plugins: Vec::new() };
    for candidate in chosen.iter().filter(|one| one.language.is_some()) {
        let one = Selection::Named(vec![candidate.place.clone()]);
        match project::resolve_to_ask(&survey.layout, &one) {
            Ok((project, told)) => {
                for plugin in &project.plugins {
                    for why in plan::names::refusals(plugin, plugin.targets.complete()) {
                        report.tell(&plugin.place, "file-name", &Failure::new(FailureKind::Project, why));
                    }
                    if plugin.generate.is_empty() {
                        let loose =
                            links::loose(&survey.layout.root, &plugin.dir, &plugin.place, &plugin.files);
                        loose.iter().for_each(|why| report.tell(&plugin.place, "unresolved", why));
                    }
                }
                all.config = project.config;
                all.plugins.extend(project.plugins);
                // A rule on the folder has told of a version that is none.
                let told = told.into_iter().filter(|error| !matches!(error, ProjectError::Version { .. }));
                told.for_each(|error| report.tell_unresolved(&candidate.place, error));
            }
            Err(error) => report.tell_unresolved(&candidate.place, error),
        }
    }
    report.count();
    Ok(all)
}

/// What is wrong with the files that packages are to hold: all that can be told of it without a toolchain.
pub fn packing(survey: &Survey, chosen: &[&Candidate], report: &mut Report) {
    for candidate in chosen.iter().filter(|one| one.language.is_some()) {
        match project::packed_files(&survey.layout, candidate) {
            Ok((files, targets)) => {
                for why in plan::names::of(&candidate.key, &files, targets.complete()) {
                    report.tell(&candidate.place, "file-name", &Failure::new(FailureKind::Project, why));
                }
                let loose = links::loose(&survey.layout.root, &candidate.dir, &candidate.place, &files);
                loose.iter().for_each(|why| report.tell(&candidate.place, "unresolved", why));
            }
            Err(error) => report.tell_unresolved(&candidate.place, error),
        }
    }
    report.count();
}

/// The languages that the plugins of a project are written in.
#[must_use]
pub fn languages(project: &Project) -> BTreeSet<Language> {
    project.plugins.iter().map(crate::model::project::Plugin::language).collect()
}

/// Asks the rules on what plugins declare; answers come by the plugins' places.
pub fn declared(report: &mut Report, answers: &[Told]) {
    for Told { place, answer, places } in answers {
        if let Some(text) = build::places_text(places)
            && let Some(plugin) = report.plugins.iter_mut().find(|plugin| plugin.place == *place)
        {
            plugin.say(by_code("place-in-binary"), vec![text]);
        }
        match answer {
            Err((code, failure)) => report.tell(place, code, failure),
            Ok(learned) => {
                let Some(plugin) = report.plugins.iter_mut().find(|plugin| plugin.place == *place) else {
                    continue;
                };
                let Ok(key) = plugin.plugin.parse() else { continue };
                let declared = Declared::read(&key, learned.proto_version, &learned.module);
                plugin.asked = true;
                for rule in RULES {
                    if let Look::Module(look) = rule.look {
                        plugin.say(rule, look(&declared));
                    }
                }
            }
        }
    }
    report.count();
}

impl Report {
    /// Tells what keeps a plugin from being resolved.
    fn tell_unresolved(&mut self, place: &str, error: ProjectError) {
        let code = match error {
            ProjectError::Pointer { .. } => "lfs-pointer",
            _ => "unresolved",
        };
        self.tell(place, code, &Failure::from(error));
    }

    /// Leaves out the findings of these rules.
    ///
    /// # Errors
    /// When there is no rule of that name.
    pub fn allow(&mut self, codes: &[String]) -> Result<(), Failure> {
        for code in codes {
            if !RULES.iter().any(|rule| rule.code == code) {
                return Err(unknown(code));
            }
        }
        for plugin in &mut self.plugins {
            plugin.findings.retain(|found| !codes.iter().any(|code| code == found.code));
        }
        self.count();
        Ok(())
    }

    fn tell(&mut self, place: &str, code: &str, failure: &Failure) {
        if let Some(plugin) = self.plugins.iter_mut().find(|plugin| plugin.place == place) {
            let rule = by_code(code);
            let mut found = plugin.found(rule, failure.message.clone());
            if let Some(hint) = failure.hints.first() {
                found.hint.clone_from(hint);
            }
            found.output.clone_from(&failure.output);
            plugin.findings.push(found);
        }
    }

    fn count(&mut self) {
        let of = |severity| {
            self.plugins
                .iter()
                .flat_map(|plugin| &plugin.findings)
                .filter(|one| one.severity == severity)
                .count()
        };
        (self.errors, self.warnings) = (of(Severity::Error), of(Severity::Warning));
    }
}

impl PluginReport {
    fn say(&mut self, rule: &Rule, messages: Vec<String>) {
        for message in messages {
            let found = self.found(rule, message);
            self.findings.push(found);
        }
    }

    fn found(&self, rule: &Rule, message: String) -> Found {
        let file = match rule.code {
            "version-not-semver" | "version-behind" | "version-released" => format!("{}/VERSION", self.place),
            _ => self.place.clone(),
        };
        let hint = rule.hint.to_owned();
        Found { severity: rule.severity, code: rule.code, file, message, hint, output: None }
    }
}

fn by_code(code: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.code == code).expect("only rules of the table are told")
}

fn unknown(code: &str) -> Failure {
    let near = RULES
        .iter()
        .map(|rule| (strsim::jaro_winkler(code, rule.code), rule.code))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.78);
    let failure = Failure::new(FailureKind::Usage, format!("there is no rule `{}`", code.escape_debug()));
    match near {
        Some((_, near)) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint("docs/checks.md lists all rules"),
    }
}
