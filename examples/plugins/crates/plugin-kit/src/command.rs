//! What a plugin does when it is started.

use crate::Args;
use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

/// One operation: its key and what it does. The answer is JSON text.
pub type Operation = (&'static str, fn(&Args) -> Result<String, String>);

const COOKIE: (&str, &str) = ("WICK_CONNECTOR_PLUGIN", "b3f1c2a4-wick-connector-grpc");

/// The whole main function of a plugin.
pub fn run(manifest: &[u8], operations: &[Operation]) -> ExitCode {
    match answer(manifest, operations) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn answer(manifest: &[u8], operations: &[Operation]) -> Result<(), String> {
    let mut words = env::args().skip(1);
    match words.next().as_deref() {
        Some("--dump-manifest") => print(manifest),
        Some("--try") => attempt(operations, words),
        // A host only reads the first line of stdout; a reason on stderr reaches its log.
        _ if env::var(COOKIE.0).is_ok_and(|value| value == COOKIE.1) => {
            Err("this plugin can't be called yet: serving arrives with the SDK".into())
        }
        _ => Err(explain(operations)),
    }
}

fn attempt(operations: &[Operation], mut words: impl Iterator<Item = String>) -> Result<(), String> {
    let key = words.next().unwrap_or_default();
    let Some((_, operation)) = operations.iter().find(|(known, _)| *known == key) else {
        return Err(format!("no operation `{key}`; there are: {}", keys(operations)));
    };
    print(operation(&Args::parse(words)?)?.as_bytes())
}

fn explain(operations: &[Operation]) -> String {
    format!(
        "This is a plugin: a program that a wick host starts.\n\
         `--dump-manifest` prints what it offers, `--try OPERATION name=value …` does it once.\n\
         Operations: {}",
        keys(operations)
    )
}

fn keys(operations: &[Operation]) -> String {
    operations.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ")
}

fn print(line: &[u8]) -> Result<(), String> {
    let mut out = io::stdout().lock();
    let written = out.write_all(line).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    written.map_err(|error| format!("write to stdout: {error}"))
}
