//! Asks a binary as a host does: launched with a host's handshake, it answers Schema. For plugins that don't know
//! `--dump-manifest`, and to see that both answers are one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ask::ran;
use crate::model::failure::{Failure, FailureKind};
use crate::model::manifest::Module;
use crate::model::plan::Unit;
use crate::model::tools::Emulator;
use crate::phase::launch::suspect::is_wine;
use crate::phase::launch::{Hold, Launch, Plugin, Tls};
use crate::sys::files;

/// A plugin gets 10 s to say where it listens, and as long for its answer.
const TIME: Duration = Duration::from_secs(10);
/// wine builds a whole Windows home first.
const WINE_TIME: Duration = Duration::from_secs(90);

pub(super) struct Answer {
    pub(super) module: Module,
    /// What it speaks, by its handshake.
    pub(super) proto_version: u32,
    pub(super) how: String,
}

/// Plain, not AutoMTLS: who answers is the process that was started, in a folder that nobody else can enter.
pub(super) fn ask(unit: &Unit, emulator: Option<&Emulator>) -> Result<Answer, Failure> {
    let label = label(unit);
    let binary = files::canonical(&unit.binary)?;
    let wine = is_wine(emulator);
    let start = if wine { WINE_TIME } else { TIME };
    let plugin = Plugin::launch(&Launch {
        label: &label,
        binary: &binary,
        emulator,
        tls: Tls::Off,
        hold: Hold::Closed,
        variables: &BTreeMap::new(),
        readable: &[],
        start,
    })?;
    let module = plugin.schema(TIME);
    let held = plugin.held();
    let proto_version = plugin.version();
    let ended = plugin.end();
    let module = module?;
    if ended.left_behind > 0 && !wine {
        let left = ended.left_behind;
        return Err(Failure::new(
            FailureKind::Step,
            format!("{label}, it left {left} process(es) running; they were ended"),
        )
        .hint("a plugin must not start anything before somebody calls it"));
    }
    Ok(Answer {
        module,
        proto_version,
        how: format!("asked for its Schema as by a host: {}", ran(emulator, &held)),
    })
}

fn label(unit: &Unit) -> String {
    format!("{}: asked for its Schema as by a host", unit.label())
}

/// What happened, without who it happened to.
pub(super) fn without_label<'a>(unit: &Unit, message: &'a str) -> &'a str {
    message.strip_prefix(&label(unit)).map_or(message, |rest| rest.trim_start_matches([':', ',', ' ']))
}
