//! What a plugin does when it is started: print its manifest, serve a host, or explain itself.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::plugin::Server;
use crate::serve;

/// What a host shows to say that it is one. Not a secret: it keeps people from starting plugins by mistake.
const COOKIE: (&str, &str) = ("WICK_CONNECTOR_PLUGIN", "b3f1c2a4-wick-connector-grpc");

/// The whole `main` of a plugin. `manifest` is the envelope, one line of JSON.
#[must_use]
pub fn run(manifest: &'static [u8], server: &'static Server) -> ExitCode {
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let asked = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.as_str()));
    let key = server.module.meta.key;
    let result = if asked(&["--dump-manifest"]) {
        print(&[manifest, b"\n"].concat())
    } else if asked(&["--help", "-h"]) {
        print(explanation(server).as_bytes())
    } else if std::env::var(COOKIE.0).is_ok_and(|value| value == COOKIE.1) {
        serve::serve(manifest, server)
    } else {
        Err(explanation(server).trim_end().to_owned())
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) if message.starts_with(key) => fail(&message),
        Err(message) => fail(&format!("{key}: {message}")),
    }
}

fn fail(message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{message}");
    ExitCode::FAILURE
}

fn print(text: &[u8]) -> Result<(), String> {
    let mut out = io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).map_err(|error| format!("write to stdout: {error}"))
}

fn explanation(server: &Server) -> String {
    let meta = &server.module.meta;
    let mut text = format!(
        "{} is a wick {}, a program that a wick host starts; started by hand it does nothing.\n\n  {}\n\n",
        meta.key, server.kind, meta.description
    );
    for operation in server.module.categories.iter().flat_map(|category| category.operations) {
        text += &format!(
            "  {:<20} {}\n",
            operation.key,
            operation.description.lines().next().unwrap_or_default()
        );
    }
    text += &format!(
        "\nTo call it as a host does: wick plugin call {} OPERATION --arg NAME=VALUE\n\
         To see what it declares:   --dump-manifest\n",
        meta.key
    );
    text
}
