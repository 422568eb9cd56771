//! Quoted texts as Go's `strconv.Unquote` reads them; build settings with spaces or quotes are written so.
//! Only `"…"` and `` `…` ``: characters in single quotes are in no build info.

/// Whether Go's own writer would have quoted this key or value.
pub(super) fn must_quote(text: &str) -> bool {
    text.contains([' ', '\t', '\r', '\n', '"', '`'])
}

/// The meaning of a text that is quoted from its first to its last character.
pub(super) fn unquote(text: &str) -> Option<String> {
    match unquote_prefix(text)? {
        (meaning, "") => Some(meaning),
        _ => None,
    }
}

/// The meaning of the quoted text that `text` starts with, and what follows it.
pub(super) fn unquote_prefix(text: &str) -> Option<(String, &str)> {
    if let Some(raw) = text.strip_prefix('`') {
        let (raw, rest) = raw.split_once('`')?;
        // As in Go sources, raw texts lose their carriage returns.
        return Some((raw.replace('\r', ""), rest));
    }
    let mut rest = text.strip_prefix('"')?;
    // Escapes may spell bytes that are no UTF-8.
    let mut meaning = Vec::new();
    loop {
        let next = rest.chars().next()?;
        rest = &rest[next.len_utf8()..];
        match next {
            '"' => return Some((String::from_utf8_lossy(&meaning).into_owned(), rest)),
            '\n' => return None,
            '\\' => rest = escape(rest, &mut meaning)?,
            _ => meaning.extend(next.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}

/// Reads what follows a backslash; returns what follows that.
fn escape<'a>(text: &'a str, meaning: &mut Vec<u8>) -> Option<&'a str> {
    let kind = *text.as_bytes().first()?;
    let simple = match kind {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' | b'"' => kind,
        b'0'..=b'7' => {
            meaning.push(u8::try_from(number(text, 0, 3, 8)?).ok()?);
            return text.get(3..);
        }
        b'x' => {
            meaning.push(u8::try_from(number(text, 1, 2, 16)?).ok()?);
            return text.get(3..);
        }
        b'u' | b'U' => {
            let digits = if kind == b'u' { 4 } else { 8 };
            let c = char::from_u32(number(text, 1, digits, 16)?)?;
            meaning.extend(c.encode_utf8(&mut [0; 4]).bytes());
            return text.get(1 + digits..);
        }
        _ => return None,
    };
    meaning.push(simple);
    text.get(1..)
}

/// `count` digits from `at`; no sign, which `from_str_radix` would take.
fn number(text: &str, at: usize, count: usize, radix: u32) -> Option<u32> {
    let digits = text.get(at..at + count)?;
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compared with `strconv.Unquote` of Go 1.26.
    #[test]
    fn quoted_texts_mean_what_go_means() {
        for (text, meaning) in [
            (r#""a b""#, Some("a b")),
            (r#""-s -w -X \"main.v=1\"""#, Some("-s -w -X \"main.v=1\"")),
            ("`raw \\n`", Some("raw \\n")),
            (r#""\t\x41\101\u00e9\U0001F600\\""#, Some("\tAAé😀\\")),
            (r#""\xff""#, Some("\u{fffd}")),
            (r#""""#, Some("")),
            (r#""open"#, None),
            (r#""a"b"#, None),
            (r#""\q""#, None),
            (r#""\400""#, None),
            (r#""\'""#, None),
            (r#""\x+1""#, None),
            (r#""\ud800""#, None),
            (r#""\"#, None),
            (r#""\xé""#, None),
            ("bare", None),
            ("", None),
        ] {
            assert_eq!(unquote(text).as_deref(), meaning, "{text}");
        }
    }
}
