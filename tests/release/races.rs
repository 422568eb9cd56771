//! Two runs that release the same thing at once: the second has what it wanted when the files are the same, and its draft
//! goes; other files are a conflict, and its draft goes too.

use std::sync::atomic::{AtomicBool, Ordering};

use github_double::Double;
use wick::model::event::Event;
use wick::model::failure::FailureKind;
use wick::model::publish::{ReleaseOutcome, ReleaseReport};
use wick::model::release::NewRelease;
use wick::phase::publish::notes::Notes;
use wick::phase::publish::{self, Request, Token};

use super::support::*;

/// Releases; when the draft is there and before anything is uploaded, `other` happens.
fn overtaken(repository: &Repository, double: &Double, other: impl Fn() + Sync) -> ReleaseReport {
    let (project, forge) = (repository.project(), client(double, 3));
    let done = AtomicBool::new(false);
    let listener = |event: Event| {
        if matches!(event, Event::Phase { name: "upload", .. }) && !done.swap(true, Ordering::SeqCst) {
            other();
        }
    };
    publish::release(&Request {
        plugins: &project.plugins,
        choice: PLAIN.choice,
        root: &project.root,
        output: &repository.bin(),
        forge: &forge,
        token: Token::Given,
        dirt: PLAIN.dirt,
        accepted: &[],
        notes: &Notes::Generated,
        jobs: 1,
        mode: PLAIN.mode,
        rehearsal: None,
        listener: &listener,
    })
    .unwrap()
}

/// What another machine does with the same commit: a draft of its own, all files, published.
fn publish_another(repository: &Repository, double: &Double, alter: bool) {
    let forge = client(double, 1);
    let new = NewRelease {
        tag: "slack/v0.2.0".to_owned(),
        commit: repository.head(),
        title: "slack v0.2.0".to_owned(),
        notes: "from elsewhere".to_owned(),
        prerelease: false,
    };
    let draft = forge.create_draft(&new).unwrap();
    for (name, mut bytes) in repository.expected() {
        if alter && name.ends_with(".zip") {
            bytes[40] ^= 1;
        }
        let path = repository.root().join("upload");
        write(&path, &bytes);
        forge.upload(&draft, &name, &path, &|_| {}).unwrap();
    }
    forge.publish(draft.id, &new).unwrap();
}

#[test]
fn the_same_files_are_done_and_the_draft_goes() {
    for immutable in [false, true] {
        let (double, repository) = (start(immutable), Repository::packed());
        let report = overtaken(&repository, &double, || publish_another(&repository, &double, false));
        assert!(report.complete, "{report:#?}");
        assert!(matches!(report.plugins[0].outcome, ReleaseOutcome::AlreadyOut { .. }), "{report:#?}");
        check_out(&double, &repository, "one release, no draft");
    }
}

#[test]
fn other_files_are_a_conflict_and_the_draft_goes() {
    let (double, repository) = (start(false), Repository::packed());
    let report = overtaken(&repository, &double, || publish_another(&repository, &double, true));
    let ReleaseOutcome::Failed { failure, .. } = &report.plugins[0].outcome else { panic!("{report:#?}") };
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.starts_with("somebody else was faster: slack/v0.2.0 is published with another "));
    assert!(failure.hints[0].contains("raise slack's VERSION"), "{failure:?}");
    let state = double.snapshot();
    assert!(state.releases.len() == 1 && !state.releases[0].draft, "{:#?}", state.releases);
}

#[test]
fn a_draft_that_was_there_before_is_named_and_stays() {
    let (double, repository) = (start(false), Repository::packed());
    let old = double.seed_release("slack/v0.2.0", true, &[]);
    let report = overtaken(&repository, &double, || publish_another(&repository, &double, false));
    assert!(report.complete, "{report:#?}");
    let codes: Vec<&str> = report.findings.iter().map(|one| one.finding.code).collect();
    assert_eq!(codes, ["draft-extra"]);
    assert!(double.snapshot().release(old).is_some_and(|release| release.draft));
}

#[test]
fn who_goes_on_with_the_same_draft_is_no_stranger() {
    for immutable in [false, true] {
        let (double, repository) = (start(immutable), Repository::packed());
        let report = overtaken(&repository, &double, || {
            let second = release(&repository, &client(&double, 3), &PLAIN).unwrap();
            assert!(second.complete, "{second:#?}");
        });
        assert!(report.complete, "{report:#?}");
        check_out(&double, &repository, "one draft, two runs");
    }
}
