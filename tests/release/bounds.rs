//! What is known beforehand is refused before anything is written: what GitHub doesn't take, where it takes nothing, and
//! what it couldn't tag.

use github_double::{Config, Content, Double};
use wick::model::failure::{Failure, FailureKind};
use wick::model::finding::Severity;
use wick::model::publish::{ReleaseOutcome, ReleaseReport};
use wick::phase::publish::notes::Notes;
use wick::phase::publish::{self, Mode, Request, Token};

use super::support::*;

fn run(repository: &Repository, double: &Double, notes: &Notes, mode: Mode) -> ReleaseReport {
    let (project, forge) = (repository.project(), client(double, 1));
    let report: Result<ReleaseReport, Failure> = publish::release(&Request {
        plugins: &project.plugins,
        choice: PLAIN.choice,
        root: &project.root,
        output: &repository.bin(),
        forge: &forge,
        token: Token::Given,
        dirt: PLAIN.dirt,
        accepted: &[],
        notes,
        jobs: 1,
        mode,
        rehearsal: None,
        listener: &|_| {},
    });
    report.unwrap()
}

#[track_caller]
fn refused(report: &ReleaseReport, double: &Double, kind: FailureKind, code: &str, words: &str) {
    assert_eq!(report.refusal, Some(kind), "{report:#?}");
    let errors: Vec<_> =
        report.findings.iter().filter(|one| one.finding.severity == Severity::Error).collect();
    assert_eq!(errors.iter().map(|one| one.finding.code).collect::<Vec<_>>(), [code], "{report:#?}");
    assert!(errors[0].finding.message.contains(words), "{}", errors[0].finding.message);
    assert!(errors[0].finding.hint.is_some());
    assert!(double.log().iter().all(|entry| entry.method == "GET"), "{:#?}", double.log());
    let state = double.snapshot();
    assert!(state.releases.iter().all(|release| release.tag != "slack/v0.2.0") && state.tags.is_empty());
}

#[test]
fn notes_of_a_file_are_measured_before_anybody_is_asked() {
    let repository = Repository::packed();
    for mode in [Mode::Publish, Mode::DryRun] {
        let double = start(false);
        let report = run(&repository, &double, &Notes::Given("ü".repeat(130_000)), mode);
        refused(&report, &double, FailureKind::Findings, "notes-too-long", "and GitHub takes 125000");
        assert!(report.findings[0].finding.message.contains("the notes have 130"), "{report:#?}");
    }
    // Characters count, not bytes.
    let double = start(false);
    let report = run(&repository, &double, &Notes::Given("ü".repeat(124_000)), Mode::Publish);
    assert!(report.complete, "{report:#?}");
}

#[test]
fn a_hundred_long_subjects_are_cut_and_counted() {
    let repository = Repository::packed();
    repository.git(&["tag", "slack/v0.2.0"]);
    for index in 0..103 {
        repository.write("connector/slack/more.go", &format!("package main // {index}\n"));
        repository.commit(&format!("{index} {}", "long ".repeat(600)));
    }
    repository.write("connector/slack/VERSION", "0.3.0");
    repository.commit("Raise slack");
    repository.pack_all("slack", "0.3.0");
    let double = start(false);
    let report = run(&repository, &double, &Notes::Generated, Mode::Publish);
    assert!(report.complete, "{report:#?}");
    let notes = double.snapshot().releases[0].notes.clone();
    assert!(notes.chars().count() < 30_000, "{}", notes.chars().count());
    let rest = "\n- and 4 more\n\nAll changes: http";
    assert!(notes.contains(rest) && notes.contains("/compare/slack/v0.2.0...slack/v0.3.0\n"), "{notes}");
    assert!(notes.contains("\n- 102 long long") && notes.contains("lo… ("), "{notes}");
}

#[test]
fn where_nothing_can_be_written_is_said_first() {
    let repository = Repository::packed();
    let double = Double::start(Config { archived: true, ..Config::default() });
    let report = run(&repository, &double, &Notes::Generated, Mode::Publish);
    refused(&report, &double, FailureKind::Remote, "repository-archived", "octo/plugins is archived");

    let unpushed = [repository.head()].into_iter().collect();
    let double = Double::start(Config { unpushed, ..Config::default() });
    let report = run(&repository, &double, &Notes::Generated, Mode::Publish);
    refused(&report, &double, FailureKind::Remote, "commit-unpushed", "octo/plugins has no commit ");
}

#[test]
fn nothing_is_released_by_a_repositorys_old_name() {
    let repository = Repository::packed();
    let config = Config { former: Some("octo/old".to_owned()), ..Config::default() };
    let double = Double::start(config);
    let forge = client_at(&double, "octo/old", "ghp_write", 1);
    let report = release(&repository, &forge, &PLAIN).unwrap();
    let words = "the repository octo/old is called octo/plugins now";
    refused(&report, &double, FailureKind::Remote, "repository-renamed", words);
    assert!(report.findings[0].finding.hint.as_ref().unwrap().contains("--repo octo/plugins"));
    // Capitals are no other name.
    let forge = client_at(&double, "octo/plugins", "ghp_write", 1);
    assert!(release(&repository, &forge, &PLAIN).unwrap().complete);
}

/// A job's token, and a commit whose workflows aren't the default branch's.
#[test]
fn the_token_of_a_job_releases_a_commit_with_other_workflows() {
    let repository = Repository::packed();
    let drifted = [repository.head()].into_iter().collect();
    let config = Config { drifted, ..Config::default() };
    let double = Double::start(config.clone());
    let report = release(&repository, &client_of(&double, "ghs_write", 1), &PLAIN).unwrap();
    assert!(report.complete, "{report:#?}");
    check_out(&double, &repository, "drifted");

    // Where not even the ref is let through, the words say what helps, and what was uploaded is not sent again.
    let double = Double::start(Config { refs_guarded: true, ..config });
    let report = release(&repository, &client_of(&double, "ghs_write", 1), &PLAIN).unwrap();
    let ReleaseOutcome::Failed { failure, .. } = &report.plugins[0].outcome else { panic!("{report:#?}") };
    assert_eq!(failure.kind, FailureKind::Remote);
    assert!(failure.message.contains("can't make the tag slack/v0.2.0"), "{failure:?}");
    assert!(failure.hints[0].contains(":refs/tags/slack/v0.2.0`"), "{failure:?}");
    double.seed_tag("slack/v0.2.0", &repository.head(), false);
    double.clear_log();
    let report = release(&repository, &client_of(&double, "ghs_write", 1), &PLAIN).unwrap();
    assert!(report.complete && double.counters().asset_bytes_in == 0, "{report:#?}");
    check_out(&double, &repository, "the tag was pushed");
}

#[test]
fn a_newer_release_under_a_tag_nobody_understands_is_named() {
    let repository = Repository::packed();
    let double = start(false);
    double.seed_release("slack-v0.1.9", false, &[("slack-0.1.9-linux-amd64.zip", Content::bytes(*b"x"))]);
    double.seed_release("v9.0.0", false, &[("slack-9.0.0-linux-amd64.zip", Content::bytes(*b"x"))]);
    let report = run(&repository, &double, &Notes::Generated, Mode::DryRun);
    assert!(report.complete, "{report:#?}");
    let told: Vec<&str> = report.findings.iter().map(|one| one.finding.message.as_str()).collect();
    assert!(told.len() == 1 && told[0].contains("`slack-v0.1.9`") && !told[0].contains("v9"), "{told:?}");
}

/// A clone of one commit without tags, as a CI service makes it, said "First release." of every release.
#[test]
fn a_part_of_the_history_is_not_taken_for_all_of_it() {
    let source = Repository::packed();
    source.git(&["tag", "slack/v0.2.0"]);
    source.write("connector/slack/VERSION", "0.3.0");
    source.commit("Raise slack");
    let url = format!("file://{}", source.root().display());
    let cases: [(&str, &[&str], &str, &[&str]); 4] = [
        ("shallow", &["--depth", "1"], "Changes since slack/v0.2.0: http", &["notes-short"]),
        ("tagless", &["--no-tags"], "Changes since slack/v0.2.0: http", &["notes-short"]),
        ("whole", &[], "Changes since slack/v0.2.0:\n\n- Raise slack (", &[]),
        ("never released", &["--no-tags"], "First release.", &[]),
    ];
    for (case, how, start, codes) in cases {
        let clone = Repository::clone(&url, how);
        clone.pack_all("slack", "0.3.0");
        let double = start_with_previous(case != "never released");
        let report = run(&clone, &double, &Notes::Generated, Mode::Publish);
        assert!(report.complete, "{case}: {report:#?}");
        let found: Vec<&str> = report
            .findings
            .iter()
            .map(|one| one.finding.code)
            .filter(|code| !code.starts_with("lost-"))
            .collect();
        assert_eq!(found, codes, "{case}: {:#?}", report.findings);
        let state = double.snapshot();
        let notes = &state.releases.iter().find(|one| one.tag == "slack/v0.3.0").unwrap().notes;
        assert!(notes.starts_with(start), "{case}: {notes}");
        assert_eq!(
            start.ends_with("http"),
            notes.contains("/compare/slack/v0.2.0...slack/v0.3.0\n"),
            "{case}"
        );
    }
}

fn start_with_previous(is_released: bool) -> Double {
    let double = start(false);
    if is_released {
        double.seed_release("slack/v0.2.0", false, &[]);
    }
    double
}
