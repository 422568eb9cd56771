//! GitHub Actions: workflow commands on stderr (the runner reads both streams, and stdout may be JSON).

use std::io::Write as _;

use crate::model::finding::Severity;

/// One annotation on the run.
pub(super) fn annotate(severity: Severity, message: &str) {
    let command = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let _ = writeln!(std::io::stderr(), "::{command} title=wick::{}", escaped(message));
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
