//! The names inside an archive: which of them are safe on every system.
//! It says nothing of which names a package should have.

use super::limits::NAME_MAX;
use crate::model::finding::Finding;

/// The safe form of a name, or everything that is wrong with it.
pub(super) fn check(raw: &[u8]) -> Result<String, Vec<Finding>> {
    let who = shown(raw);
    let mut found = Vec::new();
    let mut refuse = |code, why: &str| found.push(Finding::error(code, format!("entry `{who}` {why}")));
    let Ok(text) = std::str::from_utf8(raw) else {
        refuse("name-not-utf8", "has a name that is not UTF-8");
        return Err(found);
    };
    // `tar -c .` names everything `./x`.
    let name = text.strip_prefix("./").unwrap_or(text);
    let path = name.strip_suffix('/').unwrap_or(name);
    if raw.len() > NAME_MAX {
        refuse(
            "name-too-long",
            &format!("has a name of {} bytes; at most {NAME_MAX} are allowed", raw.len()),
        );
    }
    if text.chars().any(|c| c.is_control()) {
        refuse("name-control-character", "has a control character in its name");
    }
    if text.contains('\\') {
        refuse("name-backslash", "has a back-slash in its name, which is a separator on Windows");
    }
    // Also what is left of `.//x`.
    if [text, name].iter().any(|name| name.starts_with(['/', '\\'])) {
        refuse("name-absolute", "has an absolute name");
    }
    if text.contains(':') {
        refuse("name-colon", "has a colon in its name: a drive or a hidden stream on Windows");
    }
    if text.contains(['<', '>', '"', '|', '?', '*']) {
        refuse("name-reserved-character", "has a character in its name that Windows does not allow");
    }
    let parts = || path.split(['/', '\\']);
    if parts().any(|part| part == "..") {
        refuse("name-traversal", "leaves the archive's folder with `..`");
    }
    if parts().any(|part| part == ".") || parts().skip(1).any(str::is_empty) || path.is_empty() {
        refuse("name-empty-part", "has an empty part or a `.` in its name");
    }
    if parts().any(|part| !matches!(part, "." | "..") && part.ends_with(['.', ' '])) {
        refuse("name-trailing-dot", "has a part that ends in a dot or a space, which Windows drops");
    }
    if found.is_empty() { Ok(path.to_owned()) } else { Err(found) }
}

/// The form under which names are equal on systems that don't look at case. Through upper case, so that
/// letters with only an upper-case relation (`ſ`, the Kelvin sign) meet their ASCII twins.
pub(super) fn fold(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

/// A stranger's name, safe to print.
pub(super) fn shown(raw: &[u8]) -> String {
    const SHOWN_MAX: usize = 80;
    let text: String = String::from_utf8_lossy(raw).escape_debug().collect();
    if text.chars().count() <= SHOWN_MAX {
        return text;
    }
    text.chars().take(SHOWN_MAX).chain(['…']).collect()
}
