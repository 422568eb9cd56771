//! The tag of a release: made first, by the ref, so that a release never names a commit; and what is said where GitHub
//! doesn't let a token make it.

use github_double::{Config, Double, Fault};
use wick::forge::error::ForgeError;
use wick::model::failure::{Explain as _, FailureKind};

use super::support::*;

fn drifted() -> Config {
    Config { drifted: [COMMIT.to_owned()].into_iter().collect(), ..Config::default() }
}

fn publish(double: &Double, token: &str) -> Result<(), ForgeError> {
    let github = client_of(double, token);
    let draft = github.create_draft(&new_release())?;
    github.publish(draft.id, &new_release()).map(drop)
}

/// The job's token was refused with 403 wherever a workflow had changed, and no second run helped.
#[test]
fn a_commit_with_other_workflows_is_released_with_the_token_of_a_job() {
    for token in ["ghp_write", "ghs_write", "github_pat_write"] {
        let double = Double::start(drifted());
        publish(&double, token).unwrap();
        assert_eq!(double.snapshot().tags[TAG].commit, COMMIT, "{token}");
        let asked: Vec<String> = lines(&double).into_iter().skip(1).collect();
        assert_eq!(asked[0], "GET git/ref/tags/slack/v0.2.0 404", "{token}");
        assert_eq!(asked[1], "POST git/refs 201", "{token}");
    }
}

#[test]
fn a_tag_that_is_there_is_taken_as_it_is() {
    for annotated in [false, true] {
        // Nobody may make one; this one was pushed.
        let double = Double::start(Config { tags_restricted: true, refs_guarded: true, ..drifted() });
        double.seed_tag(TAG, COMMIT, annotated);
        publish(&double, "ghs_write").unwrap();
        assert!(lines(&double).iter().all(|line| !line.contains("git/refs")), "{:?}", lines(&double));
    }
    let double = start();
    double.seed_tag(TAG, "2222222222222222222222222222222222222222", false);
    let error = publish(&double, "ghp_write").unwrap_err();
    assert_eq!(error.kind(), FailureKind::Conflict);
    assert!(error.to_string().contains("points to 2222"), "{error}");
    assert!(double.snapshot().releases[0].draft);
}

#[test]
fn a_refused_tag_is_explained_and_pushing_it_is_the_way_on() {
    for (config, token, words) in [
        (
            Config { refs_guarded: true, ..drifted() },
            "ghs_write",
            ".github/workflows aren't the default branch's",
        ),
        (
            Config { refs_guarded: true, ..drifted() },
            "github_pat_write",
            "without the permission `workflows`",
        ),
        (Config { tags_restricted: true, ..Config::default() }, "ghs_write", "creations being restricted"),
        (Config { tags_restricted: true, ..Config::default() }, "ghp_write", "a rule of the repository"),
    ] {
        let double = Double::start(config);
        let error = publish(&double, token).unwrap_err();
        assert_eq!(error.kind(), FailureKind::Remote);
        assert!(error.to_string().contains(words), "{token}: {error}");
        let hint = error.hints().join(" ");
        assert!(hint.contains(&format!("git push origin {COMMIT}:refs/tags/{TAG}")), "{hint}");
        assert!(!hint.contains("contents: write"), "the token has that: {hint}");
        let state = double.snapshot();
        assert!(
            state.tags.is_empty() && state.releases[0].draft,
            "nothing is visible, and the draft is kept"
        );
        // What the hint says, and the run that follows.
        double.seed_tag(TAG, COMMIT, false);
        let draft = state.releases[0].id;
        client_of(&double, token).publish(draft, &new_release()).unwrap();
    }
}

#[test]
fn a_lost_answer_makes_one_tag() {
    for fault in [
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::StatusAfter(502),
        Fault::Status(500),
        Fault::CutInAnswer(9),
    ] {
        for at in [2, 3] {
            let double = start();
            double.fail_at(at, fault.clone());
            publish(&double, "ghp_write").unwrap_or_else(|error| panic!("{fault:?} at {at}: {error}"));
            assert_eq!(double.snapshot().tags[TAG].commit, COMMIT);
        }
    }
}

#[test]
fn what_was_never_pushed_is_known() {
    let config = Config { unpushed: [COMMIT.to_owned()].into_iter().collect(), ..Config::default() };
    let double = Double::start(config);
    let github = client(&double);
    assert!(github.lacks_commit(COMMIT).unwrap());
    assert!(!github.lacks_commit("1234567890abcdef1234567890abcdef12345678").unwrap());
    // A server that doesn't know the question, or doesn't let this token ask, has told nothing.
    for status in [404, 403] {
        double.clear_log();
        double.fail_from(1, Fault::Status(status));
        assert!(!matches!(github.lacks_commit(COMMIT), Ok(true)), "{status}");
    }
}
