//! Findings: what a check has to say. A check reports all of them, not the first.

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Note,
    /// Works, but somebody should look.
    Warning,
    /// A host refuses this.
    Error,
}

/// One thing a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable kebab-case name of the rule, such as `sha256-mismatch`.
    pub code: &'static str,
    /// What is wrong, on what.
    pub message: String,
    /// One action, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// A finding that makes a host refuse.
    pub fn error(code: &'static str, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Error, code, message: message.into(), hint: None }
    }

    /// A finding somebody should look at.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warning, code, message: message.into(), hint: None }
    }

    /// Something worth knowing.
    pub fn note(code: &'static str, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Note, code, message: message.into(), hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }
}
