//! Taking the white space out of JSON while compiling, so that `module.json` can be written for people.
//!
//! It is not a parser: broken JSON stays broken, except that an unfinished string stops the build.

/// The bytes that `json` has without white space between its tokens.
pub const fn compact_length(json: &str) -> usize {
    let bytes = json.as_bytes();
    let mut state = State::Between;
    let (mut kept, mut i) = (0, 0);
    while i < bytes.len() {
        if state.keeps(bytes[i]) {
            kept += 1;
        }
        state = state.after(bytes[i]);
        i += 1;
    }
    assert!(matches!(state, State::Between), "a string in the JSON has no end");
    kept
}

/// `json` without white space between its tokens. `N` is its [`compact_length`].
pub const fn compact<const N: usize>(json: &str) -> [u8; N] {
    let bytes = json.as_bytes();
    let mut out = [0; N];
    let mut state = State::Between;
    let (mut at, mut i) = (0, 0);
    while i < bytes.len() {
        if state.keeps(bytes[i]) {
            out[at] = bytes[i];
            at += 1;
        }
        state = state.after(bytes[i]);
        i += 1;
    }
    out
}

/// Where in the text we are.
#[derive(Clone, Copy)]
enum State {
    Between,
    InString,
    AfterBackslash,
}

impl State {
    const fn keeps(self, byte: u8) -> bool {
        !matches!((self, byte), (Self::Between, b' ' | b'\t' | b'\n' | b'\r'))
    }

    const fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Between, b'"') | (Self::AfterBackslash, _) => Self::InString,
            (Self::InString, b'\\') => Self::AfterBackslash,
            (Self::InString, b'"') => Self::Between,
            (state, _) => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::from_utf8;

    #[test]
    fn keeps_white_space_in_strings_only() {
        const JSON: &str = "{\n  \"a b\" : [ 1 , \"\\\" x\\\\\" ],\r\n\t\"ü\": \"– –\"\n}\n";
        const COMPACT: [u8; compact_length(JSON)] = compact(JSON);
        assert_eq!(from_utf8(&COMPACT), "{\"a b\":[1,\"\\\" x\\\\\"],\"ü\":\"– –\"}");
    }

    #[test]
    #[should_panic(expected = "has no end")]
    fn an_unfinished_string_is_refused() {
        compact_length("{\"a");
    }
}
