//! Runs one binary with `--dump-manifest` in the sandbox and reads its one line. Trusts nothing it says or does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::failure::{Failure, FailureKind};
use crate::model::manifest::Manifest;
use crate::model::plan::Unit;
use crate::model::tools::{Emulator, Tools};
use crate::sys::files;
use crate::sys::process::{Finished, Limits};
use crate::sys::sandbox::{self, Confinement, Suspect};

/// A plugin gets 20 s and 8 MiB to say what it is.
const LIMITS: Limits = Limits { time: Some(Duration::from_secs(20)), output: 8 << 20 };

/// wine builds a whole Windows home first.
const WINE_TIME: Duration = Duration::from_secs(90);

pub(super) struct Answer {
    pub(super) manifest: Manifest,
    pub(super) how: String,
}

pub(super) fn ask(_: &Tools, unit: &Unit, emulator: Option<&Emulator>) -> Result<Answer, Failure> {
    let label = unit.label();
    let binary = files::canonical(&unit.binary)?;
    let wine = emulator.is_some_and(|emulator| emulator.name.starts_with("wine"));
    let suspect = suspect(binary, emulator, wine);
    let mut limits = LIMITS;
    if wine {
        limits.time = Some(WINE_TIME);
    }
    let asked = format!("{label}: asked with --dump-manifest");
    let verdict = sandbox::run(&suspect, limits).map_err(|error| {
        Failure::from(error)
            .context(&asked)
            .hint("a plugin answers that flag at once, with one line of JSON, before it does anything else")
    })?;
    let finished = &verdict.finished;
    if !finished.success() {
        let mut failure = Failure::new(
            FailureKind::Step,
            format!("{asked}, it ended with {}", finished.ending()),
        )
        .hint("run the binary with --dump-manifest yourself; it has to print its manifest without any setup");
        failure.output = Some(tail(finished));
        return Err(failure);
    }
    if verdict.left_behind > 0 && !suspect.may_linger {
        return Err(Failure::new(
            FailureKind::Step,
            format!("{asked}, it left {} process(es) running; they were ended", verdict.left_behind),
        )
        .hint("a plugin must not start anything while it prints its manifest"));
    }
    let manifest = read(&asked, finished)?;
    let held = match verdict.confinement {
        Confinement::Landlock(what) => format!("held by Landlock: {what}"),
        Confinement::GroupOnly(why) => format!("not sandboxed: {why}"),
    };
    let how = match emulator {
        None => format!("ran it on this machine ({held})"),
        Some(emulator) => format!("ran it in {} ({held})", emulator.name),
    };
    Ok(Answer { manifest, how })
}

fn suspect(binary: PathBuf, emulator: Option<&Emulator>, wine: bool) -> Suspect {
    let mut env: BTreeMap<String, String> = [("LANG", "C.UTF-8"), ("TZ", "UTC"), ("PATH", "/usr/bin:/bin")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    if wine {
        env.insert("WINEDEBUG".to_owned(), "-all".to_owned());
    }
    if cfg!(windows) {
        // Without it Windows programs can't load their system libraries.
        env.insert("SystemRoot".to_owned(), "C:\\Windows".to_owned());
        env.insert("PATH".to_owned(), "C:\\Windows\\System32".to_owned());
    }
    let dump = "--dump-manifest".to_owned();
    match emulator {
        None => Suspect { program: binary, args: vec![dump], env, readable: Vec::new(), may_linger: false },
        Some(emulator) => {
            let mut readable = vec![binary.clone()];
            if wine {
                readable.extend(["/usr/bin", "/usr/share/wine", "/opt"].map(PathBuf::from));
            } else {
                // qemu looks up its own mappings.
                readable.push(PathBuf::from("/proc/self"));
            }
            Suspect {
                program: emulator.path.clone(),
                args: vec![binary.to_string_lossy().into_owned(), dump],
                env,
                readable,
                may_linger: wine,
            }
        }
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
