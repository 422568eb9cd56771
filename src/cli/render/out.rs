//! What goes to stdout, and what became of it. Nothing else writes there.

use std::borrow::Cow;
use std::io;

use crate::model::failure::{Failure, FailureKind};

/// Writes a text with colours, or without where nobody wants them. Gives why that failed.
pub(super) fn text(text: &str) -> Option<Failure> {
    let plain = anstream::AutoStream::choice(&io::stdout()) == anstream::ColorChoice::Never;
    let shown = if plain { anstream::adapter::strip_str(text).to_string().into() } else { Cow::from(text) };
    bytes(shown.as_bytes())
}

/// Writes bytes as they are. Gives why that failed.
pub(super) fn bytes(bytes: &[u8]) -> Option<Failure> {
    match write(bytes) {
        Ok(()) => None,
        // Who closed the pipe has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
        Err(error) => {
            let failure = Failure::new(FailureKind::Step, format!("can't write to stdout: {error}"));
            Some(failure.hint("send it where there is room"))
        }
    }
}

#[cfg(unix)]
fn write(bytes: &[u8]) -> io::Result<()> {
    crate::cli::session::write_out(bytes)
}

/// By way of the library that knows consoles without escape codes.
#[cfg(not(unix))]
fn write(bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let mut out = anstream::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
