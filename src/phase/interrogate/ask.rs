//! Runs one binary with `--dump-manifest` in the sandbox and reads its one line. Trusts nothing it says or does.

use std::time::Duration;

use crate::model::failure::{Failure, FailureKind};
use crate::model::manifest::Manifest;
use crate::model::plan::Unit;
use crate::model::tools::Emulator;
use crate::phase::launch::describe;
use crate::phase::launch::suspect::{is_wine, suspect};
use crate::sys::files;
use crate::sys::process::{Finished, Limits};
use crate::sys::sandbox::{self, Reach};

/// A plugin gets 20 s and 8 MiB to say what it is.
const LIMITS: Limits = Limits { time: Some(Duration::from_secs(20)), output: 8 << 20 };

/// wine builds a whole Windows home first.
const WINE_TIME: Duration = Duration::from_secs(90);

pub(super) struct Answer {
    pub(super) manifest: Manifest,
    pub(super) how: String,
}

/// No manifest.
pub(super) struct Refusal {
    pub(super) failure: Failure,
    /// Whether it may only not know the flag, so that there is another way to ask.
    pub(super) unknown_flag: bool,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        Refusal { failure, unknown_flag: false }
    }
}

pub(super) fn ask(unit: &Unit, emulator: Option<&Emulator>) -> Result<Answer, Refusal> {
    let label = unit.label();
    let binary = files::canonical(&unit.binary).map_err(Failure::from)?;
    let suspect = suspect(&binary, emulator, &["--dump-manifest"], Reach::Nothing);
    let mut limits = LIMITS;
    if is_wine(emulator) {
        limits.time = Some(WINE_TIME);
    }
    let asked = format!("{label}: asked with --dump-manifest");
    let verdict = sandbox::run(&suspect, limits).map_err(|error| {
        let failure = Failure::from(error).context(&asked);
        // What can't be started can't be run by hand either.
        let hint = "a plugin answers that flag at once, with one line of JSON, before it does anything else";
        if failure.hints.is_empty() { failure.hint(hint) } else { failure }
    })?;
    let finished = &verdict.finished;
    if !finished.success() {
        let mut failure = Failure::new(
            FailureKind::Step,
            format!("{asked}, it ended with {}", finished.ending()),
        )
        .hint("run the binary with --dump-manifest yourself; it has to print its manifest without any setup");
        failure.output = Some(tail(finished));
        return Err(Refusal { failure, unknown_flag: true });
    }
    if verdict.left_behind > 0 && !suspect.may_linger {
        return Err(Failure::new(
            FailureKind::Step,
            format!("{asked}, it left {} process(es) running; they were ended", verdict.left_behind),
        )
        .hint("a plugin must not start anything while it prints its manifest")
        .into());
    }
    let manifest = read(&asked, finished).map_err(|failure| Refusal {
        failure,
        unknown_flag: finished.stdout.iter().all(u8::is_ascii_whitespace),
    })?;
    Ok(Answer { manifest, how: ran(emulator, &describe(&verdict.confinement)) })
}

/// Where it ran, and how tightly it was held.
pub(super) fn ran(emulator: Option<&Emulator>, held: &str) -> String {
    match emulator {
        None => format!("ran it on this machine ({held})"),
        Some(emulator) => format!("ran it in {} ({held})", emulator.name),
    }
}

/// One line of JSON and nothing else.
fn read(asked: &str, finished: &Finished) -> Result<Manifest, Failure> {
    let step = |message: String| Failure::new(FailureKind::Step, format!("{asked}, {message}"));
    let text = std::str::from_utf8(&finished.stdout)
        .map_err(|_| step("it printed bytes that are no UTF-8 text".to_owned()))?
        .trim();
    if text.is_empty() {
        let mut failure = step("it printed nothing".to_owned()).hint("does its main handle the flag?");
        failure.output = Some(tail(finished)).filter(|text| !text.is_empty());
        return Err(failure);
    }
    if let Some(noise) = text.lines().find(|line| !line.trim_start().starts_with('{')) {
        return Err(step(format!("it printed something else than its manifest: `{}`", cut(noise)))
            .hint("logs belong on stderr; stdout holds the one line of JSON"));
    }
    if text.lines().count() > 1 {
        return Err(step(format!("it printed {} lines instead of one", text.lines().count())));
    }
    Manifest::read(text)
        .map_err(|error| step(format!("it printed no manifest: {error}; it begins `{}`", cut(text))))
}

fn cut(text: &str) -> String {
    let short: String = text.chars().take(120).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{}{more}", short.escape_debug())
}

/// The last lines of what it said on stderr.
fn tail(finished: &Finished) -> String {
    let text = String::from_utf8_lossy(&finished.stderr);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
