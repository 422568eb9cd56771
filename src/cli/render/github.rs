//! GitHub Actions: workflow commands on stderr (the runner reads both streams, and stdout may be JSON).

use std::io::Write as _;

use crate::model::finding::Severity;

/// One annotation on the run.
pub(super) fn annotate(severity: Severity, message: &str) {
    let _ = writeln!(std::io::stderr(), "::{} title=wick::{}", command(severity), escaped(message));
}

/// One annotation on a file, by its place from the top of the checkout.
pub(super) fn annotate_file(severity: Severity, file: &str, message: &str) {
    let file = escaped(file).replace(':', "%3A").replace(',', "%2C");
    let (command, message) = (command(severity), escaped(message));
    let _ = writeln!(std::io::stderr(), "::{command} file={file},title=wick::{message}");
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

/// A command ends with its line; `%` introduces escapes.
fn escaped(message: &str) -> String {
    message.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_start_a_command_of_its_own() {
        assert_eq!(escaped("50% \n::set-env::"), "50%25 %0A::set-env::");
    }
}
