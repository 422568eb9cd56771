//! What GitHub makes of asset names.

/// "GitHub renames asset filenames that have special characters, non-alphanumeric characters, and leading or trailing
/// periods." <https://docs.github.com/rest/releases/assets#upload-a-release-asset>; that they become periods:
/// <https://github.com/softprops/action-gh-release/issues/159> (tilde, colon, parentheses, space). Which characters are
/// spared isn't documented; these are seen in published names.
pub(crate) fn stored_name(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        let c = if c.is_ascii_alphanumeric() || "-_.+@".contains(c) { c } else { '.' };
        if c != '.' || !out.ends_with('.') {
            out.push(c);
        }
    }
    out.trim_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::stored_name;

    #[test]
    fn odd_characters_become_periods() {
        for (sent, stored) in [
            ("slack-0.1.0-linux-amd64.zip", "slack-0.1.0-linux-amd64.zip"),
            ("a b (1).zip", "a.b.1.zip"),
            ("~é:x.", "x"),
            (".env", "env"),
        ] {
            assert_eq!(stored_name(sent), stored);
        }
    }
}
