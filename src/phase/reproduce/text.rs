//! Texts inside binaries: what stands around a byte, whether it is a path or a moment. Pure, and bounded whatever the
//! bytes are.

/// The longest text that is shown, in bytes.
const LONGEST: usize = 80;
/// A text shorter than this is chance.
const SHORTEST: usize = 6;
/// After so many differing bytes without a text around them there is none.
const TRIES: usize = 100_000;

fn is_text(byte: u8) -> bool {
    (0x20..0x7f).contains(&byte)
}

fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._-+@ ~".contains(&byte)
}

/// A foreign text, safe to print and not too long.
pub(super) fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '"' | '\\' | '\'' => c.to_string(),
        c => c.escape_debug().to_string(),
    };
    text.chars().take(LONGEST).map(shown).collect()
}

/// The rest of a path that goes on at the front of `bytes`.
pub(super) fn path_from(bytes: &[u8]) -> String {
    let rest: Vec<u8> = bytes.iter().copied().take_while(|byte| is_path(*byte)).take(LONGEST).collect();
    // Texts lie side by side without an end mark; another path that begins is another.
    let text = String::from_utf8_lossy(&rest).into_owned();
    match text.find(' ') {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The path that holds the `length` bytes from `at` on.
pub(super) fn path_around(bytes: &[u8], at: usize, length: usize) -> String {
    let before =
        bytes[..at].iter().rev().take(2 * LONGEST).take_while(|byte| is_path(**byte) && **byte != b' ');
    let begin = at - before.count();
    String::from_utf8_lossy(&bytes[begin..at + length]).into_owned()
}

/// The texts around the first differing place where both have one.
pub(super) fn first_difference(there: &[u8], here: &[u8]) -> Option<(String, String)> {
    let differing = there.iter().zip(here).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at);
    differing.take(TRIES).find_map(|at| Some((around(there, at)?, around(here, at)?)))
}

/// The text that stands around a byte, if there is one.
fn around(bytes: &[u8], at: usize) -> Option<String> {
    let half = LONGEST / 2;
    let before = bytes[..at].iter().rev().take(half).take_while(|byte| is_text(**byte)).count();
    let after = bytes[at..].iter().take(half).take_while(|byte| is_text(**byte)).count();
    let text = &bytes[at - before..at + after];
    (after > 0 && text.len() >= SHORTEST).then(|| String::from_utf8_lossy(text).into_owned())
}

/// Whether what differs between two texts is a moment: both hold a date, or a count of seconds since 1970.
pub(super) fn is_moment(there: &str, here: &str) -> bool {
    let (a, b) = (moment(there), moment(here));
    a.is_some() && b.is_some() && a != b
}

/// The first date with what follows it, or the first ten digits that are a second between 2001 and 2033.
fn moment(text: &str) -> Option<&str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_date = |part: &str| {
        let fields: Vec<&str> = part.split(['-', '/']).collect();
        fields.len() == 3 && fields[0].len() == 4 && fields.iter().all(|field| digits(field))
    };
    // Texts that hold a date are ASCII here: `around` gives nothing else.
    let windows = |width: usize| {
        (0..text.len().saturating_sub(width - 1)).filter_map(move |at| Some((at, text.get(at..at + width)?)))
    };
    if let Some((at, _)) = windows(10).find(|(_, part)| is_date(part)) {
        return Some(text[at..].split_whitespace().next().unwrap_or_default());
    }
    windows(10).find(|(_, part)| digits(part) && part.starts_with('1')).map(|(_, part)| part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_from_other_texts() {
        assert!(is_moment("built 2026-11-21T14:00:01Z!", "built 2026-11-21T14:00:02Z!"));
        assert!(is_moment("at 1795270000.", "at 1795270001."));
        for (a, b) in [
            ("hello", "hallo"),
            ("built 2026-11-21", "built never"),
            ("2026-11-21 a", "2026-11-21 b"),
            ("v1.2.3", "v1.2.4"),
            ("9795270000", "9795270001"),
        ] {
            assert!(!is_moment(a, b), "{a} {b}");
        }
    }

    #[test]
    fn texts_and_paths_are_cut_out() {
        let bytes = b"\0\x01/home/runner/w/connector/rho\0rest";
        assert_eq!(path_around(bytes, 16, 14), "/home/runner/w/connector/rho");
        assert_eq!(path_from(b"/connector/rho\0/x"), "/connector/rho");
        let (a, b) = (b"\0\x02\x03hello world\0", b"\0\x05\x03hullo world\0");
        assert_eq!(first_difference(a, b), Some(("hello world".to_owned(), "hullo world".to_owned())));
        assert_eq!(first_difference(b"\x01\x02\x03", b"\x01\x03\x03"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(a in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), b in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), at in 0usize..300) {
            if let Some((a, b)) = first_difference(&a, &b) {
                let _ = is_moment(&a, &b);
            }
            let at = at.min(a.len());
            let _ = (path_from(&a), path_around(&a, at, a.len() - at), around(&a, at.min(a.len().saturating_sub(1))));
        }
    }
}
