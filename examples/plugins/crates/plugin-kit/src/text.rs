//! Joining strings while compiling: `concat!` takes literals only.

/// The bytes that `parts` have together.
pub const fn length(parts: &[&str]) -> usize {
    let (mut total, mut i) = (0, 0);
    while i < parts.len() {
        total += parts[i].len();
        i += 1;
    }
    total
}

/// All of `parts`, one after the other. `N` is their [`length`].
pub const fn join<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut out = [0; N];
    let (mut at, mut i) = (0, 0);
    while i < parts.len() {
        let part = parts[i].as_bytes();
        let mut j = 0;
        while j < part.len() {
            out[at] = part[j];
            at += 1;
            j += 1;
        }
        i += 1;
    }
    assert!(at == N, "N must be the length of the parts");
    out
}

/// Bytes that came from strings, as a string again.
pub const fn from_utf8(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("cut inside a character"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_while_compiling() {
        const PARTS: &[&str] = &["a", "", "ß–", "c"];
        const JOINED: [u8; length(PARTS)] = join(PARTS);
        assert_eq!(from_utf8(&JOINED), "aß–c");
    }
}
